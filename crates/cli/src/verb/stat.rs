//! `strongroom stat`.

use futures::StreamExt as _;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use strongroom_base::{Outcome as _, OutcomeKind};

use super::ls::{Line, Listing};
use crate::address::Address;
use crate::args::Stat;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::several::Several;

pub(crate) async fn run(session: &Session, args: Stat, output: &Output) -> Result<(), Failure> {
    let mut several = Several::new(output);
    let mut listing = Listing::new(output);
    for address in &args.paths {
        match line(session, address).await {
            Ok(line) => listing.line(&line)?,
            Err(failure) => several.note(failure)?,
        }
    }
    several.end()
}

async fn line(session: &Session, address: &Address) -> Result<Line, Failure> {
    let store = session.store(&address.resource).await?;
    match find(&*store, address).await {
        Ok(meta) => {
            let mut line = Line::object(&meta);
            line.is_second = address.link;
            Ok(line)
        }
        Err(nothing_there @ Failure::NotFound(_)) => {
            let prefix = address.as_folder()?;
            if address.link || !is_folder(&*store, &prefix).await? {
                return Err(nothing_there);
            }
            let within = store.list_with_delimiter(Some(&prefix)).await?;
            let entries = within.objects.len() + within.common_prefixes.len();
            Ok(Line::folder(&prefix, Some(entries)))
        }
        Err(other) => Err(other),
    }
}

/// The object at an address, be it a file or a link.
pub(crate) async fn find(
    store: &dyn ObjectStore,
    address: &Address,
) -> Result<ObjectMeta, Failure> {
    if address.path.is_empty() {
        return Err(Failure::NoPath(address.resource.to_string()));
    }
    for kind in address.kinds() {
        match store.head(&address.join(b"", *kind)?).await {
            Ok(meta) => return Ok(meta),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::NotFound(address.shown()))
}

/// The object at an address that names a file and no folder.
pub(crate) async fn find_file(
    store: &dyn ObjectStore,
    address: &Address,
) -> Result<ObjectMeta, Failure> {
    match find(store, address).await {
        Err(Failure::NotFound(shown)) => {
            if !address.link && is_folder(store, &address.as_folder()?).await? {
                return Err(Failure::FolderToStdout(shown));
            }
            Err(Failure::NotFound(shown))
        }
        found => found,
    }
}

/// Whether anything lies below a prefix, whole or damaged.
pub(crate) async fn is_folder(
    store: &dyn ObjectStore,
    prefix: &ObjectPath,
) -> Result<bool, Failure> {
    match store.list(Some(prefix)).next().await {
        None => Ok(false),
        Some(Ok(_)) => Ok(true),
        Some(Err(error)) => match Failure::from(error) {
            damage if damage.kind() == OutcomeKind::Damaged => Ok(true),
            other => Err(other),
        },
    }
}
