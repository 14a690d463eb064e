//! Checkpoints in a file: what moved, what was cut off, what somebody changed (R18).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::{Folder, NOW, entry, execute, key};
use strongroom_base::Timestamp;
use strongroom_ledger::audit::{VerifyError, verify};
use strongroom_ledger::checkpoint::{
    Checkpoint, CheckpointError, CheckpointSink, Checkpointer, FileCheckpoints, LineFault,
    checkpoint,
};
use strongroom_ledger::sqlite::SqliteLedger;
use strongroom_ledger::{Commit, Head, Ledger, Phase, Tag};

async fn add(ledger: &SqliteLedger, chain: &str, number: u128) {
    let commit = Commit::audit(vec![entry(chain, number, Phase::Whole)]);
    ledger.commit(commit, NOW).await.unwrap();
}

fn made(sequence: u8) -> Checkpoint {
    let head = Head {
        chain: "t".into(),
        sequence: sequence.into(),
        tag: Tag::from_bytes([sequence; 32]),
    };
    Checkpoint::new(
        &*key(),
        head,
        Timestamp::from_unix_millis(1_000 + u64::from(sequence)),
    )
}

#[tokio::test]
async fn r18_a_round_adds_what_moved_and_names_what_went_back() {
    let folder = Folder::new();
    let (ledger, key) = (folder.ledger().await, key());
    let file = folder.path().join("checkpoints");
    let sink = FileCheckpoints::new(&file, key.clone());
    assert_eq!(sink.read_all().await.unwrap(), []);

    let mut checkpointer = Checkpointer::resume(&ledger, &sink).await.unwrap();
    assert_eq!(
        checkpointer
            .round(&ledger, &*key, &sink, NOW)
            .await
            .unwrap()
            .appended,
        0
    );
    assert!(!file.exists(), "nothing moved, nothing written");
    add(&ledger, "a", 1).await;
    add(&ledger, "b", 1).await;
    assert_eq!(
        checkpointer
            .round(&ledger, &*key, &sink, NOW)
            .await
            .unwrap()
            .appended,
        2
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    add(&ledger, "b", 2).await;
    assert_eq!(
        checkpointer
            .round(&ledger, &*key, &sink, NOW)
            .await
            .unwrap()
            .appended,
        1
    );
    assert_eq!(
        checkpoint(&ledger, &*key, &sink, NOW)
            .await
            .unwrap()
            .appended,
        0
    );

    let kept = sink.read_all().await.unwrap();
    let heads: Vec<_> = kept
        .iter()
        .map(|c| (c.head.chain.as_str(), c.head.sequence))
        .collect();
    assert_eq!(heads, [("a", 1), ("b", 1), ("b", 2)]);
    assert!(
        kept.iter()
            .all(|checkpoint| checkpoint.at == NOW && checkpoint.is_genuine(&*key))
    );
    verify(&ledger, &*key, "b", &kept).await.unwrap();

    let cut = [
        "DELETE FROM audit_entries WHERE chain = 'a' OR sequence = 2".to_owned(),
        "DELETE FROM audit_heads WHERE chain = 'a'".to_owned(),
        "UPDATE audit_heads SET sequence = 1, \
         tag = (SELECT tag FROM audit_entries WHERE chain = 'b' AND sequence = 1)"
            .to_owned(),
    ];
    execute(&folder.db(), &cut).await;
    let round = checkpointer
        .round(&ledger, &*key, &sink, NOW)
        .await
        .unwrap();
    assert_eq!(
        (round.appended, round.went_back),
        (0, vec!["a".to_owned(), "b".to_owned()])
    );
    verify(&ledger, &*key, "b", &[]).await.unwrap();
    let error = verify(&ledger, &*key, "b", &kept).await.unwrap_err();
    assert!(
        matches!(
            error,
            VerifyError::Cut {
                found: 1,
                reached: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn the_line_is_the_documented_one() {
    let folder = Folder::new();
    let file = folder.path().join("checkpoints");
    let sink = FileCheckpoints::new(&file, key());
    let checkpoint = made(7);
    sink.append(std::slice::from_ref(&checkpoint))
        .await
        .unwrap();
    let expected = format!("v1 1007 t 7 {} {}\n", "07".repeat(32), checkpoint.mac);
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
}

#[tokio::test]
async fn i09_a_line_cut_off_anywhere_counts_for_nothing_and_harms_no_other() {
    let folder = Folder::new();
    let file = folder.path().join("checkpoints");
    let sink = FileCheckpoints::new(&file, key());
    sink.append(&[made(1), made(2)]).await.unwrap();
    let whole = fs::read(&file).unwrap();
    for length in 0..whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        let lines = whole[..length].split(|byte| *byte == b'\n').count() - 1;
        let left = [made(1), made(2)][..lines].to_vec();
        assert_eq!(sink.read_all().await.unwrap(), left, "cut at {length}");
        sink.append(&[made(3)]).await.unwrap();
        let read = sink.read_all().await.unwrap();
        assert_eq!(
            read,
            [left, vec![made(3)]].concat(),
            "cut at {length} and gone on"
        );
    }
}

#[tokio::test]
async fn r18_a_changed_line_is_named() {
    let folder = Folder::new();
    let file = folder.path().join("checkpoints");
    let sink = FileCheckpoints::new(&file, key());
    sink.append(&[made(1), made(2), made(3)]).await.unwrap();
    let whole = fs::read_to_string(&file).unwrap();
    let cases = [
        ("v1 1002", "v1 1003", LineFault::Mac),
        ("v1 1002 t 2", "v1 1002 u 2", LineFault::Mac),
        ("v1 1002", "v2 1002", LineFault::Form),
        ("v1 1002", "v1  1002", LineFault::Form),
        ("v1 1002", "v1 +1002", LineFault::Form),
        ("v1 1002", "", LineFault::Form),
        ("v1 1002 t 2", "v1 1002 t 02", LineFault::Form),
        ("v1 1002", "\nv1 1002", LineFault::Form),
    ];
    for (from, to, fault) in cases {
        fs::write(&file, whole.replacen(from, to, 1)).unwrap();
        let read = sink.read_all().await;
        assert!(
            matches!(&read, Err(CheckpointError::BadLine { line: 2, fault: f }) if *f == fault),
            "{to:?}: {read:?}"
        );
    }
}

/// However long the file is, a round reads its end; a verification reads all of it.
#[tokio::test]
async fn r18_a_round_reads_the_end_of_the_file() {
    let folder = Folder::new();
    let (ledger, key) = (folder.ledger().await, key());
    let file = folder.path().join("checkpoints");
    let sink = FileCheckpoints::new(&file, key.clone());
    for chain in ["a", "b"] {
        add(&ledger, chain, 1).await;
    }
    let first = checkpoint(&ledger, &*key, &sink, NOW).await.unwrap();
    assert_eq!(first.appended, 2);
    // Somebody has changed the beginning, and chain `b` has gone on for long.
    let mut text = fs::read_to_string(&file).unwrap();
    text.insert_str(0, "v1 forged\n");
    let head = ledger.heads().await.unwrap().remove(1);
    let at = |minute: u64| Timestamp::from_unix_millis(1_000 + minute);
    let lines = (0..2_000).map(|minute| Checkpoint::new(&*key, head.clone(), at(minute)));
    sink.append(&lines.collect::<Vec<_>>()).await.unwrap();
    text.push_str(&fs::read_to_string(&file).unwrap()[text.len() - 10..]);
    fs::write(&file, &text).unwrap();
    assert!(matches!(
        sink.read_all().await,
        Err(CheckpointError::BadLine { line: 1, .. })
    ));

    let newest = sink.read_newest(100).await.unwrap();
    assert!((100..400).contains(&newest.len()), "{}", newest.len());
    assert_eq!(newest.last().unwrap().at, at(1_999));
    add(&ledger, "b", 2).await;
    let round = checkpoint(&ledger, &*key, &sink, NOW).await.unwrap();
    // The other was not among the newest.
    assert_eq!((round.appended, round.went_back), (2, Vec::new()));
    let round = checkpoint(&ledger, &*key, &sink, NOW).await.unwrap();
    assert_eq!(round.appended, 0);

    // What is wrong at the end is named by its place in the whole file.
    text = fs::read_to_string(&file).unwrap();
    text = text.replacen("v1 forged\n", "", 1);
    text.push_str("v1 forged\n");
    fs::write(&file, &text).unwrap();
    let wrong = checkpoint(&ledger, &*key, &sink, NOW).await;
    let last = text.lines().count() as u64;
    assert!(
        matches!(wrong, Err(CheckpointError::BadLine { line, .. }) if line == last),
        "{wrong:?}"
    );
}

/// A file that is read from its middle is read from the beginning of a line.
#[tokio::test]
async fn r18_the_newest_are_those_of_the_whole_file() {
    let folder = Folder::new();
    let file = folder.path().join("checkpoints");
    let sink = FileCheckpoints::new(&file, key());
    for many in [1, 2, 3, 5, 9, 200] {
        assert_eq!(
            sink.read_newest(many).await.unwrap(),
            sink.read_all().await.unwrap(),
            "of fewer"
        );
        let more: Vec<_> = (0..u8::try_from(many).unwrap()).map(made).collect();
        sink.append(&more).await.unwrap();
        let all = sink.read_all().await.unwrap();
        for asked in 0..=all.len() {
            let newest = sink.read_newest(asked).await.unwrap();
            assert!(newest.len() >= asked && all.ends_with(&newest), "{asked}");
        }
    }
}
