//! Sealed keys that can be erased: a file of their own, from which a deleted key is really gone.
//!
//! A write-ahead log keeps old pages for as long as somebody reads, `secure_delete` or not. So these keys
//! are kept apart, with a rollback journal (`journal_mode = DELETE`), `secure_delete = ON` and
//! `synchronous = EXTRA`. That alone is not enough, as the tests have shown:
//!
//! - When SQLite moves rows between pages it leaves copies of them in the gaps. So `sealed` stands
//!   behind 4,096 bytes of zeros in its row. What does not fit a row's page goes to overflow pages,
//!   which belong to one row, are never shared out anew, and are zeroed when the row goes
//!   (<https://www.sqlite.org/fileformat2.html>, section 1.6).
//! - A free page that is used again is not in the journal, so what a cut-off commit wrote into it
//!   would stay. With `auto_vacuum = FULL` there are no free pages: a cut-off commit only made the file
//!   longer, and rolling back shortens it.
//!
//! When [`KeyFile::erase`] has returned, the sealed bytes are in no page of the file and the journal
//! that held them is unlinked, durably. What the file system and the disk keep of overwritten
//! blocks and unlinked files is beyond any program's reach.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use strongroom_base::{Outcome, OutcomeKind, Retry};
use tokio::sync::{Mutex, MutexGuard};

use crate::runtime::OwnRuntime;
use crate::sqlite::fault::Fault;
use crate::sqlite::{Link, Opener, Schema, SqliteOptions, change, damaged, open_file};
use crate::{Damage, Invalid, LedgerError, sql, text};

/// The longest sealed key, in bytes.
const MAX_SEALED: usize = 64 << 10;

/// Sealed keys by id. An id is 1 to 255 visible ASCII characters.
#[async_trait]
pub trait KeyFile: fmt::Debug + Send + Sync {
    /// Keeps `sealed`, at most 64 KiB, under `id`. It is durable when this returns.
    ///
    /// # Errors
    /// [`KeyFileError::Exists`] if the id has a key: none is ever overwritten.
    async fn put(&self, id: &str, sealed: &[u8]) -> Result<(), KeyFileError>;

    /// The key under `id`, or `None` if there is none.
    ///
    /// # Errors
    /// [`KeyFileError::File`]: every call can end so.
    async fn load(&self, id: &str) -> Result<Option<Bytes>, KeyFileError>;

    /// Erases the key under `id`, and says whether there was one. Either way it has looked, and none is
    /// there when this returns.
    ///
    /// # Errors
    /// [`KeyFileError::File`]. It may or may not be gone: erase it again.
    async fn erase(&self, id: &str) -> Result<bool, KeyFileError>;

    /// Up to `limit` ids behind `after` (all, for `None`), in the order of their bytes.
    ///
    /// # Errors
    /// As every call.
    async fn ids(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, KeyFileError>;

    /// Lets go of the file. Whatever is asked later ends in [`LedgerError::Closed`].
    ///
    /// # Errors
    /// As every call. It is closed all the same.
    async fn close(&self) -> Result<(), KeyFileError>;
}

/// Why the key file did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The id has a key already.
    #[error("there is a key `{id}` already, and none is overwritten: choose another id")]
    Exists {
        /// Which id.
        id: String,
    },
    /// The file, or the request, is not as it should be.
    #[error(transparent)]
    File(#[from] LedgerError),
}

impl Outcome for KeyFileError {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "KeyFileKeyExists",
            Self::File(error) => error.code(),
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Exists { .. } => OutcomeKind::Refused,
            Self::File(error) => error.kind(),
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Exists { .. } => Retry::Never,
            Self::File(error) => error.retry(),
        }
    }
}

impl From<Fault> for KeyFileError {
    fn from(fault: Fault) -> Self {
        Self::File(fault.into())
    }
}

impl From<Invalid> for KeyFileError {
    fn from(invalid: Invalid) -> Self {
        Self::File(invalid.into())
    }
}

impl From<sqlx::Error> for KeyFileError {
    fn from(error: sqlx::Error) -> Self {
        Fault::from(error).into()
    }
}

/// The key file on SQLite. Several processes may share it. It works on a thread of its own, or on the
/// runtime that the options name.
///
/// # Cancel safety
/// A call whose future is dropped has happened whole, or not at all.
pub struct SqliteKeyFile {
    runtime: OwnRuntime,
    file: Arc<File>,
}

struct File(Mutex<Slot>);

struct Slot {
    opener: Arc<Opener>,
    /// `None` after a call that failed, and when closed.
    open: Option<Link>,
    closed: bool,
}

impl SqliteKeyFile {
    /// Opens the key file at `path`, and brings its schema up to date.
    ///
    /// # Errors
    /// As [`SqliteLedger::open`](crate::sqlite::SqliteLedger::open).
    pub async fn open(
        path: impl AsRef<Path>,
        options: SqliteOptions,
    ) -> Result<Self, KeyFileError> {
        let runtime = options.runtime()?;
        let path = path.as_ref().to_owned();
        let opening = async move { open_file(&path, Schema::keys(), &options, None).await };
        let (open, opener) = runtime.run(opening).await.map_err(Fault::from)??;
        let slot = Slot {
            opener: Arc::new(opener),
            open: Some(open),
            closed: false,
        };
        Ok(Self {
            runtime,
            file: Arc::new(File(Mutex::new(slot))),
        })
    }

    /// Carries `work` out on the runtime: whoever asked may stand still meanwhile, and keeps nobody waiting.
    async fn run<
        T: Send + 'static,
        W: Future<Output = Result<T, KeyFileError>> + Send + 'static,
    >(
        &self,
        work: impl FnOnce(Arc<File>) -> W,
    ) -> Result<T, KeyFileError> {
        let work = work(Arc::clone(&self.file));
        self.runtime.run(work).await.map_err(Fault::from)?
    }
}

impl File {
    async fn lend(&self) -> Result<Lent<'_>, KeyFileError> {
        let mut slot = self.0.lock().await;
        if slot.closed {
            return Err(LedgerError::Closed.into());
        }
        let open = match slot.open.take() {
            Some(open) => open,
            None => slot.opener.connect().await?,
        };
        Ok(Lent { slot, open })
    }
}

/// The connection, for one call. If it is not given back, because something failed, it is closed with its
/// transaction, and the next call makes another.
struct Lent<'a> {
    slot: MutexGuard<'a, Slot>,
    open: Link,
}

impl Lent<'_> {
    fn give_back(self) {
        let Self { mut slot, open } = self;
        slot.open = Some(open);
    }
}

impl fmt::Debug for SqliteKeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteKeyFile").finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyFile for SqliteKeyFile {
    async fn put(&self, id: &str, sealed: &[u8]) -> Result<(), KeyFileError> {
        // Sealed: no secret is copied here.
        let (id, sealed) = (id.to_owned(), sealed.to_owned());
        self.run(|file| async move { file.put(&id, &sealed).await })
            .await
    }

    async fn load(&self, id: &str) -> Result<Option<Bytes>, KeyFileError> {
        let id = id.to_owned();
        self.run(|file| async move { file.load(&id).await }).await
    }

    async fn erase(&self, id: &str) -> Result<bool, KeyFileError> {
        let id = id.to_owned();
        self.run(|file| async move { file.erase(&id).await }).await
    }

    async fn ids(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, KeyFileError> {
        let after = after.map(ToOwned::to_owned);
        self.run(|file| async move { file.ids(after.as_deref(), limit).await })
            .await
    }

    async fn close(&self) -> Result<(), KeyFileError> {
        self.run(|file| async move { file.close().await }).await
    }
}

impl File {
    async fn put(&self, id: &str, sealed: &[u8]) -> Result<(), KeyFileError> {
        valid(id)?;
        if sealed.len() > MAX_SEALED {
            let (field, found, max) = ("sealed key", sealed.len(), MAX_SEALED);
            return Err(Invalid::Size { field, found, max }.into());
        }
        let mut lent = self.lend().await?;
        let mut tx = lent.open.begin().await?;
        let there = sqlx::query(sql::KEY)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        if there.is_some() {
            tx.rollback().await?;
            lent.give_back();
            return Err(KeyFileError::Exists { id: id.to_owned() });
        }
        let put = sqlx::query(sql::KEY_PUT).bind(id).bind(sealed);
        change(&mut tx, put, 1, || Damage::Key).await?;
        tx.commit()
            .await
            .map_err(|error| Fault::from(error).in_doubt())?;
        lent.give_back();
        Ok(())
    }

    async fn load(&self, id: &str) -> Result<Option<Bytes>, KeyFileError> {
        valid(id)?;
        let mut lent = self.lend().await?;
        let rows = lent.open.read(sqlx::query(sql::KEY).bind(id)).await?;
        lent.give_back();
        let sealed = rows.first().map(|row| row.try_get::<Vec<u8>, _>(0));
        let sealed = sealed.transpose().map_err(damaged(Damage::Key))?;
        Ok(sealed.map(Bytes::from))
    }

    async fn erase(&self, id: &str) -> Result<bool, KeyFileError> {
        valid(id)?;
        let mut lent = self.lend().await?;
        let mut tx = lent.open.begin().await?;
        let there = count(&mut tx, id).await?;
        if there > 0 {
            let erase = sqlx::query(sql::KEY_ERASE).bind(id);
            change(&mut tx, erase, there, || Damage::Key).await?;
        }
        if count(&mut tx, id).await? > 0 {
            return Err(Fault::damaged(Damage::Key).into());
        }
        tx.commit()
            .await
            .map_err(|error| Fault::from(error).in_doubt())?;
        lent.give_back();
        Ok(there > 0)
    }

    async fn ids(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, KeyFileError> {
        if let Some(after) = after {
            valid(after)?;
        }
        let mut lent = self.lend().await?;
        let ids = sqlx::query(sql::KEY_IDS)
            .bind(after.unwrap_or(""))
            .bind(limit);
        let rows = lent.open.read(ids).await?;
        lent.give_back();
        let ids = rows.iter().map(|row| row.try_get(0));
        Ok(ids
            .collect::<Result<_, _>>()
            .map_err(damaged(Damage::Key))?)
    }

    async fn close(&self) -> Result<(), KeyFileError> {
        let mut slot = self.0.lock().await;
        slot.closed = true;
        match slot.open.take() {
            Some(open) => Ok(open.close().await?),
            None => Ok(()),
        }
    }
}

/// How many rows there are of a key.
async fn count(connection: &mut SqliteConnection, id: &str) -> Result<u64, Fault> {
    let count: i64 = sqlx::query_scalar(sql::KEY_COUNT)
        .bind(id)
        .fetch_one(connection)
        .await?;
    u64::try_from(count).map_err(|_| Fault::damaged(Damage::Key))
}

fn valid(id: &str) -> Result<(), Invalid> {
    text::name("key id", id, 255)
}
