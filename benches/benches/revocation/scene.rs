//! What is measured: an installation with a customer's key, and data under it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{
    Danger, InitOptions, LeaseSettings, LeaseTerm, NewResource, Options, ResourceChange,
    Strongroom, WrapAlgorithm,
};
use strongroom_base::ResourceName;
use strongroom_benches::{customer, data, payload};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What streams are read of: 64 blocks of a MiB.
const LONG: usize = 64 << 20;
/// What the readers in the background stream.
const MIDDLE: usize = 8 << 20;
/// What an operation reads that is over at once.
const SHORT: usize = 1 << 10;

pub(crate) fn long() -> Path {
    Path::from("long")
}

pub(crate) fn middle() -> Path {
    Path::from("middle")
}

pub(crate) fn short() -> Path {
    Path::from("short")
}

/// The shortest lease. Access that is given back is found again soon, so that the next sample can begin.
pub(crate) fn leases() -> LeaseSettings {
    LeaseSettings {
        denied_for: Duration::from_millis(50),
        ..LeaseSettings::with_term(LeaseTerm::lasting(LeaseTerm::SHORTEST).expect("a lease"))
    }
}

pub(crate) fn options(danger: Danger) -> Options {
    Options::new(strongroom_benches::provider())
        .with_leases(leases())
        .with_danger(danger)
}

fn notes() -> ResourceName {
    "notes".parse().expect("a resource's name")
}

/// A folder with an installation in it.
pub(crate) struct Scene {
    pub(crate) runtime: Runtime,
    pub(crate) data: PathBuf,
    _folder: TempDir,
}

/// The installation, open in this process.
pub(crate) struct Open {
    pub(crate) room: Strongroom,
    pub(crate) store: Arc<dyn ObjectStore>,
}

impl Scene {
    pub(crate) fn make() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data");
        runtime.block_on(async {
            let options = options(Danger::default());
            let view = Strongroom::init(&path, InitOptions::default(), &options)
                .await
                .unwrap();
            let room = Strongroom::open(&path, &options).await.unwrap();
            let new = NewResource::new(notes(), view.region);
            let resource = room.create_resource(new).await.unwrap();
            let [key] = customer::keys(room.administrator()).await;
            let set = ResourceChange::SetKey {
                key: key.to_string(),
                algorithm: WrapAlgorithm::RsaOaep256,
            };
            resource.change(set).await.unwrap();
            let store = resource.store().await.unwrap();
            for (path, length) in [(long(), LONG), (middle(), MIDDLE), (short(), SHORT)] {
                let object = Bytes::from(data(length));
                store.put(&path, payload(&object)).await.unwrap();
            }
            room.close().await.unwrap();
        });
        Self {
            runtime,
            data: path,
            _folder: folder,
        }
    }

    pub(crate) async fn open(&self, danger: Danger) -> Open {
        let room = Strongroom::open(&self.data, &options(danger))
            .await
            .unwrap();
        let resource = room.resource(&notes()).await.unwrap();
        let store = resource.store().await.unwrap();
        Open { room, store }
    }
}
