//! Somebody else may write in the folder, and leaves there what is no object.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use strongroom_base::{Clock as _, Timestamp};

use super::*;
use crate::error::Trouble;
use crate::{SystemClock, Unlistable};

/// A folder for objects, and another tree beside it that must stay as it is.
struct Beside {
    folder: tempfile::TempDir,
    before: BTreeMap<PathBuf, Vec<u8>>,
}

impl Beside {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for made in ["objects/o", "outside/deep/er"] {
            fs::create_dir_all(folder.path().join(made)).unwrap();
        }
        for file in ["root.key", "deep/thesis.txt", "deep/er/x", "below"] {
            fs::write(folder.path().join("outside").join(file), file).unwrap();
        }
        let before = files(&folder.path().join("outside"));
        Self { folder, before }
    }

    fn objects(&self) -> PathBuf {
        self.folder.path().join("objects")
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    fn link(&self, target: &str, name: &str) {
        let link = self.objects().join(name);
        symlink(self.outside().join(target), link).unwrap();
    }

    #[track_caller]
    fn is_as_before(&self) {
        assert_eq!(files(&self.outside()), self.before);
    }
}

fn files(folder: &OsPath) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

fn pipe(path: &OsPath) {
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
}

/// All that can be asked about an object at `path`, and what came of it; a delete last.
async fn everything(store: &LocalFolder, path: &Path) -> Vec<(&'static str, Result<()>)> {
    let (good, new) = (Path::from("o/good"), Path::from("o/new"));
    store.put(&good, "good".into()).await.unwrap();
    let upload = async {
        let mut upload = store.put_multipart(path).await?;
        upload.put_part("text".into()).await?;
        upload.complete().await
    };
    let create = PutOptions::from(PutMode::Create);
    vec![
        ("head", store.head(path).await.map(drop)),
        ("get", store.get(path).await.map(drop)),
        ("range", store.get_range(path, 0..1).await.map(drop)),
        (
            "ranges",
            store.get_ranges(path, &[0..1, 2..3]).await.map(drop),
        ),
        ("copy", store.copy(path, &new).await),
        ("copy new", store.copy_if_not_exists(path, &new).await),
        ("rename", store.rename(path, &new).await),
        ("rename new", store.rename_if_not_exists(path, &new).await),
        ("put", store.put(path, "text".into()).await.map(drop)),
        (
            "put new",
            store.put_opts(path, "text".into(), create).await.map(drop),
        ),
        ("upload", upload.await.map(drop)),
        ("copy over", store.copy(&good, path).await),
        ("copy in", store.copy_if_not_exists(&good, path).await),
        ("rename over", store.rename(&good, path).await),
        ("rename in", store.rename_if_not_exists(&good, path).await),
        (
            "remove",
            store.remove_if_unchanged(path, "\"1-2-3\"").await.map(drop),
        ),
        ("delete", store.delete(path).await),
    ]
}

#[tokio::test]
async fn nothing_is_reached_through_a_link() {
    let beside = Beside::new();
    for (target, name) in [
        ("", "o/tree"),
        ("deep", "o/deep"),
        ("below", "o/file"),
        ("none", "o/dangling"),
        ("", "whole"),
    ] {
        beside.link(target, name);
    }
    symlink("tree/deep", beside.objects().join("o/relative")).unwrap();
    for store in both(&beside.objects()) {
        for path in [
            "o/tree/root.key",
            "o/tree/new",
            "o/tree/deep/er/x",
            "o/deep/thesis.txt",
            "o/relative/thesis.txt",
            "o/file/under",
            "o/dangling/new",
            "whole/root.key",
        ] {
            for (name, result) in everything(&store, &path.into()).await {
                assert_eq!(code(result.unwrap_err()), "LinkInObjects", "{name} {path}");
            }
            beside.is_as_before();
        }
        for path in ["o/tree", "o/deep", "o/file", "o/dangling"] {
            for (name, result) in everything(&store, &path.into()).await {
                match (name, result) {
                    // Neither is what it is asked to be about; the link itself may be taken away.
                    ("remove" | "delete", _) => {}
                    (name, result) => {
                        assert_eq!(code(result.unwrap_err()), "LinkInObjects", "{name} {path}");
                    }
                }
            }
            assert!(
                fs::symlink_metadata(beside.objects().join(path)).is_err(),
                "{path}"
            );
            beside.is_as_before();
        }
        for prefix in ["whole", "whole/deep"] {
            let prefix = Path::from(prefix);
            let listed: Result<Vec<_>> = store.list(Some(&prefix)).try_collect().await;
            assert_eq!(code(listed.unwrap_err()), "LinkInObjects");
            let listed = store.list_with_delimiter(Some(&prefix)).await;
            assert_eq!(code(listed.unwrap_err()), "LinkInObjects");
        }
        for (target, name) in [("", "o/tree"), ("deep", "o/deep"), ("below", "o/file")] {
            beside.link(target, name);
        }
        beside.link("none", "o/dangling");
    }
}

#[tokio::test]
async fn a_listing_names_what_is_no_object_and_goes_on() {
    let beside = Beside::new();
    let objects = beside.objects();
    let store = LocalFolder::open(&objects).unwrap();
    for path in ["o/a", "o/f/b", "o/z"] {
        store.put(&path.into(), "text".into()).await.unwrap();
    }
    beside.link("", "o/tree");
    beside.link("below", "o/f/file");
    pipe(&objects.join("o/pipe"));
    let _socket = std::os::unix::net::UnixListener::bind(objects.join("o/socket")).unwrap();
    fs::write(objects.join("o/b\x07d"), "text").unwrap();
    fs::write(objects.join(OsStr::from_bytes(b"o/\xff\xfe")), "text").unwrap();
    fs::create_dir(objects.join("o/dir\x1b")).unwrap();
    fs::write(objects.join("o/dir\x1b/x"), "text").unwrap();

    let mut whole = Vec::new();
    let mut foreign = BTreeMap::new();
    let mut listed = store.list(Some(&"o".into()));
    while let Some(entry) = listed.next().await {
        match entry.map_err(Error::from) {
            Ok(meta) => whole.push(meta.location.to_string()),
            Err(Error::Folder(error)) => {
                assert_eq!(
                    strongroom_base::Outcome::kind(&error),
                    strongroom_base::OutcomeKind::Damaged
                );
                foreign.insert(error.path, error.trouble);
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(whole, ["o/a", "o/f/b", "o/z"]);
    let expected = [
        ("o/%FF%FE", Trouble::Name),
        ("o/b%07d", Trouble::Name),
        ("o/dir%1B", Trouble::Name),
        ("o/f/file", Trouble::Link { below: 0 }),
        ("o/pipe", Trouble::NotAFile { below: 0 }),
        ("o/socket", Trouble::NotAFile { below: 0 }),
        ("o/tree", Trouble::Link { below: 0 }),
    ];
    let expected: BTreeMap<_, _> = expected.map(|(path, what)| (path.to_owned(), what)).into();
    assert_eq!(foreign, expected);

    let level = store.list_with_delimiter(Some(&"o".into())).await.unwrap();
    let objects: Vec<_> = level
        .objects
        .iter()
        .map(|one| one.location.as_ref())
        .collect();
    assert_eq!(objects, ["o/a", "o/z"]);
    assert_eq!(level.common_prefixes, [Path::from("o/f")]);
    let Unlistable { locations } = level.extensions.get::<Unlistable>().unwrap();
    let mut locations: Vec<_> = locations.iter().map(AsRef::as_ref).collect();
    locations.sort_unstable();
    assert_eq!(
        locations,
        [
            "o/%FF%FE", "o/b%07d", "o/dir%1B", "o/pipe", "o/socket", "o/tree"
        ]
    );
    beside.is_as_before();
}

#[tokio::test]
async fn a_pipe_in_the_place_of_an_object_keeps_nobody() {
    let beside = Beside::new();
    pipe(&beside.objects().join("o/pipe"));
    for store in both(&beside.objects()) {
        for path in ["o/pipe", "o/pipe/below"] {
            let location = Path::from(path);
            let all = tokio::time::timeout(Duration::from_mins(1), everything(&store, &location));
            for (name, result) in all.await.expect("it must not hang") {
                match (name, result) {
                    ("remove" | "delete", _) if path == "o/pipe" => {}
                    (name, result) => {
                        assert_eq!(
                            code(result.unwrap_err()),
                            "NotAnObjectFile",
                            "{name} {path}"
                        );
                    }
                }
            }
            if path == "o/pipe" {
                assert!(!beside.objects().join("o/pipe").exists());
                pipe(&beside.objects().join("o/pipe"));
            }
        }
    }
}

#[tokio::test]
async fn a_purge_removes_whatever_lies_there_and_nothing_else() {
    let beside = Beside::new();
    let objects = beside.objects();
    for store in both(&objects) {
        for path in ["r/1/o/a", "r/1/o/f/g/h/b", "r/1/s/staged", "r/2/o/kept"] {
            store.put(&path.into(), "text".into()).await.unwrap();
        }
        beside.link("", "r/1/o/f/tree");
        beside.link("", "r/1/o/tree");
        beside.link("root.key", "r/1/o/k");
        fs::hard_link(beside.outside().join("below"), objects.join("r/1/o/hard")).unwrap();
        pipe(&objects.join("r/1/o/pipe"));
        fs::write(objects.join("r/1/o/b\x07d"), "text").unwrap();
        fs::write(objects.join("r/1/o/left#1"), "text").unwrap();
        let odd = objects.join(OsStr::from_bytes(b"r/1/o/\xff"));
        fs::create_dir(&odd).unwrap();
        fs::write(odd.join("x"), "text").unwrap();
        // Deeper than any path goes.
        let mut deep = rustix::fs::openat(
            CWD,
            objects.join("r/1/o"),
            rustix::fs::OFlags::DIRECTORY,
            Mode::empty(),
        )
        .unwrap();
        for _ in 0..40 {
            let name = "d".repeat(200);
            rustix::fs::mkdirat(&deep, &name, Mode::RWXU).unwrap();
            deep = rustix::fs::openat(deep, &name, rustix::fs::OFlags::DIRECTORY, Mode::empty())
                .unwrap();
        }
        store.remove_all(&"r/1".into()).await.unwrap();
        assert!(!objects.join("r/1").exists());
        assert!(objects.join("r/2/o/kept").exists());
        beside.is_as_before();
        store.remove_all(&"r/1".into()).await.unwrap();
        // The resource's own folder, and the one above it.
        beside.link("", "r/1");
        store.remove_all(&"r/1".into()).await.unwrap();
        assert!(fs::symlink_metadata(objects.join("r/1")).is_err());
        beside.link("", "q");
        let refused = store.remove_all(&"q/deep".into()).await;
        assert_eq!(code(refused.unwrap_err()), "LinkInObjects");
        fs::remove_file(objects.join("q")).unwrap();
        beside.is_as_before();
    }
}

#[tokio::test]
async fn a_sweep_writes_to_nothing_that_is_there() {
    let now = Timestamp::from_unix_millis(SystemClock.now().as_unix_millis() + 100 * 3_600_000);
    let make: [fn(&Beside, &OsPath); 3] = [
        |beside, marker| symlink(beside.outside().join("root.key"), marker).unwrap(),
        |beside, marker| fs::hard_link(beside.outside().join("root.key"), marker).unwrap(),
        |_, marker| pipe(marker),
    ];
    for leave in make {
        let beside = Beside::new();
        let marker = beside.objects().join(".swept");
        leave(&beside, &marker);
        beside.link("", "o/tree");
        fs::write(beside.outside().join("deep/left#1"), "text").unwrap();
        let store = LocalFolder::open(&beside.objects()).unwrap();
        store.sweep(now).await.unwrap();
        fs::remove_file(beside.outside().join("deep/left#1")).unwrap();
        beside.is_as_before();
        assert!(fs::symlink_metadata(&marker).unwrap().is_file());
        store.sweep(now).await.unwrap();
    }
}

#[test]
fn the_folder_itself_must_be_no_link_and_what_leads_to_it_may() {
    let beside = Beside::new();
    let link = beside.folder.path().join("link");
    symlink(beside.folder.path(), &link).unwrap();
    LocalFolder::open(&link.join("objects")).unwrap();
    symlink(beside.objects(), beside.folder.path().join("linked")).unwrap();
    assert!(LocalFolder::open(&beside.folder.path().join("linked")).is_err());
}

/// A folder that is a link in one moment and a folder in the next: whatever comes of each call, nothing
/// outside changes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_becomes_a_link_between_a_look_and_its_use_leads_nowhere() {
    for steps in [false, true] {
        let beside = Beside::new();
        let objects = beside.objects();
        let [folder, aside, link] = ["o/f", "aside", "link"].map(|name| objects.join(name));
        fs::create_dir(&folder).unwrap();
        beside.link("deep", "link");
        let store = if steps {
            LocalFolder::open_in_steps(&objects).unwrap()
        } else {
            LocalFolder::open(&objects).unwrap()
        };
        let stop = std::sync::Arc::new(AtomicBool::new(false));
        let turns = {
            let stop = std::sync::Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let _ = fs::rename(&folder, &aside);
                    let _ = fs::rename(&link, &folder);
                    let _ = fs::rename(&folder, &link);
                    let _ = fs::rename(&aside, &folder);
                }
            })
        };
        for _ in 0..300 {
            for path in ["o/f/thesis.txt", "o/f/er/x", "o/f/new"] {
                let path = Path::from(path);
                let _ = store.put(&path, "other".into()).await;
                let _ = store.rename(&path, &"o/moved".into()).await;
                let _ = store.delete(&path).await;
                if let Ok(found) = store.get(&path).await {
                    assert_eq!(found.bytes().await.unwrap(), "other");
                }
            }
            let _ = store.remove_all(&"o/f/er".into()).await;
        }
        stop.store(true, Ordering::Relaxed);
        turns.join().unwrap();
        beside.is_as_before();
    }
}
