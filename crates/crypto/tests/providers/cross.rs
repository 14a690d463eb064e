//! What one provider makes the other reads.
#![cfg(all(feature = "aws-lc-rs", feature = "ring"))]

use proptest::{collection::vec, prelude::*};
use strongroom_crypto::{KEY_LEN, Provider, RsaKeySize, aws_lc_rs, ring};

use crate::{
    aead::message,
    rsa::{algorithm, few, keys, unwrap},
};

const BOTH: [(&Provider, &Provider); 2] = [
    (&aws_lc_rs::PROVIDER, &ring::PROVIDER),
    (&ring::PROVIDER, &aws_lc_rs::PROVIDER),
];

#[test]
fn sealing_gives_the_same_bytes() {
    proptest!(|(message in message(0..40_000))| {
        for (one, other) in BOTH {
            let (ciphertext, tag) = message.seal(one);
            prop_assert_eq!(message.open(other, &ciphertext, &tag), Ok(message.plaintext.clone()));
            prop_assert_eq!((ciphertext, tag), message.seal(other));
        }
    });
}

#[test]
fn random_nonce_seals_open() {
    proptest!(|(message in message(0..5_000))| {
        for (one, other) in BOTH {
            let sealed = one
                .aead
                .seal_with_random_nonce(&message.key, &message.aad, &message.plaintext)
                .unwrap();
            let opened = other
                .aead
                .open_with_random_nonce(&message.key, &message.aad, &sealed)
                .unwrap();
            prop_assert_eq!(opened.expose(), &message.plaintext[..]);
        }
    });
}

#[test]
fn derivations_and_tags_agree() {
    proptest!(|(
        key: [u8; KEY_LEN],
        salt in vec(any::<u8>(), 0..300),
        ikm in vec(any::<u8>(), 0..300),
        info in vec(any::<u8>(), 0..600),
        len in 0..1_000usize,
    )| {
        let outputs = [&aws_lc_rs::PROVIDER, &ring::PROVIDER].map(|provider| {
            let (mut extracted, mut expanded) = (vec![0; len], vec![0; len]);
            let prk = provider.hkdf.extract(&salt, &ikm);
            prk.expand(&[&info], &mut extracted).unwrap();
            provider.hkdf.prk(&key).expand(&[&info], &mut expanded).unwrap();
            (extracted, expanded, provider.hmac.key(&key).tag(&[&info]))
        });
        prop_assert_eq!(&outputs[0], &outputs[1]);
    });
}

#[test]
fn wrapped_keys_unwrap() {
    let keys = [keys(&aws_lc_rs::PROVIDER), keys(&ring::PROVIDER)];
    proptest!(few(), |(
        which in 0..3usize,
        algorithm in algorithm(),
        plaintext in vec(any::<u8>(), 0..=190),
    )| {
        for (one, other) in [(0, 1), (1, 0)] {
            let wrapped = keys[one][which].public_key().wrap(algorithm, &plaintext).unwrap();
            let unwrapped = unwrap(&*keys[other][which], algorithm, &wrapped);
            prop_assert_eq!(unwrapped, Ok(plaintext.clone()));
        }
    });
}

#[test]
fn private_keys_are_written_alike() {
    for (one, other) in BOTH {
        // Several, for a library may put the larger prime first or not.
        for size in [RsaKeySize::Rsa2048; 6]
            .into_iter()
            .chain([RsaKeySize::Rsa4096])
        {
            let key = one.key_transport.generate(size).unwrap();
            let pkcs8 = key.to_pkcs8().unwrap();
            let read = other.key_transport.private_key(pkcs8.expose()).unwrap();
            assert_eq!(read.to_pkcs8().unwrap().expose(), pkcs8.expose());
            assert_eq!(read.public_key().n(), key.public_key().n());
            assert_eq!(read.public_key().e(), key.public_key().e());
        }
    }
}

#[test]
fn public_keys_are_judged_alike() {
    let key = &keys(&aws_lc_rs::PROVIDER)[0];
    let n = key.public_key().n();
    proptest!(|(
        place in 0..n.len(),
        mask: u8,
        e in prop_oneof![Just(65_537), 0..20u64, (1 << 32)..(1u64 << 34), any::<u64>()],
    )| {
        let mut n = n.to_vec();
        n[place] ^= mask;
        let judged = [&aws_lc_rs::PROVIDER, &ring::PROVIDER].map(|provider| {
            provider.key_transport.public_key(&n, &e.to_be_bytes()).map(|key| key.size())
        });
        prop_assert_eq!(judged[0], judged[1]);
    });
}
