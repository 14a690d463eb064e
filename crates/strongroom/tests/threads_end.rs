//! The threads of an installation end with it, wherever the last of it is dropped. Alone in its process: what it
//! counts is the process's.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::time::{Duration, Instant};

use object_store::ObjectStoreExt as _;
use strongroom::{InitOptions, NewResource, Options, Strongroom};

/// Those that the library names after itself, and those of its databases.
fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| {
        // A thread may end in between.
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    });
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with("strongroom") || name.starts_with("sqlx"))
        .collect();
    names.sort();
    names
}

/// The end of a thread cannot be waited for by whoever did not start it.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing is decided by it but when the test gives up"
)]
fn until_there_are_none() {
    let begun = Instant::now();
    while !threads().is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "still there: {:?}",
            threads()
        );
        std::thread::yield_now();
    }
}

#[test]
fn the_threads_of_an_installation_end_with_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
    let store = runtime.block_on(async {
        let init = InitOptions::default();
        let view = Strongroom::init(&data, init, &options).await.unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        assert!(!threads().is_empty());
        let new = NewResource::new("notes".parse().unwrap(), view.region);
        let store = room.create_resource(new).await.unwrap().store().await;
        let store = store.unwrap();
        store.put(&"a".into(), "b".into()).await.unwrap();
        room.close().await.unwrap();
        store
    });
    until_there_are_none();
    assert!(runtime.block_on(store.head(&"a".into())).is_err());

    // Dropped in a task of a runtime, where nothing may wait for a thread.
    runtime.block_on(async {
        let room = Strongroom::open(&data, &options).await.unwrap();
        assert!(!threads().is_empty());
        drop(room);
    });
    until_there_are_none();
}
