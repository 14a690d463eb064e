//! What people and programs type: root keys, ids, names, key URIs, keys to import.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::str::FromStr;

use bolero::check;
use strongroom_base::{
    PrincipalId, Region, ResourceGroupName, ResourceName, ResourceUid, TenantId,
};
use strongroom_crypto::RootKey;
use strongroom_vault::import::{from_jwk, from_pem};
use strongroom_vault::{VaultSuffix, VaultSuffixes};

use crate::INPUTS;

/// What is read is written so that it reads as the same again.
fn stays_itself<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        let again = read.to_string().parse::<T>();
        assert_eq!(again.ok(), Some(read), "{text:?}");
    }
}

#[test]
fn root_key() {
    check!().with_iterations(INPUTS).for_each(|bytes| {
        if let Ok(key) = RootKey::from_text(bytes) {
            let text = key.to_text();
            let line = text.expose().trim_ascii_end();
            assert!(bytes.starts_with(line) && bytes.len() <= line.len() + 2);
        }
    });
}

#[test]
fn ids_and_names() {
    check!()
        .with_iterations(INPUTS)
        .with_type::<String>()
        .for_each(|text| {
            stays_itself::<ResourceUid>(text);
            stays_itself::<PrincipalId>(text);
            stays_itself::<TenantId>(text);
            stays_itself::<ResourceName>(text);
            stays_itself::<ResourceGroupName>(text);
            stays_itself::<Region>(text);
        });
}

/// Pieces of URIs in any order, and whatever stands between them.
#[test]
fn key_uris() {
    const PIECES: [&str; 12] = [
        "https://",
        "http://",
        "contoso",
        ".vault.azure.net",
        "/keys/",
        "notes",
        "/",
        "?",
        "#",
        "@",
        "127.0.0.1",
        "0123456789abcdef0123456789abcdef",
    ];
    let suffixes = VaultSuffixes::new(vec![VaultSuffix::new("vault.azure.net", None).unwrap()]);
    check!()
        .with_iterations(INPUTS)
        .with_type::<Vec<(u8, String)>>()
        .for_each(|parts| {
            let text: String = parts
                .iter()
                .take(9)
                .flat_map(|(piece, between)| {
                    let piece = PIECES[usize::from(*piece) % PIECES.len()];
                    let between = if between.len() > 3 { "" } else { between };
                    [piece, between]
                })
                .collect();
            if let Ok(key) = suffixes.parse_key_id(&text) {
                assert!(text.starts_with("https://"), "{text:?}");
                let again = suffixes.parse_key_id(&key.to_string());
                assert_eq!(again.ok(), Some(key), "{text:?}");
            }
            let _ = suffixes.parse_vault(&text);
        });
}

#[test]
fn imports() {
    let provider = AssertUnwindSafe(strongroom_crypto::aws_lc_rs::PROVIDER);
    check!()
        .with_iterations(INPUTS)
        .with_type::<String>()
        .for_each(|text| {
            let provider = &provider;
            // Nobody guesses a key.
            assert!(from_pem(provider, text).is_err());
            assert!(from_jwk(provider, text).is_err());
        });
}
