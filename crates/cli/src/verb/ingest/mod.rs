//! `strongroom ingest`: plain data that is there already, sealed into a resource.
//!
//! Nothing is kept of how far it came: what is at the destination and is the same bytes is there
//! already. So a run that was cut off, however hard, is gone on with by the same command.

mod source;
mod take_away;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use serde_json::json;

use self::source::{Item, find};
use crate::address::Address;
use crate::args::Ingest;
use crate::digest::of_stream;
use crate::failure::Failure;
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
    let sealed = session.store(&destination.resource).await?;
    let items = find(&source, output).await?;
    let bar = output.bytes_bar("ingesting", items.iter().map(|item| item.size).sum());
    let ingest = Ingesting {
        sealed: &*sealed,
        destination: &destination,
        force,
        remove_source,
        bar: &bar,
    };
    let done = stream::iter(&items)
        .map(|item| ingest.one(item))
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

struct Ingesting<'a> {
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
    async fn one(&self, item: &Item) -> Result<Tally, Failure> {
        // The name below what was named is the name below the destination, byte for byte.
        let to = self.destination.join(&item.name, item.kind)?;
        let mut tally = Tally {
            bytes: item.size,
            ..Tally::default()
        };
        if self.is_there(item, &to).await? {
            tally.there = 1;
            self.bar.inc(item.size);
        } else {
            self.seal(item, &to).await?;
            tally.ingested = 1;
        }
        if self.remove_source {
            item.remove().await?;
            tally.removed = 1;
        }
        Ok(tally)
    }

    /// Whether the destination holds the same bytes; an error if it holds others that are not to be
    /// replaced.
    async fn is_there(&self, item: &Item, to: &ObjectPath) -> Result<bool, Failure> {
        let there = match self.sealed.head(to).await {
            Ok(there) => there,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if there.size == item.size {
            let theirs = of_stream(item.blocks().await?).await?;
            let ours = of_stream(self.sealed.get(to).await?.into_stream()).await?;
            if theirs == ours {
                return Ok(true);
            }
        }
        if self.force {
            return Ok(false);
        }
        Err(Failure::Differs(item.shown()))
    }

    /// Seals it, reads it back and compares.
    async fn seal(&self, item: &Item, to: &ObjectPath) -> Result<(), Failure> {
        let blocks = item.blocks().await?;
        let taken = store_blocks(self.sealed, to, blocks, self.force, self.bar).await?;
        let back = of_stream(self.sealed.get(to).await?.into_stream()).await?;
        if taken != back {
            return Err(Failure::ReadBackDiffers(item.shown()));
        }
        Ok(())
    }
}
