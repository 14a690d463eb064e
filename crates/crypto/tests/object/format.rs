//! Format 1, byte for byte. These bytes stay here for good; `docs/format.md` prints the same.

use hex::encode as hex;
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{
    Binding, Generation, GenerationKey, HEADER_LEN, Header, PROLOGUE_LEN, SEALED_CHUNK_LEN,
};
use strongroom_crypto::{Provider, ResourceKey, RootKey, RootKeys, SEALED_SERVICE_KEY_LEN};

use crate::support::{generation, providers, with_salt};

const LOCATION: &str = "notes/plan.txt";
const PLAINTEXT: &str = "hello, vault";
const OBJECT: &str = "93535452524f4f4d0101010000000003\
    a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7\
    5e633ab12664a7d540cf356ca71743b45316f0c021596dcbe6857567d605473c\
    21da189ec307e62104a5345877ce0de0408d5d37debb8cb945f66ece";

fn counting<const N: usize>(from: u8) -> [u8; N] {
    std::array::from_fn(|at| from + u8::try_from(at).unwrap())
}

fn key(provider: &Provider) -> GenerationKey {
    let provider = with_salt(*provider, &counting::<24>(0xa0));
    let key = ResourceKey::from_bytes(&mut counting(0));
    let uid = ResourceUid::from_bytes(counting(0xf0));
    GenerationKey::new(&provider, &key, uid, generation(3))
}

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/format.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn f7_generations_count_from_one_to_the_last_number() {
    assert_eq!(Generation::new(0), None);
    assert_eq!(Generation::new(1), Some(Generation::FIRST));
    assert_eq!(Generation::FIRST.next(), Generation::new(2));
    assert_eq!(generation(u32::MAX).next(), None);
    assert_eq!(generation(u32::MAX).number().to_string(), "4294967295");
    assert_eq!(generation(u32::MAX).to_string(), "4294967295");
}

#[test]
fn f9_f10_f31_the_worked_example() {
    let document = document();
    for provider in providers() {
        let key = key(&provider);
        let place = Binding::Location(LOCATION.as_bytes());
        let object = key.seal_to_vec(place, PLAINTEXT.as_bytes()).unwrap();
        assert_eq!(hex(&object), OBJECT);
        let opened = key.open_to_vec(place, &object).unwrap();
        assert_eq!(opened, PLAINTEXT.as_bytes());

        let by_resource = key.sealer(Binding::Resource).unwrap();
        let commitment = hex(&by_resource.prologue()[HEADER_LEN + 24..]);
        let root = RootKeys::derive(&provider, &RootKey::from_bytes(&mut counting(0))).unwrap();
        let header = hex(Header::parse(&object).unwrap().to_bytes());
        let printed = [
            hex(counting::<32>(0)),
            hex(counting::<16>(0xf0)),
            hex(counting::<24>(0xa0)),
            LOCATION.to_owned(),
            PLAINTEXT.to_owned(),
            header,
            OBJECT.to_owned(),
            commitment,
            root.id().to_string(),
        ];
        for value in printed {
            assert!(
                document.contains(&format!("`{value}`")),
                "{value} is not in docs/format.md"
            );
        }
    }
}

#[test]
fn the_document_gives_the_lengths_that_the_code_has() {
    let document = document();
    let lengths = [
        format!("{PROLOGUE_LEN} + 16400 × n"),
        format!("(s − {PROLOGUE_LEN}) mod {SEALED_CHUNK_LEN}"),
        format!("sealed service-managed key has {SEALED_SERVICE_KEY_LEN} bytes"),
    ];
    for length in lengths {
        assert!(document.contains(&length), "{length}");
    }
}
