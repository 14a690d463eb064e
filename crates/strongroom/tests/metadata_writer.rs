//! Whoever can write the ledger, and has no root key, can neither make a state, move one, nor have a
//! name lead to another resource's data.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::path::PathBuf;

use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};
use strongroom::{Error, InitOptions, NewResource, Options, ResourceHandle, Strongroom};
use strongroom_base::{Outcome as _, OutcomeKind, ResourceName};
use tempfile::TempDir;

/// An installation with two resources, and somebody who writes its database.
struct Scene {
    _folder: TempDir,
    data: PathBuf,
    ids: [String; 2],
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
        let id = |resource: ResourceHandle| format!("resource/{}", resource.uid());
        let ids = [id(create("first").await), id(create("second").await)];
        room.close().await.unwrap();
        Self {
            _folder: folder,
            data,
            ids,
        }
    }

    /// The database, for whoever can write it and has no root key.
    async fn database(&self) -> SqliteConnection {
        let file = SqliteConnectOptions::new()
            .filename(self.data.join("ledger.db"))
            .foreign_keys(false);
        SqliteConnection::connect_with(&file).await.unwrap()
    }

    /// Both resources' states.
    async fn states(&self) -> [Vec<u8>; 2] {
        let mut database = self.database().await;
        let mut states = Vec::new();
        for id in &self.ids {
            let row = sqlx::query("SELECT state FROM aggregates WHERE id = $1")
                .bind(id)
                .fetch_one(&mut database)
                .await
                .unwrap();
            states.push(row.get(0));
        }
        database.close().await.unwrap();
        states.try_into().unwrap()
    }

    /// Gives the first resource another state.
    async fn write_first(&self, state: &[u8]) {
        let mut database = self.database().await;
        sqlx::query("UPDATE aggregates SET state = $2 WHERE id = $1")
            .bind(&self.ids[0])
            .bind(state)
            .execute(&mut database)
            .await
            .unwrap();
        database.close().await.unwrap();
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
    let [first, second] = scene.states().await;

    scene.write_first(&second).await;
    let moved = scene.read_first().await.unwrap_err();
    assert!(matches!(moved, Error::ForgedState { .. }), "{moved:?}");
    assert_eq!(moved.kind(), OutcomeKind::Damaged);

    for at in (0..first.len()).step_by(17) {
        let mut changed = first.clone();
        changed[at] ^= 1;
        scene.write_first(&changed).await;
        let changed = scene.read_first().await.unwrap_err();
        assert!(
            matches!(changed, Error::ForgedState { .. }),
            "byte {at}: {changed:?}"
        );
    }
    scene.write_first(&first[..20]).await;
    assert!(matches!(
        scene.read_first().await,
        Err(Error::ForgedState { .. })
    ));

    scene.write_first(&first).await;
    assert_eq!(scene.read_first().await.unwrap(), "first");
}

#[tokio::test]
async fn a_name_never_leads_to_another_resource() {
    let scene = Scene::new().await;
    let mut database = scene.database().await;
    // The two names change hands.
    let [first, second] = &scene.ids;
    let (first, second) = (first.as_str(), second.as_str());
    for (from, to) in [(first, "aside"), (second, first), ("aside", second)] {
        sqlx::query("UPDATE index_rows SET id = $2 WHERE name = 'resource.name' AND id = $1")
            .bind(from)
            .bind(to)
            .execute(&mut database)
            .await
            .unwrap();
    }
    database.close().await.unwrap();
    let swapped = scene.read_first().await.unwrap_err();
    assert!(matches!(swapped, Error::ForgedIndex { .. }), "{swapped:?}");
    assert_eq!(swapped.kind(), OutcomeKind::Damaged);
}
