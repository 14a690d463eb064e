//! Order, pages, and what has no place in a folder.

use super::*;

#[tokio::test]
async fn pages_that_begin_after_the_last_path_seen_show_every_object_once() {
    let (_folder, store) = fresh();
    let mut paths: Vec<String> = (0..40)
        .flat_map(|n| {
            [
                format!("a/{n}"),
                format!("a-{n}"),
                format!("a.{n}/x/{n}"),
                format!("b{n}"),
            ]
        })
        .collect();
    for path in &paths {
        store
            .put(&path.as_str().into(), "text".into())
            .await
            .unwrap();
    }
    paths.sort_unstable();
    let whole: Vec<_> = store.list(None).try_collect().await.unwrap();
    let whole: Vec<_> = whole
        .into_iter()
        .map(|one| one.location.to_string())
        .collect();
    assert_eq!(whole, paths);
    for page in [1, 7, 1000] {
        let (mut seen, mut last) = (Vec::new(), Path::default());
        loop {
            let listed = store.list_with_offset(None, &last).take(page);
            let listed: Vec<_> = listed.try_collect().await.unwrap();
            let Some(end) = listed.last() else { break };
            last = end.location.clone();
            seen.extend(listed.into_iter().map(|one| one.location.to_string()));
        }
        assert_eq!(seen, paths);
    }
    let below: Vec<_> = store
        .list_with_offset(Some(&"a.7".into()), &"a.7/w".into())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(below.len(), 1);
}

#[tokio::test]
async fn a_path_that_the_folder_has_no_name_for_is_refused_by_its_own() {
    let (folder, store) = fresh();
    let other = Path::from("other");
    store.put(&other, "text".into()).await.unwrap();
    let long = [
        "x".repeat(256),
        "d/".repeat(2_099) + "d",
        format!("a/{}", "ü".repeat(128)),
    ];
    let refused = [
        (Path::parse(&long[0]).unwrap(), "PathTooLong"),
        (Path::parse(&long[1]).unwrap(), "PathTooLong"),
        (Path::parse(&long[2]).unwrap(), "PathTooLong"),
        (Path::parse("a#1").unwrap(), "ReservedName"),
    ];
    for (path, expected) in refused {
        for result in [
            store.put(&path, "text".into()).await.map(drop),
            store.put_multipart(&path).await.map(drop),
            store.copy(&other, &path).await,
            store.rename(&other, &path).await,
            store.copy_if_not_exists(&other, &path).await,
        ] {
            let error = result.unwrap_err();
            assert!(error.to_string().len() < 500, "{error}");
            assert_eq!(code(error), expected);
        }
        let reads = [
            store.get(&path).await.map(drop),
            store.head(&path).await.map(drop),
            store.delete(&path).await,
            store.copy(&path, &"x".into()).await,
        ];
        for result in reads {
            assert_eq!(code(result.unwrap_err()), "ObjectNotFound");
        }
        let listed: Vec<_> = store.list(Some(&path)).try_collect().await.unwrap();
        assert!(listed.is_empty());
    }
    assert_eq!(names(folder.path()), ["other"]);
    // A name as long as the file system has it, whatever its unfinished file is called.
    let longest = Path::parse("x".repeat(255)).unwrap();
    store.put(&longest, "text".into()).await.unwrap();
    assert_eq!(names(folder.path()).len(), 2);
}

#[tokio::test]
async fn an_object_that_was_replaced_is_not_removed() {
    let (_folder, store) = fresh();
    let path = Path::from("a/b");
    let first = store.put(&path, "one".into()).await.unwrap().e_tag.unwrap();
    // The file of the first keeps its number for as long as it is open.
    let _open = store.open_file(&path, &GetOptions::default()).unwrap();
    let second = store.put(&path, "two".into()).await.unwrap().e_tag.unwrap();
    assert!(!store.remove_if_unchanged(&path, &first).await.unwrap());
    assert_eq!(
        store.get(&path).await.unwrap().bytes().await.unwrap(),
        "two"
    );
    assert!(store.remove_if_unchanged(&path, &second).await.unwrap());
    assert!(!store.remove_if_unchanged(&path, &second).await.unwrap());
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    assert!(listed.is_empty());
}

/// Whatever the moment: what is acknowledged while an older object is removed is still there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i03_i09_a_put_is_not_lost_to_the_removal_of_what_it_replaces() {
    let (_folder, store) = fresh();
    let path = Path::from("a/b");
    let kept = Path::from("a/kept");
    store.put(&kept, "text".into()).await.unwrap();
    for turn in 0..1_500_u32 {
        let put = store.put(&path, "old".into()).await.unwrap();
        let old = put.e_tag.unwrap();
        let _open = store.open_file(&path, &GetOptions::default()).unwrap();
        let [putting, removing] = [store.clone(), store.clone()];
        let at = path.clone();
        let put = tokio::spawn(async move { putting.put(&at, "new".into()).await });
        let at = path.clone();
        let removed = tokio::spawn(async move {
            // It is asked again and again: it must meet the moment at which the name changes hands.
            for _ in 0..turn % 8 {
                tokio::task::yield_now().await;
            }
            removing.remove_if_unchanged(&at, &old).await
        });
        put.await.unwrap().unwrap();
        removed.await.unwrap().unwrap();
        let found = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(found, "new", "{turn}");
    }
}
