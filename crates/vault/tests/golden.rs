//! The persisted schema. These files are never changed: what was written once must always be read.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{CorrelationId, Machine, PrincipalId, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::RsaKeySize;
use strongroom_identity::{AppId, GroupUid, SubscriptionState, Tenancy, VaultUid};
use strongroom_vault::key::{
    AttributeChange, Key, KeyAction, KeyCommand, KeyEvent, KeyFacts, KeyMachine, MintedVersion,
    NewVersion, RotateWhen, RotationPolicy, Validity,
};
use strongroom_vault::vault::{
    Authorization, Bypass, DefaultAction, Firewall, Grant, Grantee, Holder, NewVault, Place,
    PolicyChange, PolicySpec, RetentionDays, Vault, VaultAction, VaultCommand, VaultEvent,
    VaultFacts, VaultMachine, VaultUpdate,
};
use strongroom_vault::{
    Asker, Caller, Denial, KeyId, KeyOperation, KeyPermission, KeyVersion, MaterialRef, OpId,
    Origin, PublicKey, Standing, VaultSuffixes, VaultView,
};

fn golden<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T, file: &str) {
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    assert_eq!(written, file, "the persisted schema has changed");
    assert_eq!(serde_json::from_str::<T>(file).unwrap(), *value);
    // A state of a schema that this program does not know is not guessed at.
    if file.contains("\"v\": 1") {
        let newer = file.replacen("\"v\": 1", "\"v\": 2", 1);
        let error = serde_json::from_str::<T>(&newer).unwrap_err().to_string();
        assert!(error.contains("schema 2"), "{error}");
    }
}

macro_rules! golden {
    ($value:expr, $file:literal) => {
        golden($value, include_str!(concat!("golden/", $file)))
    };
}

const TENANT: TenantId = TenantId::from_bytes([0x11; 16]);
const OTHER: TenantId = TenantId::from_bytes([0x12; 16]);
const PRINCIPAL: PrincipalId = PrincipalId::from_bytes([0x22; 16]);
const GROUP: GroupUid = GroupUid::from_bytes([0x33; 16]);
const FAR: GroupUid = GroupUid::from_bytes([0x34; 16]);

fn at(days: u64) -> Timestamp {
    Timestamp::from_unix_millis(1_700_000_000_000 + days * 86_400_000)
}

fn place(group: GroupUid) -> Holder {
    Holder::In(Place {
        group,
        tenancy: Tenancy::default(),
        subscription: SubscriptionId::from_bytes([0x44; 16]),
        tenant: if group == FAR { OTHER } else { TENANT },
        state: SubscriptionState::Enabled,
    })
}

/// A vault driven through a life, and everything that happened in it.
fn vault() -> (Vault, Vec<VaultEvent>) {
    let mut state: Option<Vault> = None;
    let mut happened = Vec::new();
    let grant = |grant, tenant, application, keys: &[KeyPermission]| VaultAction::ChangePolicies {
        change: PolicyChange::Add { grant },
        entries: vec![PolicySpec {
            tenant,
            grantee: Grantee {
                object: PRINCIPAL,
                application,
            },
            keys: keys.iter().copied().collect(),
        }],
    };
    let update = |update| VaultAction::Update(update);
    let op = Grant::ForOperation(OpId::from_bytes([0x55; 16]));
    let app = Some(AppId::from_bytes([0x66; 16]));
    let closed = Firewall {
        default_action: DefaultAction::Deny,
        bypass: Bypass::None,
    };
    let none = VaultUpdate::default;
    let actions = [
        VaultAction::Create(NewVault {
            uid: VaultUid::from_bytes([0x77; 16]),
            name: "Contoso".parse().unwrap(),
            region: "westeurope".parse().unwrap(),
            group: GROUP,
            soft_delete: true,
            retention: RetentionDays::DEFAULT,
            purge_protection: false,
            authorization: Authorization::AccessPolicies,
            firewall: Firewall::OPEN,
        }),
        update(VaultUpdate {
            purge_protection: Some(true),
            ..none()
        }),
        update(VaultUpdate {
            tenant: Some(OTHER),
            ..none()
        }),
        update(VaultUpdate {
            authorization: Some(Authorization::Roles),
            ..none()
        }),
        update(VaultUpdate {
            firewall: Some(closed),
            ..none()
        }),
        grant(Grant::Lasting, OTHER, None, &[KeyPermission::Get]),
        grant(
            op,
            OTHER,
            None,
            &[KeyPermission::WrapKey, KeyPermission::UnwrapKey],
        ),
        grant(Grant::Lasting, OTHER, app, KeyPermission::ALL),
        VaultAction::Move { group: FAR },
        VaultAction::Delete,
    ];
    for (day, action) in (0..).zip(actions) {
        let target = match action {
            VaultAction::Move { group } => place(group),
            _ => place(GROUP),
        };
        let facts = VaultFacts {
            vault: "contoso".parse().unwrap(),
            authority: Ok(()),
            present: place(GROUP),
            target,
        };
        let command = VaultCommand {
            at: at(day),
            action,
        };
        for event in VaultMachine::decide(&state, &command, &facts).unwrap() {
            VaultMachine::evolve(&mut state, &event);
            happened.push(event);
        }
    }
    happened.extend([
        VaultEvent::Recovered,
        VaultEvent::Purged { at: at(200) },
        VaultEvent::Erased,
    ]);
    (state.unwrap(), happened)
}

/// A key driven through a life, and everything that happened in it.
fn key() -> (Key, Vec<KeyEvent>) {
    let mut open = Some(vault().0);
    VaultMachine::evolve(&mut open, &VaultEvent::Recovered);
    let mut state: Option<Key> = None;
    let mut happened = Vec::new();
    let caller = Caller {
        tenant: OTHER,
        principal: PRINCIPAL,
        origin: Origin::TrustedService,
        correlation: CorrelationId::from_bytes([0x88; 16]),
    };
    VaultMachine::evolve(
        &mut open,
        &VaultEvent::FirewallChanged {
            firewall: Firewall::OPEN,
        },
    );
    let minted = |n, public| MintedVersion {
        id: KeyVersion::from_bytes([n; 16]),
        public,
        material: MaterialRef::from_bytes([n + 1; 16]),
    };
    let new = |minted, validity| NewVersion {
        minted,
        enabled: true,
        validity,
        operations: None,
    };
    let rsa = PublicKey::Rsa {
        size: RsaKeySize::Rsa2048,
        n: vec![0xfb; 6],
        e: vec![1, 0, 1],
    };
    let ec = PublicKey::EcP256 {
        x: vec![0xfe; 6],
        y: vec![0xff; 6],
    };
    let validity = Validity {
        not_before: Some(at(1)),
        expires: Some(at(2)),
    };
    let policy = RotationPolicy::new(RotateWhen::BeforeExpiry { days: 7 }, Some(28)).unwrap();
    let actions = [
        KeyAction::Create(new(minted(0xa0, ec), Validity::default())),
        KeyAction::Import(new(minted(0xb0, rsa), validity)),
        KeyAction::Update {
            version: None,
            change: AttributeChange {
                enabled: Some(false),
                operations: Some(BTreeSet::from([KeyOperation::WrapKey])),
                ..AttributeChange::default()
            },
        },
        KeyAction::SetRotationPolicy(policy),
        KeyAction::Delete,
    ];
    for (day, action) in (0..).zip(actions) {
        let facts = KeyFacts {
            vault: &"Contoso".parse().unwrap(),
            name: &"Docs-1".parse().unwrap(),
            asker: Asker::Principal {
                caller: &caller,
                standing: Standing::Present,
                roles: &KeyPermission::ALL.iter().copied().collect(),
            },
            holder: VaultView::of(open.as_ref()),
        };
        let command = KeyCommand {
            at: at(day),
            action,
        };
        for event in KeyMachine::decide(&state, &command, &facts).unwrap() {
            KeyMachine::evolve(&mut state, &event);
            happened.push(event);
        }
    }
    happened.extend([
        KeyEvent::Recovered,
        KeyEvent::Purged { at: at(200) },
        KeyEvent::Erased,
    ]);
    (state.unwrap(), happened)
}

#[test]
fn states_are_written_and_read_as_ever() {
    golden!(&vault().0, "vault.json");
    golden!(&key().0, "key.json");
}

#[test]
fn events_are_written_and_read_as_ever() {
    golden!(&vault().1, "vault_events.json");
    golden!(&key().1, "key_events.json");
}

#[test]
fn what_a_resource_stores_is_written_and_read_as_ever() {
    let key: KeyId = VaultSuffixes::embedded()
        .parse_key_id("https://contoso.vault.localhost/keys/Docs-1")
        .unwrap();
    let denials = [
        Denial::KeyDisabled,
        Denial::PolicyMissing {
            permission: KeyPermission::UnwrapKey,
        },
        Denial::OperationNotPermitted {
            operation: KeyOperation::UnwrapKey,
        },
    ];
    let stored = (key, denials);
    golden!(&stored, "resource.json");
}

#[test]
fn policies_out_of_order_or_empty_are_not_read() {
    let state = serde_json::to_value(vault().0).unwrap();
    let mut turned = state.clone();
    turned["policies"].as_array_mut().unwrap().reverse();
    let mut twice = state.clone();
    twice["policies"][1] = twice["policies"][0].clone();
    let mut empty = state;
    empty["policies"][0]["keys"] = serde_json::json!({});
    for state in [turned, twice, empty] {
        let error = serde_json::from_value::<Vault>(state).unwrap_err();
        assert!(error.to_string().contains("in order"), "{error}");
    }
}

#[test]
fn a_state_with_a_member_of_another_time_is_not_read() {
    let mut state = serde_json::to_value(vault().0).unwrap();
    state["hardware"] = serde_json::json!(true);
    assert!(serde_json::from_value::<Vault>(state).is_err());
}
