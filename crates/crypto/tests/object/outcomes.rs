//! What errors say of themselves is what documents, vectors and programs go by, and what decides
//! whether a lease is kept: it stays.

use strongroom_base::{MaterialRef, Outcome, ResourceUid};
use strongroom_crypto::keyring::KeyringError;
use strongroom_crypto::object::{BindingMode, Generation, HeaderError, LengthError, OpenError};
use strongroom_crypto::{
    CryptoError, KeyMaterialError, RootKeyId, RootKeyTextError, ServiceKeyError, ServiceKeyId,
    WrapAlgorithm, cobblestone,
};

/// Each error, and its code, its kind, and whether asking again can help.
fn stays<E: Outcome>(errors: impl IntoIterator<Item = (E, &'static str)>) {
    for (error, expected) in errors {
        let (code, kind, retry) = (error.code(), error.kind(), error.retry());
        assert_eq!(format!("{code} {kind:?} {retry:?}"), expected, "{error}");
    }
}

#[test]
fn of_a_provider() {
    stays([
        (
            CryptoError::Authentication,
            "AuthenticationFailed Damaged Never",
        ),
        (CryptoError::Key, "UnusableKey BadInput Never"),
        (CryptoError::Length, "InputTooLong BadInput Never"),
        (
            CryptoError::Random,
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
}

#[test]
fn of_sealing_a_message() {
    use cobblestone::SealError as Error;

    let (length, left, expected, found) = (1, 1, 1, 2);
    stays([
        (Error::TooLong { limit: 1 }, "ObjectTooLong BadInput Never"),
        (
            Error::NotWholeChunks { length },
            "WrongBufferLength Internal Never",
        ),
        (
            Error::LastTooLong { length },
            "WrongBufferLength Internal Never",
        ),
        (
            Error::OutputLength { expected, found },
            "WrongBufferLength Internal Never",
        ),
        (Error::RunSpent { left }, "WrongBufferLength Internal Never"),
        (Error::Spent, "SealerSpent Internal Never"),
        (
            Error::Crypto(CryptoError::Random),
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
}

#[test]
fn of_opening_a_message() {
    use cobblestone::OpenError as Error;

    let (number, limit, length, expected, found) = (1, 1, 1, 1, 2);
    stays([
        (Error::Authentication, "AuthenticationFailed Damaged Never"),
        (
            Error::TooLong { number, limit },
            "ObjectTooLong Damaged Never",
        ),
        (Error::Truncated { length }, "ObjectTruncated Damaged Never"),
        (
            Error::NotWholeChunks { length },
            "WrongBufferLength Internal Never",
        ),
        (
            Error::OutputLength { expected, found },
            "WrongBufferLength Internal Never",
        ),
        (
            Error::Crypto(CryptoError::Random),
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
}

#[test]
fn of_an_object() {
    let sealed = 1;
    stays([
        (
            LengthError::TooLong { plain: 1 },
            "ObjectTooLong BadInput Never",
        ),
        (
            LengthError::Oversized { sealed },
            "ObjectTooLong Damaged Never",
        ),
        (
            LengthError::NoPrologue { sealed },
            "ObjectTruncated Damaged Never",
        ),
        (
            LengthError::Truncated { sealed },
            "ObjectTruncated Damaged Never",
        ),
    ]);
    stays([
        (
            HeaderError::TooShort { length: 1 },
            "ObjectTruncated Damaged Never",
        ),
        (HeaderError::NotSealed, "NotSealed Damaged Never"),
        (
            HeaderError::UnknownFormat(2),
            "UnknownFormat Damaged AfterRepair",
        ),
        (
            HeaderError::UnknownSuite(2),
            "UnknownSuite Damaged AfterRepair",
        ),
        (
            HeaderError::UnknownBinding(3),
            "UnknownBinding Damaged AfterRepair",
        ),
        (HeaderError::Reserved(1), "MalformedHeader Damaged Never"),
        (HeaderError::GenerationZero, "MalformedHeader Damaged Never"),
    ]);
    let (key, found) = (Generation::FIRST, Generation::FIRST);
    let other_mode = OpenError::WrongBindingMode {
        expected: BindingMode::Location,
        found: BindingMode::Resource,
    };
    let random = cobblestone::OpenError::Crypto(CryptoError::Random);
    stays([
        (
            OpenError::Authentication,
            "AuthenticationFailed Damaged Never",
        ),
        (other_mode, "WrongBindingMode Damaged Never"),
        (
            OpenError::WrongGeneration { key, found },
            "WrongGeneration Internal Never",
        ),
        (
            OpenError::UnknownGeneration { found },
            "UnknownGeneration Damaged Never",
        ),
        (
            HeaderError::UnknownSuite(2).into(),
            "UnknownSuite Damaged AfterRepair",
        ),
        (
            LengthError::TooLong { plain: 1 }.into(),
            "ObjectTooLong BadInput Never",
        ),
        (
            OpenError::Message(random),
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
}

#[test]
fn of_a_keyring() {
    let (generation, uid) = (Generation::FIRST, ResourceUid::from_bytes([1; 16]));
    let (expected, found) = (generation, generation);
    let other = KeyringError::OtherResource {
        expected: uid,
        found: uid,
    };
    stays([
        (KeyringError::Empty, "KeyringDamaged Damaged Never"),
        (other, "KeyringDamaged Damaged Never"),
        (
            KeyringError::Gap { expected, found },
            "KeyringDamaged Damaged Never",
        ),
        (
            KeyringError::Misplaced { generation },
            "KeyringDamaged Damaged Never",
        ),
        (
            KeyringError::Mac { generation },
            "KeyringDamaged Damaged Never",
        ),
        (
            KeyringError::CheckValue { generation },
            "KeyCheckFailed Damaged Never",
        ),
        (
            KeyringError::Older { generation },
            "OlderGenerationDamaged Damaged Never",
        ),
        (KeyringError::Exhausted, "KeyringExhausted Refused Never"),
        (
            CryptoError::Random.into(),
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
}

#[test]
fn of_what_the_root_key_seals() {
    let root = RootKeyId::from_bytes([1; 16]);
    let service_key = ServiceKeyId::from_bytes([1; 16]);
    let material = MaterialRef::from_bytes([1; 16]);
    stays([
        (
            RootKeyTextError::Label,
            "InvalidRootKey BadInput AfterRepair",
        ),
        (
            RootKeyTextError::Base64,
            "InvalidRootKey BadInput AfterRepair",
        ),
    ]);
    let other_root = ServiceKeyError::OtherRootKey {
        sealed_under: root,
        present: root,
    };
    let other_key = ServiceKeyError::OtherServiceKey {
        expected: service_key,
        found: service_key,
    };
    stays([
        (
            ServiceKeyError::Malformed { length: 1 },
            "MalformedServiceKey Damaged Never",
        ),
        (
            ServiceKeyError::UnknownVersion(2),
            "UnknownFormat Damaged AfterRepair",
        ),
        (other_root, "OtherRootKey BadInput AfterRepair"),
        (other_key, "OtherServiceKey Damaged Never"),
        (
            CryptoError::Random.into(),
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
    let other_root = KeyMaterialError::OtherRootKey {
        sealed_under: root,
        present: root,
    };
    let other_material = KeyMaterialError::OtherKeyMaterial {
        expected: material,
        found: material,
    };
    stays([
        (
            KeyMaterialError::Malformed { length: 1 },
            "MalformedKeyMaterial Damaged Never",
        ),
        (
            KeyMaterialError::UnknownVersion(2),
            "UnknownFormat Damaged AfterRepair",
        ),
        (other_root, "OtherRootKey BadInput AfterRepair"),
        (other_material, "OtherKeyMaterial Damaged Never"),
        (
            CryptoError::Random.into(),
            "RandomSourceFailed Unavailable After(1s)",
        ),
    ]);
}

#[test]
fn algorithms_are_named_as_rfc_7518_has_them() {
    assert_eq!(WrapAlgorithm::RsaOaep.as_str(), "RSA-OAEP");
    assert_eq!(WrapAlgorithm::RsaOaep256.as_str(), "RSA-OAEP-256");
}
