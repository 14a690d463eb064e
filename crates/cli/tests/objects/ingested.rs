use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use strongroom_tests::server::Server;

use crate::desk::{Desk, files};
use crate::ended::{signal, until};
use crate::pattern;

/// Plain data in a folder of the desk: names with blanks and signs, short and long.
fn plain(desk: &Desk) -> BTreeMap<String, Vec<u8>> {
    let sizes = [0, 1, 16_384, 70_000, 9_000_000];
    let names = ["a", "b c", "d/e.txt", "d/f#12", "d/ü%h/i"];
    let data: BTreeMap<_, _> = names
        .iter()
        .zip(sizes)
        .map(|(name, size)| ((*name).to_owned(), pattern(3, size)))
        .collect();
    for (name, bytes) in &data {
        desk.file(&format!("plain/{name}"), bytes);
    }
    data
}

#[test]
fn a_folder_is_ingested_verified_and_removed_only_when_asked() {
    let desk = Desk::with(&["notes"]);
    let data = plain(&desk);
    let done = desk.json(&["ingest", "plain", "notes/all"]);
    assert_eq!(
        (&done["ingested"], &done["alreadyThere"]),
        (&5.into(), &0.into())
    );
    assert_eq!(files(&desk.path("plain")).len(), 5);
    for (name, bytes) in &data {
        let listed = desk.listed("notes");
        assert_eq!(listed.len(), 5, "{listed:?}");
        let at_place = listed.iter().any(|path| path == &format!("all/{name}"));
        assert!(
            at_place || name.contains(['#', '%', 'ü']),
            "{name}: {listed:?}"
        );
        if at_place {
            assert!(desk.read(&format!("notes/all/{name}")) == *bytes, "{name}");
        }
    }
    // The same again has nothing to do; by its URL it is the same.
    let url = format!("file://{}", desk.path("plain").display());
    let done = desk.json(&["ingest", &url, "notes/all"]);
    assert_eq!(
        (&done["ingested"], &done["alreadyThere"]),
        (&0.into(), &5.into())
    );

    // What differs is not replaced, and then not removed, unless it is asked for.
    desk.file("plain/a", b"another");
    let refused = desk.fails(&["ingest", "plain", "notes/all", "--remove-source"]);
    assert_eq!(refused, (3, "ObjectExists".to_owned()));
    assert!(desk.path("plain/a").exists());
    assert_eq!(desk.read("notes/all/a"), b"");
    let done = desk.json(&["ingest", "plain", "notes/all", "--remove-source", "--force"]);
    assert_eq!(
        done["removed"].as_u64().unwrap(),
        done["ingested"].as_u64().unwrap() + done["alreadyThere"].as_u64().unwrap()
    );
    assert!(files(&desk.path("plain")).is_empty());
    assert_eq!(desk.read("notes/all/a"), b"another");
    assert_eq!(desk.json(&["fsck", "--deep", "notes"])["damaged"], 0);
    let nothing = desk.fails(&["ingest", "plain", "notes/all"]);
    assert_eq!(nothing, (2, "NothingToIngest".to_owned()));
}

#[test]
fn i09_an_ingest_that_is_killed_goes_on_by_the_same_command() {
    const FILES: usize = 200;
    const KILLS: u64 = 6;

    let desk = Desk::with(&["notes"]);
    for number in 0..FILES {
        let length = if number % 50 == 0 { 9_000_000 } else { 3_000 };
        desk.file(&format!("plain/{number}"), &pattern(9, length));
    }
    let args = ["ingest", "plain", "notes", "--remove-source", "--json"];
    let mut cut_off = 0;
    for kill in 0..KILLS {
        let mut child = desk.command(&args).spawn().unwrap();
        thread::sleep(Duration::from_millis(150 + 60 * kill));
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        cut_off += usize::from(!ended);
        // Whatever was removed from the source is in the resource, whole.
        let left = files(&desk.path("plain")).len();
        assert_eq!(desk.json(&["fsck", "--deep", "notes"])["damaged"], 0);
        let there = desk.listed("notes").len();
        assert!(there + left >= FILES, "{there} there, {left} left");
        if left == 0 {
            break;
        }
    }
    assert!(cut_off > 0, "every run was over before it was killed");
    if !files(&desk.path("plain")).is_empty() {
        desk.json(&args[..4]);
    }
    assert!(files(&desk.path("plain")).is_empty());
    assert_eq!(desk.listed("notes").len(), FILES);
    for number in [0, 1, FILES - 1] {
        let length = if number % 50 == 0 { 9_000_000 } else { 3_000 };
        assert!(desk.read(&format!("notes/{number}")) == pattern(9, length));
    }
}

/// Nor where it is written in parts: whether something is there is asked again at the end.
#[test]
fn i09_an_ingest_replaces_nothing_that_was_put_meanwhile() {
    /// So long that it can be stopped on the way.
    const LONG: u64 = 96 << 20;

    let desk = Desk::with(&["notes"]);
    let long = desk.file("plain/long", b"");
    let long = fs::File::options().write(true).open(long).unwrap();
    long.set_len(LONG).unwrap();
    desk.file("mine", b"put meanwhile");
    let args = ["ingest", "plain", "notes", "--json"];
    let child = desk.command(&args).spawn().unwrap();
    let objects = desk.path("data/objects");
    let is_written = |file: &PathBuf| file.metadata().is_ok_and(|found| found.len() > 8 << 20);
    until("a part is written", || {
        files(&objects).iter().any(is_written)
    });
    signal(&child, "STOP");
    desk.json(&["put", "mine", "notes/long"]);
    signal(&child, "CONT");
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains("ObjectExists"), "{said}");
    assert_eq!(desk.read("notes/long"), b"put meanwhile");
}

#[test]
fn a_bucket_is_ingested_by_its_url() {
    let desk = Desk::with(&["notes"]);
    let server = Server::moto().with_container("s3", "plain");
    let put = "import boto3,sys\n\
        s3=boto3.client('s3',endpoint_url=sys.argv[1],region_name='us-east-1',aws_access_key_id='test',aws_secret_access_key='test')\n\
        for n in range(5): s3.put_object(Bucket='plain',Key=f'some/{n}.bin',Body=bytes([n])*(n*3000000))\n\
        s3.put_object(Bucket='plain',Key='other',Body=b'not asked for')\n";
    let mut python: Command = strongroom_tests::tools::python();
    assert!(
        python
            .args(["-c", put, &server.url])
            .status()
            .unwrap()
            .success()
    );
    let ingest = |more: &[&str]| {
        let args = ["ingest", "s3://plain/some", "notes"];
        let args: Vec<&str> = args
            .iter()
            .chain(more)
            .chain(&["--json"])
            .copied()
            .collect();
        let output = desk
            .command(&args)
            .env("AWS_ENDPOINT", &server.url)
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert_eq!(ingest(&[])["ingested"], 5);
    let again = ingest(&["--remove-source"]);
    assert_eq!(
        (&again["alreadyThere"], &again["removed"]),
        (&5.into(), &5.into())
    );
    assert_eq!(
        desk.listed("notes"),
        ["0.bin", "1.bin", "2.bin", "3.bin", "4.bin"]
    );
    assert!(desk.read("notes/4.bin") == vec![4; 12_000_000]);
    assert!(fs::metadata(desk.at_rest("notes")).unwrap().is_dir());
}
