//! `strongroom rm`.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStore, path::Path as ObjectPath};
use serde_json::json;

use super::stat::find;
use crate::address::Address;
use crate::args::Rm;
use crate::failure::Failure;
use crate::object_path::display;
use crate::output::Output;
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Rm, output: &Output) -> Result<(), Failure> {
    let Rm { paths, recursive } = args;
    let mut removed = 0_u64;
    for address in &paths {
        let store = session.store(&address.resource).await?;
        let found = targets(&*store, address, recursive).await?;
        let mut deleted = store.delete_stream(stream::iter(found.into_iter().map(Ok)).boxed());
        while deleted.try_next().await?.is_some() {
            removed += 1;
        }
    }
    output.answer(&json!({ "removed": removed }), || {
        format!("{removed} removed")
    })
}

async fn targets(
    store: &dyn ObjectStore,
    address: &Address,
    recursive: bool,
) -> Result<Vec<ObjectPath>, Failure> {
    let nothing_there = match find(store, address).await {
        Ok(meta) => return Ok(vec![meta.location]),
        Err(failure @ Failure::NotFound(_)) => failure,
        Err(other) => return Err(other),
    };
    let below: Vec<ObjectPath> = store
        .list(Some(&address.as_folder()?))
        .map_ok(|meta| meta.location)
        .try_collect()
        .await?;
    if below.is_empty() {
        return Err(nothing_there);
    }
    if !recursive || address.path.is_empty() {
        let shown = format!("{}/{}", address.resource, display(&address.path));
        return Err(Failure::IsFolder(shown));
    }
    Ok(below)
}
