//! The ledger on SQLite: one file, with a write-ahead log, that several processes may share.
//!
//! - Whatever was acknowledged is durable: WAL with `synchronous = FULL` syncs the log at every
//!   commit.
//! - One task of each process writes. It takes all commits that wait into one transaction
//!   (`BEGIN IMMEDIATE`), syncs once, and then answers them all. A commit that is refused changes
//!   nothing and leaves the others alone.
//! - Readers have a pool of connections of their own and never wait for the writer.
//! - All of it runs on an [`OwnRuntime`], whatever runtime a caller is in: no caller can keep a
//!   connection from the others by standing still.
//!
//! SQLite's locks need a local file system.

mod apply;
mod beside;
mod connect;
pub(crate) mod fault;
mod layout;
mod link;
mod options;
mod readers;
mod row;
mod snapshot;
mod upgrade;
mod writer;

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_base::Timestamp;
use tokio::sync::Mutex;

use self::fault::Fault;
use self::readers::Readers;
use self::snapshot::Snapshots;
use self::writer::Writer;
use crate::runtime::OwnRuntime;
use crate::{
    AggregateId, AuditRow, ChainKey, ChangeMark, Changed, Claim, ClaimOutcome, Commit, Committed,
    Find, Found, Head, Hindrance, Ledger, LedgerError, Page, Revised, Snapshot, Stored, Version,
    sql, text,
};

pub(crate) use self::connect::open_file;
pub(crate) use self::fault::damaged;
pub(crate) use self::layout::Schema;
pub(crate) use self::link::{Link, Opener, change};
pub use self::options::{SqliteOptions, Upgrade};

/// The ledger on one SQLite file.
///
/// It works on a thread of its own, or on the runtime that the options name: it can be opened and used from
/// any runtime, and from none. When the value is dropped, commits that wait are still carried out;
/// [`close`](Ledger::close) waits for them.
///
/// If the file cannot be written, it is opened for reading alone: whatever would change it is then
/// refused as [`Unavailable`](LedgerError::Unavailable).
pub struct SqliteLedger {
    runtime: OwnRuntime,
    files: Arc<Files>,
}

/// The connections.
struct Files {
    key: Arc<dyn ChainKey>,
    /// None if the file cannot be written.
    writer: Option<Writer>,
    readers: Arc<Readers>,
    snapshots: Snapshots,
    watch: Mutex<Watch>,
}

/// The connection that sees every commit as another's, so that `data_version` counts them all.
struct Watch {
    opener: Arc<Opener>,
    link: Option<Link>,
    generation: u64,
    closed: bool,
}

impl SqliteLedger {
    /// Opens the ledger in the file at `path`, and brings its schema up to date.
    ///
    /// # Errors
    /// [`LedgerError::Missing`] if there is none and `options` do not say to create it,
    /// [`LedgerError::Foreign`], [`LedgerError::NewerSchema`], [`LedgerError::Damaged`],
    /// [`LedgerError::Unavailable`].
    pub async fn open(
        path: impl AsRef<Path>,
        chain_key: Arc<dyn ChainKey>,
        options: SqliteOptions,
    ) -> Result<Self, LedgerError> {
        let runtime = options.runtime()?;
        let path = path.as_ref().to_owned();
        let opening = Files::open(path, chain_key, options, runtime.clone());
        let files = runtime.run(opening).await.map_err(Fault::from)??;
        Ok(Self {
            runtime,
            files: Arc::new(files),
        })
    }

    /// Whether the file cannot be written, and was opened for reading alone.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.files.writer.is_none()
    }

    /// Carries `work` out on the runtime: whoever asked may stand still meanwhile.
    async fn run<T: Send + 'static, W: Future<Output = Result<T, LedgerError>> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Files>) -> W,
    ) -> Result<T, LedgerError> {
        let work = work(Arc::clone(&self.files));
        self.runtime.run(work).await.map_err(Fault::from)?
    }
}

impl Files {
    async fn open(
        path: PathBuf,
        chain_key: Arc<dyn ChainKey>,
        options: SqliteOptions,
        runtime: OwnRuntime,
    ) -> Result<Self, LedgerError> {
        let key = Some(&*chain_key);
        let (link, opener) = open_file(&path, Schema::ledger(), &options, key).await?;
        let reading = Arc::new(opener.reading());
        let writer = if opener.is_read_only() {
            link.close().await?;
            None
        } else {
            Some(Writer::start(
                link,
                Arc::new(opener),
                Arc::clone(&chain_key),
                &runtime,
            ))
        };
        let watch = Watch {
            opener: Arc::clone(&reading),
            link: None,
            generation: 0,
            closed: false,
        };
        Ok(Self {
            key: chain_key,
            writer,
            snapshots: Snapshots::new(Arc::clone(&reading), options.readers),
            readers: Readers::new(reading, options.readers),
            watch: Mutex::new(watch),
        })
    }

    fn writer(&self) -> Result<&Writer, Fault> {
        self.writer.as_ref().ok_or(Hindrance::ReadOnly.into())
    }
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger").finish_non_exhaustive()
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError> {
        let id = id.clone();
        self.run(|files| async move { files.load(&id).await }).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, LedgerError> {
        let runtime = self.runtime.clone();
        let taken = self.run(|files| async move {
            let key = Arc::clone(&files.key);
            Ok(files.snapshots.take(key, runtime).await?)
        });
        Ok(Box::new(taken.await?))
    }

    async fn commit(&self, commit: Commit, now: Timestamp) -> Result<Committed, LedgerError> {
        commit.validate()?;
        self.files.writer()?.commit(commit, now).await
    }

    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        query.validate()?;
        page.validate()?;
        let query = query.clone();
        self.run(|files| async move { files.find(&query, page).await })
            .await
    }

    async fn find_sound(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        query.validate()?;
        page.validate()?;
        let query = query.clone();
        self.run(|files| async move { files.find_sound(&query, page).await })
            .await
    }

    async fn claim(&self, claim: &Claim, now: Timestamp) -> Result<ClaimOutcome, LedgerError> {
        claim.validate_at(now)?;
        self.files.writer()?.claim(claim.clone(), now).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), LedgerError> {
        claim.validate()?;
        self.files.writer()?.release(claim.clone()).await
    }

    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        self.run(|files| async move { files.heads().await }).await
    }

    async fn audit(
        &self,
        chain: &str,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<AuditRow>, LedgerError> {
        let chain = chain.to_owned();
        self.run(|files| async move { files.audit(&chain, after_sequence, limit).await })
            .await
    }

    async fn revisions(
        &self,
        after: Option<&AggregateId>,
        limit: u32,
    ) -> Result<Vec<Revised>, LedgerError> {
        let after = after.cloned();
        self.run(|files| async move { files.revisions(after.as_ref(), limit).await })
            .await
    }

    async fn changed(&self) -> Result<ChangeMark, LedgerError> {
        self.run(|files| async move { files.changed().await }).await
    }

    async fn newest(&self) -> Result<Version, LedgerError> {
        self.run(|files| async move { files.newest().await }).await
    }

    async fn changes(&self, after: Version, limit: u32) -> Result<Vec<Changed>, LedgerError> {
        self.run(|files| async move { files.changes(after, limit).await })
            .await
    }

    async fn close(&self) -> Result<(), LedgerError> {
        self.run(|files| async move { files.close().await }).await
    }
}

impl Files {
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError> {
        let mut reading = self.readers.begin().await?;
        let stored = reading.load(id, &*self.key).await?;
        reading.end().await?;
        Ok(stored)
    }

    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        let mut reading = self.readers.begin().await?;
        let found = reading.find(query, &page).await?;
        reading.end().await?;
        Ok(found)
    }

    async fn find_sound(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        let mut reading = self.readers.begin().await?;
        let found = reading.find_sound(query, &page).await?;
        reading.end().await?;
        Ok(found)
    }

    async fn heads(&self) -> Result<Vec<Head>, LedgerError> {
        let rows = self.readers.rows(sqlx::query(sql::HEADS)).await?;
        Ok(rows.iter().map(row::head).collect::<Result<_, _>>()?)
    }

    async fn audit(
        &self,
        chain: &str,
        after_sequence: u64,
        limit: u32,
    ) -> Result<Vec<AuditRow>, LedgerError> {
        text::name("chain", chain, 255)?;
        let after = text::number("sequence", after_sequence)?;
        let entries = sqlx::query(sql::ENTRIES)
            .bind(chain)
            .bind(after)
            .bind(limit);
        let rows = self.readers.rows(entries).await?;
        let mut last = after_sequence;
        let entries = rows.iter().map(|row| {
            let row = row::entry(row, chain, last)?;
            last = row.sequence;
            Ok(row)
        });
        Ok(entries.collect::<Result<_, Fault>>()?)
    }

    async fn revisions(
        &self,
        after: Option<&AggregateId>,
        limit: u32,
    ) -> Result<Vec<Revised>, LedgerError> {
        let after = after.map_or("", AggregateId::as_str);
        let read = sqlx::query(sql::REVISIONS).bind(after).bind(limit);
        let rows = self.readers.rows(read).await?;
        let revised = rows.iter().map(|row| row::revised(row, &*self.key));
        Ok(revised.collect::<Result<_, _>>()?)
    }

    async fn changed(&self) -> Result<ChangeMark, LedgerError> {
        let mut watch = self.watch.lock().await;
        let Watch {
            opener,
            link,
            generation,
            closed,
        } = &mut *watch;
        if *closed {
            return Err(LedgerError::Closed);
        }
        // Taken out while it is asked, so that one that failed is never asked again. Another
        // connection counts from elsewhere: the generation tells them apart.
        let mut asked = if let Some(open) = link.take() {
            open
        } else {
            *generation = generation.wrapping_add(1);
            opener.connect().await?
        };
        let version = asked.data_version().await?;
        *link = Some(asked);
        Ok(ChangeMark::new(*generation, version.cast_unsigned()))
    }

    async fn newest(&self) -> Result<Version, LedgerError> {
        let mut reading = self.readers.begin().await?;
        let newest = reading.newest().await?;
        reading.end().await?;
        Ok(newest)
    }

    async fn changes(&self, after: Version, limit: u32) -> Result<Vec<Changed>, LedgerError> {
        let after = text::number("version", after.as_u64())?;
        let changes = sqlx::query(sql::CHANGES).bind(after).bind(limit);
        let rows = self.readers.rows(changes).await?;
        Ok(rows.iter().map(row::change).collect::<Result<_, _>>()?)
    }

    async fn close(&self) -> Result<(), LedgerError> {
        let read = self.snapshots.close().await;
        let read = self.readers.close().await.and(read);
        let mut watch = self.watch.lock().await;
        watch.closed = true;
        let open = watch.link.take();
        drop(watch);
        // The writer goes last: whoever closes last writes the log back and removes it.
        let watched = match open {
            Some(open) => open.close().await,
            None => Ok(()),
        };
        if let Some(writer) = &self.writer {
            writer.close().await?;
        }
        Ok(read.and(watched)?)
    }
}
