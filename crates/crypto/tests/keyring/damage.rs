//! Whoever can write the database cannot put in a key of their own, nor mix what is there.

use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_crypto::keyring::KeyringError;
use strongroom_crypto::object::Generation;

use crate::support::{keyring, mac, providers, resource_key};

fn generation(number: u32) -> Generation {
    Generation::new(number).unwrap()
}

#[test]
fn f52_another_key_than_the_records_is_found_by_its_check_value() {
    for provider in providers() {
        let keyring = keyring(&provider, 2);
        let verified = keyring.verify(&mac(&provider)).unwrap();
        let error = verified
            .open(&provider, resource_key(1))
            .map(drop)
            .unwrap_err();
        let generation = generation(2);
        assert_eq!(error, KeyringError::CheckValue { generation });
        assert_eq!(error.kind(), OutcomeKind::Damaged);
    }
}

/// These change the stored form, as whoever writes the database would.
#[cfg(feature = "serde")]
mod stored {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use strongroom_crypto::keyring::Keyring;

    use super::*;
    use crate::support::{OTHER, by_service, open, root, wrapped};

    fn stored(keyring: &Keyring) -> Value {
        serde_json::to_value(keyring).unwrap()
    }

    fn verify(provider: &strongroom_crypto::Provider, stored: &Value) -> Result<(), KeyringError> {
        let keyring: Keyring = serde_json::from_value(stored.clone()).unwrap();
        let verified = keyring.verify(&mac(provider)).map(drop);
        if let Err(error) = verified {
            assert_eq!(error.kind(), OutcomeKind::Damaged, "{error}");
        }
        verified
    }

    #[test]
    fn f51_every_changed_field_is_found() {
        let forgeries: [(&str, Value); 9] = [
            ("/epoch", json!(4)),
            ("/records/0/check", json!("A".repeat(43) + "=")),
            ("/records/0/mac", json!("A".repeat(43) + "=")),
            ("/records/0/wrapped", json!("AAAA")),
            ("/records/2/wrapped", json!("AAAA")),
            ("/records/2/check", json!("A".repeat(43) + "=")),
            (
                "/records/2/wrapping/kek/customer-managed/kid",
                json!("https://evil.example/keys/k/1"),
            ),
            (
                "/records/2/wrapping/kek/customer-managed/algorithm",
                json!("RSA-OAEP"),
            ),
            (
                "/records/2/wrapping/kek",
                json!({"service-managed": {"key": "00".repeat(16)}}),
            ),
        ];
        for provider in providers() {
            let whole = stored(&keyring(&provider, 3));
            assert_eq!(verify(&provider, &whole), Ok(()));
            for (pointer, value) in &forgeries {
                let mut changed = whole.clone();
                *changed.pointer_mut(pointer).unwrap() = value.clone();
                let error = verify(&provider, &changed).unwrap_err();
                assert!(
                    matches!(error, KeyringError::Mac { .. }),
                    "{pointer}: {error}"
                );
            }
        }
    }

    #[test]
    fn f50_a_keyring_of_the_wrong_shape_is_found() {
        for provider in providers() {
            let whole = stored(&keyring(&provider, 4));
            let with = |change: &dyn Fn(&mut Vec<Value>)| {
                let mut changed = whole.clone();
                change(changed["records"].as_array_mut().unwrap());
                verify(&provider, &changed).unwrap_err()
            };
            assert_eq!(with(&|records| records.clear()), KeyringError::Empty);
            // The oldest left out: the rest is in order, and only the MACs know.
            let mac_of = |number| KeyringError::Mac {
                generation: generation(number),
            };
            assert_eq!(with(&|records| drop(records.remove(0))), mac_of(2));
            let gap = |expected, found| KeyringError::Gap {
                expected: generation(expected),
                found: generation(found),
            };
            assert_eq!(with(&|records| drop(records.remove(1))), gap(2, 3));
            assert_eq!(with(&|records| records.swap(0, 1)), gap(3, 1));
            assert_eq!(with(&|records| records.push(records[3].clone())), gap(5, 4));
            assert_eq!(with(&|records| drop(records.pop())), misplaced(3));
            assert_eq!(
                with(&|records| records[0]["state"] = json!("writing")),
                misplaced(1)
            );
            assert_eq!(
                with(&|records| records[3]["state"] = json!("reading")),
                misplaced(4)
            );
            assert_eq!(
                with(&|records| records[0]["wrapping"] = json!({"under-generation": 3})),
                misplaced(1)
            );
            assert_eq!(
                with(&|records| records[1]["wrapping"] = records[3]["wrapping"].clone()),
                misplaced(2)
            );
        }
    }

    fn misplaced(number: u32) -> KeyringError {
        KeyringError::Misplaced {
            generation: generation(number),
        }
    }

    #[test]
    fn f50_f51_records_of_two_epochs_do_not_mix() {
        for provider in providers() {
            let old = keyring(&provider, 3);
            let opened = open(&provider, &old, 3);
            let new = opened
                .rewrap(&mac(&provider), by_service(), wrapped(9))
                .unwrap();
            let (old, new) = (stored(&old), stored(&new));
            for at in 0..3 {
                let mut mixed = new.clone();
                mixed["records"][at] = old["records"][at].clone();
                let found = generation(u32::try_from(at).unwrap() + 1);
                let expected = KeyringError::Mac { generation: found };
                assert_eq!(verify(&provider, &mixed), Err(expected));
            }
            // Whole, an older keyring is authentic: rollback is not found by the MACs.
            assert_eq!(verify(&provider, &old), Ok(()));
        }
    }

    #[test]
    fn f32_f51_another_resources_keyring_is_found_also_when_it_is_renamed() {
        for provider in providers() {
            let other_mac = root(&provider).keyring_mac(OTHER).unwrap();
            let key = resource_key(1);
            let other =
                Keyring::create(&provider, &other_mac, &key, by_service(), wrapped(1)).unwrap();
            let mut renamed = stored(&other);
            let foreign = verify(&provider, &renamed);
            assert!(matches!(foreign, Err(KeyringError::OtherResource { .. })));
            renamed["uid"] = stored(&keyring(&provider, 1))["uid"].clone();
            let generation = generation(1);
            assert_eq!(
                verify(&provider, &renamed),
                Err(KeyringError::Mac { generation })
            );
        }
    }

    #[test]
    fn numbers_do_not_wrap_round() {
        for provider in providers() {
            for number in ["4294967295", "18446744073709551615"] {
                let text = serde_json::to_string(&keyring(&provider, 2)).unwrap();
                let text =
                    text.replacen("\"generation\":1", &format!("\"generation\":{number}"), 1);
                if let Ok(keyring) = serde_json::from_str::<Keyring>(&text) {
                    let error = keyring.verify(&mac(&provider)).map(drop).unwrap_err();
                    assert_eq!(error, misplaced(u32::MAX));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_changed_stored_form_is_refused_or_the_same(
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![prop::sample::select(&b"0123456789abcdefABCDEF{}[]\",:-"[..]), any::<u8>()],
        ) {
            let provider = providers()[0];
            let whole = keyring(&provider, 3);
            let mut text = serde_json::to_vec(&whole).unwrap();
            let at = at.index(text.len());
            text[at] = byte;
            if let Ok(changed) = serde_json::from_slice::<Keyring>(&text) {
                prop_assert!(changed == whole || changed.verify(&mac(&provider)).is_err());
            }
        }
    }
}
