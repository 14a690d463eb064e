//! Rules of the vault's machine, by number.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use strongroom_base::{Machine, Outcome, OutcomeKind, PrincipalId, TenantId};
use strongroom_identity::{Action, AppId, Crossing, Tenancy};

use super::table::{commands, states};
use super::*;
use crate::samples::{
    DAY, add, at, caller, facts_for, group, new_vault, place, principal, spec, tenant, to_vault,
    without_authority,
};
use crate::{Asker, Denial, KeyPermission, OpId, Origin, Standing, VaultView};

fn drive(state: &mut Option<Vault>, millis: u64, action: VaultAction) -> Result<(), VaultRefusal> {
    let facts = facts_for(state.as_ref(), &action);
    for event in VaultMachine::decide(state, &to_vault(millis, action), &facts)? {
        VaultMachine::evolve(state, &event);
    }
    Ok(())
}

fn live() -> Option<Vault> {
    let mut state = None;
    drive(&mut state, 0, VaultAction::Create(new_vault())).unwrap();
    state
}

fn update(update: VaultUpdate) -> VaultAction {
    VaultAction::Update(update)
}

fn admits(state: Option<&Vault>, n: u8, permission: KeyPermission) -> Result<(), Denial> {
    let asker = Asker::Principal {
        caller: &caller(n),
        standing: Standing::Present,
        roles: &BTreeSet::new(),
    };
    VaultView::of(state).admit(&asker, permission).map(|_| ())
}

#[test]
fn i08_every_refused_command_changes_nothing_and_every_event_is_carried_out() {
    for (state_name, state) in states() {
        for (name, command) in commands() {
            let mut after = state.clone();
            match VaultMachine::decide(
                &state,
                &command,
                &facts_for(state.as_ref(), &command.action),
            ) {
                Err(refusal) => assert!(!refusal.to_string().is_empty()),
                Ok(events) => {
                    assert!(!events.is_empty(), "{name} in {state_name}");
                    for event in &events {
                        let before = after.clone();
                        VaultMachine::evolve(&mut after, event);
                        assert_ne!(before, after, "{name} in {state_name}: {event:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn r09_only_an_entry_of_its_own_object_id_without_an_application_counts() {
    let mut state = live();
    let through = PolicySpec {
        grantee: Grantee {
            object: principal(2),
            application: Some(AppId::from_bytes([2; 16])),
        },
        ..spec(2, &[KeyPermission::Get])
    };
    let change = PolicyChange::Add {
        grant: Grant::Lasting,
    };
    drive(
        &mut state,
        1,
        VaultAction::ChangePolicies {
            change,
            entries: vec![through],
        },
    )
    .unwrap();
    drive(&mut state, 1, add(Grant::Lasting, 3, &[KeyPermission::Get])).unwrap();
    let missing = Denial::PolicyMissing {
        permission: KeyPermission::Get,
    };
    assert_eq!(admits(state.as_ref(), 2, KeyPermission::Get), Err(missing));
    assert_eq!(admits(state.as_ref(), 3, KeyPermission::Get), Ok(()));
    let missing = Denial::PolicyMissing {
        permission: KeyPermission::WrapKey,
    };
    assert_eq!(
        admits(state.as_ref(), 3, KeyPermission::WrapKey),
        Err(missing)
    );
}

#[test]
fn r09_in_role_mode_policies_do_not_count_and_roles_do() {
    let mut state = live();
    drive(&mut state, 1, add(Grant::Lasting, 2, &[KeyPermission::Get])).unwrap();
    let roles = VaultUpdate {
        authorization: Some(Authorization::Roles),
        ..VaultUpdate::default()
    };
    drive(&mut state, 2, update(roles)).unwrap();
    let missing = Denial::RoleMissing {
        permission: KeyPermission::Get,
    };
    assert_eq!(admits(state.as_ref(), 2, KeyPermission::Get), Err(missing));
    let asker = Asker::Principal {
        caller: &caller(8),
        standing: Standing::Present,
        roles: &BTreeSet::from([KeyPermission::Get]),
    };
    assert!(
        VaultView::of(state.as_ref())
            .admit(&asker, KeyPermission::Get)
            .is_ok()
    );
}

#[test]
fn r11_an_undo_takes_back_what_its_operation_added_and_nothing_else() {
    use KeyPermission::{Get, UnwrapKey, WrapKey};
    let op = OpId::from_bytes([5; 16]);
    let mut state = live();
    drive(&mut state, 1, add(Grant::Lasting, 2, &[Get])).unwrap();
    drive(
        &mut state,
        2,
        add(Grant::ForOperation(op), 2, &[Get, WrapKey, UnwrapKey]),
    )
    .unwrap();
    // Somebody grants one of them for good meanwhile: that is theirs now.
    drive(&mut state, 3, add(Grant::Lasting, 2, &[WrapKey])).unwrap();
    drive(&mut state, 4, VaultAction::UndoGrant { op }).unwrap();
    let left = state.as_ref().unwrap().policies.permissions(principal(2));
    assert_eq!(left, BTreeSet::from([Get, WrapKey]));
    assert_eq!(
        drive(&mut state, 5, VaultAction::UndoGrant { op }),
        Err(VaultRefusal::NoOp)
    );
}

#[test]
fn r11_a_grant_needs_the_callers_authority_and_an_undo_nobodys() {
    let mut state = live();
    let op = OpId::from_bytes([5; 16]);
    let grant = to_vault(1, add(Grant::ForOperation(op), 2, &[KeyPermission::Get]));
    let missing = without_authority(state.as_ref(), &grant.action);
    let refusal = VaultMachine::decide(&state, &grant, &missing).unwrap_err();
    assert_eq!(refusal.code(), "AuthorizationFailed");
    let needed = grant.action.requires(Crossing::Within);
    assert_eq!(needed, [Action::AccessPoliciesWrite]);
    drive(&mut state, 1, grant.action).unwrap();
    let undo = to_vault(2, VaultAction::UndoGrant { op });
    assert!(VaultMachine::decide(&state, &undo, &missing).is_ok());
}

#[test]
fn r13_a_move_leaves_the_trusted_tenant_and_the_policies() {
    let mut state = live();
    drive(&mut state, 1, add(Grant::Lasting, 2, &[KeyPermission::Get])).unwrap();
    let before = state.clone().unwrap();
    // The other group is another tenant's: what holds the vault has no say in what it trusts. To
    // leave a tenant takes more than to move within it.
    let there = VaultAction::Move { group: group(2) };
    assert!(
        there
            .requires(Crossing::Across)
            .contains(&Action::TenantChange)
    );
    drive(&mut state, 2, there).unwrap();
    let after = state.clone().unwrap();
    assert_eq!(
        (after.tenant, &after.policies),
        (before.tenant, &before.policies)
    );
    assert_eq!(after.group, group(2));
    // Rights at the vault itself are void for good, there and back again.
    let tenancy = |vault: &Vault| vault.descent.tenancy(Tenancy::default());
    assert_ne!(tenancy(&after), tenancy(&before));
    drive(&mut state, 3, VaultAction::Move { group: group(1) }).unwrap();
    assert_ne!(tenancy(state.as_ref().unwrap()), tenancy(&before));
}

#[test]
fn r13_another_trusted_tenant_drops_the_policies_of_the_old_one() {
    let mut state = live();
    drive(&mut state, 1, add(Grant::Lasting, 2, &[KeyPermission::Get])).unwrap();
    let to = |n| {
        update(VaultUpdate {
            tenant: Some(tenant(n)),
            ..VaultUpdate::default()
        })
    };
    drive(&mut state, 2, to(2)).unwrap();
    assert_eq!(
        admits(state.as_ref(), 2, KeyPermission::Get),
        Err(Denial::ForeignTenant)
    );
    let refusal = drive(&mut state, 3, add(Grant::Lasting, 2, &[KeyPermission::Get])).unwrap_err();
    assert_eq!(refusal.code(), "PolicyTenantMismatch");
    // Back again: the tenant is trusted, and nothing is granted.
    drive(&mut state, 4, to(1)).unwrap();
    let missing = Denial::PolicyMissing {
        permission: KeyPermission::Get,
    };
    assert_eq!(admits(state.as_ref(), 2, KeyPermission::Get), Err(missing));
}

#[test]
fn r14_soft_delete_and_purge_protection_cannot_be_turned_off() {
    let mut state = live();
    let off = update(VaultUpdate {
        soft_delete: Some(false),
        ..VaultUpdate::default()
    });
    let on = update(VaultUpdate {
        purge_protection: Some(true),
        ..VaultUpdate::default()
    });
    let unprotect = update(VaultUpdate {
        purge_protection: Some(false),
        ..VaultUpdate::default()
    });
    assert_eq!(
        drive(&mut state, 1, off),
        Err(VaultRefusal::SoftDeleteRequired)
    );
    drive(&mut state, 2, on).unwrap();
    assert_eq!(
        drive(&mut state, 3, unprotect),
        Err(VaultRefusal::PurgeProtectionRequired)
    );
    assert!(state.as_ref().unwrap().recovery_level().purge_protected());
    let mut nothing = None;
    let without = VaultAction::Create(NewVault {
        soft_delete: false,
        ..new_vault()
    });
    assert_eq!(
        drive(&mut nothing, 1, without),
        Err(VaultRefusal::SoftDeleteRequired)
    );
}

#[test]
fn r14_a_protected_vault_is_purged_by_the_end_of_its_retention_alone() {
    let mut state = None;
    let protected = NewVault {
        purge_protection: true,
        ..new_vault()
    };
    drive(&mut state, 0, VaultAction::Create(protected)).unwrap();
    drive(&mut state, 5, VaultAction::Delete).unwrap();
    let end = 5 + 7 * DAY;
    assert_eq!(VaultMachine::wake_at(&state), Some(at(end)));
    let refusal = drive(&mut state, end - 1, VaultAction::Purge).unwrap_err();
    assert_eq!(refusal, VaultRefusal::PurgeProtected { until: at(end) });
    drive(&mut state, end, VaultAction::EndRetention).unwrap();
    // The name stays taken until the keys are destroyed, so that no new vault finds them.
    let owed = VaultMachine::effects(&state, at(end));
    let vault = new_vault().name;
    assert_eq!(owed, [VaultEffect::EraseKeys { vault }]);
    let refusal = drive(&mut state, end, VaultAction::Create(new_vault())).unwrap_err();
    assert_eq!(refusal.code(), "VaultAlreadyExists");
    drive(&mut state, end, VaultAction::KeysErased).unwrap();
    assert_eq!(state, None);
    drive(&mut state, end, VaultAction::Create(new_vault())).unwrap();
}

#[test]
fn r14_a_vault_is_recovered_until_its_retention_ends_and_not_from_then_on() {
    let mut deleted = live();
    drive(&mut deleted, 5, VaultAction::Delete).unwrap();
    let end = 5 + 7 * DAY;
    let recover = |millis| drive(&mut deleted.clone(), millis, VaultAction::Recover);
    assert_eq!(recover(end - 1), Ok(()));
    let vault = new_vault().name;
    for late in [end, end + 90 * DAY] {
        let vault = vault.clone();
        assert_eq!(recover(late), Err(VaultRefusal::RetentionEnded { vault }));
    }
}

#[test]
fn r14_retention_is_7_to_90_days_for_life() {
    for days in [0, 6, 91, u16::MAX] {
        let error = RetentionDays::try_from(days).unwrap_err().to_string();
        assert!(error.contains("7 to 90"), "{error}");
    }
    let mut state = live();
    let retention = Some(RetentionDays::DEFAULT);
    let refusal = drive(
        &mut state,
        1,
        update(VaultUpdate {
            retention,
            ..VaultUpdate::default()
        }),
    );
    assert!(matches!(refusal, Err(VaultRefusal::RetentionFixed { .. })));
}

#[test]
fn r17_the_firewall_lets_trusted_services_through_only_while_it_bypasses_them() {
    let address = Origin::Address([192, 0, 2, 1].into());
    let firewall = |default_action, bypass| Firewall {
        default_action,
        bypass,
    };
    for (firewall, service, other) in [
        (Firewall::OPEN, true, true),
        (firewall(DefaultAction::Allow, Bypass::None), true, true),
        (
            firewall(DefaultAction::Deny, Bypass::AzureServices),
            true,
            false,
        ),
        (firewall(DefaultAction::Deny, Bypass::None), false, false),
    ] {
        assert_eq!(
            firewall.admits(Origin::TrustedService),
            service,
            "{firewall:?}"
        );
        assert_eq!(firewall.admits(address), other, "{firewall:?}");
    }
}

#[test]
fn i05_without_authority_every_state_answers_the_same() {
    for (name, command) in commands() {
        if command.action.requires(Crossing::Within).is_empty() {
            continue;
        }
        let answers: BTreeSet<String> = states()
            .iter()
            .map(|(_, state)| {
                let missing = without_authority(state.as_ref(), &command.action);
                VaultMachine::decide(state, &command, &missing)
                    .unwrap_err()
                    .to_string()
            })
            .collect();
        assert_eq!(answers.len(), 1, "{name}: {answers:?}");
    }
}

#[test]
fn policies_end_at_1024() {
    let mut state = live();
    let grantee = |n: u16| Grantee {
        object: PrincipalId::from_bytes(u128::from(n).to_be_bytes()),
        application: None,
    };
    let entry = |n| PolicySpec {
        grantee: grantee(n),
        ..spec(0, &[KeyPermission::Get])
    };
    let change = PolicyChange::Add {
        grant: Grant::Lasting,
    };
    let entries = (0..1024).map(entry).collect();
    drive(
        &mut state,
        1,
        VaultAction::ChangePolicies { change, entries },
    )
    .unwrap();
    let entries = vec![entry(1024)];
    let refusal = drive(
        &mut state,
        2,
        VaultAction::ChangePolicies { change, entries },
    );
    assert_eq!(refusal, Err(VaultRefusal::TooManyPolicies));
}

#[test]
fn r13_a_move_asks_for_a_right_at_its_destination_and_nothing_else_does() {
    for (name, command) in commands() {
        let there = match &command.action {
            VaultAction::Move { group } => Some((*group, Action::GroupsWrite)),
            _ => None,
        };
        assert_eq!(command.action.requires_there(), there, "{name}");
    }
}

#[test]
fn r13_a_move_by_facts_of_another_group_is_not_decided() {
    let there = VaultAction::Move { group: group(2) };
    for (present, target, fresh) in [(1, 2, true), (1, 1, false), (2, 2, false), (2, 1, false)] {
        let facts = VaultFacts {
            present: place(present),
            target: place(target),
            ..facts_for(None, &there)
        };
        let moved = VaultMachine::decide(&live(), &to_vault(1, there.clone()), &facts);
        assert_eq!(moved.is_ok(), fresh, "{moved:?}");
        assert!(fresh || moved == Err(VaultRefusal::StaleFacts));
    }
}

#[test]
fn r14_purge_protection_keeps_the_name_of_a_deleted_vault_as_long_as_the_vault() {
    let end = 5 + 7 * DAY;
    for purge_protection in [true, false] {
        for millis in [5, end - 1, end] {
            let mut state = None;
            let create = VaultAction::Create(NewVault {
                purge_protection,
                ..new_vault()
            });
            drive(&mut state, 0, create.clone()).unwrap();
            drive(&mut state, 5, VaultAction::Delete).unwrap();
            let refused = drive(&mut state, millis, create);
            let kept_until = (purge_protection && millis < end).then(|| at(end));
            let vault = new_vault().name;
            assert_eq!(
                refused,
                Err(VaultRefusal::DeletedVaultExists { vault, kept_until })
            );
        }
    }
}

#[test]
fn r14_the_recovery_level_is_azures_word_for_retention_and_purge_protection() {
    for (days, purge_protection, word) in [
        (90, true, "Recoverable"),
        (90, false, "Recoverable+Purgeable"),
        (89, true, "CustomizedRecoverable"),
        (7, false, "CustomizedRecoverable+Purgeable"),
    ] {
        let mut state = None;
        let retention = RetentionDays::try_from(days).unwrap();
        assert_eq!(retention.days(), days);
        let create = VaultAction::Create(NewVault {
            retention,
            purge_protection,
            ..new_vault()
        });
        drive(&mut state, 0, create).unwrap();
        let level = state.unwrap().recovery_level();
        assert_eq!(level.as_str(), word);
        assert_eq!(level.purge_protected(), purge_protection);
    }
    // Only a vault elsewhere has no soft delete.
    assert_eq!(RecoveryLevel::Purgeable.as_str(), "Purgeable");
    assert!(!RecoveryLevel::Purgeable.purge_protected());
}

#[test]
fn r09_an_entry_without_a_permission_vanishes() {
    let mut state = live();
    let get = [KeyPermission::Get];
    for (change, keys) in [
        (PolicyChange::Remove, &get[..]),
        (PolicyChange::Replace, &[]),
    ] {
        drive(&mut state, 1, add(Grant::Lasting, 2, &get)).unwrap();
        let entries = vec![spec(2, keys)];
        let take = VaultAction::ChangePolicies { change, entries };
        drive(&mut state, 2, take).unwrap();
        let left = state.as_ref().unwrap().policies.entries();
        assert_eq!(left, [], "{change:?}");
    }
}

/// What RULES say of a vault, in booleans and maps.
#[derive(Clone, Debug, Default)]
struct Model {
    exists: bool,
    deleted: Option<u64>,
    protected: bool,
    tenant: u8,
    /// Who is granted what, and by which operation.
    granted: BTreeMap<(u8, KeyPermission), Option<u8>>,
}

#[derive(Clone, Debug)]
enum Step {
    Create,
    Protect,
    Unprotect,
    Trust(u8),
    Grant(u8, KeyPermission, Option<u8>),
    Remove(u8, KeyPermission),
    Undo(u8),
    Move(u8),
    Delete,
    Recover,
    Purge,
    EndRetention,
}

impl Model {
    fn take(&mut self, now: u64, step: &Step) {
        let usable = self.exists && self.deleted.is_none();
        match step {
            Step::Create if !self.exists => {
                *self = Self {
                    exists: true,
                    tenant: 1,
                    ..Self::default()
                };
            }
            Step::Protect if usable => self.protected = true,
            Step::Trust(tenant) if usable && self.tenant != *tenant => {
                self.tenant = *tenant;
                self.granted.clear();
            }
            // The entry names tenant 1.
            Step::Grant(who, what, None) if usable && self.tenant == 1 => {
                self.granted.insert((*who, *what), None);
            }
            Step::Grant(who, what, op) if usable && self.tenant == 1 => {
                self.granted.entry((*who, *what)).or_insert(*op);
            }
            Step::Remove(who, what) if usable && self.tenant == 1 => {
                self.granted.remove(&(*who, *what));
            }
            Step::Undo(op) => self.granted.retain(|_, by| *by != Some(*op)),
            Step::Delete if usable => self.deleted = Some(now),
            Step::Recover if self.deleted.is_some_and(|deleted| now >= deleted + 7 * DAY) => {}
            Step::Recover => self.deleted = None,
            Step::Purge | Step::EndRetention => {
                let over = |deleted: u64| now >= deleted + 7 * DAY;
                let free = matches!(step, Step::Purge) && !self.protected;
                if self.deleted.is_some_and(|deleted| free || over(deleted)) {
                    *self = Self::default();
                }
            }
            _ => {}
        }
    }
}

fn action(step: &Step) -> VaultAction {
    let none = VaultUpdate::default;
    match step {
        Step::Create => VaultAction::Create(new_vault()),
        Step::Protect => update(VaultUpdate {
            purge_protection: Some(true),
            ..none()
        }),
        Step::Unprotect => update(VaultUpdate {
            purge_protection: Some(false),
            ..none()
        }),
        Step::Trust(n) => update(VaultUpdate {
            tenant: Some(tenant(*n)),
            ..none()
        }),
        Step::Grant(who, what, op) => {
            let grant = op.map_or(Grant::Lasting, |op| {
                Grant::ForOperation(OpId::from_bytes([op; 16]))
            });
            add(grant, *who, &[*what])
        }
        Step::Remove(who, what) => VaultAction::ChangePolicies {
            change: PolicyChange::Remove,
            entries: vec![spec(*who, &[*what])],
        },
        Step::Undo(op) => VaultAction::UndoGrant {
            op: OpId::from_bytes([*op; 16]),
        },
        Step::Move(n) => VaultAction::Move { group: group(*n) },
        Step::Delete => VaultAction::Delete,
        Step::Recover => VaultAction::Recover,
        Step::Purge => VaultAction::Purge,
        Step::EndRetention => VaultAction::EndRetention,
    }
}

fn step() -> impl Strategy<Value = Step> {
    let permission = || prop_oneof![Just(KeyPermission::Get), Just(KeyPermission::UnwrapKey)];
    prop_oneof![
        3 => Just(Step::Create),
        1 => Just(Step::Protect),
        1 => Just(Step::Unprotect),
        1 => (1..3_u8).prop_map(Step::Trust),
        4 => (2..4_u8, permission(), prop_oneof![Just(None), (5..7_u8).prop_map(Some)])
            .prop_map(|(who, what, op)| Step::Grant(who, what, op)),
        1 => (2..4_u8, permission()).prop_map(|(who, what)| Step::Remove(who, what)),
        2 => (5..7_u8).prop_map(Step::Undo),
        1 => (1..3_u8).prop_map(Step::Move),
        2 => Just(Step::Delete),
        2 => Just(Step::Recover),
        1 => Just(Step::Purge),
        1 => Just(Step::EndRetention),
    ]
}

proptest! {
    #[test]
    fn r13_r14_a_vault_lives_as_the_rules_say(
        steps in proptest::collection::vec((step(), 0..4 * DAY), 1..64)
    ) {
        let mut state: Option<Vault> = None;
        let mut model = Model::default();
        let mut now = 0;
        for (step, wait) in steps {
            now += wait;
            let before = state.clone();
            let outcome = drive(&mut state, now, action(&step));
            if let Err(refusal) = &outcome {
                prop_assert_eq!(&before, &state);
                prop_assert_ne!(refusal.kind(), OutcomeKind::Denied);
            }
            if !VaultMachine::effects(&state, at(now)).is_empty() {
                drive(&mut state, now, VaultAction::KeysErased).unwrap();
            }
            model.take(now, &step);

            prop_assert_eq!(state.is_some(), model.exists, "{:?}", step);
            let Some(vault) = &state else { continue };
            prop_assert_eq!(matches!(vault.life, VaultLife::Deleted { .. }), model.deleted.is_some());
            prop_assert_eq!(vault.purge_protection, model.protected);
            prop_assert_eq!(vault.tenant, TenantId::from_bytes([model.tenant; 16]));
            for who in 2..4 {
                for what in KeyPermission::ALL {
                    let granted = model.granted.contains_key(&(who, *what));
                    prop_assert_eq!(vault.policies.permit(principal(who), *what), granted);
                }
            }
            prop_assert_eq!(
                VaultMachine::wake_at(&state),
                model.deleted.map(|deleted| at(deleted + 7 * DAY))
            );
        }
    }
}
