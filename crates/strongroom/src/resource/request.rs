//! What is asked of a resource, and the facts that it is judged by.

use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, ResourceUid};
use strongroom_crypto::keyring::Kek;
use strongroom_identity::{Action, IdentityEvent, ManagedIdentity, NameUse, Verdict};
use strongroom_ledger::AggregateId;
use strongroom_resource::{
    Candidate, Granting, Resource, ResourceAction, ResourceCommand, ResourceEvent, ResourceFacts,
    ResourceMachine, SeenKey,
};
use strongroom_vault::key::{KeyMachine, KeyView};
use strongroom_vault::vault::{Holder, VaultMachine};
use strongroom_vault::{
    Caller as VaultCaller, Denial, KeyId, KeyVersionId, Origin, VaultError, VaultView,
};

use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::directory::{Site, crossing, verdict};
use crate::driver::kept::{index, key_id, resource_id, resource_name_key, vault_id};
use crate::driver::{Reader, Request};
use crate::vaults::Route;

/// Something asked of a resource.
pub(crate) struct ResourceRequest<'a> {
    pub(crate) uid: ResourceUid,
    pub(crate) command: ResourceCommand,
    pub(crate) caller: &'a Caller,
}

pub(crate) struct Gathered {
    authority: Verdict,
    present: Holder,
    target: Holder,
    name: NameUse,
    candidate: Gazed,
    /// Where the resource is; for a creation, where it is to be.
    site: Option<Site>,
}

/// What was seen of a key, in states of our own.
enum Gazed {
    NotAsked,
    Unseen { key: KeyId, denial: Denial },
    Seen(Box<SeenKey>),
}

impl Request for ResourceRequest<'_> {
    type Machine = ResourceMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        resource_id(self.uid)
    }

    fn command(&self) -> &ResourceCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        state: Option<&Resource>,
    ) -> Result<Gathered, Error> {
        let action = &self.command.action;
        let present = match state {
            Some(resource) => reader.site_of_resource(resource).await?,
            None => None,
        };
        let named = match action {
            ResourceAction::Create(new) => Some(new.group),
            ResourceAction::Move { group } => Some(*group),
            _ => None,
        };
        let target = match named {
            Some(group) => reader.group_site(group).await?,
            None => None,
        };
        let here = match action {
            ResourceAction::Create(_) => &target,
            _ => &present,
        };
        let crossing = crossing(present.as_ref(), target.as_ref());
        let there = action.requires_there();
        let authority = reader
            .authority(
                self.caller.principal,
                (here.as_ref(), action.requires(crossing)),
                there.map(|(_, action)| (target.as_ref(), action)),
            )
            .await?;
        let name = self.name_use(reader, state).await?;
        let candidate = match (state, &present) {
            // Who may not ask learns nothing of the key either.
            (Some(resource), Some(site)) if authority.is_ok() => {
                self.candidate(reader, resource, site).await?
            }
            _ => Gazed::NotAsked,
        };
        let holder = |site: &Option<Site>| site.as_ref().map_or(Holder::Nowhere, Site::holder);
        Ok(Gathered {
            authority,
            present: holder(&present),
            target: holder(&target),
            name,
            candidate,
            site: here.clone(),
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> ResourceFacts<'a> {
        ResourceFacts {
            authority: gathered.authority.clone(),
            present: gathered.present,
            target: gathered.target,
            name: gathered.name,
            candidate: match &gathered.candidate {
                Gazed::NotAsked => Candidate::NotAsked,
                Gazed::Unseen { key, denial } => Candidate::Unseen {
                    key,
                    denial: *denial,
                },
                Gazed::Seen(seen) => Candidate::Seen(seen),
            },
        }
    }

    fn happened(
        &self,
        event: &ResourceEvent,
        gathered: &Gathered,
        subject: &Resource,
    ) -> Vec<Happened> {
        let one = |operation| self.record(operation, gathered, Some(subject));
        let key = |operation| one(operation).with_key(key_name(subject));
        match event {
            ResourceEvent::Created(_) => vec![
                key(Operation::ServiceKeyCreate),
                key(Operation::GenerationCreate),
                key(Operation::WrapKey),
                one(Operation::ResourceCreate),
            ],
            ResourceEvent::Identity(IdentityEvent::Enabled { .. }) => {
                vec![one(Operation::IdentityEnable)]
            }
            ResourceEvent::Identity(IdentityEvent::Disabled { .. }) => {
                vec![one(Operation::IdentityDisable)]
            }
            ResourceEvent::ChangeBegun(change) => {
                let target = kek_name(&change.target);
                let begun = one(Operation::KeyChangeBegin).with_key(target.clone());
                match (&change.target, subject.service_key()) {
                    (Kek::ServiceManaged { key }, now) if now != Some(*key) => {
                        vec![one(Operation::ServiceKeyCreate).with_key(target), begun]
                    }
                    _ => vec![begun],
                }
            }
            ResourceEvent::ChangeActivated { kind } => {
                let created = kind
                    .adds_generation()
                    .then(|| key(Operation::GenerationCreate));
                created
                    .into_iter()
                    .chain([key(Operation::KeyChange)])
                    .collect()
            }
            ResourceEvent::ChangeUndone { .. } => vec![one(Operation::KeyChangeUndo)],
            ResourceEvent::ServiceKeyErased { key } => {
                vec![one(Operation::ServiceKeyDestroy).with_key(format!("service-key/{key}"))]
            }
            ResourceEvent::AccessLost(_) => vec![key(Operation::ResourceAccessLose)],
            ResourceEvent::AccessRegained => vec![key(Operation::ResourceAccessRegain)],
            ResourceEvent::Moved { .. } => vec![one(Operation::ResourceMove)],
            ResourceEvent::Deleted { .. } => vec![one(Operation::ResourceDelete)],
            ResourceEvent::Recovered => vec![one(Operation::ResourceRecover)],
            ResourceEvent::PurgeStarted => vec![one(Operation::ResourcePurge)],
            ResourceEvent::Forgotten => {
                let destroyed = subject.service_keys();
                let destroyed = destroyed.union(&subject.erasing).map(|key| {
                    one(Operation::ServiceKeyDestroy).with_key(format!("service-key/{key}"))
                });
                destroyed
                    .chain([key(Operation::GenerationDestroy)])
                    .collect()
            }
            // The directory has a record of it; what is proven is recorded by the key's own vault.
            ResourceEvent::Registered
            | ResourceEvent::Retired { .. }
            | ResourceEvent::ChangeProven { .. }
            | ResourceEvent::ChangeAbandoned => Vec::new(),
            // A tier, or whatever else a resource will learn to change.
            _ => vec![one(Operation::ResourceUpdate)],
        }
    }

    fn attempted(&self, gathered: &Gathered, state: Option<&Resource>) -> Option<Happened> {
        let operation = match &self.command.action {
            ResourceAction::Create(_) => Operation::ResourceCreate,
            ResourceAction::SetTier { .. } => Operation::ResourceUpdate,
            ResourceAction::EnableIdentity { .. } => Operation::IdentityEnable,
            ResourceAction::DisableIdentity => Operation::IdentityDisable,
            ResourceAction::SetKey(set) => {
                let refused = self.record(Operation::KeyChangeBegin, gathered, state);
                return Some(refused.with_key(set.key.to_string()));
            }
            ResourceAction::Reset { .. }
            | ResourceAction::Rekey { .. }
            | ResourceAction::Follow { .. } => Operation::KeyChangeBegin,
            ResourceAction::Move { .. } => Operation::ResourceMove,
            ResourceAction::Delete => Operation::ResourceDelete,
            ResourceAction::Recover { .. } => Operation::ResourceRecover,
            ResourceAction::Purge => Operation::ResourcePurge,
            ResourceAction::Registered { .. }
            | ResourceAction::Retired { .. }
            | ResourceAction::Prove { .. }
            | ResourceAction::Activate { .. }
            | ResourceAction::Abandon { .. }
            | ResourceAction::Undone { .. }
            | ResourceAction::ServiceKeyErased { .. }
            | ResourceAction::LoseAccess { .. }
            | ResourceAction::RegainAccess
            | ResourceAction::EndRetention
            | ResourceAction::Forget => return None,
        };
        Some(self.record(operation, gathered, state))
    }
}

impl ResourceRequest<'_> {
    async fn name_use(
        &self,
        reader: &mut Reader<'_>,
        state: Option<&Resource>,
    ) -> Result<NameUse, Error> {
        let key = match (&self.command.action, state) {
            (ResourceAction::Create(new), _) => resource_name_key(new.group, new.name.as_str()),
            (ResourceAction::Move { group }, Some(resource)) => {
                resource_name_key(*group, resource.name.as_str())
            }
            _ => return Ok(NameUse::Free),
        };
        let taken = reader
            .is_taken(index::RESOURCE_NAME, &key, Some(&self.id()?))
            .await?;
        Ok(if taken { NameUse::Taken } else { NameUse::Free })
    }

    /// The customer's key that the command needs, as it is seen for the resource's identity.
    async fn candidate(
        &self,
        reader: &mut Reader<'_>,
        resource: &Resource,
        site: &Site,
    ) -> Result<Gazed, Error> {
        let vaults = &reader.core().vaults;
        let change_target = resource.change.as_ref().map(|change| &change.target);
        let key = match (&self.command.action, change_target) {
            (ResourceAction::SetKey(set), _) => set.key.clone(),
            (ResourceAction::Rekey { .. }, _) => match resource.customer_key() {
                Some(kid) => vaults.parse(kid)?,
                None => return Ok(Gazed::NotAsked),
            },
            (ResourceAction::Follow { .. }, _) => match resource.customer_key() {
                Some(kid) => KeyId {
                    version: None,
                    ..vaults.parse(kid)?
                },
                None => return Ok(Gazed::NotAsked),
            },
            (ResourceAction::Prove { .. }, Some(Kek::CustomerManaged { kid, .. })) => {
                vaults.parse(kid)?
            }
            _ => return Ok(Gazed::NotAsked),
        };
        let granting = Granters {
            caller: self.caller,
            // What is followed already may go on being followed.
            follows: reader.core().follows_allowed || resource.follows,
        };
        reader.gaze(key, resource, site, &granting).await
    }

    fn record(
        &self,
        operation: Operation,
        gathered: &Gathered,
        resource: Option<&Resource>,
    ) -> Happened {
        let name = match (&self.command.action, resource) {
            (_, Some(resource)) => Some(&resource.name),
            (ResourceAction::Create(new), None) => Some(&new.name),
            (_, None) => None,
        };
        let target = match (&gathered.site, name) {
            (Some(site), Some(name)) => arm_id(site, name.as_str()),
            (None, _) | (_, None) => format!("resource/{}", self.uid),
        };
        Happened::new(operation, target).at(gathered.site.as_ref(), &gathered.authority)
    }
}

/// Whose authority a grant would rest on.
struct Granters<'a> {
    caller: &'a Caller,
    follows: bool,
}

impl Reader<'_> {
    /// The scope of a resource.
    pub(crate) async fn site_of_resource(
        &mut self,
        resource: &Resource,
    ) -> Result<Option<Site>, Error> {
        let Some(group) = self.group_site(resource.group).await? else {
            return Ok(None);
        };
        let site = self
            .resource_site(group, resource.uid, resource.descent)
            .await?;
        Ok(Some(site))
    }

    /// A key of a resource as its identity sees it; none, if its vault shows it nothing.
    pub(crate) async fn see(
        &mut self,
        asked: KeyId,
        resource: &Resource,
        caller: &Caller,
    ) -> Result<Option<SeenKey>, Error> {
        let Some(site) = self.site_of_resource(resource).await? else {
            return Ok(None);
        };
        let granters = Granters {
            caller,
            follows: true,
        };
        match self.gaze(asked, resource, &site, &granters).await? {
            Gazed::Seen(seen) => Ok(Some(*seen)),
            Gazed::NotAsked | Gazed::Unseen { .. } => Ok(None),
        }
    }

    async fn gaze(
        &mut self,
        asked: KeyId,
        resource: &Resource,
        site: &Site,
        granters: &Granters<'_>,
    ) -> Result<Gazed, Error> {
        let principal = match resource.identity {
            ManagedIdentity::On { principal, .. } => Some(principal),
            ManagedIdentity::Off => None,
        };
        match self.core().route(&asked.vault)? {
            Route::Embedded(_) | Route::Seen(_) => {
                self.gaze_inside(asked, principal, site, granters).await
            }
            Route::Outside(recorded) => {
                let Some(principal) = principal else {
                    // Nobody is there for whom an outside vault would show anything.
                    let denial = Denial::IdentityGone;
                    return Ok(Gazed::Unseen { key: asked, denial });
                };
                let identity = VaultCaller {
                    tenant: site.tenant(),
                    principal,
                    origin: Origin::TrustedService,
                    correlation: granters.caller.correlation,
                };
                let route = Route::Outside(recorded);
                self.release();
                gaze_outside(asked, &identity, &route, granters.follows).await
            }
        }
    }

    /// What is read of a vault of our own is asserted by the commit.
    async fn gaze_inside(
        &mut self,
        asked: KeyId,
        principal: Option<PrincipalId>,
        site: &Site,
        granters: &Granters<'_>,
    ) -> Result<Gazed, Error> {
        let name = asked.vault.name();
        let vault = self.load::<VaultMachine>(&vault_id(name)?).await?;
        let vault = match VaultView::of(vault.as_ref()).standing_for(site.tenant()) {
            Ok(vault) => vault.clone(),
            Err(denial) => return Ok(Gazed::Unseen { key: asked, denial }),
        };
        let (permitted_by, roles) = match principal {
            Some(principal) => {
                let identity = VaultCaller {
                    tenant: site.tenant(),
                    principal,
                    origin: Origin::TrustedService,
                    correlation: granters.caller.correlation,
                };
                let (_, roles) = self.vault_standing(&identity, Some(&vault)).await?;
                (principal, roles)
            }
            // Nobody has an entry of nobody.
            None => (PrincipalId::from_bytes([0; 16]), BTreeSet::new()),
        };
        let key = self.load::<KeyMachine>(&key_id(name, &asked.name)?).await?;
        let key = KeyView::of(key.as_ref())
            .live(asked.version)
            .map(|version| {
                let id = KeyVersionId {
                    vault: asked.vault.clone(),
                    name: key.as_ref().map_or(&asked.name, |key| &key.name).clone(),
                    version: version.id,
                };
                version.properties(id, &vault)
            });
        let who = self.who(granters.caller.principal).await?;
        let granting = match self.site_of_vault(&vault).await? {
            Some(at) => at.allows(&who, Action::AccessPoliciesWrite),
            None => verdict(None, &who, &[Action::AccessPoliciesWrite]),
        };
        Ok(Gazed::Seen(Box::new(SeenKey {
            vault: vault.properties(permitted_by, &roles),
            asked,
            key,
            granting: Granting::Caller(granting),
            following_allowed: granters.follows,
        })))
    }
}

async fn gaze_outside(
    asked: KeyId,
    identity: &VaultCaller,
    route: &Route<'_>,
    following_allowed: bool,
) -> Result<Gazed, Error> {
    let vault = match route.vault(identity, &asked.vault).await {
        Ok(vault) => vault,
        Err(VaultError::Denied(denial)) => return Ok(Gazed::Unseen { key: asked, denial }),
        Err(error) => return Err(error.into()),
    };
    let key = match route.keys().key(identity, &asked).await {
        Ok(key) => Ok(key),
        Err(VaultError::Denied(denial)) => Err(denial),
        Err(error) => return Err(error.into()),
    };
    Ok(Gazed::Seen(Box::new(SeenKey {
        asked,
        vault,
        key,
        granting: Granting::Owner,
        following_allowed,
    })))
}

/// The ARM id of a resource in the group of `site`.
pub(crate) fn arm_id(site: &Site, name: &str) -> String {
    format!(
        "{}/providers/Microsoft.CognitiveServices/accounts/{name}",
        site.arm_prefix()
    )
}

/// What wraps a resource's newest generation, as audit records name it.
pub(crate) fn key_name(resource: &Resource) -> String {
    resource.kek().map_or_else(String::new, kek_name)
}

/// A key-encryption key, as audit records name it.
pub(crate) fn kek_name(kek: &Kek) -> String {
    match kek {
        Kek::ServiceManaged { key } => format!("service-key/{key}"),
        Kek::CustomerManaged { kid, .. } => kid.clone(),
    }
}
