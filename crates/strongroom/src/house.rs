//! What time makes due and what was cut off, over everything that an installation keeps.

use strongroom_base::{CorrelationId, Machine as _, Outcome as _, OutcomeKind, TenantId};
use strongroom_identity::{
    AccessCommand, AccessRefusal, Scope, Tenant, TenantCommand, TenantEffect, TenantMachine,
    TenantRefusal,
};
use strongroom_ledger::AggregateId;
use strongroom_resource::{Resource, ResourceAction, ResourceMachine};
use strongroom_vault::key::{Key, KeyAction, KeyMachine};
use strongroom_vault::vault::{Vault, VaultAction, VaultMachine};

use crate::Error;
use crate::audit::Caller;
use crate::core::Core;
use crate::directory::{AccessRequest, TenantRequest};
use crate::driver::kept::{tenant_id, vault_id};
use crate::driver::{Assertions, Due, Kept, Reader};
use crate::vaults::own_asker;

impl Core {
    /// Strongroom itself as a caller, on the audit of `tenant`.
    pub(crate) fn own_caller(&self, tenant: TenantId) -> Result<Caller, Error> {
        let correlation = CorrelationId::from_bytes(self.random_id()?);
        Ok(self.own_caller_within(correlation, tenant))
    }

    /// The same, whose records are joined with those of `correlation`.
    pub(crate) fn own_caller_within(&self, correlation: CorrelationId, tenant: TenantId) -> Caller {
        Caller {
            tenant,
            principal: self.own_principal,
            source: "strongroom".to_owned(),
            correlation,
        }
    }

    /// Goes on with what was cut off, and with what time has made due.
    ///
    /// What cannot be done for one aggregate stays owing and is logged; it does not keep the others
    /// waiting. Nor does damage to what says what is due keep the rest waiting: what is found is done.
    pub(crate) async fn resume(&self) -> Result<(), Error> {
        go_on(self.sweep_announced_keys().await)?;
        if let Some(Due { woken, owing }) = go_on(self.due().await)? {
            for id in woken {
                log(&id, self.wake(&id).await);
            }
            for id in owing {
                log(&id, self.settle(&id).await);
            }
        }
        go_on(self.follow_keys().await)?;
        Ok(())
    }

    /// The time of an aggregate has come.
    async fn wake(&self, id: &AggregateId) -> Result<(), Error> {
        match id.kind() {
            ResourceMachine::KIND => {
                let uid = id.id().parse()?;
                let caller = self.caller_for_resource(id).await?;
                let end = ResourceAction::EndRetention;
                self.ask(uid, end, Assertions::default(), &caller).await?;
                self.settle_resource(uid, &caller).await
            }
            VaultMachine::KIND => {
                let vault = id.id().parse()?;
                let caller = self.caller_for_vault(id).await?;
                let end = VaultAction::EndRetention;
                self.ask_vault(&vault, end, Assertions::default(), &caller)
                    .await?;
                self.settle_vault(&vault, &caller).await
            }
            KeyMachine::KIND => {
                let Some(key) = self.load::<Key>(id).await?.state else {
                    return Ok(());
                };
                let caller = self.caller_for_vault(&vault_id(&key.vault)?).await?;
                let named = (&key.vault, &key.name);
                let (end, asker) = (KeyAction::EndRetention, own_asker(&caller));
                match self
                    .ask_key(named, end, Assertions::default(), &asker, &caller)
                    .await
                {
                    // It was its rotation that was due: that is owed, and done below.
                    Ok(_) | Err(Error::Key(_)) => {}
                    Err(error) => return Err(error),
                }
                self.settle_key(&key.vault, &key.name, &caller).await
            }
            _ => Ok(()),
        }
    }

    /// An aggregate owes something.
    async fn settle(&self, id: &AggregateId) -> Result<(), Error> {
        match id.kind() {
            ResourceMachine::KIND => {
                let caller = self.caller_for_resource(id).await?;
                self.settle_resource(id.id().parse()?, &caller).await
            }
            VaultMachine::KIND => {
                let caller = self.caller_for_vault(id).await?;
                self.settle_vault(&id.id().parse()?, &caller).await
            }
            KeyMachine::KIND => {
                let Some(key) = self.load::<Key>(id).await?.state else {
                    return Ok(());
                };
                let caller = self.caller_for_vault(&vault_id(&key.vault)?).await?;
                self.settle_key(&key.vault, &key.name, &caller).await
            }
            TenantMachine::KIND => self.settle_tenant(id.id().parse()?).await,
            _ => Ok(()),
        }
    }

    /// The root of a new tenant gets its first owner.
    pub(crate) async fn settle_tenant(&self, tenant: TenantId) -> Result<(), Error> {
        let caller = self.own_caller(tenant)?;
        let state = self.load::<Tenant>(&tenant_id(tenant)?).await?.state;
        for effect in TenantMachine::effects(&state, self.now()) {
            let TenantEffect::AssignOwner {
                tenant,
                administrator,
                since,
            } = effect;
            let found = AccessRequest {
                scope: Scope::Tenant(tenant),
                command: AccessCommand::Found {
                    administrator,
                    at: since,
                },
                caller: &caller,
            };
            match self.drive(&found, Assertions::default(), &caller).await {
                Ok(_) | Err(Error::Access(AccessRefusal::NoOp)) => {}
                Err(error) => return Err(error),
            }
            let confirm = TenantRequest {
                tenant,
                command: TenantCommand::ConfirmFounded,
                caller: &caller,
            };
            match self.drive(&confirm, Assertions::default(), &caller).await {
                Ok(_) | Err(Error::Tenant(TenantRefusal::NoOp)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(crate) async fn caller_for_resource(&self, id: &AggregateId) -> Result<Caller, Error> {
        let mut reader = Reader::new(self);
        let tenant = match reader.load::<ResourceMachine>(id).await? {
            Some(resource) => self.tenant_of(&mut reader, &resource).await?,
            None => None,
        };
        self.own_caller(tenant.unwrap_or(self.first_tenant))
    }

    async fn tenant_of(
        &self,
        reader: &mut Reader<'_>,
        resource: &Resource,
    ) -> Result<Option<TenantId>, Error> {
        let site = reader.group_site(resource.group).await?;
        Ok(site.map(|site| site.tenant()))
    }

    async fn caller_for_vault(&self, id: &AggregateId) -> Result<Caller, Error> {
        let vault = self.load::<Vault>(id).await?.state;
        self.own_caller(vault.map_or(self.first_tenant, |vault| vault.tenant))
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

pub(crate) fn log(id: &AggregateId, done: Result<(), Error>) {
    match done {
        Ok(()) | Err(Error::HeldElsewhere { .. }) => {}
        // Another process was faster, or it was undone meanwhile.
        Err(error) if error.kind() == OutcomeKind::Refused => {}
        Err(error) => tracing::error!(%id, %error, "something is still owed"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
    use sqlx::{AssertSqlSafe, Connection as _};
    use strongroom_base::{Outcome as _, OutcomeKind, ResourceUid, Timestamp};

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
            announced.push(room.core().new_service_key(uid).await.unwrap().id);
        }
        let mut resources = Vec::new();
        for name in ["notes", "plans"] {
            let new = NewResource::new(name.parse().unwrap(), "local".parse().unwrap());
            let resource = room.create_resource(new).await.unwrap();
            resource.delete().await.unwrap();
            resources.push(resource);
        }
        let keys = async |room: &Strongroom| room.core().service_keys.ids(None, 9).await.unwrap();
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
}
