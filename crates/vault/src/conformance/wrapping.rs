//! Wrapping and unwrapping.

use strongroom_crypto::{KEY_LEN, ResourceKey, RsaKeySize, SecretBytes, WrapAlgorithm};

use super::bench::{Bench, Circumstance, Skipped, arranged};
use crate::{KeyId, KeyType, KeyVersionId, VaultError};

/// Both algorithms that Key Vault and this house share.
const ALGORITHMS: [WrapAlgorithm; 2] = [WrapAlgorithm::RsaOaep, WrapAlgorithm::RsaOaep256];

/// A key that is recognised when it comes back.
pub(super) fn sample() -> ResourceKey {
    ResourceKey::from_bytes(&mut [0x5a; KEY_LEN])
}

/// The key without its version.
pub(super) fn latest(id: &KeyVersionId) -> KeyId {
    KeyId {
        version: None,
        ..id.clone().into()
    }
}

/// What is wrapped or encrypted, with either algorithm, comes back; wrapping twice gives other bytes.
pub async fn what_is_wrapped_unwraps(bench: &dyn Bench) {
    let rig = bench.rig().await;
    let (vault, caller) = (rig.vault(), rig.caller());
    for id in rig.versions() {
        let key = id.clone().into();
        for algorithm in ALGORITHMS {
            let wrapped = answer(vault.wrap(&caller, &key, algorithm, &sample()).await);
            assert_eq!((&wrapped.id, wrapped.algorithm), (&id, algorithm));
            let again = answer(vault.wrap(&caller, &key, algorithm, &sample()).await);
            assert!(
                wrapped.bytes != again.bytes,
                "OAEP draws a seed for every wrap"
            );
            let key_back = answer(vault.unwrap(&caller, &key, algorithm, &wrapped.bytes).await);
            assert!(
                key_back.expose() == sample().expose(),
                "another key came back"
            );

            let longest = algorithm.max_plaintext(RsaKeySize::Rsa2048);
            for len in [0, 1, longest] {
                let plaintext = SecretBytes::new(vec![7; len]);
                let sealed = answer(vault.encrypt(&caller, &key, algorithm, &plaintext).await);
                let back = answer(vault.decrypt(&caller, &key, algorithm, &sealed.bytes).await);
                assert!(back.expose() == plaintext.expose(), "other bytes came back");
            }
        }
    }
}

/// A call without a version is answered by the latest one, which the answer names; a version that is
/// named is the one that is used (R16).
pub async fn an_answer_names_the_version(bench: &dyn Bench) {
    let rig = bench.rig().await;
    let (vault, caller) = (rig.vault(), rig.caller());
    let [older, newer] = rig.versions();
    let algorithm = WrapAlgorithm::RsaOaep256;
    let unversioned = latest(&older);

    let properties = answer(vault.key(&caller, &unversioned).await);
    assert_eq!(properties.id, newer);
    assert_eq!((properties.key_type, properties.bits), (KeyType::Rsa, 2048));
    assert!(properties.enabled);
    let wrapped = answer(
        vault
            .wrap(&caller, &unversioned, algorithm, &sample())
            .await,
    );
    assert_eq!(wrapped.id, newer);

    let pinned: KeyId = older.clone().into();
    assert_eq!(answer(vault.key(&caller, &pinned).await).id, older);
    let wrapped = answer(vault.wrap(&caller, &pinned, algorithm, &sample()).await);
    assert_eq!(wrapped.id, older);
    let refused = vault
        .unwrap(&caller, &newer.into(), algorithm, &wrapped.bytes)
        .await;
    assert!(
        matches!(refused, Err(VaultError::Damaged)),
        "the newer version opened it"
    );
    answer(
        vault
            .unwrap(&caller, &pinned, algorithm, &wrapped.bytes)
            .await,
    );
}

/// What does not fit is refused before anything is asked of the key.
pub async fn too_long_is_bad_input(bench: &dyn Bench) {
    let rig = bench.rig().await;
    let key = rig.versions()[1].clone().into();
    for algorithm in ALGORITHMS {
        let fits = algorithm.max_plaintext(RsaKeySize::Rsa2048);
        let plaintext = SecretBytes::new(vec![7; fits + 1]);
        match rig
            .vault()
            .encrypt(&rig.caller(), &key, algorithm, &plaintext)
            .await
        {
            Err(VaultError::TooLong { len, max }) => assert_eq!((len, max), (fits + 1, fits)),
            other => panic!("{} bytes: {:?}", fits + 1, other.map(|_| "an answer")),
        }
    }
}

/// Bytes that were changed, cut, or made with another algorithm are damaged: no denial, no outage.
pub async fn damaged_bytes_are_refused_as_damaged(bench: &dyn Bench) {
    let rig = bench.rig().await;
    let (vault, caller) = (rig.vault(), rig.caller());
    let key: KeyId = rig.versions()[1].clone().into();
    let [sha1, sha256] = ALGORITHMS;
    let good = answer(vault.wrap(&caller, &key, sha256, &sample()).await).bytes;
    let mut changed = good.clone();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    let mut longer = good.clone();
    longer.push(0);
    for (what, algorithm, bytes) in [
        ("changed", sha256, changed.as_slice()),
        ("cut", sha256, good.get(1..).unwrap_or_default()),
        ("longer", sha256, &longer),
        ("empty", sha256, &[]),
        ("of another algorithm", sha1, &good),
    ] {
        for outcome in [
            vault.unwrap(&caller, &key, algorithm, bytes).await,
            vault.decrypt(&caller, &key, algorithm, bytes).await,
        ] {
            assert!(matches!(outcome, Err(VaultError::Damaged)), "{what}");
        }
    }
}

/// A key of another type exists, says so, and wraps nothing: by type, which is no denial (R15).
pub async fn other_types_are_refused(bench: &dyn Bench) -> Vec<Skipped> {
    let rig = bench.rig().await;
    if let Err(skipped) = arranged(rig.as_ref(), Circumstance::EllipticCurve).await {
        return vec![skipped];
    }
    let (vault, caller) = (rig.vault(), rig.caller());
    let key = latest(&rig.versions()[0]);
    let properties = answer(vault.key(&caller, &key).await);
    assert_eq!((properties.key_type, properties.bits), (KeyType::Ec, 256));
    let wrapped = vault
        .wrap(&caller, &key, WrapAlgorithm::RsaOaep256, &sample())
        .await;
    let unwrapped = vault
        .unwrap(&caller, &key, WrapAlgorithm::RsaOaep256, &[0; 256])
        .await;
    for error in [wrapped.err(), unwrapped.err()] {
        let by_type = matches!(
            error,
            Some(VaultError::KeyTypeCannot {
                key_type: KeyType::Ec
            })
        );
        assert!(by_type, "{error:?}");
    }
    Vec::new()
}

/// The answer, or a failed check.
#[track_caller]
pub(super) fn answer<T>(outcome: Result<T, VaultError>) -> T {
    match outcome {
        Ok(answer) => answer,
        Err(error) => panic!("the vault should have answered: {error}"),
    }
}
