//! What made the vectors, once. It changes nothing that is there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;

use sha2::{Digest as _, Sha256};
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{
    BindingMode, CHUNK_LEN, GenerationKey, PROLOGUE_LEN, SEALED_CHUNK_LEN,
};
use strongroom_crypto::{ResourceKey, TAG_LEN};

use super::file::{Expected, Vector, folder};
use crate::support::{generation, provider, with_salt};

const LOCATION: &str = "notes/2026/plan.txt";
const UID: ResourceUid = ResourceUid::from_bytes(*b"the vectors' uid");

/// Bytes without a pattern, the same for the same label.
fn bytes(label: &str, length: usize) -> Vec<u8> {
    let blocks = (0_u32..).map(|n| Sha256::digest([label.as_bytes(), &n.to_be_bytes()].concat()));
    let mut bytes: Vec<u8> = blocks.take(length.div_ceil(32)).flatten().collect();
    bytes.truncate(length);
    bytes
}

fn resource_key(number: u32) -> [u8; 32] {
    bytes(&format!("resource key {number}"), 32)
        .try_into()
        .unwrap()
}

/// A good vector under generation `number` of those up to `newest`.
fn good(cause: &str, length: usize, mode: BindingMode, number: u32, newest: u32) -> Vector {
    let numbers = if newest > 9 {
        newest..=newest
    } else {
        1..=newest
    };
    let mut vector = Vector {
        cause: cause.to_owned(),
        uid: UID,
        mode,
        location: match mode {
            BindingMode::Location => LOCATION.to_owned(),
            BindingMode::Resource => String::new(),
        },
        keys: numbers
            .map(|number| (number, resource_key(number)))
            .collect(),
        expected: Expected::Error(String::new()),
        object: Vec::new(),
    };
    seal(
        &mut vector,
        number,
        &bytes(&format!("plaintext of {cause}"), length),
    );
    vector
}

fn seal(vector: &mut Vector, number: u32, plain: &[u8]) {
    let provider = with_salt(provider(), &bytes(&format!("salt of {}", vector.cause), 24));
    let key = ResourceKey::from_bytes(&mut resource_key(number));
    let key = GenerationKey::new(&provider, &key, vector.uid, generation(number));
    vector.object = key.seal_to_vec(vector.binding(), plain).unwrap();
    vector.expected = Expected::Plain {
        length: plain.len(),
        sha256: hex::encode(Sha256::digest(plain)),
    };
}

/// A vector that was good, after one change.
fn bad(base: &Vector, cause: &str, code: &str, change: impl FnOnce(&mut Vector)) -> Vector {
    let mut vector = base.clone();
    change(&mut vector);
    cause.clone_into(&mut vector.cause);
    vector.expected = Expected::Error(code.to_owned());
    vector
}

fn all_good() -> Vec<(&'static str, Vector)> {
    use BindingMode::{Location, Resource};
    let mut elsewhere = good("a location that is not ASCII", 300, Location, 1, 1);
    "Grüße/a%2Fb/100%25 ✓".clone_into(&mut elsewhere.location);
    seal(&mut elsewhere, 1, &bytes("plaintext elsewhere", 300));
    vec![
        ("good-empty", good("an empty object", 0, Location, 1, 1)),
        ("good-1-byte", good("one byte", 1, Location, 1, 1)),
        (
            "good-chunk-less-1",
            good(
                "one byte less than a chunk: one chunk",
                CHUNK_LEN - 1,
                Location,
                1,
                1,
            ),
        ),
        (
            "good-chunk",
            good(
                "a whole chunk: a second one, empty, ends it",
                CHUNK_LEN,
                Location,
                1,
                1,
            ),
        ),
        (
            "good-chunk-and-1",
            good("one byte more than a chunk", CHUNK_LEN + 1, Location, 1, 1),
        ),
        (
            "good-many-chunks",
            good("many chunks", 5 * CHUNK_LEN + 77, Location, 1, 1),
        ),
        (
            "good-bound-to-resource",
            good("bound to the resource alone", 300, Resource, 1, 1),
        ),
        ("good-location-not-ascii", elsewhere),
        (
            "good-older-generation",
            good(
                "sealed under a generation that is not the newest",
                300,
                Location,
                1,
                3,
            ),
        ),
        (
            "good-newest-generation",
            good(
                "sealed under the newest of several generations",
                300,
                Location,
                3,
                3,
            ),
        ),
        (
            "good-highest-generation",
            good(
                "sealed under the highest number that a generation can have",
                300,
                Location,
                u32::MAX,
                u32::MAX,
            ),
        ),
    ]
}

fn slot(number: usize) -> std::ops::Range<usize> {
    let start = PROLOGUE_LEN + number * SEALED_CHUNK_LEN;
    start..start + SEALED_CHUNK_LEN
}

/// What bad ones are made of: two full chunks and a last one, under the newest of two generations.
struct Bad {
    base: Vector,
    vectors: Vec<(String, Vector)>,
}

impl Bad {
    fn add(&mut self, name: &str, cause: &str, code: &str, change: impl FnOnce(&mut Vector)) {
        let vector = bad(&self.base, cause, code, change);
        self.vectors.push((format!("bad-{name}"), vector));
    }
}

const AUTHENTICATION: &str = "AuthenticationFailed";

fn all_bad() -> Vec<(String, Vector)> {
    let of = |cause| good(cause, 2 * CHUNK_LEN + 100, BindingMode::Location, 2, 2);
    let mut made = Bad {
        base: of("the object that bad ones are made of"),
        vectors: Vec::new(),
    };
    fields(&mut made);
    bits(&mut made);
    order(&mut made);
    cuts(&mut made);
    extensions(&mut made);
    mixtures(&mut made, &of("another object of the same key and place"));
    elsewhere(&mut made);
    made.vectors
}

/// Each field of the header.
fn fields(made: &mut Bad) {
    let fields: [(&str, &str, usize, u8, &str); 9] = [
        (
            "header-magic-first",
            "the first byte of the magic is another",
            0,
            0x53,
            "NotSealed",
        ),
        (
            "header-magic-last",
            "the last byte of the magic is another",
            7,
            0x4e,
            "NotSealed",
        ),
        ("header-format", "format 2", 8, 2, "UnknownFormat"),
        ("header-suite", "suite 2", 9, 2, "UnknownSuite"),
        (
            "header-binding-unknown",
            "binding mode 3",
            10,
            3,
            "UnknownBinding",
        ),
        (
            "header-binding-other",
            "the other binding mode stands in the header",
            10,
            2,
            "WrongBindingMode",
        ),
        (
            "header-reserved",
            "the reserved byte is not zero",
            11,
            1,
            "MalformedHeader",
        ),
        (
            "header-generation-zero",
            "generation 0",
            15,
            0,
            "MalformedHeader",
        ),
        (
            "header-generation-other",
            "another generation that is there",
            15,
            1,
            AUTHENTICATION,
        ),
    ];
    for (name, cause, at, byte, code) in fields {
        made.add(name, cause, code, |vector| vector.object[at] = byte);
    }
    made.add(
        "header-generation-unknown",
        "a generation that is not there",
        "UnknownGeneration",
        |vector| {
            vector.object[12] = 1;
        },
    );
    made.add(
        "header-binding-made-to-fit",
        "bound to a location, its header changed and opened as bound to the resource",
        AUTHENTICATION,
        |vector| {
            vector.object[10] = 2;
            vector.mode = BindingMode::Resource;
            vector.location.clear();
        },
    );
}

/// A bit of everything that is not the header.
fn bits(made: &mut Bad) {
    let end = made.base.object.len();
    let flips = [
        (
            "salt-first",
            "a changed bit in the first byte of the salt",
            16,
        ),
        (
            "salt-last",
            "a changed bit in the last byte of the salt",
            39,
        ),
        (
            "commitment-first",
            "a changed bit in the first byte of the commitment",
            40,
        ),
        (
            "commitment-last",
            "a changed bit in the last byte of the commitment",
            71,
        ),
        (
            "chunk-0",
            "a changed bit in the first byte of chunk 0",
            slot(0).start,
        ),
        (
            "chunk-0-tag",
            "a changed bit in the tag of chunk 0",
            slot(0).end - 1,
        ),
        (
            "chunk-1",
            "a changed bit in the first byte of chunk 1",
            slot(1).start,
        ),
        (
            "chunk-1-tag",
            "a changed bit in the tag of chunk 1",
            slot(1).end - 1,
        ),
        (
            "chunk-last",
            "a changed bit in the first byte of the last chunk",
            slot(2).start,
        ),
        (
            "chunk-last-tag",
            "a changed bit in the tag of the last chunk",
            end - 1,
        ),
    ];
    for (name, cause, at) in flips {
        made.add(name, cause, AUTHENTICATION, |vector| {
            vector.object[at] ^= 0x80;
        });
    }
}

/// Chunks that are not where they were.
fn order(made: &mut Bad) {
    made.add(
        "order",
        "chunks 0 and 1 have changed places",
        AUTHENTICATION,
        |vector| {
            let (first, second) = vector.object.split_at_mut(slot(1).start);
            first[slot(0)].swap_with_slice(&mut second[..SEALED_CHUNK_LEN]);
        },
    );
    made.add(
        "left-out",
        "chunk 0 is left out",
        AUTHENTICATION,
        |vector| drop(vector.object.drain(slot(0))),
    );
    made.add(
        "doubled",
        "chunk 1 stands twice",
        AUTHENTICATION,
        |vector| {
            let chunk = vector.object[slot(1)].to_vec();
            vector.object.splice(slot(2).start..slot(2).start, chunk);
        },
    );
    made.add(
        "last-first",
        "the last chunk stands where chunk 0 would, and is all there is",
        AUTHENTICATION,
        |vector| {
            drop(vector.object.drain(PROLOGUE_LEN..slot(2).start));
        },
    );
}

/// Cut at every border, and within each part.
fn cuts(made: &mut Bad) {
    let end = made.base.object.len();
    let cuts = [
        ("nothing", "nothing at all", 0, "ObjectTruncated"),
        (
            "header-within",
            "cut within the header",
            11,
            "ObjectTruncated",
        ),
        ("header", "cut after the header", 16, "ObjectTruncated"),
        ("salt", "cut after the salt", 40, "ObjectTruncated"),
        (
            "commitment",
            "cut after the commitment, before any chunk",
            PROLOGUE_LEN,
            "ObjectTruncated",
        ),
        (
            "first-tag-within",
            "cut where not even a tag fits behind the commitment",
            PROLOGUE_LEN + TAG_LEN - 1,
            "ObjectTruncated",
        ),
        (
            "chunk-0-within",
            "cut within chunk 0",
            slot(0).start + 5000,
            AUTHENTICATION,
        ),
        (
            "chunk-0-end",
            "cut at the end of chunk 0",
            slot(0).end,
            "ObjectTruncated",
        ),
        (
            "chunk-1-within",
            "cut within chunk 1",
            slot(1).start + 5000,
            AUTHENTICATION,
        ),
        (
            "chunk-1-end",
            "cut at the end of chunk 1",
            slot(1).end,
            "ObjectTruncated",
        ),
        (
            "chunk-last-within",
            "cut within the last chunk, by a whole tag",
            end - TAG_LEN,
            AUTHENTICATION,
        ),
        (
            "chunk-last-short",
            "cut so that less than a tag is left of the last chunk",
            slot(2).start + 9,
            "ObjectTruncated",
        ),
        ("by-1", "cut by one byte", end - 1, AUTHENTICATION),
    ];
    for (name, cause, length, code) in cuts {
        made.add(&format!("cut-{name}"), cause, code, |vector| {
            vector.object.truncate(length);
        });
    }
}

/// Longer than it was.
fn extensions(made: &mut Bad) {
    made.add(
        "extended-by-1",
        "extended by one byte",
        AUTHENTICATION,
        |vector| vector.object.push(0),
    );
    made.add(
        "extended-by-tag",
        "extended by 16 bytes",
        AUTHENTICATION,
        |vector| {
            vector.object.extend([0; TAG_LEN]);
        },
    );
    made.add(
        "extended-to-chunk",
        "extended until the last chunk is a full one",
        "ObjectTruncated",
        |vector| {
            vector.object.resize(slot(2).end, 0);
        },
    );
    made.add(
        "extended-by-last",
        "a second last chunk behind the last chunk, filled up between",
        AUTHENTICATION,
        |vector| {
            let last = vector.object[slot(2).start..].to_vec();
            vector.object.resize(slot(2).end, 0);
            vector.object.extend(last);
        },
    );
}

/// Parts of two objects.
fn mixtures(made: &mut Bad, other: &Vector) {
    made.add(
        "mixed-chunk",
        "chunk 1 is that of another object of the same key and place",
        AUTHENTICATION,
        |vector| {
            vector.object[slot(1)].copy_from_slice(&other.object[slot(1)]);
        },
    );
    made.add(
        "mixed-last",
        "the last chunk is that of another object of the same key and place",
        AUTHENTICATION,
        |vector| {
            vector.object.truncate(slot(2).start);
            vector.object.extend(&other.object[slot(2).start..]);
        },
    );
    made.add(
        "mixed-prologue",
        "salt and commitment are those of another object of the same key and place",
        AUTHENTICATION,
        |vector| {
            vector.object[..PROLOGUE_LEN].copy_from_slice(&other.object[..PROLOGUE_LEN]);
        },
    );
}

/// Whole, and opened as something that it is not.
fn elsewhere(made: &mut Bad) {
    made.add(
        "other-resource",
        "opened for another resource",
        AUTHENTICATION,
        |vector| {
            vector.uid = ResourceUid::from_bytes(*b"another resource");
        },
    );
    made.add(
        "other-key",
        "opened with another key of the same number",
        AUTHENTICATION,
        |vector| {
            vector.keys = BTreeMap::from([(2, resource_key(9))]);
        },
    );
    made.add(
        "other-mode",
        "of a resource that binds its objects to itself alone",
        "WrongBindingMode",
        |vector| {
            vector.mode = BindingMode::Resource;
            vector.location.clear();
        },
    );
    let places = [
        (
            "other-place",
            "read at another place",
            "notes/2026/plan.bak",
        ),
        (
            "other-place-shorter",
            "read at a place that begins alike",
            "notes/2026/plan",
        ),
        (
            "other-place-case",
            "read at a place that differs in case alone",
            "notes/2026/Plan.txt",
        ),
        (
            "other-place-slash",
            "read at its place with a slash before it",
            "/notes/2026/plan.txt",
        ),
    ];
    for (name, cause, location) in places {
        made.add(name, cause, AUTHENTICATION, |vector| {
            location.clone_into(&mut vector.location);
        });
    }
    made.add(
        "not-sealed",
        "a text that was never sealed, of a possible size",
        "NotSealed",
        |vector| {
            vector.object = b"This is a plain text that somebody put where objects lie. ".repeat(2);
        },
    );
}

#[test]
#[ignore = "made the vectors, once: what is published stays as it is"]
fn make_the_vectors() {
    let good = all_good()
        .into_iter()
        .map(|(name, vector)| (name.to_owned(), vector));
    let vectors: BTreeMap<String, Vector> = good.chain(all_bad()).collect();
    let mut sums = String::new();
    for (name, vector) in vectors {
        let (name, bytes) = (format!("{name}.vector"), vector.to_bytes());
        writeln!(sums, "{}  {name}", hex::encode(Sha256::digest(&bytes))).unwrap();
        let mut file = File::create_new(folder().join(name)).unwrap();
        file.write_all(&bytes).unwrap();
    }
    fs::write(folder().join("SHA256SUMS"), sums).unwrap();
}
