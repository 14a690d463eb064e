//! What can be asked of vaults.

use std::collections::BTreeSet;

use clap::{Args, Subcommand, ValueEnum};
use strongroom::{
    AppId, Authorization, Bypass, DefaultAction, Firewall, InvalidRetention, KeyPermission,
    RetentionDays, UnknownWord, VaultName, VaultUpdate,
};
use strongroom_base::{PrincipalId, ResourceName, TenantId};

use super::resource::Destination;

#[derive(Debug, Subcommand)]
pub(crate) enum Vault {
    /// Creates a vault; soft delete is always on (R14).
    Create(VaultCreate),
    /// Shows a vault.
    Show(VaultNamed),
    /// Lists the vaults that you may see, deleted ones too.
    List,
    /// Changes properties of a vault.
    Update(VaultUpdateArgs),
    /// Deletes a vault: nothing that its keys wrap can be read until it is recovered (R17).
    Delete(VaultNamed),
    /// Recovers a deleted vault, as it was.
    Recover(VaultNamed),
    /// Destroys a deleted vault and its keys for good.
    Purge(VaultNamed),
    /// Moves a vault to another resource group; the tenant that it trusts stays (R13).
    Move(VaultMove),
    /// Lets somebody use the keys of a vault (R9).
    Grant(VaultGrant),
    /// Takes permissions away; without --key-permissions, all of them (R17).
    Revoke(VaultRevoke),
    /// Says who may reach a vault (R17).
    Firewall(VaultFirewall),
}

#[derive(Debug, Args)]
pub(crate) struct VaultNamed {
    /// The vault's name.
    pub(crate) vault: VaultName,
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that Azure has"
)]
pub(crate) struct VaultCreate {
    /// Its name, unique everywhere.
    pub(crate) vault: VaultName,

    /// Its region, for good (R7); by default the installation's first.
    #[arg(long, value_name = "REGION")]
    pub(crate) location: Option<String>,

    /// For how many days what is deleted can be recovered, for good: 7 to 90.
    #[arg(long, value_name = "DAYS", value_parser = retention, default_value = "90")]
    pub(crate) retention_days: RetentionDays,

    /// Lets nothing be purged before that, for good (R14).
    #[arg(long, visible_alias = "enable-purge-protection", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true")]
    pub(crate) purge_protection: bool,

    /// Azure's `enableSoftDelete`: it cannot be off (R14).
    #[arg(long, visible_alias = "enable-soft-delete", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_value = "true", default_missing_value = "true")]
    pub(crate) soft_delete: bool,

    /// Judges callers by role assignments instead of access policies (R9).
    #[arg(long, visible_alias = "enable-rbac-authorization", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true")]
    pub(crate) rbac: bool,

    #[command(flatten)]
    pub(crate) acl: Acl,

    /// Grants nothing to whoever creates it; by default they may do everything with its keys.
    #[arg(long)]
    pub(crate) no_self_perms: bool,
}

/// Who may reach a vault.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Acl {
    /// What happens to callers that nothing lets through.
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) default_action: Option<ByDefault>,

    /// Who is let through all the same.
    #[arg(long, value_enum, ignore_case = true)]
    pub(crate) bypass: Option<Through>,
}

impl Acl {
    /// What it makes of a firewall.
    pub(crate) fn over(self, firewall: Firewall) -> Firewall {
        Firewall {
            default_action: self.default_action().unwrap_or(firewall.default_action),
            bypass: self.bypass().unwrap_or(firewall.bypass),
        }
    }

    pub(crate) fn default_action(self) -> Option<DefaultAction> {
        self.default_action.map(|action| match action {
            ByDefault::Allow => DefaultAction::Allow,
            ByDefault::Deny => DefaultAction::Deny,
        })
    }

    pub(crate) fn bypass(self) -> Option<Bypass> {
        self.bypass.map(|bypass| match bypass {
            Through::AzureServices => Bypass::AzureServices,
            Through::None => Bypass::None,
        })
    }
}

/// What a firewall does by default, by Azure's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ByDefault {
    /// Lets everybody in.
    #[value(name = "Allow")]
    Allow,
    /// Keeps everybody out.
    #[value(name = "Deny")]
    Deny,
}

/// Whom a firewall lets through whatever its default, by Azure's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Through {
    /// The service, on behalf of resources.
    #[value(name = "AzureServices")]
    AzureServices,
    /// Nobody.
    #[value(name = "None")]
    None,
}

#[derive(Debug, Args)]
pub(crate) struct VaultUpdateArgs {
    /// The vault's name.
    pub(crate) vault: VaultName,

    /// Lets nothing be purged before its retention ends: for good (R14).
    #[arg(long, visible_alias = "enable-purge-protection", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub(crate) purge_protection: Option<bool>,

    /// Azure's `enableSoftDelete`: it cannot be turned off (R14).
    #[arg(long, visible_alias = "enable-soft-delete", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub(crate) soft_delete: Option<bool>,

    /// The tenant to trust from now on: the access policies are dropped (R13).
    #[arg(long)]
    pub(crate) tenant: Option<TenantId>,

    /// Whether role assignments judge callers instead of access policies (R9).
    #[arg(long, visible_alias = "enable-rbac-authorization", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub(crate) rbac: Option<bool>,
}

impl VaultUpdateArgs {
    pub(crate) fn update(self) -> (VaultName, VaultUpdate) {
        let Self {
            vault,
            purge_protection,
            soft_delete,
            tenant,
            rbac,
        } = self;
        let update = VaultUpdate {
            purge_protection,
            soft_delete,
            tenant,
            authorization: rbac.map(authorization),
            ..VaultUpdate::default()
        };
        (vault, update)
    }
}

/// What judges callers, given whether role assignments do.
pub(crate) fn authorization(rbac: bool) -> Authorization {
    if rbac {
        Authorization::Roles
    } else {
        Authorization::AccessPolicies
    }
}

#[derive(Debug, Args)]
pub(crate) struct VaultMove {
    /// The vault's name.
    pub(crate) vault: VaultName,

    #[command(flatten)]
    pub(crate) destination: Destination,
}

#[derive(Debug, Args)]
pub(crate) struct VaultGrant {
    /// The vault's name.
    pub(crate) vault: VaultName,

    #[command(flatten)]
    pub(crate) grantee: GranteeArgs,

    /// What they may do with keys, as get,list, or `all`; what a resource needs by default.
    #[arg(long, value_delimiter = ',', value_parser = permissions,
        required_unless_present = "resource", value_name = "PERMISSIONS")]
    pub(crate) key_permissions: Vec<BTreeSet<KeyPermission>>,

    /// Sets their permissions instead of adding to them.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VaultRevoke {
    /// The vault's name.
    pub(crate) vault: VaultName,

    #[command(flatten)]
    pub(crate) grantee: GranteeArgs,

    /// What they may no longer do with keys; by default, everything.
    #[arg(long, value_delimiter = ',', value_parser = permissions, value_name = "PERMISSIONS")]
    pub(crate) key_permissions: Vec<BTreeSet<KeyPermission>>,
}

/// Whom a policy is for.
#[derive(Clone, Debug, Args)]
pub(crate) struct GranteeArgs {
    /// The object id of a principal of the tenant that the vault trusts.
    #[arg(
        long,
        required_unless_present = "resource",
        conflicts_with = "resource"
    )]
    pub(crate) object_id: Option<PrincipalId>,

    /// The application through which alone it may act; such an entry counts for no resource (R9).
    #[arg(long, requires = "object_id")]
    pub(crate) application_id: Option<AppId>,

    /// The managed identity of this resource.
    #[arg(long, value_name = "NAME")]
    pub(crate) resource: Option<ResourceName>,
}

#[derive(Debug, Args)]
pub(crate) struct VaultFirewall {
    /// The vault's name.
    pub(crate) vault: VaultName,

    #[command(flatten)]
    pub(crate) acl: Acl,
}

fn permissions(text: &str) -> Result<BTreeSet<KeyPermission>, UnknownWord> {
    KeyPermission::parse_set(text)
}

fn retention(text: &str) -> Result<RetentionDays, RetentionError> {
    let days: u16 = text.parse().map_err(|_| RetentionError::Number)?;
    Ok(days.try_into()?)
}

#[derive(Debug, thiserror::Error)]
enum RetentionError {
    #[error("give a number of days, from 7 to 90")]
    Number,
    #[error(transparent)]
    Days(#[from] InvalidRetention),
}
