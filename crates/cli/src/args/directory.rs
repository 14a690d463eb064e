//! What can be asked of the directory: tenants, subscriptions, groups, principals and roles.

use clap::{Args, Subcommand, ValueEnum};
use strongroom::{DisplayName, NewPrincipal, Role as RoleName, Scope, VaultName};
use strongroom_base::{ResourceGroupName, TenantId};

#[derive(Debug, Subcommand)]
pub(crate) enum Tenant {
    /// Creates a tenant; whoever creates it becomes Owner at its root.
    Create {
        /// Its name.
        name: DisplayName,
    },
    /// Lists the tenants that you may see.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Subscription {
    /// Creates a subscription in a tenant.
    Create {
        /// Its name.
        name: DisplayName,
        /// The tenant; by default that of whoever asks.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
    /// Lists the subscriptions that you may see.
    List,
    /// Moves a subscription, with all that it holds, to another tenant; identities stay behind (R13).
    Move {
        /// The subscription's name or id.
        name: String,
        /// Where to.
        #[arg(long)]
        tenant: TenantId,
    },
    /// Gives a subscription another name.
    Rename {
        /// The subscription's name or id.
        name: String,
        /// Its new name.
        #[arg(long = "name", value_name = "NAME")]
        to: DisplayName,
    },
    /// Lets new things be made in a subscription again.
    Enable {
        /// The subscription's name or id.
        name: String,
    },
    /// Lets nothing new be made in a subscription.
    Disable {
        /// The subscription's name or id.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Creates a resource group, in the subscription that --subscription names.
    Create {
        /// Its name.
        name: ResourceGroupName,
    },
    /// Lists the resource groups that you may see; with --subscription, its own alone.
    List,
    /// Moves a resource group, with all that it holds, to another subscription.
    Move {
        /// The group's name or uid.
        name: String,
        /// Where to: a subscription's name or id.
        #[arg(long, value_name = "SUBSCRIPTION")]
        destination_subscription: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Principal {
    /// Registers a user or an application.
    Create {
        /// Its name, unique in its tenant.
        name: DisplayName,
        /// The tenant; by default that of whoever asks.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// What it is.
        #[arg(long, value_enum, default_value_t = Kind::User)]
        kind: Kind,
    },
    /// Lists the principals of a tenant, managed identities too.
    List {
        /// The tenant; by default that of whoever asks.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
    /// Lets a principal authenticate again.
    Enable(PrincipalNamed),
    /// Lets a principal authenticate no more.
    Disable(PrincipalNamed),
    /// Deletes a user or an application for good.
    Delete(PrincipalNamed),
}

#[derive(Debug, Args)]
pub(crate) struct PrincipalNamed {
    /// The principal's object id or name.
    pub(crate) principal: String,
}

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A person.
    User,
    /// An application.
    Application,
}

impl From<Kind> for NewPrincipal {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::User => Self::User,
            Kind::Application => Self::Application,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// Assigns a role at a scope: it holds there and for everything below.
    Assign(RoleAssignment),
    /// Removes a role assignment.
    Remove(RoleAssignment),
    /// Lists who holds which role at a scope, there or from above.
    List(RoleScope),
}

#[derive(Debug, Args)]
pub(crate) struct RoleAssignment {
    /// The role, such as `Reader`, `Owner` or `Key Vault Crypto Service Encryption User`.
    pub(crate) role: RoleName,

    /// The principal's object id or name.
    #[arg(long, value_name = "PRINCIPAL")]
    pub(crate) assignee: String,

    #[command(flatten)]
    pub(crate) scope: RoleScope,
}

/// Where: besides these, --group and --subscription name a scope; by default it is the group.
#[derive(Debug, Args)]
pub(crate) struct RoleScope {
    /// The scope as errors print it: `group.UID` and the like.
    #[arg(long, conflicts_with_all = ["tenant", "resource", "vault"])]
    pub(crate) scope: Option<Scope>,

    /// The root of this tenant.
    #[arg(long, conflicts_with_all = ["resource", "vault"])]
    pub(crate) tenant: Option<TenantId>,

    /// This resource, by its name in the group or its uid.
    #[arg(long, value_name = "NAME", conflicts_with = "vault")]
    pub(crate) resource: Option<String>,

    /// This vault.
    #[arg(long, value_name = "NAME")]
    pub(crate) vault: Option<VaultName>,
}
