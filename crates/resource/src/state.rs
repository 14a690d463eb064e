//! What is stored of a resource.

use core::time::Duration;
use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, Region, ResourceName, ResourceUid, TenantId, Timestamp};
use strongroom_crypto::ServiceKeyId;
use strongroom_crypto::keyring::{Kek, Keyring, Wrapping};
use strongroom_crypto::object::BindingMode;
use strongroom_identity::{Descent, GroupUid, ManagedIdentity, SchemaV1};
use strongroom_vault::{OpId, VaultName};

use crate::{Inaccessible, Tier};

/// How long a deleted resource can be recovered: as long as Azure keeps a deleted account.
pub const RETENTION: Duration = Duration::from_hours(48);

/// A resource: what stores customer data, always encrypted (R3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Resource {
    /// The schema in which it is stored.
    pub v: SchemaV1,
    /// Its uid, for life: what bindings, prefixes and check values use.
    pub uid: ResourceUid,
    /// Its name, as given. ARM compares it without regard to case.
    pub name: ResourceName,
    /// The resource group that holds it; a move of the resource changes it, one of the group does not.
    pub group: GroupUid,
    /// From the tenancy of its group to its own.
    pub descent: Descent,
    /// The region, for life (R7).
    pub region: Region,
    /// The pricing tier (R10).
    pub tier: Tier,
    /// What its objects are bound to, for life.
    pub binding: BindingMode,
    /// When it was created.
    pub created: Timestamp,
    /// Where it is on its way.
    pub life: Life,
    /// Its system-assigned identity (R12, R13).
    pub identity: ManagedIdentity,
    /// Whether an earlier version still owed the directory the identity's principal.
    pub registration: Registration,
    /// Principals that an earlier version still owed the directory's deletion of.
    pub retiring: BTreeSet<PrincipalId>,
    /// The active keyring: what data is read and written with.
    pub keyring: Keyring,
    /// Whether the resource goes over to whichever version of its key the vault names the latest (R16).
    pub follows: bool,
    /// A change of its key-encryption key or of its generation, while one is under way.
    pub change: Option<Box<KeyChange>>,
    /// Service-managed keys that wrap nothing any more and are yet to be erased.
    pub erasing: BTreeSet<ServiceKeyId>,
    /// That its customer's key was out of reach when it was last asked for (R17).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub inaccessible: Option<Inaccessible>,
}

/// Where a resource is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum Life {
    /// In use.
    Active,
    /// Can be recovered until it is purged, by command or at the end of its retention.
    Deleted {
        /// When it was deleted.
        at: Timestamp,
        /// When its retention ends.
        purge_at: Timestamp,
        /// Whether it had an identity: a recovery makes another (R12).
        had_identity: bool,
    },
    /// Its keys are being destroyed, then its objects.
    Purging,
}

/// Whether the directory has the principal of the present identity. The commit that makes the identity registers
/// it; earlier versions did so in a second commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "it has it or not")]
pub enum Registration {
    /// There is nothing to register, or it is done.
    #[default]
    Settled,
    /// It is to be registered.
    Owing,
}

/// A change of the key-encryption key or of the generation: one saga inside the resource's state.
///
/// While it is under way data is read and written with [`Resource::keyring`], as before. What was cut
/// off while [`Preparing`](Step::Preparing) is undone, and completed from [`Proven`](Step::Proven)
/// on (R11).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct KeyChange {
    /// Marks what it adds elsewhere, so that an undo takes away that and nothing else.
    pub op: OpId,
    /// What it is.
    pub kind: ChangeKind,
    /// When it began.
    pub began: Timestamp,
    /// The key-encryption key that it goes over to.
    pub target: Kek,
    /// Whether the resource will follow the latest version of that key.
    pub follows: bool,
    /// Whether it has made the managed identity.
    pub identity_added: bool,
    /// What it grants, if the identity lacks anything.
    pub grant: Option<WantedGrant>,
    /// How far it is.
    pub step: Step,
}

/// What a change of key-encryption key or generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum ChangeKind {
    /// From the service-managed key to a customer's (R11).
    Enable,
    /// To another version of the same key (R16).
    Rotate,
    /// To another key (R16).
    Switch,
    /// Back to a service-managed key.
    Reset,
    /// A new generation under the same key-encryption key (R16).
    Rekey,
}

impl ChangeKind {
    /// Whether later writes get a generation of their own; else the same resource key is wrapped
    /// anew, and nothing more (R16).
    #[must_use]
    pub const fn adds_generation(self) -> bool {
        match self {
            Self::Enable | Self::Switch | Self::Rekey => true,
            Self::Rotate | Self::Reset => false,
        }
    }
}

/// An access policy that a change wants, by the authority of whoever asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver carries out these parts"
)]
pub struct WantedGrant {
    /// At which vault.
    pub vault: VaultName,
    /// The tenant of the identity, which the vault trusts.
    pub tenant: TenantId,
    /// To whom.
    pub principal: PrincipalId,
}

/// How far a change is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[expect(clippy::exhaustive_enums, reason = "a driver must go on from each")]
pub enum Step {
    /// The new key is being proven. Nothing is lost by going back.
    Preparing,
    /// The new key has wrapped and unwrapped, and the new keyring lies beside the active one.
    Proven {
        /// The keyring that becomes the active one.
        pending: Keyring,
    },
    /// It is given up, and what it granted is yet to be taken back: earlier versions did so in a second commit.
    Undoing,
}

impl Resource {
    /// What wraps the newest generation.
    #[must_use]
    pub fn kek(&self) -> Option<&Kek> {
        kek_of(&self.keyring)
    }

    /// The URI of the customer's key version, if that is what wraps the newest generation.
    #[must_use]
    pub fn customer_key(&self) -> Option<&str> {
        match self.kek()? {
            Kek::CustomerManaged { kid, .. } => Some(kid),
            Kek::ServiceManaged { .. } => None,
        }
    }

    /// The service-managed key that wraps the newest generation (R4).
    #[must_use]
    pub fn service_key(&self) -> Option<ServiceKeyId> {
        self.kek().and_then(service_key_of)
    }

    /// Every service-managed key that it names: the active one and that of a change under way.
    #[must_use]
    pub fn service_keys(&self) -> BTreeSet<ServiceKeyId> {
        let coming = self.change.as_ref().map(|change| &change.target);
        self.kek()
            .into_iter()
            .chain(coming)
            .filter_map(service_key_of)
            .collect()
    }

    /// Whether an earlier version has left something for the directory to be told. The next commit does so,
    /// whatever it is; [`ResourceAction::SettleDirectory`](crate::ResourceAction::SettleDirectory) is one that
    /// does nothing else.
    #[must_use]
    pub fn owes_directory(&self) -> bool {
        self.registration == Registration::Owing || !self.retiring.is_empty()
    }

    /// Whether a customer's key wraps its newest generation, or is about to.
    #[must_use]
    pub fn needs_customer_key(&self) -> bool {
        let coming = self.change.as_ref().map(|change| &change.target);
        self.kek()
            .into_iter()
            .chain(coming)
            .any(|kek| service_key_of(kek).is_none())
    }
}

/// What the directory is told of a resource's identity, in the commit that makes `after` of `before`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a driver carries out each")]
pub struct ForDirectory {
    /// The principal to register, and its home.
    pub register: Option<(PrincipalId, TenantId)>,
    /// The principals to delete. One that was never registered is none.
    pub retire: BTreeSet<PrincipalId>,
}

impl ForDirectory {
    /// What follows from a change of a resource's state, what an earlier version still owed included.
    #[must_use]
    pub fn of(before: Option<&Resource>, after: Option<&Resource>) -> Self {
        let principal_of = |resource: &Resource| match resource.identity {
            ManagedIdentity::On {
                principal, home, ..
            } => Some((principal, home)),
            ManagedIdentity::Off => None,
        };
        let now = after.and_then(principal_of);
        let registered = before
            .filter(|before| before.registration == Registration::Settled)
            .and_then(principal_of);
        let given_up = before.and_then(principal_of).filter(|it| Some(*it) != now);
        let owed = before.into_iter().flat_map(|before| &before.retiring);
        Self {
            register: now.filter(|it| Some(*it) != registered),
            retire: owed
                .copied()
                .chain(given_up.map(|(principal, _)| principal))
                .collect(),
        }
    }
}

pub(crate) fn kek_of(keyring: &Keyring) -> Option<&Kek> {
    match keyring.records().last()?.wrapping() {
        Wrapping::Kek(kek) => Some(kek),
        Wrapping::UnderGeneration(_) => None,
    }
}

pub(crate) fn service_key_of(kek: &Kek) -> Option<ServiceKeyId> {
    match kek {
        Kek::ServiceManaged { key } => Some(*key),
        Kek::CustomerManaged { .. } => None,
    }
}
