//! `strongroom ingest`: plain data that is there already, sealed into a resource.
//!
//! Nothing is kept of how far it came: what is at the destination and is the same bytes is there
//! already. So a run that was cut off, however hard, is gone on with by the same command.

mod source;
mod take_away;

use futures::{StreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::ObjectStoreExt as _;
use object_store::path::Path as ObjectPath;
use serde_json::json;
use strongroom::EncryptedStore;

use self::source::{Item, Read, find};
use crate::address::Address;
use crate::args::Ingest;
use crate::digest::{Checksum, of_stream};
use crate::failure::Failure;
use crate::output::{Output, bytes};
use crate::session::Session;
use crate::several::Several;
use crate::transfer::{AT_ONCE, Onto, again_if_changed, store};

pub(crate) async fn run(session: &Session, args: Ingest, output: &Output) -> Result<(), Failure> {
    let Ingest {
        source,
        destination,
        force,
        remove_source,
    } = args;
    let sealed = session.resource(&destination.resource).await?;
    let sealed = sealed.encrypted_store().await?;
    let mut several = Several::new(output);
    let own = session.own();
    let items = find(&source, &own, output, &mut several).await?;
    let bar = output.bytes_bar("ingesting", items.iter().map(|item| item.size).sum());
    let ingest = Ingesting {
        sealed: &sealed,
        destination: &destination,
        force,
        remove_source,
        bar: &bar,
    };
    let each = stream::iter(&items)
        .map(async |item| {
            let done = again_if_changed(async || ingest.one(item).await).await;
            done.map_err(|failure| failure.of(&item.shown()))
        })
        .buffer_unordered(AT_ONCE);
    let mut tally = Tally::default();
    let ended = several.each(each, &bar, |one| tally = tally.and(one)).await;
    bar.finish_and_clear();
    tally.answer(several.count(), output)?;
    ended?;
    several.end()
}

struct Ingesting<'a> {
    sealed: &'a EncryptedStore,
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

    fn answer(self, failed: usize, output: &Output) -> Result<(), Failure> {
        let Self {
            ingested,
            there,
            removed,
            bytes: size,
        } = self;
        if failed > 0 && ingested + there == 0 {
            return Ok(());
        }
        let mut answer = json!({
            "ingested": ingested,
            "alreadyThere": there,
            "removed": removed,
            "bytes": size,
        });
        if let Some(fields) = answer.as_object_mut()
            && failed > 0
        {
            fields.insert("failed".to_owned(), failed.into());
        }
        output.answer(&answer, || {
            let rest = match failed {
                0 => String::new(),
                failed => format!("; {failed} not"),
            };
            format!(
                "{ingested} ingested, {there} there already, {} compared, {removed} removed from the source{rest}",
                bytes(size)
            )
        })
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
        let read = if let Some(read) = self.is_there(item, &to).await? {
            tally.there = 1;
            self.bar.inc(item.size);
            read
        } else {
            tally.ingested = 1;
            self.seal(item, &to).await?
        };
        if self.remove_source {
            item.remove(&read).await?;
            tally.removed = 1;
        }
        Ok(tally)
    }

    /// What was read of the source, if the destination holds the same bytes; an error if it holds others
    /// that are not to be replaced.
    async fn is_there(&self, item: &Item, to: &ObjectPath) -> Result<Option<Read>, Failure> {
        let there = match self.sealed.head(to).await {
            Ok(there) => there,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            // What is damaged is replaced where that is asked for.
            Err(_) if self.force => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if there.size == item.size {
            let theirs = item.read_through().await?;
            match self.sealed_bytes(to).await {
                Ok(ours) if ours == theirs.bytes => return Ok(Some(theirs)),
                Ok(_) => {}
                Err(_) if self.force => {}
                Err(failure) => return Err(failure),
            }
        }
        if self.force {
            return Ok(None);
        }
        Err(Failure::Differs(item.shown()))
    }

    /// Seals it, reads it back and compares.
    async fn seal(&self, item: &Item, to: &ObjectPath) -> Result<Read, Failure> {
        let onto = if self.force {
            Onto::Any(self.sealed)
        } else {
            Onto::Nothing(self.sealed)
        };
        let mut source = item.open().await?.hashed();
        let stamp = source.stamp();
        store(onto, to, &mut source, self.bar).await?;
        let bytes = source.taken();
        if self.sealed_bytes(to).await? != bytes {
            return Err(Failure::ReadBackDiffers(item.shown()));
        }
        Ok(Read { stamp, bytes })
    }

    async fn sealed_bytes(&self, location: &ObjectPath) -> Result<(Checksum, u64), Failure> {
        Ok(of_stream(self.sealed.get(location).await?.into_stream()).await?)
    }
}
