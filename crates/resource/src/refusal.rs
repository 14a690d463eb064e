//! Why a resource turns a command down: the rule, the facts that broke it, and what would satisfy it.

use std::collections::BTreeSet;

use strongroom_base::{
    Outcome, OutcomeKind, PrincipalId, Region, ResourceName, Retry, SubscriptionId, TenantId,
    Timestamp, shell_word,
};
use strongroom_identity::{Denied, IdentityRefusal, Role};
use strongroom_vault::{Denial, KeyId, KeyPermission, KeyType, OpId, VaultName, advice};

use crate::{ChangeKind, Reason, Tier};

/// Why a command about a resource was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The caller lacks authority over the resource.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such resource.
    #[error("there is no such resource: `strongroom resource list` shows those that there are")]
    Absent,
    /// The name is in use in the group.
    #[error(
        "the name `{name}` is taken in the group, perhaps by a deleted resource: choose another, or \
         purge that one: strongroom resource purge {name}"
    )]
    NameTaken {
        /// The name.
        name: ResourceName,
    },
    /// A uid is drawn once and never reused.
    #[error("a resource with this uid exists already: draw another")]
    Exists,
    /// It is deleted: its data is out of reach until it is recovered.
    #[error("the resource is deleted: recover it with `strongroom resource recover {name}`")]
    Deleted {
        /// The resource.
        name: ResourceName,
    },
    /// It is not deleted.
    #[error(
        "the resource is not deleted: only a deleted resource can be purged, so delete it first with \
         `strongroom resource delete {name}`"
    )]
    NotDeleted {
        /// The resource.
        name: ResourceName,
    },
    /// It is deleted already.
    #[error("nothing to do: the resource is deleted already")]
    AlreadyDeleted,
    /// Its keys are destroyed.
    #[error("the resource is being purged: its keys are destroyed and nothing brings it back")]
    Purging,
    /// The time to recover it is over.
    #[error("the resource was deleted more than its retention ago: it is being purged")]
    RetentionEnded,
    /// The retention has not ended.
    #[error("the retention ends at {until}, and not before")]
    RetentionNotOver {
        /// When it ends.
        until: Timestamp,
    },
    /// It is so already.
    #[error("it is so already: nothing to do")]
    NoOp,
    /// A customer's key is set on a resource that exists, and never at its creation (R8).
    #[error(
        "a customer-managed key cannot be asked for at creation (R8), and nothing was created: create \
         `{name}` without one, then: strongroom resource encryption set {name} --key {}",
        shell_word(key)
    )]
    CmkAtCreation {
        /// The resource that was to be created.
        name: ResourceName,
        /// The key that was asked for.
        key: String,
    },
    /// The tier has neither identity nor customer keys (R10).
    #[error(
        "tier {tier} has no managed identity and no customer-managed keys (R10): go up first: \
         strongroom resource update {name} --tier S0"
    )]
    TierTooLow {
        /// The resource.
        name: ResourceName,
        /// Its tier.
        tier: Tier,
    },
    /// The tier is needed by the customer's key that is set (R10).
    #[error(
        "a customer-managed key is set, and tier {tier} has none (R10): go back to a service-managed \
         key first: strongroom resource encryption reset {name}"
    )]
    TierNeeded {
        /// The resource.
        name: ResourceName,
        /// The tier that was asked for.
        tier: Tier,
    },
    /// The identity says no.
    #[error("{refusal}{}", after_colon(refusal.remedy(name)))]
    Identity {
        /// The resource.
        name: ResourceName,
        /// What it says.
        refusal: IdentityRefusal,
    },
    /// The identity is off, so the key cannot be asked (R12).
    #[error(
        "the managed identity of `{name}` is off, so nobody can ask for its key (R12): strongroom \
         resource identity enable {name}, then grant the new principal access to the vault"
    )]
    IdentityOff {
        /// The resource.
        name: ResourceName,
    },
    /// A change of key is under way already.
    #[error(
        "another change of the key ({kind:?}) is under way: it is completed or undone by itself; try again"
    )]
    ChangeUnderWay {
        /// What it is.
        kind: ChangeKind,
    },
    /// No such change is under way, or it is at another step.
    #[error(
        "change {op:?} of the key is not at this step: another process has completed or undone it; read \
         the resource again"
    )]
    NoSuchChange {
        /// Which was meant.
        op: OpId,
    },
    /// Its key was found out of reach while it was being changed (R17).
    #[error(
        "the key of `{name}` was found out of reach while it was being changed (R17): {reason}; give the \
         access back, then ask for the change again"
    )]
    OutOfReach {
        /// The resource.
        name: ResourceName,
        /// Who says no, and why.
        reason: Reason,
    },
    /// The vault trusts another tenant (R7, R13).
    #[error(
        "the vault `{vault}` does not trust tenant {present}, in which the resource is (R7): name a \
         vault of that tenant, or let it trust the tenant: strongroom vault update {vault} --tenant \
         {present}"
    )]
    OtherTenant {
        /// The vault.
        vault: VaultName,
        /// The tenant of the resource.
        present: TenantId,
    },
    /// The vault is in another region (R7).
    #[error(
        "the vault `{vault}` is in region {theirs} and the resource in {ours} (R7): name a key of a \
         vault in {ours}: strongroom vault create NAME --location {ours} --purge-protection"
    )]
    OtherRegion {
        /// The vault.
        vault: VaultName,
        /// The region of the resource.
        ours: Region,
        /// The region of the vault.
        theirs: Region,
    },
    /// The vault has no soft delete (R14).
    #[error("the vault `{vault}` has no soft delete (R14): name a key of a vault that has it")]
    SoftDeleteOff {
        /// The vault.
        vault: VaultName,
    },
    /// The vault has no purge protection (R14).
    #[error(
        "the vault `{vault}` has no purge protection (R14): turn it on, for good: strongroom vault \
         update {vault} --purge-protection"
    )]
    PurgeProtectionOff {
        /// The vault.
        vault: VaultName,
    },
    /// The vault's access policy lacks permissions, and the caller may not grant them (R9).
    #[error(
        "the access policies of vault `{vault}` do not grant the resource's identity {} (R9), and the \
         caller may not: {}", words(missing), grant(name, vault, *principal, missing)
    )]
    PermissionMissing {
        /// The resource.
        name: ResourceName,
        /// The vault.
        vault: VaultName,
        /// What is missing.
        missing: BTreeSet<KeyPermission>,
        /// The identity; none yet, if it is off.
        principal: Option<PrincipalId>,
    },
    /// The vault is in role mode, and no role assignment grants it (R9).
    #[error(
        "the vault `{vault}` is judged by role assignments, and none grants the resource's identity {} \
         (R9): {}", words(missing), assign(name, vault, *principal)
    )]
    RoleMissing {
        /// The resource.
        name: ResourceName,
        /// The vault.
        vault: VaultName,
        /// What is missing.
        missing: BTreeSet<KeyPermission>,
        /// The identity; none yet, if it is off.
        principal: Option<PrincipalId>,
    },
    /// The key cannot be used, or not for something new.
    #[error("{denial}: {remedy}")]
    KeyUnusable {
        /// Why.
        denial: Denial,
        /// What would turn it into a yes.
        remedy: String,
    },
    /// The key is not RSA with 2048 bits (R15).
    #[error(
        "the key is {key_type} with {bits} bits, and a resource takes RSA with 2048 alone (R15): \
         strongroom key create {vault} NAME --kty RSA --size 2048"
    )]
    KeyKind {
        /// The vault.
        vault: VaultName,
        /// The type.
        key_type: KeyType,
        /// The size.
        bits: usize,
    },
    /// A key without a version is not taken here (R16).
    #[error(
        "the URI names no version, and this installation follows no key by itself (R16): whoever may \
         add a version could then read. Name one: strongroom key show {} {}", key.vault.name(), key.name
    )]
    VersionRequired {
        /// The key.
        key: KeyId,
    },
    /// The subscription takes nothing new.
    #[error(
        "subscription {subscription} is disabled and takes nothing new: name a group of another one, \
         or enable it with: strongroom subscription enable {subscription}"
    )]
    SubscriptionDisabled {
        /// Which.
        subscription: SubscriptionId,
    },
    /// The facts are not those of this command and state.
    #[error("what was read is not of this resource and command: read again")]
    StaleFacts,
}

impl Outcome for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Denied(denied) => denied.code(),
            Self::Absent => "ResourceNotFound",
            Self::NameTaken { .. } => "ResourceNameTaken",
            Self::Exists => "ResourceExists",
            Self::Deleted { .. } => "ResourceDeleted",
            Self::NotDeleted { .. } => "ResourceNotDeleted",
            Self::AlreadyDeleted => "ResourceAlreadyDeleted",
            Self::Purging => "ResourcePurging",
            Self::RetentionEnded => "RetentionEnded",
            Self::RetentionNotOver { .. } => "RetentionNotOver",
            Self::NoOp => "NoOp",
            Self::CmkAtCreation { .. } => "CmkNotAllowedAtCreation",
            Self::TierTooLow { .. } => "TierWithoutCustomerKeys",
            Self::TierNeeded { .. } => "TierNeededByCustomerKey",
            Self::Identity { refusal, .. } => refusal.code(),
            Self::IdentityOff { .. } => "IdentityOff",
            Self::ChangeUnderWay { .. } => "KeyChangeUnderWay",
            Self::NoSuchChange { .. } => "NoSuchKeyChange",
            Self::OutOfReach { .. } => "KeyOutOfReach",
            Self::OtherTenant { .. } => "KeyVaultTenantMismatch",
            Self::OtherRegion { .. } => "KeyVaultRegionMismatch",
            Self::SoftDeleteOff { .. } => "KeyVaultSoftDeleteOff",
            Self::PurgeProtectionOff { .. } => "KeyVaultPurgeProtectionOff",
            Self::PermissionMissing { .. } => "KeyVaultPermissionMissing",
            Self::RoleMissing { .. } => "KeyVaultRoleMissing",
            Self::KeyUnusable { denial, .. } => denial.code(),
            Self::KeyKind { .. } => "KeyVaultKeyTypeNotSupported",
            Self::VersionRequired { .. } => "KeyVersionRequired",
            Self::SubscriptionDisabled { .. } => "ReadOnlyDisabledSubscription",
            Self::StaleFacts => "StaleFacts",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Denied(denied) => denied.kind(),
            Self::Identity { refusal, .. } => refusal.kind(),
            Self::Absent => OutcomeKind::BadInput,
            Self::StaleFacts => OutcomeKind::Internal,
            Self::NameTaken { .. }
            | Self::Exists
            | Self::Deleted { .. }
            | Self::NotDeleted { .. }
            | Self::AlreadyDeleted
            | Self::Purging
            | Self::RetentionEnded
            | Self::RetentionNotOver { .. }
            | Self::NoOp
            | Self::CmkAtCreation { .. }
            | Self::TierTooLow { .. }
            | Self::TierNeeded { .. }
            | Self::IdentityOff { .. }
            | Self::ChangeUnderWay { .. }
            | Self::NoSuchChange { .. }
            | Self::OutOfReach { .. }
            | Self::OtherTenant { .. }
            | Self::OtherRegion { .. }
            | Self::SoftDeleteOff { .. }
            | Self::PurgeProtectionOff { .. }
            | Self::PermissionMissing { .. }
            | Self::RoleMissing { .. }
            | Self::KeyUnusable { .. }
            | Self::KeyKind { .. }
            | Self::SubscriptionDisabled { .. }
            | Self::VersionRequired { .. } => OutcomeKind::Refused,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Denied(denied) => denied.retry(),
            Self::Identity { refusal, .. } => refusal.retry(),
            Self::ChangeUnderWay { .. } => Retry::After(core::time::Duration::from_secs(1)),
            Self::Absent
            | Self::Exists
            | Self::AlreadyDeleted
            | Self::Purging
            | Self::RetentionEnded
            | Self::NoOp
            | Self::NoSuchChange { .. }
            | Self::StaleFacts => Retry::Never,
            Self::NameTaken { .. }
            | Self::SubscriptionDisabled { .. }
            | Self::Deleted { .. }
            | Self::NotDeleted { .. }
            | Self::RetentionNotOver { .. }
            | Self::CmkAtCreation { .. }
            | Self::TierTooLow { .. }
            | Self::TierNeeded { .. }
            | Self::IdentityOff { .. }
            | Self::OutOfReach { .. }
            | Self::OtherTenant { .. }
            | Self::OtherRegion { .. }
            | Self::SoftDeleteOff { .. }
            | Self::PurgeProtectionOff { .. }
            | Self::PermissionMissing { .. }
            | Self::RoleMissing { .. }
            | Self::KeyUnusable { .. }
            | Self::KeyKind { .. }
            | Self::VersionRequired { .. } => Retry::AfterRepair,
        }
    }
}

impl Refusal {
    /// Whether things are as asked already: nothing had to be done, and nothing was.
    #[must_use]
    pub const fn changes_nothing(&self) -> bool {
        matches!(
            self,
            Self::NoOp
                | Self::AlreadyDeleted
                | Self::Identity {
                    refusal: IdentityRefusal::NoOp,
                    ..
                }
        )
    }

    /// The rule that says no, where one does.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static str> {
        match self {
            Self::CmkAtCreation { .. } => Some("R8"),
            Self::TierTooLow { .. } | Self::TierNeeded { .. } => Some("R10"),
            Self::IdentityOff { .. } => Some("R12"),
            Self::Identity {
                refusal: IdentityRefusal::LeftBehind { .. },
                ..
            } => Some("R13"),
            Self::OtherTenant { .. } | Self::OtherRegion { .. } => Some("R7"),
            Self::SoftDeleteOff { .. } | Self::PurgeProtectionOff { .. } => Some("R14"),
            Self::PermissionMissing { .. } | Self::RoleMissing { .. } => Some("R9"),
            Self::KeyUnusable { .. } | Self::OutOfReach { .. } => Some("R17"),
            Self::KeyKind { .. } => Some("R15"),
            Self::VersionRequired { .. } => Some("R16"),
            Self::Denied(_) => Some("I5"),
            _ => None,
        }
    }
}

pub(crate) fn words(missing: &BTreeSet<KeyPermission>) -> String {
    let words: Vec<_> = missing.iter().map(|one| format!("`{one}`")).collect();
    words.join(", ")
}

fn after_colon(remedy: Option<String>) -> String {
    remedy.map_or_else(String::new, |remedy| format!(": {remedy}"))
}

fn grant(
    name: &ResourceName,
    vault: &VaultName,
    principal: Option<PrincipalId>,
    missing: &BTreeSet<KeyPermission>,
) -> String {
    match principal {
        Some(principal) => format!(
            "an owner of the vault grants it: {}",
            advice::grant(vault, principal, missing.iter().copied())
        ),
        None => format!(
            "enable the identity first (strongroom resource identity enable {name}), and let an owner of \
             the vault grant it: strongroom vault grant {vault} --resource {name}"
        ),
    }
}

fn assign(name: &ResourceName, vault: &VaultName, principal: Option<PrincipalId>) -> String {
    match principal {
        Some(principal) => {
            advice::assign_role(Role::KeyVaultCryptoServiceEncryptionUser, vault, principal)
        }
        None => format!(
            "enable the identity first: strongroom resource identity enable {name}; then assign it the role \
             `{}` at the vault",
            Role::KeyVaultCryptoServiceEncryptionUser
        ),
    }
}
