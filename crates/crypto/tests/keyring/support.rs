//! An installation with one resource.

use strongroom_base::ResourceUid;
use strongroom_crypto::keyring::{Kek, Keyring, KeyringMac, OpenedKeyring, WrappedKey};
use strongroom_crypto::{
    Provider, ResourceKey, RootKey, RootKeys, ServiceKeyId, ServiceManagedKey, WrapAlgorithm,
};

pub(crate) const UID: ResourceUid = ResourceUid::from_bytes(*b"a resource's uid");
pub(crate) const OTHER: ResourceUid = ResourceUid::from_bytes(*b"another resource");
pub(crate) const SERVICE_KEY: ServiceKeyId = ServiceKeyId::from_bytes(*b"a service key id");

/// Every provider that is built in.
pub(crate) fn providers() -> Vec<Provider> {
    vec![
        #[cfg(feature = "aws-lc-rs")]
        strongroom_crypto::aws_lc_rs::PROVIDER,
        #[cfg(feature = "ring")]
        strongroom_crypto::ring::PROVIDER,
    ]
}

pub(crate) fn root(provider: &Provider) -> RootKeys {
    RootKeys::derive(provider, &RootKey::from_bytes(&mut [3; 32])).unwrap()
}

pub(crate) fn mac(provider: &Provider) -> KeyringMac {
    root(provider).keyring_mac(UID).unwrap()
}

/// The key of one generation.
pub(crate) fn resource_key(generation: u8) -> ResourceKey {
    ResourceKey::from_bytes(&mut [0x40 + generation; 32])
}

pub(crate) fn service_key() -> ServiceManagedKey {
    ServiceManagedKey::from_bytes(&mut [5; 32])
}

pub(crate) fn by_service() -> Kek {
    Kek::ServiceManaged { key: SERVICE_KEY }
}

pub(crate) fn by_customer(version: &str) -> Kek {
    Kek::CustomerManaged {
        kid: format!("https://contoso.vault.azure.net/keys/notes/{version}"),
        algorithm: WrapAlgorithm::RsaOaep256,
    }
}

pub(crate) fn wrapped(byte: u8) -> WrappedKey {
    WrappedKey::new(vec![byte; 40])
}

/// A keyring of so many generations.
pub(crate) fn keyring(provider: &Provider, generations: u8) -> Keyring {
    let mac = mac(provider);
    let first = resource_key(1);
    let mut keyring = Keyring::create(provider, &mac, &first, by_service(), wrapped(1)).unwrap();
    for generation in 2..=generations {
        let opened = open(provider, &keyring, generation - 1);
        let key = resource_key(generation);
        let kek = by_customer("1");
        keyring = opened
            .add_generation(provider, &mac, &key, kek, wrapped(generation))
            .unwrap();
    }
    keyring
}

pub(crate) fn open(provider: &Provider, keyring: &Keyring, newest: u8) -> OpenedKeyring {
    let verified = keyring.verify(&mac(provider)).unwrap();
    verified.open(provider, resource_key(newest)).unwrap()
}
