//! What follows from a command to a vault.

use strongroom_base::{SubscriptionId, TenantId, Timestamp};
use strongroom_identity::{Crossing, Descent, GroupUid, SubscriptionState, Tenancy, Verdict};

use super::{
    NewVault, Policies, PolicyChange, PolicySpec, Vault, VaultAction, VaultCommand, VaultEvent,
    VaultLife, VaultRefusal, VaultUpdate,
};
use crate::{OpId, SchemaV1, VaultName};

/// What has to be known of the rest of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct VaultFacts {
    /// The vault's name, by which the aggregate was sought.
    pub vault: VaultName,
    /// Whether the caller has what [`VaultAction::requires`] and [`VaultAction::requires_there`]: the
    /// first that says no.
    pub authority: Verdict,
    /// The group that holds the vault now.
    pub present: Holder,
    /// The group that the command names; [`Holder::Nowhere`] for a command that names none.
    pub target: Holder,
}

/// Where a vault is or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is one or the other")]
pub enum Holder {
    /// Nowhere: it does not exist yet, or the command names no group.
    Nowhere,
    /// In a group.
    In(Place),
}

/// A group, as far as a vault in it depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes it from these parts"
)]
pub struct Place {
    /// The group.
    pub group: GroupUid,
    /// Its present tenancy.
    pub tenancy: Tenancy,
    /// The subscription that holds it now.
    pub subscription: SubscriptionId,
    /// The tenant that the subscription is in now.
    pub tenant: TenantId,
    /// Whether the subscription takes anything new.
    pub state: SubscriptionState,
}

impl Place {
    /// Whether something may be made or moved here.
    ///
    /// # Errors
    /// The subscription, if it is disabled.
    pub const fn takes_new(&self) -> Result<(), SubscriptionId> {
        match self.state {
            SubscriptionState::Enabled => Ok(()),
            SubscriptionState::Disabled => Err(self.subscription),
        }
    }
}

type Decision = Result<Vec<VaultEvent>, VaultRefusal>;

pub(super) fn decide(
    state: Option<&Vault>,
    command: &VaultCommand,
    facts: &VaultFacts,
) -> Decision {
    // Before existence: who may not do it learns nothing of what is there (I5).
    if !command.action.requires(Crossing::Within).is_empty() {
        facts.authority.clone()?;
    }
    match state {
        None => absent(command, facts),
        Some(vault) => match vault.life {
            VaultLife::Live => live(vault, command, facts),
            VaultLife::Deleted { purge_at, .. } => deleted(vault, purge_at, command, facts),
            VaultLife::Purging { .. } => purging(vault, command),
        },
    }
}

fn absent(command: &VaultCommand, facts: &VaultFacts) -> Decision {
    match &command.action {
        VaultAction::Create(new) => create(new, command.at, facts),
        VaultAction::Update(_)
        | VaultAction::ChangePolicies { .. }
        | VaultAction::Move { .. }
        | VaultAction::Delete
        | VaultAction::Recover
        | VaultAction::Purge
        | VaultAction::EndRetention => Err(VaultRefusal::VaultNotFound),
        // A vault that is gone holds no grant and no key.
        VaultAction::UndoGrant { .. } | VaultAction::KeysErased => Err(VaultRefusal::NoOp),
    }
}

fn live(vault: &Vault, command: &VaultCommand, facts: &VaultFacts) -> Decision {
    match &command.action {
        VaultAction::Create(_) => Err(VaultRefusal::NameTaken {
            vault: vault.name.clone(),
        }),
        VaultAction::Update(update) => changed(self::update(vault, update)?),
        VaultAction::ChangePolicies { change, entries } => change_policies(vault, *change, entries),
        VaultAction::UndoGrant { op } => undo(vault, *op),
        VaultAction::Move { group } => moved(vault, *group, facts),
        VaultAction::Delete => Ok(vec![VaultEvent::Deleted {
            at: command.at,
            purge_at: vault.retention.end(command.at),
        }]),
        VaultAction::Recover => Err(VaultRefusal::NoOp),
        VaultAction::Purge | VaultAction::EndRetention => Err(VaultRefusal::NotDeleted {
            vault: vault.name.clone(),
        }),
        VaultAction::KeysErased => Err(VaultRefusal::NotPurging),
    }
}

fn deleted(
    vault: &Vault,
    purge_at: Timestamp,
    command: &VaultCommand,
    facts: &VaultFacts,
) -> Decision {
    match &command.action {
        VaultAction::Create(_) if facts.same_subscription() => {
            let kept = vault.purge_protection && command.at < purge_at;
            Err(VaultRefusal::DeletedVaultExists {
                vault: vault.name.clone(),
                kept_until: kept.then_some(purge_at),
            })
        }
        VaultAction::Create(_) => Err(VaultRefusal::NameTaken {
            vault: vault.name.clone(),
        }),
        VaultAction::Update(_) | VaultAction::ChangePolicies { .. } | VaultAction::Move { .. } => {
            Err(VaultRefusal::VaultDeleted {
                vault: vault.name.clone(),
            })
        }
        // A deleted vault comes back with its policies, so what is undone must go from it too.
        VaultAction::UndoGrant { op } => undo(vault, *op),
        VaultAction::Delete => Err(VaultRefusal::NoOp),
        VaultAction::Recover if command.at >= purge_at => Err(VaultRefusal::RetentionEnded {
            vault: vault.name.clone(),
        }),
        VaultAction::Recover => Ok(vec![VaultEvent::Recovered]),
        VaultAction::Purge if vault.purge_protection && command.at < purge_at => {
            Err(VaultRefusal::PurgeProtected { until: purge_at })
        }
        VaultAction::EndRetention if command.at < purge_at => {
            Err(VaultRefusal::RetentionNotOver { until: purge_at })
        }
        VaultAction::Purge | VaultAction::EndRetention => {
            Ok(vec![VaultEvent::Purged { at: command.at }])
        }
        VaultAction::KeysErased => Err(VaultRefusal::NotPurging),
    }
}

fn purging(vault: &Vault, command: &VaultCommand) -> Decision {
    match &command.action {
        VaultAction::Create(_) => Err(VaultRefusal::NameTaken {
            vault: vault.name.clone(),
        }),
        VaultAction::Update(_)
        | VaultAction::ChangePolicies { .. }
        | VaultAction::Move { .. }
        | VaultAction::Delete
        | VaultAction::Recover => Err(VaultRefusal::VaultNotFound),
        VaultAction::UndoGrant { .. } | VaultAction::Purge | VaultAction::EndRetention => {
            Err(VaultRefusal::NoOp)
        }
        VaultAction::KeysErased => Ok(vec![VaultEvent::Erased]),
    }
}

fn create(new: &NewVault, at: Timestamp, facts: &VaultFacts) -> Decision {
    let NewVault {
        name,
        region,
        uid,
        group,
        soft_delete,
        retention,
        purge_protection,
        authorization,
        firewall,
    } = new.clone();
    let Holder::In(target) = facts.target else {
        return Err(VaultRefusal::StaleFacts);
    };
    if target.group != group {
        return Err(VaultRefusal::StaleFacts);
    }
    open_to(&target)?;
    if !soft_delete {
        return Err(VaultRefusal::SoftDeleteRequired);
    }
    Ok(vec![VaultEvent::Created(Box::new(Vault {
        v: SchemaV1::default(),
        name,
        region,
        uid,
        group,
        descent: Descent::default(),
        tenant: target.tenant,
        retention,
        purge_protection,
        authorization,
        policies: Policies::default(),
        firewall,
        created: at,
        life: VaultLife::Live,
    }))])
}

fn moved(vault: &Vault, group: GroupUid, facts: &VaultFacts) -> Decision {
    let (Holder::In(present), Holder::In(target)) = (facts.present, facts.target) else {
        return Err(VaultRefusal::StaleFacts);
    };
    if present.group != vault.group || target.group != group {
        return Err(VaultRefusal::StaleFacts);
    }
    if group == vault.group {
        return Err(VaultRefusal::NoOp);
    }
    open_to(&target)?;
    let crossing = Crossing::between(present.tenant, target.tenant);
    Ok(vec![VaultEvent::Moved {
        group,
        descent: vault
            .descent
            .moved(present.tenancy, target.tenancy, crossing),
        from: present.tenant,
        to: target.tenant,
    }])
}

fn open_to(target: &Place) -> Result<(), VaultRefusal> {
    target
        .takes_new()
        .map_err(|subscription| VaultRefusal::SubscriptionDisabled { subscription })
}

fn update(vault: &Vault, update: &VaultUpdate) -> Decision {
    // Every field is named, so that a new one cannot be forgotten here.
    let VaultUpdate {
        region,
        soft_delete,
        retention,
        purge_protection,
        tenant,
        authorization,
        firewall,
    } = update;
    if region
        .as_ref()
        .is_some_and(|region| *region != vault.region)
    {
        return Err(VaultRefusal::RegionFixed {
            current: vault.region.clone(),
        });
    }
    if *soft_delete == Some(false) {
        return Err(VaultRefusal::SoftDeleteRequired);
    }
    if retention.is_some_and(|retention| retention != vault.retention) {
        return Err(VaultRefusal::RetentionFixed {
            current: vault.retention,
        });
    }
    // Azure refuses a written `false` even where protection was never on.
    if *purge_protection == Some(false) {
        return Err(VaultRefusal::PurgeProtectionRequired);
    }
    let mut events = Vec::new();
    if *purge_protection == Some(true) && !vault.purge_protection {
        events.push(VaultEvent::PurgeProtectionEnabled);
    }
    if let Some(tenant) = tenant.filter(|tenant| *tenant != vault.tenant) {
        events.push(VaultEvent::TenantChanged { tenant });
    }
    if let Some(authorization) = authorization.filter(|it| *it != vault.authorization) {
        events.push(VaultEvent::AuthorizationChanged { authorization });
    }
    if let Some(firewall) = firewall.filter(|firewall| *firewall != vault.firewall) {
        events.push(VaultEvent::FirewallChanged { firewall });
    }
    Ok(events)
}

fn change_policies(vault: &Vault, change: PolicyChange, specs: &[PolicySpec]) -> Decision {
    let empty = |spec: &PolicySpec| spec.keys.is_empty() && change != PolicyChange::Replace;
    if specs.is_empty() || specs.iter().any(empty) {
        return Err(VaultRefusal::EmptyPolicy);
    }
    if let Some(spec) = specs.iter().find(|spec| spec.tenant != vault.tenant) {
        return Err(VaultRefusal::PolicyOfOtherTenant {
            trusted: vault.tenant,
            given: spec.tenant,
        });
    }
    let mut policies = vault.policies.clone();
    let mut events = Vec::new();
    for spec in specs {
        let before = policies.clone();
        let entry = policies.changed(change, spec);
        policies.set(&entry);
        if policies != before {
            events.push(VaultEvent::PolicySet { entry });
        }
    }
    if policies.entries().len() > Policies::MAX {
        return Err(VaultRefusal::TooManyPolicies);
    }
    changed(events)
}

fn undo(vault: &Vault, op: OpId) -> Decision {
    let left = vault.policies.without(op);
    changed(
        left.into_iter()
            .map(|entry| VaultEvent::PolicySet { entry })
            .collect(),
    )
}

fn changed(events: Vec<VaultEvent>) -> Decision {
    if events.is_empty() {
        Err(VaultRefusal::NoOp)
    } else {
        Ok(events)
    }
}

impl VaultFacts {
    /// Whether the vault is in the subscription that the command names.
    fn same_subscription(&self) -> bool {
        match (self.present, self.target) {
            (Holder::In(present), Holder::In(target)) => {
                present.subscription == target.subscription
            }
            (Holder::Nowhere, _) | (_, Holder::Nowhere) => false,
        }
    }
}
