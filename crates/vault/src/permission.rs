//! What a caller may be permitted to do with keys, and what a key permits to be done with it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use strongroom_identity::Action;

/// A word that is not one of those expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind}: expected one of {expected}")]
pub struct UnknownWord {
    kind: &'static str,
    expected: String,
    text: String,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $kind:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[expect(clippy::exhaustive_enums, reason = "each has its own meaning to the rules")]
        pub enum $name {
            $($(#[$variant_doc])* #[cfg_attr(feature = "serde", serde(rename = $word))] $variant,)+
        }

        impl $name {
            /// All of them, in the order in which Azure lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Azure's word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// Reads Azure's word in any letter case.
        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|word| word.as_str().eq_ignore_ascii_case(text))
                    .ok_or_else(|| UnknownWord {
                        kind: $kind,
                        expected: Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "),
                        text: text.to_owned(),
                    })
            }
        }
    )+};
}

words! {
    /// What an access policy can permit with the keys of a vault, by Azure's names.
    KeyPermission = "key permission" {
        /// Read a key's public half and attributes.
        Get = "get",
        /// List keys and versions.
        List = "list",
        /// Make a key, or a version of one.
        Create = "create",
        /// Bring a key along.
        Import = "import",
        /// Change attributes: enable, disable, not-before, expiry, operations.
        Update = "update",
        /// Delete a key with all its versions; recoverable.
        Delete = "delete",
        /// Bring a deleted key back.
        Recover = "recover",
        /// Destroy a deleted key.
        Purge = "purge",
        /// Take a protected copy out.
        Backup = "backup",
        /// Put a protected copy back.
        Restore = "restore",
        /// Encrypt bytes.
        Encrypt = "encrypt",
        /// Decrypt bytes.
        Decrypt = "decrypt",
        /// Sign a digest.
        Sign = "sign",
        /// Verify a signature.
        Verify = "verify",
        /// Wrap a key.
        WrapKey = "wrapKey",
        /// Unwrap a key.
        UnwrapKey = "unwrapKey",
        /// Add a version of the same kind.
        Rotate = "rotate",
        /// Read the rotation policy.
        GetRotationPolicy = "getrotationpolicy",
        /// Set the rotation policy.
        SetRotationPolicy = "setrotationpolicy",
        /// Release an exportable key.
        Release = "release",
    }
    /// What a key version may be used for (`key_ops`; RFC 7517 §4.3).
    KeyOperation = "key operation" {
        /// Encrypt bytes.
        Encrypt = "encrypt",
        /// Decrypt bytes.
        Decrypt = "decrypt",
        /// Sign a digest.
        Sign = "sign",
        /// Verify a signature.
        Verify = "verify",
        /// Wrap a key.
        WrapKey = "wrapKey",
        /// Unwrap a key.
        UnwrapKey = "unwrapKey",
    }
}

impl KeyPermission {
    /// What the identity of a resource needs of the vault that holds its key (R9).
    pub const NEEDED_BY_RESOURCES: [Self; 3] = [Self::Get, Self::WrapKey, Self::UnwrapKey];

    /// The action that grants it in role mode. The house has no signing, backup or release, so their
    /// permissions are granted by policies alone; the right to set a rotation policy is that to
    /// rotate.
    #[must_use]
    pub const fn action(self) -> Option<Action> {
        match self {
            Self::Get | Self::List | Self::GetRotationPolicy => Some(Action::KeysRead),
            Self::Create => Some(Action::KeysCreate),
            Self::Import => Some(Action::KeysImport),
            Self::Update => Some(Action::KeysUpdate),
            Self::Delete => Some(Action::KeysDelete),
            Self::Recover => Some(Action::KeysRecover),
            Self::Purge => Some(Action::KeysPurge),
            Self::Encrypt => Some(Action::KeysEncrypt),
            Self::Decrypt => Some(Action::KeysDecrypt),
            Self::WrapKey => Some(Action::KeysWrap),
            Self::UnwrapKey => Some(Action::KeysUnwrap),
            Self::Rotate | Self::SetRotationPolicy => Some(Action::KeysRotate),
            Self::Backup | Self::Restore | Self::Sign | Self::Verify | Self::Release => None,
        }
    }

    /// All that role assignments permit, given whether they allow an action at the vault.
    #[must_use]
    pub fn allowed_by_roles(allows: impl Fn(Action) -> bool) -> BTreeSet<Self> {
        let permitted = |permission: &Self| permission.action().is_some_and(&allows);
        Self::ALL.iter().copied().filter(permitted).collect()
    }

    /// Reads one word, or `all`, which stands for every permission.
    ///
    /// # Errors
    /// [`UnknownWord`] if it is neither.
    pub fn parse_set(text: &str) -> Result<BTreeSet<Self>, UnknownWord> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::ALL.iter().copied().collect());
        }
        Ok(BTreeSet::from([text.parse()?]))
    }
}

impl KeyOperation {
    /// The permission that a caller needs for it.
    #[must_use]
    pub const fn permission(self) -> KeyPermission {
        match self {
            Self::Encrypt => KeyPermission::Encrypt,
            Self::Decrypt => KeyPermission::Decrypt,
            Self::Sign => KeyPermission::Sign,
            Self::Verify => KeyPermission::Verify,
            Self::WrapKey => KeyPermission::WrapKey,
            Self::UnwrapKey => KeyPermission::UnwrapKey,
        }
    }

    /// Whether it makes something new under the key, which not-before and expiry forbid; what was
    /// made before may still be opened outside them (R17).
    #[must_use]
    pub const fn protects(self) -> bool {
        match self {
            Self::Encrypt | Self::Sign | Self::WrapKey => true,
            Self::Decrypt | Self::Verify | Self::UnwrapKey => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use strongroom_identity::Role;

    use super::*;

    #[test]
    fn r09_in_role_mode_the_encryption_role_is_what_an_identity_needs() {
        use KeyPermission::{Get, UnwrapKey, WrapKey};
        let of = |role: Role| KeyPermission::allowed_by_roles(|action| role.allows(action));
        let held = of(Role::KeyVaultCryptoServiceEncryptionUser);
        assert!(
            [Get, WrapKey, UnwrapKey]
                .iter()
                .all(|needed| held.contains(needed))
        );
        assert!(!held.contains(&KeyPermission::Create));
        assert!(of(Role::KeyVaultAdministrator).contains(&KeyPermission::SetRotationPolicy));
        assert_eq!(of(Role::Owner), BTreeSet::new());
    }

    #[test]
    fn r09_permissions_go_by_azures_names_in_any_letter_case() {
        assert_eq!("wrapkey".parse(), Ok(KeyPermission::WrapKey));
        assert_eq!(KeyPermission::UnwrapKey.to_string(), "unwrapKey");
        assert_eq!(KeyPermission::ALL.len(), 20);
        for permission in KeyPermission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
        }
        assert_eq!(KeyPermission::parse_set("All").unwrap().len(), 20);
        let error = "wrap".parse::<KeyPermission>().unwrap_err().to_string();
        assert!(error.starts_with("`wrap` is not a key permission: expected one of get, list"));
    }
}
