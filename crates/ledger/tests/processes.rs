//! Real processes on one file: no update lost, no chain forked, and after a kill everything that was
//! acknowledged is there (I9).
//!
//! The children are this test program itself, told by a variable what to do.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use common::{Folder, NOW, entry, key};
use strongroom_ledger::audit::verify;
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{
    AggregateId, Change, Commit, Find, Guard, IndexRow, Ledger, LedgerError, Page, Phase, Stored,
    Version, Write,
};

const DB: &str = "STRONGROOM_LEDGER_TEST_DB";
const CHILD: &str = "STRONGROOM_LEDGER_TEST_CHILD";
const PROCESSES: u64 = 4;
const EACH: u64 = 50;

fn start(folder: &Folder, role: &str, number: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([role, "--exact", "--nocapture"])
        .env(DB, folder.db())
        .env(CHILD, number.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a child is told; `None` when run as an ordinary test.
async fn told() -> Option<(SqliteLedger, u64)> {
    let number = env::var(CHILD).ok()?.parse().unwrap();
    let path = env::var_os(DB)?;
    let ledger = SqliteLedger::open(path, key(), SqliteOptions::new().create(true)).await;
    Some((ledger.unwrap(), number))
}

#[test]
fn i09_processes_lose_no_update_and_share_one_chain() {
    let folder = Folder::new();
    // They also race to make the file.
    let children: Vec<Child> = (0..PROCESSES)
        .map(|n| start(&folder, "child_adds", n))
        .collect();
    for child in children {
        let done = child.wait_with_output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stdout)
        );
    }
    runtime().block_on(async {
        let ledger = folder.ledger().await;
        let stored = ledger.load(&id("counter")).await.unwrap().unwrap();
        assert_eq!(stored.state, (PROCESSES * EACH).to_string());
        let verified = verify(&ledger, &*key(), "chain", &[]).await.unwrap();
        assert_eq!(
            (verified.records, verified.entries),
            (PROCESSES * EACH, PROCESSES * EACH)
        );
    });
}

/// Adds to a counter, guarded by a record that everybody changes as well.
#[tokio::test]
async fn child_adds() {
    let Some((ledger, number)) = told().await else {
        return;
    };
    let (counter, gate) = (id("counter"), id("gate"));
    for round in 0..EACH {
        loop {
            let guarded = version(&ledger, &gate).await;
            let (at, count) = match ledger.load(&counter).await.unwrap() {
                Some(Stored { version, state }) => (
                    version,
                    str::from_utf8(&state).unwrap().parse::<u64>().unwrap(),
                ),
                None => (Version::ABSENT, 0),
            };
            let mut commit = Commit::put(&counter, at, (count + 1).to_string());
            commit.guards.push(Guard {
                id: gate.clone(),
                version: guarded,
            });
            commit.audit.push(entry(
                "chain",
                u128::from(number * EACH + round),
                Phase::Whole,
            ));
            match ledger.commit(commit, NOW).await {
                Ok(_) => break,
                Err(LedgerError::Conflict { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        match ledger
            .commit(Commit::put(&gate, version(&ledger, &gate).await, ""), NOW)
            .await
        {
            Ok(_) | Err(LedgerError::Conflict { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    ledger.close().await.unwrap();
}

#[test]
fn i09_what_was_acknowledged_before_a_kill_is_there() {
    let folder = Folder::new();
    let mut acknowledged: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..8_u64 {
        let mut child = start(&folder, "child_writes", round);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut left = 10 + round * 17;
        // To the end: what was printed before the kill reached it counts as well.
        for line in lines {
            if let Some((name, version)) = acknowledgement(&line.unwrap()) {
                acknowledged.insert(name, version);
                left = left.saturating_sub(1);
                if left == 0 {
                    child.kill().unwrap();
                }
            }
        }
        assert!(!child.wait().unwrap().success(), "killed, not ended");
        runtime().block_on(check(&folder, &acknowledged));
    }
    assert!(acknowledged.len() >= 8 * 10);
}

fn acknowledgement(line: &str) -> Option<(String, u64)> {
    let (name, version) = line.strip_prefix("ack ")?.split_once(' ')?;
    // A number that was cut off in the middle has no end mark.
    Some((name.to_owned(), version.strip_suffix('.')?.parse().unwrap()))
}

async fn check(folder: &Folder, acknowledged: &BTreeMap<String, u64>) {
    let ledger = folder.ledger().await;
    for (name, version) in acknowledged {
        let stored = ledger.load(&id(name)).await.unwrap().unwrap();
        assert_eq!(stored.version.as_u64(), *version, "{name}");
        assert_eq!(stored.state, name.repeat(50), "{name}");
    }
    // Each record has its index row, its audit record and its twin, acknowledged or not.
    let found = ledger
        .find(&Find::prefix("name", ""), Page::first(100_000))
        .await
        .unwrap();
    let verified = verify(&ledger, &*key(), "chain", &[]).await.unwrap();
    assert_eq!(verified.records, found.len() as u64);
    for row in &found {
        assert!(ledger.load(&row.id).await.unwrap().is_some());
        assert!(ledger.load(&twin(row.id.id())).await.unwrap().is_some());
    }
    let changes = ledger.changes(Version::ABSENT, 100_000).await.unwrap();
    assert_eq!(changes.len(), 2 * found.len(), "none without the other");
    ledger.close().await.unwrap();
}

/// Writes records, eight at a time, and says so, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_writes() {
    let Some((ledger, round)) = told().await else {
        return;
    };
    let ledger = Arc::new(ledger);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_u64 {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move {
            for number in 0_u64.. {
                let name = format!("{round}-{task}-{number}");
                let record = u128::from(round) << 64 | u128::from(task) << 32 | u128::from(number);
                let change = Change::Put {
                    state: name.repeat(50).into(),
                    index: vec![IndexRow::unique("name", &name)],
                };
                let write = Write {
                    id: id(&name),
                    expected: Version::ABSENT,
                    change,
                };
                let commit = Commit {
                    audit: vec![entry("chain", record, Phase::Whole)],
                    writes: vec![
                        write,
                        Write {
                            id: twin(&name),
                            expected: Version::ABSENT,
                            change: Change::Put {
                                state: name.clone().into(),
                                index: Vec::new(),
                            },
                        },
                    ],
                    ..Commit::default()
                };
                let version = ledger.commit(commit, NOW).await.unwrap().version().unwrap();
                let line = format!("\nack {name} {version}.\n");
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// The record that is written together with `name`.
fn twin(name: &str) -> AggregateId {
    AggregateId::new("twin", name).unwrap()
}

fn id(id: &str) -> AggregateId {
    AggregateId::new("thing", id).unwrap()
}

async fn version(ledger: &SqliteLedger, id: &AggregateId) -> Version {
    ledger
        .load(id)
        .await
        .unwrap()
        .map_or(Version::ABSENT, |stored| stored.version)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
