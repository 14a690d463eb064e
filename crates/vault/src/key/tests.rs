//! Rules of the key's machine, by number.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use strongroom_base::{Machine, Outcome};
use strongroom_crypto::RsaKeySize;

use super::table::{commands, decide, states, vault};
use super::*;
use crate::samples::{DAY, at, caller, key_name, minted, new_version, to_key, vault_name};
use crate::vault::{Vault, VaultAction};
use crate::{Asker, Denial, KeyOperation, KeySpec, KeyType, KeyVersion, MaterialRef, VaultView};

fn drive(
    state: &mut Option<Key>,
    vault: Option<&Vault>,
    millis: u64,
    action: KeyAction,
) -> Result<(), KeyRefusal> {
    for event in decide(state, &to_key(millis, action), vault, &caller(2))? {
        KeyMachine::evolve(state, &event);
    }
    Ok(())
}

fn live(vault: Option<&Vault>) -> Option<Key> {
    let mut state = None;
    drive(&mut state, vault, 0, KeyAction::Create(new_version(1))).unwrap();
    state
}

fn enable(enabled: bool) -> KeyAction {
    let change = AttributeChange {
        enabled: Some(enabled),
        ..AttributeChange::default()
    };
    KeyAction::Update {
        version: None,
        change,
    }
}

#[test]
fn r17_all_versions_are_disabled_at_once_and_what_fits_not_one_of_them_changes_none() {
    let vault = vault(false, &[]);
    let mut state = live(vault.as_ref());
    let mut ask =
        |at, action| drive(&mut state, vault.as_ref(), at, action).map(|()| state.clone());
    ask(1, KeyAction::Rotate(minted(2))).unwrap();
    ask(2, KeyAction::Rotate(minted(3))).unwrap();
    ask(3, enable(false)).unwrap();
    let all = |enabled| {
        KeyAction::UpdateAll(AttributeChange {
            enabled: Some(enabled),
            ..AttributeChange::default()
        })
    };
    let disabled = ask(4, all(false)).unwrap().unwrap();
    assert!(disabled.versions.iter().all(|version| !version.enabled));
    // What was so already keeps its time.
    let updated: Vec<_> = disabled
        .versions
        .iter()
        .map(|version| version.updated)
        .collect();
    assert_eq!(updated, [at(4), at(4), at(3)]);
    assert_eq!(ask(5, all(false)).unwrap_err(), KeyRefusal::NoOp);
    let enabled = ask(6, all(true)).unwrap().unwrap();
    assert!(enabled.versions.iter().all(|version| version.enabled));
    let not_before_first = KeyAction::Update {
        version: Some(enabled.versions[0].id),
        change: AttributeChange {
            not_before: TimeChange::Set(at(50)),
            ..AttributeChange::default()
        },
    };
    let before = ask(7, not_before_first).unwrap();
    let expire = |at| {
        KeyAction::UpdateAll(AttributeChange {
            expires: TimeChange::Set(at),
            ..AttributeChange::default()
        })
    };
    assert_eq!(
        ask(8, expire(at(40))).unwrap_err(),
        KeyRefusal::ExpiresBeforeValid
    );
    assert_eq!(before, ask(9, all(true)).unwrap_or_else(|_| before.clone()));
    ask(10, expire(at(60))).unwrap();
}

#[test]
fn an_expiry_that_was_set_can_be_taken_away() {
    let vault = vault(false, &[]);
    let mut state = live(vault.as_ref());
    let mut times = |not_before, expires| {
        let change = AttributeChange {
            not_before,
            expires,
            ..AttributeChange::default()
        };
        let update = KeyAction::Update {
            version: None,
            change,
        };
        drive(&mut state, vault.as_ref(), 1, update)?;
        let version = state.as_ref().unwrap().latest().unwrap();
        Ok::<_, KeyRefusal>((version.not_before, version.expires))
    };
    let (early, late) = (TimeChange::Set(at(5)), TimeChange::Set(at(9)));
    assert_eq!(times(early, late), Ok((Some(at(5)), Some(at(9)))));
    assert_eq!(
        times(TimeChange::Keep, TimeChange::Keep),
        Err(KeyRefusal::NoOp)
    );
    assert_eq!(
        times(TimeChange::Keep, TimeChange::Remove),
        Ok((Some(at(5)), None))
    );
    assert_eq!(
        times(TimeChange::Remove, TimeChange::Keep),
        Ok((None, None))
    );
    assert_eq!(
        times(TimeChange::Remove, TimeChange::Remove),
        Err(KeyRefusal::NoOp)
    );
}

#[test]
fn a_key_that_is_brought_along_for_nothing_does_nothing() {
    let none = NewVersion {
        operations: Some(BTreeSet::new()),
        ..new_version(1)
    };
    let mut state = None;
    let vault = vault(false, &[]);
    drive(&mut state, vault.as_ref(), 0, KeyAction::Import(none)).unwrap();
    let version = KeyView::of(state.as_ref()).live(None).unwrap();
    for operation in KeyOperation::ALL {
        assert!(version.permit(*operation, at(1)).is_err(), "{operation}");
    }
}

#[test]
fn r14_the_name_of_a_deleted_key_is_free_by_what_the_refusal_says() {
    let create = || KeyAction::Create(new_version(2));
    for (protected, at_millis, advice) in [
        (
            true,
            10,
            "choose another name: purge protection keeps this one until 1970-01-08T",
        ),
        (true, 8 * DAY, "strongroom key purge"),
        (false, 10, "strongroom key purge"),
    ] {
        let vault = vault(protected, &[]);
        let mut state = live(vault.as_ref());
        drive(&mut state, vault.as_ref(), 1, KeyAction::Delete).unwrap();
        let told = drive(&mut state, vault.as_ref(), at_millis, create()).unwrap_err();
        assert_eq!(told.code(), "ObjectIsDeletedButRecoverable");
        let told = told.to_string();
        assert!(
            told.contains(advice) && told.contains("strongroom key recover"),
            "{told}"
        );
    }
}

#[test]
fn i08_every_refused_command_changes_nothing_and_every_event_is_carried_out() {
    let vault = vault(false, &[]);
    for (state_name, state) in states() {
        for (name, command) in commands() {
            let mut after = state.clone();
            match decide(&state, &command, vault.as_ref(), &caller(2)) {
                Err(refusal) => assert!(!refusal.to_string().is_empty()),
                Ok(events) => {
                    assert!(!events.is_empty(), "{name} in {state_name}");
                    for event in &events {
                        let before = after.clone();
                        KeyMachine::evolve(&mut after, event);
                        assert_ne!(before, after, "{name} in {state_name}: {event:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn i05_without_the_permission_every_state_answers_the_same() {
    let vault = vault(false, &[]);
    for (name, command) in commands() {
        if command.action.requires().is_none() {
            continue;
        }
        let answers: BTreeSet<String> = states()
            .iter()
            .map(|(_, state)| {
                decide(state, &command, vault.as_ref(), &caller(3))
                    .unwrap_err()
                    .to_string()
            })
            .collect();
        assert_eq!(answers.len(), 1, "{name}: {answers:?}");
    }
}

#[test]
fn r09_a_missing_permission_is_named_with_the_command_that_grants_it() {
    let vault = vault(false, &[]);
    let refusal = decide(
        &None,
        &to_key(0, KeyAction::Create(new_version(1))),
        vault.as_ref(),
        &caller(3),
    );
    let text = refusal.unwrap_err().to_string();
    assert!(text.contains("`create`"), "{text}");
    assert!(
        text.contains("strongroom vault grant contoso --object-id 03030303-0303-0303-0303-030303030303 --key-permissions create"),
        "{text}"
    );
}

#[test]
fn r05_a_customer_creates_imports_rotates_disables_deletes_and_recovers() {
    let vault = vault(true, &[]);
    let vault = vault.as_ref();
    let mut state = live(vault);
    drive(&mut state, vault, 1, KeyAction::Import(new_version(2))).unwrap();
    drive(&mut state, vault, 2, KeyAction::Rotate(minted(3))).unwrap();
    drive(&mut state, vault, 3, enable(false)).unwrap();
    let before = state.clone().unwrap();
    let enabled: Vec<bool> = before
        .versions
        .iter()
        .map(|version| version.enabled)
        .collect();
    assert_eq!(enabled, [true, true, false]);
    drive(&mut state, vault, 4, KeyAction::Delete).unwrap();
    drive(&mut state, vault, 5, KeyAction::Recover).unwrap();
    assert_eq!(state, Some(before));
    drive(&mut state, vault, 6, enable(true)).unwrap();
}

#[test]
fn r06_a_state_holds_a_reference_and_never_material() {
    let state = live(vault(false, &[]).as_ref()).unwrap();
    let version = state.latest().unwrap();
    assert_eq!(version.material, MaterialRef::from_bytes([1; 16]));
    assert!(!format!("{state:?}").contains("private"));
}

#[test]
fn r14_a_key_is_recovered_until_its_retention_ends_and_not_from_then_on() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    let mut deleted = live(vault);
    drive(&mut deleted, vault, 5, KeyAction::Delete).unwrap();
    let end = 5 + 7 * DAY;
    let recover = |millis| drive(&mut deleted.clone(), vault, millis, KeyAction::Recover);
    assert_eq!(recover(end - 1), Ok(()));
    let name = key_name();
    for late in [end, end + 90 * DAY] {
        let name = name.clone();
        assert_eq!(recover(late), Err(KeyRefusal::RetentionEnded { name }));
    }
}

#[test]
fn r14_purge_protection_keeps_a_deleted_key_until_its_retention_ends() {
    let vault = vault(true, &[]);
    let vault = vault.as_ref();
    let mut state = live(vault);
    drive(&mut state, vault, 5, KeyAction::Delete).unwrap();
    let end = 5 + 7 * DAY;
    assert_eq!(KeyMachine::wake_at(&state), Some(at(end)));
    let refusal = drive(&mut state, vault, end - 1, KeyAction::Purge).unwrap_err();
    assert_eq!(refusal, KeyRefusal::PurgeProtected { until: at(end) });
    drive(&mut state, vault, end, KeyAction::EndRetention).unwrap();
    let owed = KeyMachine::effects(&state, at(end));
    let material = vec![MaterialRef::from_bytes([1; 16])];
    assert_eq!(
        owed,
        [KeyEffect::EraseMaterial {
            vault: vault_name(),
            name: key_name(),
            material
        }]
    );
    drive(&mut state, vault, end, KeyAction::MaterialErased).unwrap();
    assert_eq!(state, None);
}

#[test]
fn r14_a_key_goes_with_its_vault_and_not_before() {
    let standing = vault(false, &[VaultAction::Delete]);
    let purged = vault(false, &[VaultAction::Delete, VaultAction::Purge]);
    let mut state = live(vault(false, &[]).as_ref());
    let refusal = drive(&mut state, standing.as_ref(), 1, KeyAction::PurgeWithVault).unwrap_err();
    assert_eq!(refusal.code(), "VaultNotPurged");
    drive(&mut state, purged.as_ref(), 1, KeyAction::PurgeWithVault).unwrap();
    assert!(matches!(state.unwrap().life, KeyLife::Purging { .. }));
}

#[test]
fn r15_type_and_size_are_facts_of_every_version() {
    for (spec, key_type, bits) in [
        (KeySpec::Rsa(RsaKeySize::Rsa2048), KeyType::Rsa, 2048),
        (KeySpec::Rsa(RsaKeySize::Rsa3072), KeyType::Rsa, 3072),
        (KeySpec::Rsa(RsaKeySize::Rsa4096), KeyType::Rsa, 4096),
        (KeySpec::EcP256, KeyType::Ec, 256),
    ] {
        assert_eq!((spec.key_type(), spec.bits()), (key_type, bits));
    }
    assert!(
        !KeySpec::EcP256
            .operations()
            .contains(&KeyOperation::WrapKey)
    );
}

#[test]
fn r16_a_rotation_adds_a_version_and_touches_no_other() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    let mut state = live(vault);
    let before = state.clone().unwrap();
    drive(&mut state, vault, 7, KeyAction::Rotate(minted(2))).unwrap();
    let after = state.unwrap();
    assert_eq!(after.versions[..1], before.versions);
    let added = after.latest().unwrap();
    assert_eq!(added.id, KeyVersion::from_bytes([2; 16]));
    assert_eq!(added.operations, before.versions[0].operations);
    assert!(added.enabled);
}

#[test]
fn r16_a_rotation_policy_wakes_adds_one_version_and_waits_again() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    let mut state = live(vault);
    let policy = RotationPolicy::new(RotateWhen::BeforeExpiry { days: 8 }, Some(30)).unwrap();
    drive(&mut state, vault, 1, KeyAction::SetRotationPolicy(policy)).unwrap();
    // The version at hand does not expire, so nothing is due; a rotation by hand starts the clock.
    assert_eq!(KeyMachine::wake_at(&state), None);
    drive(&mut state, vault, 2, KeyAction::Rotate(minted(2))).unwrap();
    let due = 2 + 22 * DAY;
    assert_eq!(KeyMachine::wake_at(&state), Some(at(due)));
    assert_eq!(KeyMachine::effects(&state, at(due - 1)), []);
    let spec = KeySpec::Rsa(RsaKeySize::Rsa2048);
    let owed = KeyEffect::Rotate {
        vault: vault_name(),
        name: key_name(),
        spec,
    };
    assert_eq!(KeyMachine::effects(&state, at(due)), [owed]);
    drive(&mut state, vault, due, KeyAction::RotateIfDue(minted(3))).unwrap();
    assert_eq!(KeyMachine::wake_at(&state), Some(at(due + 22 * DAY)));
    let refusal = drive(&mut state, vault, due, KeyAction::RotateIfDue(minted(4))).unwrap_err();
    assert_eq!(refusal, KeyRefusal::RotationNotDue);
}

#[test]
fn r16_a_disabled_latest_version_does_not_fall_back() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    let mut state = live(vault);
    drive(&mut state, vault, 1, KeyAction::Rotate(minted(2))).unwrap();
    drive(&mut state, vault, 2, enable(false)).unwrap();
    let view = KeyView::of(state.as_ref());
    let permit = |version| {
        view.live(version)
            .unwrap()
            .permit(KeyOperation::UnwrapKey, at(3))
    };
    assert_eq!(permit(None), Err(Denial::KeyDisabled));
    assert_eq!(permit(Some(KeyVersion::from_bytes([1; 16]))), Ok(()));
}

#[test]
fn strongroom_itself_holds_no_permission() {
    let vault = vault(false, &[]);
    let facts = KeyFacts {
        vault: &vault_name(),
        name: &key_name(),
        asker: Asker::Strongroom,
        holder: VaultView::of(vault.as_ref()),
    };
    for (name, command) in commands() {
        let decision = KeyMachine::decide(&live(vault.as_ref()), &command, &facts);
        if command.action.requires().is_some() {
            assert_eq!(decision.unwrap_err().code(), "AccessDenied", "{name}");
        }
    }
}

#[test]
fn r16_a_policy_counted_from_creation_is_due_so_many_days_after_it_and_not_before() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    let mut state = live(vault);
    let policy = RotationPolicy::new(RotateWhen::AfterCreate { days: 7 }, None).unwrap();
    drive(&mut state, vault, 1, KeyAction::SetRotationPolicy(policy)).unwrap();
    assert_eq!(KeyMachine::wake_at(&state), Some(at(7 * DAY)));
    let mut rotate = |millis| {
        let rotate = KeyAction::RotateIfDue(minted(2));
        drive(&mut state, vault, millis, rotate)
    };
    assert_eq!(rotate(7 * DAY - 1), Err(KeyRefusal::RotationNotDue));
    assert_eq!(rotate(7 * DAY), Ok(()));
}

#[test]
fn r14_purge_protection_keeps_the_name_of_a_deleted_key_as_long_as_the_key() {
    let end = 5 + 7 * DAY;
    for protected in [true, false] {
        for millis in [5, end - 1, end] {
            let vault = vault(protected, &[]);
            let mut state = live(vault.as_ref());
            drive(&mut state, vault.as_ref(), 5, KeyAction::Delete).unwrap();
            let create = KeyAction::Create(new_version(2));
            let refused = drive(&mut state, vault.as_ref(), millis, create);
            let expected = KeyRefusal::DeletedButRecoverable {
                vault: vault_name(),
                name: key_name(),
                kept_until: (protected && millis < end).then(|| at(end)),
            };
            assert_eq!(refused, Err(expected));
        }
    }
}

#[test]
fn r05_neither_the_id_nor_the_material_of_a_version_is_used_again() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    for (id, material, reused) in [(1, 2, true), (2, 1, true), (1, 1, true), (2, 2, false)] {
        let mut state = live(vault);
        let minted = MintedVersion {
            id: KeyVersion::from_bytes([id; 16]),
            material: MaterialRef::from_bytes([material; 16]),
            ..minted(2)
        };
        let added = drive(&mut state, vault, 1, KeyAction::Rotate(minted));
        let expected = if reused {
            Err(KeyRefusal::VersionReused)
        } else {
            Ok(())
        };
        assert_eq!(added, expected, "id {id}, material {material}");
    }
}

/// Times that never fitted, as an earlier version may have stored them, do not keep a version from being disabled.
#[test]
fn r17_times_are_held_to_their_order_when_one_of_them_is_changed_and_only_then() {
    let vault = vault(false, &[]);
    let vault = vault.as_ref();
    let change = |not_before, expires| KeyAction::Update {
        version: None,
        change: AttributeChange {
            not_before,
            expires,
            ..AttributeChange::default()
        },
    };
    let (early, late) = (TimeChange::Set(at(5)), TimeChange::Set(at(9)));
    let mut state = live(vault);
    for expires in [early, late] {
        let refused = drive(&mut state, vault, 1, change(late, expires));
        assert_eq!(refused, Err(KeyRefusal::ExpiresBeforeValid));
    }
    let version = &mut state.as_mut().unwrap().versions[0];
    (version.not_before, version.expires) = (Some(at(9)), Some(at(5)));
    drive(&mut state, vault, 2, enable(false)).unwrap();
    let refused = drive(
        &mut state,
        vault,
        3,
        change(TimeChange::Set(at(8)), TimeChange::Keep),
    );
    assert_eq!(refused, Err(KeyRefusal::ExpiresBeforeValid));
    drive(
        &mut state,
        vault,
        3,
        change(TimeChange::Remove, TimeChange::Keep),
    )
    .unwrap();
}

/// What RULES say of a key, in booleans and numbers.
#[derive(Clone, Debug, Default)]
struct Model {
    /// Enabled, not-before, expiry, of each version.
    versions: BTreeMap<u8, (bool, u64, u64)>,
    deleted: Option<u64>,
}

#[derive(Clone, Debug)]
enum Step {
    Create,
    Rotate,
    Enable(u8, bool),
    Valid(u8, u64, u64),
    Delete,
    Recover,
    Purge,
    EndRetention,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Create),
        2 => Just(Step::Rotate),
        3 => (1..6_u8, any::<bool>()).prop_map(|(version, enabled)| Step::Enable(version, enabled)),
        3 => (1..6_u8, 0..20_u64, 1..20_u64)
            .prop_map(|(version, from, days)| Step::Valid(version, from * DAY, (from + days) * DAY)),
        2 => Just(Step::Delete),
        2 => Just(Step::Recover),
        1 => Just(Step::Purge),
        1 => Just(Step::EndRetention),
    ]
}

fn action(step: &Step, fresh: u8) -> KeyAction {
    let update = |version: u8, change| KeyAction::Update {
        version: Some(KeyVersion::from_bytes([version; 16])),
        change,
    };
    match step {
        Step::Create => KeyAction::Create(new_version(fresh)),
        Step::Rotate => KeyAction::Rotate(minted(fresh)),
        Step::Enable(version, enabled) => update(
            *version,
            AttributeChange {
                enabled: Some(*enabled),
                ..AttributeChange::default()
            },
        ),
        Step::Valid(version, from, until) => {
            let (not_before, expires) = (TimeChange::Set(at(*from)), TimeChange::Set(at(*until)));
            update(
                *version,
                AttributeChange {
                    not_before,
                    expires,
                    ..AttributeChange::default()
                },
            )
        }
        Step::Delete => KeyAction::Delete,
        Step::Recover => KeyAction::Recover,
        Step::Purge => KeyAction::Purge,
        Step::EndRetention => KeyAction::EndRetention,
    }
}

impl Model {
    fn take(&mut self, now: u64, step: &Step, fresh: u8, protected: bool) {
        let exists = !self.versions.is_empty();
        let usable = exists && self.deleted.is_none();
        match step {
            Step::Create if usable || !exists => {
                self.versions.insert(fresh, (true, 0, u64::MAX));
            }
            Step::Rotate if usable => {
                self.versions.insert(fresh, (true, 0, u64::MAX));
            }
            Step::Enable(version, enabled) if usable => {
                if let Some(version) = self.versions.get_mut(version) {
                    version.0 = *enabled;
                }
            }
            Step::Valid(version, from, until) if usable => {
                if let Some(version) = self.versions.get_mut(version) {
                    (version.1, version.2) = (*from, *until);
                }
            }
            Step::Delete if usable => self.deleted = Some(now),
            Step::Recover if self.deleted.is_some_and(|deleted| now >= deleted + 7 * DAY) => {}
            Step::Recover => self.deleted = None,
            Step::Purge | Step::EndRetention => {
                let over = |deleted: u64| now >= deleted + 7 * DAY;
                let free = matches!(step, Step::Purge) && !protected;
                if self.deleted.is_some_and(|deleted| free || over(deleted)) {
                    *self = Self::default();
                }
            }
            _ => {}
        }
    }

    /// Whether an operation works, as A.3 of the facts has it.
    fn works(&self, version: u8, operation: KeyOperation, now: u64) -> bool {
        let makes = ["encrypt", "wrapKey", "sign"].contains(&operation.as_str());
        self.deleted.is_none()
            && self
                .versions
                .get(&version)
                .is_some_and(|(enabled, from, until)| {
                    *enabled && (!makes || (*from..*until).contains(&now))
                })
    }
}

proptest! {
    #[test]
    fn r17_a_key_lives_as_the_rules_say(
        protected in any::<bool>(),
        steps in proptest::collection::vec((step(), 0..3 * DAY), 1..64)
    ) {
        let vault = vault(protected, &[]);
        let mut state: Option<Key> = None;
        let mut model = Model::default();
        let (mut now, mut fresh) = (0, 0);
        for (step, wait) in steps {
            now += wait;
            fresh += 1;
            let before = state.clone();
            if drive(&mut state, vault.as_ref(), now, action(&step, fresh)).is_err() {
                prop_assert_eq!(&before, &state);
            }
            let purging = matches!(&state, Some(Key { life: KeyLife::Purging { .. }, .. }));
            prop_assert_eq!(purging, !KeyMachine::effects(&state, at(now)).is_empty());
            if purging {
                drive(&mut state, vault.as_ref(), now, KeyAction::MaterialErased).unwrap();
            }
            model.take(now, &step, fresh, protected);

            let versions = state.as_ref().map_or(0, |key| key.versions.len());
            prop_assert_eq!(versions, model.versions.len(), "{:?}", step);
            for version in 1..=fresh {
                for operation in KeyOperation::ALL {
                    let works = KeyView::of(state.as_ref())
                        .live(Some(KeyVersion::from_bytes([version; 16])))
                        .and_then(|version| version.permit(*operation, at(now)))
                        .is_ok();
                    prop_assert_eq!(works, model.works(version, *operation, now), "{:?}", step);
                }
            }
        }
    }
}
