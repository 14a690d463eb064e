//! Attack 15: `ingest` hands the environment to the source's store.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::desk;

/// A variable of somebody else's, as a service for builds sets it.
const SECRET: &str = "unrelatedSecretOfSomebodyElse";

/// Answers every request with a refusal; says what it was sent once the last has come.
fn listener() -> (String, JoinHandle<String>, std::sync::mpsc::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let (over, is_over) = std::sync::mpsc::channel::<()>();
    let heard = std::thread::spawn(move || {
        let mut heard = String::new();
        while is_over
            .recv_timeout(Duration::from_millis(5))
            .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
        {
            if let Ok((stream, _)) = listener.accept() {
                heard.push_str(&answer(stream));
            }
        }
        heard
    });
    (url, heard, over)
}

fn answer(mut stream: TcpStream) -> String {
    stream.set_nonblocking(false).unwrap();
    let mut request = vec![0; 8_192];
    let read = stream.read(&mut request).unwrap_or(0);
    let refused = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = stream.write_all(refused.as_bytes());
    request.truncate(read);
    String::from_utf8_lossy(&request).into_owned()
}

#[test]
fn only_what_a_clouds_own_tools_take_reaches_the_sources_store() {
    let desk = desk();
    desk.ok(&["resource", "create", "notes"]);
    let (meant, heard, over) = listener();
    let (other, heard_elsewhere, over_elsewhere) = listener();
    let ingest = |more: &dyn Fn(&mut Command)| {
        let mut command = desk.command(&["ingest", "s3://plain/some", "notes"]);
        command
            .env("AWS_ENDPOINT", &meant)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("TOKEN", SECRET)
            .env("ENDPOINT", &other)
            .env("ENDPOINT_URL", &other)
            .env("BUCKET", "another")
            .env("aws_session_token", SECRET);
        more(&mut command);
        command.output().unwrap()
    };
    let refused = ingest(&|_| ());
    assert_eq!(
        refused.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    // What is not text is nobody's business here, and stops nothing.
    let odd = OsStr::from_bytes(b"\xff\xfe");
    let refused = ingest(&|command| {
        command.env("ODD", odd).env(odd, "odd");
    });
    assert_eq!(
        refused.status.code(),
        Some(5),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    let refused = ingest(&|command| {
        command.env("AWS_REGION", odd);
    });
    assert_eq!(
        refused.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    drop((over, over_elsewhere));
    let heard = heard.join().unwrap();
    assert!(
        heard.contains("/plain") && !heard.contains(SECRET),
        "{heard}"
    );
    assert_eq!(heard_elsewhere.join().unwrap(), "");
}
