//! Each step of the model, done to the system.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{
    Error, NewKey, NewResource, NewVault, ResourceChange, ResourceHandle, Tier, VersionChange,
    WrapAlgorithm,
};
use strongroom_base::Clock as _;
use strongroom_base::MaterialRef;
use strongroom_tests::naive::{
    Answer, Content, Fire, Group, OUTSIDE, Object, Party, Permission, Step, Who, World,
};
use strongroom_vault::import::from_pem;
use strongroom_vault::key::{
    KeyAction, KeyCommand, MintedVersion, NewVersion, TimeChange, Validity,
};
use strongroom_vault::vault::{
    Authorization, Bypass, DefaultAction, Firewall, Grant, Grantee, PolicyChange, PolicySpec,
    RetentionDays, VaultAction, VaultUpdate,
};
use strongroom_vault::{KeyPermission, KeyVersion, Origin};

use crate::world::{House, POOL, PROVIDER, host, key_name, vault_name};

/// What a step brought to light.
#[derive(Debug)]
pub(crate) enum Got {
    Nothing,
    Bytes(Vec<u8>),
    Size(u64),
    Listing(BTreeMap<String, u64>),
}

/// What every canary begins with: it stands in no file (I1).
pub(crate) const CANARY: &str = "strongroom-canary-in-clear";

/// The bytes of a content.
pub(crate) fn bytes_of(content: Content) -> Vec<u8> {
    let line = format!("{CANARY}-{:06};", content.number);
    let len = if content.large { 20_000 } else { 100 };
    line.bytes().cycle().take(len).collect()
}

pub(crate) fn path_of(path: u8) -> Path {
    Path::from(if path.is_multiple_of(2) {
        format!("o{path}")
    } else {
        format!("in/o{path}")
    })
}

/// Azure's words for a permission of the model.
fn words(permission: Option<Permission>) -> BTreeSet<KeyPermission> {
    let of = |permission| match permission {
        Permission::Get => vec![KeyPermission::Get],
        Permission::Wrap => vec![KeyPermission::WrapKey],
        Permission::Unwrap => vec![KeyPermission::UnwrapKey],
        Permission::Manage => {
            let needed = [
                KeyPermission::Get,
                KeyPermission::WrapKey,
                KeyPermission::UnwrapKey,
            ];
            KeyPermission::ALL
                .iter()
                .copied()
                .filter(|one| !needed.contains(one))
                .collect()
        }
    };
    match permission {
        Some(permission) => of(permission).into_iter().collect(),
        None => KeyPermission::ALL.iter().copied().collect(),
    }
}

fn firewall(fire: Fire) -> Firewall {
    let (default_action, bypass) = match fire {
        Fire::Open => (DefaultAction::Allow, Bypass::AzureServices),
        Fire::Bypassed => (DefaultAction::Deny, Bypass::AzureServices),
        Fire::Closed => (DefaultAction::Deny, Bypass::None),
    };
    Firewall {
        default_action,
        bypass,
    }
}

impl House {
    /// Does a step; the clock and the doors are as the model has them.
    pub(crate) fn take(&mut self, step: Step, after: &World) -> Result<Got, Error> {
        self.before = self.before.pause();
        let span = match step {
            Step::Advance(_) => step.in_millis(),
            _ => 0,
        };
        self.hand.set(after.now - span);
        // What time has ended is swept before the step, as the model has it.
        if after.reopen && !matches!(step, Step::Advance(_) | Step::Reopen) {
            self.reopen();
        }
        match step {
            Step::Advance(_) | Step::Reopen => {
                self.hand.set(after.now);
                if after.reopen {
                    self.reopen();
                }
                return Ok(Got::Nothing);
            }
            // Nobody is there any more to be named.
            Step::Grant { to, .. } | Step::Revoke { to, .. } if self.before.party(to).is_none() => {
                return Ok(Got::Nothing);
            }
            _ => {}
        }
        if let Some(done) = self.at_outside_vault(step, after) {
            return done.map(|()| Got::Nothing);
        }
        let runtime = Arc::clone(&self.runtime);
        runtime.block_on(self.inside(step, after))
    }

    /// What is asked of the outside vault, by its owner.
    fn at_outside_vault(&mut self, step: Step, after: &World) -> Option<Result<(), Error>> {
        let vault = |action| Some(self.ask_outside(action).map_err(Error::from));
        let update = |update| VaultAction::Update(update);
        match step {
            Step::Protect {
                vault: OUTSIDE, on, ..
            } => vault(update(VaultUpdate {
                purge_protection: Some(on),
                ..VaultUpdate::default()
            })),
            Step::RoleMode {
                vault: OUTSIDE, on, ..
            } => vault(update(role_mode(on))),
            Step::Firewall {
                vault: OUTSIDE,
                fire,
                ..
            } => vault(update(VaultUpdate {
                firewall: Some(firewall(fire)),
                ..VaultUpdate::default()
            })),
            Step::DeleteVault { vault: OUTSIDE, .. } => vault(VaultAction::Delete),
            Step::RecoverVault { vault: OUTSIDE, .. } => vault(VaultAction::Recover),
            Step::Grant {
                vault: OUTSIDE,
                to,
                permission,
                ..
            } => {
                let change = PolicyChange::Add {
                    grant: Grant::Lasting,
                };
                vault(self.policy(change, to, permission))
            }
            Step::Revoke {
                vault: OUTSIDE,
                to,
                permission,
                ..
            } => vault(self.policy(PolicyChange::Remove, to, permission)),
            Step::ImportKey {
                by,
                vault: OUTSIDE,
                key,
                bits,
            } => Some(self.import_outside(by, key, bits, after)),
            Step::EnableKey {
                by,
                vault: OUTSIDE,
                key,
                version,
                ..
            }
            | Step::ExpireKey {
                by,
                vault: OUTSIDE,
                key,
                version,
            }
            | Step::NotBefore {
                by,
                vault: OUTSIDE,
                key,
                version,
            } => {
                let version = Some(self.version(OUTSIDE, key, version));
                let change = self.change_of(step);
                Some(self.ask_outside_key(by, key, KeyAction::Update { version, change }))
            }
            Step::DeleteKey {
                by,
                vault: OUTSIDE,
                key,
            } => Some(self.ask_outside_key(by, key, KeyAction::Delete)),
            Step::RecoverKey {
                by,
                vault: OUTSIDE,
                key,
            } => Some(self.ask_outside_key(by, key, KeyAction::Recover)),
            Step::PurgeKey {
                by,
                vault: OUTSIDE,
                key,
            } => Some(self.ask_outside_key(by, key, KeyAction::Purge)),
            _ => None,
        }
    }

    fn policy(
        &self,
        change: PolicyChange,
        to: Option<u8>,
        permission: Option<Permission>,
    ) -> VaultAction {
        let entries = vec![PolicySpec {
            tenant: self.cast.home,
            grantee: self.grantee(to),
            keys: words(permission),
        }];
        VaultAction::ChangePolicies { change, entries }
    }

    fn ask_outside_key(&self, by: Who, key: u8, action: KeyAction) -> Result<(), Error> {
        let mut caller = self.outside_caller();
        caller.principal = self.cast.people[&by];
        caller.tenant = self.cast.tenant(by.tenant());
        caller.origin = Origin::Address([127, 0, 0, 1].into());
        let command = KeyCommand {
            at: self.hand.now(),
            action,
        };
        let (vault, key) = (vault_name(OUTSIDE), key_name(key));
        Ok(self.outside.drive_key(&caller, &vault, &key, &command)?)
    }

    fn import_outside(&mut self, by: Who, key: u8, bits: u16, after: &World) -> Result<(), Error> {
        let number = after.materials;
        let pair = from_pem(&PROVIDER, POOL.pem(number, bits)).unwrap();
        // A number that is used once; a refused import leaves its material to nobody.
        let unique = (u128::from(number) << 64 | u128::from(self.steps)).to_be_bytes();
        let material = MaterialRef::from_bytes(unique);
        let id = KeyVersion::from_bytes(unique);
        self.outside.store_material(material, pair.private);
        let import = KeyAction::Import(NewVersion {
            minted: MintedVersion {
                id,
                public: pair.public,
                material,
            },
            enabled: true,
            validity: Validity::default(),
            operations: None,
        });
        self.ask_outside_key(by, key, import)?;
        self.versions.insert(number, id);
        Ok(())
    }

    /// A version by its place, or an id that no version has.
    fn version(&self, vault: u8, key: u8, version: u8) -> KeyVersion {
        let key = self.before.keys.get(&(vault, key));
        let version = key.and_then(|key| key.versions.get(usize::from(version)));
        version
            .and_then(|version| self.versions.get(&version.material))
            .copied()
            .unwrap_or(KeyVersion::from_bytes([0x99; 16]))
    }

    fn change_of(&self, step: Step) -> VersionChange {
        let later = self
            .hand
            .now()
            .saturating_add(std::time::Duration::from_millis(step.in_millis()));
        let mut change = VersionChange::default();
        match step {
            Step::EnableKey { on, .. } => change.enabled = Some(on),
            Step::ExpireKey { .. } => change.expires = TimeChange::Set(later),
            Step::NotBefore { .. } => change.not_before = TimeChange::Set(later),
            _ => {}
        }
        change
    }

    fn grantee(&self, to: Option<u8>) -> Grantee {
        let object = match self.before.party(to) {
            Some(Party::Identity(number)) => self.identities[&number],
            Some(Party::Person(who)) => self.cast.people[&who],
            None => self.cast.people[&Who::Admin],
        };
        Grantee {
            object,
            application: None,
        }
    }

    async fn inside(&mut self, step: Step, after: &World) -> Result<Got, Error> {
        match step {
            Step::CreateVault { .. }
            | Step::Trust { .. }
            | Step::Protect { .. }
            | Step::RoleMode { .. }
            | Step::Firewall { .. }
            | Step::DeleteVault { .. }
            | Step::RecoverVault { .. }
            | Step::PurgeVault { .. }
            | Step::MoveVault { .. }
            | Step::Grant { .. }
            | Step::Revoke { .. } => self.vault(step).await?,
            Step::ImportKey { .. }
            | Step::EnableKey { .. }
            | Step::ExpireKey { .. }
            | Step::NotBefore { .. }
            | Step::DeleteKey { .. }
            | Step::RecoverKey { .. }
            | Step::PurgeKey { .. } => self.key(step, after).await?,
            Step::Data {
                by,
                resource,
                object,
            } => {
                return self.data(by, resource, object, after).await;
            }
            Step::MoveSubscription(subscription, tenant) => {
                let (id, tenant) = (
                    self.cast.subscriptions[&subscription],
                    self.cast.tenant(tenant),
                );
                self.operator(Who::Admin, Group(0))
                    .move_subscription(id, tenant)
                    .await?;
            }
            Step::MoveGroup(group, subscription) => {
                let (id, group) = (
                    self.cast.subscriptions[&subscription],
                    self.cast.groups[&group],
                );
                self.operator(Who::Admin, Group(0))
                    .move_group(group, id)
                    .await?;
            }
            _ => self.resource(step).await?,
        }
        Ok(Got::Nothing)
    }

    #[expect(clippy::too_many_lines, reason = "a table: one line for each step")]
    async fn vault(&self, step: Step) -> Result<(), Error> {
        let update = |update: VaultUpdate| update;
        match step {
            Step::CreateVault {
                by,
                vault,
                group,
                same_region,
                purge_protection,
            } => {
                let operator = self.operator(by, group);
                let region = if same_region {
                    self.cast.region.clone()
                } else {
                    "elsewhere".parse()?
                };
                let mut new = NewVault::new(vault_name(vault), region);
                new.purge_protection = purge_protection;
                new.retention = RetentionDays::try_from(7).unwrap();
                operator.create_vault(new).await?;
                let all = KeyPermission::ALL.iter().copied().collect();
                operator
                    .grant(&vault_name(vault), self.grantee(None), all)
                    .await?;
            }
            Step::Trust { by, vault, tenant } => {
                let tenant = Some(self.cast.tenant(tenant));
                let update = update(VaultUpdate {
                    tenant,
                    ..VaultUpdate::default()
                });
                self.at(by, vault)
                    .update_vault(&vault_name(vault), update)
                    .await?;
            }
            Step::Protect { by, vault, on } => {
                let purge_protection = Some(on);
                let update = update(VaultUpdate {
                    purge_protection,
                    ..VaultUpdate::default()
                });
                self.at(by, vault)
                    .update_vault(&vault_name(vault), update)
                    .await?;
            }
            Step::RoleMode { by, vault, on } => {
                self.at(by, vault)
                    .update_vault(&vault_name(vault), role_mode(on))
                    .await?;
            }
            Step::Firewall { by, vault, fire } => {
                let firewall = Some(firewall(fire));
                let update = update(VaultUpdate {
                    firewall,
                    ..VaultUpdate::default()
                });
                self.at(by, vault)
                    .update_vault(&vault_name(vault), update)
                    .await?;
            }
            Step::DeleteVault { by, vault } => {
                self.at(by, vault).delete_vault(&vault_name(vault)).await?;
            }
            Step::RecoverVault { by, vault } => {
                self.at(by, vault).recover_vault(&vault_name(vault)).await?;
            }
            Step::PurgeVault { by, vault } => {
                self.at(by, vault).purge_vault(&vault_name(vault)).await?;
            }
            Step::MoveVault { by, vault, group } => {
                let group = self.cast.groups[&group];
                self.at(by, vault)
                    .move_vault(&vault_name(vault), group)
                    .await?;
            }
            Step::Grant {
                by,
                vault,
                to,
                permission,
            } => {
                let grantee = self.grantee(to);
                let name = vault_name(vault);
                self.at(by, vault)
                    .grant(&name, grantee, words(permission))
                    .await?;
            }
            Step::Revoke {
                by,
                vault,
                to,
                permission,
            } => {
                let grantee = self.grantee(to);
                let name = vault_name(vault);
                self.at(by, vault)
                    .revoke(&name, grantee, words(permission))
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Somebody at work in the group of a vault.
    fn at(&self, by: Who, vault: u8) -> strongroom::Operator {
        let group = self
            .before
            .vaults
            .get(&vault)
            .map_or(Group(0), |vault| vault.group);
        self.operator(by, group)
    }

    async fn key(&mut self, step: Step, after: &World) -> Result<(), Error> {
        match step {
            Step::ImportKey {
                by,
                vault,
                key,
                bits,
            } => {
                let new = NewKey::new(key_name(key));
                let pem = POOL.pem(after.materials, bits);
                let made = self
                    .at(by, vault)
                    .import_pem(&vault_name(vault), new, pem)
                    .await?;
                self.versions
                    .insert(after.materials, made.version.id.version);
            }
            Step::EnableKey {
                by,
                vault,
                key,
                version,
                ..
            }
            | Step::ExpireKey {
                by,
                vault,
                key,
                version,
            }
            | Step::NotBefore {
                by,
                vault,
                key,
                version,
            } => {
                let (name, change) = (key_name(key), self.change_of(step));
                let version = Some(self.version(vault, key, version));
                let operator = self.at(by, vault);
                operator
                    .update_key(&vault_name(vault), &name, version, change)
                    .await?;
            }
            Step::DeleteKey { by, vault, key } => {
                self.at(by, vault)
                    .delete_key(&vault_name(vault), &key_name(key))
                    .await?;
            }
            Step::RecoverKey { by, vault, key } => {
                self.at(by, vault)
                    .recover_key(&vault_name(vault), &key_name(key))
                    .await?;
            }
            Step::PurgeKey { by, vault, key } => {
                self.at(by, vault)
                    .purge_key(&vault_name(vault), &key_name(key))
                    .await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A resource as somebody finds it: by its name in its group, or in the first if there is none.
    async fn find(&self, by: Who, resource: u8) -> Result<ResourceHandle, Error> {
        let group = self
            .before
            .resources
            .get(&resource)
            .map_or(Group(0), |found| found.group);
        let name = format!("resource-{resource}").parse()?;
        self.operator(by, group).resource(&name).await
    }

    async fn resource(&mut self, step: Step) -> Result<(), Error> {
        let (by, resource, change) = match step {
            Step::Create {
                by,
                resource,
                group,
                paid,
                customer_key,
            } => {
                let name = format!("resource-{resource}").parse()?;
                let mut new = NewResource::new(name, self.cast.region.clone());
                new.tier = tier(paid);
                new.customer_key = customer_key.then(|| format!("{}/keys/key-0/1", host(0)));
                let made = self.operator(by, group).create_resource(new).await?;
                self.uids.insert(resource, made.uid());
                return Ok(());
            }
            Step::Tier { by, resource, paid } => {
                (by, resource, ResourceChange::SetTier(tier(paid)))
            }
            Step::Identify {
                by,
                resource,
                on: true,
            } => (by, resource, ResourceChange::EnableIdentity),
            Step::Identify {
                by,
                resource,
                on: false,
            } => (by, resource, ResourceChange::DisableIdentity),
            Step::SetKey {
                by,
                resource,
                vault,
                key,
                version,
            } => {
                let version = self.version(vault, key, version);
                let key = format!("{}/keys/{}/{version}", host(vault), key_name(key));
                let algorithm = WrapAlgorithm::RsaOaep256;
                (by, resource, ResourceChange::SetKey { key, algorithm })
            }
            Step::Reset { by, resource } => (by, resource, ResourceChange::ResetKey),
            Step::Rekey { by, resource } => (by, resource, ResourceChange::Rekey),
            Step::Move {
                by,
                resource,
                group,
            } => (by, resource, ResourceChange::Move(self.cast.groups[&group])),
            Step::Delete { by, resource } => (by, resource, ResourceChange::Delete),
            Step::Recover { by, resource } => (by, resource, ResourceChange::Recover),
            Step::Purge { by, resource } => (by, resource, ResourceChange::Purge),
            _ => return Ok(()),
        };
        let handle = self.find(by, resource).await?;
        handle.change(change).await?;
        Ok(())
    }

    async fn data(
        &self,
        by: Who,
        resource: u8,
        object: Object,
        after: &World,
    ) -> Result<Got, Error> {
        let store = self.find(by, resource).await?.store().await?;
        match object {
            Object::Put(path, large) => {
                // The number that the model gave it, or would have.
                let number = match &after.last {
                    Answer::Done(_) => after.contents,
                    _ => after.contents + 1,
                };
                let bytes = bytes_of(Content { number, large });
                store.put(&path_of(path), bytes.into()).await?;
            }
            Object::Get(path) => {
                let bytes = store.get(&path_of(path)).await?.bytes().await?;
                return Ok(Got::Bytes(bytes.to_vec()));
            }
            Object::Head(path) => return Ok(Got::Size(store.head(&path_of(path)).await?.size)),
            Object::List => return listing(&*store).await,
            Object::Copy(from, to) => store.copy(&path_of(from), &path_of(to)).await?,
            Object::Rename(from, to) => store.rename(&path_of(from), &path_of(to)).await?,
            Object::Delete(path) => store.delete(&path_of(path)).await?,
        }
        Ok(Got::Nothing)
    }
}

async fn listing(store: &dyn ObjectStore) -> Result<Got, Error> {
    let mut found = BTreeMap::new();
    let mut listed = store.list(None);
    while let Some(entry) = listed.next().await {
        let entry = entry?;
        found.insert(entry.location.to_string(), entry.size);
    }
    Ok(Got::Listing(found))
}

fn tier(paid: bool) -> Tier {
    if paid { Tier::S0 } else { Tier::F0 }
}

fn role_mode(on: bool) -> VaultUpdate {
    let authorization = if on {
        Authorization::Roles
    } else {
        Authorization::AccessPolicies
    };
    VaultUpdate {
        authorization: Some(authorization),
        ..VaultUpdate::default()
    }
}
