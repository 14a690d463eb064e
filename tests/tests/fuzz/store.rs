//! A stored object that was changed in the inner store, read through the store in every way: the bytes
//! that were put, or an error.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bolero::{TypeGenerator, check};
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use strongroom::{BindingMode, EncryptedStore, InitOptions, NewResource, Options, Strongroom};
use strongroom_base::ResourceUid;

use crate::objects::{Edit, edit, length};

/// Each takes several requests.
const INPUTS: usize = 500;

#[derive(Clone, Debug, TypeGenerator)]
enum Ask {
    Whole,
    Bounded(u32, u16),
    Offset(u32),
    Suffix(u32),
}

impl Ask {
    fn range(&self) -> Option<GetRange> {
        let within = |at: u32| u64::from(at % 70_000);
        match *self {
            Self::Whole => None,
            Self::Bounded(start, length) => {
                let start = within(start);
                Some(GetRange::Bounded(start..start + u64::from(length)))
            }
            Self::Offset(start) => Some(GetRange::Offset(within(start))),
            Self::Suffix(length) => Some(GetRange::Suffix(within(length))),
        }
    }
}

struct Scene {
    _folder: tempfile::TempDir,
    room: Strongroom,
    inner: Arc<InMemory>,
    store: EncryptedStore,
    uid: ResourceUid,
}

impl Scene {
    async fn new(binding: BindingMode) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let inner = Arc::new(InMemory::new());
        let options = Options::new(strongroom::aws_lc_rs::PROVIDER).with_objects(inner.clone());
        let view = Strongroom::init(&data, InitOptions::default(), &options)
            .await
            .unwrap();
        let room = Strongroom::open(&data, &options).await.unwrap();
        let new = NewResource {
            binding,
            ..NewResource::new("fuzz".parse().unwrap(), view.region)
        };
        let resource = room.create_resource(new).await.unwrap();
        let store = resource.encrypted_store().await.unwrap();
        Self {
            _folder: folder,
            room,
            inner,
            store,
            uid: resource.uid(),
        }
    }

    async fn try_one(&self, plain: &[u8], edits: &[Edit], asks: &[Ask]) {
        let path = Path::from("object");
        let stored = Path::from(format!("r/{}/o/object", self.uid));
        let mut versions = Vec::new();
        for _ in 0..2 {
            self.store.put(&path, plain.to_vec().into()).await.unwrap();
            let sealed = self.inner.get(&stored).await.unwrap();
            versions.push(sealed.bytes().await.unwrap().to_vec());
        }
        let mut changed = versions[0].clone();
        for one in edits.iter().take(3) {
            edit(&mut changed, &versions[1], one);
        }
        let is_whole = versions.contains(&changed);
        self.inner.put(&stored, changed.into()).await.unwrap();
        for ask in asks.iter().chain([&Ask::Whole]).take(4) {
            let options = GetOptions {
                range: ask.range(),
                ..GetOptions::default()
            };
            let Ok(found) = self.store.get_opts(&path, options).await else {
                continue;
            };
            let start = usize::try_from(found.range.start).unwrap();
            let mut blocks = found.into_stream();
            let (mut read, mut ended_well) = (Vec::new(), false);
            loop {
                match blocks.try_next().await {
                    Ok(Some(block)) => read.extend_from_slice(&block),
                    Ok(None) => break ended_well = true,
                    Err(_) => break,
                }
            }
            // What was given out is what was put, whatever came after it.
            let put = plain.get(start..).unwrap_or_default();
            assert!(put.starts_with(&read), "{ask:?}");
            if matches!(ask, Ask::Whole) {
                assert_eq!(ended_well, is_whole);
            }
        }
        // None of it may hang or panic either.
        let _ = self.store.head(&path).await;
        let _ = self.store.get_ranges(&path, &[0..10, 5..40_000]).await;
        let listed: Vec<_> = futures::StreamExt::collect(self.store.list(None)).await;
        assert_eq!(listed.len(), 1);
    }
}

#[test]
fn read_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let modes = [BindingMode::Location, BindingMode::Resource];
    let scenes = modes.map(|mode| runtime.block_on(Scene::new(mode)));
    let (runtime, scenes) = (AssertUnwindSafe(runtime), AssertUnwindSafe(scenes));
    check!()
        .with_iterations(INPUTS)
        .with_type::<(u16, bool, Vec<Edit>, Vec<Ask>)>()
        .for_each(|(seed, bound, edits, asks)| {
            let (runtime, scenes) = (&runtime, &scenes);
            let scene = &scenes[usize::from(!*bound)];
            let plain: Vec<u8> = (0..=250).cycle().take(length(*seed)).collect();
            runtime.block_on(scene.try_one(&plain, edits, asks));
        });
    for scene in scenes.0 {
        runtime.block_on(scene.room.close()).unwrap();
    }
}
