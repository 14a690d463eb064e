//! What time makes due and what was cut off, over everything that an installation keeps.
//!
//! Opening an installation does none of it. Whoever runs for long [spawns](Maintenance::spawn) it, whoever runs
//! once does [a little of it](Maintenance::run_some), and what somebody rests on is caught up with first,
//! wherever it is read.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_identity::TenantMachine;
use strongroom_ledger::AggregateId;
use strongroom_resource::ResourceMachine;
use strongroom_vault::key::{Key, KeyMachine};
use strongroom_vault::vault::VaultMachine;
use tokio::task::JoinHandle;

use crate::Error;
use crate::driver::{Kept, log};
use crate::resource::Control;

/// Retentions that end, keys that rotate, and changes that were cut off: what time, and not a caller, makes
/// due.
///
/// What cannot be done for one thing stays due and is logged; it keeps nothing else waiting.
#[derive(Clone, Debug)]
pub struct Maintenance {
    control: Arc<Control>,
}

/// How much is done at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers; `default` gives the defaults"
)]
pub struct MaintenanceLimit {
    /// So many items: keys to be swept, purges, rotations, changes to be completed or undone, followed keys.
    pub items: usize,
    /// For so long: nothing is begun after that.
    pub time: Duration,
}

/// What a verb of the program does after its answer: 20 items, or 200 ms of them.
impl Default for MaintenanceLimit {
    fn default() -> Self {
        Self {
            items: 20,
            time: Duration::from_millis(200),
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Maintained {
    /// How many items were looked at.
    pub items: usize,
    /// For how many of them something failed: it stays due, and the log says why.
    pub failed: usize,
    /// How the first of them failed.
    pub failure: Option<OutcomeKind>,
    /// Whether the limit was met before the end.
    pub limited: bool,
}

/// Counts what is done against a limit.
struct Budget<'a, T> {
    control: &'a Control,
    limit: Option<(MaintenanceLimit, Duration)>,
    told: T,
    done: Maintained,
}

impl<T: FnMut(Maintained)> Budget<'_, T> {
    /// One item was looked at. Whether there may be another.
    fn spend(&mut self, failure: Option<OutcomeKind>) -> bool {
        self.done.items += 1;
        self.done.failed += usize::from(failure.is_some());
        self.done.failure = self.done.failure.or(failure);
        (self.told)(self.done);
        self.is_left()
    }

    fn is_left(&mut self) -> bool {
        let over = self.limit.is_some_and(|(limit, began)| {
            let since = self.control.records.clock.since_boot();
            self.done.items >= limit.items || since.saturating_sub(began) >= limit.time
        });
        self.done.limited |= over;
        !over
    }

    /// How many rows to ask for.
    fn rows(&self) -> usize {
        self.limit.map_or(usize::MAX, |(limit, _)| {
            limit.items.saturating_sub(self.done.items)
        })
    }
}

impl Maintenance {
    pub(crate) fn new(control: Arc<Control>) -> Self {
        Self { control }
    }

    /// Does all that is due.
    ///
    /// # Errors
    /// If what is due cannot be found: the ledger cannot be read, or the installation is closed.
    pub async fn run_due(&self) -> Result<Maintained, Error> {
        self.run_due_telling(|_| {}).await
    }

    /// The same; `told` hears after each item how far it is.
    ///
    /// # Errors
    /// As for [`run_due`](Self::run_due).
    pub async fn run_due_telling(
        &self,
        told: impl FnMut(Maintained) + Send,
    ) -> Result<Maintained, Error> {
        self.run(None, told).await
    }

    /// Does some of what is due, the oldest first.
    ///
    /// # Errors
    /// As for [`run_due`](Self::run_due).
    pub async fn run_some(&self, limit: MaintenanceLimit) -> Result<Maintained, Error> {
        let began = self.control.records.clock.since_boot();
        self.run(Some((limit, began)), |_| {}).await
    }

    /// Does what is due now and then, for as long as the installation is open and the answer is kept.
    #[must_use = "it ends when this is dropped"]
    pub fn spawn(&self, every: Duration) -> MaintenanceTask {
        let control = Arc::downgrade(&self.control);
        let runtime = &self.control.records.runtime;
        MaintenanceTask(runtime.spawn(rounds(control, every)))
    }

    /// What is damaged does not stop what comes after it: what is found is done.
    async fn run(
        &self,
        limit: Option<(MaintenanceLimit, Duration)>,
        told: impl FnMut(Maintained) + Send,
    ) -> Result<Maintained, Error> {
        let control = &*self.control;
        let mut budget = Budget {
            control,
            limit,
            told,
            done: Maintained::default(),
        };
        if control.records.read_only || !budget.is_left() {
            return Ok(budget.done);
        }
        let swept = control
            .keys
            .sweep_announced_keys(|failure| budget.spend(failure));
        go_on(swept.await)?;
        for id in go_on(control.records.due(budget.rows()).await)?.unwrap_or_default() {
            if !budget.is_left() {
                return Ok(budget.done);
            }
            let failure = log(&id, self.advance(&id).await);
            budget.spend(failure);
        }
        if budget.is_left() {
            let rows = budget.rows();
            let followed = control.follow_keys(rows, |failure| budget.spend(failure));
            go_on(followed.await)?;
        }
        Ok(budget.done)
    }

    /// Does what is due of one aggregate.
    async fn advance(&self, id: &AggregateId) -> Result<(), Error> {
        let control = &self.control;
        match id.kind() {
            ResourceMachine::KIND => control.advance_resource(id.id().parse()?).await,
            VaultMachine::KIND => control.vaults.advance_vault(&id.id().parse()?).await,
            KeyMachine::KIND => match control.records.load::<Key>(id).await?.state {
                Some(key) => control.vaults.advance_key(&key.vault, &key.name).await,
                None => Ok(()),
            },
            TenantMachine::KIND => control.records.settle_tenant(id.id().parse()?).await,
            _ => Ok(()),
        }
    }
}

/// Maintenance that goes on in the background; it ends when this is dropped.
#[derive(Debug)]
pub struct MaintenanceTask(JoinHandle<()>);

impl Drop for MaintenanceTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn rounds(control: Weak<Control>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(control) = control.upgrade() else {
            return;
        };
        let round = async {
            if let Err(error) = Maintenance::new(control).run_due().await {
                tracing::error!(%error, code = error.code(), "what is due could not be found");
            }
        };
        // It must not end with the first round that fails as none ever should.
        if AssertUnwindSafe(round).catch_unwind().await.is_err() {
            tracing::error!(
                "a round of maintenance failed, and its rest was not done: it begins anew"
            );
        }
    }
}

/// Damage is logged, and does not stop what comes after it.
fn go_on<T>(done: Result<T, Error>) -> Result<Option<T>, Error> {
    match done {
        Err(error) if error.kind() == OutcomeKind::Damaged => {
            tracing::error!(%error, code = error.code(), "something that was due could not be found");
            Ok(None)
        }
        done => done.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sqlx::{AssertSqlSafe, Connection as _};
    use strongroom_base::{ResourceUid, Timestamp};

    use super::*;
    use crate::resource::NewResource;
    use crate::{InitOptions, Options, Strongroom};

    async fn open(data: &Path, hours: u64) -> Strongroom {
        let start = Timestamp::from_unix_millis(1_800_000_000_000);
        let now = start.saturating_add(Duration::from_hours(hours));
        let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(Arc::new(now));
        if !data.exists() {
            Strongroom::init(data, InitOptions::default(), &options)
                .await
                .unwrap();
        }
        Strongroom::open(data, &options).await.unwrap()
    }

    /// The ledger, as somebody has it who can write the file.
    async fn behind(data: &Path) -> SqliteConnection {
        let file = SqliteConnectOptions::new().filename(data.join("ledger.db"));
        let file = file.foreign_keys(false);
        SqliteConnection::connect_with(&file).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_damaged_keeps_nothing_else_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let room = open(&data, 0).await;
        let mut announced = Vec::new();
        for uid in [1, 2] {
            let uid = ResourceUid::from_bytes([uid; 16]);
            announced.push(room.control().keys.new_service_key(uid).await.unwrap().id);
        }
        let mut resources = Vec::new();
        for name in ["notes", "plans"] {
            let new = NewResource::new(name.parse().unwrap(), "local".parse().unwrap());
            let resource = room.create_resource(new).await.unwrap();
            resource.delete().await.unwrap();
            resources.push(resource);
        }
        let keys =
            async |room: &Strongroom| room.control().keys.service_keys.ids(None, 9).await.unwrap();
        assert_eq!(keys(&room).await.len(), 4);
        let damaged = [
            format!("announced-key/{}", announced[0]),
            format!("resource/{}", resources[0].uid()),
        ];
        room.close().await.unwrap();

        let mut ledger = behind(&data).await;
        for id in &damaged {
            let damage = format!("UPDATE aggregates SET state = zeroblob(40) WHERE id = '{id}'");
            // It is said to follow its key, too.
            let follows =
                format!("INSERT INTO index_rows VALUES ('resource.follower', '', '{id}', 0)");
            for statement in [damage, follows] {
                let statement = sqlx::query(AssertSqlSafe(statement));
                statement.execute(&mut ledger).await.unwrap();
            }
        }
        for index in ["wake", "owing", "key.announced", "resource.follower"] {
            // Of the second, which comes last, not even the key can be read.
            for key in ["''", "CAST(x'ff' AS TEXT)"] {
                let odd = format!("INSERT INTO index_rows VALUES ('{index}', {key}, 'no id', 0)");
                let odd = sqlx::query(AssertSqlSafe(odd));
                odd.execute(&mut ledger).await.unwrap();
            }
        }
        ledger.close().await.unwrap();

        // All of it is due by then; the second of each is done.
        let room = open(&data, 49).await;
        assert_eq!(keys(&room).await.len(), 4);
        let done = room.maintenance().run_due().await.unwrap();
        // Two keys, two resources, and both once more as followers; what is damaged stays due, and is told of.
        assert_eq!((done.items, done.failed), (6, 2), "{done:?}");
        assert_eq!(done.failure, Some(OutcomeKind::Damaged));
        assert_eq!(keys(&room).await.len(), 2);
        let plans = room.resource(&"plans".parse().unwrap()).await;
        assert!(plans.is_err(), "{plans:?}");
        room.close().await.unwrap();
    }

    /// It keeps nothing waiting, and stays until somebody mends it: whoever verifies is told.
    #[tokio::test]
    async fn r18_a_row_of_what_is_due_that_names_no_record_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let room = open(&data, 0).await;
        room.verify_audit().await.unwrap();
        room.close().await.unwrap();
        for index in ["wake", "owing", "key.announced", "resource.follower"] {
            let mut ledger = behind(&data).await;
            let odd = format!("INSERT INTO index_rows VALUES ('{index}', '', 'no id', 0)");
            let remove = format!("DELETE FROM index_rows WHERE name = '{index}'");
            let odd = sqlx::query(AssertSqlSafe(odd));
            odd.execute(&mut ledger).await.unwrap();
            let room = open(&data, 0).await;
            let told = room.verify_audit().await.unwrap_err();
            assert_eq!(told.kind(), OutcomeKind::Damaged);
            assert!(told.to_string().contains(index), "{told}");
            room.close().await.unwrap();
            let remove = sqlx::query(AssertSqlSafe(remove));
            remove.execute(&mut ledger).await.unwrap();
            ledger.close().await.unwrap();
        }
    }
}
