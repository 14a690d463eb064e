//! The world as the model sees it.

use std::collections::{BTreeMap, BTreeSet};

use super::Answer;

/// A tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tenant {
    /// That in which everything begins.
    Home,
    /// The other one.
    Away,
}

/// A subscription: two, each begun in a tenant of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subscription {
    /// Begun at home.
    First,
    /// Begun away.
    Second,
}

/// A resource group. The first and the third begin in the first subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group(pub u8);

/// A person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Owner of both tenants.
    Admin,
    /// Contributor at home.
    Contributor,
    /// Reader at home.
    Reader,
    /// Owner of the other tenant, and nobody at home.
    Stranger,
}

/// A managed identity, numbered as they are made: none is ever made twice (R12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Which.
    pub number: u32,
    /// The tenant in which it was registered.
    pub home: Tenant,
}

/// Whoever an access policy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// A person.
    Person(Who),
    /// A managed identity, by its number.
    Identity(u32),
}

/// A permission of an access policy, as far as the rules tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// `get`.
    Get,
    /// `wrapKey`.
    Wrap,
    /// `unwrapKey`.
    Unwrap,
    /// Everything else: import, update, delete, recover, purge.
    Manage,
}

/// Whether something is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It is.
    Live,
    /// Deleted at this moment, and recoverable for its retention.
    Deleted(u64),
}

/// A vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "naive on purpose: each is a fact of its own"
)]
pub struct Vault {
    /// The group that holds it.
    pub group: Group,
    /// The tenant whose tokens it trusts (R13).
    pub trusts: Tenant,
    /// Whether it lies in the region of the resources (R7).
    pub same_region: bool,
    /// R14.
    pub purge_protection: bool,
    /// Judged by role assignments instead of policies (R9).
    pub role_mode: bool,
    /// Whether its firewall denies by default, and if so whether it lets the service through (R17).
    pub firewall: super::Fire,
    /// Who may do what.
    pub policies: BTreeMap<Party, BTreeSet<Permission>>,
    /// Live or deleted.
    pub life: Life,
    /// Whether it is kept outside the installation.
    pub outside: bool,
}

/// A version of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyVersion {
    /// Which imported key it is.
    pub material: u32,
    /// Its size.
    pub bits: u16,
    /// Whether it may be used at all.
    pub enabled: bool,
    /// From when on it wraps.
    pub not_before: Option<u64>,
    /// From when on it wraps no more.
    pub expires: Option<u64>,
}

/// A key with its versions, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The versions.
    pub versions: Vec<KeyVersion>,
    /// Live or deleted.
    pub life: Life,
}

/// A key version as a resource names it. Vault and key may be purged and made anew: the material tells
/// one version from another for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionOf {
    /// The vault.
    pub vault: u8,
    /// The key.
    pub key: u8,
    /// The imported key.
    pub material: u32,
}

/// What wraps a resource's newest generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kek {
    /// A service-managed key, by how many there were of this resource before it.
    Service(u32),
    /// A customer's key version.
    Customer(VersionOf),
}

/// What an object holds: every writing has a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    /// The number.
    pub number: u32,
    /// Whether it is larger than a chunk.
    pub large: bool,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The group that holds it.
    pub group: Group,
    /// Whether its tier has customer keys (R10).
    pub paid: bool,
    /// Its managed identity.
    pub identity: Option<Identity>,
    /// What wraps its newest generation.
    pub kek: Kek,
    /// How many service-managed keys it has had.
    pub service_keys: u32,
    /// How many generations its resource key has.
    pub generations: u32,
    /// Its objects, by path.
    pub objects: BTreeMap<u8, Content>,
    /// Live or deleted.
    pub life: Life,
}

/// A rule that the model gets wrong on purpose: the control of the harness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rigged {
    /// It takes a disabled key for one that still opens (against R17).
    DisabledKeysOpen,
    /// It lets a resource be created with a customer key (against R8).
    KeyAtCreation,
    /// It expects one unwrap more of a rotation (against I7).
    OneUseMore,
    /// It forgets an object that was written (against I3).
    Forgetful,
    /// It takes an identity made anew for the old one (against R12).
    SameIdentity,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// Milliseconds since the beginning.
    pub now: u64,
    /// The tenant of each subscription.
    pub subscriptions: BTreeMap<Subscription, Tenant>,
    /// The subscription of each group.
    pub groups: BTreeMap<Group, Subscription>,
    /// Vaults, by number; the last is the outside one.
    pub vaults: BTreeMap<u8, Vault>,
    /// Keys, by vault and number.
    pub keys: BTreeMap<(u8, u8), Key>,
    /// Resources, by number.
    pub resources: BTreeMap<u8, Resource>,
    /// How many identities were made.
    pub identities: u32,
    /// How many contents were written.
    pub contents: u32,
    /// How many keys were imported.
    pub materials: u32,
    /// What the model says of the last step.
    pub last: Answer,
    /// Whether the last step brought something to the end of its retention: the system sweeps it when
    /// it is opened anew.
    pub reopen: bool,
    /// A rule that it gets wrong.
    pub rigged: Option<Rigged>,
}

/// A day.
pub(super) const DAY: u64 = 24 * 3_600_000;
/// How long a deleted resource can be recovered.
pub(super) const RESOURCE_RETENTION: u64 = 2 * DAY;
/// How long deleted vaults and keys can be recovered, as the tests create them.
pub(super) const VAULT_RETENTION: u64 = 7 * DAY;
/// The number of the outside vault.
pub const OUTSIDE: u8 = 2;

impl World {
    /// Two tenants, their subscriptions and groups; an outside vault that is there already.
    #[must_use]
    pub fn new(rigged: Option<Rigged>) -> Self {
        let all = [
            Permission::Get,
            Permission::Wrap,
            Permission::Unwrap,
            Permission::Manage,
        ];
        let outside = Vault {
            group: Group(0),
            trusts: Tenant::Home,
            same_region: true,
            purge_protection: true,
            role_mode: false,
            firewall: super::Fire::Open,
            policies: BTreeMap::from([(Party::Person(Who::Admin), all.into())]),
            life: Life::Live,
            outside: true,
        };
        Self {
            now: 0,
            subscriptions: BTreeMap::from([
                (Subscription::First, Tenant::Home),
                (Subscription::Second, Tenant::Away),
            ]),
            groups: BTreeMap::from([
                (Group(0), Subscription::First),
                (Group(1), Subscription::Second),
                (Group(2), Subscription::First),
            ]),
            vaults: BTreeMap::from([(OUTSIDE, outside)]),
            keys: BTreeMap::new(),
            resources: BTreeMap::new(),
            identities: 0,
            contents: 0,
            materials: 0,
            last: Answer::DONE,
            reopen: false,
            rigged,
        }
    }

    /// The tenant that a group is in now.
    #[must_use]
    pub fn tenant_of(&self, group: Group) -> Tenant {
        self.groups
            .get(&group)
            .and_then(|subscription| self.subscriptions.get(subscription))
            .copied()
            .unwrap_or(Tenant::Home)
    }

    pub(super) fn rigged(&self, rigged: Rigged) -> bool {
        self.rigged == Some(rigged)
    }

    pub(super) fn new_identity(&mut self, home: Tenant) -> Identity {
        self.identities += 1;
        Identity {
            number: self.identities,
            home,
        }
    }
}
