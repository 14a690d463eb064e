//! What a provider brings to be checked.

use std::collections::BTreeSet;

use async_trait::async_trait;
use strongroom_base::Timestamp;

use crate::{Caller, Denial, KeyOperation, KeyPermission, KeyVault, KeyVersionId};

/// Makes vaults to check.
#[async_trait]
pub trait Bench: Send + Sync {
    /// A fresh, live vault with one RSA key of 2048 bits and two versions of it, enabled, without
    /// not-before or expiry and with all `key_ops`; and a caller, through the firewall as a trusted
    /// service, permitted `get`, `wrapKey`, `unwrapKey`, `encrypt` and `decrypt`.
    async fn rig(&self) -> Box<dyn Rig>;

    /// The denial by which this provider tells a cause, where its vault's own answers do not tell
    /// two causes apart; `expected` where they do.
    fn told_as(&self, expected: Denial) -> Denial {
        expected
    }
}

/// One vault under check.
#[async_trait]
pub trait Rig: Send + Sync {
    /// The vault.
    fn vault(&self) -> &dyn KeyVault;

    /// Who asks.
    fn caller(&self) -> Caller;

    /// The versions of the key, older first.
    fn versions(&self) -> [KeyVersionId; 2];

    /// The vault's time.
    fn now(&self) -> Timestamp;

    /// Brings a circumstance about, on top of those before; `false` if this provider has no way to.
    async fn arrange(&self, circumstance: Circumstance) -> bool;

    /// How many operations the vault has recorded, if it can be asked (R18).
    fn recorded(&self) -> Option<usize>;
}

/// Something that a check wants to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a provider must bring about each, or say that it cannot"
)]
pub enum Circumstance {
    /// The caller's identity is out of its directory.
    IdentityGone,
    /// The caller's identity was left behind in another tenant.
    IdentityLeftBehind,
    /// The vault trusts another tenant.
    OtherTenantTrusted,
    /// The vault is deleted.
    VaultDeleted,
    /// The vault is purged.
    VaultPurged,
    /// The firewall denies by default.
    FirewallDenies {
        /// Whether trusted services pass all the same.
        bypass: bool,
    },
    /// The caller is not granted one of its permissions.
    Revoked(KeyPermission),
    /// Role assignments judge, and the caller has none.
    RoleModeWithoutRoles,
    /// Role assignments judge, and give the caller all that the policies gave.
    RoleModeWithRoles,
    /// Both versions have these attributes.
    Attributes(Attributes),
    /// The key is deleted.
    KeyDeleted,
    /// The key is purged.
    KeyPurged,
    /// The key is of another type that wraps nothing: EC P-256.
    EllipticCurve,
    /// Nobody answers, from here on.
    Unreachable,
    /// The vault does its work, and the answer is lost: it cannot be recorded, or not be read.
    AnswerLost,
    /// The vault is asked too often.
    Throttled,
}

/// Attributes of both versions of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a provider must set each")]
pub struct Attributes {
    /// Whether they may be used at all.
    pub enabled: bool,
    /// From when on they make something new.
    pub not_before: Option<Timestamp>,
    /// From when on they make nothing new.
    pub expires: Option<Timestamp>,
    /// What they may be used for.
    pub operations: BTreeSet<KeyOperation>,
}

impl Default for Attributes {
    /// Enabled, for ever, for everything.
    fn default() -> Self {
        Self {
            enabled: true,
            not_before: None,
            expires: None,
            operations: KeyOperation::ALL.iter().copied().collect(),
        }
    }
}

/// A check that a provider had no way to run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// The circumstance that could not be brought about.
    pub circumstance: Circumstance,
}

/// Brings a circumstance about or says what is skipped.
pub(super) async fn arranged(rig: &dyn Rig, circumstance: Circumstance) -> Result<(), Skipped> {
    if rig.arrange(circumstance.clone()).await {
        Ok(())
    } else {
        Err(Skipped { circumstance })
    }
}
