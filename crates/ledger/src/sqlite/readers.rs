//! The connections that read: some at once, made when they are needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteRow;
use tokio::sync::Semaphore;

use super::fault::Fault;
use super::link::{Link, Opener, Statement};

#[derive(Debug)]
pub(super) struct Readers {
    opener: Arc<Opener>,
    many: u32,
    free: Semaphore,
    idle: Mutex<Vec<Link>>,
}

impl Readers {
    pub(super) fn new(opener: Arc<Opener>, many: u32) -> Self {
        Self {
            opener,
            many,
            free: Semaphore::new(many as usize),
            idle: Mutex::default(),
        }
    }

    pub(super) async fn rows(&self, statement: Statement<'_>) -> Result<Vec<SqliteRow>, Fault> {
        let _one = self.free.acquire().await.map_err(|_| Fault::Closed)?;
        let idle = self.idle().pop();
        let mut link = match idle {
            Some(link) => link,
            None => self.opener.connect().await?,
        };
        let rows = link.read(statement).await?;
        // One that failed, or whose caller has gone, is not used again.
        self.idle().push(link);
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
