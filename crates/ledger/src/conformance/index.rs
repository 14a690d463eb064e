//! Index rows: unique, replaced, paged.

use bytes::Bytes;

use super::subject::{NOW, id, version_of};
use crate::{
    AggregateId, Change, Commit, Find, Found, IndexRow, Ledger, LedgerError, Page, Version, Write,
};

fn put(id: &AggregateId, expected: Version, index: Vec<IndexRow>) -> Commit {
    let change = Change::Put {
        state: Bytes::new(),
        index,
    };
    Commit::write(Write {
        id: id.clone(),
        expected,
        change,
    })
}

async fn index(ledger: &dyn Ledger, name: &str, rows: Vec<IndexRow>) -> Result<(), LedgerError> {
    let id = id(name);
    let at = version_of(ledger, &id).await;
    ledger.commit(put(&id, at, rows), NOW).await.map(drop)
}

async fn found(ledger: &dyn Ledger, query: &Find) -> Vec<String> {
    let rows = ledger.find(query, Page::first(100)).await.expect("finds");
    rows.iter()
        .map(|found| format!("{}:{}", found.key, found.id.id()))
        .collect()
}

/// Rows replace earlier ones, unique keys have one holder, and prefixes find what starts so.
pub async fn index_rows(ledger: &dyn Ledger) {
    let shared = IndexRow::shared;
    let unique = IndexRow::unique;
    let taken = |answer: Result<(), LedgerError>, by: &str| match answer {
        Err(LedgerError::Taken { index, key, holder }) => {
            assert_eq!(
                (index.as_str(), key.as_str(), holder),
                ("name", "n", id(by))
            );
        }
        other => panic!("{other:?} instead of Taken"),
    };

    index(ledger, "a", vec![unique("name", "n"), shared("vault", "v")])
        .await
        .expect("first");
    index(ledger, "b", vec![shared("vault", "v")])
        .await
        .expect("a shared key");
    taken(
        index(ledger, "b", vec![unique("name", "n"), shared("vault", "w")]).await,
        "a",
    );
    taken(index(ledger, "b", vec![shared("name", "n")]).await, "a");
    taken(index(ledger, "c", vec![unique("name", "n")]).await, "a");
    let vault = Find::exact("vault", "v");
    assert_eq!(
        found(ledger, &vault).await,
        ["v:a", "v:b"],
        "a refused commit changed the index"
    );

    // The same rows again, another set, the same key in another index, a key given up and taken.
    index(ledger, "a", vec![unique("name", "n"), shared("vault", "v")])
        .await
        .expect("the same");
    index(ledger, "b", vec![unique("other", "n")])
        .await
        .expect("another index");
    assert_eq!(found(ledger, &vault).await, ["v:a"]);
    index(ledger, "a", vec![unique("name", "m"), unique("name", "m")])
        .await
        .expect("twice is once");
    assert_eq!(found(ledger, &vault).await, Vec::<String>::new());
    index(ledger, "b", vec![shared("name", "n"), unique("name", "n")])
        .await
        .expect("is free now");
    taken(index(ledger, "c", vec![shared("name", "n")]).await, "b");
    index(ledger, "b", vec![shared("name", "n")])
        .await
        .expect("no longer alone");
    index(ledger, "c", vec![shared("name", "n")])
        .await
        .expect("two share it");
    taken(index(ledger, "c", vec![unique("name", "n")]).await, "b");

    // Removal frees the keys.
    let b = id("b");
    let at = version_of(ledger, &b).await;
    ledger
        .commit(Commit::remove(&b, at), NOW)
        .await
        .expect("removes");
    assert_eq!(found(ledger, &Find::exact("name", "n")).await, ["n:c"]);
    index(ledger, "c", vec![unique("name", "n")])
        .await
        .expect("alone now");

    let keys = [
        "",
        "a",
        "a/",
        "a/b",
        "a/é",
        "a/\u{10ffff}",
        "a0",
        "b",
        "a%",
        "A",
        "a_",
    ];
    for (number, key) in keys.into_iter().enumerate() {
        index(ledger, &format!("k{number}"), vec![shared("path", key)])
            .await
            .expect("a key");
    }
    for prefix in ["", "a", "a/", "a/é", "\u{10ffff}", "a/\u{10ffff}", "%", "c"] {
        let mut expected: Vec<&str> = keys.into_iter().filter(|k| k.starts_with(prefix)).collect();
        expected.sort_unstable();
        let rows = ledger
            .find(&Find::prefix("path", prefix), Page::first(100))
            .await;
        let rows = rows.expect("finds");
        let got: Vec<&str> = rows.iter().map(|found| found.key.as_str()).collect();
        assert_eq!(got, expected, "prefix {prefix:?}");
    }
}

/// Pages of 1,000 rows, in both kinds of query, while rows come and go behind the reader.
pub async fn paging(ledger: &dyn Ledger) {
    const ROWS: usize = 1_000;
    let name = |number: usize| format!("{number:04}");
    for number in 0..ROWS {
        let rows = vec![
            IndexRow::shared("key", "one"),
            IndexRow::shared("path", format!("p/{}", number / 3)),
        ];
        let commit = put(&id(&name(number)), Version::ABSENT, rows);
        ledger.commit(commit, NOW).await.expect("commits");
    }
    for query in [
        Find::exact("key", "one"),
        Find::prefix("path", "p/"),
        Find::prefix("path", ""),
    ] {
        let whole = ledger
            .find(&query, Page::first(10_000))
            .await
            .expect("finds");
        assert_eq!(whole.len(), ROWS);
        assert!(
            whole.is_sorted_by(|one, next| one < next),
            "not ordered by key and id"
        );
        for limit in [1_u32, 7, 333, 1_000] {
            let mut paged: Vec<Found> = Vec::new();
            loop {
                let page = match paged.last() {
                    Some(last) => Page::after(last, limit),
                    None => Page::first(limit),
                };
                let rows = ledger.find(&query, page).await.expect("finds");
                assert!(rows.len() <= limit as usize, "more rows than asked for");
                let last = rows.len() < limit as usize;
                paged.extend(rows);
                if last {
                    break;
                }
            }
            assert!(paged == whole, "pages of {limit} are not the whole");
        }
    }
    // A page goes on behind a row that is gone, and before the rows that the query is about.
    let gone = id(&name(499));
    let at = version_of(ledger, &gone).await;
    ledger
        .commit(Commit::remove(&gone, at), NOW)
        .await
        .expect("removes");
    let after = |key: &str, id: &AggregateId| Page {
        after: Some((key.into(), id.clone())),
        limit: 1,
    };
    let query = Find::exact("key", "one");
    let next = ledger
        .find(&query, after("one", &gone))
        .await
        .expect("finds");
    assert_eq!(
        next.first().map(|found| found.id.clone()),
        Some(id(&name(500)))
    );
    let next = ledger
        .find(&query, after("none", &gone))
        .await
        .expect("finds");
    assert_eq!(
        next.first().map(|found| found.id.clone()),
        Some(id(&name(0)))
    );
    assert!(
        ledger
            .find(&query, after("two", &gone))
            .await
            .expect("finds")
            .is_empty()
    );
    let next = ledger
        .find(&Find::prefix("path", "p/"), after("o", &gone))
        .await
        .expect("finds");
    assert_eq!(next.first().map(|found| found.key.as_str()), Some("p/0"));
    assert!(
        ledger
            .find(&query, Page::first(0))
            .await
            .expect("finds")
            .is_empty()
    );
}
