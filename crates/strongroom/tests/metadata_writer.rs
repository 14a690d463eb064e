//! Whoever can write the ledger, and has no root key, can neither make a state, move one, nor have a
//! name lead to another resource's data.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it cannot go on"
)]

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use strongroom::{Error, InitOptions, NewResource, Options, ResourceHandle, Strongroom};
use strongroom_base::{Outcome as _, OutcomeKind, ResourceName, Timestamp};
use strongroom_ledger::sqlite::{SqliteLedger, SqliteOptions};
use strongroom_ledger::{
    AggregateId, ChainKey, Change, Commit, Find, IndexRow, Ledger as _, Page, Stored, Write,
};
use tempfile::TempDir;

/// What a writer of the database has instead of the root key.
#[derive(Debug)]
struct NoKey;

impl ChainKey for NoKey {
    fn tag(&self, _: &[&[u8]]) -> [u8; 32] {
        [0; 32]
    }
}

/// An installation with two resources, and somebody who writes its database.
struct Scene {
    _folder: TempDir,
    data: PathBuf,
    ids: [AggregateId; 2],
}

fn name(text: &str) -> ResourceName {
    text.parse().unwrap()
}

fn options() -> Options {
    Options::new(strongroom::aws_lc_rs::PROVIDER)
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let view = Strongroom::init(&data, InitOptions::default(), &options())
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options()).await.unwrap();
        let create = async |text: &str| -> ResourceHandle {
            let new = NewResource::new(name(text), view.region.clone());
            let resource = room.create_resource(new).await.unwrap();
            let store = resource.store().await.unwrap();
            store
                .put(&Path::from("whose"), text.to_owned().into())
                .await
                .unwrap();
            resource
        };
        let id = |resource: ResourceHandle| {
            AggregateId::new("resource", &resource.uid().to_string()).unwrap()
        };
        let ids = [id(create("first").await), id(create("second").await)];
        room.close().await.unwrap();
        Self {
            _folder: folder,
            data,
            ids,
        }
    }

    async fn ledger(&self) -> SqliteLedger {
        let file = self.data.join("ledger.db");
        SqliteLedger::open(file, Arc::new(NoKey), SqliteOptions::new())
            .await
            .unwrap()
    }

    /// Both resources' states and index rows, and the means to write them back.
    async fn read(&self, ledger: &SqliteLedger) -> [(Stored, Vec<IndexRow>); 2] {
        let mut all = Vec::new();
        for id in &self.ids {
            let stored = ledger.load(id).await.unwrap().unwrap();
            let mut rows = Vec::new();
            for index in ["resource.name", "resource.service-key"] {
                let found = ledger
                    .find(&Find::prefix(index, ""), Page::first(10))
                    .await
                    .unwrap();
                let own = found.into_iter().filter(|row| row.id == *id);
                rows.extend(own.map(|row| IndexRow::unique(index, row.key)));
            }
            all.push((stored, rows));
        }
        all.try_into().unwrap()
    }

    async fn write(
        &self,
        ledger: &SqliteLedger,
        which: usize,
        state: Vec<u8>,
        index: Vec<IndexRow>,
    ) {
        let id = self.ids[which].clone();
        let expected = ledger.load(&id).await.unwrap().unwrap().version;
        let change = Change::Put {
            state: state.into(),
            index,
        };
        let write = Some(Write {
            id,
            expected,
            change,
        });
        let now = Timestamp::from_unix_millis(1);
        ledger
            .commit(
                Commit {
                    write,
                    ..Commit::default()
                },
                now,
            )
            .await
            .unwrap();
    }

    /// What comes of reading the first resource's object.
    async fn read_first(&self) -> Result<String, Error> {
        let room = Strongroom::open(&self.data, &options()).await?;
        let resource = room.resource(&name("first")).await?;
        let bytes = resource
            .store()
            .await?
            .get(&Path::from("whose"))
            .await?
            .bytes()
            .await?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn f36_a_state_that_was_changed_or_moved_is_never_used() {
    let scene = Scene::new().await;
    assert_eq!(scene.read_first().await.unwrap(), "first");
    let ledger = scene.ledger().await;
    let [(first, index), (second, _)] = scene.read(&ledger).await;

    scene
        .write(&ledger, 0, second.state.to_vec(), index.clone())
        .await;
    let moved = scene.read_first().await.unwrap_err();
    assert!(matches!(moved, Error::ForgedState { .. }), "{moved:?}");
    assert_eq!(moved.kind(), OutcomeKind::Damaged);

    for at in (0..first.state.len()).step_by(17) {
        let mut changed = first.state.to_vec();
        changed[at] ^= 1;
        scene.write(&ledger, 0, changed, index.clone()).await;
        let changed = scene.read_first().await.unwrap_err();
        assert!(
            matches!(changed, Error::ForgedState { .. }),
            "byte {at}: {changed:?}"
        );
    }
    scene
        .write(&ledger, 0, first.state[..20].to_vec(), index.clone())
        .await;
    assert!(matches!(
        scene.read_first().await,
        Err(Error::ForgedState { .. })
    ));

    scene.write(&ledger, 0, first.state.to_vec(), index).await;
    assert_eq!(scene.read_first().await.unwrap(), "first");
}

#[tokio::test]
async fn a_name_never_leads_to_another_resource() {
    let scene = Scene::new().await;
    let ledger = scene.ledger().await;
    let [(first, first_index), (second, second_index)] = scene.read(&ledger).await;
    // Unique rows change hands one at a time.
    scene
        .write(&ledger, 0, first.state.to_vec(), Vec::new())
        .await;
    scene
        .write(&ledger, 1, second.state.to_vec(), first_index)
        .await;
    scene
        .write(&ledger, 0, first.state.to_vec(), second_index)
        .await;
    let swapped = scene.read_first().await.unwrap_err();
    assert!(matches!(swapped, Error::ForgedIndex { .. }), "{swapped:?}");
    assert_eq!(swapped.kind(), OutcomeKind::Damaged);
}
