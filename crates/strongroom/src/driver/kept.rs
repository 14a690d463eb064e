//! How the states of each machine are kept: under which id, and found by which index rows.

use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{Machine, PrincipalId, ResourceUid, SubscriptionId, TenantId};
use strongroom_crypto::keyring::Kek;
use strongroom_identity::{
    AccessList, AccessMachine, GroupMachine, GroupUid, Principal, PrincipalMachine, ResourceGroup,
    Scope, Subscription, SubscriptionMachine, Tenant, TenantMachine, assignee_key, group_name_key,
    principal_name_key, subscription_name_key, tenant_name_key,
};
use strongroom_ledger::{AggregateId, IndexRow};
use strongroom_resource::{Resource, ResourceMachine};
use strongroom_vault::key::{Key, KeyMachine};
use strongroom_vault::vault::{Vault, VaultMachine};
use strongroom_vault::{KeyName, VaultName};

use crate::Error;

/// A machine whose states lie in the ledger; no state is no row.
pub(crate) trait Kept: Machine<State = Option<Self::Stored>> {
    type Stored: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// What its aggregates are called.
    const KIND: &'static str;

    /// By what a state is found.
    fn index(stored: &Self::Stored) -> Vec<IndexRow>;
}

/// The names of the indexes.
pub(crate) mod index {
    /// Keys that are being made, by when that began.
    pub(crate) const ANNOUNCED: &str = "key.announced";
    /// Tenants by name.
    pub(crate) const TENANT_NAME: &str = "tenant.name";
    /// Subscriptions by tenant and name; two may share a name.
    pub(crate) const SUBSCRIPTION_NAME: &str = "subscription.name";
    /// Groups by subscription and name; unique.
    pub(crate) const GROUP_NAME: &str = "group.name";
    /// Users and applications by tenant and name; unique.
    pub(crate) const PRINCIPAL_NAME: &str = "principal.name";
    /// All principals of a tenant.
    pub(crate) const PRINCIPAL_HOME: &str = "principal.home";
    /// The access lists that name a principal.
    pub(crate) const ASSIGNEE: &str = "access.assignee";
    /// The vaults of a group.
    pub(crate) const VAULT_GROUP: &str = "vault.group";
    /// The vault of a uid; unique.
    pub(crate) const VAULT_UID: &str = "vault.uid";
    /// The keys of a vault.
    pub(crate) const KEY_VAULT: &str = "key.vault";
    /// The key that holds a piece of material; unique.
    pub(crate) const MATERIAL: &str = "key.material";
    /// Resources by group and name; unique.
    pub(crate) const RESOURCE_NAME: &str = "resource.name";
    /// The resource that a service-managed key belongs to; unique.
    pub(crate) const SERVICE_KEY: &str = "resource.service-key";
    /// The resources whose newest generation a customer's key version wraps (R16).
    pub(crate) const CUSTOMER_KEY: &str = "resource.customer-key";
    /// The resources that follow the latest version of their key (R16).
    pub(crate) const FOLLOWER: &str = "resource.follower";
}

impl Kept for TenantMachine {
    type Stored = Tenant;
    const KIND: &'static str = "tenant";

    fn index(tenant: &Tenant) -> Vec<IndexRow> {
        vec![IndexRow::shared(
            index::TENANT_NAME,
            tenant_name_key(&tenant.name),
        )]
    }
}

impl Kept for SubscriptionMachine {
    type Stored = Subscription;
    const KIND: &'static str = "subscription";

    fn index(subscription: &Subscription) -> Vec<IndexRow> {
        vec![IndexRow::shared(
            index::SUBSCRIPTION_NAME,
            subscription_name_key(subscription.tenant, &subscription.name),
        )]
    }
}

impl Kept for GroupMachine {
    type Stored = ResourceGroup;
    const KIND: &'static str = "group";

    fn index(group: &ResourceGroup) -> Vec<IndexRow> {
        vec![IndexRow::unique(
            index::GROUP_NAME,
            group_name_key(group.subscription, &group.name),
        )]
    }
}

impl Kept for PrincipalMachine {
    type Stored = Principal;
    const KIND: &'static str = "principal";

    fn index(principal: &Principal) -> Vec<IndexRow> {
        let home = format!("{}/{}", principal.home, principal.id);
        let mut rows = vec![IndexRow::unique(index::PRINCIPAL_HOME, home)];
        let name = principal_name_key(principal);
        rows.extend(name.map(|name| IndexRow::unique(index::PRINCIPAL_NAME, name)));
        rows
    }
}

impl Kept for AccessMachine {
    type Stored = AccessList;
    const KIND: &'static str = "access";

    fn index(list: &AccessList) -> Vec<IndexRow> {
        let assignees = list.assignments.keys();
        assignees
            .map(|principal| {
                IndexRow::unique(index::ASSIGNEE, assignee_key(*principal, &list.scope))
            })
            .collect()
    }
}

impl Kept for VaultMachine {
    type Stored = Vault;
    const KIND: &'static str = "vault";

    fn index(vault: &Vault) -> Vec<IndexRow> {
        let in_group = format!("{}/{}", vault.group, vault.name.lookup_key());
        vec![
            IndexRow::unique(index::VAULT_GROUP, in_group),
            IndexRow::unique(index::VAULT_UID, vault.uid.to_string()),
        ]
    }
}

impl Kept for KeyMachine {
    type Stored = Key;
    const KIND: &'static str = "key";

    fn index(key: &Key) -> Vec<IndexRow> {
        let in_vault = format!("{}/{}", key.vault.lookup_key(), key.name.lookup_key());
        let material = key.versions.iter().map(|version| version.material);
        [IndexRow::unique(index::KEY_VAULT, in_vault)]
            .into_iter()
            .chain(material.map(|one| IndexRow::unique(index::MATERIAL, one.to_string())))
            .collect()
    }
}

impl Kept for ResourceMachine {
    type Stored = Resource;
    const KIND: &'static str = "resource";

    fn index(resource: &Resource) -> Vec<IndexRow> {
        let name = resource_name_key(resource.group, resource.name.as_str());
        let service_keys = resource.service_keys().into_iter();
        let customer_key = match resource.kek() {
            Some(Kek::CustomerManaged { kid, .. }) => Some(kid.to_ascii_lowercase()),
            Some(Kek::ServiceManaged { .. }) | None => None,
        };
        let follower = resource.follows.then(|| resource.uid.to_string());
        [IndexRow::unique(index::RESOURCE_NAME, name)]
            .into_iter()
            .chain(service_keys.map(|key| IndexRow::unique(index::SERVICE_KEY, key.to_string())))
            .chain(customer_key.map(|kid| IndexRow::shared(index::CUSTOMER_KEY, kid)))
            .chain(follower.map(|uid| IndexRow::shared(index::FOLLOWER, uid)))
            .collect()
    }
}

/// A resource's place in the index of names. ARM compares names without regard to case.
pub(crate) fn resource_name_key(group: GroupUid, name: &str) -> String {
    format!("{group}/{}", name.to_ascii_lowercase())
}

pub(crate) fn tenant_id(id: TenantId) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(TenantMachine::KIND, &id.to_string())?)
}

pub(crate) fn subscription_id(id: SubscriptionId) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(
        SubscriptionMachine::KIND,
        &id.to_string(),
    )?)
}

pub(crate) fn group_id(uid: GroupUid) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(GroupMachine::KIND, &uid.to_string())?)
}

pub(crate) fn principal_id(id: PrincipalId) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(PrincipalMachine::KIND, &id.to_string())?)
}

pub(crate) fn access_id(scope: &Scope) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(AccessMachine::KIND, &scope.to_string())?)
}

pub(crate) fn vault_id(name: &VaultName) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(VaultMachine::KIND, &name.lookup_key())?)
}

pub(crate) fn key_id(vault: &VaultName, name: &KeyName) -> Result<AggregateId, Error> {
    let key = format!("{}/{}", vault.lookup_key(), name.lookup_key());
    Ok(AggregateId::new(KeyMachine::KIND, &key)?)
}

pub(crate) fn resource_id(uid: ResourceUid) -> Result<AggregateId, Error> {
    Ok(AggregateId::new(ResourceMachine::KIND, &uid.to_string())?)
}
