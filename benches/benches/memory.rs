//! How much memory one stream of 4 GiB takes, in and out of a local folder: the most that the process
//! held at once, beyond what it held before. Each figure is of a process of its own.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{MultipartUpload as _, ObjectStore, ObjectStoreExt as _};
use strongroom_benches::figures::{self, Figure};
use strongroom_benches::{Bench, data, payload};
use tokio::runtime::Runtime;

/// Tells a child which stream it is.
const STREAM: &str = "STRONGROOM_BENCH_STREAM";
const FOLDER: &str = "STRONGROOM_BENCH_FOLDER";
const LENGTH: &str = "STRONGROOM_BENCH_LENGTH";

/// What a caller writes at once: the shortest part that S3 takes. A stream holds a sealed copy of it.
const PART: usize = 5 << 20;
const MIB: f64 = (1 << 20) as f64;

fn main() {
    if let Ok(stream) = env::var(STREAM) {
        return child(&stream);
    }
    let mut args = env::args().skip(1);
    let quick = args.any(|arg| arg == "--quick");
    let (name, length) = if quick {
        ("256MiB", 256_u64 << 20)
    } else {
        ("4GiB", 4 << 30)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let mut peaks = Vec::new();
    for stream in ["plain-put", "plain-get", "sealed-put-and-get"] {
        let output = Command::new(env::current_exe().expect("this program"))
            .env(STREAM, stream)
            .env(FOLDER, folder.path())
            .env(LENGTH, length.to_string())
            .output()
            .expect("a child");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let told = String::from_utf8(output.stdout).expect("numbers");
        peaks.extend(
            told.split_whitespace()
                .map(|peak| peak.parse::<f64>().expect("a number")),
        );
    }
    let [plain_put, plain_get, put, get] = peaks[..] else {
        panic!("{peaks:?}");
    };
    let rows = [
        ("plain put", plain_put),
        ("plain get", plain_get),
        ("put", put),
        ("get", get),
        ("put, over plain", put - plain_put),
        ("get, over plain", get - plain_get),
    ];
    let figures = rows.map(|(what, peak)| {
        println!("memory/{what}/{name}  {:.1} MiB", peak / MIB);
        Figure::new(format!("memory/{what}/{name}"), peak / MIB, "MiB")
    });
    figures::write("memory", &figures);
}

fn child(stream: &str) {
    let folder = PathBuf::from(env::var_os(FOLDER).expect("a folder"));
    let length = env::var(LENGTH)
        .ok()
        .and_then(|text| text.parse().ok())
        .expect("a length");
    let path = ObjectPath::from("stream");
    if let Some(direction) = stream.strip_prefix("plain-") {
        let runtime = Runtime::new().expect("a runtime");
        let store = local(&folder.join("plain"));
        let peak = match direction {
            "put" => runtime.block_on(put(&*store, &path, length)),
            _ => runtime.block_on(get(&*store, &path, length)),
        };
        println!("{peak}");
    } else {
        let sealed = folder.join("sealed");
        let bench = Bench::over(Some(local(&sealed)));
        let into = bench.runtime.block_on(put(&*bench.store, &path, length));
        let out_of = bench.runtime.block_on(get(&*bench.store, &path, length));
        println!("{into} {out_of}");
        drop(bench);
        let _ = fs::remove_dir_all(sealed);
    }
}

fn local(folder: &Path) -> Arc<dyn ObjectStore> {
    fs::create_dir_all(folder).expect("a folder");
    Arc::new(LocalFileSystem::new_with_prefix(folder).expect("a local store"))
}

/// One upload, part by part, each awaited before the next is made.
async fn put(store: &dyn ObjectStore, path: &ObjectPath, length: u64) -> u64 {
    let part = Bytes::from(data(PART));
    let before = held_at_most(true);
    let mut upload = store.put_multipart(path).await.expect("an upload");
    let mut left = usize::try_from(length).expect("64 bits");
    while left > 0 {
        let now = part.slice(..PART.min(left));
        left -= now.len();
        upload.put_part(payload(&now)).await.expect("a part");
    }
    upload.complete().await.expect("an object");
    held_at_most(false).saturating_sub(before)
}

async fn get(store: &dyn ObjectStore, path: &ObjectPath, length: u64) -> u64 {
    use futures::TryStreamExt as _;

    let before = held_at_most(true);
    let mut blocks = store.get(path).await.expect("an object").into_stream();
    let mut read = 0;
    while let Some(block) = blocks.try_next().await.expect("a block") {
        read += block.len() as u64;
    }
    assert_eq!(read, length);
    held_at_most(false).saturating_sub(before)
}

/// The most bytes that this process has held at once; from now on, if it is to begin anew.
fn held_at_most(anew: bool) -> u64 {
    if anew {
        fs::write("/proc/self/clear_refs", "5").expect("Linux");
    }
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("VmHWM") << 10
}
