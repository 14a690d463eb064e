//! What refusals and reports say: the code, the rule, and what to type.

use std::collections::BTreeSet;

use strongroom_base::{Machine as _, Outcome as _, Timestamp};
use strongroom_identity::{Action, Denied, IdentityRefusal, NoToken};
use strongroom_vault::{Denial, KeyPermission, KeyType};

use crate::samples::*;
use crate::{
    Candidate, Life, NEEDED, Reason, Refusal, Report, Resource, ResourceCommand, ResourceFacts,
    ResourceMachine, SeenKey, Tier, against, at_creation, reports,
};

#[test]
fn r17_a_reason_has_the_code_of_whoever_says_no() {
    for (reason, code) in [
        (DISABLED, "KeyDisabled"),
        (Reason::Identity(NoToken::IdentityOff), "IdentityOff"),
        (Reason::OtherRegion, "KeyVaultRegionMismatch"),
    ] {
        assert_eq!(reason.code(), code);
    }
}

#[test]
fn r10_a_tier_is_read_by_its_name_in_any_case_and_by_no_other() {
    for (tier, name) in [
        (Tier::E0, "E0"),
        (Tier::F0, "F0"),
        (Tier::S, "S"),
        (Tier::S0, "S0"),
    ] {
        assert_eq!(tier.to_string(), name);
        for spelling in [name.to_owned(), name.to_lowercase()] {
            assert_eq!(spelling.parse(), Ok(tier));
        }
    }
    for other in ["", "E1", "S00"] {
        assert!(other.parse::<Tier>().is_err(), "{other}");
    }
}

fn left_behind() -> Refusal {
    Refusal::Identity {
        name: resource().name,
        refusal: IdentityRefusal::LeftBehind {
            home: HERE,
            present: ABROAD,
        },
    }
}

fn already_on() -> Refusal {
    Refusal::Identity {
        name: resource().name,
        refusal: IdentityRefusal::NoOp,
    }
}

/// One or more refusals by each rule, and some by none.
fn by_rule() -> Vec<(Option<&'static str>, Refusal)> {
    let name = resource().name;
    let (vault, key) = (key_id(KEY).vault.name().clone(), key_id(KEY));
    let missing = BTreeSet::from(NEEDED);
    let (present, tier, principal) = (ABROAD, Tier::F0, Some(IDENTITY));
    let of = |rule, refusal| (Some(rule), refusal);
    vec![
        of("R7", {
            let vault = vault.clone();
            Refusal::OtherTenant { vault, present }
        }),
        of("R7", {
            let (vault, ours, theirs) = (vault.clone(), region("local"), region("eastus"));
            Refusal::OtherRegion {
                vault,
                ours,
                theirs,
            }
        }),
        of("R8", at_creation(&name, Some(KEY)).unwrap_err()),
        of("R9", {
            let (name, vault, missing) = (name.clone(), vault.clone(), missing.clone());
            Refusal::PermissionMissing {
                name,
                vault,
                missing,
                principal,
            }
        }),
        of("R9", {
            let (name, vault) = (name.clone(), vault.clone());
            Refusal::RoleMissing {
                name,
                vault,
                missing,
                principal,
            }
        }),
        of("R10", {
            let name = name.clone();
            Refusal::TierTooLow { name, tier }
        }),
        of("R10", {
            let name = name.clone();
            Refusal::TierNeeded { name, tier }
        }),
        of("R12", Refusal::IdentityOff { name: name.clone() }),
        of("R13", left_behind()),
        of("R14", {
            let vault = vault.clone();
            Refusal::SoftDeleteOff { vault }
        }),
        of("R14", {
            let vault = vault.clone();
            Refusal::PurgeProtectionOff { vault }
        }),
        of("R15", {
            let (key_type, bits) = (KeyType::Rsa, 4096);
            Refusal::KeyKind {
                vault,
                key_type,
                bits,
            }
        }),
        of("R16", Refusal::VersionRequired { key }),
        of("R17", {
            let (denial, remedy) = (Denial::KeyDisabled, String::new());
            Refusal::KeyUnusable { denial, remedy }
        }),
        of("R17", {
            let reason = DISABLED;
            Refusal::OutOfReach { name, reason }
        }),
        of("I5", {
            let (principal, action) = (DRAWN, Action::AccountsWrite);
            Refusal::Denied(Denied::Hidden { principal, action })
        }),
        (None, already_on()),
        (None, Refusal::NoOp),
        (None, Refusal::Absent),
    ]
}

#[test]
fn i05_a_refusal_names_the_rule_that_says_no_where_one_does() {
    for (rule, refusal) in by_rule() {
        assert_eq!(refusal.rule(), rule, "{refusal}");
        // Whoever reads it sees the same rule.
        if let Some(rule) = rule
            && !matches!(refusal, Refusal::Denied(_) | Refusal::KeyUnusable { .. })
        {
            let told = refusal.to_string();
            assert!(told.contains(rule), "{rule}: {told}");
        }
    }
}

#[test]
fn i08_only_what_is_as_asked_already_is_told_as_nothing_changed() {
    for nothing in [Refusal::NoOp, Refusal::AlreadyDeleted, already_on()] {
        assert!(nothing.changes_nothing(), "{nothing}");
    }
    for refusal in [Refusal::Absent, Refusal::Purging, left_behind()] {
        assert!(!refusal.changes_nothing(), "{refusal}");
    }
}

#[test]
fn r13_an_identity_that_was_left_behind_is_told_with_what_makes_it_anew() {
    let told = left_behind().to_string();
    let remedy = ": strongroom resource identity disable notes, then: strongroom resource identity \
                  enable notes";
    assert!(told.ends_with(remedy), "{told}");
    assert!(already_on().to_string().ends_with("nothing to do"));
}

#[test]
fn r09_a_missing_role_names_what_is_missing_and_what_to_type() {
    let refused = |principal| Refusal::RoleMissing {
        name: resource().name,
        vault: key_id(KEY).vault.name().clone(),
        missing: [KeyPermission::WrapKey, KeyPermission::UnwrapKey].into(),
        principal,
    };
    let assign = format!(
        "strongroom role assign 'Key Vault Crypto Service Encryption User' --assignee {IDENTITY} \
         --vault contoso"
    );
    for (principal, command) in [
        (Some(IDENTITY), assign.as_str()),
        (None, "strongroom resource identity enable notes"),
    ] {
        let told = refused(principal).to_string();
        assert!(told.contains("`wrapKey`, `unwrapKey`"), "{told}");
        assert!(told.contains(command), "{told}");
    }
}

/// What is reported of a version by its times, against what its times say.
#[test]
fn r17_a_version_is_reported_as_expired_from_its_expiry_on_and_as_not_yet_valid_before_its_start() {
    let before = Timestamp::from_unix_millis(NOW.as_unix_millis() - 1);
    for time in [before, NOW, SOON] {
        let ending = key_but(&version(KEY, 1), |key| key.expires = Some(time));
        let starting = key_but(&version(KEY, 1), |key| key.not_before = Some(time));
        let told = |seen| reports(&customer_managed(), seen, None, NOW);
        let expired = Report::Expired {
            key: key_id(&version(KEY, 1)),
            name: resource().name,
            since: time,
        };
        let early = Report::NotYetValid { until: time };
        assert_eq!(
            told(&ending),
            if time <= NOW { vec![expired] } else { vec![] }
        );
        assert_eq!(
            told(&starting),
            if NOW < time { vec![early] } else { vec![] }
        );
        // The same two times decide whether it can be set.
        let set_works = |seen: &SeenKey| {
            let command = ResourceCommand {
                at: NOW,
                action: set(&version(KEY, 1)),
            };
            let facts = facts(Candidate::Seen(seen));
            against(Some(&with_identity(resource())), &command, &facts).is_empty()
        };
        assert_eq!(set_works(&ending), NOW < time);
        assert_eq!(set_works(&starting), time <= NOW);
    }
}

#[test]
fn r14_a_vault_that_lost_either_protection_is_reported() {
    for (soft_delete, purge_protection) in [(true, true), (true, false), (false, true)] {
        let seen = seen_but(&version(KEY, 1), |seen| {
            (seen.vault.soft_delete, seen.vault.purge_protection) = (soft_delete, purge_protection);
        });
        let reported = reports(&customer_managed(), &seen, None, NOW);
        let lost = reported.contains(&Report::PurgeProtectionOff);
        assert_eq!(lost, !(soft_delete && purge_protection), "{reported:?}");
    }
}

/// A deleted resource, and a caller who may not, are told that and nothing of the key.
#[test]
fn i05_an_explanation_says_nothing_of_a_key_that_is_not_asked_about() {
    let elsewhere = seen_but(&version(KEY, 1), |seen| seen.vault.tenant = ABROAD);
    let command = ResourceCommand {
        at: NOW,
        action: set(&version(KEY, 1)),
    };
    let deleted = Resource {
        life: Life::Purging,
        ..resource()
    };
    let denied = Denied::Hidden {
        principal: DRAWN,
        action: Action::AccountsWrite,
    };
    let may = facts(Candidate::Seen(&elsewhere));
    let may_not = ResourceFacts {
        authority: Err(denied),
        ..may.clone()
    };
    for (state, facts) in [(deleted, may), (resource(), may_not)] {
        let told = against(Some(&state), &command, &facts);
        let refused = ResourceMachine::decide(&Some(state), &command, &facts);
        assert_eq!(told, [refused.unwrap_err()]);
    }
}
