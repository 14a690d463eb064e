//! The key is rotated: the resource key is wrapped anew, and nothing else is (R16, I4).

use strongroom::{KeySource, Operation, VersionChange};
use tokio::time::Instant;

use super::ground::Ground;
use super::patience::change;
use super::refusals::set_key;
use super::report::{Report, Rotation};
use super::stage::Stage;
use super::stored::Stored;
use crate::failure::Failure;

/// How many records are read at once.
const PAGE: u32 = 1_000;

/// Adds a version, sets the resource to it, and disables the old one: what is read later is read under
/// the new one alone.
pub(super) async fn rotate(
    stage: &Stage,
    ground: &Ground,
    before: &Stored,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let operator = stage.operator();
    let old = &ground.key;
    let next = operator.rotate_key(&ground.vault, &old.name).await?;
    let next = next.version.id;
    let sequence = stage.room.audit_length().await?;
    let began = Instant::now();
    let view = change(&stage.resource, &set_key(&next)).await?;
    let took = began.elapsed().as_millis();
    let vault_operations = key_operations(stage, sequence).await?;
    let after = Stored::in_data(&stage.room.show().data).await?;
    let disabled = VersionChange {
        enabled: Some(false),
        ..VersionChange::default()
    };
    operator
        .update_key(&ground.vault, &old.name, Some(old.version), disabled)
        .await?;
    let objects_rewritten = before.differing_from(&after);
    let in_use = matches!(
        &view.encryption.source,
        KeySource::CustomerManaged { key, .. } if *key == next.to_string()
    );
    report.rotation = Rotation {
        objects_rewritten,
        vault_operations,
    };
    let detail = format!(
        "version {} in {took} ms: {vault_operations} operations of the vault, {} stored objects, \
         {objects_rewritten} written anew; the old version is disabled",
        next.version,
        after.len(),
    );
    let ok = in_use && objects_rewritten == 0;
    report.step("rotation", &["R16", "I4"], ok, detail)
}

/// How often a key of a vault was asked for something after an entry of the audit.
async fn key_operations(stage: &Stage, mut after: u64) -> Result<u64, Failure> {
    let mut count = 0;
    loop {
        let records = stage.room.audit(after, PAGE).await?;
        let Some(last) = records.last() else {
            return Ok(count);
        };
        after = last.sequence;
        let of_keys = records.iter().filter(|one| {
            matches!(
                one.record.operation,
                Operation::KeyGet | Operation::KeyWrap | Operation::KeyUnwrap
            )
        });
        count += of_keys.count() as u64;
    }
}
