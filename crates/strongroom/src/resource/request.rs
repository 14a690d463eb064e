//! What is asked of a resource, and the facts that it is judged by.

use strongroom_base::{PrincipalId, ResourceUid};
use strongroom_crypto::keyring::Kek;
use strongroom_identity::{
    DisplayName, IdentityEvent, NameUse, PrincipalCommand, PrincipalKind, PrincipalRefusal, Scope,
    Verdict,
};
use strongroom_ledger::AggregateId;
use strongroom_resource::{
    Candidate, ForDirectory, Resource, ResourceAction, ResourceCommand, ResourceEvent,
    ResourceFacts, ResourceMachine,
};
use strongroom_vault::KeyId;
use strongroom_vault::vault::{Holder, VaultAction, VaultCommand, VaultRefusal};

use super::Control;
use super::sighting::{Inspected, Sighting};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::directory::{PrincipalRequest, Site, clear_access, crossing};
use crate::driver::kept::{index, resource_id, resource_name_key};
use crate::driver::{Batch, Reader, Request};
use crate::vaults::VaultRequest;

/// Something asked of a resource.
pub(crate) struct ResourceRequest<'a> {
    pub(crate) uid: ResourceUid,
    pub(crate) command: ResourceCommand,
    pub(crate) caller: &'a Caller,
    pub(crate) control: &'a Control,
}

pub(crate) struct Gathered {
    authority: Verdict,
    present: Holder,
    target: Holder,
    name: NameUse,
    candidate: Inspected,
    /// Where the resource is; for a creation, where it is to be.
    site: Option<Site>,
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
            _ => Inspected::NotAsked,
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
                Inspected::NotAsked => Candidate::NotAsked,
                Inspected::Unseen { key, denial } => Candidate::Unseen {
                    key,
                    denial: *denial,
                },
                Inspected::Seen(seen) => Candidate::Seen(seen),
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
            ResourceEvent::DirectorySettled | ResourceEvent::ChangeProven { .. } => Vec::new(),
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
            ResourceAction::SettleDirectory
            | ResourceAction::Prove { .. }
            | ResourceAction::Activate { .. }
            | ResourceAction::Abandon { .. }
            | ResourceAction::ServiceKeyErased { .. }
            | ResourceAction::LoseAccess { .. }
            | ResourceAction::RegainAccess
            | ResourceAction::EndRetention
            | ResourceAction::Forget => return None,
        };
        Some(self.record(operation, gathered, state))
    }

    /// The directory is told of the identity, what a change that is given up has granted is taken back, and
    /// nothing is held at what is gone.
    async fn follow_up(
        &self,
        batch: &mut Batch<'_>,
        before: Option<&Resource>,
        after: Option<&Resource>,
    ) -> Result<(), Error> {
        let ForDirectory { register, retire } = ForDirectory::of(before, after);
        if let (Some((id, home)), Some(resource)) = (register, after) {
            let command = PrincipalCommand::Register {
                id,
                kind: PrincipalKind::ManagedIdentity { of: self.uid },
                home,
                name: resource.name.as_str().parse::<DisplayName>()?,
            };
            // An earlier version was cut off after the registration.
            let nothing_to_do = |refusal: &_| matches!(refusal, PrincipalRefusal::NoOp);
            batch
                .also(&self.of_identity(id, command), nothing_to_do)
                .await?;
        }
        for id in retire {
            let command = PrincipalCommand::Retire {
                at: self.command.at,
            };
            // An earlier version was cut off after that, or before the registration.
            let nothing_to_do = |refusal: &_| {
                matches!(refusal, PrincipalRefusal::NoOp | PrincipalRefusal::NotFound)
            };
            batch
                .also(&self.of_identity(id, command), nothing_to_do)
                .await?;
        }
        if let (ResourceAction::Abandon { op }, Some(resource)) = (&self.command.action, before)
            && let Some(grant) = resource.change.as_ref().and_then(|it| it.grant.as_ref())
        {
            let undo = VaultRequest {
                vault: grant.vault.clone(),
                command: VaultCommand {
                    at: self.command.at,
                    action: VaultAction::UndoGrant { op: *op },
                },
                caller: self.caller,
            };
            // It had not come to that.
            let nothing_to_do = |refusal: &_| matches!(refusal, VaultRefusal::NoOp);
            batch.also(&undo, nothing_to_do).await?;
        }
        match (before, after) {
            (Some(gone), None) => clear_access(batch, Scope::Resource(gone.uid), self.caller).await,
            _ => Ok(()),
        }
    }
}

impl ResourceRequest<'_> {
    fn of_identity(
        &self,
        principal: PrincipalId,
        command: PrincipalCommand,
    ) -> PrincipalRequest<'_> {
        PrincipalRequest {
            principal,
            command,
            caller: self.caller,
        }
    }

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
    ) -> Result<Inspected, Error> {
        let vaults = &self.control.vaults;
        let change_target = resource.change.as_ref().map(|change| &change.target);
        let key = match (&self.command.action, change_target) {
            (ResourceAction::SetKey(set), _) => set.key.clone(),
            (ResourceAction::Rekey { .. }, _) => match resource.customer_key() {
                Some(kid) => vaults.parse(kid)?,
                None => return Ok(Inspected::NotAsked),
            },
            (ResourceAction::Follow { .. }, _) => match resource.customer_key() {
                Some(kid) => KeyId {
                    version: None,
                    ..vaults.parse(kid)?
                },
                None => return Ok(Inspected::NotAsked),
            },
            (ResourceAction::Prove { .. }, Some(Kek::CustomerManaged { kid, .. })) => {
                vaults.parse(kid)?
            }
            _ => return Ok(Inspected::NotAsked),
        };
        let sighting = Sighting {
            vaults,
            caller: self.caller,
            // What is followed already may go on being followed.
            follows: self.control.follows_allowed || resource.follows,
        };
        sighting.inspect(reader, key, resource, site).await
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
