//! An independent reader and writer, in Python on another implementation of the construction: what
//! Strongroom seals it opens, what it seals Strongroom opens, and both judge the vectors alike.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use strongroom::{
    BindingMode, ExportedKey, InitOptions, NewResource, Options, ResourceHandle, Strongroom,
};
use strongroom_base::Outcome as _;
use strongroom_tests::tools::{in_tests, python};
use tempfile::TempDir;

fn sealed_py(args: &[&str]) -> Command {
    let mut command = python();
    command.arg(in_tests("python/sealed.py")).args(args);
    command
}

fn succeeded(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn f71_another_program_judges_every_vector_alike() {
    let folder = in_tests("vectors");
    let output = sealed_py(&["vectors", folder.to_str().unwrap()])
        .output()
        .unwrap();
    let counts: Value = serde_json::from_str(&succeeded(&output)).unwrap();
    let vectors = std::fs::read_dir(folder).unwrap().count() as u64 - 1;
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(count("opened") + count("refused"), vectors);
    assert!(count("opened") >= 11 && count("refused") >= 50);
}

/// A data folder for trying things, with one resource.
struct Desk {
    folder: TempDir,
    room: Strongroom,
    resource: ResourceHandle,
}

impl Desk {
    async fn new(binding: BindingMode, dev: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
        let init = InitOptions {
            dev,
            ..InitOptions::default()
        };
        let view = Strongroom::init(&data, init, &options).await.unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource {
            binding,
            ..NewResource::new("notes".parse().unwrap(), view.region)
        };
        let resource = room.create_resource(new).await.unwrap();
        Self {
            folder,
            room,
            resource,
        }
    }

    /// Where the resource's objects lie in the data folder (F60).
    fn at_rest(&self) -> PathBuf {
        let below = format!("data/objects/r/{}/o", self.resource.uid());
        self.folder.path().join(below)
    }

    async fn exported(&self) -> Result<ExportedKey, strongroom::Error> {
        self.room.export_resource_key(&self.resource).await
    }

    /// A file as `strongroom --json resource export-key` writes it (F62).
    async fn key_file(&self) -> PathBuf {
        let exported = self.exported().await.unwrap();
        let keys: BTreeMap<u32, String> = exported
            .generations()
            .map(|(number, key)| (number, hex::encode(key.expose())))
            .collect();
        let value = serde_json::json!({
            "uid": exported.uid.to_string(),
            "binding": exported.binding.as_str(),
            "keys": keys,
        });
        let path = self.folder.path().join("keys.json");
        std::fs::write(&path, value.to_string()).unwrap();
        path
    }
}

/// Random objects: lengths near a border of chunks and far from one, in folders and not, with
/// names that are not ASCII.
fn random_objects(count: usize) -> BTreeMap<String, Vec<u8>> {
    let length = prop_oneof![
        2 => 0..100_usize,
        3 => (1..4_usize, 0..40_usize).prop_map(|(chunks, n)| chunks * 16_384 + n - 20),
        1 => 0..200_000_usize,
    ];
    let bytes = length.prop_flat_map(|length| prop::collection::vec(any::<u8>(), length));
    let name = "[a-zA-Z0-9äß✓ .-]{1,12}(/[a-z0-9é%]{1,8}){0,2}";
    let strategy = (name, bytes);
    let mut runner = TestRunner::default();
    (0..count)
        .map(|number| {
            let (name, bytes) = strategy.new_tree(&mut runner).unwrap().current();
            let path = ObjectPath::from(format!("{number}/{name}"));
            (path.to_string(), bytes)
        })
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

async fn put_all(store: &dyn ObjectStore, objects: &BTreeMap<String, Vec<u8>>) {
    for (number, (name, bytes)) in objects.iter().enumerate() {
        let path = ObjectPath::parse(name).unwrap();
        if number % 3 == 0 {
            let mut upload = store.put_multipart(&path).await.unwrap();
            for part in bytes.chunks(30_000) {
                upload.put_part(part.to_vec().into()).await.unwrap();
            }
            upload.complete().await.unwrap();
        } else {
            store.put(&path, bytes.clone().into()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn f60_f62_another_program_opens_what_lies_in_a_data_folder() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        let desk = Desk::new(binding, true).await;
        let objects = random_objects(60);
        let store = desk.resource.store().await.unwrap();
        put_all(&*store, &objects).await;
        let keys = desk.key_file().await;
        let (keys, at_rest) = (keys.to_str().unwrap(), desk.at_rest());
        let output = sealed_py(&["open", keys, at_rest.to_str().unwrap()]).output();
        let found: BTreeMap<String, (u64, String)> = succeeded(&output.unwrap())
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| line[name].as_str().unwrap().to_owned();
                (
                    text("location"),
                    (line["length"].as_u64().unwrap(), text("sha256")),
                )
            })
            .collect();
        let expected: BTreeMap<_, _> = objects
            .iter()
            .map(|(name, bytes)| (name.clone(), (bytes.len() as u64, sha256(bytes))))
            .collect();
        assert_eq!(found, expected);
        desk.room.close().await.unwrap();
    }
}

fn seal_by_other(keys: &Path, location: &str, file: &Path, plain: &[u8]) {
    let args = [
        "seal",
        keys.to_str().unwrap(),
        location,
        file.to_str().unwrap(),
    ];
    let mut child = sealed_py(&args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(plain).unwrap();
    assert!(child.wait().unwrap().success());
}

#[tokio::test]
async fn f1_what_another_program_seals_is_read_as_an_object() {
    for binding in [BindingMode::Location, BindingMode::Resource] {
        let desk = Desk::new(binding, true).await;
        let keys = desk.key_file().await;
        let store = desk.resource.store().await.unwrap();
        for (name, plain) in random_objects(12) {
            let file = desk.at_rest().join(&name);
            seal_by_other(&keys, &name, &file, &plain);
            let path = ObjectPath::parse(&name).unwrap();
            assert_eq!(store.head(&path).await.unwrap().size, plain.len() as u64);
            let read = store.get(&path).await.unwrap().bytes().await.unwrap();
            assert!(read == plain, "{name}");
        }
        desk.room.close().await.unwrap();
    }
}

#[tokio::test]
async fn f62_only_an_installation_for_trying_gives_keys_out_and_both_answers_are_recorded() {
    for dev in [true, false] {
        let desk = Desk::new(BindingMode::Location, dev).await;
        let before = desk.room.audit_length().await.unwrap();
        let outcome = desk.exported().await.map_err(|error| error.code());
        match (dev, outcome) {
            (true, Ok(exported)) => assert_eq!(exported.generations().count(), 1),
            (false, Err("DevInstallationRequired")) => {}
            (_, other) => panic!("{other:?}"),
        }
        let records = desk.room.audit(before, 9).await.unwrap();
        let operations: Vec<_> = records
            .iter()
            .map(|audited| audited.record.operation.to_string())
            .collect();
        let expected: &[&str] = if dev {
            &["UnwrapKey", "ExportKey"]
        } else {
            &["ExportKey"]
        };
        assert_eq!(operations, expected);
        desk.room.close().await.unwrap();
    }
}
