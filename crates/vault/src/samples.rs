//! People, vaults and keys that the tests of the machines share.

use strongroom_base::{CorrelationId, PrincipalId, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::RsaKeySize;
use strongroom_identity::{Action, Denied, GroupUid, SubscriptionState, Tenancy, VaultUid};

use crate::key::{KeyAction, KeyCommand, MintedVersion, NewVersion, Validity};
use crate::vault::{
    Authorization, Firewall, Grant, Grantee, Holder, NewVault, Place, PolicyChange, PolicySpec,
    RetentionDays, Vault, VaultAction, VaultCommand, VaultFacts,
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

pub(crate) fn group(n: u8) -> GroupUid {
    GroupUid::from_bytes([n; 16])
}

/// The group whose subscription is disabled.
pub(crate) const DISABLED: u8 = 99;

/// Group `n` in subscription `n` of tenant `n`.
pub(crate) fn place(n: u8) -> Holder {
    Holder::In(Place {
        group: group(n),
        tenancy: Tenancy::default(),
        subscription: subscription(n),
        tenant: tenant(n),
        state: match n {
            DISABLED => SubscriptionState::Disabled,
            _ => SubscriptionState::Enabled,
        },
    })
}

/// The facts of a caller without a right even to read.
pub(crate) fn without_authority(state: Option<&Vault>, action: &VaultAction) -> VaultFacts {
    let denied = Denied::Hidden {
        principal: principal(3),
        action: Action::VaultsWrite,
    };
    VaultFacts {
        authority: Err(denied),
        ..facts_for(state, action)
    }
}

/// The facts that go with a state and a command: the groups that they name.
pub(crate) fn facts_for(state: Option<&Vault>, action: &VaultAction) -> VaultFacts {
    let present = state.map_or(Holder::Nowhere, |vault| place(vault.group.as_bytes()[0]));
    let target = match action {
        VaultAction::Create(new) => place(new.group.as_bytes()[0]),
        VaultAction::Move { group } => place(group.as_bytes()[0]),
        _ => Holder::Nowhere,
    };
    VaultFacts {
        vault: vault_name(),
        authority: Ok(()),
        present,
        target,
    }
}

pub(crate) fn new_vault() -> NewVault {
    NewVault {
        name: vault_name(),
        region: "westeurope".parse().unwrap(),
        uid: VaultUid::from_bytes([8; 16]),
        group: group(1),
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
        operations: None,
    }
}

pub(crate) fn to_key(millis: u64, action: KeyAction) -> KeyCommand {
    KeyCommand {
        at: at(millis),
        action,
    }
}
