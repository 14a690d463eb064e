//! `strongroom cp` and `strongroom mv`.

use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::path::Path as ObjectPath;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt as _};
use strongroom::EncryptedStore;

use super::stat::{find, is_folder};
use crate::address::Address;
use crate::args::{Copy, Move};
use crate::failure::Failure;
use crate::object_path::decode;
use crate::output::Output;
use crate::session::Session;
use crate::several::Several;
use crate::shown::shortened;
use crate::transfer::{AT_ONCE, Moved, Onto, Source, store};

/// What is done with what is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Source,
    Nothing,
}

pub(crate) async fn copy(session: &Session, args: Copy, output: &Output) -> Result<(), Failure> {
    let Copy {
        source,
        destination,
        recursive,
    } = args;
    run(
        session,
        &source,
        &destination,
        recursive,
        Keep::Source,
        output,
    )
    .await
}

pub(crate) async fn r#move(session: &Session, args: Move, output: &Output) -> Result<(), Failure> {
    let Move {
        source,
        destination,
    } = args;
    run(session, &source, &destination, true, Keep::Nothing, output).await
}

async fn run(
    session: &Session,
    source: &Address,
    destination: &Address,
    recursive: bool,
    keep: Keep,
    output: &Output,
) -> Result<(), Failure> {
    let resource = session.resource(&source.resource).await?;
    let sealed = resource.encrypted_store().await?;
    let from: Arc<dyn ObjectStore> = Arc::new(sealed.clone());
    let within = source.resource == destination.resource;
    let to: Arc<dyn ObjectStore> = if within {
        Arc::clone(&from)
    } else {
        session.store(&destination.resource).await?
    };
    let ways = ways(&from, &*to, source, destination, recursive).await?;
    let (doing, done) = match keep {
        Keep::Source => ("copying", "copied"),
        Keep::Nothing => ("moving", "moved"),
    };
    let bar = output.bytes_counter(doing);
    let ends = Ends {
        from: &sealed,
        to: &*to,
        within,
        keep,
    };
    let mut several = Several::new(output);
    let mut moved = Moved::default();
    let each = ways
        .map(|way| async {
            let way = way?;
            let moved = ends.relocate(&way, &bar).await;
            moved.map_err(|failure| failure.of(&way.shown))
        })
        .buffer_unordered(AT_ONCE);
    let ended = several.each(each, &bar, |bytes| moved.add(bytes)).await;
    bar.finish_and_clear();
    moved.answer(done, several.count(), output)?;
    ended?;
    several.end()
}

/// One object and where it goes.
struct Way {
    object: ObjectMeta,
    to: ObjectPath,
    /// What the same path would be as the other kind: a file replaces a link, and the reverse.
    replaces: ObjectPath,
    /// What it is called where it lies.
    shown: String,
}

/// As `cp -r` has it: one file goes to the path that is named, unless that is a folder's, and a folder
/// becomes what is named, unless that is there; then it goes below it.
async fn ways(
    from: &Arc<dyn ObjectStore>,
    to: &dyn ObjectStore,
    source: &Address,
    destination: &Address,
    recursive: bool,
) -> Result<BoxStream<'static, Result<Way, Failure>>, Failure> {
    let into = destination.path.is_empty()
        || destination.folder
        || is_folder(to, &destination.as_folder()?).await?;
    let target = if into {
        destination.at(destination.joined(source.base_name()))
    } else {
        destination.clone()
    };
    let within = source.resource == destination.resource;
    if !source.path.is_empty() && !source.folder {
        match find(&**from, source).await {
            Ok(object) => {
                if within && target.path == source.path {
                    return Err(Failure::OntoItself(source.shown()));
                }
                let way = way(object, b"", source, &target);
                return Ok(stream::once(async { way }).boxed());
            }
            Err(Failure::NotFound(_)) => {}
            Err(other) => return Err(other),
        }
    }
    let prefix = source.as_folder()?;
    if source.link || !is_folder(&**from, &prefix).await? {
        return Err(Failure::NotFound(source.shown()));
    }
    if !recursive {
        return Err(Failure::IsFolder(source.shown()));
    }
    if within && is_below(&target.path, &source.path) {
        return Err(Failure::OntoItself(source.shown()));
    }
    let source = source.clone();
    // Each goes as it is listed: no folder is too large for the memory.
    let listed = from.list(Some(&prefix));
    let ways = listed.map(move |object| {
        let object = object?;
        let (path, _) = decode(&object.location);
        let below = path.get(source.path.len()..).unwrap_or_default();
        let below = below.strip_prefix(b"/").unwrap_or(below).to_vec();
        way(object, &below, &source, &target)
    });
    Ok(ways.boxed())
}

fn way(
    object: ObjectMeta,
    below: &[u8],
    source: &Address,
    target: &Address,
) -> Result<Way, Failure> {
    let (path, kind) = decode(&object.location);
    Ok(Way {
        object,
        to: target.join(below, kind)?,
        replaces: target.join(below, kind.other())?,
        shown: format!("{}/{}", source.resource, shortened(&path)),
    })
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest.starts_with(b"/"))
}

struct Ends<'a> {
    from: &'a EncryptedStore,
    to: &'a dyn ObjectStore,
    within: bool,
    keep: Keep,
}

impl Ends<'_> {
    async fn relocate(&self, way: &Way, bar: &ProgressBar) -> Result<u64, Failure> {
        let Way {
            object,
            to,
            replaces,
            ..
        } = way;
        let from = &object.location;
        match (self.within, self.keep) {
            (true, Keep::Source) => self.from.copy(from, to).await?,
            (true, Keep::Nothing) => self.from.rename(from, to).await?,
            (false, Keep::Source) => {
                let found = self.from.get(from).await?;
                let mut blocks = Source::blocks(found.into_stream());
                store(Onto::Any(self.to), to, &mut blocks, bar).await?;
            }
            (false, Keep::Nothing) => {
                let seen = self.from.see(from).await?;
                let found = self.from.get(from).await?;
                let taken = found.meta.clone();
                let mut blocks = Source::blocks(found.into_stream());
                store(Onto::Any(self.to), to, &mut blocks, bar).await?;
                let removed = self.from.delete_seen(&seen, &taken).await;
                removed.map_err(|error| match error {
                    // What was put there meanwhile stays.
                    StoreError::Precondition { .. } => Failure::ChangedMeanwhile(from.to_string()),
                    error => error.into(),
                })?;
            }
        }
        if self.within {
            bar.inc(object.size);
        }
        match self.to.delete(replaces).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(object.size),
            Err(error) => Err(error.into()),
        }
    }
}
