//! `strongroom cat`.

use futures::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path as ObjectPath};
use tokio::io::AsyncWriteExt as _;

use super::stat::find_file;
use crate::address::Address;
use crate::args::Cat;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::several::Several;

pub(crate) async fn run(session: &Session, args: Cat, output: &Output) -> Result<(), Failure> {
    let mut several = Several::new(output);
    for address in &args.paths {
        if let Err(failure) = one(session, address).await {
            several.note(failure.of(&address.shown()))?;
        }
    }
    several.end()
}

async fn one(session: &Session, address: &Address) -> Result<(), Failure> {
    let store = session.store(&address.resource).await?;
    let meta = find_file(&*store, address).await?;
    to_stdout(&*store, &meta.location).await
}

/// Writes an object to standard output, block by block, each only once it has been authenticated.
pub(crate) async fn to_stdout(
    store: &dyn ObjectStore,
    location: &ObjectPath,
) -> Result<(), Failure> {
    let mut plain = store.get(location).await?.into_stream();
    // Whoever reads it may take their time.
    let mut out = tokio::io::stdout();
    while let Some(block) = plain.try_next().await? {
        out.write_all(&block).await.map_err(Failure::Output)?;
    }
    out.flush().await.map_err(Failure::Output)
}
