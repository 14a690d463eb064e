//! The rules of a resource, one by one.

use std::collections::BTreeSet;

use strongroom_base::{Machine as _, Outcome as _, PrincipalId};
use strongroom_crypto::keyring::Kek;
use strongroom_identity::{IdentityRefusal, IdentityStanding, ManagedIdentity, SubscriptionState};
use strongroom_vault::vault::{Authorization, Holder, Place};
use strongroom_vault::{Denial, KeyPermission};

use crate::samples::*;
use crate::{
    Candidate, ChangeKind, ForDirectory, Granting, Life, NewResource, RETENTION, Refusal,
    Registration, Report, Resource, ResourceAction, ResourceCommand, ResourceEffect, ResourceEvent,
    ResourceFacts, ResourceMachine, SeenKey, Step, Tier, against, at_creation, reports,
    same_region,
};

fn decide(
    resource: &Resource,
    action: ResourceAction,
    facts: &ResourceFacts<'_>,
) -> Result<Vec<ResourceEvent>, Refusal> {
    let command = ResourceCommand { at: NOW, action };
    ResourceMachine::decide(&Some(resource.clone()), &command, facts)
}

/// The resource after an allowed command.
fn after(resource: &Resource, action: ResourceAction, facts: &ResourceFacts<'_>) -> Resource {
    let events = decide(resource, action, facts).unwrap();
    let mut state = Some(resource.clone());
    for event in &events {
        ResourceMachine::evolve(&mut state, event);
    }
    state.unwrap()
}

fn refused(resource: &Resource, seen: &SeenKey) -> Refusal {
    let action = set(&seen.asked.to_string());
    decide(resource, action, &facts(Candidate::Seen(seen))).unwrap_err()
}

#[test]
fn r08_a_creation_that_asks_for_a_customer_key_is_refused_whole() {
    let name = "notes".parse().unwrap();
    assert_eq!(at_creation(&name, None), Ok(()));
    let refusal = at_creation(&name, Some(KEY)).unwrap_err();
    assert_eq!(refusal.code(), "CmkNotAllowedAtCreation");
    let command = format!("strongroom resource encryption set notes --key {KEY}");
    assert!(refusal.to_string().contains(&command), "{refusal}");
}

#[test]
fn r10_the_free_tier_has_neither_identity_nor_customer_keys() {
    let free = Resource {
        tier: Tier::F0,
        ..resource()
    };
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let enable = ResourceAction::EnableIdentity { principal: DRAWN };
    for action in [enable.clone(), set(&version(KEY, 1))] {
        let refusal = decide(&free, action, &facts).unwrap_err();
        assert!(matches!(refusal, Refusal::TierTooLow { .. }), "{refusal}");
    }
    let up = after(&free, ResourceAction::SetTier { tier: Tier::S0 }, &facts);
    assert!(decide(&up, enable, &facts).is_ok());
}

#[test]
fn r10_going_down_is_refused_while_a_customer_key_is_set_or_coming() {
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let down = ResourceAction::SetTier { tier: Tier::F0 };
    let coming = after(&with_identity(resource()), set(&version(KEY, 1)), &facts);
    for resource in [customer_managed(), coming] {
        let refusal = decide(&resource, down.clone(), &facts).unwrap_err();
        assert!(matches!(refusal, Refusal::TierNeeded { .. }), "{refusal}");
    }
    assert!(decide(&resource(), down, &facts).is_ok());
}

#[test]
fn r07_the_vault_is_of_the_same_region_and_tenant() {
    let elsewhere = seen_but(&version(KEY, 1), |seen| {
        seen.vault.region = region("westeurope");
    });
    let refusal = refused(&resource(), &elsewhere);
    assert!(matches!(refusal, Refusal::OtherRegion { .. }), "{refusal}");

    let abroad = seen_but(&version(KEY, 1), |seen| seen.vault.tenant = ABROAD);
    let refusal = refused(&resource(), &abroad);
    assert_eq!(refusal.code(), "KeyVaultTenantMismatch");
    // What the vault itself said of it is the same refusal.
    let key = key_id(&version(KEY, 1));
    let unseen = Candidate::Unseen {
        key: &key,
        denial: Denial::ForeignTenant,
    };
    let said = decide(&resource(), set(&version(KEY, 1)), &facts(unseen)).unwrap_err();
    assert_eq!(said, refusal);
}

#[test]
fn r07_the_region_is_asked_of_the_vault_at_each_use() {
    let asked = key_id(&version(KEY, 1));
    let here = seen(&version(KEY, 1)).vault;
    assert_eq!(same_region(&customer_managed(), &asked, &here), Ok(()));
    let moved = strongroom_vault::VaultProperties {
        region: region("westeurope"),
        ..here
    };
    assert_eq!(
        same_region(&customer_managed(), &asked, &moved),
        Err(Refusal::OtherRegion {
            vault: "contoso".parse().unwrap(),
            ours: region("local"),
            theirs: region("westeurope"),
        })
    );
}

#[test]
fn r14_soft_delete_and_purge_protection_are_needed() {
    let soft = seen_but(&version(KEY, 1), |seen| seen.vault.soft_delete = false);
    assert_eq!(refused(&resource(), &soft).rule(), Some("R14"));
    let purge = seen_but(&version(KEY, 1), |seen| seen.vault.purge_protection = false);
    let refusal = refused(&resource(), &purge);
    let command = "strongroom vault update contoso --purge-protection";
    assert!(refusal.to_string().contains(command), "{refusal}");
}

#[test]
fn r15_only_rsa_2048_is_taken_and_the_refusal_says_type_and_size() {
    let large = key_but(&version(KEY, 1), |key| key.bits = 4096);
    let refusal = refused(&resource(), &large);
    assert_eq!(refusal.rule(), Some("R15"));
    assert!(
        refusal.to_string().contains("RSA with 4096 bits"),
        "{refusal}"
    );
}

#[test]
fn r09_each_missing_permission_is_named_with_the_command_that_grants_it() {
    let denied = strongroom_identity::Denied::Hidden {
        principal: DRAWN,
        action: strongroom_identity::Action::AccessPoliciesWrite,
    };
    for permission in crate::NEEDED {
        let lacking = seen_but(&version(KEY, 1), |seen| {
            seen.vault.permissions = without(permission);
            seen.granting = crate::Granting::Caller(Err(denied.clone()));
        });
        let refusal = refused(&with_identity(resource()), &lacking);
        let command = format!(
            "strongroom vault grant contoso --object-id {IDENTITY} --key-permissions {permission}"
        );
        assert!(refusal.to_string().contains(&command), "{refusal}");
    }
}

#[test]
fn r11_enabling_makes_the_identity_and_wants_its_grant() {
    let nothing_granted = seen_but(&version(KEY, 1), |seen| seen.vault.permissions.clear());
    let facts = facts(Candidate::Seen(&nothing_granted));
    let begun = after(&resource(), set(&version(KEY, 1)), &facts);
    let change = begun.change.as_deref().unwrap();
    assert_eq!(change.kind, ChangeKind::Enable);
    assert!(change.identity_added && change.kind.adds_generation());
    assert_eq!(change.grant.as_ref().unwrap().principal, DRAWN);
    assert_eq!(
        begun.identity.standing(HERE),
        IdentityStanding::On { principal: DRAWN }
    );
    // Data is read and written as before, all the while.
    assert_eq!(begun.keyring, resource_keyring_of(&begun));
    // The directory has the identity in the same commit.
    let told = ForDirectory::of(Some(&resource()), Some(&begun));
    let registered = ForDirectory {
        register: Some((DRAWN, HERE)),
        retire: BTreeSet::new(),
    };
    assert_eq!(told, registered);
    assert!(!begun.owes_directory());
    let owed = ResourceMachine::effects(&Some(begun), NOW);
    assert_eq!(owed, [ResourceEffect::GoOn { op: OP }]);
}

fn resource_keyring_of(resource: &Resource) -> strongroom_crypto::keyring::Keyring {
    assert_eq!(resource.service_key(), Some(SERVICE_KEY));
    resource.keyring.clone()
}

#[test]
fn r11_the_service_key_is_erased_only_after_the_switch() {
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let begun = after(&with_identity(resource()), set(&version(KEY, 1)), &facts);
    let pending = pending(&customer(&version(KEY, 1)));
    let proven = after(
        &begun,
        ResourceAction::Prove {
            op: OP,
            pending: pending.clone(),
        },
        &facts,
    );
    for resource in [&begun, &proven] {
        let owed = ResourceMachine::effects(&Some(resource.clone()), NOW);
        assert!(!owed.contains(&ResourceEffect::EraseServiceKey { key: SERVICE_KEY }));
        assert_eq!(resource.service_key(), Some(SERVICE_KEY));
    }
    let active = after(&proven, ResourceAction::Activate { op: OP }, &facts);
    assert_eq!(active.keyring, pending);
    assert_eq!(active.change, None);
    let owed = ResourceMachine::effects(&Some(active), NOW);
    assert_eq!(owed, [ResourceEffect::EraseServiceKey { key: SERVICE_KEY }]);
}

#[test]
fn r11_what_is_given_up_leaves_the_resource_as_it_was() {
    let nothing_granted = seen_but(&version(KEY, 1), |seen| seen.vault.permissions.clear());
    let facts = facts(Candidate::Seen(&nothing_granted));
    let before = resource();
    let begun = after(&before, set(&version(KEY, 1)), &facts);
    let given_up = after(&begun, ResourceAction::Abandon { op: OP }, &facts);
    assert_eq!(given_up, before);
    let told = ForDirectory::of(Some(&begun), Some(&given_up));
    let retired = ForDirectory {
        register: None,
        retire: BTreeSet::from([DRAWN]),
    };
    assert_eq!(told, retired);
}

/// States as an earlier version stored them, with something left for the directory to be told in a commit of its
/// own: the next commit does so, whatever it is.
#[test]
fn r12_what_an_earlier_version_owed_the_directory_is_told_with_the_next_commit() {
    let owing = Resource {
        registration: Registration::Owing,
        ..with_identity(resource())
    };
    let retiring = Resource {
        retiring: BTreeSet::from([DRAWN]),
        ..with_identity(resource())
    };
    let both = Resource {
        retiring: BTreeSet::from([DRAWN]),
        ..owing.clone()
    };
    let told = |register: Option<PrincipalId>, retire: &[PrincipalId]| ForDirectory {
        register: register.map(|principal| (principal, HERE)),
        retire: retire.iter().copied().collect(),
    };
    let nothing = facts(Candidate::NotAsked);
    for action in [
        ResourceAction::SettleDirectory,
        ResourceAction::SetTier { tier: Tier::E0 },
    ] {
        for (before, due) in [
            (&owing, told(Some(IDENTITY), &[])),
            (&retiring, told(None, &[DRAWN])),
            (&both, told(Some(IDENTITY), &[DRAWN])),
        ] {
            assert!(before.owes_directory());
            let owed = ResourceMachine::effects(&Some(before.clone()), NOW);
            assert_eq!(owed, [ResourceEffect::SettleDirectory]);
            let now = after(before, action.clone(), &nothing);
            assert_eq!(ForDirectory::of(Some(before), Some(&now)), due);
            assert!(!now.owes_directory());
            let again = decide(&now, ResourceAction::SettleDirectory, &nothing);
            assert_eq!(again, Err(Refusal::NoOp));
            let later = after(&now, ResourceAction::Delete, &nothing);
            let given_up = told(None, &[IDENTITY]);
            assert_eq!(ForDirectory::of(Some(&now), Some(&later)), given_up);
        }
    }
    // What was to be registered and is given up is retired, whether or not the directory has it; and whatever is
    // left when the resource goes is told then.
    let off = after(&both, ResourceAction::DisableIdentity, &nothing);
    let all = told(None, &[DRAWN, IDENTITY]);
    assert_eq!(ForDirectory::of(Some(&both), Some(&off)), all);
    assert_eq!(ForDirectory::of(Some(&retiring), None), all);
}

/// An earlier version gave a change up in one commit and took back what it had granted in another.
#[test]
fn r11_what_an_earlier_version_has_given_up_is_taken_back() {
    let before = resource();
    let undoing = Resource {
        identity: ManagedIdentity::Off,
        ..changing(
            before.clone(),
            ChangeKind::Enable,
            customer(&version(KEY, 1)),
            Step::Undoing,
        )
    };
    let nothing = facts(Candidate::NotAsked);
    let undone = after(&undoing, ResourceAction::Abandon { op: OP }, &nothing);
    assert_eq!(undone, before);
}

/// A change to version 1 of the key that is about to be proven.
fn preparing() -> (Resource, ResourceAction) {
    let one = seen(&version(KEY, 1));
    let allowed = facts(Candidate::Seen(&one));
    let before = Resource {
        keyring: keyring(customer(&version(OTHER_KEY, 1))),
        ..with_identity(resource())
    };
    let prove = ResourceAction::Prove {
        op: OP,
        pending: pending(&customer(&version(KEY, 1))),
    };
    (after(&before, set(&version(KEY, 1)), &allowed), prove)
}

#[test]
fn r11_the_rules_are_asked_again_when_the_new_key_is_proven() {
    let (begun, prove) = preparing();
    let one = version(KEY, 1);
    assert!(decide(&begun, prove.clone(), &facts(Candidate::Seen(&seen(&one)))).is_ok());
    let disabled = key_but(&one, |key| key.enabled = false);
    let elsewhere = seen_but(&one, |seen| seen.vault.region = region("westeurope"));
    let ungranted = seen_but(&one, |seen| {
        seen.vault.permissions = without(KeyPermission::UnwrapKey);
    });
    for (changed, code) in [
        (disabled, "KeyDisabled"),
        (elsewhere, "KeyVaultRegionMismatch"),
        // By then it would have been granted: nobody grants it on the way any more.
        (ungranted, "KeyVaultPermissionMissing"),
    ] {
        let refused = decide(&begun, prove.clone(), &facts(Candidate::Seen(&changed)));
        assert_eq!(refused.unwrap_err().code(), code);
    }
    let unseen = facts(Candidate::NotAsked);
    assert_eq!(decide(&begun, prove, &unseen), Err(Refusal::StaleFacts));
}

#[test]
fn r17_a_change_does_not_go_on_past_a_denial_and_does_after_another_unwrap() {
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let (begun, prove) = preparing();
    let denied = ResourceAction::LoseAccess { reason: DISABLED };
    let out_of_reach = Err(Refusal::OutOfReach {
        name: begun.name.clone(),
        reason: DISABLED,
    });
    let marked = after(&begun, denied.clone(), &facts);
    assert_eq!(decide(&marked, prove.clone(), &facts), out_of_reach);
    let let_in = after(&marked, ResourceAction::RegainAccess, &facts);
    let proven = after(&let_in, prove, &facts);

    let activate = ResourceAction::Activate { op: OP };
    let marked = after(&proven, denied, &facts);
    assert_eq!(decide(&marked, activate.clone(), &facts), out_of_reach);
    let let_in = after(&marked, ResourceAction::RegainAccess, &facts);
    let active = after(&let_in, activate, &facts);
    assert_eq!((active.change, active.inaccessible), (None, None));
}

#[test]
fn r16_another_version_rewraps_and_another_key_begins_a_generation() {
    for (uri, kind) in [
        (version(KEY, 2), ChangeKind::Rotate),
        (version(OTHER_KEY, 1), ChangeKind::Switch),
    ] {
        let seen = seen(&uri);
        let begun = after(
            &customer_managed(),
            set(&uri),
            &facts(Candidate::Seen(&seen)),
        );
        assert_eq!(begun.change.unwrap().kind, kind);
    }
    assert!(!ChangeKind::Rotate.adds_generation() && !ChangeKind::Reset.adds_generation());
    assert!(ChangeKind::Switch.adds_generation() && ChangeKind::Rekey.adds_generation());
}

#[test]
fn r16_the_same_version_is_nothing_to_do() {
    let one = seen(&version(KEY, 1));
    assert_eq!(refused(&customer_managed(), &one), Refusal::NoOp);
}

#[test]
fn r16_a_followed_key_goes_to_the_latest_version_by_the_same_rules() {
    let following = seen_but(KEY, |seen| seen.following_allowed = true);
    let allowed = facts(Candidate::Seen(&following));
    let begun = after(&customer_managed(), set(KEY), &allowed);
    assert!(begun.change.as_ref().unwrap().follows);

    let follower = Resource {
        follows: true,
        ..customer_managed()
    };
    let follow = ResourceAction::Follow { op: OP };
    let begun = after(&follower, follow.clone(), &allowed);
    assert_eq!(begun.change.unwrap().kind, ChangeKind::Rotate);
    // A latest version that is not fit for use is reported, and the present one stays.
    let disabled = seen_but(KEY, |seen| {
        seen.following_allowed = true;
        seen.key.as_mut().unwrap().enabled = false;
    });
    let refusal = decide(
        &follower,
        follow.clone(),
        &facts(Candidate::Seen(&disabled)),
    );
    assert_eq!(refusal.unwrap_err().code(), "KeyDisabled");
    assert_eq!(
        decide(&customer_managed(), follow, &allowed),
        Err(Refusal::NoOp)
    );
}

#[test]
fn r17_one_change_of_key_at_a_time_and_nothing_goes_past_it() {
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let begun = after(&with_identity(resource()), set(&version(KEY, 1)), &facts);
    let reset = ResourceAction::Reset {
        op: OP,
        key: NEW_SERVICE_KEY,
    };
    let others = [
        set(&version(KEY, 2)),
        reset,
        ResourceAction::Rekey { op: OP },
        ResourceAction::DisableIdentity,
        ResourceAction::Delete,
        ResourceAction::Move { group: OTHER_GROUP },
    ];
    for action in others {
        let refusal = decide(&begun, action, &facts).unwrap_err();
        assert!(
            matches!(refusal, Refusal::ChangeUnderWay { .. }),
            "{refusal}"
        );
    }
    // A keyring under another key than the change is for does not come in by it.
    let smuggled = ResourceAction::Prove {
        op: OP,
        pending: pending(&customer(&version(OTHER_KEY, 9))),
    };
    assert!(decide(&begun, smuggled, &facts).is_err());
}

#[test]
fn a_disabled_subscription_takes_no_resource_and_lets_its_own_go_on() {
    let Holder::In(there) = place(OTHER_GROUP, HERE) else {
        panic!("it is a group")
    };
    let disabled = Holder::In(Place {
        state: SubscriptionState::Disabled,
        ..there
    });
    let into = ResourceFacts {
        target: disabled,
        ..facts(Candidate::NotAsked)
    };
    let refused = decide(
        &resource(),
        ResourceAction::Move { group: OTHER_GROUP },
        &into,
    );
    assert_eq!(
        refused,
        Err(Refusal::SubscriptionDisabled {
            subscription: there.subscription
        })
    );
    let Resource {
        uid,
        name,
        region,
        tier,
        binding,
        keyring,
        ..
    } = resource();
    let create = ResourceAction::Create(Box::new(NewResource {
        uid,
        name,
        group: OTHER_GROUP,
        region,
        tier,
        binding,
        keyring,
    }));
    let command = ResourceCommand {
        at: NOW,
        action: create,
    };
    let refused = ResourceMachine::decide(&None, &command, &into);
    assert!(
        matches!(refused, Err(Refusal::SubscriptionDisabled { .. })),
        "{refused:?}"
    );
    let out_of = ResourceFacts {
        present: match place(GROUP, HERE) {
            Holder::In(here) => Holder::In(Place {
                state: SubscriptionState::Disabled,
                ..here
            }),
            Holder::Nowhere => Holder::Nowhere,
        },
        ..facts(Candidate::NotAsked)
    };
    for action in [
        ResourceAction::Move { group: OTHER_GROUP },
        ResourceAction::Delete,
    ] {
        assert!(decide(&resource(), action, &out_of).is_ok());
    }
}

#[test]
fn r12_a_recovered_resource_has_another_identity() {
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let deleted = after(&customer_managed(), ResourceAction::Delete, &facts);
    assert_eq!(deleted.identity, ManagedIdentity::Off);
    let told = ForDirectory::of(Some(&customer_managed()), Some(&deleted));
    assert!(told.retire.contains(&IDENTITY));
    let recover = ResourceAction::Recover { principal: DRAWN };
    let recovered = after(&deleted, recover, &facts);
    assert_eq!(
        recovered.identity.standing(HERE),
        IdentityStanding::On { principal: DRAWN }
    );
    assert_eq!(recovered.customer_key(), customer_managed().customer_key());
}

#[test]
fn r13_a_move_asks_for_a_right_at_its_destination_and_nothing_else_does() {
    use strongroom_identity::Action;

    for (name, action) in crate::table::commands() {
        let there = match &action {
            ResourceAction::Move { group } => Some((*group, Action::GroupsWrite)),
            _ => None,
        };
        assert_eq!(action.requires_there(), there, "{name}");
    }
}

#[test]
fn r13_a_key_cannot_be_set_while_the_identity_is_left_behind() {
    let abroad = ResourceFacts {
        present: place(GROUP, ABROAD),
        ..facts(Candidate::NotAsked)
    };
    let one = seen_but(&version(KEY, 2), |seen| seen.vault.tenant = ABROAD);
    let abroad = ResourceFacts {
        candidate: Candidate::Seen(&one),
        ..abroad
    };
    let refusal = decide(&customer_managed(), set(&version(KEY, 2)), &abroad).unwrap_err();
    assert!(
        matches!(
            refusal,
            Refusal::Identity {
                refusal: IdentityRefusal::LeftBehind { .. },
                ..
            }
        ),
        "{refusal}"
    );
}

#[test]
fn r09_what_an_unwrap_does_not_need_is_reported() {
    let seen = seen_but(&version(KEY, 1), |seen| {
        seen.vault.permissions = without(KeyPermission::WrapKey);
        seen.key.as_mut().unwrap().expires = Some(NOW);
    });
    let reported = reports(&customer_managed(), &seen, None, NOW);
    let name = || customer_managed().name;
    assert_eq!(
        reported,
        [
            Report::PermissionMissing {
                name: name(),
                principal: IDENTITY,
                vault: "contoso".parse().unwrap(),
                authorization: Authorization::AccessPolicies,
                missing: [KeyPermission::WrapKey].into(),
                on_the_way: true,
            },
            Report::Expired {
                key: key_id(&version(KEY, 1)),
                name: name(),
                since: NOW
            }
        ]
    );
}

/// What `encryption show` says of the next change is what happens to it.
#[test]
fn r09_what_is_reported_of_a_missing_permission_is_what_the_next_change_does() {
    for (granting, set_works) in [(Granting::Caller(Ok(())), true), (Granting::Owner, false)] {
        let lacking = |key: &str| {
            seen_but(key, |seen| {
                seen.vault.permissions = without(KeyPermission::WrapKey);
                seen.granting = granting.clone();
            })
        };
        let present = lacking(&version(KEY, 1));
        let told = reports(&customer_managed(), &present, None, NOW)
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        assert!(told.contains("--key-permissions wrapKey"), "{told}");
        assert_eq!(told.contains("grants it on the way"), set_works, "{told}");
        assert!(told.contains("`rekey`"), "{told}");
        let other = lacking(&version(KEY, 2));
        let set = decide(
            &customer_managed(),
            set(&version(KEY, 2)),
            &facts(Candidate::Seen(&other)),
        );
        assert_eq!(set.is_ok(), set_works);
        let rekey = ResourceAction::Rekey { op: OP };
        let rekeyed = decide(
            &customer_managed(),
            rekey,
            &facts(Candidate::Seen(&present)),
        );
        assert_eq!(rekeyed.unwrap_err().code(), "KeyVaultPermissionMissing");
    }
    let without_unwrap = seen_but(&version(KEY, 1), |seen| seen.vault.permissions.clear());
    let told = reports(&customer_managed(), &without_unwrap, None, NOW)[0].to_string();
    assert!(told.contains("out of reach"), "{told}");
    assert!(
        told.contains("--key-permissions get,wrapKey,unwrapKey"),
        "{told}"
    );
}

#[test]
fn r16_a_newer_version_is_reported_to_whoever_stays_on_an_older_one() {
    let (present, newer) = (seen(&version(KEY, 1)), seen(&version(KEY, 2)));
    let of = |resource: &Resource, latest| reports(resource, &present, latest, NOW);
    let told = of(&customer_managed(), Some(&newer));
    assert!(
        matches!(&told[..], [Report::NewerVersion { .. }]),
        "{told:?}"
    );
    let command = format!(
        "encryption set {} --key {}",
        customer_managed().name,
        version(KEY, 2)
    );
    assert!(told[0].to_string().ends_with(&command), "{}", told[0]);
    assert_eq!(of(&customer_managed(), Some(&present)), []);
    let disabled = key_but(&version(KEY, 2), |key| key.enabled = false);
    assert_eq!(of(&customer_managed(), Some(&disabled)), []);
    let follows = Resource {
        follows: true,
        ..customer_managed()
    };
    assert_eq!(of(&follows, Some(&newer)), []);
}

/// A person and an identity that is off are told what to type, by the names that are known.
#[test]
fn a_refusal_names_the_resource_that_it_is_about() {
    let off = seen_but(&version(KEY, 1), |seen| {
        seen.vault.permissions.clear();
        seen.granting = Granting::Owner;
    });
    let closed = seen_but(&version(KEY, 1), |seen| seen.vault.firewall = closed());
    for (candidate, told) in [
        (&off, "strongroom resource identity enable notes"),
        (&closed, "--bypass AzureServices"),
    ] {
        let refusal = decide(
            &resource(),
            set(&version(KEY, 1)),
            &facts(Candidate::Seen(candidate)),
        );
        let refusal = refusal.unwrap_err().to_string();
        assert!(
            refusal.contains(told) && !refusal.contains("NAME"),
            "{refusal}"
        );
    }
}

#[test]
fn an_explanation_names_all_that_is_missing_and_decide_the_first() {
    let wrong = seen_but(&version(KEY, 1), |seen| {
        seen.vault.region = region("westeurope");
        seen.vault.purge_protection = false;
        seen.key.as_mut().unwrap().bits = 3072;
    });
    let free = Resource {
        tier: Tier::F0,
        ..resource()
    };
    let command = ResourceCommand {
        at: NOW,
        action: set(&version(KEY, 1)),
    };
    let facts = facts(Candidate::Seen(&wrong));
    let all = against(Some(&free), &command, &facts);
    let rules: Vec<_> = all.iter().filter_map(Refusal::rule).collect();
    assert_eq!(rules, ["R10", "R7", "R14", "R15"]);
    let first = ResourceMachine::decide(&Some(free), &command, &facts).unwrap_err();
    assert_eq!(first, all[0]);
}

#[test]
fn r14_a_resource_is_recovered_until_its_retention_ends_and_not_from_then_on() {
    let facts = facts(Candidate::NotAsked);
    let deleted = after(&resource(), ResourceAction::Delete, &facts);
    let end = NOW.saturating_add(RETENTION);
    let recover = |at| {
        let action = ResourceAction::Recover { principal: DRAWN };
        let command = ResourceCommand { at, action };
        ResourceMachine::decide(&Some(deleted.clone()), &command, &facts)
    };
    let last = strongroom_base::Timestamp::from_unix_millis(end.as_unix_millis() - 1);
    assert_eq!(recover(last), Ok(vec![ResourceEvent::Recovered]));
    for late in [end, end.saturating_add(RETENTION)] {
        assert_eq!(recover(late), Err(Refusal::RetentionEnded));
    }
}

#[test]
fn the_end_of_retention_purges_and_names_every_key_to_erase() {
    let one = seen(&version(KEY, 1));
    let facts = facts(Candidate::Seen(&one));
    let deleted = after(&resource(), ResourceAction::Delete, &facts);
    let Life::Deleted { purge_at, .. } = deleted.life else {
        panic!("{:?}", deleted.life);
    };
    assert_eq!(purge_at, NOW.saturating_add(RETENTION));
    let end = |at| ResourceCommand {
        at,
        action: ResourceAction::EndRetention,
    };
    let state = Some(deleted);
    assert!(ResourceMachine::decide(&state, &end(NOW), &facts).is_err());
    assert!(ResourceMachine::decide(&state, &end(purge_at), &facts).is_ok());
    let mut purging = state;
    ResourceMachine::evolve(&mut purging, &ResourceEvent::PurgeStarted);
    assert_eq!(
        ResourceMachine::effects(&purging, NOW),
        [ResourceEffect::Destroy {
            uid: UID,
            keys: vec![SERVICE_KEY]
        }]
    );
}

#[test]
fn a_reset_that_is_given_up_owes_the_new_service_key_its_erasure() {
    let nothing = facts(Candidate::NotAsked);
    let reset = ResourceAction::Reset {
        op: OP,
        key: NEW_SERVICE_KEY,
    };
    let begun = after(&customer_managed(), reset, &nothing);
    assert!(begun.service_keys().contains(&NEW_SERVICE_KEY));
    let given_up = after(&begun, ResourceAction::Abandon { op: OP }, &nothing);
    assert!(given_up.erasing.contains(&NEW_SERVICE_KEY));
    assert!(matches!(given_up.kek(), Some(Kek::CustomerManaged { .. })));
    assert_eq!(given_up.change, None);
}
