//! The connections that read: some at once, made when they are needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fault::Fault;
use super::link::{Link, Opener, Statement};

/// How long a holder waits for those that have the connections.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Readers {
    opener: Arc<Opener>,
    many: u32,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<Link>>,
}

impl Readers {
    pub(super) fn new(opener: Arc<Opener>, many: u32) -> Arc<Self> {
        Arc::new(Self {
            opener,
            many,
            free: Arc::new(Semaphore::new(many as usize)),
            idle: Mutex::default(),
        })
    }

    /// Begins a transaction, once a connection is free.
    pub(super) async fn begin(self: &Arc<Self>) -> Result<Reading, Fault> {
        let place = Arc::clone(&self.free).acquire_owned().await;
        let place = place.map_err(|_| Fault::Closed)?;
        self.begin_at(Some(place)).await
    }

    /// Begins a transaction that somebody holds for as long as they like: once a connection is free or, after
    /// some patience, on one more. Whoever stands still with one keeps it from nobody else.
    pub(super) async fn begin_for_a_holder(self: &Arc<Self>) -> Result<Reading, Fault> {
        let place = Arc::clone(&self.free).acquire_owned();
        let place = match tokio::time::timeout(PATIENCE, place).await {
            Ok(place) => Some(place.map_err(|_| Fault::Closed)?),
            Err(_elapsed) => None,
        };
        self.begin_at(place).await
    }

    async fn begin_at(
        self: &Arc<Self>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<Reading, Fault> {
        let idle = self.idle().pop();
        let mut link = match idle {
            Some(link) => link,
            None => self.opener.connect().await?,
        };
        link.begin_read().await?;
        Ok(Reading {
            link,
            readers: Arc::clone(self),
            place,
        })
    }

    /// The rows of one statement alone.
    pub(super) async fn rows(
        self: &Arc<Self>,
        statement: Statement<'_>,
    ) -> Result<Vec<SqliteRow>, Fault> {
        let mut reading = self.begin().await?;
        let rows = reading.rows(statement).await?;
        reading.end().await?;
        Ok(rows)
    }

    /// Waits for what is being read, and closes.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        // Closed before, otherwise.
        let all = self.free.acquire_many(self.many).await;
        self.free.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for link in idle {
            link.close().await?;
        }
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction that reads. One that failed, or is dropped before its end, takes its connection with it.
#[derive(Debug)]
pub(super) struct Reading {
    link: Link,
    readers: Arc<Readers>,
    /// None if it is one more than there are places.
    place: Option<OwnedSemaphorePermit>,
}

impl Reading {
    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<SqliteRow>, Fault> {
        self.link.rows(statement).await
    }

    pub(super) async fn end(mut self) -> Result<(), Fault> {
        self.link.end_read().await?;
        if self.place.is_none() {
            return self.link.close().await;
        }
        self.readers.idle().push(self.link);
        Ok(())
    }
}
