//! People, vaults and keys that the tests of the machines share.

use std::collections::BTreeSet;

use strongroom_base::{CorrelationId, PrincipalId, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::RsaKeySize;

use crate::key::{KeyAction, KeyCommand, MintedVersion, NewVersion, Validity};
use crate::vault::{
    Authority, Authorization, Firewall, Grant, Grantee, NewVault, PolicyChange, PolicySpec,
    RetentionDays, VaultAction, VaultCommand, VaultFacts,
};
use crate::{
    Caller, KeyName, KeyPermission, KeyVersion, MaterialRef, Origin, PublicKey, VaultName,
};

pub(crate) const DAY: u64 = 86_400_000;

pub(crate) fn at(millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

pub(crate) fn tenant(n: u8) -> TenantId {
    TenantId::from_bytes([n; 16])
}

pub(crate) fn subscription(n: u8) -> SubscriptionId {
    SubscriptionId::from_bytes([n; 16])
}

pub(crate) fn principal(n: u8) -> PrincipalId {
    PrincipalId::from_bytes([n; 16])
}

pub(crate) fn vault_name() -> VaultName {
    "contoso".parse().unwrap()
}

pub(crate) fn key_name() -> KeyName {
    "docs".parse().unwrap()
}

pub(crate) fn caller(n: u8) -> Caller {
    Caller {
        tenant: tenant(1),
        principal: principal(n),
        origin: Origin::TrustedService,
        correlation: CorrelationId::from_bytes([9; 16]),
    }
}

pub(crate) fn facts() -> VaultFacts {
    VaultFacts {
        vault: vault_name(),
        authority: Authority::Held,
        home: tenant(1),
    }
}

pub(crate) fn new_vault() -> NewVault {
    NewVault {
        name: vault_name(),
        region: "westeurope".parse().unwrap(),
        subscription: subscription(1),
        group: "keys".parse().unwrap(),
        soft_delete: true,
        retention: RetentionDays::try_from(7).unwrap(),
        purge_protection: false,
        authorization: Authorization::AccessPolicies,
        firewall: Firewall::OPEN,
    }
}

pub(crate) fn to_vault(millis: u64, action: VaultAction) -> VaultCommand {
    VaultCommand {
        at: at(millis),
        action,
    }
}

pub(crate) fn spec(n: u8, keys: &[KeyPermission]) -> PolicySpec {
    PolicySpec {
        tenant: tenant(1),
        grantee: Grantee {
            object: principal(n),
            application: None,
        },
        keys: keys.iter().copied().collect(),
    }
}

pub(crate) fn add(grant: Grant, n: u8, keys: &[KeyPermission]) -> VaultAction {
    VaultAction::ChangePolicies {
        change: PolicyChange::Add { grant },
        entries: vec![spec(n, keys)],
    }
}

pub(crate) fn minted(n: u8) -> MintedVersion {
    MintedVersion {
        id: KeyVersion::from_bytes([n; 16]),
        public: PublicKey::Rsa {
            size: RsaKeySize::Rsa2048,
            n: vec![n; 256],
            e: vec![1, 0, 1],
        },
        material: MaterialRef::from_bytes([n; 16]),
    }
}

pub(crate) fn new_version(n: u8) -> NewVersion {
    NewVersion {
        minted: minted(n),
        enabled: true,
        validity: Validity::default(),
        operations: BTreeSet::new(),
    }
}

pub(crate) fn to_key(millis: u64, action: KeyAction) -> KeyCommand {
    KeyCommand {
        at: at(millis),
        action,
    }
}
