//! How a vault judges, whom it lets in, and what comes back of what is deleted in it.

/// What judges the callers of a vault (`enableRbacAuthorization`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "the rules must judge each")]
pub enum Authorization {
    /// Its access policies.
    AccessPolicies,
    /// Role assignments.
    Roles,
}

/// Who may reach a vault (`networkAcls`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", deny_unknown_fields)
)]
#[expect(clippy::exhaustive_structs, reason = "ARM has these two")]
pub struct Firewall {
    /// What happens to callers that nothing lets through.
    pub default_action: DefaultAction,
    /// Who is let through all the same.
    pub bypass: Bypass,
}

impl Firewall {
    /// Open to all, as a vault is created by default.
    pub const OPEN: Self = Self {
        default_action: DefaultAction::Allow,
        bypass: Bypass::AzureServices,
    };
}

/// What a firewall does with callers that nothing lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "ARM has these two")]
pub enum DefaultAction {
    /// Lets them in.
    Allow,
    /// Keeps them out.
    Deny,
}

/// Whom a firewall lets through whatever its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[expect(clippy::exhaustive_enums, reason = "ARM has these two")]
pub enum Bypass {
    /// Trusted services, such as the one that keeps the customer's resources.
    AzureServices,
    /// Nobody.
    None,
}

/// Whether what is deleted in a vault comes back, by Azure's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "R14 must judge each")]
pub enum RecoveryLevel {
    /// A deletion is final: the vault has no soft delete. Only a remote vault can be so.
    Purgeable,
    /// 90 days, but it can be purged before.
    RecoverablePurgeable,
    /// 90 days, with purge protection.
    Recoverable,
    /// 7 to 89 days, but it can be purged before.
    CustomizedRecoverablePurgeable,
    /// 7 to 89 days, with purge protection.
    CustomizedRecoverable,
}

impl RecoveryLevel {
    /// Whether both soft delete and purge protection are on, as R14 wants.
    #[must_use]
    pub const fn purge_protected(self) -> bool {
        match self {
            Self::Recoverable | Self::CustomizedRecoverable => true,
            Self::Purgeable | Self::RecoverablePurgeable | Self::CustomizedRecoverablePurgeable => {
                false
            }
        }
    }

    /// Azure's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purgeable => "Purgeable",
            Self::RecoverablePurgeable => "Recoverable+Purgeable",
            Self::Recoverable => "Recoverable",
            Self::CustomizedRecoverablePurgeable => "CustomizedRecoverable+Purgeable",
            Self::CustomizedRecoverable => "CustomizedRecoverable",
        }
    }
}
