//! Small worlds for the tests.

use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, Region, ResourceUid, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::aws_lc_rs::PROVIDER;
use strongroom_crypto::keyring::{Kek, Keyring, KeyringMac, WrappedKey};
use strongroom_crypto::object::BindingMode;
use strongroom_crypto::{ResourceKey, RootKey, RootKeys, ServiceKeyId, WrapAlgorithm};
use strongroom_identity::{
    Descent, GroupUid, ManagedIdentity, NameUse, SchemaV1, SubscriptionState, Tenancy,
};
use strongroom_vault::vault::{
    Authorization, Bypass, DefaultAction, Firewall, Holder, Place, RecoveryLevel,
};
use strongroom_vault::{
    Denial, KeyId, KeyOperation, KeyPermission, KeyProperties, KeyType, KeyVersionId, OpId,
    VaultProperties, VaultSuffixes,
};

use crate::{
    Candidate, ChangeKind, Granting, Inaccessible, KeyChange, Life, NEEDED, Reason, Registration,
    Resource, ResourceAction, ResourceFacts, SeenKey, SetKey, Step, Tier, WantedGrant,
};

pub(crate) const DISABLED: Reason = Reason::Vault(Denial::KeyDisabled);
pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
pub(crate) const SOON: Timestamp = Timestamp::from_unix_millis(1_800_000_000_001);
pub(crate) const HERE: TenantId = TenantId::from_bytes([1; 16]);
pub(crate) const ABROAD: TenantId = TenantId::from_bytes([2; 16]);
pub(crate) const IDENTITY: PrincipalId = PrincipalId::from_bytes([7; 16]);
pub(crate) const DRAWN: PrincipalId = PrincipalId::from_bytes([8; 16]);
pub(crate) const OP: OpId = OpId::from_bytes([5; 16]);
pub(crate) const SERVICE_KEY: ServiceKeyId = ServiceKeyId::from_bytes([3; 16]);
pub(crate) const NEW_SERVICE_KEY: ServiceKeyId = ServiceKeyId::from_bytes([4; 16]);
pub(crate) const GROUP: GroupUid = GroupUid::from_bytes([1; 16]);
pub(crate) const OTHER_GROUP: GroupUid = GroupUid::from_bytes([2; 16]);
pub(crate) const UID: ResourceUid = ResourceUid::from_bytes([9; 16]);

pub(crate) const KEY: &str = "https://contoso.vault.localhost/keys/docs";
pub(crate) const OTHER_KEY: &str = "https://contoso.vault.localhost/keys/other";

/// The URI of a version of a key.
pub(crate) fn version(key: &str, number: u8) -> String {
    format!("{key}/{}", format!("{number:02x}").repeat(16))
}

pub(crate) fn key_id(uri: &str) -> KeyId {
    VaultSuffixes::embedded().parse_key_id(uri).unwrap()
}

pub(crate) fn customer(uri: &str) -> Kek {
    Kek::CustomerManaged {
        kid: uri.to_owned(),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

pub(crate) fn service(key: ServiceKeyId) -> Kek {
    Kek::ServiceManaged { key }
}

fn mac() -> KeyringMac {
    let root = RootKey::from_text(
        RootKey::generate(PROVIDER.random)
            .unwrap()
            .to_text()
            .expose(),
    );
    RootKeys::derive(&PROVIDER, &root.unwrap())
        .unwrap()
        .keyring_mac(UID)
        .unwrap()
}

/// A keyring under `kek`. Its wrapped bytes are no wrapped key: no machine opens one.
pub(crate) fn keyring(kek: Kek) -> Keyring {
    let key = ResourceKey::generate(PROVIDER.random).unwrap();
    Keyring::create(&PROVIDER, &mac(), &key, kek, WrappedKey::new(vec![0; 8])).unwrap()
}

/// The keyring that a change of `resource` would prove.
pub(crate) fn pending(target: &Kek) -> Keyring {
    keyring(target.clone())
}

/// An active resource of the standard tier, under a service-managed key.
pub(crate) fn resource() -> Resource {
    Resource {
        v: SchemaV1::default(),
        uid: UID,
        name: "notes".parse().unwrap(),
        group: GROUP,
        descent: Descent::default(),
        region: region("local"),
        tier: Tier::S0,
        binding: BindingMode::Location,
        created: NOW,
        life: Life::Active,
        identity: ManagedIdentity::Off,
        registration: Registration::Settled,
        retiring: BTreeSet::new(),
        keyring: keyring(service(SERVICE_KEY)),
        follows: false,
        change: None,
        erasing: BTreeSet::new(),
        inaccessible: None,
    }
}

/// With an identity made in its tenant.
pub(crate) fn with_identity(resource: Resource) -> Resource {
    Resource {
        identity: ManagedIdentity::On {
            principal: IDENTITY,
            home: HERE,
            since: NOW,
        },
        ..resource
    }
}

/// Under version 1 of the key.
pub(crate) fn customer_managed() -> Resource {
    Resource {
        keyring: keyring(customer(&version(KEY, 1))),
        ..with_identity(resource())
    }
}

/// Under version 1 of the key, which was disabled.
pub(crate) fn inaccessible() -> Resource {
    Resource {
        inaccessible: Some(Inaccessible {
            reason: DISABLED,
            since: NOW,
        }),
        ..customer_managed()
    }
}

/// With a change under way.
pub(crate) fn changing(resource: Resource, kind: ChangeKind, target: Kek, step: Step) -> Resource {
    let grant = (kind == ChangeKind::Enable).then(|| WantedGrant {
        vault: "contoso".parse().unwrap(),
        tenant: HERE,
        principal: IDENTITY,
    });
    Resource {
        change: Some(Box::new(KeyChange {
            op: OP,
            kind,
            began: NOW,
            target,
            follows: false,
            identity_added: kind == ChangeKind::Enable,
            grant,
            step,
        })),
        ..resource
    }
}

pub(crate) fn region(name: &str) -> Region {
    name.parse().unwrap()
}

pub(crate) fn set(uri: &str) -> ResourceAction {
    ResourceAction::SetKey(SetKey {
        op: OP,
        key: key_id(uri),
        algorithm: WrapAlgorithm::RsaOaep256,
        principal: DRAWN,
    })
}

/// A vault and key that satisfy every rule, as the identity sees them.
pub(crate) fn seen(uri: &str) -> SeenKey {
    let asked = key_id(uri);
    let id = asked.versioned().unwrap_or_else(|| KeyVersionId {
        vault: asked.vault.clone(),
        name: asked.name.clone(),
        version: "09".repeat(16).parse().unwrap(),
    });
    SeenKey {
        vault: VaultProperties {
            region: region("local"),
            tenant: HERE,
            soft_delete: true,
            purge_protection: true,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
            permissions: BTreeSet::from(NEEDED),
        },
        key: Ok(KeyProperties {
            id,
            key_type: KeyType::Rsa,
            bits: 2048,
            enabled: true,
            not_before: None,
            expires: None,
            operations: KeyOperation::ALL.iter().copied().collect(),
            created: NOW,
            updated: NOW,
            recovery_level: RecoveryLevel::Recoverable,
        }),
        granting: Granting::Caller(Ok(())),
        following_allowed: false,
        asked,
    }
}

/// The same, one thing changed.
pub(crate) fn seen_but(uri: &str, change: impl FnOnce(&mut SeenKey)) -> SeenKey {
    let mut seen = seen(uri);
    change(&mut seen);
    seen
}

/// The same, one thing of the key changed.
pub(crate) fn key_but(uri: &str, change: impl FnOnce(&mut KeyProperties)) -> SeenKey {
    seen_but(uri, |seen| change(seen.key.as_mut().unwrap()))
}

pub(crate) fn closed() -> Firewall {
    Firewall {
        default_action: DefaultAction::Deny,
        bypass: Bypass::None,
    }
}

pub(crate) fn without(permission: KeyPermission) -> BTreeSet<KeyPermission> {
    NEEDED.into_iter().filter(|it| *it != permission).collect()
}

pub(crate) fn place(group: GroupUid, tenant: TenantId) -> Holder {
    Holder::In(Place {
        group,
        tenancy: Tenancy::default(),
        subscription: SubscriptionId::from_bytes([1; 16]),
        tenant,
        state: SubscriptionState::Enabled,
    })
}

/// The caller may, the resource is in its first tenant, and its name is free elsewhere.
pub(crate) fn facts(candidate: Candidate<'_>) -> ResourceFacts<'_> {
    ResourceFacts {
        authority: Ok(()),
        present: place(GROUP, HERE),
        target: place(OTHER_GROUP, HERE),
        name: NameUse::Free,
        candidate,
    }
}
