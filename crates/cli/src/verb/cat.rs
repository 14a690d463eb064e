//! `strongroom cat`.

use std::io::Write as _;

use futures::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path as ObjectPath};

use super::stat::find;
use crate::args::Cat;
use crate::failure::Failure;
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Cat) -> Result<(), Failure> {
    for address in &args.paths {
        let store = session.store(&address.resource).await?;
        let meta = find(&*store, address).await?;
        to_stdout(&*store, &meta.location).await?;
    }
    Ok(())
}

/// Writes an object to standard output, block by block, each only once it has been authenticated.
pub(crate) async fn to_stdout(
    store: &dyn ObjectStore,
    location: &ObjectPath,
) -> Result<(), Failure> {
    let mut plain = store.get(location).await?.into_stream();
    while let Some(block) = plain.try_next().await? {
        std::io::stdout()
            .write_all(&block)
            .map_err(Failure::Output)?;
    }
    std::io::stdout().flush().map_err(Failure::Output)
}
