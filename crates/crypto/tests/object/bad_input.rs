//! Whoever sends input cannot make anything panic; wrong buffers change nothing.

use proptest::prelude::*;
use strongroom_crypto::object::{
    Binding, CHUNK_LEN, Header, HeaderError, OpenError, PROLOGUE_LEN, SEALED_CHUNK_LEN, SealError,
};
use strongroom_crypto::{SealedKeyMaterial, SealedServiceKey, TAG_LEN, cobblestone};

use crate::support::{key, plaintext, provider};

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes: Vec<u8>) {
        if let Ok(header) = Header::parse(&bytes) {
            prop_assert!(bytes.starts_with(&header.to_bytes()));
        }
        if let Ok(key) = SealedServiceKey::parse(&bytes) {
            prop_assert_eq!(key.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn any_bytes_after_a_head_are_parsed_or_refused(rest in proptest::collection::vec(any::<u8>(), 0..120)) {
        let service_key = [b"\x93STRSKEY\x01".as_slice(), &rest].concat();
        match SealedServiceKey::parse(&service_key) {
            Ok(key) => prop_assert_eq!(key.to_bytes().to_vec(), service_key),
            Err(error) => prop_assert!(error.to_string().contains(&service_key.len().to_string())),
        }
        let material = [b"\x93STRKMAT\x01".as_slice(), &rest].concat();
        match SealedKeyMaterial::parse(&material) {
            Ok(key) => prop_assert_eq!(key.to_bytes(), material),
            Err(error) => prop_assert!(error.to_string().contains(&material.len().to_string())),
        }
    }

    #[test]
    fn any_header_after_the_magic_is_parsed_or_refused(rest: [u8; 8]) {
        let bytes = [b"\x93STRROOM".as_slice(), &rest].concat();
        if let Ok(header) = Header::parse(&bytes) {
            prop_assert_eq!(header.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_refused_as_an_object(mut bytes: Vec<u8>, with_prologue: bool) {
        let key = key(&provider());
        if with_prologue {
            let prologue = *key.sealer(Binding::Resource).unwrap().prologue();
            bytes.splice(0..0, prologue);
        }
        prop_assert!(key.open_to_vec(Binding::Resource, &bytes).is_err());
        prop_assert!(key.open_in_place(Binding::Resource, &mut bytes).is_err());
    }

    #[test]
    fn any_part_at_any_number_is_refused(
        number: u64,
        length in prop_oneof![0..40_usize, 16_380..16_420_usize, 32_790..32_810_usize],
        out in prop_oneof![0..40_usize, 16_380..16_420_usize, 32_760..32_770_usize],
    ) {
        let key = key(&provider());
        let sealer = key.sealer(Binding::Resource).unwrap();
        let opener = key.opener(sealer.prologue(), Binding::Resource).unwrap();
        let (mut part, mut out) = (vec![7; length], vec![7; out]);
        let nothing = length == 0 && out.is_empty();
        prop_assert!(nothing || opener.open_chunks(number, &part, &mut out).is_err());
        prop_assert!(opener.open_last(number, &part, &mut out).is_err());
        prop_assert!(length == 0 || opener.open_slots_in_place(number, &mut part.clone()).is_err());
        prop_assert!(opener.open_last_in_place(number, &mut part).is_err());
    }
}

#[test]
fn a_header_that_is_cut_off_says_so() {
    let bytes = b"\x93STRROOM\x01\x01\x01\0\0\0\0\x01";
    assert!(Header::parse(bytes).is_ok());
    for length in 0..bytes.len() {
        let error = Header::parse(&bytes[..length]);
        assert_eq!(error, Err(HeaderError::TooShort { length }));
    }
}

#[test]
fn a_wrong_buffer_takes_no_chunk_number() {
    let key = key(&provider());
    let mut sealer = key.sealer(Binding::Resource).unwrap();
    let plain = plaintext(2 * CHUNK_LEN);
    let mut out = vec![0; 3 * SEALED_CHUNK_LEN];
    let expected = 2 * SEALED_CHUNK_LEN;
    for found in [0, expected / 2, expected - 1, expected + 1, out.len()] {
        assert_eq!(
            sealer.seal_chunks(&plain, &mut out[..found]),
            Err(SealError::OutputLength { expected, found })
        );
    }
    let mut out = vec![0; expected];
    assert_eq!(
        sealer.seal_chunks(&plain[1..], &mut out),
        Err(SealError::NotWholeChunks {
            length: 2 * CHUNK_LEN - 1
        })
    );
    assert_eq!(
        sealer.seal_slots_in_place(&mut out[1..]),
        Err(SealError::NotWholeChunks {
            length: 2 * SEALED_CHUNK_LEN - 1
        })
    );
    assert_eq!(sealer.next_chunk(), 0);
    let mut run = sealer.run(1).unwrap();
    let spent = run.seal_chunks(&plain, &mut out);
    assert_eq!(spent, Err(SealError::RunSpent { left: 1 }));
    assert_eq!(run.next_chunk(), 0);
    let too_long = sealer.finish(&plain[..CHUNK_LEN], &mut out[..SEALED_CHUNK_LEN]);
    assert_eq!(too_long, Err(SealError::LastTooLong { length: CHUNK_LEN }));
    let sealer = key.sealer(Binding::Resource).unwrap();
    let (expected, found) = (5 + TAG_LEN, 5 + TAG_LEN + 1);
    let mut out = vec![0; found];
    let wrong = sealer.finish(&plain[..5], &mut out);
    assert_eq!(wrong, Err(SealError::OutputLength { expected, found }));
}

#[test]
fn what_failed_to_open_is_zeroed() {
    let key = key(&provider());
    let plain = plaintext(2 * CHUNK_LEN);
    let mut object = key.seal_to_vec(Binding::Resource, &plain).unwrap();
    let (prologue, body) = object.split_first_chunk_mut::<PROLOGUE_LEN>().unwrap();
    let opener = key.opener(prologue, Binding::Resource).unwrap();
    body[SEALED_CHUNK_LEN] ^= 1;
    let chunks = &mut body[..2 * SEALED_CHUNK_LEN];
    let mut out = vec![7; 2 * CHUNK_LEN];
    assert_eq!(
        opener.open_chunks(0, chunks, &mut out),
        Err(OpenError::Authentication)
    );
    assert!(out.iter().all(|byte| *byte == 0));
    let failed = opener.open_slots_in_place(0, chunks);
    assert_eq!(failed, Err(OpenError::Authentication));
    assert!(chunks[..CHUNK_LEN] == plain[..CHUNK_LEN]);
    let second = &chunks[SEALED_CHUNK_LEN..SEALED_CHUNK_LEN + CHUNK_LEN];
    assert!(second.iter().all(|byte| *byte == 0));
    let length = SEALED_CHUNK_LEN;
    let last = opener.open_last(1, &body[..length], &mut []);
    let truncated = cobblestone::OpenError::Truncated { length };
    assert_eq!(last, Err(OpenError::Message(truncated)));
}
