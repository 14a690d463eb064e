//! `strongroom rm`.

use futures::StreamExt as _;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::json;
use strongroom_base::{Outcome as _, OutcomeKind};

use super::stat::is_folder;
use crate::address::Address;
use crate::args::Rm;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;
use crate::several::Several;

pub(crate) async fn run(session: &Session, args: Rm, output: &Output) -> Result<(), Failure> {
    let Rm { paths, recursive } = args;
    let mut several = Several::new(output);
    let mut removed = 0_u64;
    for address in &paths {
        let done = remove(session, address, recursive, &mut removed, &mut several).await;
        if let Err(failure) = done {
            several.note(failure)?;
        }
    }
    if removed > 0 || several.is_empty() {
        output.answer(&json!({ "removed": removed }), || {
            format!("{removed} removed")
        })?;
    }
    several.end()
}

async fn remove(
    session: &Session,
    address: &Address,
    recursive: bool,
    removed: &mut u64,
    several: &mut Several<'_>,
) -> Result<(), Failure> {
    if address.path.is_empty() {
        return Err(Failure::NoPath(address.resource.to_string()));
    }
    let store = session.store(&address.resource).await?;
    if let Some(location) = locate(&*store, address).await? {
        store.delete(&location).await?;
        *removed += 1;
        return Ok(());
    }
    let prefix = address.as_folder()?;
    if address.link || !is_folder(&*store, &prefix).await? {
        return Err(Failure::NotFound(address.shown()));
    }
    if !recursive {
        return Err(Failure::IsFolder(address.shown()));
    }
    // Removed as they are listed: no folder is too large for the memory.
    let listed = store.list(Some(&prefix)).map(|entry| match entry {
        Ok(meta) => Ok(meta.location),
        Err(error) => of_damaged(&error).ok_or(error),
    });
    let mut deleted = store.delete_stream(listed.boxed());
    while let Some(one) = deleted.next().await {
        match one {
            Ok(_) => *removed += 1,
            // Somebody else was faster.
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => several.note(error.into())?,
        }
    }
    Ok(())
}

/// Where the object at an address is, whole or damaged.
async fn locate(store: &dyn ObjectStore, address: &Address) -> Result<Option<ObjectPath>, Failure> {
    for kind in address.kinds() {
        let location = address.join(b"", *kind)?;
        match store.head(&location).await {
            Ok(_) => return Ok(Some(location)),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => match Failure::from(error) {
                damage if damage.kind() == OutcomeKind::Damaged => return Ok(Some(location)),
                other => return Err(other),
            },
        }
    }
    Ok(None)
}

/// Where an object is that cannot be listed because it is damaged: it can be removed all the same, unlike
/// what somebody put into the objects folder that is no object.
fn of_damaged(error: &object_store::Error) -> Option<ObjectPath> {
    let object_store::Error::Generic { source, .. } = error else {
        return None;
    };
    match source.downcast_ref()? {
        strongroom::Error::Object { location, source } => {
            let is_object = !matches!(**source, strongroom::Error::Folder(_));
            let is_damaged = is_object && source.kind() == OutcomeKind::Damaged;
            ObjectPath::parse(location).ok().filter(|_| is_damaged)
        }
        _ => None,
    }
}
