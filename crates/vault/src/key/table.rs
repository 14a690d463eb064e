//! The tables of the key's machine.

use std::collections::BTreeSet;

use strongroom_base::{Machine, Outcome};
use strongroom_crypto::RsaKeySize;

use super::*;
use crate::samples::{
    DAY, add, at, caller, facts_for, key_name, minted, new_vault, new_version, to_key, to_vault,
    vault_name,
};
use crate::table::{name, render};
use crate::vault::{Grant, NewVault, Vault, VaultAction, VaultMachine};
use crate::{
    Asker, Caller, KeyOperation, KeyPermission, KeyVersion, PublicKey, Standing, VaultView,
};

/// A vault in which principal 2 is permitted everything, driven by the given actions.
pub(super) fn vault(purge_protection: bool, actions: &[VaultAction]) -> Option<Vault> {
    let mut state = None;
    let create = VaultAction::Create(NewVault {
        purge_protection,
        ..new_vault()
    });
    let grant = add(Grant::Lasting, 2, KeyPermission::ALL);
    for action in [create, grant].iter().chain(actions) {
        let command = to_vault(0, action.clone());
        for event in
            VaultMachine::decide(&state, &command, &facts_for(state.as_ref(), action)).unwrap()
        {
            VaultMachine::evolve(&mut state, &event);
        }
    }
    state
}

#[expect(clippy::ref_option, reason = "as the machine takes it")]
pub(super) fn decide(
    state: &Option<Key>,
    command: &KeyCommand,
    vault: Option<&Vault>,
    caller: &Caller,
) -> Result<Vec<KeyEvent>, KeyRefusal> {
    let facts = KeyFacts {
        vault: &vault_name(),
        name: &key_name(),
        asker: Asker::Principal {
            caller,
            standing: Standing::Present,
            roles: &BTreeSet::new(),
        },
        holder: VaultView::of(vault),
    };
    KeyMachine::decide(state, command, &facts)
}

fn state(actions: &[(u64, KeyAction)]) -> Option<Key> {
    let mut state = None;
    let vault = vault(false, &[]);
    for (millis, action) in actions {
        let command = to_key(*millis, action.clone());
        for event in decide(&state, &command, vault.as_ref(), &caller(2)).unwrap() {
            KeyMachine::evolve(&mut state, &event);
        }
    }
    state
}

pub(super) fn states() -> Vec<(&'static str, Option<Key>)> {
    let create = (0, KeyAction::Create(new_version(1)));
    let second = (1, KeyAction::Create(new_version(2)));
    let policy = RotationPolicy::new(RotateWhen::AfterCreate { days: 7 }, Some(28)).unwrap();
    let policy = (2, KeyAction::SetRotationPolicy(policy));
    let delete = (10, KeyAction::Delete);
    let purge = (11, KeyAction::Purge);
    let base = [create, second, policy];
    let with = |more: &[(u64, KeyAction)]| {
        let mut actions = base.to_vec();
        actions.extend_from_slice(more);
        state(&actions)
    };
    vec![
        ("absent", None),
        ("live", with(&[])),
        ("deleted", with(std::slice::from_ref(&delete))),
        ("purging", with(&[delete, purge])),
    ]
}

#[expect(clippy::too_many_lines, reason = "one line a command")]
pub(super) fn commands() -> Vec<(&'static str, KeyCommand)> {
    let ec = PublicKey::EcP256 {
        x: vec![1; 32],
        y: vec![2; 32],
    };
    let other_size = PublicKey::Rsa {
        size: RsaKeySize::Rsa3072,
        n: vec![1; 384],
        e: vec![1, 0, 1],
    };
    let ec_that_wraps = NewVersion {
        minted: MintedVersion {
            public: ec,
            ..minted(4)
        },
        operations: Some(BTreeSet::from([KeyOperation::WrapKey])),
        ..new_version(4)
    };
    let backwards = Validity {
        not_before: Some(at(9)),
        expires: Some(at(9)),
    };
    let update = |change| KeyAction::Update {
        version: None,
        change,
    };
    let none = AttributeChange::default;
    let unknown = KeyAction::Update {
        version: Some(KeyVersion::from_bytes([0xff; 16])),
        change: AttributeChange {
            enabled: Some(false),
            ..none()
        },
    };
    let policy = RotationPolicy::new(RotateWhen::AfterCreate { days: 7 }, Some(28)).unwrap();
    let actions = vec![
        ("create", KeyAction::Create(new_version(3))),
        ("create, ids of before", KeyAction::Create(new_version(1))),
        ("create EC that wraps", KeyAction::Create(ec_that_wraps)),
        (
            "create, expires before valid",
            KeyAction::Create(NewVersion {
                validity: backwards,
                ..new_version(3)
            }),
        ),
        ("import", KeyAction::Import(new_version(3))),
        ("rotate", KeyAction::Rotate(minted(3))),
        ("rotate, ids of before", KeyAction::Rotate(minted(1))),
        (
            "rotate to another size",
            KeyAction::Rotate(MintedVersion {
                public: other_size,
                ..minted(3)
            }),
        ),
        (
            "rotate if due, too early",
            KeyAction::RotateIfDue(minted(3)),
        ),
        ("update nothing", update(none())),
        (
            "update disable",
            update(AttributeChange {
                enabled: Some(false),
                ..none()
            }),
        ),
        (
            "update expiry",
            update(AttributeChange {
                expires: TimeChange::Set(at(500)),
                ..none()
            }),
        ),
        (
            "update all, disable",
            KeyAction::UpdateAll(AttributeChange {
                enabled: Some(false),
                ..none()
            }),
        ),
        ("update all, nothing", KeyAction::UpdateAll(none())),
        (
            "update no key_ops",
            update(AttributeChange {
                operations: Some(BTreeSet::new()),
                ..none()
            }),
        ),
        ("update unknown version", unknown),
        (
            "set rotation policy",
            KeyAction::SetRotationPolicy(RotationPolicy::default()),
        ),
        (
            "set rotation policy, same",
            KeyAction::SetRotationPolicy(policy),
        ),
        ("delete", KeyAction::Delete),
        ("recover", KeyAction::Recover),
        ("purge", KeyAction::Purge),
        ("end retention", KeyAction::EndRetention),
        ("purge with vault", KeyAction::PurgeWithVault),
        ("material erased", KeyAction::MaterialErased),
    ];
    let mut commands: Vec<_> = actions
        .into_iter()
        .map(|(name, action)| (name, to_key(100, action)))
        .collect();
    // Deleted at 10 for 7 days; the latest version made at 1.
    commands.push((
        "rotate if due",
        to_key(1 + 7 * DAY, KeyAction::RotateIfDue(minted(3))),
    ));
    commands.push((
        "purge, retention over",
        to_key(10 + 7 * DAY, KeyAction::Purge),
    ));
    commands.push((
        "end retention, a moment early",
        to_key(9 + 7 * DAY, KeyAction::EndRetention),
    ));
    commands.push((
        "end retention, over",
        to_key(10 + 7 * DAY, KeyAction::EndRetention),
    ));
    commands
}

#[test]
fn table() {
    let vaults = [
        (
            "the vault is live, without purge protection",
            vault(false, &[]),
            2,
        ),
        (
            "the vault is live, with purge protection",
            vault(true, &[]),
            2,
        ),
        (
            "the vault is deleted",
            vault(false, &[VaultAction::Delete]),
            2,
        ),
        (
            "the vault is purged",
            vault(false, &[VaultAction::Delete, VaultAction::Purge]),
            2,
        ),
        ("there is no vault", None, 2),
        ("the caller has no policy", vault(false, &[]), 3),
    ];
    let states = states();
    let mut text = String::new();
    for (title, vault, who) in vaults {
        let cell = |command: &KeyCommand, state: &Option<Key>| match decide(
            state,
            command,
            vault.as_ref(),
            &caller(who),
        ) {
            Ok(events) => events.iter().map(name).collect::<Vec<_>>().join(" "),
            Err(refusal) => format!("! {}", refusal.code()),
        };
        let table = render(&commands(), &states, cell);
        text.extend([
            title, "
", &table, "
",
        ]);
    }
    crate::table::hold("key_machine", &text);
}

/// Which operation works in which state of a key version.
#[test]
fn r17_state_table() {
    let (now, early, late) = (at(100), at(200), at(50));
    let version = |change: AttributeChange| {
        let mut state = state(&[(0, KeyAction::Create(new_version(1)))]);
        let change = to_key(
            1,
            KeyAction::Update {
                version: None,
                change,
            },
        );
        match decide(&state, &change, vault(false, &[]).as_ref(), &caller(2)) {
            Ok(events) => events
                .iter()
                .for_each(|event| KeyMachine::evolve(&mut state, event)),
            Err(refusal) => assert_eq!(refusal, KeyRefusal::NoOp),
        }
        state
    };
    let none = AttributeChange::default;
    let disabled = AttributeChange {
        enabled: Some(false),
        ..none()
    };
    let only_get = AttributeChange {
        operations: Some(BTreeSet::from([KeyOperation::Verify])),
        ..none()
    };
    let life = |actions: &[(u64, KeyAction)]| {
        let mut all = vec![(0, KeyAction::Create(new_version(1)))];
        all.extend_from_slice(actions);
        state(&all)
    };
    let delete = (1, KeyAction::Delete);
    let states = [
        ("enabled", version(none())),
        (
            "not yet valid",
            version(AttributeChange {
                not_before: TimeChange::Set(early),
                ..none()
            }),
        ),
        (
            "from not-before on",
            version(AttributeChange {
                not_before: TimeChange::Set(now),
                ..none()
            }),
        ),
        (
            "expired",
            version(AttributeChange {
                expires: TimeChange::Set(late),
                ..none()
            }),
        ),
        (
            "expires now",
            version(AttributeChange {
                expires: TimeChange::Set(now),
                ..none()
            }),
        ),
        ("disabled", version(disabled.clone())),
        (
            "disabled, expired",
            version(AttributeChange {
                expires: TimeChange::Set(late),
                ..disabled
            }),
        ),
        ("key_ops: verify", version(only_get)),
        ("deleted", life(std::slice::from_ref(&delete))),
        ("purged", life(&[delete, (2, KeyAction::Purge)])),
        ("absent", None),
    ];
    let operations: Vec<(&str, KeyOperation)> = KeyOperation::ALL
        .iter()
        .map(|operation| (operation.as_str(), *operation))
        .collect();
    let text = render(&states, &operations, |state, operation| {
        let judged = KeyView::of(state.as_ref())
            .live(None)
            .and_then(|version| version.permit(*operation, now));
        judged.map_or_else(
            |denial| format!("! {}", denial.code()),
            |()| "yes".to_owned(),
        )
    });
    crate::table::hold("key_usage", &text);
}
