//! What a keyring goes through.

use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{GenerationState, Keyring, KeyringError, WrappedKey, Wrapping};
use strongroom_crypto::object::{Binding, Generation, PROLOGUE_LEN};

use crate::support::{
    OTHER, SERVICE_KEY, UID, by_customer, by_service, keyring, mac, open, providers, resource_key,
    root, service_key, wrapped,
};

#[test]
fn one_unwrap_opens_every_generation() {
    for provider in providers() {
        let keyring = keyring(&provider, 9);
        let verified = keyring.verify(&mac(&provider)).unwrap();
        assert_eq!(verified.wrapped(), &wrapped(9));
        assert_eq!(verified.kek(), &by_customer("1"));
        assert_eq!(verified.newest().number(), 9);
        let opened = verified.open(&provider, resource_key(9)).unwrap();
        assert_eq!(opened.newest().0.number(), 9);
        for number in 1..=9 {
            let generation = Generation::new(number.into()).unwrap();
            assert!(
                opened
                    .key(generation)
                    .unwrap()
                    .matches(&resource_key(number))
            );
        }
        assert!(opened.key(Generation::new(10).unwrap()).is_none());
    }
}

#[test]
fn r04_a_service_managed_resource_from_creation_to_data() {
    for provider in providers() {
        let root = root(&provider);
        let mac = root.keyring_mac(UID).unwrap();
        let key = ResourceKey::generate(provider.random).unwrap();
        let first = Generation::FIRST;
        let wrapped = service_key().wrap_resource_key(&provider, UID, first, &key);
        let wrapped = WrappedKey::new(wrapped.unwrap());
        let sealed = root
            .seal_service_key(UID, SERVICE_KEY, &service_key())
            .unwrap();
        let keyring = Keyring::create(&provider, &mac, &key, by_service(), wrapped).unwrap();
        let object = {
            let opened = keyring.verify(&mac).unwrap().open(&provider, key).unwrap();
            let keys = opened.generation_keys(&provider);
            keys.newest()
                .seal_to_vec(Binding::Resource, b"customer data")
                .unwrap()
        };

        // Another process, with the root key and what was stored.
        let kek = root.open_service_key(UID, SERVICE_KEY, &sealed).unwrap();
        let verified = keyring.verify(&mac).unwrap();
        let bytes = verified.wrapped().as_bytes();
        let newest = verified.newest();
        let key = kek
            .unwrap_resource_key(&provider, UID, newest, bytes)
            .unwrap();
        let keys = verified
            .open(&provider, key)
            .unwrap()
            .generation_keys(&provider);
        let opener = keys
            .opener(object.first_chunk().unwrap(), Binding::Resource)
            .unwrap();
        let mut plain = [0; 13];
        opener
            .open_last(0, &object[PROLOGUE_LEN..], &mut plain)
            .unwrap();
        assert_eq!(&plain, b"customer data");
    }
}

#[test]
fn r16_a_rewrap_changes_no_generation() {
    for provider in providers() {
        let before = keyring(&provider, 3);
        let opened = open(&provider, &before, 3);
        let after = opened
            .rewrap(&mac(&provider), by_customer("2"), wrapped(99))
            .unwrap();
        assert_eq!(opened.epoch(), before.epoch());
        assert_eq!(after.epoch(), before.epoch() + 1);
        assert_eq!(after.records()[2].wrapped(), &wrapped(99));
        for (old, new) in before.records().iter().zip(after.records()) {
            assert_eq!(old.generation(), new.generation());
            assert_eq!(old.state(), new.state());
            assert_eq!(old.check(), new.check());
        }
        let older = |keyring: &Keyring| keyring.records().split_last().unwrap().1.to_vec();
        for (old, new) in older(&before).iter().zip(older(&after)) {
            assert_eq!(old.wrapped(), new.wrapped());
        }
        assert_eq!(
            after.verify(&mac(&provider)).unwrap().kek(),
            &by_customer("2")
        );
        let opened = open(&provider, &after, 3);
        assert!(
            opened
                .key(Generation::FIRST)
                .unwrap()
                .matches(&resource_key(1))
        );
        // What was there is there still: a change is a new value (I8).
        open(&provider, &before, 3);
    }
}

#[test]
fn r11_a_new_generation_writes_and_the_old_ones_read() {
    for provider in providers() {
        let keyring = keyring(&provider, 3);
        assert_eq!(keyring.uid(), UID);
        assert_eq!(keyring.epoch(), 3);
        let shape: Vec<_> = keyring
            .records()
            .iter()
            .map(|record| (record.generation().number(), record.state()))
            .collect();
        let expected = [
            (1, GenerationState::Reading),
            (2, GenerationState::Reading),
            (3, GenerationState::Writing),
        ];
        assert_eq!(shape, expected);
        let under = |number| Wrapping::UnderGeneration(Generation::new(number).unwrap());
        assert_eq!(keyring.records()[0].wrapping(), &under(2));
        assert_eq!(keyring.records()[1].wrapping(), &under(3));
        assert_eq!(
            keyring.records()[2].wrapping(),
            &Wrapping::Kek(by_customer("1"))
        );
        // The service-managed wrapping of the first generation is gone.
        assert!(
            keyring
                .records()
                .iter()
                .all(|record| record.wrapped() != &wrapped(1))
        );
    }
}

#[test]
fn a_mac_key_of_another_resource_changes_nothing() {
    for provider in providers() {
        let opened = open(&provider, &keyring(&provider, 1), 1);
        let other = root(&provider).keyring_mac(OTHER).unwrap();
        let expected = OTHER;
        let found = UID;
        let refused = KeyringError::OtherResource { expected, found };
        let rewrapped = opened.rewrap(&other, by_service(), wrapped(1));
        assert_eq!(rewrapped, Err(refused));
        let key = resource_key(2);
        let added = opened.add_generation(&provider, &other, &key, by_service(), wrapped(1));
        assert_eq!(added, Err(refused));
        assert_eq!(keyring(&provider, 1).verify(&other).map(drop), Err(refused));
    }
}

#[test]
fn i01_an_open_keyring_prints_no_key() {
    for provider in providers() {
        let opened = open(&provider, &keyring(&provider, 2), 2);
        // Every byte of these keys is 0x41 or 0x42.
        let text = format!("{opened:?} {opened:#?} {opened:x?}").replace([' ', '\n', ','], "");
        for shown in ["4141", "4242", "6565", "6666", "AAAA", "BBBB"] {
            assert!(!text.contains(shown), "{text}");
        }
        assert!(text.starts_with("OpenedKeyring{uid:"), "{text}");
        assert_eq!(format!("{:?}", wrapped(0x41)), "WrappedKey(40 bytes)");
    }
}
