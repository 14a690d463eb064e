//! States and commands as reviewers read them, and the conditions of a customer's key by rule.

use core::fmt::Write as _;

use strongroom_base::{Machine as _, Outcome as _};
use strongroom_identity::{Action, Crossing, Denied, ManagedIdentity, NameUse};
use strongroom_vault::vault::Authorization;
use strongroom_vault::{Denial, KeyOperation, KeyPermission, KeyType};

use crate::samples::*;
use crate::{
    Candidate, ChangeKind, Granting, Life, NewResource, Reason, Refusal, Resource, ResourceAction,
    ResourceCommand, ResourceFacts, ResourceMachine, SeenKey, Step, Tier,
};

pub(crate) fn states() -> Vec<(&'static str, Option<Resource>)> {
    let target = customer(&version(KEY, 1));
    let enabling = |step| {
        changing(
            with_identity(resource()),
            ChangeKind::Enable,
            customer(&version(KEY, 1)),
            step,
        )
    };
    let unreachable = |step| Resource {
        keyring: keyring(customer(&version(OTHER_KEY, 1))),
        ..changing(
            inaccessible(),
            ChangeKind::Switch,
            customer(&version(KEY, 1)),
            step,
        )
    };
    let deleted = |had_identity| Resource {
        life: Life::Deleted {
            at: NOW,
            purge_at: SOON,
            had_identity,
        },
        ..resource()
    };
    vec![
        ("absent", None),
        ("service-managed", Some(resource())),
        ("with identity", Some(with_identity(resource()))),
        (
            "free tier",
            Some(Resource {
                tier: Tier::F0,
                ..resource()
            }),
        ),
        ("customer-managed", Some(customer_managed())),
        (
            "customer-managed, identity off",
            Some(Resource {
                identity: ManagedIdentity::Off,
                ..customer_managed()
            }),
        ),
        ("customer-managed, inaccessible", Some(inaccessible())),
        ("enabling, preparing", Some(enabling(Step::Preparing))),
        (
            "enabling, proven",
            Some(enabling(Step::Proven {
                pending: pending(&target),
            })),
        ),
        ("enabling, undoing", Some(enabling(Step::Undoing))),
        (
            "switching, preparing, inaccessible",
            Some(unreachable(Step::Preparing)),
        ),
        (
            "switching, proven, inaccessible",
            Some(unreachable(Step::Proven {
                pending: pending(&target),
            })),
        ),
        ("deleted", Some(deleted(false))),
        ("deleted, had identity", Some(deleted(true))),
        (
            "purging",
            Some(Resource {
                life: Life::Purging,
                ..resource()
            }),
        ),
    ]
}

pub(crate) fn commands() -> Vec<(&'static str, ResourceAction)> {
    let create = NewResource {
        uid: UID,
        name: "notes".parse().unwrap(),
        group: OTHER_GROUP,
        region: region("local"),
        tier: Tier::S0,
        binding: resource().binding,
        keyring: keyring(service(SERVICE_KEY)),
    };
    let target = customer(&version(KEY, 1));
    vec![
        ("create", ResourceAction::Create(Box::new(create))),
        ("tier F0", ResourceAction::SetTier { tier: Tier::F0 }),
        ("tier E0", ResourceAction::SetTier { tier: Tier::E0 }),
        (
            "identity enable",
            ResourceAction::EnableIdentity { principal: DRAWN },
        ),
        ("identity disable", ResourceAction::DisableIdentity),
        ("settle directory", ResourceAction::SettleDirectory),
        ("set version 1", set(&version(KEY, 1))),
        ("set version 2", set(&version(KEY, 2))),
        ("set another key", set(&version(OTHER_KEY, 3))),
        ("follow", ResourceAction::Follow { op: OP }),
        (
            "reset",
            ResourceAction::Reset {
                op: OP,
                key: NEW_SERVICE_KEY,
            },
        ),
        ("rekey", ResourceAction::Rekey { op: OP }),
        (
            "prove",
            ResourceAction::Prove {
                op: OP,
                pending: pending(&target),
            },
        ),
        ("activate", ResourceAction::Activate { op: OP }),
        ("abandon", ResourceAction::Abandon { op: OP }),
        (
            "service key erased",
            ResourceAction::ServiceKeyErased { key: SERVICE_KEY },
        ),
        (
            "lose access, disabled",
            ResourceAction::LoseAccess { reason: DISABLED },
        ),
        (
            "lose access, key deleted",
            ResourceAction::LoseAccess {
                reason: Reason::Vault(Denial::KeyDeleted),
            },
        ),
        ("regain access", ResourceAction::RegainAccess),
        ("move", ResourceAction::Move { group: OTHER_GROUP }),
        ("delete", ResourceAction::Delete),
        ("recover", ResourceAction::Recover { principal: DRAWN }),
        ("purge", ResourceAction::Purge),
        ("end of retention", ResourceAction::EndRetention),
        ("forget", ResourceAction::Forget),
    ]
}

/// The key that a command names, or the one in use.
pub(crate) fn sought(action: &ResourceAction) -> SeenKey {
    match action {
        ResourceAction::SetKey(set) => seen(&set.key.to_string()),
        _ => seen(&version(KEY, 1)),
    }
}

fn decided(state: Option<&Resource>, action: &ResourceAction, facts: &ResourceFacts<'_>) -> String {
    let command = ResourceCommand {
        at: NOW,
        action: action.clone(),
    };
    let before = state.cloned();
    match ResourceMachine::decide(&before, &command, facts) {
        Ok(events) => {
            let mut after = before.clone();
            for event in &events {
                ResourceMachine::evolve(&mut after, event);
            }
            assert_ne!(after, before, "{action:?} was allowed and changes nothing");
            let names = events.iter().map(|event| {
                let text = format!("{event:?}");
                let end = text.find(|c: char| !c.is_alphanumeric());
                text[..end.unwrap_or(text.len())].to_owned()
            });
            names.collect::<Vec<_>>().join(", ")
        }
        Err(refusal) => {
            assert!(refusal.to_string().contains(": ") || refusal.to_string().len() > 20);
            format!("– {}", refusal.code())
        }
    }
}

/// Every state × command, all facts favourable, and just before the retention ends.
#[test]
fn states_and_commands() {
    let mut text = String::new();
    for (state_name, state) in states() {
        writeln!(text, "{state_name}").unwrap();
        for (command_name, action) in commands() {
            let sought = sought(&action);
            let facts = facts(Candidate::Seen(&sought));
            let cell = decided(state.as_ref(), &action, &facts);
            writeln!(text, "    {command_name:20} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

/// What each state owes the outside.
#[test]
fn states_and_effects() {
    let mut text = String::new();
    for (name, state) in states() {
        let owed = ResourceMachine::effects(&state, NOW);
        writeln!(text, "{name}: {owed:?}").unwrap();
    }
    insta::assert_snapshot!(text);
}

/// Vaults in which the identity lacks one permission, by who could grant it (R9).
fn lacking_one() -> Vec<(String, SeenKey)> {
    let one = version(KEY, 1);
    let denied = Denied::Forbidden {
        principal: DRAWN,
        action: Action::AccessPoliciesWrite,
        scope: strongroom_identity::Scope::Resource(UID),
    };
    let lacking = |permission, granting: &Granting, authorization| {
        let granting = granting.clone();
        seen_but(&one, move |seen| {
            seen.vault.permissions = without(permission);
            seen.vault.authorization = authorization;
            seen.granting = granting;
        })
    };
    let (may, may_not) = (
        Granting::Caller(Ok(())),
        Granting::Caller(Err(denied.clone())),
    );
    let policies = Authorization::AccessPolicies;
    let mut rows = Vec::new();
    for permission in crate::NEEDED {
        let by = |who: &str| format!("R9 lacks {permission}, {who}");
        rows.push((by("caller may grant"), lacking(permission, &may, policies)));
        rows.push((
            by("caller may not"),
            lacking(permission, &may_not, policies),
        ));
        rows.push((
            by("outside vault"),
            lacking(permission, &Granting::Owner, policies),
        ));
        rows.push((
            by("role mode"),
            lacking(permission, &may, Authorization::Roles),
        ));
    }
    rows
}

/// Vaults and keys with one thing wrong, in the order of the rules.
fn one_thing_wrong() -> Vec<(String, SeenKey)> {
    let one = version(KEY, 1);
    vec![
        ("nothing".to_owned(), seen(&one)),
        (
            "R7 another region".to_owned(),
            seen_but(&one, |seen| seen.vault.region = region("westeurope")),
        ),
        (
            "R7 another trusted tenant".to_owned(),
            seen_but(&one, |seen| seen.vault.tenant = ABROAD),
        ),
        (
            "R14 no soft delete".to_owned(),
            seen_but(&one, |seen| seen.vault.soft_delete = false),
        ),
        (
            "R14 no purge protection".to_owned(),
            seen_but(&one, |seen| seen.vault.purge_protection = false),
        ),
        (
            "R17 firewall closed".to_owned(),
            seen_but(&one, |seen| seen.vault.firewall = closed()),
        ),
        (
            "R15 RSA 3072".to_owned(),
            key_but(&one, |key| key.bits = 3072),
        ),
        (
            "R15 EC".to_owned(),
            key_but(&one, |key| {
                key.key_type = KeyType::Ec;
                key.bits = 256;
            }),
        ),
        (
            "R15 RSA-HSM 2048".to_owned(),
            key_but(&one, |key| key.key_type = KeyType::RsaHsm),
        ),
        (
            "disabled".to_owned(),
            key_but(&one, |key| key.enabled = false),
        ),
        (
            "expired".to_owned(),
            key_but(&one, |key| key.expires = Some(NOW)),
        ),
        (
            "expires later".to_owned(),
            key_but(&one, |key| key.expires = Some(SOON)),
        ),
        (
            "not valid yet".to_owned(),
            key_but(&one, |key| key.not_before = Some(SOON)),
        ),
        (
            "may not unwrap".to_owned(),
            key_but(&one, |key| {
                key.operations.remove(&KeyOperation::UnwrapKey);
            }),
        ),
        (
            "deleted".to_owned(),
            seen_but(&one, |seen| seen.key = Err(Denial::KeyDeleted)),
        ),
        ("R16 no version".to_owned(), seen(KEY)),
        (
            "R16 no version, allowed".to_owned(),
            seen_but(KEY, |seen| seen.following_allowed = true),
        ),
    ]
}

/// What the facts can have against a customer's key, each by itself.
#[test]
fn conditions_of_a_customers_key() {
    let mut text = String::new();
    for (name, seen) in one_thing_wrong().into_iter().chain(lacking_one()) {
        let facts = facts(Candidate::Seen(&seen));
        let action = set(&seen.asked.to_string());
        for (state, resource) in [("off", resource()), ("on", with_identity(resource()))] {
            let cell = decided(Some(&resource), &action, &facts);
            writeln!(text, "{name:42} identity {state:3}  {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn r09_the_need_is_get_wrap_and_unwrap() {
    assert_eq!(
        crate::NEEDED,
        [
            KeyPermission::Get,
            KeyPermission::WrapKey,
            KeyPermission::UnwrapKey
        ]
    );
}

#[test]
fn i05_without_authority_every_state_answers_the_same() {
    let denied = Denied::Hidden {
        principal: DRAWN,
        action: Action::AccountsWrite,
    };
    for (command_name, action) in commands() {
        if action
            .requires(strongroom_identity::Crossing::Within)
            .is_empty()
        {
            continue;
        }
        for (_, state) in states() {
            let sought = sought(&action);
            let facts = ResourceFacts {
                authority: Err(denied.clone()),
                name: NameUse::Taken,
                ..facts(Candidate::Seen(&sought))
            };
            let command = ResourceCommand {
                at: NOW,
                action: action.clone(),
            };
            let refusal = ResourceMachine::decide(&state, &command, &facts).unwrap_err();
            assert_eq!(refusal.to_string(), denied.to_string(), "{command_name}");
        }
    }
}

/// What a caller must be allowed, by the command alone.
#[test]
fn i05_what_a_command_asks_of_its_caller_is_known_before_the_resource_is() {
    for (name, action) in commands() {
        let needed = |crossing| match name {
            "move" if crossing == Crossing::Within => vec![Action::GroupsMove],
            "move" => vec![Action::GroupsMove, Action::TenantChange],
            "delete" => vec![Action::AccountsDelete],
            "purge" => vec![Action::DeletedAccountsPurge],
            "create" | "tier F0" | "tier E0" | "identity enable" | "identity disable"
            | "set version 1" | "set version 2" | "set another key" | "reset" | "rekey"
            | "recover" => vec![Action::AccountsWrite],
            // Strongroom's own.
            _ => vec![],
        };
        for crossing in [Crossing::Within, Crossing::Across] {
            assert_eq!(action.requires(crossing), needed(crossing), "{name}");
        }
    }
}

#[test]
fn a_name_that_is_taken_is_refused_where_a_resource_is_made_or_moved_to() {
    let taken = ResourceFacts {
        name: NameUse::Taken,
        ..facts(Candidate::NotAsked)
    };
    let held = [("create", None), ("move", Some(resource()))];
    for (name, action) in commands() {
        let Some((_, state)) = held.iter().find(|(command, _)| *command == name) else {
            continue;
        };
        let command = ResourceCommand { at: NOW, action };
        let refused = ResourceMachine::decide(state, &command, &taken).unwrap_err();
        let told = resource().name;
        assert_eq!(refused, Refusal::NameTaken { name: told }, "{name}");
    }
}

#[test]
fn r13_a_move_by_facts_of_another_group_is_not_decided() {
    let (here, there) = (place(GROUP, HERE), place(OTHER_GROUP, HERE));
    let command = ResourceCommand {
        at: NOW,
        action: ResourceAction::Move { group: OTHER_GROUP },
    };
    for (present, target, fresh) in [
        (here, there, true),
        (here, here, false),
        (there, there, false),
        (there, here, false),
    ] {
        let facts = ResourceFacts {
            present,
            target,
            ..facts(Candidate::NotAsked)
        };
        let moved = ResourceMachine::decide(&Some(resource()), &command, &facts);
        assert_eq!(moved.is_ok(), fresh, "{moved:?}");
        assert!(fresh || moved == Err(Refusal::StaleFacts));
    }
}

/// What was done outside is taken once, and only where it was owed.
#[test]
fn i10_what_the_outside_has_done_is_taken_once_and_where_it_was_owed() {
    let erasing = Resource {
        erasing: [SERVICE_KEY].into(),
        ..customer_managed()
    };
    let erased = |key| ResourceAction::ServiceKeyErased { key };
    {
        let (wrong, right) = (erased(NEW_SERVICE_KEY), erased(SERVICE_KEY));
        let mut state = Some(erasing);
        let mut take = |action: &ResourceAction| {
            let command = ResourceCommand {
                at: NOW,
                action: action.clone(),
            };
            let nothing = facts(Candidate::NotAsked);
            let events = ResourceMachine::decide(&state, &command, &nothing)?;
            for event in &events {
                ResourceMachine::evolve(&mut state, event);
            }
            Ok(ResourceMachine::effects(&state, NOW))
        };
        assert_eq!(take(&wrong), Err(Refusal::NoOp));
        assert_eq!(take(&right), Ok(vec![]));
        assert_eq!(take(&right), Err(Refusal::NoOp));
    }
}

#[test]
fn r14_time_alone_changes_a_deleted_resource_and_no_other() {
    for (name, state) in states() {
        let deleted = name.starts_with("deleted");
        let wakes = ResourceMachine::wake_at(&state);
        assert_eq!(wakes, deleted.then_some(SOON), "{name}");
    }
}
