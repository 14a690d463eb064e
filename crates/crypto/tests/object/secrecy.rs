//! I1: nothing that holds a key shows it.

use std::any::type_name;
use std::fmt::Debug;

use strongroom_crypto::cobblestone::InputKey;
use strongroom_crypto::object::{
    Binding, GenerationKeys, OpeningReader, PROLOGUE_LEN, SealingWriter,
};
use strongroom_crypto::{RootKey, RootKeys, ServiceKeyId, ServiceManagedKey};

use crate::support::{UID, key, provider, resource_key};

/// Every key here is of this byte alone.
const FILL: u8 = 0xa7;

/// It says what it is, and nothing of the key.
fn shows_no_key<T: Debug>(value: &T) {
    let path = type_name::<T>().split('<').next().unwrap();
    let name = path.rsplit("::").next().unwrap();
    let text = format!("{value:?}");
    assert!(text.starts_with(name), "{text} is no {name}");
    holds_no_key(value);
}

fn holds_no_key(value: &impl Debug) {
    for text in [
        format!("{value:?}"),
        format!("{value:#?}"),
        format!("{value:x?}"),
    ] {
        let text = text.to_lowercase().replace([' ', '\n', ','], "");
        // Four in a row: two stand in public random bytes, a salt in hexadecimal, every few hundred runs.
        for shown in ["167", "a7", "0xa7"].map(|byte| byte.repeat(4)) {
            assert!(!text.contains(&shown), "{text}");
        }
    }
}

#[test]
fn i01_what_holds_a_key_does_not_print_it() {
    let provider = provider();
    let input = InputKey::new(&provider, &[FILL; 32]);
    shows_no_key(&input);
    shows_no_key(&input.sealer(b"").unwrap());

    let of = |fill| {
        let key = resource_key(fill);
        strongroom_crypto::object::GenerationKey::new(
            &provider,
            &key,
            UID,
            crate::support::generation(1),
        )
    };
    shows_no_key(&of(FILL));
    let keys = GenerationKeys::new(of(FILL), []);
    shows_no_key(&keys);
    let mut sealer = keys.sealer(Binding::Resource).unwrap();
    shows_no_key(&sealer.run(2).unwrap());
    shows_no_key(&sealer);
    shows_no_key(&SealingWriter::new(sealer, Vec::new()));
    let object = keys
        .newest()
        .seal_to_vec(Binding::Resource, &[FILL; 99])
        .unwrap();
    let prologue = object.first_chunk::<PROLOGUE_LEN>().unwrap();
    shows_no_key(&keys.opener(prologue, Binding::Resource).unwrap());
    let reader = OpeningReader::new(&object[..], keys.newest(), Binding::Resource);
    shows_no_key(&reader.unwrap());

    let root = RootKeys::derive(&provider, &RootKey::from_bytes(&mut [FILL; 32])).unwrap();
    shows_no_key(&root);
    shows_no_key(&root.keyring_mac(UID).unwrap());
    let id = ServiceKeyId::from_bytes([1; 16]);
    let service_key = ServiceManagedKey::from_bytes(&mut [FILL; 32]);
    shows_no_key(&root.seal_service_key(UID, id, &service_key).unwrap());
    // The test itself can fail.
    assert!(std::panic::catch_unwind(|| holds_no_key(&[FILL; 32])).is_err());
}

#[test]
fn i01_no_sealed_object_holds_its_plaintext() {
    let plain = crate::support::plaintext(50_000);
    let object = key(&provider())
        .seal_to_vec(Binding::Resource, &plain)
        .unwrap();
    for window in plain.chunks_exact(16).step_by(7) {
        assert!(!object.windows(16).any(|sealed| sealed == window));
        assert!(plain.windows(16).any(|clear| clear == window));
    }
}
