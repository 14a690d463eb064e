//! RSA keys that are none.

use strongroom_crypto::{CryptoError, Provider};

use crate::rsa::{documents, keys};

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
    let key = &keys(provider)[0];
    let pkcs1 = Pkcs8::of(pkcs8).key;
    let public = public_key(key.public_key().n(), key.public_key().e());
    for document in [
        b"".to_vec(),
        b"-----BEGIN PRIVATE KEY-----".to_vec(),
        vec![0; 1_000],
        // Lengths: indefinite, beyond the end, beyond a usize, not the shortest form.
        vec![0x30, 0x80, 0, 0],
        vec![0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
        vec![0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        [&[0x30, 0x83, 0][..], &pkcs8[2..]].concat(),
        // Not PKCS#8, or not of RSA.
        pkcs1.clone(),
        public.clone(),
        p256(),
        // More than the key.
        [&pkcs8[..], &[0]].concat(),
        [&pkcs8[..], &pkcs8[..]].concat(),
        Pkcs8::of(pkcs8).with(|it| it.key.push(0)),
        Pkcs8::of(pkcs8).with(|it| it.rest = vec![5, 0]),
        // Other versions, with or without what they call for.
        Pkcs8::of(pkcs8).with(|it| it.version = 1),
        Pkcs8::of(pkcs8).with(|it| it.version = 2),
        Pkcs8::of(pkcs8).with(|it| it.rest = element(0x81, &[&[0][..], &public].concat())),
        Pkcs8::of(pkcs8).with(|it| {
            it.version = 1;
            it.rest = element(0x81, &[&[0][..], &public].concat());
        }),
        // Without the NULL; id-RSAES-OAEP; id-RSASSA-PSS, which must not decrypt (RFC 4055 §1.2).
        Pkcs8::of(pkcs8).with(|it| it.parameters.clear()),
        Pkcs8::of(pkcs8).with(|it| it.identifier[8] = 7),
        Pkcs8::of(pkcs8).with(|it| it.identifier[8] = 10),
        Pkcs8::of(pkcs8).with(|it| {
            it.identifier[8] = 10;
            it.parameters.clear();
        }),
    ] {
        let refused = provider.key_transport.private_key(&document);
        assert_eq!(refused.err(), Some(CryptoError::Key), "{document:02x?}");
    }
}

/// Some systems put attributes behind the key, such as its usage.
pub(crate) fn rsa_overlooks_attributes(provider: &Provider) {
    let pkcs8 = &documents()[0];
    // OBJECT IDENTIFIER 1.2.3.4, and a set of one string.
    let attribute = element(0x30, &[6, 3, 0x2A, 3, 4, 0x31, 4, 0x0C, 2, b'h', b'i']);
    for attributes in [&[][..], &attribute] {
        let with = Pkcs8::of(pkcs8).with(|it| it.rest = element(0xA0, attributes));
        let key = provider.key_transport.private_key(&with).unwrap();
        assert_eq!(key.to_pkcs8().unwrap().expose(), pkcs8);
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

/// No bit of a document is free: not even the numbers of the CRT, which could be computed anew.
pub(crate) fn rsa_refuses_changed_documents(provider: &Provider) {
    let pkcs8 = &documents()[0];
    for bit in 0..8 * pkcs8.len() {
        let mut changed = pkcs8.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let refused = provider.key_transport.private_key(&changed);
        assert_eq!(refused.err(), Some(CryptoError::Key), "bit {bit}");
    }
}

/// `PrivateKeyInfo` (RFC 5208 §5), to be changed and written again.
struct Pkcs8 {
    version: u8,
    identifier: Vec<u8>,
    parameters: Vec<u8>,
    key: Vec<u8>,
    rest: Vec<u8>,
}

impl Pkcs8 {
    fn of(rsa: &[u8]) -> Self {
        let parts = Self {
            version: 0,
            identifier: vec![0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1],
            parameters: vec![5, 0],
            key: rsa[26..].to_vec(),
            rest: Vec::new(),
        };
        assert_eq!(parts.build(), rsa);
        parts
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Vec<u8> {
        change(&mut self);
        self.build()
    }

    fn build(&self) -> Vec<u8> {
        let algorithm = [element(6, &self.identifier), self.parameters.clone()].concat();
        let parts = [
            element(2, &[self.version]),
            element(0x30, &algorithm),
            element(4, &self.key),
            self.rest.clone(),
        ];
        element(0x30, &parts.concat())
    }
}

/// `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn public_key(n: &[u8], e: &[u8]) -> Vec<u8> {
    let n = element(2, &[&[0], n].concat());
    element(0x30, &[n, element(2, e)].concat())
}

/// An element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [.., high, low] = content.len().to_be_bytes();
    let head = match (high, low) {
        (0, ..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head, content].concat()
}

/// A key of NIST P-256, its private scalar one.
fn p256() -> Vec<u8> {
    let scalar = [&[0; 31][..], &[1]].concat();
    Pkcs8 {
        version: 0,
        identifier: vec![0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1],
        parameters: element(6, &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]),
        key: element(0x30, &[element(2, &[1]), element(4, &scalar)].concat()),
        rest: Vec::new(),
    }
    .build()
}
