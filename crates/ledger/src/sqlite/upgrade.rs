//! Moving a file of the form before records had revisions to this one, inside the transaction that brings
//! its schema up to date: each record is at revision 1 from then on, and an entry says so.

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::apply::{Batch, Failure};
use super::fault::Fault;
use super::{Upgrade, change, damaged};
use crate::{
    AggregateId, AuditEntry, ChainKey, Commit, Damage, LedgerError, Revised, Tag, Version, sql,
};

/// How many records are read at a time.
const PAGE: u32 = 200;

/// Which revision a record gets.
const FIRST: u64 = 1;

pub(super) async fn records(
    connection: &mut SqliteConnection,
    key: &dyn ChainKey,
    upgrade: &Upgrade,
) -> Result<(), LedgerError> {
    let Upgrade { at, records } = upgrade;
    let mut moved = 0_u64;
    for removed in [false, true] {
        let mut after = String::new();
        loop {
            let page = page(connection, key, removed, &after).await?;
            let Some(last) = page.last() else { break };
            after = last.id.to_string();
            moved += page.len() as u64;
            let mut batch = Batch::begin(connection, key).await?;
            for revised in page {
                batch
                    .append(&AuditEntry::of_revision(*at), Some(&revised))
                    .await?;
            }
            batch.end().await?;
        }
    }
    let mut batch = Batch::begin(connection, key).await?;
    for (id, state) in records {
        let commit = Commit::put(id, Version::ABSENT, state.clone());
        match batch.commit(&commit, *at).await {
            Ok(_) => {}
            Err(Failure::Refused(refused)) => return Err(*refused),
            Err(Failure::Broken(fault)) => return Err(fault.into()),
        }
    }
    batch.end().await?;
    tracing::info!(moved, "each record is at its first revision");
    Ok(())
}

/// Gives the records behind `after` the tags that they have from now on, and says what became of them.
async fn page(
    connection: &mut SqliteConnection,
    key: &dyn ChainKey,
    removed: bool,
    after: &str,
) -> Result<Vec<Revised>, Fault> {
    let (read, write) = if removed {
        (sql::OLD_REMOVALS, sql::SET_REMOVAL)
    } else {
        (sql::OLD_STATES, sql::SET_STATE)
    };
    let rows = sqlx::query(read)
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
    let mut page = Vec::with_capacity(rows.len());
    for row in rows {
        let id: String = row.try_get(0).map_err(damaged(Damage::Database))?;
        let id: AggregateId = id.parse().map_err(|_| Fault::damaged(Damage::Database))?;
        let damage = || Damage::Record(id.clone());
        let version: i64 = row.try_get(1).map_err(damaged(damage()))?;
        let version = u64::try_from(version).map_err(|_| Fault::damaged(damage()))?;
        let (tag, stored) = if removed {
            let tag = Tag::of_state(key, &id, FIRST, None);
            (tag, tag.as_bytes().to_vec())
        } else {
            let stored: Vec<u8> = row.try_get(2).map_err(damaged(damage()))?;
            state(key, &id, stored)
        };
        let put = sqlx::query(write).bind(id.as_str()).bind(stored);
        change(connection, put, 1, damage).await?;
        page.push(Revised {
            id,
            version: Version::from_u64(version),
            revision: FIRST,
            removed,
            tag,
        });
    }
    Ok(page)
}

/// A state under its new tag. One that does not match its old tag stays as it is, and so matches none: it
/// is damaged as it was before, and keeps the others from nothing.
fn state(key: &dyn ChainKey, id: &AggregateId, stored: Vec<u8>) -> (Tag, Vec<u8>) {
    match stored.split_first_chunk() {
        Some((tag, state)) if Tag::from_bytes(*tag).matches(Tag::of_old_state(key, id, state)) => {
            let tag = Tag::of_state(key, id, FIRST, Some(state));
            (tag, [tag.as_bytes(), state].concat())
        }
        _ => {
            tracing::error!(%id, "a state does not match its tag");
            (Tag::ZERO, stored)
        }
    }
}
