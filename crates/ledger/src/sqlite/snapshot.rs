//! Transactions that callers read from.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::fault::Fault;
use super::link::Opener;
use super::readers::{Readers, Reading};
use super::{damaged, row};
use crate::query::prefix_end;
use crate::runtime::OwnRuntime;
use crate::{
    AggregateId, ChainKey, Damage, Find, Found, LedgerError, Page, Snapshot, Stored, Version, sql,
};

/// What a snapshot reads from until it is dropped or the ledger is closed.
type Shared = tokio::sync::Mutex<Option<Reading>>;

/// The snapshots of a ledger. They have connections of their own: who holds one may still ask the ledger.
#[derive(Debug)]
pub(super) struct Snapshots {
    readers: Arc<Readers>,
    /// None once the ledger is closed.
    taken: Mutex<Option<Vec<Weak<Shared>>>>,
}

impl Snapshots {
    pub(super) fn new(opener: Arc<Opener>, many: u32) -> Self {
        Self {
            readers: Readers::new(opener, many),
            taken: Mutex::new(Some(Vec::new())),
        }
    }

    pub(super) async fn take(
        &self,
        key: Arc<dyn ChainKey>,
        runtime: OwnRuntime,
    ) -> Result<SqliteSnapshot, Fault> {
        let reading = self.readers.begin_for_a_holder().await?;
        let reading = Arc::new(tokio::sync::Mutex::new(Some(reading)));
        if !self.remember(&reading) {
            end(&reading).await?;
            return Err(Fault::Closed);
        }
        Ok(SqliteSnapshot {
            runtime,
            key,
            reading,
        })
    }

    /// Whether it is taken before the ledger is closed.
    fn remember(&self, reading: &Arc<Shared>) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = &mut *taken {
            taken.retain(|one| one.strong_count() > 0);
            taken.push(Arc::downgrade(reading));
        }
        taken.is_some()
    }

    /// Ends every snapshot, whoever has it, and closes.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        let taken = self
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for reading in taken.iter().flatten().filter_map(Weak::upgrade) {
            end(&reading).await?;
        }
        self.readers.close().await
    }
}

async fn end(reading: &Shared) -> Result<(), Fault> {
    let reading = reading.lock().await.take();
    match reading {
        Some(reading) => reading.end().await,
        None => Ok(()),
    }
}

/// One state of the file.
#[derive(Debug)]
pub(super) struct SqliteSnapshot {
    runtime: OwnRuntime,
    key: Arc<dyn ChainKey>,
    reading: Arc<Shared>,
}

impl SqliteSnapshot {
    /// Carries `read` out on the ledger's runtime.
    async fn run<T: Send + 'static, R: Future<Output = Result<T, Fault>> + Send + 'static>(
        &self,
        read: impl FnOnce(Arc<Shared>, Arc<dyn ChainKey>) -> R,
    ) -> Result<T, LedgerError> {
        let read = read(Arc::clone(&self.reading), Arc::clone(&self.key));
        Ok(self.runtime.run(read).await.map_err(Fault::from)??)
    }
}

impl Drop for SqliteSnapshot {
    fn drop(&mut self) {
        let reading = Arc::clone(&self.reading);
        // A connection whose transaction does not end is not used again.
        drop(self.runtime.spawn(async move { drop(end(&reading).await) }));
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn load(&self, id: &AggregateId) -> Result<Option<Stored>, LedgerError> {
        let id = id.clone();
        self.run(|reading, key| async move {
            let mut reading = reading.lock().await;
            let reading = reading.as_mut().ok_or(Fault::Closed)?;
            reading.load(&id, &*key).await
        })
        .await
    }

    async fn find(&self, query: &Find, page: Page) -> Result<Vec<Found>, LedgerError> {
        query.validate()?;
        page.validate()?;
        let query = query.clone();
        self.run(|reading, _| async move {
            let mut reading = reading.lock().await;
            let reading = reading.as_mut().ok_or(Fault::Closed)?;
            reading.find(&query, &page).await
        })
        .await
    }

    async fn newest(&self) -> Result<Version, LedgerError> {
        self.run(|reading, _| async move {
            let mut reading = reading.lock().await;
            reading.as_mut().ok_or(Fault::Closed)?.newest().await
        })
        .await
    }
}

impl Reading {
    pub(super) async fn load(
        &mut self,
        id: &AggregateId,
        key: &dyn ChainKey,
    ) -> Result<Option<Stored>, Fault> {
        let load = sqlx::query(sql::LOAD).bind(id.as_str());
        let rows = self.rows(load).await?;
        rows.first()
            .map(|row| row::stored(row, id, key))
            .transpose()
    }

    pub(super) async fn find(&mut self, query: &Find, page: &Page) -> Result<Vec<Found>, Fault> {
        let rows = self
            .index_rows(query, &Behind::of(page), page.limit)
            .await?;
        let found = rows.iter().map(|row| row::found(row, query.index()));
        found.collect()
    }

    pub(super) async fn find_sound(
        &mut self,
        query: &Find,
        page: &Page,
    ) -> Result<Vec<Found>, Fault> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut behind = Behind::of(page);
        loop {
            let rows = self.index_rows(query, &behind, page.limit).await?;
            let mut sound = Vec::with_capacity(rows.len());
            for row in &rows {
                match row::found(row, query.index()) {
                    Ok(found) => sound.push(found),
                    Err(fault) => {
                        let error = LedgerError::from(fault);
                        tracing::error!(%error, "an index row is passed over");
                    }
                }
            }
            // A page without a sound row is not the end, unless it is a short one.
            match rows.last() {
                Some(last) if sound.is_empty() && rows.len() == limit => {
                    behind = Behind::row(last, query.index())?;
                }
                _ => return Ok(sound),
            }
        }
    }

    async fn index_rows(
        &mut self,
        query: &Find,
        behind: &Behind,
        limit: u32,
    ) -> Result<Vec<SqliteRow>, Fault> {
        let (after_key, after_id) = (behind.key.as_str(), behind.id.as_str());
        let index = query.index();
        let rows = match query {
            // A page that starts behind another key of the same index is either whole or empty.
            Find::Exact { key, .. } if after_key > key.as_str() => return Ok(Vec::new()),
            Find::Exact { key, .. } => {
                let after = if after_key == key { after_id } else { "" };
                sqlx::query(sql::FIND_EXACT)
                    .bind(index)
                    .bind(key)
                    .bind(after)
                    .bind(limit)
            }
            Find::Prefix { key, .. } => {
                let (from, after) = (key.as_str(), "").max((after_key, after_id));
                match prefix_end(key) {
                    Some(end) => sqlx::query(sql::FIND_UNTIL)
                        .bind(index)
                        .bind(from)
                        .bind(after)
                        .bind(limit)
                        .bind(end),
                    None => sqlx::query(sql::FIND)
                        .bind(index)
                        .bind(from)
                        .bind(after)
                        .bind(limit),
                }
            }
        };
        self.rows(rows).await
    }

    pub(super) async fn newest(&mut self) -> Result<Version, Fault> {
        let rows = self.rows(sqlx::query(sql::COUNTER)).await?;
        let row = rows.first().ok_or(Fault::damaged(Damage::Counter))?;
        let counter: i64 = row.try_get(0).map_err(damaged(Damage::Counter))?;
        let counter = u64::try_from(counter).map_err(|_| Fault::damaged(Damage::Counter))?;
        Ok(Version::from_u64(counter))
    }
}

/// The index row that a page begins behind, whether or not it names a record.
struct Behind {
    key: String,
    id: String,
}

impl Behind {
    fn of(page: &Page) -> Self {
        let (key, id) = match &page.after {
            Some((key, id)) => (key.clone(), id.as_str().to_owned()),
            None => Default::default(),
        };
        Self { key, id }
    }

    fn row(row: &SqliteRow, index: &str) -> Result<Self, Fault> {
        let damage = || Damage::IndexRow(index.to_owned());
        let key = row.try_get(0).map_err(damaged(damage()))?;
        let id = row.try_get(1).map_err(damaged(damage()))?;
        Ok(Self { key, id })
    }
}
