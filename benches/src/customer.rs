//! A customer of an installation: a vault, and a key in it.

use strongroom::{
    Grantee, KeyPermission, KeySpec, KeyVersionId, NewKey, NewVault, Operator, RsaKeySize,
    VaultName,
};

/// The customer's vault.
///
/// # Panics
/// Never: it is a name.
#[must_use]
pub fn vault() -> VaultName {
    "contoso".parse().expect("a vault's name")
}

/// Makes the vault, and `N` versions of a key in it; the operator may do anything with them.
///
/// # Panics
/// If they cannot be made: there is then nothing to measure.
pub async fn keys<const N: usize>(operator: &Operator) -> [KeyVersionId; N] {
    let region = "local".parse().unwrap();
    let mut new = NewVault::new(vault(), region);
    new.purge_protection = true;
    operator.create_vault(new).await.unwrap();
    let myself = Grantee {
        object: operator.principal(),
        application: None,
    };
    let all = KeyPermission::ALL.iter().copied().collect();
    operator.replace_grant(&vault(), myself, all).await.unwrap();
    let mut versions = Vec::new();
    for _ in 0..N {
        let new = NewKey::new("docs".parse().unwrap());
        let spec = KeySpec::Rsa(RsaKeySize::Rsa2048);
        let made = operator.create_key(&vault(), new, spec).await.unwrap();
        versions.push(made.version.id);
    }
    versions.try_into().unwrap()
}
