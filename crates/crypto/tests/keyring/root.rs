//! The root key's derivations, and the service-managed keys sealed under them.

use strongroom_base::{Outcome as _, OutcomeKind};
use strongroom_crypto::object::Generation;
use strongroom_crypto::{
    CryptoError, RootKey, RootKeys, SealedServiceKey, ServiceKeyError, ServiceKeyId,
};

use crate::support::{OTHER, SERVICE_KEY, UID, providers, resource_key, root, service_key};

#[test]
fn a_sealed_service_key_opens_for_its_resource_and_id_alone() {
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
fn every_changed_byte_of_a_sealed_service_key_is_found() {
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
fn another_root_key_is_named_so_that_it_can_be_rotated() {
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
fn a_wrapped_resource_key_is_bound_to_resource_and_generation() {
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
fn every_purpose_and_resource_has_a_key_of_its_own() {
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
