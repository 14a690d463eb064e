//! `strongroom ingest`: plain data that is there already, sealed into a resource.
//!
//! Nothing is kept of how far it came: what is at the destination and is the same bytes is there
//! already. So a run that was cut off, however hard, is gone on with by the same command.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, parse_url_opts};
use serde_json::json;
use url::Url;

use crate::address::Address;
use crate::args::Ingest;
use crate::digest::of_stream;
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::{Output, bytes};
use crate::session::Session;
use crate::transfer::{AT_ONCE, store_blocks};

pub(crate) async fn run(session: &Session, args: Ingest, output: &Output) -> Result<(), Failure> {
    let Ingest {
        source,
        destination,
        force,
        remove_source,
    } = args;
    let (plain, prefix) = open(&source)?;
    let sealed = session.store(&destination.resource).await?;
    let objects: Vec<ObjectMeta> = plain.list(Some(&prefix)).try_collect().await?;
    if objects.is_empty() {
        return Err(Failure::NothingToIngest(source));
    }
    let bar = output.bytes_bar("ingesting", objects.iter().map(|object| object.size).sum());
    let ingest = Ingesting {
        plain: &*plain,
        prefix,
        sealed: &*sealed,
        destination: &destination,
        force,
        remove_source,
        bar: &bar,
    };
    let done = stream::iter(&objects)
        .map(|object| ingest.one(object))
        .buffer_unordered(AT_ONCE)
        .try_fold(Tally::default(), async |tally, one| Ok(tally.and(one)))
        .await;
    bar.finish_and_clear();
    let Tally {
        ingested,
        there,
        removed,
        bytes: size,
    } = done?;
    let answer = json!({
        "ingested": ingested,
        "alreadyThere": there,
        "removed": removed,
        "bytes": size,
    });
    output.answer(&answer, || {
        format!(
            "{ingested} ingested, {there} there already, {} compared, {removed} removed from the source",
            bytes(size)
        )
    })
}

/// The store that a URL or a folder names, and where in it.
fn open(source: &str) -> Result<(Arc<dyn ObjectStore>, ObjectPath), Failure> {
    let url = match Url::parse(source) {
        Ok(url) if url.scheme().len() > 1 => url,
        _ => folder_url(source)?,
    };
    let settings = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let (store, prefix) = parse_url_opts(&url, settings)?;
    Ok((Arc::from(store), prefix))
}

fn folder_url(folder: &str) -> Result<Url, Failure> {
    let path = std::fs::canonicalize(folder).map_err(Failure::file("opening", folder))?;
    Url::from_file_path(&path).map_err(|()| Failure::NothingToIngest(folder.to_owned()))
}

struct Ingesting<'a> {
    plain: &'a dyn ObjectStore,
    prefix: ObjectPath,
    sealed: &'a dyn ObjectStore,
    destination: &'a Address,
    force: bool,
    remove_source: bool,
    bar: &'a ProgressBar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    ingested: u64,
    there: u64,
    removed: u64,
    bytes: u64,
}

impl Tally {
    fn and(self, other: Self) -> Self {
        Self {
            ingested: self.ingested + other.ingested,
            there: self.there + other.there,
            removed: self.removed + other.removed,
            bytes: self.bytes + other.bytes,
        }
    }
}

impl Ingesting<'_> {
    async fn one(&self, object: &ObjectMeta) -> Result<Tally, Failure> {
        let to = self.location(object)?;
        let mut tally = Tally {
            bytes: object.size,
            ..Tally::default()
        };
        if self.is_there(object, &to).await? {
            tally.there = 1;
            self.bar.inc(object.size);
        } else {
            self.seal(object, &to).await?;
            tally.ingested = 1;
        }
        if self.remove_source {
            self.remove(object).await?;
            tally.removed = 1;
        }
        Ok(tally)
    }

    /// The name below the URL is the name below the destination, byte for byte.
    fn location(&self, object: &ObjectMeta) -> Result<ObjectPath, Failure> {
        let below: Vec<String> = object
            .location
            .prefix_match(&self.prefix)
            .into_iter()
            .flatten()
            .map(|part| part.as_ref().to_owned())
            .collect();
        let name = match object.location.filename() {
            // The URL names one object.
            Some(name) if below.is_empty() => name.to_owned(),
            _ => below.join("/"),
        };
        Ok(self.destination.join(name.as_bytes(), ObjectKind::File)?)
    }

    /// Whether the destination holds the same bytes; an error if it holds others that are not to be
    /// replaced.
    async fn is_there(&self, object: &ObjectMeta, to: &ObjectPath) -> Result<bool, Failure> {
        let there = match self.sealed.head(to).await {
            Ok(there) => there,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if there.size == object.size {
            let theirs = of_stream(self.plain.get(&object.location).await?.into_stream()).await?;
            let ours = of_stream(self.sealed.get(to).await?.into_stream()).await?;
            if theirs == ours {
                return Ok(true);
            }
        }
        if self.force {
            return Ok(false);
        }
        Err(Failure::Differs(object.location.to_string()))
    }

    /// Seals an object, reads it back and compares.
    async fn seal(&self, object: &ObjectMeta, to: &ObjectPath) -> Result<(), Failure> {
        let blocks = self.plain.get(&object.location).await?.into_stream();
        let taken = store_blocks(self.sealed, to, blocks, self.force, self.bar).await?;
        let back = of_stream(self.sealed.get(to).await?.into_stream()).await?;
        if taken != back {
            return Err(Failure::ReadBackDiffers(object.location.to_string()));
        }
        Ok(())
    }

    /// Removes an object that was compared, unless it has been overwritten since it was listed.
    async fn remove(&self, object: &ObjectMeta) -> Result<(), Failure> {
        let now = self.plain.head(&object.location).await?;
        if now != *object {
            return Err(Failure::ChangedMeanwhile(object.location.to_string()));
        }
        Ok(self.plain.delete(&object.location).await?)
    }
}
