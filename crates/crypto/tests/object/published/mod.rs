//! The vectors of format 1 in `tests/vectors`: one file, one cause. They stay for good.

mod file;
mod make;

use std::collections::BTreeMap;
use std::fs;

use sha2::{Digest as _, Sha256};
use strongroom_base::Outcome as _;
use strongroom_crypto::object::{GenerationKey, GenerationKeys, OpeningReader};
use strongroom_crypto::{Provider, ResourceKey};

use crate::support::{generation, providers, with_salt};
use file::{Expected, Vector, folder, read_all};

/// The SHA-256 of `SHA256SUMS`, which holds that of every vector. Nothing changes it: a vector that
/// was published is neither changed nor removed, and a new format has a folder of its own.
const FROZEN: &str = "dabab6418d2cda7f0a6cbe87a5a299269d84fb147032737dc3833a035617e355";

fn keys(provider: &Provider, vector: &Vector) -> GenerationKeys {
    let mut keys: Vec<_> = vector
        .keys
        .iter()
        .map(|(number, key)| {
            let key = ResourceKey::from_bytes(&mut key.clone());
            GenerationKey::new(provider, &key, vector.uid, generation(*number))
        })
        .collect();
    let newest = keys.pop().unwrap();
    GenerationKeys::new(newest, keys)
}

/// What a reader that has one byte after another says: it may give out an authentic beginning
/// first, and never more.
fn streamed(keys: &GenerationKeys, vector: &Vector) -> (Vec<u8>, bool) {
    let mut read = Vec::new();
    let Some(prologue) = vector.object.first_chunk() else {
        return (read, false);
    };
    let Ok(opener) = keys.opener(prologue, vector.binding()) else {
        return (read, false);
    };
    let body = &vector.object[prologue.len()..];
    let mut reader = OpeningReader::with_opener(body, opener);
    let whole = std::io::Read::read_to_end(&mut reader, &mut read).is_ok();
    (read, whole)
}

/// The vectors change each field and each chunk, cut objects at every border and within each part,
/// and put chunks, objects and keys where they do not belong.
#[test]
fn f2_to_f8_f10_f11_f12_f18_f71_every_vector_is_opened_or_refused_as_it_says() {
    for provider in providers() {
        for (name, vector) in read_all() {
            let keys = keys(&provider, &vector);
            let opened = keys.open_to_vec(vector.binding(), &vector.object);
            let (read, whole) = streamed(&keys, &vector);
            match &vector.expected {
                Expected::Plain { length, sha256 } => {
                    let plain = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(plain.len(), *length, "{name}");
                    assert_eq!(hex::encode(Sha256::digest(&plain)), *sha256, "{name}");
                    assert!(whole && read == plain, "{name}");
                }
                Expected::Error(code) => {
                    let error = opened.expect_err(&name);
                    assert_eq!(error.code(), code, "{name}: {error}");
                    assert!(!whole, "{name}");
                }
            }
        }
    }
}

/// With the salt of a good vector, every provider seals the same bytes.
#[test]
fn f1_f9_f10_f11_good_vectors_are_what_is_sealed() {
    for provider in providers() {
        let mut count = 0;
        for (name, vector) in read_all() {
            let Expected::Plain { .. } = vector.expected else {
                continue;
            };
            let plain = keys(&provider, &vector)
                .open_to_vec(vector.binding(), &vector.object)
                .unwrap();
            let salted = with_salt(provider, &vector.object[16..40]);
            let keys = keys(&salted, &vector);
            let number = u32::from_be_bytes(vector.object[12..16].try_into().unwrap());
            let sealed = keys
                .key(generation(number))
                .unwrap()
                .seal_to_vec(vector.binding(), &plain)
                .unwrap();
            assert!(sealed == vector.object, "{name} is sealed otherwise");
            count += 1;
        }
        assert_eq!(count, 11, "{}", provider.name);
    }
}

#[test]
fn f70_the_vectors_are_frozen() {
    let list = fs::read(folder().join("SHA256SUMS")).unwrap();
    assert_eq!(
        hex::encode(Sha256::digest(&list)),
        FROZEN,
        "SHA256SUMS has changed: a published vector stays as it is"
    );
    let listed: BTreeMap<String, String> = String::from_utf8(list)
        .unwrap()
        .lines()
        .map(|line| {
            let (sum, name) = line.split_once("  ").unwrap();
            (name.to_owned(), sum.to_owned())
        })
        .collect();
    let present: BTreeMap<String, String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "SHA256SUMS")
        .map(|entry| {
            let sum = hex::encode(Sha256::digest(fs::read(entry.path()).unwrap()));
            (entry.file_name().into_string().unwrap(), sum)
        })
        .collect();
    assert_eq!(present, listed, "a vector was changed, added or removed");
}
