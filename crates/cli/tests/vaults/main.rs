//! Vaults and keys, as people and scripts manage them.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod already_so;
mod desk;
mod latest;
mod remedies;
mod typed;

use serde_json::Value;

use crate::desk::Desk;

/// The command that a message ends in, without the program's name.
fn command(message: &str) -> String {
    let (_, command) = message.rsplit_once("strongroom ").unwrap();
    command.to_owned()
}

#[test]
fn r05_a_key_is_made_used_disabled_and_enabled_by_the_command_that_the_refusal_prints() {
    let desk = Desk::new();
    desk.ok("vault create contoso --purge-protection");
    let uri = desk.ok("key create contoso docs --kty RSA --size 2048");
    let uri = uri.trim_end();
    assert!(
        uri.starts_with("https://contoso.vault.localhost/keys/docs/"),
        "{uri}"
    );
    desk.write("secret", b"thirty-two bytes of a customer's");
    let wrapped = desk.json(&format!("key wrap {uri} --file secret"));
    assert_eq!(wrapped["kid"], uri);
    let wrapped = wrapped["value"].as_str().unwrap();
    let unwrap = format!("key unwrap {uri} --value {wrapped}");
    assert_eq!(desk.ok(&unwrap), "thirty-two bytes of a customer's");

    desk.ok("key disable contoso docs");
    let (exit, code, message) = desk.fails(&unwrap);
    assert_eq!((exit, &*code), (4, "KeyDisabled"));
    desk.ok(&command(&message));
    desk.ok(&unwrap);
    let sealed = desk.json("key encrypt contoso docs --file secret");
    let sealed = sealed["value"].as_str().unwrap();
    let opened = desk.ok(&format!("key decrypt contoso docs --value {sealed}"));
    assert_eq!(opened, "thirty-two bytes of a customer's");
}

#[test]
fn r06_a_key_comes_along_as_pem_and_what_is_none_is_refused() {
    let desk = Desk::new();
    desk.ok("vault create contoso");
    desk.write("no.pem", b"not a key");
    let (exit, code, _) = desk.fails("key import contoso docs --pem-file no.pem");
    assert_eq!((exit, &*code), (2, "BadParameter"));
    let (exit, _, _) = desk.fails("key import contoso docs --jwk-file no.pem");
    assert_eq!(exit, 2);
    assert!(
        desk.ok("key list contoso")
            .contains("strongroom key create")
    );
}

#[test]
fn r09_a_grant_is_what_the_refusal_prints_and_a_revocation_takes_it_back() {
    let desk = Desk::new();
    desk.ok("vault create contoso --no-self-perms");
    let (exit, code, message) = desk.fails("key create contoso docs");
    assert_eq!((exit, &*code), (4, "AccessDenied"));
    desk.ok(&command(&message));
    desk.ok("key create contoso docs");
    let (_, code, message) = desk.fails("key list contoso");
    assert_eq!(code, "AccessDenied");
    desk.ok(&command(&message));
    assert!(desk.ok("key list contoso").contains("RSA 2048"));

    desk.ok("resource create notes --tier S0");
    let (exit, code, _) = desk.fails("vault grant contoso --resource notes");
    assert_eq!((exit, &*code), (3, "IdentityOff"));
    desk.ok("resource identity enable notes");
    let shown = desk.json("vault grant contoso --resource notes");
    let policies = shown["accessPolicies"].as_array().unwrap();
    let needed = serde_json::json!(["get", "wrapKey", "unwrapKey"]);
    assert!(
        policies
            .iter()
            .any(|policy| policy["keyPermissions"] == needed)
    );
    let shown = desk.json("vault revoke contoso --resource notes");
    assert_eq!(shown["accessPolicies"].as_array().unwrap().len(), 1);
}

#[test]
fn r14_soft_delete_and_purge_protection_stay_on() {
    let desk = Desk::new();
    let (exit, code, _) = desk.fails("vault create contoso --soft-delete false");
    assert_eq!((exit, &*code), (3, "SoftDeleteRequired"));
    desk.ok("vault create contoso --location westeurope --retention-days 7");
    assert_eq!(
        desk.json("vault update contoso --purge-protection")["purgeProtection"],
        true
    );
    let (exit, code, _) = desk.fails("vault update contoso --purge-protection false");
    assert_eq!((exit, &*code), (3, "PurgeProtectionRequired"));
    desk.ok("key create contoso docs");
    desk.ok("key delete contoso docs");
    let (exit, code, _) = desk.fails("key purge contoso docs");
    assert_eq!((exit, &*code), (3, "PurgeProtected"));
    desk.ok("key recover contoso docs");
    desk.ok("vault delete contoso");
    let (_, code, message) = desk.fails("key list contoso");
    assert_eq!(code, "VaultDeleted");
    desk.ok(&command(&message));
    desk.ok("key list contoso");
    assert!(desk.ok("vault list").contains("contoso"));

    desk.ok("vault create other");
    desk.ok("vault delete other");
    desk.ok("vault purge other");
    let (exit, code, _) = desk.fails("vault show other");
    assert_eq!((exit, &*code), (2, "VaultNotFound"));
}

#[test]
fn r16_rotation_adds_a_version_and_a_census_says_what_still_needs_one() {
    let desk = Desk::new();
    desk.ok("vault create contoso --purge-protection");
    let first = desk.ok("key create contoso docs");
    let second = desk.ok("key rotate contoso docs");
    assert_ne!(first, second);
    let versions = desk.ok("key list-versions contoso docs --json");
    assert_eq!(versions.lines().count(), 2);
    desk.ok("key rotation-policy contoso docs --after-create 30");
    assert_eq!(desk.json("key rotation-policy contoso docs")["days"], 30);
    let census = desk.json(&format!("key census {}", first.trim_end()));
    assert_eq!(census["resources"], 0);
    let (exit, code, _) = desk.fails("key rotation-policy contoso docs --after-create 3");
    assert_eq!((exit, &*code), (2, "BadParameter"));
}

#[test]
fn r17_a_closed_firewall_keeps_people_out_and_says_how_it_opens() {
    let desk = Desk::new();
    desk.ok("vault create contoso");
    let shown = desk.json("vault firewall contoso --default-action Deny --bypass None");
    assert_eq!(shown["firewall"]["bypass"], "None");
    let (exit, code, message) = desk.fails("key list contoso");
    assert_eq!((exit, &*code), (4, "ForbiddenByFirewall"));
    assert!(message.contains("--default-action Allow"), "{message}");
    desk.ok(&command(&message));
    desk.ok("key list contoso");
}

#[test]
fn i07_what_is_shown_of_the_audit_is_one_line_an_operation() {
    let desk = Desk::new();
    desk.ok("vault create contoso");
    desk.ok("key create contoso docs");
    desk.ok("key show contoso docs");
    let shown = desk.ok("audit show -n 2 --json");
    let operations: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["operation"].clone())
        .collect();
    assert_eq!(operations, ["KeyCreate", "KeyGet"]);
    desk.ok("audit verify");
}
