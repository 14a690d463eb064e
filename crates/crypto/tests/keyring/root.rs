//! The root key's derivations, and the service-managed keys sealed under them.

use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_crypto::object::Generation;
use strongroom_crypto::{
    CryptoError, RootKey, RootKeys, SealedServiceKey, ServiceKeyError, ServiceKeyId,
};

use crate::support::{OTHER, SERVICE_KEY, UID, providers, resource_key, root, service_key};

/// Made by a program of another language from `docs/format.md` alone, with the keys of `support`.
const SEALED: &str = "93535452534b455901a06147a37aae926eb7be6429517cb824612073657276696365206b65792069\
    64000102030405060708090a0bb721bfbf20ca1c27d97d1ae238f841b8e0aaa37b63475b7a042c72\
    64b40d529bee3adea6381261966e533efa00f4ae40";
const WRAPPED: &str = "000102030405060708090a0b9befc7e80f062dd1c3e270b696d693334394017617dfe3ce38c67e2e\
    6ecea6cbd5148cb26d77cb9153ac1fecadbdeae1";
const AUDIT_TAG: &str = "f0b351e5ca07cec01e38ad7359a90eb918a5aedebf006565ec7c1a942b3ecd7f";

#[test]
fn f21_f30_f33_f34_f40_f42_what_the_document_describes_opens() {
    for provider in providers() {
        let root = root(&provider);
        let sealed = SealedServiceKey::parse(&hex::decode(SEALED).unwrap()).unwrap();
        let opened = root.open_service_key(UID, SERVICE_KEY, &sealed).unwrap();
        assert!(opened.matches(&service_key()));
        let wrapped = hex::decode(WRAPPED).unwrap();
        let first = Generation::FIRST;
        let key = opened
            .unwrap_resource_key(&provider, UID, first, &wrapped)
            .unwrap();
        assert!(key.matches(&resource_key(1)));
        let tag = root.audit_chain().unwrap().tag(&[b"entry"]);
        assert_eq!(hex::encode(tag), AUDIT_TAG);
    }
}

#[test]
fn f34_f41_a_sealed_service_key_opens_for_its_resource_and_id_alone() {
    for provider in providers() {
        let root = root(&provider);
        let sealed = root
            .seal_service_key(UID, SERVICE_KEY, &service_key())
            .unwrap();
        assert_eq!(sealed.root_key(), root.id());
        assert_eq!(sealed.service_key(), SERVICE_KEY);
        let sealed = SealedServiceKey::parse(&sealed.to_bytes()).unwrap();
        // Whatever one provider seals the others open.
        for other in providers() {
            let root = self::root(&other);
            let opened = root.open_service_key(UID, SERVICE_KEY, &sealed).unwrap();
            assert!(opened.matches(&service_key()));
        }
        let refused = ServiceKeyError::Crypto(CryptoError::Authentication);
        let foreign = root.open_service_key(OTHER, SERVICE_KEY, &sealed);
        assert_eq!(foreign.err(), Some(refused));
        let expected = ServiceKeyId::generate(provider.random).unwrap();
        let found = SERVICE_KEY;
        let another = root.open_service_key(UID, expected, &sealed);
        let refused = ServiceKeyError::OtherServiceKey { expected, found };
        assert_eq!(another.err(), Some(refused));
        // A blob renamed to fit does not open.
        let mut renamed = sealed.to_bytes();
        renamed[25..41].copy_from_slice(expected.as_bytes());
        let renamed = SealedServiceKey::parse(&renamed).unwrap();
        let opened = root.open_service_key(UID, expected, &renamed);
        let refused = ServiceKeyError::Crypto(CryptoError::Authentication);
        assert_eq!(opened.err(), Some(refused));
    }
}

#[test]
fn f40_every_changed_byte_of_a_sealed_service_key_is_found() {
    for provider in providers() {
        let root = root(&provider);
        let sealed = root
            .seal_service_key(UID, SERVICE_KEY, &service_key())
            .unwrap();
        let bytes = sealed.to_bytes();
        for at in 0..bytes.len() {
            let mut changed = bytes;
            changed[at] ^= 1;
            let opened = SealedServiceKey::parse(&changed)
                .and_then(|sealed| root.open_service_key(UID, SERVICE_KEY, &sealed));
            match (at, opened.err()) {
                (0..8, error) => {
                    let length = bytes.len();
                    assert_eq!(error, Some(ServiceKeyError::Malformed { length }));
                }
                (8, error) => assert_eq!(error, Some(ServiceKeyError::UnknownVersion(0))),
                (9..25, Some(ServiceKeyError::OtherRootKey { present, .. })) => {
                    assert_eq!(present, root.id());
                }
                (25..41, Some(ServiceKeyError::OtherServiceKey { expected, .. })) => {
                    assert_eq!(expected, SERVICE_KEY);
                }
                (_, error) => assert_eq!(
                    error,
                    Some(ServiceKeyError::Crypto(CryptoError::Authentication)),
                    "byte {at}"
                ),
            }
        }
        for length in 0..bytes.len() {
            SealedServiceKey::parse(&bytes[..length]).unwrap_err();
        }
        SealedServiceKey::parse(&[bytes.as_slice(), &[0]].concat()).unwrap_err();
    }
}

#[test]
fn f41_another_root_key_is_named_so_that_it_can_be_rotated() {
    for provider in providers() {
        let old = root(&provider);
        let new =
            RootKeys::derive(&provider, &RootKey::generate(provider.random).unwrap()).unwrap();
        let sealed = old
            .seal_service_key(UID, SERVICE_KEY, &service_key())
            .unwrap();
        let error = new
            .open_service_key(UID, SERVICE_KEY, &sealed)
            .map(drop)
            .unwrap_err();
        let (sealed_under, present) = (old.id(), new.id());
        assert_eq!(
            error,
            ServiceKeyError::OtherRootKey {
                sealed_under,
                present
            }
        );
        let text = error.to_string();
        assert!(text.contains(&old.id().to_string()) && text.contains(&new.id().to_string()));
        assert_eq!(error.kind(), OutcomeKind::BadInput);

        let key = old.open_service_key(UID, SERVICE_KEY, &sealed).unwrap();
        let rotated = new.seal_service_key(UID, SERVICE_KEY, &key).unwrap();
        assert!(new.open_service_key(UID, SERVICE_KEY, &rotated).is_ok());
    }
}

#[test]
fn f42_a_wrapped_resource_key_is_bound_to_resource_and_generation() {
    for provider in providers() {
        let (first, second) = (Generation::FIRST, Generation::new(2).unwrap());
        let kek = service_key();
        let wrapped = kek
            .wrap_resource_key(&provider, UID, first, &resource_key(1))
            .unwrap();
        for other in providers() {
            let key = kek
                .unwrap_resource_key(&other, UID, first, &wrapped)
                .unwrap();
            assert!(key.matches(&resource_key(1)));
        }
        let refused = |uid, generation, bytes: &[u8]| {
            let key = kek.unwrap_resource_key(&provider, uid, generation, bytes);
            assert_eq!(key.err(), Some(CryptoError::Authentication));
        };
        refused(OTHER, first, &wrapped);
        refused(UID, second, &wrapped);
        for length in 0..wrapped.len() {
            refused(UID, first, &wrapped[..length]);
        }
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            refused(UID, first, &changed);
        }
    }
}

#[test]
fn f30_f33_every_purpose_and_resource_has_a_key_of_its_own() {
    for provider in providers() {
        let root = root(&provider);
        let tag = root.audit_chain().unwrap().tag(&[b"entry"]);
        assert!(
            self::root(&provider)
                .audit_chain()
                .unwrap()
                .verify(&[b"entry"], &tag)
        );
        let other = RootKeys::derive(&provider, &RootKey::from_bytes(&mut [4; 32])).unwrap();
        assert!(!other.audit_chain().unwrap().verify(&[b"entry"], &tag));
        assert_ne!(other.id(), root.id());
    }
}
