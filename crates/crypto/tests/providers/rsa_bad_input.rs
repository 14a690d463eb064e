//! RSA keys that are none.

use proptest::prelude::*;
use strongroom_crypto::{CryptoError, Provider};

use crate::rsa::{documents, few, keys};

pub(crate) fn rsa_refuses_public_numbers(provider: &Provider) {
    let key = &keys(provider)[0];
    let (n, e) = (key.public_key().n(), key.public_key().e());
    let with_last = |last: u8| [&n[..n.len() - 1], &[last]].concat();
    let halved = {
        let mut halved = n.to_vec();
        halved[0] &= 0x7F;
        halved
    };
    let exponent_of_34_bits = [2, 0, 0, 0, 1];
    for (n, e) in [
        // No numbers at all.
        (&[][..], &[][..]),
        (n, &[]),
        (&[], e),
        (&[0; 256], e),
        // Even.
        (&with_last(n[n.len() - 1] & 0xFE), e),
        (n, &[2]),
        (n, &[1, 0, 0]),
        // Exponents that RSA does not work with, or that cost too much.
        (n, &[0]),
        (n, &[1]),
        (n, &exponent_of_34_bits),
        (n, &[0xFF; 200]),
        (n, n),
        // Sizes between and beyond those of the seam.
        (&halved, e),
        (&n[..128], e),
        (&n[..255], e),
        (&[n, &[1]].concat(), e),
        (&[n, n, n, &n[..255], &[1]].concat(), e),
        (&vec![0xFF; 100_000], e),
    ] {
        let refused = provider.key_transport.public_key(n, e);
        assert_eq!(
            refused.err(),
            Some(CryptoError::Key),
            "n {n:02x?} e {e:02x?}"
        );
    }
}

pub(crate) fn rsa_refuses_other_documents(provider: &Provider) {
    let pkcs8 = &documents()[0];
    // RSAPrivateKey (PKCS#1) is what the PKCS#8 document holds at its end.
    let pkcs1 = &pkcs8[26..];
    assert_eq!(&pkcs8[22..24], &[0x04, 0x82]);
    for document in [
        &b""[..],
        b"-----BEGIN PRIVATE KEY-----",
        &[0; 1_000],
        &[0x30, 0x80, 0, 0],
        &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
        &[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        pkcs1,
        &[&pkcs8[..], &[0]].concat(),
        &[&pkcs8[..], &pkcs8[..]].concat(),
        &for_signatures(pkcs8),
        &P256,
    ] {
        let refused = provider.key_transport.private_key(document);
        assert_eq!(refused.err(), Some(CryptoError::Key), "{document:02x?}");
    }
}

pub(crate) fn rsa_refuses_cut_documents(provider: &Provider) {
    for pkcs8 in documents() {
        for len in 0..pkcs8.len() {
            let refused = provider.key_transport.private_key(&pkcs8[..len]);
            assert_eq!(refused.err(), Some(CryptoError::Key), "{len}");
        }
    }
}

pub(crate) fn rsa_refuses_changed_documents(provider: &Provider) {
    let pkcs8 = &documents()[0];
    proptest!(few(), |(place in 0..pkcs8.len(), mask in 1..=u8::MAX)| {
        let mut changed = pkcs8.clone();
        changed[place] ^= mask;
        let refused = provider.key_transport.private_key(&changed);
        prop_assert_eq!(refused.err(), Some(CryptoError::Key));
    });
}

/// The same key under the identifier id-RSASSA-PSS, which must not decrypt (RFC 4055 §1.2).
fn for_signatures(pkcs8: &[u8]) -> Vec<u8> {
    let [0x30, 0x82, high, low, rest @ ..] = pkcs8 else {
        panic!("a sequence of two length octets");
    };
    let oid = [0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1];
    assert_eq!(
        &rest[..18],
        [&[2, 1, 0, 0x30, 13], &oid[..], &[5, 0]].concat()
    );
    let len = (u16::from_be_bytes([*high, *low]) - 2).to_be_bytes();
    let head = [0x30, 0x82, len[0], len[1], 2, 1, 0, 0x30, 11];
    [&head, &oid[..10], &[10], &rest[18..]].concat()
}

/// A key of NIST P-256, private scalar one.
const P256: [u8; 67] = {
    let mut document = [0; 67];
    let head = [
        0x30, 65, 2, 1, 0, 0x30, 19, 6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1, 6, 8, 0x2A, 0x86,
        0x48, 0xCE, 0x3D, 3, 1, 7, 4, 39, 0x30, 37, 2, 1, 1, 4, 32,
    ];
    let mut i = 0;
    while i < head.len() {
        document[i] = head[i];
        i += 1;
    }
    document[66] = 1;
    document
};
