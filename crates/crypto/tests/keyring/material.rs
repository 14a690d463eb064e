//! The private halves of a vault's keys, sealed under the root key.

use strongroom_base::{MaterialRef, Outcome as _, OutcomeKind};
use strongroom_crypto::{
    CryptoError, KeyMaterialError, MAX_KEY_MATERIAL_LEN, Provider, RootKey, RootKeys, RsaKeySize,
    SealedKeyMaterial, SecretBytes,
};

use crate::support::{providers, root};

const MATERIAL: MaterialRef = MaterialRef::from_bytes(*b"a material's ref");
const OTHER: MaterialRef = MaterialRef::from_bytes(*b"another material");
/// Bytes before the nonce, and bytes that sealing adds.
const HEAD: usize = 41;
const SEALING: usize = 12 + 16;

/// Made by a program of another language from `docs/format.md` alone, with the root key of `support`.
const SEALED: &str = "935354524b4d415401a06147a37aae926eb7be6429517cb82461206d6174657269616c2773207265\
    66000102030405060708090a0b5d2275612662870c22f152794ad8b1a411d57c8fb5c5b5077c1a05\
    2b0c14c19c88672bbe5c5f0e";
const PRIVATE: &[u8] = b"PKCS#8 of a private key";

fn seal(root: &RootKeys, private: &[u8]) -> SealedKeyMaterial {
    root.seal_key_material(MATERIAL, &SecretBytes::new(private.to_vec()))
        .unwrap()
}

fn refused(root: &RootKeys, id: MaterialRef, sealed: &SealedKeyMaterial) -> KeyMaterialError {
    root.open_key_material(id, sealed).map(drop).unwrap_err()
}

fn another_root(provider: &Provider) -> RootKeys {
    RootKeys::derive(provider, &RootKey::generate(provider.random).unwrap()).unwrap()
}

// F37 and F43, by a known answer.
#[test]
fn what_the_document_describes_opens_as_key_material() {
    for provider in providers() {
        let sealed = SealedKeyMaterial::parse(&hex::decode(SEALED).unwrap()).unwrap();
        let opened = root(&provider)
            .open_key_material(MATERIAL, &sealed)
            .unwrap();
        assert_eq!(opened.expose(), PRIVATE);
    }
}

#[test]
fn sealed_key_material_opens_under_every_provider_as_the_same_key() {
    for provider in providers() {
        let root = root(&provider);
        let key = provider
            .key_transport
            .generate(RsaKeySize::Rsa2048)
            .unwrap();
        let pkcs8 = key.to_pkcs8().unwrap();
        let sealed = seal(&root, pkcs8.expose());
        assert_eq!(
            (sealed.root_key(), sealed.material()),
            (root.id(), MATERIAL)
        );
        let stored = sealed.to_bytes();
        assert_eq!(stored.len(), HEAD + SEALING + pkcs8.expose().len());
        let read = SealedKeyMaterial::parse(&stored).unwrap();
        assert_eq!(read, sealed);
        for other in providers() {
            let opened = self::root(&other)
                .open_key_material(MATERIAL, &read)
                .unwrap();
            assert_eq!(opened.expose(), pkcs8.expose());
        }
        // The nonce is drawn anew each time.
        assert_ne!(seal(&root, pkcs8.expose()), sealed);
    }
}

#[test]
fn i01_nothing_of_a_private_half_shows_where_it_lies_sealed() {
    for provider in providers() {
        let root = root(&provider);
        let key = provider
            .key_transport
            .generate(RsaKeySize::Rsa2048)
            .unwrap();
        let pkcs8 = key.to_pkcs8().unwrap();
        let sealed = seal(&root, pkcs8.expose());
        let stored = sealed.to_bytes();
        for part in pkcs8.expose().windows(8) {
            assert!(!stored.windows(8).any(|window| window == part));
        }
        let debug = format!("{sealed:?}");
        assert!(
            debug.contains(&MATERIAL.to_string()) && debug.ends_with(".. }"),
            "{debug}"
        );
    }
}

#[test]
fn every_changed_byte_of_sealed_key_material_is_found() {
    for provider in providers() {
        let root = root(&provider);
        let bytes = seal(&root, PRIVATE).to_bytes();
        let length = bytes.len();
        for at in 0..length {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let error = SealedKeyMaterial::parse(&changed)
                .and_then(|sealed| root.open_key_material(MATERIAL, &sealed))
                .map(drop)
                .unwrap_err();
            match (at, error) {
                (0..8, error) => assert_eq!(error, KeyMaterialError::Malformed { length }),
                (8, error) => assert_eq!(error, KeyMaterialError::UnknownVersion(0)),
                (9..25, KeyMaterialError::OtherRootKey { present, .. }) => {
                    assert_eq!(present, root.id());
                }
                (25..HEAD, KeyMaterialError::OtherKeyMaterial { expected, .. }) => {
                    assert_eq!(expected, MATERIAL);
                }
                (HEAD.., error) => assert_eq!(
                    error,
                    KeyMaterialError::Crypto(CryptoError::Authentication),
                    "byte {at}"
                ),
                (_, error) => panic!("byte {at}: {error}"),
            }
        }
    }
}

#[test]
fn key_material_that_is_cut_off_or_extended_is_refused_by_its_length() {
    for provider in providers() {
        let root = root(&provider);
        let bytes = seal(&root, PRIVATE).to_bytes();
        for length in 0..HEAD + SEALING {
            let error = SealedKeyMaterial::parse(&bytes[..length]).unwrap_err();
            assert_eq!(error, KeyMaterialError::Malformed { length });
            assert!(error.to_string().contains("it has 69 to 8261"), "{error}");
            assert_eq!(error.kind(), OutcomeKind::Damaged);
        }
        // Within what it may have, the length is authenticated as all else is.
        for length in HEAD + SEALING..bytes.len() {
            let sealed = SealedKeyMaterial::parse(&bytes[..length]).unwrap();
            let error = refused(&root, MATERIAL, &sealed);
            assert_eq!(error, KeyMaterialError::Crypto(CryptoError::Authentication));
        }
        let longer = SealedKeyMaterial::parse(&[bytes.as_slice(), &[0]].concat()).unwrap();
        let error = refused(&root, MATERIAL, &longer);
        assert_eq!(error, KeyMaterialError::Crypto(CryptoError::Authentication));

        let longest = seal(&root, &[1; MAX_KEY_MATERIAL_LEN]);
        assert!(root.open_key_material(MATERIAL, &longest).is_ok());
        let stored = [longest.to_bytes().as_slice(), &[0]].concat();
        let length = stored.len();
        let error = SealedKeyMaterial::parse(&stored).unwrap_err();
        assert_eq!(error, KeyMaterialError::Malformed { length });
        let too_long = SecretBytes::new(vec![1; MAX_KEY_MATERIAL_LEN + 1]);
        let error = root.seal_key_material(MATERIAL, &too_long).unwrap_err();
        assert_eq!(error, CryptoError::Length);
    }
}

// F44.
#[test]
fn key_material_opens_under_its_root_key_and_reference_alone() {
    for provider in providers() {
        let root = root(&provider);
        let sealed = seal(&root, PRIVATE);
        let other_root = another_root(&provider);
        let error = refused(&other_root, MATERIAL, &sealed);
        let (sealed_under, present) = (root.id(), other_root.id());
        assert_eq!(
            error,
            KeyMaterialError::OtherRootKey {
                sealed_under,
                present
            }
        );
        let text = error.to_string();
        assert!(text.contains(&root.id().to_string()) && text.contains(&present.to_string()));
        assert_eq!(error.kind(), OutcomeKind::BadInput);

        let error = refused(&root, OTHER, &sealed);
        let (expected, found) = (OTHER, MATERIAL);
        assert_eq!(
            error,
            KeyMaterialError::OtherKeyMaterial { expected, found }
        );
        let text = error.to_string();
        assert!(text.contains(&OTHER.to_string()) && text.contains(&MATERIAL.to_string()));

        // Renamed to fit, it does not open.
        for (at, id) in [(9, present.as_bytes()), (25, OTHER.as_bytes())] {
            let mut renamed = sealed.to_bytes();
            renamed[at..at + 16].copy_from_slice(id);
            let renamed = SealedKeyMaterial::parse(&renamed).unwrap();
            let (opener, id) = if at == 9 {
                (&other_root, MATERIAL)
            } else {
                (&root, OTHER)
            };
            let error = refused(opener, id, &renamed);
            assert_eq!(error, KeyMaterialError::Crypto(CryptoError::Authentication));
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn sealed_key_material_is_stored_as_base64() {
    for provider in providers() {
        let sealed = seal(&root(&provider), PRIVATE);
        let text = serde_json::to_string(&sealed).unwrap();
        assert_eq!(
            serde_json::from_str::<SealedKeyMaterial>(&text).unwrap(),
            sealed
        );
        let error = serde_json::from_str::<SealedKeyMaterial>("\"AAAA\"").unwrap_err();
        assert!(
            error.to_string().contains("3 bytes are not a sealed"),
            "{error}"
        );
    }
}
