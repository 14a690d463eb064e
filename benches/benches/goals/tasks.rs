//! Many tasks at once, with objects of many sizes.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use object_store::ObjectStore;
use object_store::path::Path;
use strongroom_benches::data;
use tokio::runtime::Runtime;

use crate::folder::{beside, with_a_folder};
use crate::pair::{Table, Work};
use crate::plain;

const TASKS: usize = 64;
/// What each task puts and gets, in an order of its own.
const SIZES: [usize; 4] = [1 << 10, 16 << 10, 200_000, 1 << 20];

pub(crate) fn measure(table: &mut Table) {
    let name = "64 tasks put and get, mixed sizes ÷ plain";
    if !table.wants(name) {
        return;
    }
    let bench = with_a_folder();
    let folder = tempfile::tempdir().unwrap();
    let local: Arc<dyn ObjectStore> = Arc::new(beside(&bench, folder.path()));
    let bytes = Bytes::from(data(1 << 20));
    table.row(
        name,
        Work::Bytes(TASKS * 2 * SIZES.iter().sum::<usize>()),
        || all_at_once(&bench.runtime, &bench.store, &bytes),
        || all_at_once(&bench.runtime, &local, &bytes),
    );
}

fn all_at_once(runtime: &Runtime, store: &Arc<dyn ObjectStore>, bytes: &Bytes) {
    let tasks = (0..TASKS).map(|task| {
        let (store, bytes) = (Arc::clone(store), bytes.clone());
        runtime.spawn(async move {
            for turn in 0..SIZES.len() {
                let size = SIZES[(task + turn) % SIZES.len()];
                let path = Path::from(format!("task-{task}/{turn}"));
                plain::put(&*store, &path, &bytes.slice(..size)).await;
                assert_eq!(plain::get(&*store, &path).await.len(), size);
            }
        })
    });
    for task in runtime.block_on(join_all(tasks.collect::<Vec<_>>())) {
        task.unwrap();
    }
}
