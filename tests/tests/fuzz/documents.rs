//! Stored forms that are not objects: keyrings, sealed keys.

use std::panic::AssertUnwindSafe;

use bolero::check;
use serde_json::Value;
use strongroom_base::ResourceUid;
use strongroom_crypto::keyring::Keyring;
use strongroom_crypto::{RootKey, RootKeys, SealedKeyMaterial, SealedServiceKey};
use strongroom_tests::tools::in_tests;

use crate::INPUTS;

fn golden() -> Value {
    let path = in_tests("../crates/crypto/tests/keyring/keyring-1.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The keys that the golden keyring was made under.
fn root() -> RootKeys {
    let provider = strongroom_crypto::aws_lc_rs::PROVIDER;
    RootKeys::derive(&provider, &RootKey::from_bytes(&mut [3; 32])).unwrap()
}

fn uid(keyring: &Value) -> ResourceUid {
    keyring["uid"].as_str().unwrap().parse().unwrap()
}

#[test]
fn keyring() {
    let golden = golden();
    let whole: Keyring = serde_json::from_value(golden.clone()).unwrap();
    let mac = AssertUnwindSafe(root().keyring_mac(uid(&golden)).unwrap());
    whole.verify(&mac).unwrap();
    check!().with_iterations(INPUTS).for_each(|bytes| {
        let mac = &mac;
        if let Ok(keyring) = serde_json::from_slice::<Keyring>(bytes) {
            assert!(keyring == whole || keyring.verify(mac).is_err());
        }
    });
}

/// The golden keyring with bytes of its text changed, so that most of it is still a keyring.
#[test]
fn keyring_changed() {
    let golden = golden();
    let text = golden.to_string().into_bytes();
    let whole: Keyring = serde_json::from_value(golden.clone()).unwrap();
    let mac = AssertUnwindSafe(root().keyring_mac(uid(&golden)).unwrap());
    check!()
        .with_iterations(INPUTS)
        .with_type::<Vec<(u16, u8)>>()
        .for_each(|changes| {
            let mac = &mac;
            let mut text = text.clone();
            for (at, byte) in changes.iter().take(3) {
                let at = usize::from(*at) % text.len();
                // Mostly what JSON and base64 are made of.
                text[at] = 0x20 + byte % 0x5f;
            }
            if let Ok(keyring) = serde_json::from_slice::<Keyring>(&text) {
                assert!(keyring == whole || keyring.verify(mac).is_err());
            }
        });
}

#[test]
fn sealed_keys() {
    let root = AssertUnwindSafe(root());
    check!().with_iterations(INPUTS).for_each(|bytes| {
        let root = &root;
        if let Ok(sealed) = SealedServiceKey::parse(bytes) {
            assert_eq!(sealed.to_bytes()[..], *bytes);
            let uid = ResourceUid::from_bytes([1; 16]);
            let id = sealed.service_key();
            root.open_service_key(uid, id, &sealed)
                .map(drop)
                .unwrap_err();
        }
        if let Ok(sealed) = SealedKeyMaterial::parse(bytes) {
            assert_eq!(sealed.to_bytes()[..], *bytes);
        }
    });
}
