//! What time makes due and what was cut off, over everything that an installation keeps.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt as _;
use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_identity::TenantMachine;
use strongroom_ledger::AggregateId;
use strongroom_resource::{ResourceAction, ResourceMachine};
use strongroom_vault::key::{Key, KeyAction, KeyMachine};
use strongroom_vault::vault::{Vault, VaultAction, VaultMachine};
use tokio::sync::Notify;

use crate::Error;
use crate::audit::Caller;
use crate::audit_chain::AuditChains;
use crate::driver::kept::vault_id;
use crate::driver::{Assertions, Due, Kept, log};
use crate::resource::Control;
use crate::vaults::own_asker;

/// How often what is due is looked for, and the audit heads are written out (R18).
const EVERY: Duration = Duration::from_mins(1);

/// What time alone makes due in an installation.
#[derive(Debug)]
pub(crate) struct Maintenance {
    pub(crate) control: Arc<Control>,
    pub(crate) chains: AuditChains,
}

/// Does once a minute what is due, while an installation is open.
#[derive(Debug)]
pub(crate) struct Scheduler {
    task: tokio::task::JoinHandle<()>,
    stop: Arc<Notify>,
}

impl Scheduler {
    pub(crate) fn start(maintenance: &Arc<Maintenance>) -> Self {
        let stop = Arc::new(Notify::new());
        let rounds = rounds(Arc::downgrade(maintenance), Arc::clone(&stop), EVERY);
        Self {
            task: maintenance.control.records.runtime.spawn(rounds),
            stop,
        }
    }

    /// Stops once a round under way is done, and writes the heads out a last time.
    pub(crate) async fn stop(self, maintenance: &Maintenance) -> Result<(), Error> {
        self.stop.notify_one();
        // A round that failed has said so.
        let _ = maintenance.control.records.runtime.wait(self.task).await;
        maintenance.chains.write_heads().await
    }
}

async fn rounds(maintenance: Weak<Maintenance>, stop: Arc<Notify>, every: Duration) {
    loop {
        tokio::select! {
            () = stop.notified() => return,
            () = tokio::time::sleep(every) => {}
        }
        let Some(maintenance) = maintenance.upgrade() else {
            return;
        };
        // It must not end with the first round that fails as none ever should.
        let round = AssertUnwindSafe(maintenance.round()).catch_unwind();
        if round.await.is_err() {
            tracing::error!(
                "a round of maintenance failed, and its rest was not done: it begins anew"
            );
        }
    }
}

impl Maintenance {
    async fn round(&self) {
        // First: a purge may take long.
        if let Err(error) = self.chains.write_heads().await {
            tracing::error!(%error, "the audit heads could not be written");
        }
        if let Err(error) = self.resume().await {
            tracing::error!(%error, "what was due could not be found");
        }
    }

    /// Goes on with what was cut off, and with what time has made due.
    ///
    /// What cannot be done for one aggregate stays owing and is logged; it does not keep the others
    /// waiting. Nor does damage to what says what is due keep the rest waiting: what is found is done.
    pub(crate) async fn resume(&self) -> Result<(), Error> {
        go_on(self.control.keys.sweep_announced_keys().await)?;
        if let Some(Due { woken, owing }) = go_on(self.control.records.due().await)? {
            for id in woken {
                log(&id, self.wake(&id).await);
            }
            for id in owing {
                log(&id, self.settle(&id).await);
            }
        }
        go_on(self.control.follow_keys().await)?;
        Ok(())
    }

    /// The time of an aggregate has come.
    async fn wake(&self, id: &AggregateId) -> Result<(), Error> {
        match id.kind() {
            ResourceMachine::KIND => {
                let uid = id.id().parse()?;
                let caller = self.control.caller_for_resource(id).await?;
                let end = ResourceAction::EndRetention;
                self.control
                    .ask(uid, end, Assertions::default(), &caller)
                    .await?;
                self.control.settle_resource(uid, &caller).await
            }
            VaultMachine::KIND => {
                let vault = id.id().parse()?;
                let caller = self.caller_for_vault(id).await?;
                let end = VaultAction::EndRetention;
                self.control
                    .vaults
                    .ask_vault(&vault, end, Assertions::default(), &caller)
                    .await?;
                self.control.vaults.settle_vault(&vault, &caller).await
            }
            KeyMachine::KIND => {
                let Some(key) = self.control.records.load::<Key>(id).await?.state else {
                    return Ok(());
                };
                let caller = self.caller_for_vault(&vault_id(&key.vault)?).await?;
                let named = (&key.vault, &key.name);
                let (end, asker) = (KeyAction::EndRetention, own_asker(&caller));
                match self
                    .control
                    .vaults
                    .ask_key(named, end, Assertions::default(), &asker, &caller)
                    .await
                {
                    // It was its rotation that was due: that is owed, and done below.
                    Ok(_) | Err(Error::Key(_)) => {}
                    Err(error) => return Err(error),
                }
                self.control
                    .vaults
                    .settle_key(&key.vault, &key.name, &caller)
                    .await
            }
            _ => Ok(()),
        }
    }

    /// An aggregate owes something.
    async fn settle(&self, id: &AggregateId) -> Result<(), Error> {
        match id.kind() {
            ResourceMachine::KIND => {
                let caller = self.control.caller_for_resource(id).await?;
                self.control
                    .settle_resource(id.id().parse()?, &caller)
                    .await
            }
            VaultMachine::KIND => {
                let caller = self.caller_for_vault(id).await?;
                self.control
                    .vaults
                    .settle_vault(&id.id().parse()?, &caller)
                    .await
            }
            KeyMachine::KIND => {
                let Some(key) = self.control.records.load::<Key>(id).await?.state else {
                    return Ok(());
                };
                let caller = self.caller_for_vault(&vault_id(&key.vault)?).await?;
                self.control
                    .vaults
                    .settle_key(&key.vault, &key.name, &caller)
                    .await
            }
            TenantMachine::KIND => self.control.records.settle_tenant(id.id().parse()?).await,
            _ => Ok(()),
        }
    }

    async fn caller_for_vault(&self, id: &AggregateId) -> Result<Caller, Error> {
        let vault = self.control.records.load::<Vault>(id).await?.state;
        self.control
            .records
            .own_caller(vault.map_or(self.control.records.first_tenant, |vault| vault.tenant))
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
    use std::sync::atomic::{AtomicU64, Ordering};

    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sqlx::{AssertSqlSafe, Connection as _};
    use strongroom_base::{Clock, ResourceUid, Timestamp};

    use super::*;
    use crate::fresh::Fresh;
    use crate::resource::NewResource;
    use crate::{InitOptions, Options, ResourceChange, Strongroom};

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

    const IN_TIME: Duration = Duration::from_secs(20);

    /// A clock that breaks down for a while.
    #[derive(Debug, Default)]
    struct Broken {
        left: AtomicU64,
        ended: Notify,
    }

    impl Clock for Broken {
        fn now(&self) -> Timestamp {
            let left = |left: u64| left.checked_sub(1);
            let broken = self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left);
            if broken == Ok(1) {
                self.ended.notify_one();
            }
            assert!(broken.is_err(), "the clock is broken");
            Timestamp::from_unix_millis(1_800_000_000_000)
        }
    }

    #[tokio::test]
    async fn r18_heads_are_written_on_after_a_round_that_panicked() {
        let clock = Arc::new(Broken::default());
        let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(clock.clone());
        let fresh = Fresh::with(options).await;
        let maintenance = fresh.room.maintenance();
        let stop = Arc::new(Notify::new());
        let rounds = tokio::spawn(rounds(
            Arc::downgrade(maintenance),
            Arc::clone(&stop),
            Duration::from_millis(5),
        ));
        // The watch over what others change reads this clock as well, and less often.
        clock.left.store(20, Ordering::SeqCst);
        let ended = tokio::time::timeout(IN_TIME, clock.ended.notified()).await;
        ended.expect("further rounds");
        fresh
            .resource
            .change(ResourceChange::EnableIdentity)
            .await
            .unwrap();

        let newest = maintenance.chains.records.ledger.heads().await.unwrap();
        let is_written = async || {
            let written = maintenance.chains.heads.read_all().await.unwrap();
            newest
                .iter()
                .all(|head| written.iter().any(|line| line.head == *head))
        };
        let written = async {
            while !is_written().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let written = tokio::time::timeout(IN_TIME, written).await;
        written.expect("the heads are written");
        stop.notify_one();
        rounds.await.unwrap();
        fresh.room.close().await.unwrap();
    }
}
