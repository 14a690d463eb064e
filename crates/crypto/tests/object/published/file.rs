//! One vector: lines of `name: value`, an empty line, and then the bytes of the object.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use strongroom_base::ResourceUid;
use strongroom_crypto::object::{Binding, BindingMode};

/// Where the vectors lie.
pub(super) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors"))
}

#[derive(Clone, Debug)]
pub(super) struct Vector {
    /// What is the case, in words.
    pub(super) cause: String,
    pub(super) uid: ResourceUid,
    pub(super) mode: BindingMode,
    pub(super) location: String,
    /// The generations of the resource key; the highest is the newest.
    pub(super) keys: BTreeMap<u32, [u8; 32]>,
    pub(super) expected: Expected,
    pub(super) object: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Plain {
        length: usize,
        sha256: String,
    },
    /// The code of the error that is due.
    Error(String),
}

impl Vector {
    pub(super) fn binding(&self) -> Binding<'_> {
        match self.mode {
            BindingMode::Location => Binding::Location(self.location.as_bytes()),
            BindingMode::Resource => Binding::Resource,
        }
    }

    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
        let text = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut fields: BTreeMap<&str, &str> = text
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .collect();
        let mut take = |name: &str| fields.remove(name).unwrap_or_else(|| panic!("no {name}"));
        let expected = match take("expect") {
            "plaintext" => Expected::Plain {
                length: take("plain-length").parse().unwrap(),
                sha256: take("plain-sha256").to_owned(),
            },
            code => Expected::Error(code.to_owned()),
        };
        let (cause, uid) = (take("cause").to_owned(), take("uid").parse().unwrap());
        let (mode, location) = match take("mode") {
            "location" => (BindingMode::Location, take("location").to_owned()),
            "resource" => (BindingMode::Resource, String::new()),
            other => panic!("mode {other}"),
        };
        let keys = fields
            .iter()
            .map(|(name, key)| {
                let number = name.strip_prefix("key-").unwrap().parse().unwrap();
                (number, hex::decode(key).unwrap().try_into().unwrap())
            })
            .collect();
        let object = bytes[end + 2..].to_vec();
        Self {
            cause,
            uid,
            mode,
            location,
            keys,
            expected,
            object,
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut lines = vec![format!("cause: {}", self.cause)];
        match &self.expected {
            Expected::Plain { length, sha256 } => lines.extend([
                "expect: plaintext".to_owned(),
                format!("plain-length: {length}"),
                format!("plain-sha256: {sha256}"),
            ]),
            Expected::Error(code) => lines.push(format!("expect: {code}")),
        }
        lines.push(format!("uid: {}", self.uid));
        lines.push(format!("mode: {}", self.mode.as_str()));
        if self.mode == BindingMode::Location {
            lines.push(format!("location: {}", self.location));
        }
        let keys = self.keys.iter();
        lines.extend(keys.map(|(number, key)| format!("key-{number}: {}", hex::encode(key))));
        let text = lines.join("\n") + "\n\n";
        [text.as_bytes(), &self.object].concat()
    }
}

/// Every vector, by its name.
pub(super) fn read_all() -> Vec<(String, Vector)> {
    let mut vectors: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "vector")
        })
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            let vector = Vector::parse(&bytes);
            assert!(vector.to_bytes() == bytes, "{}", path.display());
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                vector,
            )
        })
        .collect();
    vectors.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(vectors.len() > 50, "only {} vectors", vectors.len());
    vectors
}
