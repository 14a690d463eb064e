//! What can be asked for, by the names of Azure's resource provider operations.

use core::fmt;

/// How roles look at an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Shows properties.
    Read,
    /// Changes properties, or creates, moves and deletes.
    Manage,
    /// Reads the data in an account.
    DataRead,
    /// Changes the data in an account.
    DataWrite,
    /// Touches the keys of a vault in role mode.
    Key,
    /// Changes who may do what.
    Rights,
    /// Changes the directory, or leaves it.
    Directory,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident;)+) => {
        /// Something that a caller wants to do at a scope. It prints as Azure names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Action {$($(#[$doc])* $name,)+}

        impl Action {
            /// All actions.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name of the operation.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$name => $text,)+}
            }

            pub(crate) const fn class(self) -> Class {
                match self {$(Self::$name => Class::$class,)+}
            }
        }
    };
}

actions! {
    /// See a resource.
    AccountsRead = "Microsoft.CognitiveServices/accounts/read", Read;
    /// Create, update or recover a resource; its identity and encryption are part of it.
    AccountsWrite = "Microsoft.CognitiveServices/accounts/write", Manage;
    /// Delete a resource.
    AccountsDelete = "Microsoft.CognitiveServices/accounts/delete", Manage;
    /// Purge a deleted resource.
    DeletedAccountsPurge =
        "Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts/delete", Manage;
    /// Read a resource's data. The name of a data action of Strongroom's own.
    ObjectsRead = "Microsoft.CognitiveServices/accounts/objects/read", DataRead;
    /// Write a resource's data. The name of a data action of Strongroom's own.
    ObjectsWrite = "Microsoft.CognitiveServices/accounts/objects/write", DataWrite;
    /// Delete a resource's data. The name of a data action of Strongroom's own.
    ObjectsDelete = "Microsoft.CognitiveServices/accounts/objects/delete", DataWrite;

    /// See a vault.
    VaultsRead = "Microsoft.KeyVault/vaults/read", Read;
    /// Create, update or recover a vault. An update may replace its access policies.
    VaultsWrite = "Microsoft.KeyVault/vaults/write", Manage;
    /// Delete a vault.
    VaultsDelete = "Microsoft.KeyVault/vaults/delete", Manage;
    /// Change a vault's access policies.
    AccessPoliciesWrite = "Microsoft.KeyVault/vaults/accessPolicies/write", Manage;
    /// See a deleted vault.
    DeletedVaultsRead = "Microsoft.KeyVault/locations/deletedVaults/read", Read;
    /// Purge a deleted vault.
    DeletedVaultsPurge = "Microsoft.KeyVault/locations/deletedVaults/purge/action", Manage;

    /// See the keys of a vault in role mode.
    KeysRead = "Microsoft.KeyVault/vaults/keys/read", Key;
    /// Create a key.
    KeysCreate = "Microsoft.KeyVault/vaults/keys/create/action", Key;
    /// Import a key.
    KeysImport = "Microsoft.KeyVault/vaults/keys/import/action", Key;
    /// Change a key's attributes.
    KeysUpdate = "Microsoft.KeyVault/vaults/keys/update/action", Key;
    /// Add a version by the key's own policy.
    KeysRotate = "Microsoft.KeyVault/vaults/keys/rotate/action", Key;
    /// Delete a key.
    KeysDelete = "Microsoft.KeyVault/vaults/keys/delete", Key;
    /// Recover a deleted key.
    KeysRecover = "Microsoft.KeyVault/vaults/keys/recover/action", Key;
    /// Purge a deleted key.
    KeysPurge = "Microsoft.KeyVault/vaults/keys/purge/action", Key;
    /// Encrypt with a key.
    KeysEncrypt = "Microsoft.KeyVault/vaults/keys/encrypt/action", Key;
    /// Decrypt with a key.
    KeysDecrypt = "Microsoft.KeyVault/vaults/keys/decrypt/action", Key;
    /// Wrap with a key.
    KeysWrap = "Microsoft.KeyVault/vaults/keys/wrap/action", Key;
    /// Unwrap with a key.
    KeysUnwrap = "Microsoft.KeyVault/vaults/keys/unwrap/action", Key;

    /// See a resource group.
    GroupsRead = "Microsoft.Resources/subscriptions/resourceGroups/read", Read;
    /// Create a resource group, or move something into one.
    GroupsWrite = "Microsoft.Resources/subscriptions/resourceGroups/write", Manage;
    /// Move something out of a resource group, or the group.
    GroupsMove = "Microsoft.Resources/subscriptions/resourceGroups/moveResources/action", Manage;

    /// See a subscription.
    SubscriptionsRead = "Microsoft.Resources/subscriptions/read", Read;
    /// Create a subscription in a tenant, or move one into it.
    SubscriptionsWrite = "Microsoft.Subscription/aliases/write", Manage;
    /// Rename a subscription.
    SubscriptionsRename = "Microsoft.Subscription/rename/action", Manage;
    /// Disable a subscription.
    SubscriptionsCancel = "Microsoft.Subscription/cancel/action", Manage;
    /// Enable a disabled subscription.
    SubscriptionsEnable = "Microsoft.Subscription/enable/action", Manage;
    /// Take something out of its tenant: Azure asks for an Owner.
    TenantChange = "Microsoft.Subscription/changeTenantRequest/write", Directory;

    /// See a tenant.
    TenantsRead = "Microsoft.Resources/tenants/read", Read;
    /// Create another tenant, from one's own.
    TenantsCreate = "microsoft.directory/tenantManagement/tenants/create", Directory;

    /// See who may do what.
    RoleAssignmentsRead = "Microsoft.Authorization/roleAssignments/read", Read;
    /// Assign a role.
    RoleAssignmentsWrite = "Microsoft.Authorization/roleAssignments/write", Rights;
    /// Remove a role assignment.
    RoleAssignmentsDelete = "Microsoft.Authorization/roleAssignments/delete", Rights;

    /// See the principals of a tenant. One name for users and service principals alike.
    PrincipalsRead = "microsoft.directory/servicePrincipals/standard/read", Read;
    /// Register a user or an application.
    PrincipalsCreate = "microsoft.directory/servicePrincipals/create", Directory;
    /// Enable a principal.
    PrincipalsEnable = "microsoft.directory/servicePrincipals/enable", Directory;
    /// Disable a principal.
    PrincipalsDisable = "microsoft.directory/servicePrincipals/disable", Directory;
    /// Delete a principal.
    PrincipalsDelete = "microsoft.directory/servicePrincipals/delete", Directory;

    /// Read a tenant's audit (R18).
    AuditRead = "Microsoft.Insights/eventtypes/management/values/read", Read;
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An operation that no action has the name of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an operation that Strongroom knows")]
pub struct UnknownAction {
    text: String,
}

/// By the operation's name, which ARM compares without regard to case.
impl core::str::FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let found = Self::ALL
            .iter()
            .find(|action| action.as_str().eq_ignore_ascii_case(text));
        found.copied().ok_or_else(|| UnknownAction {
            text: text.to_owned(),
        })
    }
}
