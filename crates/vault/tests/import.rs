//! Keys that come from outside (R5, R6): what is taken, what is refused, and that a key is the same
//! whichever way it came.
#![expect(
    clippy::unwrap_used,
    reason = "tests; clippy knows only functions marked #[test] as such"
)]

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding};
use pem_rfc7468::LineEnding;
use pkcs1::RsaPrivateKey;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Encode as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use strongroom_base::{Outcome, OutcomeKind};
use strongroom_crypto::aws_lc_rs::PROVIDER;
use strongroom_crypto::{RsaKeySize, WrapAlgorithm};
use strongroom_vault::import::{ImportError, KeyPair, from_jwk, from_pem, generate};
use strongroom_vault::{KeyOperation, KeySpec};

fn pair() -> &'static KeyPair {
    static PAIR: OnceLock<KeyPair> = OnceLock::new();
    PAIR.get_or_init(|| generate(&PROVIDER, KeySpec::Rsa(RsaKeySize::Rsa2048)).unwrap())
}

fn pem(label: &str, der: &[u8]) -> String {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).unwrap()
}

/// The key as JWK, by its PKCS#1 numbers.
fn jwk(pair: &KeyPair) -> Value {
    let info = PrivateKeyInfoRef::try_from(pair.private.expose()).unwrap();
    let key = RsaPrivateKey::try_from(info.private_key.as_bytes()).unwrap();
    let number = |number: pkcs1::UintRef<'_>| Base64UrlUnpadded::encode_string(number.as_bytes());
    json!({
        "kty": "RSA",
        "kid": "mine",
        "key_ops": ["wrapKey", "unwrapKey"],
        "n": number(key.modulus),
        "e": number(key.public_exponent),
        "d": number(key.private_exponent),
        "p": number(key.prime1),
        "q": number(key.prime2),
        "dp": number(key.exponent1),
        "dq": number(key.exponent2),
        "qi": number(key.coefficient),
    })
}

/// What the first key wraps the second unwraps.
fn is_one_key(a: &KeyPair, b: &KeyPair) {
    assert_eq!(a.public, b.public);
    let private = |pair: &KeyPair| {
        PROVIDER
            .key_transport
            .private_key(pair.private.expose())
            .unwrap()
    };
    let algorithm = WrapAlgorithm::RsaOaep256;
    let wrapped = private(a)
        .public_key()
        .wrap(algorithm, b"a resource key")
        .unwrap();
    assert_eq!(
        private(b).unwrap(algorithm, &wrapped).unwrap().expose(),
        b"a resource key"
    );
}

#[test]
fn r05_a_key_is_the_same_from_pem_and_from_jwk() {
    is_one_key(
        pair(),
        &from_pem(&PROVIDER, &pem("PRIVATE KEY", pair().private.expose())).unwrap(),
    );
    let imported = from_jwk(&PROVIDER, &jwk(pair()).to_string()).unwrap();
    is_one_key(pair(), &imported.pair);
    let operations = imported.operations.unwrap();
    assert!(
        operations
            .iter()
            .eq([&KeyOperation::WrapKey, &KeyOperation::UnwrapKey])
    );
}

#[test]
fn r15_every_size_that_a_vault_takes_says_its_size() {
    for size in [RsaKeySize::Rsa3072, RsaKeySize::Rsa4096] {
        let made = generate(&PROVIDER, KeySpec::Rsa(size)).unwrap();
        let read = from_pem(&PROVIDER, &pem("PRIVATE KEY", made.private.expose())).unwrap();
        assert_eq!(read.public.spec(), KeySpec::Rsa(size));
    }
}

#[test]
fn what_is_no_pem_of_a_private_key_is_refused_by_what_it_is() {
    let der = pair().private.expose();
    let cases = [
        ("no pem".to_owned(), ImportError::Pem),
        (String::new(), ImportError::Pem),
        (pem("PRIVATE KEY", &der[..40]), ImportError::Pkcs8),
        (pem("PRIVATE KEY", &[5, 0]), ImportError::Pkcs8),
        // No label of PEM is written so, and none is repeated to whoever reads the answer.
        (pem("private key", der), ImportError::Pem),
        (pem(&"A".repeat(65), der), ImportError::Pem),
    ];
    for (text, expected) in cases {
        let error = from_pem(&PROVIDER, &text).unwrap_err();
        assert_eq!(error, expected);
        assert_eq!(error.kind(), OutcomeKind::BadInput);
    }
}

#[test]
fn what_people_give_in_the_place_of_pkcs8_is_called_by_its_name_with_the_way_to_convert_it() {
    let block = |label| pem(label, pair().private.expose());
    let traditional = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
                       DEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let ecparam = block("EC PARAMETERS") + &block("EC PRIVATE KEY");
    for (text, named, mend) in [
        (
            block("ENCRYPTED PRIVATE KEY"),
            "an encrypted private key",
            "openssl pkey",
        ),
        (
            traditional.to_owned(),
            "an encrypted private key",
            "openssl pkey",
        ),
        (block("RSA PRIVATE KEY"), "PKCS#1", "openssl pkey"),
        (ecparam, "SEC 1", "openssl pkey"),
        (block("EC PARAMETERS"), "without a key", "openssl genpkey"),
        (
            block("OPENSSH PRIVATE KEY"),
            "OpenSSH",
            "ssh-keygen -p -m PKCS8",
        ),
        (block("PUBLIC KEY"), "a public key", "private key"),
        (block("CERTIFICATE"), "a certificate", "private key"),
        (
            block("CERTIFICATE") + &block("CERTIFICATE"),
            "a certificate",
            "private key",
        ),
        (
            block("CERTIFICATE REQUEST"),
            "a request for a certificate",
            "private key",
        ),
        (block("DSA PRIVATE KEY"), "a DSA private key", "EC P-256"),
        (block(&"A".repeat(64)), "something else", "private key"),
        (block("PGP MESSAGE"), "PGP MESSAGE", "private key"),
        (
            block("CERTIFICATE") + &block("PRIVATE KEY"),
            "several",
            "alone",
        ),
        (
            "ssh-rsa AAAA me@here".to_owned(),
            "a public key of OpenSSH",
            "private key",
        ),
        (jwk(pair()).to_string(), "JSON", "--jwk-file"),
    ] {
        let error = from_pem(&PROVIDER, &text).unwrap_err();
        let told = error.to_string();
        assert!(told.contains(named) && told.contains(mend), "{told}");
        assert_eq!(
            (error.code(), error.kind()),
            ("BadParameter", OutcomeKind::BadInput)
        );
    }
}

/// PKCS#8 of an RSA key whose modulus has so many bits; its other numbers do not matter to its size.
fn rsa_of(bits: usize) -> Vec<u8> {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    let spare = modulus.len() * 8 - bits;
    modulus
        .iter_mut()
        .take(1)
        .for_each(|first| *first >>= spare);
    let n = pkcs1::UintRef::new(&modulus).unwrap();
    let one = pkcs1::UintRef::new(&[1]).unwrap();
    let key = RsaPrivateKey {
        modulus: n,
        public_exponent: one,
        private_exponent: one,
        prime1: one,
        prime2: one,
        exponent1: one,
        exponent2: one,
        coefficient: one,
        other_prime_infos: None,
    };
    let der = key.to_der().unwrap();
    let octets = pkcs8::der::asn1::OctetStringRef::new(&der).unwrap();
    PrivateKeyInfoRef::new(pkcs1::ALGORITHM_ID, octets)
        .to_der()
        .unwrap()
}

#[test]
fn r15_an_rsa_key_of_another_size_is_refused_with_the_sizes_that_are_taken() {
    for bits in [1_024, 2_047, 2_049, 8_192] {
        let error = from_pem(&PROVIDER, &pem("PRIVATE KEY", &rsa_of(bits))).unwrap_err();
        assert_eq!(error, ImportError::RsaSize { bits });
        assert!(error.to_string().contains("2048, 3072 or 4096"), "{error}");
    }
    let error = from_pem(&PROVIDER, &pem("PRIVATE KEY", &rsa_of(2_048))).unwrap_err();
    assert_eq!(error, ImportError::Inconsistent);
}

#[test]
fn a_jwk_that_permits_nothing_is_not_one_that_says_nothing() {
    let mut key = jwk(pair());
    key["key_ops"] = json!([]);
    let read = from_jwk(&PROVIDER, &key.to_string()).unwrap();
    assert_eq!(read.operations, Some(std::collections::BTreeSet::new()));
    key.as_object_mut().unwrap().remove("key_ops");
    let read = from_jwk(&PROVIDER, &key.to_string()).unwrap();
    assert_eq!(read.operations, None);
}

#[test]
fn a_key_of_another_algorithm_is_refused_by_type() {
    // Ed25519 of RFC 8410 §10.3.
    let text = "-----BEGIN PRIVATE KEY-----\n\
                MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                -----END PRIVATE KEY-----\n";
    assert_eq!(from_pem(&PROVIDER, text).unwrap_err(), ImportError::Type);
}

#[test]
fn a_jwk_is_refused_by_the_member_at_fault() {
    for text in ["", "[]", "\"RSA\"", "{"] {
        assert_eq!(
            from_jwk(&PROVIDER, text).unwrap_err(),
            ImportError::Jwk,
            "{text}"
        );
    }
    for member in ["kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        let mut without = jwk(pair());
        without.as_object_mut().unwrap().remove(member);
        let error = from_jwk(&PROVIDER, &without.to_string()).unwrap_err();
        assert_eq!(error, ImportError::Missing { member });
        let mut malformed = jwk(pair());
        malformed[member] = json!(1);
        let error = from_jwk(&PROVIDER, &malformed.to_string()).unwrap_err();
        assert_eq!(error, ImportError::Member { member });
        if member != "kty" {
            malformed[member] = json!("a+b/=");
            let error = from_jwk(&PROVIDER, &malformed.to_string()).unwrap_err();
            assert_eq!(error, ImportError::Member { member });
        }
    }
    for kty in ["oct", "OKP", "rsa"] {
        let mut other = jwk(pair());
        other["kty"] = json!(kty);
        assert_eq!(
            from_jwk(&PROVIDER, &other.to_string()).unwrap_err(),
            ImportError::Type
        );
    }
    let mut unknown = jwk(pair());
    unknown["key_ops"] = json!(["wrapKey", "deriveKey"]);
    let error = from_jwk(&PROVIDER, &unknown.to_string()).unwrap_err();
    assert!(matches!(error, ImportError::Operation(_)));
}

#[test]
fn i01_an_error_repeats_nothing_of_the_key() {
    let mut broken = jwk(pair());
    broken["d"] = broken["p"].clone();
    let error = from_jwk(&PROVIDER, &broken.to_string()).unwrap_err();
    assert_eq!(error, ImportError::Inconsistent);
    let shown = format!("{error} {error:?} {:?}", pair());
    assert!(shown.contains("RSA 2048"), "{shown}");
    for member in ["d", "p", "q"] {
        let secret = jwk(pair())[member].as_str().unwrap().to_owned();
        assert!(!shown.contains(&secret[..16]));
    }
}

#[cfg(feature = "p256")]
mod p256 {
    use strongroom_vault::PublicKey;

    use super::*;

    #[test]
    fn r15_an_elliptic_curve_key_is_made_read_and_says_its_type() {
        let made = generate(&PROVIDER, KeySpec::EcP256).unwrap();
        let read = from_pem(&PROVIDER, &pem("PRIVATE KEY", made.private.expose())).unwrap();
        assert_eq!(made.public, read.public);
        assert_eq!(read.public.spec(), KeySpec::EcP256);
        assert_eq!(made.private.expose(), read.private.expose());
    }

    #[test]
    fn a_jwk_of_p_256_must_fit_its_point() {
        // RFC 7515 §A.3.1.
        let mut jwk = json!({
            "kty": "EC", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
        });
        let imported = from_jwk(&PROVIDER, &jwk.to_string()).unwrap();
        let PublicKey::EcP256 { x, .. } = imported.pair.public else {
            panic!("another type");
        };
        assert_eq!(
            Base64UrlUnpadded::encode_string(&x),
            jwk["x"].as_str().unwrap()
        );
        assert_eq!(imported.operations, None);

        jwk["x"] = jwk["y"].clone();
        let error = from_jwk(&PROVIDER, &jwk.to_string()).unwrap_err();
        assert_eq!(error, ImportError::Inconsistent);
        jwk["crv"] = json!("P-384");
        assert_eq!(
            from_jwk(&PROVIDER, &jwk.to_string()).unwrap_err(),
            ImportError::Type
        );
    }
}

#[cfg(not(feature = "p256"))]
#[test]
fn without_the_feature_an_elliptic_curve_key_is_refused_by_name() {
    let error = generate(&PROVIDER, KeySpec::EcP256).unwrap_err();
    assert_eq!(error, ImportError::NoEllipticCurves);
}

proptest! {
    #[test]
    fn no_text_is_a_key_by_chance(text in "(-----BEGIN PRIVATE KEY-----\n)?[A-Za-z0-9+/=\n]{0,200}(\n-----END PRIVATE KEY-----\n)?") {
        prop_assert!(from_pem(&PROVIDER, &text).is_err());
    }

    #[test]
    fn a_key_with_any_bit_turned_is_refused(at in 0_usize..1200, bit in 0_u8..8) {
        let mut der = pair().private.expose().to_vec();
        let at = at % der.len();
        der[at] ^= 1 << bit;
        prop_assert!(from_pem(&PROVIDER, &pem("PRIVATE KEY", &der)).is_err());
    }
}
