//! Folders with an installation at a moment.

use std::path::Path;
use std::sync::Arc;

use strongroom::{InitOptions, NewResource, Options, ResourceHandle, Strongroom};
use strongroom_base::Timestamp;
use strongroom_tests::fault::FaultPlan;

/// When everything is prepared.
pub(crate) const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
/// When the saga runs.
pub(crate) const SOON_AFTER: Timestamp = Timestamp::from_unix_millis(1_800_000_001_000);
/// When the next process starts: what the last one had claimed and announced is too old by then.
pub(crate) const STARTS_AGAIN: Timestamp = Timestamp::from_unix_millis(1_800_000_900_000);

pub(crate) async fn init(scene: &Path) -> Strongroom {
    let options = options(START, None);
    let data = scene.join("data");
    std::fs::create_dir_all(scene).unwrap();
    Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    Strongroom::open(&data, &options).await.unwrap()
}

pub(crate) async fn open(scene: &Path, at: Timestamp, plan: Option<&FaultPlan>) -> Strongroom {
    let data = scene.join("data");
    let room = Strongroom::open(data, &options(at, plan)).await.unwrap();
    // As a service does when it starts.
    room.maintenance().run_due().await.unwrap();
    room
}

fn options(at: Timestamp, plan: Option<&FaultPlan>) -> Options {
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER).with_clock(Arc::new(at));
    match plan {
        Some(plan) => options.with_faults(Arc::new(plan.clone())),
        None => options,
    }
}

pub(crate) async fn resource(room: &Strongroom) -> ResourceHandle {
    let name = "notes".parse().unwrap();
    if let Ok(found) = room.resource(&name).await {
        return found;
    }
    let region = room.show().region.clone();
    let created = room.create_resource(NewResource::new(name, region)).await;
    created.unwrap()
}

/// Copies a scene: a folder with an installation's data and what is kept beside them.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
