//! The table of the vault's machine.

use strongroom_base::{Machine, Outcome};

use super::*;
use crate::samples::{
    DAY, DISABLED, add, facts_for, group, new_vault, spec, tenant, to_vault, without_authority,
};
use crate::table::{name, render};
use crate::{KeyPermission, OpId};

fn state(actions: &[(u64, VaultAction)]) -> Option<Vault> {
    let mut state = None;
    for (millis, action) in actions {
        let command = to_vault(*millis, action.clone());
        for event in
            VaultMachine::decide(&state, &command, &facts_for(state.as_ref(), action)).unwrap()
        {
            VaultMachine::evolve(&mut state, &event);
        }
    }
    state
}

pub(super) fn states() -> Vec<(&'static str, Option<Vault>)> {
    let op = OpId::from_bytes([5; 16]);
    let create = (0, VaultAction::Create(new_vault()));
    let grant = (1, add(Grant::Lasting, 2, &[KeyPermission::Get]));
    let mark = (
        2,
        add(Grant::ForOperation(op), 2, &[KeyPermission::WrapKey]),
    );
    let protect = VaultUpdate {
        purge_protection: Some(true),
        ..VaultUpdate::default()
    };
    let protect = (3, VaultAction::Update(protect));
    let delete = (10, VaultAction::Delete);
    let purge = (11, VaultAction::Purge);
    let base = vec![create, grant, mark];
    let with = |more: &[(u64, VaultAction)]| {
        let mut actions = base.clone();
        actions.extend_from_slice(more);
        state(&actions)
    };
    vec![
        ("absent", None),
        ("live", with(&[])),
        ("live, protected", with(std::slice::from_ref(&protect))),
        ("deleted", with(std::slice::from_ref(&delete))),
        ("deleted, protected", with(&[protect, delete.clone()])),
        ("purging", with(&[delete, purge])),
    ]
}

#[expect(clippy::too_many_lines, reason = "one line a command")]
pub(super) fn commands() -> Vec<(&'static str, VaultCommand)> {
    let op = OpId::from_bytes([5; 16]);
    let update = |update| VaultAction::Update(update);
    let change = |change, entries| VaultAction::ChangePolicies { change, entries };
    let none = VaultUpdate::default;
    let closed = Firewall {
        default_action: DefaultAction::Deny,
        bypass: Bypass::None,
    };
    let elsewhere = NewVault {
        group: group(2),
        ..new_vault()
    };
    let foreign = PolicySpec {
        tenant: tenant(2),
        ..spec(2, &[KeyPermission::Get])
    };
    let there = VaultAction::Move { group: group(2) };
    let here = VaultAction::Move { group: group(1) };
    let retention = |days| RetentionDays::try_from(days).unwrap();
    let actions = vec![
        ("create", VaultAction::Create(new_vault())),
        (
            "create in another subscription",
            VaultAction::Create(elsewhere),
        ),
        (
            "create in a disabled subscription",
            VaultAction::Create(NewVault {
                group: group(DISABLED),
                ..new_vault()
            }),
        ),
        (
            "create without soft delete",
            VaultAction::Create(NewVault {
                soft_delete: false,
                ..new_vault()
            }),
        ),
        ("update nothing", update(none())),
        (
            "update region",
            update(VaultUpdate {
                region: Some("eastus".parse().unwrap()),
                ..none()
            }),
        ),
        (
            "update soft delete off",
            update(VaultUpdate {
                soft_delete: Some(false),
                ..none()
            }),
        ),
        (
            "update retention",
            update(VaultUpdate {
                retention: Some(retention(90)),
                ..none()
            }),
        ),
        (
            "update retention, same",
            update(VaultUpdate {
                retention: Some(retention(7)),
                ..none()
            }),
        ),
        (
            "update purge protection on",
            update(VaultUpdate {
                purge_protection: Some(true),
                ..none()
            }),
        ),
        (
            "update purge protection off",
            update(VaultUpdate {
                purge_protection: Some(false),
                ..none()
            }),
        ),
        (
            "update tenant",
            update(VaultUpdate {
                tenant: Some(tenant(2)),
                ..none()
            }),
        ),
        (
            "update tenant, same",
            update(VaultUpdate {
                tenant: Some(tenant(1)),
                ..none()
            }),
        ),
        (
            "update to roles",
            update(VaultUpdate {
                authorization: Some(Authorization::Roles),
                ..none()
            }),
        ),
        (
            "update firewall",
            update(VaultUpdate {
                firewall: Some(closed),
                ..none()
            }),
        ),
        (
            "policy add",
            add(Grant::Lasting, 2, &[KeyPermission::UnwrapKey]),
        ),
        (
            "policy add, held",
            add(Grant::Lasting, 2, &[KeyPermission::Get]),
        ),
        (
            "policy add for operation, held",
            add(Grant::ForOperation(op), 2, &[KeyPermission::Get]),
        ),
        (
            "policy add, other tenant",
            change(
                PolicyChange::Add {
                    grant: Grant::Lasting,
                },
                vec![foreign],
            ),
        ),
        ("policy add nothing", add(Grant::Lasting, 2, &[])),
        (
            "policy replace",
            change(PolicyChange::Replace, vec![spec(2, &[KeyPermission::List])]),
        ),
        (
            "policy remove",
            change(PolicyChange::Remove, vec![spec(2, &[KeyPermission::Get])]),
        ),
        (
            "policy remove, not held",
            change(PolicyChange::Remove, vec![spec(3, &[KeyPermission::Get])]),
        ),
        ("undo grant", VaultAction::UndoGrant { op }),
        (
            "undo grant of another",
            VaultAction::UndoGrant {
                op: OpId::from_bytes([6; 16]),
            },
        ),
        ("move", there),
        (
            "move to a disabled subscription",
            VaultAction::Move {
                group: group(DISABLED),
            },
        ),
        ("move to where it is", here),
        ("delete", VaultAction::Delete),
        ("recover", VaultAction::Recover),
        ("purge", VaultAction::Purge),
        ("end retention", VaultAction::EndRetention),
        ("keys erased", VaultAction::KeysErased),
    ];
    let mut commands: Vec<_> = actions
        .into_iter()
        .map(|(name, action)| (name, to_vault(100, action)))
        .collect();
    // Deleted at 10 for 7 days.
    commands.push((
        "purge, retention over",
        to_vault(10 + 7 * DAY, VaultAction::Purge),
    ));
    commands.push((
        "end retention, a moment early",
        to_vault(9 + 7 * DAY, VaultAction::EndRetention),
    ));
    commands.push((
        "end retention, over",
        to_vault(10 + 7 * DAY, VaultAction::EndRetention),
    ));
    commands
}

#[test]
fn table() {
    let cell = |command: &VaultCommand, state: &Option<Vault>, facts: &VaultFacts| {
        match VaultMachine::decide(state, command, facts) {
            Ok(events) => events.iter().map(name).collect::<Vec<_>>().join(" "),
            Err(refusal) => format!("! {}", refusal.code()),
        }
    };
    let states = states();
    let mut text = render(&commands(), &states, |command, state| {
        cell(command, state, &facts_for(state.as_ref(), &command.action))
    });
    text.push_str("\nwithout authority\n");
    text.push_str(&render(&commands(), &states, |command, state| {
        cell(
            command,
            state,
            &without_authority(state.as_ref(), &command.action),
        )
    }));
    crate::table::hold("vault_machine", &text);
}
