//! Whoever can write storage cannot have a byte accepted that was not sealed there.

use proptest::prelude::*;
use strongroom_base::{Outcome as _, OutcomeKind, ResourceUid};
use strongroom_crypto::object::{
    Binding, BindingMode, CHUNK_LEN, Generation, GenerationKey, GenerationKeys, HEADER_LEN,
    HeaderError, LengthError, OpenError, OpeningReader, PROLOGUE_LEN, SEALED_CHUNK_LEN,
};

use crate::support::{
    UID, generation, key, lengths, plaintext, provider, providers, resource_key, with_salt,
};

const PLACE: Binding<'static> = Binding::Location(b"here");

fn sealed(length: usize) -> Vec<u8> {
    key(&provider())
        .seal_to_vec(PLACE, &plaintext(length))
        .unwrap()
}

/// What every way of opening says; they must agree that it is an error.
fn refusal(key: &GenerationKey, bytes: &[u8], plain: &[u8]) -> OpenError {
    let error = key.open_to_vec(PLACE, bytes).unwrap_err();
    let mut buffer = bytes.to_vec();
    assert_eq!(key.open_in_place(PLACE, &mut buffer), Err(error));
    assert!(buffer.is_empty());
    // A stream may give out an authentic beginning, and never more.
    let mut read = Vec::new();
    let streamed = OpeningReader::new(bytes, key, PLACE)
        .and_then(|mut reader| std::io::Read::read_to_end(&mut reader, &mut read));
    assert!(
        streamed.is_err(),
        "a stream took what open_to_vec refuses: {error}"
    );
    assert!(plain.starts_with(&read) && read.len() <= plain.len());
    error
}

fn expected_at(sealed: &[u8], at: usize) -> OpenError {
    let byte = sealed[at];
    match at {
        0..8 => HeaderError::NotSealed.into(),
        8 => HeaderError::UnknownFormat(byte).into(),
        9 => HeaderError::UnknownSuite(byte).into(),
        10 if byte == 2 => OpenError::WrongBindingMode {
            expected: BindingMode::Location,
            found: BindingMode::Resource,
        },
        10 => HeaderError::UnknownBinding(byte).into(),
        11 => HeaderError::Reserved(byte).into(),
        12..HEADER_LEN => {
            let number = u32::from_be_bytes(sealed[12..16].try_into().unwrap());
            match Generation::new(number) {
                None => HeaderError::GenerationZero.into(),
                Some(found) => OpenError::WrongGeneration {
                    key: Generation::FIRST,
                    found,
                },
            }
        }
        _ => OpenError::Authentication,
    }
}

fn check_changed(sealed: &mut [u8], plain: &[u8], at: usize, change: u8) {
    sealed[at] ^= change;
    let error = refusal(&key(&provider()), sealed, plain);
    assert_eq!(error, expected_at(sealed, at), "byte {at}");
    sealed[at] ^= change;
}

#[test]
fn f2_to_f8_f18_a_change_of_any_byte_is_refused_by_the_field_it_is_in() {
    let plain = plaintext(300);
    let mut sealed = sealed(300);
    for at in 0..sealed.len() {
        for change in [1, 2, 3, 0x80, 0xff] {
            check_changed(&mut sealed, &plain, at, change);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_byte_anywhere_is_refused(
        length in lengths(),
        at in any::<prop::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let mut sealed = sealed(length);
        let at = at.index(sealed.len());
        check_changed(&mut sealed, &plaintext(length), at, change);
    }

    #[test]
    fn f12_a_cut_object_is_refused(length in lengths(), cut in any::<prop::sample::Index>()) {
        let sealed = sealed(length);
        let cut = &sealed[..cut.index(sealed.len())];
        let error = refusal(&key(&provider()), cut, &plaintext(length));
        let by_length = strongroom_crypto::object::plain_len(cut.len() as u64);
        prop_assert_eq!(error, match by_length {
            Err(length) => OpenError::Length(length),
            Ok(_) => OpenError::Authentication,
        });
    }

    #[test]
    fn an_extended_object_is_refused(length in lengths(), more in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut sealed = sealed(length);
        sealed.extend_from_slice(&more);
        let error = refusal(&key(&provider()), &sealed, &plaintext(length));
        prop_assert!(matches!(error, OpenError::Length(_) | OpenError::Authentication));
        prop_assert_eq!(error.kind(), OutcomeKind::Damaged);
    }
}

#[test]
fn f11_chunks_cannot_change_places_be_left_out_doubled_or_mixed() {
    for provider in providers() {
        let plain = plaintext(3 * CHUNK_LEN + 9);
        let key = key(&provider);
        let object = key.seal_to_vec(PLACE, &plain).unwrap();
        let other = key.seal_to_vec(PLACE, &plain).unwrap();
        let slot = |n: usize| {
            PROLOGUE_LEN + n * SEALED_CHUNK_LEN..PROLOGUE_LEN + (n + 1) * SEALED_CHUNK_LEN
        };

        let mut swapped = object.clone();
        swapped[slot(0)].copy_from_slice(&object[slot(1)]);
        swapped[slot(1)].copy_from_slice(&object[slot(0)]);
        let mut left_out = object.clone();
        left_out.drain(slot(1));
        let mut doubled = object.clone();
        doubled.splice(slot(1).start..slot(1).start, object[slot(0)].to_vec());
        let mut mixed = object.clone();
        mixed[slot(1)].copy_from_slice(&other[slot(1)]);
        let end = slot(3).start;
        let other_end = [&object[..end], &other[end..]].concat();
        let other_start = [&other[..PROLOGUE_LEN], &object[PROLOGUE_LEN..]].concat();
        for forged in [swapped, left_out, doubled, mixed, other_end, other_start] {
            assert_eq!(refusal(&key, &forged, &plain), OpenError::Authentication);
        }

        // Cut at the border of chunks: only the length tells, and it does.
        let cut = &object[..end];
        let truncated = LengthError::Truncated { sealed: end as u64 };
        assert_eq!(refusal(&key, cut, &plain), truncated.into());
    }
}

#[test]
fn f8_f18_another_resource_place_mode_generation_or_key_is_refused() {
    for provider in providers() {
        // One salt, so that nothing but the binding differs.
        let provider = with_salt(provider, b"the very same salt again");
        let plain = plaintext(100);
        let object = key(&provider).seal_to_vec(PLACE, &plain).unwrap();
        let other_uid = ResourceUid::from_bytes([0; 16]);
        let first = Generation::FIRST;

        let elsewhere = GenerationKey::new(&provider, &resource_key(7), other_uid, first);
        let other_key = GenerationKey::new(&provider, &resource_key(8), UID, first);
        let opened = [
            elsewhere.open_to_vec(PLACE, &object),
            other_key.open_to_vec(PLACE, &object),
            key(&provider).open_to_vec(Binding::Location(b"there"), &object),
            key(&provider).open_to_vec(Binding::Location(b""), &object),
            key(&provider).open_to_vec(Binding::Location(b"here/"), &object),
        ];
        for opened in opened {
            assert_eq!(opened, Err(OpenError::Authentication));
        }

        let by_resource = key(&provider).open_to_vec(Binding::Resource, &object);
        let expected = BindingMode::Resource;
        let found = BindingMode::Location;
        assert_eq!(
            by_resource,
            Err(OpenError::WrongBindingMode { expected, found })
        );

        let second = GenerationKey::new(&provider, &resource_key(7), UID, generation(2));
        let error = second.open_to_vec(PLACE, &object).unwrap_err();
        let (key, found) = (generation(2), first);
        assert_eq!(error, OpenError::WrongGeneration { key, found });
        // A header made to fit does not help: it is part of what the commitment covers.
        let mut renumbered = object.clone();
        renumbered[15] = 2;
        let forged = second.open_to_vec(PLACE, &renumbered);
        assert_eq!(forged, Err(OpenError::Authentication));
        let mut rebound = object;
        rebound[10] = 2;
        let forged = self::key(&provider).open_to_vec(Binding::Resource, &rebound);
        assert_eq!(forged, Err(OpenError::Authentication));
    }
}

#[test]
fn f7_f8_a_lease_finds_the_generation_that_the_header_names() {
    let provider = provider();
    let of = |number| {
        let fill = u8::try_from(number).unwrap();
        GenerationKey::new(&provider, &resource_key(fill), UID, generation(number))
    };
    let before = GenerationKeys::new(of(1), []);
    let old = before.newest().seal_to_vec(PLACE, b"old").unwrap();
    let after = GenerationKeys::new(of(2), [of(1)]);
    let new = after.newest().seal_to_vec(PLACE, b"new").unwrap();

    assert_eq!(after.open_to_vec(PLACE, &old).unwrap(), b"old");
    assert_eq!(after.open_to_vec(PLACE, &new).unwrap(), b"new");
    for (object, number) in [(&old, 1), (&new, 2)] {
        let opener = after.opener(object.first_chunk().unwrap(), PLACE).unwrap();
        let last = &object[PROLOGUE_LEN..];
        opener.open_last(0, last, &mut [0; 3]).unwrap();
        let key = after.key(generation(number)).unwrap();
        assert_eq!(key.generation().number(), number);
    }
    let found = generation(2);
    let error = before
        .opener(new.first_chunk().unwrap(), PLACE)
        .unwrap_err();
    assert_eq!(error, OpenError::UnknownGeneration { found });
    assert_eq!(error.kind(), OutcomeKind::Damaged);
}
