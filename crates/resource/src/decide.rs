//! What follows from a command to a resource.

use std::collections::BTreeSet;

use strongroom_base::{Machine as _, ResourceName, TenantId, Timestamp};
use strongroom_crypto::keyring::Kek;
use strongroom_identity::{
    Crossing, Descent, GroupUid, IdentityCommand, IdentityFacts, IdentityMachine, IdentityRefusal,
    IdentityStanding, ManagedIdentity, NameUse, SchemaV1,
};
use strongroom_vault::OpId;
use strongroom_vault::vault::{Holder, Place};

use crate::conditions::{self, Asking};
use crate::state::{RETENTION, Registration, kek_of};
use crate::{
    Candidate, ChangeKind, Inaccessible, KeyChange, Life, NewResource, Reason, Refusal, Resource,
    ResourceAction, ResourceCommand, ResourceEvent, ResourceFacts, SeenKey, SetKey, Step,
    WantedGrant,
};

type Decision = Result<Vec<ResourceEvent>, Refusal>;

pub(crate) fn decide(
    state: Option<&Resource>,
    command: &ResourceCommand,
    facts: &ResourceFacts<'_>,
) -> Decision {
    // Before existence: who may not do it learns nothing of what is there (I5).
    if !command.action.requires(Crossing::Within).is_empty() {
        facts.authority.clone()?;
    }
    let Some(resource) = state else {
        return absent(command, facts);
    };
    if command.action == ResourceAction::SettleDirectory {
        return if resource.owes_directory() {
            Ok(vec![ResourceEvent::DirectorySettled])
        } else {
            Err(Refusal::NoOp)
        };
    }
    match resource.life {
        Life::Active => active(resource, command, facts),
        Life::Deleted {
            purge_at,
            had_identity,
            ..
        } => {
            let deleted = Deleted {
                resource,
                purge_at,
                had_identity,
            };
            deleted.decide(command, facts)
        }
        Life::Purging => purging(command),
    }
}

fn absent(command: &ResourceCommand, facts: &ResourceFacts<'_>) -> Decision {
    match &command.action {
        ResourceAction::Create(new) => create(new, command.at, facts),
        _ => Err(Refusal::Absent),
    }
}

fn create(new: &NewResource, at: Timestamp, facts: &ResourceFacts<'_>) -> Decision {
    let NewResource {
        uid,
        name,
        group,
        region,
        tier,
        binding,
        keyring,
    } = new.clone();
    let target = place(facts.target)?;
    if target.group != group {
        return Err(Refusal::StaleFacts);
    }
    open_to(&target)?;
    free(facts.name, &name)?;
    Ok(vec![ResourceEvent::Created(Box::new(Resource {
        v: SchemaV1::default(),
        uid,
        name,
        group,
        descent: Descent::default(),
        region,
        tier,
        binding,
        created: at,
        life: Life::Active,
        identity: ManagedIdentity::Off,
        registration: Registration::Settled,
        retiring: BTreeSet::new(),
        keyring,
        follows: false,
        change: None,
        erasing: BTreeSet::new(),
        inaccessible: None,
    }))])
}

fn active(resource: &Resource, command: &ResourceCommand, facts: &ResourceFacts<'_>) -> Decision {
    match &command.action {
        ResourceAction::Create(_) => Err(Refusal::Exists),
        ResourceAction::SetTier { tier } if *tier == resource.tier => Err(Refusal::NoOp),
        ResourceAction::SetTier { tier } => {
            if !tier.allows_customer_keys() && resource.needs_customer_key() {
                return Err(Refusal::TierNeeded {
                    name: resource.name.clone(),
                    tier: *tier,
                });
            }
            Ok(vec![ResourceEvent::TierChanged { tier: *tier }])
        }
        ResourceAction::EnableIdentity { principal } => {
            tier_allows(resource)?;
            let enable = IdentityCommand::Enable {
                principal: *principal,
                at: command.at,
            };
            identity(resource, enable, place(facts.present)?.tenant)
        }
        ResourceAction::DisableIdentity => {
            nothing_under_way(resource)?;
            identity(
                resource,
                IdentityCommand::Disable,
                place(facts.present)?.tenant,
            )
        }
        ResourceAction::SetKey(set) => set_key(resource, set, command.at, facts),
        ResourceAction::Follow { op } => follow(resource, *op, command.at, facts),
        ResourceAction::Reset { op, key } => {
            nothing_under_way(resource)?;
            if resource.service_key().is_some() {
                return Err(Refusal::NoOp);
            }
            let target = Kek::ServiceManaged { key: *key };
            Ok(vec![begin(
                *op,
                ChangeKind::Reset,
                command.at,
                target,
                false,
            )])
        }
        ResourceAction::Rekey { op } => rekey(resource, *op, command.at, facts),
        ResourceAction::Move { group } => moved(resource, *group, facts),
        ResourceAction::Delete => {
            nothing_under_way(resource)?;
            delete(resource, command.at)
        }
        ResourceAction::Recover { .. } => Err(Refusal::NoOp),
        ResourceAction::Purge | ResourceAction::EndRetention | ResourceAction::Forget => {
            Err(Refusal::NotDeleted {
                name: resource.name.clone(),
            })
        }
        owed => settle(resource, owed, command.at, facts),
    }
}

/// A resource that can be recovered.
struct Deleted<'a> {
    resource: &'a Resource,
    purge_at: Timestamp,
    had_identity: bool,
}

impl Deleted<'_> {
    fn decide(&self, command: &ResourceCommand, facts: &ResourceFacts<'_>) -> Decision {
        let resource = self.resource;
        match &command.action {
            ResourceAction::Create(_) => Err(Refusal::Exists),
            ResourceAction::Delete => Err(Refusal::AlreadyDeleted),
            ResourceAction::Recover { .. } if command.at >= self.purge_at => {
                Err(Refusal::RetentionEnded)
            }
            ResourceAction::Recover { principal } => {
                let mut events = vec![ResourceEvent::Recovered];
                if self.had_identity {
                    let enable = IdentityCommand::Enable {
                        principal: *principal,
                        at: command.at,
                    };
                    events.extend(identity(resource, enable, place(facts.present)?.tenant)?);
                }
                Ok(events)
            }
            ResourceAction::EndRetention if command.at < self.purge_at => {
                Err(Refusal::RetentionNotOver {
                    until: self.purge_at,
                })
            }
            ResourceAction::Purge | ResourceAction::EndRetention => {
                Ok(vec![ResourceEvent::PurgeStarted])
            }
            ResourceAction::ServiceKeyErased { .. } => {
                settle(resource, &command.action, command.at, facts)
            }
            _ => Err(Refusal::Deleted {
                name: resource.name.clone(),
            }),
        }
    }
}

fn purging(command: &ResourceCommand) -> Decision {
    match &command.action {
        ResourceAction::Create(_) => Err(Refusal::Exists),
        ResourceAction::Forget => Ok(vec![ResourceEvent::Forgotten]),
        _ => Err(Refusal::Purging),
    }
}

/// What comes back from outside: Strongroom's own commands.
fn settle(
    resource: &Resource,
    action: &ResourceAction,
    at: Timestamp,
    facts: &ResourceFacts<'_>,
) -> Decision {
    match action {
        ResourceAction::ServiceKeyErased { key } if resource.erasing.contains(key) => {
            Ok(vec![ResourceEvent::ServiceKeyErased { key: *key }])
        }
        ResourceAction::ServiceKeyErased { .. } => Err(Refusal::NoOp),
        ResourceAction::Prove { op, pending } => {
            let change = under_way(resource, *op)?;
            if change.step != Step::Preparing || kek_of(pending) != Some(&change.target) {
                return Err(Refusal::NoSuchChange { op: *op });
            }
            reachable(resource)?;
            still_usable(resource, change, at, facts)?;
            Ok(vec![ResourceEvent::ChangeProven {
                pending: pending.clone(),
            }])
        }
        ResourceAction::Activate { op } => {
            let change = under_way(resource, *op)?;
            match change.step {
                Step::Proven { .. } => {
                    reachable(resource)?;
                    Ok(vec![ResourceEvent::ChangeActivated { kind: change.kind }])
                }
                Step::Preparing | Step::Undoing => Err(Refusal::NoSuchChange { op: *op }),
            }
        }
        ResourceAction::Abandon { op } => {
            let change = under_way(resource, *op)?;
            let mut events = vec![ResourceEvent::ChangeUndone { op: *op }];
            // An earlier version gave up the identity when it gave up the change.
            if change.identity_added && change.step != Step::Undoing {
                let present = place(facts.present)?.tenant;
                events.extend(identity(resource, IdentityCommand::Disable, present)?);
            }
            Ok(events)
        }
        ResourceAction::LoseAccess { reason } => lose_access(resource, *reason, at),
        ResourceAction::RegainAccess => match resource.inaccessible {
            Some(_) => Ok(vec![ResourceEvent::AccessRegained]),
            None => Err(Refusal::NoOp),
        },
        _ => Err(Refusal::StaleFacts),
    }
}

/// Only a customer's key can be taken away. What was found before keeps its time.
fn lose_access(resource: &Resource, reason: Reason, at: Timestamp) -> Decision {
    let found = match resource.inaccessible {
        Some(before) if before.reason == reason => return Err(Refusal::NoOp),
        Some(before) => before.since,
        None => at,
    };
    if resource.customer_key().is_none() {
        return Err(Refusal::NoOp);
    }
    Ok(vec![ResourceEvent::AccessLost(Inaccessible {
        reason,
        since: found,
    })])
}

/// A change does not go on past a denial: whoever asks the key again, and is let in, takes the mark away
/// first (R17).
fn reachable(resource: &Resource) -> Result<(), Refusal> {
    match resource.inaccessible {
        Some(found) => Err(Refusal::OutOfReach {
            name: resource.name.clone(),
            reason: found.reason,
        }),
        None => Ok(()),
    }
}

fn set_key(
    resource: &Resource,
    set: &SetKey,
    at: Timestamp,
    facts: &ResourceFacts<'_>,
) -> Decision {
    nothing_under_way(resource)?;
    let present = place(facts.present)?.tenant;
    if let Some(refusal) = against_setting(resource, set, at, facts)?
        .into_iter()
        .next()
    {
        return Err(refusal);
    }
    let (seen, target, kind) = match aim(resource, set, facts)? {
        Aim::Same => return Err(Refusal::NoOp),
        Aim::At { seen, target, kind } => (seen, target, kind),
    };
    let mut events = Vec::new();
    let mut granted_to = set.principal;
    let identity_added = match resource.identity {
        ManagedIdentity::On { principal, .. } => {
            granted_to = principal;
            false
        }
        ManagedIdentity::Off => {
            let enable = IdentityCommand::Enable {
                principal: set.principal,
                at,
            };
            events.extend(identity(resource, enable, present)?);
            true
        }
    };
    let grant = (!conditions::missing(&seen.vault).is_empty()).then(|| WantedGrant {
        vault: seen.asked.vault.name().clone(),
        tenant: present,
        principal: granted_to,
    });
    events.push(ResourceEvent::ChangeBegun(Box::new(KeyChange {
        op: set.op,
        kind,
        began: at,
        target,
        follows: set.key.version.is_none(),
        identity_added,
        grant,
        step: Step::Preparing,
    })));
    Ok(events)
}

/// Everything that stands against going over to a key, in the order of the rules.
pub(crate) fn against_setting(
    resource: &Resource,
    set: &SetKey,
    at: Timestamp,
    facts: &ResourceFacts<'_>,
) -> Result<Vec<Refusal>, Refusal> {
    let present = place(facts.present)?.tenant;
    let mut against = Vec::new();
    against.extend(tier_allows(resource).err());
    let standing = resource.identity.standing(present);
    let principal = match standing {
        IdentityStanding::On { principal } => Some(principal),
        IdentityStanding::Off if resource.customer_key().is_some() => {
            against.push(Refusal::IdentityOff {
                name: resource.name.clone(),
            });
            None
        }
        IdentityStanding::Off => None,
        IdentityStanding::LeftBehind { .. } => {
            let enable = IdentityCommand::Enable {
                principal: set.principal,
                at,
            };
            against.extend(identity(resource, enable, present).err());
            None
        }
    };
    let asking = Asking {
        name: &resource.name,
        principal,
        present,
        at,
        may_grant: true,
    };
    match facts.candidate {
        Candidate::NotAsked => return Err(Refusal::StaleFacts),
        Candidate::Unseen { key, denial } => {
            against.push(conditions::unusable(denial, key, asking));
        }
        Candidate::Seen(seen) => against.extend(conditions::against(resource, seen, asking)),
    }
    Ok(against)
}

/// Where a setting leads.
enum Aim<'a> {
    /// To where the resource is already.
    Same,
    /// To another key-encryption key.
    At {
        seen: &'a SeenKey,
        target: Kek,
        kind: ChangeKind,
    },
}

fn aim<'a>(
    resource: &Resource,
    set: &SetKey,
    facts: &ResourceFacts<'a>,
) -> Result<Aim<'a>, Refusal> {
    let Candidate::Seen(seen) = facts.candidate else {
        return Err(Refusal::StaleFacts);
    };
    let Ok(key) = &seen.key else {
        return Err(Refusal::StaleFacts);
    };
    let target = Kek::CustomerManaged {
        kid: key.id.to_string(),
        algorithm: set.algorithm,
    };
    if resource.kek() == Some(&target) && resource.follows == set.key.version.is_none() {
        return Ok(Aim::Same);
    }
    let kind = match (resource.kek(), &target) {
        (Some(Kek::CustomerManaged { kid, .. }), Kek::CustomerManaged { kid: new, .. })
            if key_of(kid) == key_of(new) =>
        {
            ChangeKind::Rotate
        }
        (Some(Kek::CustomerManaged { .. }), _) => ChangeKind::Switch,
        (Some(Kek::ServiceManaged { .. }) | None, _) => ChangeKind::Enable,
    };
    Ok(Aim::At { seen, target, kind })
}

fn follow(resource: &Resource, op: OpId, at: Timestamp, facts: &ResourceFacts<'_>) -> Decision {
    nothing_under_way(resource)?;
    if !resource.follows {
        return Err(Refusal::NoOp);
    }
    let Some(Kek::CustomerManaged { algorithm, .. }) = resource.kek() else {
        return Err(Refusal::NoOp);
    };
    let Candidate::Seen(seen) = facts.candidate else {
        return Err(Refusal::StaleFacts);
    };
    let set = SetKey {
        op,
        key: seen.asked.clone(),
        algorithm: *algorithm,
        principal: usable_principal(resource, place(facts.present)?.tenant)?,
    };
    usable(resource, at, facts)?;
    match aim(resource, &set, facts)? {
        Aim::Same => Err(Refusal::NoOp),
        Aim::At { target, kind, .. } => Ok(vec![begin(op, kind, at, target, true)]),
    }
}

fn rekey(resource: &Resource, op: OpId, at: Timestamp, facts: &ResourceFacts<'_>) -> Decision {
    nothing_under_way(resource)?;
    let target = resource.kek().ok_or(Refusal::StaleFacts)?.clone();
    if resource.customer_key().is_some() {
        usable(resource, at, facts)?;
    }
    let follows = resource.follows;
    Ok(vec![begin(op, ChangeKind::Rekey, at, target, follows)])
}

/// The rules are asked again when the new key was proven: the world may have changed since.
fn still_usable(
    resource: &Resource,
    change: &KeyChange,
    at: Timestamp,
    facts: &ResourceFacts<'_>,
) -> Result<(), Refusal> {
    match change.target {
        Kek::ServiceManaged { .. } => Ok(()),
        Kek::CustomerManaged { .. } => usable(resource, at, facts),
    }
}

/// Whether the resource's identity may use the candidate as it is, with nothing granted on the way.
fn usable(resource: &Resource, at: Timestamp, facts: &ResourceFacts<'_>) -> Result<(), Refusal> {
    let present = place(facts.present)?.tenant;
    let asking = Asking {
        name: &resource.name,
        principal: Some(usable_principal(resource, present)?),
        present,
        at,
        may_grant: false,
    };
    let against = match facts.candidate {
        Candidate::NotAsked => return Err(Refusal::StaleFacts),
        Candidate::Unseen { key, denial } => vec![conditions::unusable(denial, key, asking)],
        Candidate::Seen(seen) => conditions::against(resource, seen, asking),
    };
    against.into_iter().next().map_or(Ok(()), Err)
}

fn usable_principal(
    resource: &Resource,
    present: TenantId,
) -> Result<strongroom_base::PrincipalId, Refusal> {
    match resource.identity.standing(present) {
        IdentityStanding::On { principal } => Ok(principal),
        IdentityStanding::Off => Err(Refusal::IdentityOff {
            name: resource.name.clone(),
        }),
        IdentityStanding::LeftBehind { home, present, .. } => Err(Refusal::Identity {
            name: resource.name.clone(),
            refusal: IdentityRefusal::LeftBehind { home, present },
        }),
    }
}

/// A change that makes no identity and grants nothing.
fn begin(op: OpId, kind: ChangeKind, at: Timestamp, target: Kek, follows: bool) -> ResourceEvent {
    ResourceEvent::ChangeBegun(Box::new(KeyChange {
        op,
        kind,
        began: at,
        target,
        follows,
        identity_added: false,
        grant: None,
        step: Step::Preparing,
    }))
}

fn moved(resource: &Resource, group: GroupUid, facts: &ResourceFacts<'_>) -> Decision {
    if group == resource.group {
        return Err(Refusal::NoOp);
    }
    // What a change grants and proves is of the tenant that it began in.
    nothing_under_way(resource)?;
    let (present, target) = (place(facts.present)?, place(facts.target)?);
    if present.group != resource.group || target.group != group {
        return Err(Refusal::StaleFacts);
    }
    open_to(&target)?;
    free(facts.name, &resource.name)?;
    let crossing = Crossing::between(present.tenant, target.tenant);
    let descent = resource
        .descent
        .moved(present.tenancy, target.tenancy, crossing);
    Ok(vec![ResourceEvent::Moved {
        group,
        descent,
        from: present.tenant,
        to: target.tenant,
    }])
}

/// The identity goes with the resource, and a recovery makes another (R12).
fn delete(resource: &Resource, at: Timestamp) -> Decision {
    let mut events = vec![ResourceEvent::Deleted {
        at,
        purge_at: at.saturating_add(RETENTION),
        had_identity: resource.identity != ManagedIdentity::Off,
    }];
    if let ManagedIdentity::On { home, .. } = resource.identity {
        events.extend(identity(resource, IdentityCommand::Disable, home)?);
    }
    Ok(events)
}

fn identity(resource: &Resource, command: IdentityCommand, present: TenantId) -> Decision {
    let events = IdentityMachine::decide(&resource.identity, &command, &IdentityFacts { present })
        .map_err(|refusal| Refusal::Identity {
            name: resource.name.clone(),
            refusal,
        })?;
    Ok(events.into_iter().map(ResourceEvent::Identity).collect())
}

fn tier_allows(resource: &Resource) -> Result<(), Refusal> {
    if resource.tier.allows_customer_keys() {
        Ok(())
    } else {
        Err(Refusal::TierTooLow {
            name: resource.name.clone(),
            tier: resource.tier,
        })
    }
}

fn nothing_under_way(resource: &Resource) -> Result<(), Refusal> {
    match &resource.change {
        None => Ok(()),
        Some(change) => Err(Refusal::ChangeUnderWay { kind: change.kind }),
    }
}

fn under_way(resource: &Resource, op: OpId) -> Result<&KeyChange, Refusal> {
    resource
        .change
        .as_deref()
        .filter(|change| change.op == op)
        .ok_or(Refusal::NoSuchChange { op })
}

fn free(name_use: NameUse, name: &ResourceName) -> Result<(), Refusal> {
    match name_use {
        NameUse::Free => Ok(()),
        NameUse::Taken => Err(Refusal::NameTaken { name: name.clone() }),
    }
}

fn place(holder: Holder) -> Result<Place, Refusal> {
    match holder {
        Holder::In(place) => Ok(place),
        Holder::Nowhere => Err(Refusal::StaleFacts),
    }
}

fn open_to(target: &Place) -> Result<(), Refusal> {
    target
        .takes_new()
        .map_err(|subscription| Refusal::SubscriptionDisabled { subscription })
}

/// The key's URI without its version, in one spelling.
fn key_of(kid: &str) -> String {
    kid.rsplit_once('/')
        .map_or(kid, |(key, _)| key)
        .to_ascii_lowercase()
}
