//! Rows as values; a row that cannot be one is damage.

use bytes::Bytes;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use strongroom_base::{RecordId, Timestamp};

use super::damaged;
use super::fault::Fault;
use crate::{
    AggregateId, AuditEntry, AuditRow, ChainKey, Changed, Damage, Found, Head, Phase, Revised,
    Stored, Tag, Version,
};

/// A state as it lies there, if it has the tag that it was written with.
fn authentic(
    key: &dyn ChainKey,
    id: &AggregateId,
    revision: u64,
    stored: Vec<u8>,
) -> Result<(Tag, Bytes), Fault> {
    let forged = || Fault::damaged(Damage::Forged(id.clone()));
    let stored = Bytes::from(stored);
    let (tag, state) = stored.split_first_chunk().ok_or_else(forged)?;
    let tag = Tag::from_bytes(*tag);
    if !tag.matches(Tag::of_state(key, id, revision, Some(state))) {
        return Err(forged());
    }
    let state = stored.slice_ref(state);
    Ok((tag, state))
}

pub(super) fn stored(
    row: &SqliteRow,
    id: &AggregateId,
    key: &dyn ChainKey,
) -> Result<Stored, Fault> {
    let damage = || Damage::Record(id.clone());
    let number = |at| -> Result<u64, Fault> {
        let number: i64 = row.try_get(at).map_err(damaged(damage()))?;
        u64::try_from(number).map_err(|_| Fault::damaged(damage()))
    };
    let (version, revision) = (number(0_usize)?, number(1)?);
    let stored: Vec<u8> = row.try_get(2).map_err(damaged(damage()))?;
    let (_, state) = authentic(key, id, revision, stored)?;
    Ok(Stored {
        version: Version::from_u64(version),
        state,
    })
}

/// What a record is at, by its state or by what says that it was removed.
pub(super) fn revised(row: &SqliteRow, key: &dyn ChainKey) -> Result<Revised, Fault> {
    let id: String = row.try_get(0).map_err(damaged(Damage::Database))?;
    let id: AggregateId = id.parse().map_err(|_| Fault::damaged(Damage::Database))?;
    let damage = || Damage::Record(id.clone());
    let number = |at| -> Result<u64, Fault> {
        let number: i64 = row.try_get(at).map_err(damaged(damage()))?;
        u64::try_from(number).map_err(|_| Fault::damaged(damage()))
    };
    let (version, revision) = (number(1_usize)?, number(2)?);
    let removed: bool = row.try_get(3).map_err(damaged(damage()))?;
    let stored: Vec<u8> = row.try_get(4).map_err(damaged(damage()))?;
    let tag = if removed {
        let written = Tag::of_state(key, &id, revision, None);
        if stored != written.as_bytes() {
            return Err(Fault::damaged(Damage::Forged(id)));
        }
        written
    } else {
        authentic(key, &id, revision, stored)?.0
    };
    Ok(Revised {
        version: Version::from_u64(version),
        revision,
        removed,
        tag,
        id,
    })
}

pub(super) fn found(row: &SqliteRow, index: &str) -> Result<Found, Fault> {
    let damage = || Damage::IndexRow(index.to_owned());
    let key: String = row.try_get(0).map_err(damaged(damage()))?;
    let id: String = row.try_get(1).map_err(damaged(damage()))?;
    let id = id.parse().map_err(|_| Fault::damaged(damage()))?;
    Ok(Found { key, id })
}

pub(super) fn change(row: &SqliteRow) -> Result<Changed, Fault> {
    let damage = || Damage::Counter;
    let id: String = row.try_get(0).map_err(damaged(damage()))?;
    let at: i64 = row.try_get(1).map_err(damaged(damage()))?;
    let stays: bool = row.try_get(2).map_err(damaged(damage()))?;
    let id = id.parse().map_err(|_| Fault::damaged(damage()))?;
    let at = Version::from_u64(u64::try_from(at).map_err(|_| Fault::damaged(damage()))?);
    let version = if stays { at } else { Version::ABSENT };
    Ok(Changed { id, at, version })
}

pub(super) fn head(row: &SqliteRow) -> Result<Head, Fault> {
    let chain: String = row.try_get(0).map_err(damaged(Damage::Head))?;
    let sequence: i64 = row.try_get(1).map_err(damaged(Damage::Head))?;
    let tag: Vec<u8> = row.try_get(2).map_err(damaged(Damage::Head))?;
    head_of(chain, sequence, tag)
}

pub(super) fn head_of(chain: String, sequence: i64, tag: Vec<u8>) -> Result<Head, Fault> {
    let sequence = u64::try_from(sequence).map_err(|_| Fault::damaged(Damage::Head))?;
    let tag = <[u8; 32]>::try_from(tag).map_err(|_| Fault::damaged(Damage::Head))?;
    Ok(Head {
        chain,
        sequence,
        tag: Tag::from_bytes(tag),
    })
}

/// The entry in `row`, which was found behind number `after` of `chain`.
pub(super) fn entry(row: &SqliteRow, chain: &str, after: u64) -> Result<AuditRow, Fault> {
    let damage = || Damage::Entry {
        chain: chain.to_owned(),
        after,
    };
    let sequence: i64 = row.try_get(0).map_err(damaged(damage()))?;
    let record: Vec<u8> = row.try_get(1).map_err(damaged(damage()))?;
    let phase: i64 = row.try_get(2).map_err(damaged(damage()))?;
    let at: i64 = row.try_get(3).map_err(damaged(damage()))?;
    let body: Vec<u8> = row.try_get(4).map_err(damaged(damage()))?;
    let tag: Vec<u8> = row.try_get(5).map_err(damaged(damage()))?;
    let aggregate: String = row.try_get(6).map_err(damaged(damage()))?;
    let version: Option<i64> = row.try_get(7).map_err(damaged(damage()))?;
    let revision: Option<i64> = row.try_get(8).map_err(damaged(damage()))?;
    let removed: Option<bool> = row.try_get(9).map_err(damaged(damage()))?;
    let state_tag: Option<Vec<u8>> = row.try_get(10).map_err(damaged(damage()))?;
    let said = || {
        Some(Revised {
            id: aggregate.parse().ok()?,
            version: Version::from_u64(u64::try_from(version?).ok()?),
            revision: u64::try_from(revision?).ok()?,
            removed: removed?,
            tag: Tag::from_bytes(state_tag?.try_into().ok()?),
        })
    };
    let read = || {
        let revised = if aggregate.is_empty() {
            None
        } else {
            Some(said()?)
        };
        let entry = AuditEntry {
            chain: chain.to_owned(),
            record: RecordId::from_bytes(record.try_into().ok()?),
            phase: Phase::from_number(u8::try_from(phase).ok()?)?,
            at: Timestamp::from_unix_millis(u64::try_from(at).ok()?),
            body: Bytes::from(body),
        };
        let tag = Tag::from_bytes(tag.try_into().ok()?);
        Some(AuditRow {
            sequence: u64::try_from(sequence).ok()?,
            entry,
            revised,
            tag,
        })
    };
    read().ok_or_else(|| Fault::damaged(damage()))
}
