//! What is an address, and what is none.

use proptest::prelude::*;

use super::*;

const VERSION: &str = "0123456789abcdef0123456789abcdef";

fn suffixes() -> VaultSuffixes {
    VaultSuffixes::new(vec![
        VaultSuffix::embedded(),
        VaultSuffix::new("vault.azure.net", None).unwrap(),
        VaultSuffix::new("Vault.Test", Some(8443)).unwrap(),
    ])
}

#[test]
fn r06_an_address_prints_as_it_was_read() {
    for text in [
        format!("https://contoso.vault.localhost/keys/docs/{VERSION}"),
        "https://contoso.vault.azure.net/keys/docs".to_owned(),
        format!("https://contoso.vault.test:8443/keys/Docs-2/{VERSION}"),
    ] {
        let id = suffixes().parse_key_id(&text).unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.versioned().is_some(), text.ends_with(VERSION));
    }
    let id = suffixes()
        .parse_key_id(&format!(
            "HTTPS://Contoso.Vault.Azure.Net/Keys/Docs/{}",
            VERSION.to_uppercase()
        ))
        .unwrap();
    assert_eq!(
        id.to_string(),
        format!("https://contoso.vault.azure.net/keys/Docs/{VERSION}")
    );
}

#[test]
fn r06_every_other_address_is_refused_by_its_part() {
    use InvalidKeyId as E;
    let name = |text: &str| text.parse::<VaultName>().unwrap_err();
    let ip = |text: &str| E::IpAddress(text.parse().unwrap());
    let host = |host: &str| E::ForeignHost {
        host: host.to_owned(),
    };
    for (text, expected) in [
        ("http://contoso.vault.azure.net/keys/k", E::NotHttps),
        ("file:///keys/k", E::NotHttps),
        ("https://127.0.0.1/keys/k", ip("127.0.0.1")),
        ("https://2130706433/keys/k", ip("127.0.0.1")),
        ("https://0x7f.1/keys/k", ip("127.0.0.1")),
        ("https://[::1]/keys/k", ip("::1")),
        ("https://vault.azure.net/keys/k", host("vault.azure.net")),
        ("https://evil.example/keys/k", host("evil.example")),
        (
            "https://contoso.vault.azure.net.evil.example/keys/k",
            host("contoso.vault.azure.net.evil.example"),
        ),
        (
            "https://contosovault.azure.net/keys/k",
            host("contosovault.azure.net"),
        ),
        (
            "https://contoso.vault.azure.net./keys/k",
            host("contoso.vault.azure.net."),
        ),
        (
            "https://a.contoso.vault.azure.net/keys/k",
            E::VaultName(name("a.contoso")),
        ),
        (
            "https://-x.vault.azure.net/keys/k",
            E::VaultName(name("-x")),
        ),
        ("https://contoso.vault.azure.net:443/keys/k", E::Port),
        ("https://contoso.vault.azure.net:8443/keys/k", E::Port),
        ("https://contoso.vault.azure.net:/keys/k", E::Port),
        (
            "https://contoso.vault.test/keys/k",
            E::OtherPort { expected: 8443 },
        ),
        (
            "https://contoso.vault.test:443/keys/k",
            E::OtherPort { expected: 8443 },
        ),
        ("https://me@contoso.vault.azure.net/keys/k", E::UserInfo),
        ("https://@contoso.vault.azure.net/keys/k", E::UserInfo),
        (
            "https://contoso.vault.azure.net@evil.example/keys/k",
            E::UserInfo,
        ),
        ("https://contoso.vault.azure.net/keys/k?", E::Query),
        (
            "https://contoso.vault.azure.net/keys/k?api-version=7.4",
            E::Query,
        ),
        ("https://contoso.vault.azure.net/keys/k#", E::Fragment),
        ("https://contoso.vault.azure.net/keys/k/%20", E::Characters),
        ("https://contoso.vault.azure.net\\keys\\k", E::Characters),
        ("https://contoso.vault.azure.net/keys/k\n", E::Characters),
        ("https://côntoso.vault.azure.net/keys/k", E::Characters),
        ("https://contoso.vault.azure.net", E::Path),
        ("https://contoso.vault.azure.net/keys", E::Path),
        ("https://contoso.vault.azure.net/keys/", E::Path),
        ("https://contoso.vault.azure.net/secrets/k", E::Path),
        ("https://contoso.vault.azure.net//keys/k", E::Path),
        ("https://contoso.vault.azure.net/keys/./k", E::Path),
        ("https://contoso.vault.azure.net/x/../keys/k", E::Path),
    ] {
        assert_eq!(suffixes().parse_key_id(text), Err(expected), "{text}");
    }
    for (path, part) in [("/k_1", "name"), ("/k/1", "version"), ("/k/", "version")] {
        let text = format!("https://contoso.vault.azure.net/keys{path}");
        let error = suffixes().parse_key_id(&text).unwrap_err();
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
    let long = format!("https://contoso.vault.azure.net/keys/k/{VERSION}/more");
    assert_eq!(suffixes().parse_key_id(&long), Err(E::Path));
}

#[test]
fn r06_an_address_is_shown_as_it_is_written_and_indexed_in_one_spelling() {
    let text = format!("https://contoso.vault.test:8443/keys/Docs/{VERSION}");
    let id = suffixes().parse_key_version_id(&text).unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(id.index_key(), text.to_lowercase());
    assert_eq!(format!("{id:?}"), format!("KeyVersionId({text})"));
    let vault = "https://contoso.vault.test:8443";
    assert_eq!(format!("{:?}", id.vault), format!("VaultAddress({vault})"));
    let key = KeyId::from(id);
    assert_eq!(format!("{key:?}"), format!("KeyId({text})"));
}

#[test]
fn r06_an_address_has_1024_characters_at_the_most() {
    let host = "https://contoso.vault.localhost/keys/";
    let of = |length: usize| format!("{host}{}", "k".repeat(length - host.len()));
    let read = |length| suffixes().parse_key_id(&of(length)).unwrap_err();
    assert!(matches!(read(1024), InvalidKeyId::KeyName(_)));
    assert_eq!(read(1025), InvalidKeyId::Characters);
    assert_eq!(
        strongroom_base::Outcome::code(&read(1025)),
        "InvalidKeyVaultProperties"
    );
}

#[test]
fn r16_a_version_can_be_demanded() {
    let text = "https://contoso.vault.localhost/keys/docs";
    let error = suffixes().parse_key_version_id(text).unwrap_err();
    assert_eq!(error, InvalidKeyId::VersionMissing);
}

#[test]
fn r06_a_vaults_address_is_its_host_alone() {
    for text in [
        "https://contoso.vault.azure.net/",
        "https://Contoso.vault.azure.net",
    ] {
        let vault = suffixes().parse_vault(text).unwrap();
        assert_eq!(vault.to_string(), "https://contoso.vault.azure.net");
    }
    let error = suffixes()
        .parse_vault("https://contoso.vault.azure.net/keys")
        .unwrap_err();
    assert_eq!(error, InvalidKeyId::VaultPath);
}

#[test]
fn a_suffix_is_a_domain() {
    for bad in [
        "",
        "localhost",
        "1.2.3.4",
        "a..b",
        ".a.b",
        "a.b.",
        "-a.b",
        "a.b/c",
        "a.0x7f",
    ] {
        assert!(VaultSuffix::new(bad, None).is_err(), "{bad}");
    }
    let plain = VaultSuffix::new("vault.azure.net", Some(443)).unwrap();
    assert_eq!(plain.port(), None);
}

proptest! {
    #[test]
    fn r06_nothing_but_a_canonical_address_is_read(
        text in "(https?://)?[a-z0-9.@:/%?#\\\\ -]{0,20}(\\.vault\\.(localhost|test))?(:8443)?(/keys/[a-zA-Z0-9./-]{0,8})?(/[0-9a-f]{32})?"
    ) {
        if let Ok(id) = suffixes().parse_key_id(&text) {
            prop_assert_eq!(id.to_string().to_lowercase(), text.to_lowercase());
            prop_assert_eq!(suffixes().parse_key_id(&id.to_string()), Ok(id));
        }
    }
}
