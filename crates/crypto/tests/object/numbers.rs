//! I6: no (key, nonce) pair seals two plaintexts, whatever is asked of a sealer, and whatever fails.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::prelude::*;
use strongroom_crypto::cobblestone::{InputKey, MAX_LEN};
use strongroom_crypto::keyring::KeyringMac;
use strongroom_crypto::object::{
    Binding, CHUNK_LEN, GenerationKeys, MAX_PLAIN_LEN, OpenError, Opener, SEALED_CHUNK_LEN,
    SealError, Sealer, SealingRun,
};
use strongroom_crypto::{
    Aead, CryptoError, Nonce, OpeningKey, Provider, RootKeys, SealingKey, SecretBytes, TAG_LEN,
    Tag, cobblestone,
};

use crate::support::{key, provider};

/// An AEAD that notes every nonce it seals with, insists on what a FIPS module insists on, and fails
/// at a chosen seal.
#[derive(Debug)]
struct Watched {
    inner: &'static dyn Aead,
    seen: Mutex<HashSet<([u8; 32], Nonce)>>,
    fail_at: u64,
    seals: AtomicU64,
    /// How often a key was prepared for sealing.
    prepared: AtomicU64,
}

struct WatchedKey {
    watched: &'static Watched,
    inner: Box<dyn SealingKey>,
    key: [u8; 32],
    mask: Option<Nonce>,
    highest: Option<[u8; 12]>,
}

impl SealingKey for WatchedKey {
    fn seal(&mut self, nonce: Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        let fresh = self.watched.seen.lock().unwrap().insert((self.key, nonce));
        assert!(fresh, "a nonce was used twice under one key");
        let mask = *self.mask.get_or_insert(nonce);
        let mut counter = nonce;
        counter.iter_mut().zip(mask).for_each(|(n, m)| *n ^= m);
        assert!(self.highest < Some(counter), "nonce XOR mask did not rise");
        self.highest = Some(counter);
        if self.watched.seals.fetch_add(1, Ordering::Relaxed) == self.watched.fail_at {
            return Err(CryptoError::Length);
        }
        self.inner.seal(nonce, aad, in_out)
    }
}

impl Aead for &'static Watched {
    fn sealing_key(&self, key: &[u8; 32]) -> Result<Box<dyn SealingKey>, CryptoError> {
        self.prepared.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(WatchedKey {
            watched: self,
            inner: self.inner.sealing_key(key)?,
            key: *key,
            mask: None,
            highest: None,
        }))
    }

    fn opening_key(&self, key: &[u8; 32]) -> Result<Box<dyn OpeningKey>, CryptoError> {
        self.inner.opening_key(key)
    }

    fn seal_with_random_nonce(
        &self,
        key: &[u8; 32],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.inner.seal_with_random_nonce(key, aad, plaintext)
    }

    fn open_with_random_nonce(
        &self,
        key: &[u8; 32],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBytes, CryptoError> {
        self.inner.open_with_random_nonce(key, aad, sealed)
    }

    fn fips(&self) -> bool {
        self.inner.fips()
    }
}

fn watched(fail_at: u64) -> (&'static Watched, Provider) {
    let inner = provider();
    let watched: &'static Watched = Box::leak(Box::new(Watched {
        inner: inner.aead,
        seen: Mutex::default(),
        fail_at,
        seals: AtomicU64::default(),
        prepared: AtomicU64::default(),
    }));
    let provider = Provider {
        aead: Box::leak(Box::new(watched)),
        ..inner
    };
    (watched, provider)
}

#[derive(Clone, Debug)]
enum Step {
    Chunks(usize),
    InPlace,
    Slots(usize),
    Run(u64),
    FromRun(prop::sample::Index, usize),
    Finish(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_usize).prop_map(Step::Chunks),
        Just(Step::InPlace),
        (0..4_usize).prop_map(Step::Slots),
        (0..9_u64).prop_map(Step::Run),
        (any::<prop::sample::Index>(), 0..6_usize).prop_map(|(run, n)| Step::FromRun(run, n)),
        (0..40_usize).prop_map(Step::Finish),
    ];
    prop::collection::vec(step, 0..20)
}

/// Takes a step; false once the sealer is used up.
fn take(sealer: &mut Option<Sealer>, runs: &mut Vec<SealingRun>, step: &Step) -> bool {
    let Some(present) = sealer else { return false };
    let before = present.next_chunk();
    let taken = match step {
        Step::Chunks(n) => {
            let mut out = vec![0; n * SEALED_CHUNK_LEN];
            (
                *n as u64,
                present.seal_chunks(&vec![1; n * CHUNK_LEN], &mut out),
            )
        }
        Step::InPlace => {
            let mut chunk = [1; CHUNK_LEN];
            (1, present.seal_chunk_in_place(&mut chunk).map(drop))
        }
        Step::Slots(n) => {
            let mut slots = vec![1; n * SEALED_CHUNK_LEN];
            (*n as u64, present.seal_slots_in_place(&mut slots))
        }
        Step::Run(n) => {
            let run = present.run(*n).map(|run| {
                assert_eq!(run.next_chunk(), before);
                runs.push(run);
            });
            (*n, run)
        }
        Step::FromRun(run, n) => {
            if runs.is_empty() {
                return true;
            }
            let at = run.index(runs.len());
            let run = &mut runs[at];
            let (first, left) = (run.next_chunk(), run.chunks_left());
            let mut slots = vec![1; n * SEALED_CHUNK_LEN];
            let outcome = run.seal_slots_in_place(&mut slots);
            if *n as u64 > left {
                assert!(matches!(
                    outcome,
                    Err(SealError::RunSpent { .. } | SealError::Spent)
                ));
            } else if outcome.is_ok() {
                assert_eq!(run.next_chunk(), first + *n as u64);
            }
            return true;
        }
        Step::Finish(n) => {
            let mut out = vec![0; n + TAG_LEN];
            let _ = sealer.take().unwrap().finish(&vec![1; *n], &mut out);
            return false;
        }
    };
    let (chunks, outcome) = taken;
    match outcome {
        Ok(()) => assert_eq!(present.next_chunk(), before + chunks),
        Err(_) => assert_eq!(present.run(0).map(drop), Err(SealError::Spent)),
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn i06_no_pair_seals_twice(steps in steps(), fail_at in 0..60_u64) {
        let key = key(&watched(fail_at).1);
        let mut sealer = Some(key.sealer(Binding::Resource).unwrap());
        let mut runs = Vec::new();
        for step in &steps {
            if !take(&mut sealer, &mut runs, step) {
                break;
            }
        }
    }
}

#[test]
fn i06_after_a_failed_seal_a_sealer_seals_no_more() {
    let key = key(&watched(1).1);
    let mut sealer = key.sealer(Binding::Resource).unwrap();
    let mut slots = vec![0; 3 * SEALED_CHUNK_LEN];
    let failed = sealer.seal_slots_in_place(&mut slots);
    assert_eq!(failed, Err(SealError::Crypto(CryptoError::Length)));
    assert_eq!(
        sealer.seal_slots_in_place(&mut slots),
        Err(SealError::Spent)
    );
    assert_eq!(sealer.run(1).map(drop), Err(SealError::Spent));
    assert_eq!(sealer.finish_in_place(&mut []), Err(SealError::Spent));
}

/// Wherever a run begins: its nonces rise under each prepared key, and none is prepared that is not
/// needed for that.
#[test]
fn i06_a_run_prepares_a_key_for_every_power_of_two_that_it_crosses() {
    let mut slots = vec![0; 16 * SEALED_CHUNK_LEN];
    for first in 0..20_u64 {
        let (watched, provider) = watched(u64::MAX);
        let key = key(&provider);
        let mut sealer = key.sealer(Binding::Resource).unwrap();
        drop(sealer.run(first).unwrap());
        let mut run = sealer.run(16).unwrap();
        run.seal_slots_in_place(&mut slots).unwrap();
        let (mut number, mut needed) = (first, 0);
        while number < first + 16 {
            needed += 1;
            number = match number {
                0 => 16,
                number => number + (1 << number.trailing_zeros()),
            };
        }
        assert_eq!(watched.prepared.load(Ordering::Relaxed), needed, "{first}");
    }
}

#[test]
fn keys_and_openers_are_shared_by_threads_and_sealers_are_sent() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<GenerationKeys>();
    shared::<Opener>();
    shared::<RootKeys>();
    shared::<KeyringMac>();
    sent::<Sealer>();
    sent::<SealingRun>();
}

#[test]
fn f13_an_object_ends_at_16_tib() {
    let key = key(&provider());
    let full = MAX_PLAIN_LEN / CHUNK_LEN as u64;
    let limit = MAX_PLAIN_LEN;
    let too_long = Err(SealError::TooLong { limit });

    let mut sealer = key.sealer(Binding::Resource).unwrap();
    assert_eq!(sealer.run(full + 1).map(drop), too_long);
    assert_eq!(sealer.run(u64::MAX).map(drop), too_long);
    assert_eq!(sealer.run(full).map(|run| run.chunks_left()), Ok(full));
    assert_eq!(sealer.run(1).map(drop), too_long);
    assert_eq!(
        sealer.seal_chunk_in_place(&mut [0; CHUNK_LEN]).map(drop),
        too_long
    );
    let prologue = *sealer.prologue();
    let mut last = [0; TAG_LEN];
    sealer.finish(&[], &mut last).unwrap();

    // The longest object's end opens, and nothing beyond it is tried.
    let opener = key.opener(&prologue, Binding::Resource).unwrap();
    opener.open_last(full, &last, &mut []).unwrap();
    let beyond = |number| OpenError::Message(cobblestone::OpenError::TooLong { number, limit });
    for (number, length) in [(full, 17), (full + 1, 16), (u64::MAX, 16)] {
        let mut out = vec![0; length - TAG_LEN];
        let opened = opener.open_last(number, &vec![0; length], &mut out);
        assert_eq!(opened, Err(beyond(number)));
    }
    let mut out = vec![0; CHUNK_LEN];
    for number in [full, u64::MAX] {
        let opened = opener.open_chunks(number, &vec![0; SEALED_CHUNK_LEN], &mut out);
        assert_eq!(opened, Err(beyond(number)));
    }

    let mut sealer = key.sealer(Binding::Resource).unwrap();
    drop(sealer.run(full).unwrap());
    assert_eq!(sealer.finish_in_place(&mut [0]).map(drop), too_long);
}

#[test]
fn a_message_ends_at_2_to_the_38_chunks() {
    let key = InputKey::new(&provider(), &[7; 32]);
    let mut sealer = key.sealer(b"").unwrap();
    let limit = MAX_LEN;
    let too_long = Err(SealError::TooLong { limit });
    assert_eq!(sealer.run(1 << 38).map(drop), too_long);
    drop(sealer.run((1 << 38) - 1).unwrap());
    assert_eq!(sealer.run(1).map(drop), too_long);
    assert!(sealer.finish_in_place(&mut [0; CHUNK_LEN - 1]).is_ok());
}
