//! The folder as a store of objects.

mod foreign;
mod listed;

use std::fs;
use std::path::Path as OsPath;
use std::time::SystemTime;

use futures::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::{GetOptions, ObjectStoreExt as _};

use super::*;

fn fresh() -> (tempfile::TempDir, LocalFolder) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalFolder::open(folder.path()).unwrap();
    (folder, store)
}

/// The names of all files in a folder.
fn names(folder: &OsPath) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The same store twice: as this kernel has it, and as one that follows no path in one call.
fn both(folder: &OsPath) -> [LocalFolder; 2] {
    [
        LocalFolder::open(folder),
        LocalFolder::open_in_steps(folder),
    ]
    .map(Result::unwrap)
}

fn code(error: StoreError) -> &'static str {
    strongroom_base::Outcome::code(&Error::from(error))
}

#[tokio::test]
async fn copies_are_renamed_and_overwritten_as_objects_not_as_links() {
    let (folder, store) = fresh();
    let [one, two] = ["one", "two"].map(Path::from);
    store.put(&one, "bytes".into()).await.unwrap();
    for _ in 0..2 {
        store.copy(&one, &two).await.unwrap();
        assert_eq!(names(folder.path()), ["one", "two"]);
    }
    store.rename(&one, &two).await.unwrap();
    assert_eq!(names(folder.path()), ["two"]);
    store.rename(&two, &two).await.unwrap();
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        store.get(&two).await.unwrap().bytes().await.unwrap(),
        "bytes"
    );
}

#[tokio::test]
async fn a_file_that_is_opened_is_described_as_the_library_describes_it() {
    let (folder, store) = fresh();
    let library = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    for (name, length) in [("empty", 0), ("one", 1), ("a/b c/ü", 70_000)] {
        let path = Path::from(name);
        let put = store.put(&path, vec![7; length].into()).await.unwrap();
        let any = GetOptions::default();
        let (file, meta) = store.open_file(&path, &any).unwrap();
        let theirs = library.head(&path).await.unwrap();
        assert_eq!(meta, theirs);
        assert_eq!(put.e_tag, theirs.e_tag);
        assert_eq!(store.head(&path).await.unwrap(), theirs);
        let listed: Vec<_> = store
            .list(path.parent().as_ref())
            .try_collect()
            .await
            .unwrap();
        assert!(listed.contains(&theirs));
        assert_eq!(file.metadata().unwrap().len(), length as u64);

        let other = GetOptions {
            if_match: Some("other".to_owned()),
            ..GetOptions::default()
        };
        let same = GetOptions {
            if_none_match: meta.e_tag.clone(),
            ..GetOptions::default()
        };
        for options in [other, same] {
            let ours = store.open_file(&path, &options).unwrap_err();
            let theirs = library.get_opts(&path, options).await.unwrap_err();
            assert_eq!(ours.to_string(), theirs.to_string());
        }
    }
    // A time before 1970 is none.
    let path = Path::from("one");
    let file = fs::File::options()
        .write(true)
        .open(folder.path().join("one"))
        .unwrap();
    let before = SystemTime::UNIX_EPOCH - std::time::Duration::from_millis(5_250);
    file.set_modified(before).unwrap();
    let theirs = library.head(&path).await.unwrap();
    assert_eq!(store.head(&path).await.unwrap(), theirs);
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert!(listed.contains(&theirs));
}

#[tokio::test]
async fn what_is_no_object_is_not_found_whoever_opens_it() {
    let (folder, store) = fresh();
    store.put(&"a/file".into(), "text".into()).await.unwrap();
    fs::write(folder.path().join("staged#1"), "text").unwrap();
    let long = "x".repeat(256);
    for name in ["a", "none", "a/file/below", "staged#1", &long] {
        let path = Path::parse(name).unwrap();
        let any = GetOptions::default();
        let ours = store.open_file(&path, &any).unwrap_err();
        assert!(
            matches!(ours, StoreError::NotFound { .. }),
            "{name}: {ours}"
        );
    }
}

#[tokio::test]
async fn a_path_below_or_above_an_object_is_not_found_and_cannot_be_put() {
    let (_folder, store) = fresh();
    let [file, below, above] = ["a/file", "a/file/below/it", "a"].map(Path::from);
    store.put(&file, "text".into()).await.unwrap();
    let other = Path::from("other");
    store.put(&other, "text".into()).await.unwrap();
    for path in [&below, &above] {
        let not_found = [
            store.head(path).await.map(drop),
            store.get(path).await.map(drop),
            store.get_range(path, 0..1).await.map(drop),
            store.get_ranges(path, &[0..1, 2..3]).await.map(drop),
            store.delete(path).await,
            store.copy(path, &"x".into()).await,
            store.rename(path, &"x".into()).await,
            store.copy_if_not_exists(path, &"x".into()).await,
        ];
        for (number, result) in not_found.into_iter().enumerate() {
            let error = result.unwrap_err();
            let expected = matches!(error, StoreError::NotFound { .. });
            assert!(expected, "{path} {number}: {error:?}");
        }
        let upload = async {
            let mut upload = store.put_multipart(path).await?;
            upload.put_part("text".into()).await?;
            upload.complete().await
        };
        let refused = [
            store.put(path, "text".into()).await.map(drop),
            upload.await.map(drop),
            store.copy(&other, path).await,
            store.rename(&other, path).await,
        ];
        for (number, result) in refused.into_iter().enumerate() {
            let error = result.unwrap_err();
            assert_eq!(code(error), "PathConflict", "{path} {number}");
        }
    }
    for prefix in [&below, &Path::from("a/file/below"), &Path::from("none")] {
        let found: Vec<_> = store.list(Some(prefix)).try_collect().await.unwrap();
        assert!(found.is_empty());
        let after = store.list_with_offset(Some(prefix), &file);
        assert!(after.try_collect::<Vec<_>>().await.unwrap().is_empty());
        let found = store.list_with_delimiter(Some(prefix)).await.unwrap();
        assert!(found.objects.is_empty() && found.common_prefixes.is_empty());
    }
    // Nothing was changed by any of it.
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert_eq!(listed.len(), 2);
    for path in [&file, &other] {
        let found = store.get(path).await.unwrap();
        assert_eq!(found.bytes().await.unwrap(), "text");
    }
}
