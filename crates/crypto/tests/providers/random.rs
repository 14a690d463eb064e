//! Random bytes, and what a provider is as a whole.

use strongroom_crypto::{CryptoError, Provider, ResourceKey, SecureRandom};

pub(crate) fn random_fills_everything(provider: &Provider) {
    provider.random.fill(&mut []).unwrap();
    for len in [1, 12, 32, 33, 1_000, 100_000] {
        // Each place differs from zero in some of 64 draws, but for one chance in 2^512.
        let mut seen = vec![0; len];
        for _ in 0..64 {
            let mut drawn = vec![0; len];
            provider.random.fill(&mut drawn).unwrap();
            seen.iter_mut()
                .zip(&drawn)
                .for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(!seen.contains(&0), "{len}");
    }
    let (mut one, mut other) = ([0; 32], [0; 32]);
    provider.random.fill(&mut one).unwrap();
    provider.random.fill(&mut other).unwrap();
    assert_ne!(one, other);
}

pub(crate) fn r02_fips_is_claimed_by_no_provider(provider: &Provider) {
    assert!(!provider.fips());
    let parts = [
        provider.aead.fips(),
        provider.hkdf.fips(),
        provider.hmac.fips(),
        provider.key_transport.fips(),
        provider.random.fips(),
    ];
    assert_eq!(parts, [false; 5]);
    // One part that claims it does not make the whole claim it.
    let random = &Replaced { fips: true };
    assert!(
        !Provider {
            random,
            ..*provider
        }
        .fips()
    );
}

pub(crate) fn one_part_can_be_replaced(provider: &Provider) {
    let random = &Replaced { fips: false };
    let replaced = Provider {
        random,
        ..*provider
    };
    let key = ResourceKey::generate(replaced.random).unwrap();
    assert_eq!(key.expose(), &[0x5A; 32]);
    assert_eq!(replaced.name, provider.name);
}

#[derive(Debug)]
struct Replaced {
    fips: bool,
}

impl SecureRandom for Replaced {
    fn fill(&self, out: &mut [u8]) -> Result<(), CryptoError> {
        out.fill(0x5A);
        Ok(())
    }

    fn fips(&self) -> bool {
        self.fips
    }
}
