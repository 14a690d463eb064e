//! Which operation works in which state of a key version (R17).

use core::time::Duration;
use std::collections::BTreeSet;

use strongroom_base::{Outcome, OutcomeKind, Timestamp};
use strongroom_crypto::{SecretBytes, WrapAlgorithm};

use super::bench::{Attributes, Bench, Circumstance, Rig, Skipped, arranged};
use super::wrapping::{answer, sample};
use crate::{Denial, KeyId, KeyOperation, VaultError};

/// What a check expects: that it works, or why it is denied.
pub(super) type Expected = Result<(), Denial>;

/// A change of attributes, at a time and with a later one.
type Change = fn(&mut Attributes, Timestamp, Timestamp);

/// Every row of the table: reading works in every state but deleted; a version makes new things only
/// while enabled and inside [not-before, expires); it opens old ones while enabled, whatever the time.
pub async fn every_state_of_a_version(bench: &dyn Bench) -> Vec<Skipped> {
    let mut skipped = Vec::new();
    let hour = Duration::from_hours(1);
    let cases: [(Change, Expected, Expected); 5] = [
        (|_, _, _| {}, Ok(()), Ok(())),
        (
            |it, _, later| it.not_before = Some(later),
            Err(Denial::KeyNotYetValid),
            Ok(()),
        ),
        (|it, now, _| it.not_before = Some(now), Ok(()), Ok(())),
        (
            |it, now, _| it.expires = Some(now),
            Err(Denial::KeyExpired),
            Ok(()),
        ),
        (
            |it, _, _| it.enabled = false,
            Err(Denial::KeyDisabled),
            Err(Denial::KeyDisabled),
        ),
    ];
    for (change, makes, opens) in cases {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        let mut attributes = Attributes::default();
        change(&mut attributes, rig.now(), rig.now().saturating_add(hour));
        let circumstance = Circumstance::Attributes(attributes.clone());
        if let Err(it) = arranged(rig.as_ref(), circumstance).await {
            skipped.push(it);
            continue;
        }
        let properties = answer(rig.vault().key(&rig.caller(), &before.key).await);
        assert_eq!(properties.enabled, attributes.enabled);
        assert_eq!(properties.not_before, attributes.not_before);
        assert_eq!(properties.expires, attributes.expires);
        before.expect(bench, rig.as_ref(), makes, opens).await;
    }
    for operation in [
        KeyOperation::WrapKey,
        KeyOperation::UnwrapKey,
        KeyOperation::Encrypt,
        KeyOperation::Decrypt,
    ] {
        let rig = bench.rig().await;
        let before = Sealed::by(rig.as_ref()).await;
        let mut operations: BTreeSet<_> = KeyOperation::ALL.iter().copied().collect();
        operations.remove(&operation);
        let attributes = Attributes {
            operations,
            ..Attributes::default()
        };
        if let Err(it) = arranged(rig.as_ref(), Circumstance::Attributes(attributes)).await {
            skipped.push(it);
            continue;
        }
        for (asked, outcome) in before.ask(rig.as_ref()).await {
            let denied = Err(Denial::OperationNotPermitted { operation });
            let expected = if asked == operation { denied } else { Ok(()) };
            holds(bench, asked, outcome, expected);
        }
    }
    skipped
}

/// Bytes that were sealed while all was well, to be opened later.
pub(super) struct Sealed {
    pub(super) key: KeyId,
    wrapped: Vec<u8>,
    encrypted: Vec<u8>,
}

const ALGORITHM: WrapAlgorithm = WrapAlgorithm::RsaOaep256;

impl Sealed {
    pub(super) async fn by(rig: &dyn Rig) -> Self {
        let (vault, caller) = (rig.vault(), rig.caller());
        let key: KeyId = rig.versions()[1].clone().into();
        let plaintext = SecretBytes::new(vec![7; 32]);
        Self {
            wrapped: answer(vault.wrap(&caller, &key, ALGORITHM, &sample()).await).bytes,
            encrypted: answer(vault.encrypt(&caller, &key, ALGORITHM, &plaintext).await).bytes,
            key,
        }
    }

    /// Asks everything of the key.
    pub(super) async fn ask(&self, rig: &dyn Rig) -> [(KeyOperation, Result<(), VaultError>); 4] {
        let (vault, caller, key) = (rig.vault(), rig.caller(), &self.key);
        let plaintext = SecretBytes::new(vec![7; 32]);
        let wrapped = vault.wrap(&caller, key, ALGORITHM, &sample()).await;
        let unwrapped = vault.unwrap(&caller, key, ALGORITHM, &self.wrapped).await;
        let encrypted = vault.encrypt(&caller, key, ALGORITHM, &plaintext).await;
        let decrypted = vault
            .decrypt(&caller, key, ALGORITHM, &self.encrypted)
            .await;
        [
            (KeyOperation::WrapKey, wrapped.map(drop)),
            (KeyOperation::UnwrapKey, unwrapped.map(drop)),
            (KeyOperation::Encrypt, encrypted.map(drop)),
            (KeyOperation::Decrypt, decrypted.map(drop)),
        ]
    }

    /// Asks everything of the key, and expects one thing of all that makes something new and another
    /// of all that opens.
    pub(super) async fn expect(
        &self,
        bench: &dyn Bench,
        rig: &dyn Rig,
        makes: Expected,
        opens: Expected,
    ) {
        for (operation, outcome) in self.ask(rig).await {
            let expected = if operation.protects() { makes } else { opens };
            holds(bench, operation, outcome, expected);
        }
    }
}

#[track_caller]
pub(super) fn holds(
    bench: &dyn Bench,
    operation: KeyOperation,
    outcome: Result<(), VaultError>,
    expected: Expected,
) {
    match (outcome, expected) {
        (Ok(()), Ok(())) => {}
        (Err(error), Err(denial)) => {
            assert_eq!(
                error.denial(),
                Some(bench.told_as(denial)),
                "{operation}: {error}"
            );
            assert_eq!(error.kind(), OutcomeKind::Denied, "{operation}: {error}");
        }
        (Ok(()), Err(denial)) => panic!("{operation} worked, and should be denied: {denial}"),
        (Err(error), Ok(())) => panic!("{operation} should work: {error}"),
    }
}
