//! A resource as it is shown.

use strongroom_base::{
    PrincipalId, Region, ResourceGroupName, ResourceName, ResourceUid, SubscriptionId, TenantId,
    Timestamp,
};
use strongroom_crypto::WrapAlgorithm;
use strongroom_crypto::keyring::Kek;
use strongroom_crypto::object::BindingMode;
use strongroom_identity::{IdentityStanding, ResourceGroup};
use strongroom_resource::{ChangeKind, Inaccessible, Life, Resource, Step, Tier};

use super::request::{arm_id, key_name};
use crate::directory::Site;

/// The state of a resource, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceView {
    /// Its ARM id, which changes with a move.
    pub id: String,
    /// Its uid, which never changes.
    pub uid: ResourceUid,
    /// Its name.
    pub name: ResourceName,
    /// The tenant that it is in now.
    pub tenant: TenantId,
    /// Its subscription.
    pub subscription: Option<SubscriptionId>,
    /// Its resource group.
    pub group: Option<ResourceGroupName>,
    /// Its region.
    pub region: Region,
    /// Its pricing tier.
    pub tier: Tier,
    /// What its objects are bound to.
    pub binding: BindingMode,
    /// When it was created.
    pub created: Timestamp,
    /// Whether its data can be used.
    pub state: ResourceState,
    /// Its managed identity.
    pub identity: IdentityView,
    /// Who holds the key-encryption key.
    pub encryption: EncryptionView,
}

/// Whether a resource's data can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourceState {
    /// It can, as far as was found when its key was last asked for.
    Active,
    /// It cannot: whoever holds the key, or the directory, says no. It heals by itself (R17).
    Inaccessible(Inaccessible),
    /// It can again once the resource is recovered.
    Deleted {
        /// When it was deleted.
        at: Timestamp,
        /// When it will be purged.
        purge_at: Timestamp,
    },
    /// Never again.
    Purging,
}

/// The managed identity of a resource (R12, R13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityView {
    /// There is none.
    Off,
    /// It is at home.
    On {
        /// Its object id.
        principal: PrincipalId,
        /// Its tenant.
        tenant: TenantId,
    },
    /// A move left it behind in another tenant.
    LeftBehind {
        /// Its object id.
        principal: PrincipalId,
        /// The tenant where it stayed.
        home: TenantId,
    },
}

/// Who holds the key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncryptionView {
    /// Whose key it is.
    pub source: KeySource,
    /// How many generations of the resource key there are.
    pub generations: usize,
    /// A change that is under way.
    pub change: Option<ChangeView>,
    /// Service-managed keys that are not erased yet.
    pub erasing: usize,
}

/// Whose key wraps the newest generation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// The service made it and keeps it, for this resource alone (R4).
    ServiceManaged {
        /// The key's id.
        key: String,
    },
    /// A customer holds it in a vault (R5).
    CustomerManaged {
        /// The URI of the key version.
        key: String,
        /// How it wraps.
        algorithm: WrapAlgorithm,
        /// Whether the resource follows the latest version of the key (R16).
        follows: bool,
    },
}

/// A change of key that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChangeView {
    /// What it is.
    pub kind: ChangeKind,
    /// How far it is.
    pub step: &'static str,
    /// When it began.
    pub began: Timestamp,
}

impl ResourceView {
    pub(crate) fn of(resource: &Resource, site: &Site) -> Self {
        let state = match resource.life {
            Life::Active => resource
                .inaccessible
                .map_or(ResourceState::Active, ResourceState::Inaccessible),
            Life::Deleted { at, purge_at, .. } => ResourceState::Deleted { at, purge_at },
            Life::Purging => ResourceState::Purging,
        };
        let identity = match resource.identity.standing(site.tenant()) {
            IdentityStanding::Off => IdentityView::Off,
            IdentityStanding::On { principal } => IdentityView::On {
                principal,
                tenant: site.tenant(),
            },
            IdentityStanding::LeftBehind {
                principal, home, ..
            } => IdentityView::LeftBehind { principal, home },
        };
        Self {
            id: arm_id(site, resource.name.as_str()),
            uid: resource.uid,
            name: resource.name.clone(),
            tenant: site.tenant(),
            subscription: site.group().map(|group: &ResourceGroup| group.subscription),
            group: site.group().map(|group| group.name.clone()),
            region: resource.region.clone(),
            tier: resource.tier,
            binding: resource.binding,
            created: resource.created,
            state,
            identity,
            encryption: EncryptionView::of(resource),
        }
    }
}

impl EncryptionView {
    fn of(resource: &Resource) -> Self {
        let source = match resource.kek() {
            Some(Kek::CustomerManaged { kid, algorithm }) => KeySource::CustomerManaged {
                key: kid.clone(),
                algorithm: *algorithm,
                follows: resource.follows,
            },
            Some(Kek::ServiceManaged { .. }) | None => KeySource::ServiceManaged {
                key: key_name(resource),
            },
        };
        let change = resource.change.as_deref().map(|change| ChangeView {
            kind: change.kind,
            step: match change.step {
                Step::Preparing => "preparing",
                Step::Proven { .. } => "proven",
                Step::Undoing => "undoing",
            },
            began: change.began,
        });
        Self {
            source,
            generations: resource.keyring.records().len(),
            change,
            erasing: resource.erasing.len(),
        }
    }
}
