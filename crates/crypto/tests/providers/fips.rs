//! A provider is a FIPS provider when each of its parts says so of itself (R2).

use strongroom_crypto::{
    Aead, CryptoError, Hkdf, Hmac, HmacKey, KEY_LEN, KeyTransport, OpeningKey, Prk, Provider,
    RsaKeySize, RsaPrivateKey, RsaPublicKey, SealingKey, SecretBytes, SecureRandom,
};

/// A part of a provider, which says that it runs in a validated module.
#[derive(Debug)]
struct Says(&'static Provider);

impl Says {
    /// Lives as long as the tests.
    fn of(provider: &Provider) -> &'static Self {
        Box::leak(Box::new(Self(Box::leak(Box::new(*provider)))))
    }
}

impl SecureRandom for Says {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        self.0.random.fill(out)
    }

    fn fips(&self) -> bool {
        true
    }
}

impl Aead for Says {
    fn sealing_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn SealingKey>, CryptoError> {
        self.0.aead.sealing_key(key)
    }

    fn opening_key(&self, key: &[u8; KEY_LEN]) -> Result<Box<dyn OpeningKey>, CryptoError> {
        self.0.aead.opening_key(key)
    }

    fn seal_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.0.aead.seal_with_random_nonce(key, aad, plaintext)
    }

    fn open_with_random_nonce(
        &self,
        key: &[u8; KEY_LEN],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBytes, CryptoError> {
        self.0.aead.open_with_random_nonce(key, aad, sealed)
    }

    fn fips(&self) -> bool {
        true
    }
}

impl Hkdf for Says {
    fn extract(&self, salt: &[u8], ikm: &[u8]) -> Box<dyn Prk> {
        self.0.hkdf.extract(salt, ikm)
    }

    fn prk(&self, key: &[u8; KEY_LEN]) -> Box<dyn Prk> {
        self.0.hkdf.prk(key)
    }

    fn fips(&self) -> bool {
        true
    }
}

impl Hmac for Says {
    fn key(&self, key: &[u8; KEY_LEN]) -> Box<dyn HmacKey> {
        self.0.hmac.key(key)
    }

    fn fips(&self) -> bool {
        true
    }
}

impl KeyTransport for Says {
    fn generate(&self, size: RsaKeySize) -> Result<Box<dyn RsaPrivateKey>, CryptoError> {
        self.0.key_transport.generate(size)
    }

    fn private_key(&self, pkcs8: &[u8]) -> Result<Box<dyn RsaPrivateKey>, CryptoError> {
        self.0.key_transport.private_key(pkcs8)
    }

    fn public_key(&self, n: &[u8], e: &[u8]) -> Result<Box<dyn RsaPublicKey>, CryptoError> {
        self.0.key_transport.public_key(n, e)
    }

    fn fips(&self) -> bool {
        true
    }
}

pub(crate) fn r02_a_provider_claims_fips_only_if_every_part_does(provider: &Provider) {
    let says = Says::of(provider);
    let all = Provider {
        name: provider.name,
        aead: says,
        hkdf: says,
        hmac: says,
        key_transport: says,
        random: says,
    };
    assert!(all.fips());
    // One that does not is enough.
    let without = [
        Provider {
            aead: provider.aead,
            ..all
        },
        Provider {
            hkdf: provider.hkdf,
            ..all
        },
        Provider {
            hmac: provider.hmac,
            ..all
        },
        Provider {
            key_transport: provider.key_transport,
            ..all
        },
        Provider {
            random: provider.random,
            ..all
        },
    ];
    for (part, provider) in without.iter().enumerate() {
        assert!(!provider.fips(), "part {part}");
    }
}
