//! Rows as values; a row that cannot be one is damage.

use bytes::Bytes;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use strongroom_base::{RecordId, Timestamp};

use super::damaged;
use super::fault::Fault;
use crate::{
    AggregateId, AuditEntry, AuditRow, Changed, Damage, Found, Head, Phase, Stored, Tag, Version,
};

pub(super) fn stored(row: &SqliteRow, id: &AggregateId) -> Result<Stored, Fault> {
    let damage = || Damage::Record(id.clone());
    let version: i64 = row.try_get(0).map_err(damaged(damage()))?;
    let state: Vec<u8> = row.try_get(1).map_err(damaged(damage()))?;
    let version = u64::try_from(version).map_err(|_| Fault::damaged(damage()))?;
    Ok(Stored {
        version: Version::from_u64(version),
        state: Bytes::from(state),
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
    let read = || {
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
            tag,
        })
    };
    read().ok_or_else(|| Fault::damaged(damage()))
}
