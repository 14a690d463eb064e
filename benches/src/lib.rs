//! What the benchmarks share: sizes, data, and an installation to measure.

pub mod counted;
pub mod customer;
pub mod figures;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use strongroom::{InitOptions, NewResource, Options, Strongroom};
use strongroom_base::ResourceUid;
use strongroom_crypto::object::{Generation, GenerationKey};
use strongroom_crypto::{Provider, ResourceKey};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The providers whose ciphers are measured.
pub const PROVIDERS: [&Provider; 2] = [
    &strongroom_crypto::aws_lc_rs::PROVIDER,
    &strongroom_crypto::ring::PROVIDER,
];

/// The program's provider, for whatever is measured above the ciphers.
#[must_use]
pub fn provider() -> Provider {
    strongroom::fastest::provider()
}

/// A size and what it is called.
pub const SIZES: [(&str, usize); 3] =
    [("1 KiB", 1 << 10), ("1 MiB", 1 << 20), ("64 MiB", 64 << 20)];

/// Bytes that do not compress and are not all alike.
#[must_use]
pub fn data(len: usize) -> Vec<u8> {
    // A linear congruence: no library has to be measured for it.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .collect()
}

/// A key to seal objects under.
#[must_use]
pub fn generation_key(provider: &Provider) -> GenerationKey {
    let mut bytes = [7; 32];
    let key = ResourceKey::from_bytes(&mut bytes);
    GenerationKey::new(
        provider,
        &key,
        ResourceUid::from_bytes([1; 16]),
        Generation::FIRST,
    )
}

/// An open installation with one resource, over a store of the caller's.
#[derive(Debug)]
pub struct Bench {
    /// Runs everything that is async.
    pub runtime: Runtime,
    /// The resource's store.
    pub store: Arc<dyn ObjectStore>,
    room: Option<Strongroom>,
    folder: TempDir,
}

impl Bench {
    /// Makes one whose sealed objects go to `objects`; to its own folder, with fsync, if none.
    ///
    /// # Panics
    /// If it cannot be made: there is then nothing to measure.
    #[must_use]
    pub fn over(objects: Option<Arc<dyn ObjectStore>>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let mut options = Options::new(provider());
        if let Some(objects) = objects {
            options = options.with_objects(objects);
        }
        let data = folder.path().join("data");
        let (room, store) = runtime.block_on(async {
            let view = Strongroom::init(&data, InitOptions::default(), &options)
                .await
                .unwrap();
            let room = Strongroom::open(&data, &options).await.unwrap();
            let new = NewResource::new("bench".parse().unwrap(), view.region);
            let store = room
                .create_resource(new)
                .await
                .unwrap()
                .store()
                .await
                .unwrap();
            (room, store)
        });
        Self {
            runtime,
            store,
            room: Some(room),
            folder,
        }
    }

    /// Everything it has on disk.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where its own folder keeps the objects of the resource.
    ///
    /// # Panics
    /// If there are none yet, or they go elsewhere.
    #[must_use]
    pub fn objects(&self) -> PathBuf {
        let resources = self.folder().join("data/objects/r");
        let resource = fs::read_dir(resources).unwrap().next().unwrap().unwrap();
        resource.path().join("o")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(room) = self.room.take() {
            // What is measured is over; the folder goes away in any case.
            let _ = self.runtime.block_on(room.close());
        }
    }
}

/// A payload that shares its bytes with all others made of them.
#[must_use]
pub fn payload(bytes: &Bytes) -> object_store::PutPayload {
    bytes.clone().into()
}
