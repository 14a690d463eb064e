//! The process that is killed: several lanes of operations at once, each told before and after.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use strongroom::{NewResource, Options, ResourceHandle, ResourceState, Strongroom};

use super::model::bytes;

/// How many lanes write objects.
const LANES: u64 = 4;
/// How many objects each lane has.
const OBJECTS: u64 = 5;

/// Works for ever.
pub(crate) async fn work(data: &Path) {
    let options: Options = super::options();
    let room = Arc::new(Strongroom::open(data, &options).await.unwrap());
    // Each process goes on where nobody has been: the process id makes its contents its own.
    let origin = u64::from(std::process::id()) << 20;
    let mut lanes = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let room = Arc::clone(&room);
        lanes.spawn(async move { objects(&room, lane, origin).await });
    }
    lanes.spawn(async move { lives(&room).await });
    while let Some(ended) = lanes.join_next().await {
        ended.unwrap();
    }
}

/// One whole line at a time; who reads it may be gone.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

async fn resource(room: &Strongroom, name: &str) -> ResourceHandle {
    let name = name.parse().unwrap();
    if let Ok(found) = room.resource(&name).await {
        return found;
    }
    let region = room.show().region.clone();
    let created = room.create_resource(NewResource::new(name, region)).await;
    created.unwrap()
}

/// Writes, overwrites and removes the objects of one lane.
async fn objects(room: &Strongroom, lane: u64, origin: u64) {
    let name = format!("lane-{lane}");
    let store = resource(room, &name).await.store().await.unwrap();
    for turn in 0.. {
        let seed = origin + lane * 1_000_003 + turn;
        let path = format!("folder-{}/{}", seed % 2, seed % OBJECTS);
        match seed % 7 {
            0 => {
                tell(&format!("begin {lane} remove {name} {path}"));
                match store.delete(&path.as_str().into()).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            1 => {
                let length = 100_000 + usize::try_from(seed % 50_000).unwrap();
                tell(&format!("begin {lane} put {name} {path} {seed} {length}"));
                put_in_parts(&store, &path, &bytes(seed, length)).await;
            }
            _ => {
                let length = usize::try_from(seed * 37 % 40_000).unwrap();
                tell(&format!("begin {lane} put {name} {path} {seed} {length}"));
                store
                    .put(&path.as_str().into(), bytes(seed, length).into())
                    .await
                    .unwrap();
            }
        }
        tell(&format!("done {lane}"));
    }
}

async fn put_in_parts(store: &Arc<dyn ObjectStore>, path: &str, bytes: &[u8]) {
    let upload = store.put_multipart(&path.into()).await.unwrap();
    let mut parts = WriteMultipart::new_with_chunk_size(upload, 30_000);
    parts.write(bytes);
    parts.finish().await.unwrap();
}

/// Lets a few resources come and go.
async fn lives(room: &Strongroom) {
    for turn in 0.. {
        let name = format!("life-{}", turn % 3);
        let (what, done) = next(room, &name).await;
        tell(&format!("begin life {what} {name}"));
        done.await;
        tell("done life");
    }
}

type Doing<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What comes next in the life of a resource: created, deleted, recovered, deleted, purged.
async fn next<'a>(room: &'a Strongroom, name: &str) -> (&'static str, Doing<'a>) {
    let parsed: strongroom_base::ResourceName = name.parse().unwrap();
    let Ok(found) = room.resource(&parsed).await else {
        let new = NewResource::new(parsed, room.show().region.clone());
        return (
            "create",
            Box::pin(async { drop(room.create_resource(new).await.unwrap()) }),
        );
    };
    let view = found.show().await.unwrap();
    // The time of creation decides whether this one is recovered, once.
    let spared = view.created.as_unix_millis() % 2 == 0;
    match view.state {
        ResourceState::Active => (
            "delete",
            Box::pin(async move { drop(found.delete().await.unwrap()) }),
        ),
        ResourceState::Deleted { at, .. } if spared && at.as_unix_millis() % 2 == 0 => (
            "recover",
            Box::pin(async move { drop(found.recover().await.unwrap()) }),
        ),
        _ => (
            "purge",
            Box::pin(async move { found.purge().await.unwrap() }),
        ),
    }
}
