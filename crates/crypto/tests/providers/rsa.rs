//! RSA-OAEP.

use std::sync::OnceLock;

use proptest::{collection::vec, prelude::*};
use strongroom_crypto::{
    CryptoError, Provider, RsaKeySize, RsaPrivateKey, WrapAlgorithm,
    WrapAlgorithm::{RsaOaep, RsaOaep256},
};

pub(crate) const REFUSED: Result<Vec<u8>, CryptoError> = Err(CryptoError::Authentication);

pub(crate) fn rsa_generates_every_size(provider: &Provider) {
    for (size, bits) in [
        (RsaKeySize::Rsa2048, 2048),
        (RsaKeySize::Rsa3072, 3072),
        (RsaKeySize::Rsa4096, 4096),
    ] {
        let key = provider.key_transport.generate(size).unwrap();
        let public = key.public_key();
        assert_eq!(public.size(), size);
        assert_eq!(public.n().len() * 8, bits);
        assert!(public.n()[0] >= 0x80);
        assert_eq!(public.e(), [1, 0, 1]);

        let wrapped = public.wrap(RsaOaep256, b"key material").unwrap();
        assert_eq!(
            unwrap(&*key, RsaOaep256, &wrapped),
            Ok(b"key material".to_vec())
        );

        let pkcs8 = key.to_pkcs8().unwrap();
        let read = provider.key_transport.private_key(pkcs8.expose()).unwrap();
        assert_eq!(
            unwrap(&*read, RsaOaep256, &wrapped),
            Ok(b"key material".to_vec())
        );
        assert_eq!(read.to_pkcs8().unwrap().expose(), pkcs8.expose());
        assert_eq!(read.public_key().n(), public.n());
    }
    let again = provider
        .key_transport
        .generate(RsaKeySize::Rsa2048)
        .unwrap();
    let other = provider
        .key_transport
        .generate(RsaKeySize::Rsa2048)
        .unwrap();
    assert_ne!(again.public_key().n(), other.public_key().n());
}

pub(crate) fn rsa_unwraps_what_it_wraps(provider: &Provider) {
    let keys = keys(provider);
    proptest!(few(), |(
        which: prop::sample::Index,
        algorithm in algorithm(),
        plaintext in vec(any::<u8>(), 0..=190),
    )| {
        let key = which.get(&keys);
        let wrapped = key.public_key().wrap(algorithm, &plaintext).unwrap();
        prop_assert_eq!(wrapped.len(), key.public_key().size().modulus_len());
        prop_assert_ne!(&wrapped, &key.public_key().wrap(algorithm, &plaintext).unwrap());
        prop_assert_eq!(unwrap(&**key, algorithm, &wrapped), Ok(plaintext));
    });
}

pub(crate) fn rsa_wraps_up_to_the_limit(provider: &Provider) {
    for key in keys(provider) {
        let public = key.public_key();
        for (algorithm, hash) in [(RsaOaep, 20), (RsaOaep256, 32)] {
            // RFC 8017 §7.1.1: k - 2 hLen - 2.
            let max = public.n().len() - 2 * hash - 2;
            assert_eq!(algorithm.max_plaintext(public.size()), max);
            for len in [0, 1, max] {
                let plaintext = vec![0xA5; len];
                let wrapped = public.wrap(algorithm, &plaintext).unwrap();
                assert_eq!(unwrap(&*key, algorithm, &wrapped), Ok(plaintext));
            }
            for len in [max + 1, public.n().len(), 10_000] {
                let wrapped = public.wrap(algorithm, &vec![0xA5; len]);
                assert_eq!(wrapped, Err(CryptoError::Length), "{len}");
            }
        }
    }
}

pub(crate) fn rsa_public_key_from_its_numbers(provider: &Provider) {
    for key in keys(provider) {
        let known = key.public_key();
        for zeros in [0, 1, 9] {
            let n = [&vec![0; zeros], known.n()].concat();
            let e = [&vec![0; zeros], known.e()].concat();
            let public = provider.key_transport.public_key(&n, &e).unwrap();
            assert_eq!(public.size(), known.size());
            assert_eq!(public.n(), known.n());
            assert_eq!(public.e(), known.e());
            let wrapped = public.wrap(RsaOaep256, b"key material").unwrap();
            assert_eq!(
                unwrap(&*key, RsaOaep256, &wrapped),
                Ok(b"key material".to_vec())
            );
        }
    }
}

pub(crate) fn rsa_finds_every_change(provider: &Provider) {
    let keys = keys(provider);
    proptest!(few(), |(
        algorithm in algorithm(),
        place: prop::sample::Index,
        mask in 1..=u8::MAX,
    )| {
        let mut wrapped = keys[0].public_key().wrap(algorithm, b"key material").unwrap();
        *place.get_mut(&mut wrapped) ^= mask;
        prop_assert_eq!(unwrap(&*keys[0], algorithm, &wrapped), REFUSED);
    });
}

pub(crate) fn rsa_refuses_other_lengths(provider: &Provider) {
    let key = &keys(provider)[0];
    let wrapped = key.public_key().wrap(RsaOaep256, b"key material").unwrap();
    for len in (0..wrapped.len()).step_by(17).chain([wrapped.len() - 1]) {
        assert_eq!(unwrap(&**key, RsaOaep256, &wrapped[..len]), REFUSED);
        assert_eq!(
            unwrap(&**key, RsaOaep256, &wrapped[wrapped.len() - len..]),
            REFUSED
        );
    }
    // A number that is the same with a zero before or after it.
    assert_eq!(
        unwrap(&**key, RsaOaep256, &[&[0], &wrapped[..]].concat()),
        REFUSED
    );
    assert_eq!(
        unwrap(&**key, RsaOaep256, &[&wrapped[..], &[0]].concat()),
        REFUSED
    );
    assert_eq!(unwrap(&**key, RsaOaep256, &vec![0; 100_000]), REFUSED);
}

pub(crate) fn rsa_refuses_numbers_outside_the_modulus(provider: &Provider) {
    for key in keys(provider) {
        let n = key.public_key().n().to_vec();
        let mut above = n.clone();
        above[0] = 0xFF;
        let mut one = vec![0; n.len()];
        *one.last_mut().unwrap() = 1;
        for number in [&vec![0; n.len()], &one, &n, &above] {
            for algorithm in [RsaOaep, RsaOaep256] {
                assert_eq!(unwrap(&*key, algorithm, number), REFUSED);
            }
        }
    }
}

pub(crate) fn rsa_refuses_another_key_or_algorithm(provider: &Provider) {
    let keys = keys(provider);
    let wrapped = keys[0].public_key().wrap(RsaOaep256, b"material").unwrap();
    assert_eq!(
        unwrap(&*keys[0], RsaOaep256, &wrapped),
        Ok(b"material".to_vec())
    );
    assert_eq!(unwrap(&*keys[1], RsaOaep256, &wrapped), REFUSED);
    assert_eq!(unwrap(&*keys[0], RsaOaep, &wrapped), REFUSED);
    let wrapped = keys[0].public_key().wrap(RsaOaep, b"material").unwrap();
    assert_eq!(unwrap(&*keys[0], RsaOaep256, &wrapped), REFUSED);
}

pub(crate) fn unwrap(
    key: &dyn RsaPrivateKey,
    algorithm: WrapAlgorithm,
    wrapped: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    key.unwrap(algorithm, wrapped)
        .map(|plaintext| plaintext.expose().to_vec())
}

/// Two keys of 2048 bits and one of 3072, as PKCS#8: made once, by whichever providers there are.
pub(crate) fn documents() -> &'static [Vec<u8>; 3] {
    static DOCUMENTS: OnceLock<[Vec<u8>; 3]> = OnceLock::new();
    let providers = [
        #[cfg(feature = "ring")]
        strongroom_crypto::ring::PROVIDER,
        #[cfg(feature = "aws-lc-rs")]
        strongroom_crypto::aws_lc_rs::PROVIDER,
    ];
    let make = |provider: &Provider, size| {
        let key = provider.key_transport.generate(size).unwrap();
        key.to_pkcs8().unwrap().expose().to_vec()
    };
    DOCUMENTS.get_or_init(|| {
        let (first, last) = (&providers[0], &providers[providers.len() - 1]);
        [
            make(first, RsaKeySize::Rsa2048),
            make(last, RsaKeySize::Rsa2048),
            make(first, RsaKeySize::Rsa3072),
        ]
    })
}

/// [`documents`], read by this provider.
pub(crate) fn keys(provider: &Provider) -> [Box<dyn RsaPrivateKey>; 3] {
    documents()
        .each_ref()
        .map(|pkcs8| provider.key_transport.private_key(pkcs8).unwrap())
}

pub(crate) fn algorithm() -> impl Strategy<Value = WrapAlgorithm> {
    prop_oneof![Just(RsaOaep), Just(RsaOaep256)]
}

/// An unwrap costs milliseconds in an unoptimised build.
pub(crate) fn few() -> ProptestConfig {
    ProptestConfig::with_cases(48)
}
