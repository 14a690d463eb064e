//! The conformance suite on SQLite.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[expect(dead_code, reason = "other tests use the rest")]
mod common;

use std::sync::Arc;

use async_trait::async_trait;
use strongroom_ledger::conformance::{self, Factory, Subject};
use strongroom_ledger::sqlite::SqliteLedger;
use strongroom_ledger::{ChainKey, Ledger};

struct Sqlite;

struct OnFile {
    folder: common::Folder,
    ledger: Arc<SqliteLedger>,
}

#[async_trait]
impl Factory for Sqlite {
    async fn fresh(&self) -> Box<dyn Subject> {
        let folder = common::Folder::new();
        let ledger = Arc::new(folder.ledger().await);
        Box::new(OnFile { folder, ledger })
    }
}

#[async_trait]
impl Subject for OnFile {
    fn ledger(&self) -> Arc<dyn Ledger> {
        self.ledger.clone()
    }

    fn chain_key(&self) -> Arc<dyn ChainKey> {
        common::key()
    }

    async fn execute(&self, statements: &[String]) {
        common::execute(&self.folder.db(), statements).await;
    }
}

macro_rules! checks {
    ($($name:ident($subject:ident) $check:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $subject = Sqlite.fresh().await;
            $check.await;
        }
    )+};
}

checks! {
    versions_rise_and_are_never_used_again(s) conformance::versions(&*s.ledger());
    i08_a_guard_that_does_not_hold_refuses_the_whole(s) conformance::guards(&*s.ledger());
    i08_several_records_are_written_at_once_or_not_at_all(s) conformance::several(&*s.ledger());
    i08_what_lapsed_while_it_waited_changes_nothing(s) conformance::lapsed(&*s.ledger());
    bad_input_is_refused_by_name(s) conformance::bad_input(&*s.ledger());
    many_writers_lose_nothing(s) conformance::concurrency(s.ledger());
    changes_are_marked(s) conformance::changes_are_marked(&*s.ledger());
    changes_are_told(s) conformance::changes_are_told(&*s.ledger());
    a_snapshot_shows_one_state(s) conformance::snapshots(&*s.ledger());
    snapshots_are_given_back(s) conformance::snapshots_are_given_back(s.ledger());
    a_snapshot_ends_with_its_ledger(s) conformance::a_snapshot_ends_with_its_ledger(&*s.ledger());
    index_rows(s) conformance::index_rows(&*s.ledger());
    paging(s) conformance::paging(&*s.ledger());
    claims(s) conformance::claims(&*s.ledger());
    r18_chains_grow(s) conformance::chains_grow(&*s);
    i08_the_audit_is_atomic_with_the_write(s) conformance::audit_is_atomic(&*s);
    r18_each_change_of_a_record_is_counted_and_said(s) conformance::revisions_count(&*s);
    closing(s) conformance::closing(&*s.ledger());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_tampering_is_found() {
    conformance::tampering_is_found(&Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r18_a_record_that_was_put_back_is_found() {
    conformance::putting_back_is_found(&Sqlite).await;
}
