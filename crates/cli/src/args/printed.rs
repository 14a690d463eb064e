//! Commands that errors print: each is one that the program reads.

use clap::Parser as _;
use strongroom::Refusal;
use strongroom_base::PrincipalId;
use strongroom_vault::{Denial, KeyOperation, KeyPermission, Party, VaultSuffixes};

use super::Cli;

const UUID: &str = "00000000-0000-0000-0000-000000000001";
const VERSION: &str = "00000000000000000000000000000001";

/// What a text tells to type, with something in the place of every word in capitals.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("strongroom ") {
        let rest = &text[at..];
        let end = [" (R", ", ", "; ", "`", ")", " and grant", ", then"]
            .iter()
            .filter_map(|end| rest.find(end))
            .min();
        let command = &rest[..end.unwrap_or(rest.len())];
        let mut words = Vec::new();
        for (number, part) in command.split('\'').enumerate() {
            if number % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(|word| match word {
                    "PRINCIPAL" | "TENANT" => UUID.to_owned(),
                    word => word.to_owned(),
                }));
            }
        }
        found.push(words);
    }
    found
}

fn hold(text: &str, at_least: usize) {
    let commands = commands(text);
    assert!(commands.len() >= at_least, "{text}");
    for command in commands {
        if let Err(error) = Cli::try_parse_from(&command) {
            panic!("{text}\n  prints {command:?}, which is no command: {error}");
        }
    }
}

#[test]
fn what_would_turn_a_denial_into_a_yes_can_be_typed_as_it_is_printed() {
    let key = format!("https://contoso.vault.localhost/keys/docs/{VERSION}");
    let key = VaultSuffixes::embedded().parse_key_id(&key).unwrap();
    let principal = PrincipalId::from_bytes([7; 16]);
    let tenant = UUID.parse().unwrap();
    let caller = Party::Caller { principal, tenant };
    let identity = |principal| Party::Identity {
        resource: "notes".parse().unwrap(),
        principal,
        tenant,
    };
    let permission = KeyPermission::UnwrapKey;
    for (denial, printed) in [
        (Denial::IdentityGone, 1),
        (Denial::ForeignTenant, 1),
        (Denial::VaultNotFound, 1),
        (Denial::VaultDeleted, 1),
        (Denial::FirewallClosed, 1),
        (Denial::PolicyMissing { permission }, 1),
        (Denial::RoleMissing { permission }, 1),
        (Denial::KeyNotFound, 1),
        (Denial::KeyDeleted, 1),
        (Denial::KeyDisabled, 1),
        (Denial::KeyNotYetValid, 1),
        (Denial::KeyExpired, 1),
        (
            Denial::OperationNotPermitted {
                operation: KeyOperation::UnwrapKey,
            },
            0,
        ),
    ] {
        for party in [&caller, &identity(Some(principal)), &identity(None)] {
            let remedy = denial.remedy(&key, party);
            hold(&remedy, printed);
            assert!(
                !["NAME", "TENANT", "PRINCIPAL"]
                    .iter()
                    .any(|word| remedy.contains(word))
            );
        }
    }
}

#[test]
fn what_would_satisfy_a_rule_can_be_typed_as_it_is_printed() {
    let name = || "notes".parse().unwrap();
    let vault = || "contoso".parse().unwrap();
    let tier = strongroom::Tier::F0;
    let missing = [KeyPermission::Get, KeyPermission::WrapKey];
    let principal = Some(PrincipalId::from_bytes([7; 16]));
    let region = |name: &str| name.parse().unwrap();
    for refusal in [
        Refusal::Absent,
        Refusal::NameTaken { name: name() },
        Refusal::Deleted { name: name() },
        Refusal::NotDeleted { name: name() },
        Refusal::CmkAtCreation {
            name: name(),
            key: format!("https://contoso.vault.localhost/keys/docs/{VERSION}"),
        },
        Refusal::TierTooLow { name: name(), tier },
        Refusal::TierNeeded { name: name(), tier },
        Refusal::IdentityOff { name: name() },
        Refusal::OtherTenant {
            vault: vault(),
            present: UUID.parse().unwrap(),
        },
        Refusal::OtherRegion {
            vault: vault(),
            ours: region("local"),
            theirs: region("westeurope"),
        },
        Refusal::PurgeProtectionOff { vault: vault() },
        Refusal::PermissionMissing {
            name: name(),
            vault: vault(),
            missing: missing.into(),
            principal,
        },
        Refusal::PermissionMissing {
            name: name(),
            vault: vault(),
            missing: missing.into(),
            principal: None,
        },
        Refusal::RoleMissing {
            name: name(),
            vault: vault(),
            missing: missing.into(),
            principal,
        },
    ] {
        hold(&refusal.to_string(), 1);
    }
}
