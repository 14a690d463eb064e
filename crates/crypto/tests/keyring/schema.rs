//! The persisted form, which later versions must still read.

use serde_json::Value;
use strongroom_crypto::keyring::Keyring;

use crate::support::{SERVICE_KEY, UID, keyring, open, providers, root, service_key};

const GOLDEN: &str = include_str!("keyring-1.json");

#[test]
fn f51_to_f54_the_golden_keyring_is_read_verified_opened_and_written_the_same() {
    for provider in providers() {
        let read: Keyring = serde_json::from_str(GOLDEN).unwrap();
        assert_eq!(read.epoch(), 3);
        open(&provider, &read, 3);
        let written = serde_json::to_string_pretty(&read).unwrap() + "\n";
        assert_eq!(written, GOLDEN);
    }
}

#[test]
fn a_keyring_round_trips() {
    for provider in providers() {
        let keyring = keyring(&provider, 3);
        let text = serde_json::to_string(&keyring).unwrap();
        assert_eq!(serde_json::from_str::<Keyring>(&text).unwrap(), keyring);
        let sealed = root(&provider)
            .seal_service_key(UID, SERVICE_KEY, &service_key())
            .unwrap();
        let text = serde_json::to_string(&sealed).unwrap();
        assert_eq!(
            serde_json::from_str::<strongroom_crypto::SealedServiceKey>(&text).unwrap(),
            sealed
        );
    }
}

#[test]
fn f54_bad_stored_forms_say_what_is_wrong() {
    let cases = [
        ("/version", "2", "keyring schema 2 is not known here"),
        ("/records/0/generation", "0", "nonzero"),
        ("/records/0/wrapped", "\"!\"", "standard base64"),
        (
            "/records/1/check",
            "\"AAAA\"",
            "the check value of generation 2 has 3 bytes, not 32",
        ),
        (
            "/records/1/mac",
            "\"AAAA\"",
            "the MAC of generation 2 has 3 bytes, not 32",
        ),
        ("/records/2/state", "\"idle\"", "unknown variant"),
        ("/records/2/wrapping", "{\"none\":{}}", "unknown variant"),
        ("/records/2", "{\"extra\":1}", "unknown field"),
        ("/uid", "\"x\"", "is not a resource uid"),
    ];
    for (pointer, value, expected) in cases {
        let mut stored: Value = serde_json::from_str(GOLDEN).unwrap();
        *stored.pointer_mut(pointer).unwrap() = serde_json::from_str(value).unwrap();
        let error = serde_json::from_value::<Keyring>(stored)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{pointer}: {error}");
    }
}
