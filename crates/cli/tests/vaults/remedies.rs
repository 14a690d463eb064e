//! What a refusal says would mend it does, for whoever asked.

use crate::command;
use crate::desk::Desk;

#[test]
fn r17_a_closed_firewall_tells_a_person_and_a_resource_each_their_own_way_in() {
    let desk = Desk::new();
    desk.under_a_key();
    desk.ok("vault firewall contoso --default-action Deny --bypass None");
    let (_, code, person) = desk.fails("key list contoso");
    assert_eq!(code, "ForbiddenByFirewall");
    assert!(
        person.contains("--default-action Allow") && !person.contains("bypass"),
        "{person}"
    );
    let (_, code, resource) = desk.fails("cat notes/f");
    assert_eq!(code, "ForbiddenByFirewall");
    assert!(resource.contains("--bypass AzureServices"), "{resource}");
    desk.ok(&command(&resource));
    assert_eq!(desk.ok("cat notes/f"), "hello");
    assert_eq!(desk.fails("key list contoso").1, "ForbiddenByFirewall");
    desk.ok(&command(&person));
    desk.ok("key list contoso");
}

#[test]
fn r06_what_is_given_in_the_place_of_a_key_is_called_by_its_name() {
    let desk = Desk::new();
    desk.ok("vault create contoso");
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vaults/pem");
    for (file, named, mend) in [
        ("rsa-1024", "1024 bits", "2048, 3072 or 4096"),
        ("rsa-2047", "2047 bits", "2048, 3072 or 4096"),
        ("encrypted", "an encrypted private key", "openssl pkey"),
        (
            "encrypted-traditional",
            "an encrypted private key",
            "openssl pkey",
        ),
        ("ecparam", "SEC 1", "openssl pkey"),
        ("pkcs1", "PKCS#1", "openssl pkey"),
        ("public", "a public key", "private key"),
        ("openssh-public", "a public key of OpenSSH", "private key"),
        ("openssh", "a private key of OpenSSH", "ssh-keygen"),
        ("certificate", "a certificate", "private key"),
    ] {
        let line = format!("key import contoso docs --pem-file {pem}/{file}.pem");
        let (exit, code, told) = desk.fails(&line);
        assert_eq!((exit, code.as_str()), (2, "BadParameter"), "{file}");
        assert!(
            told.contains(named) && told.contains(mend),
            "{file}: {told}"
        );
    }
}

#[test]
fn r05_a_jwk_that_permits_nothing_is_brought_along_for_nothing() {
    let desk = Desk::new();
    desk.ok("vault create contoso");
    let jwk = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vaults/pem/key.jwk");
    let mut key: serde_json::Value = serde_json::from_slice(&std::fs::read(jwk).unwrap()).unwrap();
    let import = |file: &str| desk.json(&format!("key import contoso docs --jwk-file {file}"));
    assert_eq!(import(jwk)["keyOps"], serde_json::json!(["sign", "verify"]));
    key["key_ops"] = serde_json::json!([]);
    desk.write("none.jwk", key.to_string().as_bytes());
    assert_eq!(import("none.jwk")["keyOps"], serde_json::json!([]));
    // What is said on the command line counts.
    let said = desk.json("key import contoso docs --jwk-file none.jwk --ops verify");
    assert_eq!(said["keyOps"], serde_json::json!(["verify"]));
}

#[test]
fn r14_the_name_of_a_deleted_key_says_until_when_it_is_kept() {
    let desk = Desk::new();
    desk.ok("vault create contoso --purge-protection --retention-days=7");
    desk.ok("vault create other");
    for vault in ["contoso", "other"] {
        desk.ok(&format!("key create {vault} docs"));
        desk.ok(&format!("key delete {vault} docs"));
        let (exit, code, told) = desk.fails(&format!("key create {vault} docs"));
        assert_eq!((exit, code.as_str()), (3, "ObjectIsDeletedButRecoverable"));
        let until = desk.json(&format!("key show {vault} docs"))["purges"].clone();
        let until = until.as_str().unwrap();
        assert_eq!(told.contains(until), vault == "contoso", "{told}");
        assert_eq!(told.contains("key purge"), vault == "other", "{told}");
    }
    let (_, code, told) = desk.fails("key purge contoso docs");
    assert_eq!(code, "PurgeProtected");
    assert!(
        told.contains("Z (R14)") && !told.contains("epoch"),
        "{told}"
    );
    desk.ok("vault delete contoso");
    let (_, _, told) = desk.fails("vault create contoso");
    assert!(
        !told.contains("purge contoso") && told.contains('Z'),
        "{told}"
    );
}

#[test]
fn r12_a_recovered_resource_says_that_its_grant_must_be_made_anew_and_the_remedy_is_enough() {
    let desk = Desk::new();
    desk.under_a_key();
    desk.ok("resource delete notes");
    let (told, _) = desk.told("resource recover notes");
    let granted = told
        .lines()
        .find(|line| line.contains("vault grant"))
        .unwrap();
    assert!(told.contains("anew"), "{told}");
    let (_, code, message) = desk.fails("cat notes/f");
    assert_eq!(code, "AccessDenied");
    assert!(message.contains("get,wrapKey,unwrapKey"), "{message}");
    assert_eq!(command(granted), command(&message));
    desk.ok(&command(&message));
    assert_eq!(desk.ok("cat notes/f"), "hello");
    // All of it: the next change of key is not refused for want of another permission.
    desk.ok("resource encryption rekey notes");

    desk.ok("resource identity disable notes");
    let (_, code, message) = desk.fails("cat notes/f");
    assert_eq!(code, "IdentityOff");
    assert!(message.contains("identity enable notes"), "{message}");
    let (told, _) = desk.told("resource identity enable notes");
    assert!(
        told.contains("anew") && told.contains("vault grant contoso"),
        "{told}"
    );
}

#[test]
fn r09_what_encryption_show_says_of_the_next_change_is_what_happens() {
    let desk = Desk::new();
    desk.under_a_key();
    let second = desk.ok("key rotate contoso docs").trim_end().to_owned();
    let revoke = "vault revoke contoso --resource notes --key-permissions get,wrapKey";
    desk.ok(revoke);
    let shown = desk.ok("resource encryption show notes");
    assert!(shown.contains("grants it on the way"), "{shown}");
    let explained = desk.ok(&format!("explain set notes --key {second}"));
    assert!(explained.contains("on the way"), "{explained}");
    assert_eq!(
        desk.fails("resource encryption rekey notes").1,
        "KeyVaultPermissionMissing"
    );
    let (told, _) = desk.told(&format!("resource encryption set notes --key {second}"));
    assert!(
        told.contains("on the way") && told.contains("contoso"),
        "{told}"
    );

    // Whoever may not write the policies is told that it is refused, and it is.
    desk.ok("principal create bob");
    desk.ok("role assign Contributor --assignee bob --resource notes");
    let third = desk.ok("key rotate contoso docs").trim_end().to_owned();
    desk.ok(revoke);
    let shown = desk.ok("--as bob resource encryption show notes");
    assert!(shown.contains("are refused until"), "{shown}");
    let (_, code, _) = desk.fails(&format!(
        "--as bob resource encryption set notes --key {third}"
    ));
    assert_eq!(code, "KeyVaultPermissionMissing");
    desk.ok("vault grant contoso --resource notes");
    assert!(
        !desk
            .ok("resource encryption show notes")
            .contains("does not grant")
    );
}

#[test]
fn r17_explain_use_knows_what_was_found_when_the_key_was_last_asked_for() {
    let desk = Desk::new();
    desk.under_a_key();
    assert_eq!(desk.json("explain use notes")["wouldWork"], true);
    desk.ok("key disable contoso docs");
    assert_eq!(desk.fails("cat notes/f").1, "KeyDisabled");
    let explained = desk.json("explain use notes");
    assert_eq!(explained["wouldWork"], false);
    assert_eq!(explained["against"][0]["code"], "KeyDisabled");
    let message = explained["against"][0]["message"].as_str().unwrap();
    assert!(message.contains("strongroom key enable"), "{message}");
    assert_eq!(desk.json("explain use notes --probe")["wouldWork"], false);
    // Mended, the mark is stale: who asks the key hears so.
    desk.ok("key enable contoso docs");
    assert_eq!(desk.json("explain use notes --probe")["wouldWork"], true);
    desk.ok("cat notes/f");
    assert_eq!(desk.json("explain use notes")["wouldWork"], true);
    desk.ok("resource identity disable notes");
    let explained = desk.json("explain use notes");
    assert_eq!(explained["against"][0]["code"], "IdentityOff");
}

#[test]
fn remedies_print_the_names_that_are_known() {
    let desk = Desk::new();
    desk.under_a_key();
    let tenant = desk.json("tenant create fabrikam")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    desk.ok(&format!("subscription move default --tenant {tenant}"));
    for line in [
        "cat notes/f",
        "resource encryption reset notes",
        "resource identity enable notes",
    ] {
        let (_, code, told) = desk.fails(line);
        assert_eq!(code, "IdentityLeftBehind", "{line}");
        assert!(
            told.contains("identity disable notes") && !told.contains("NAME"),
            "{line}: {told}"
        );
    }
    let told = desk.ok("key list contoso");
    assert!(told.contains("docs"), "{told}");
    desk.ok("vault create bare");
    assert!(
        desk.ok("key list bare")
            .contains("strongroom key create bare NAME")
    );
}
