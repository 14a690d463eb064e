//! The folder's resource goes over to a customer's key, and no stored object is touched (R11, I4).

use object_store::ObjectStoreExt as _;
use strongroom::{IdentityView, KeySource};
use tokio::time::Instant;

use super::ground::Ground;
use super::patience::{change, patiently};
use super::refusals::set_key;
use super::report::Report;
use super::stage::{Stage, root};
use super::stored::Stored;
use crate::failure::Failure;
use crate::object_path::ObjectKind;

/// Enables the key; answers with what is stored then.
pub(super) async fn enable(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<Stored, Failure> {
    let data = &stage.room.show().data;
    let before = Stored::in_data(data).await?;
    let began = Instant::now();
    let view = change(&stage.resource, &set_key(&ground.key)).await?;
    let took = began.elapsed().as_millis();
    let after = Stored::in_data(data).await?;
    let differ = before.differing_from(&after);
    let in_use = matches!(
        &view.encryption.source,
        KeySource::CustomerManaged { key, .. } if *key == ground.key.to_string()
    );
    let identity = matches!(view.identity, IdentityView::On { .. });
    let read = patiently(async || reads(stage).await).await?;
    let detail = format!(
        "{} in {took} ms: identity made and granted, key proved, service-managed key destroyed; {} \
         stored objects compared, {differ} differ",
        ground.key,
        after.len(),
    );
    let ok = differ == 0 && in_use && identity && view.encryption.erasing == 0 && read;
    report.step("customer key", &["R11", "I4"], ok, detail)?;
    Ok(after)
}

/// Whether the planted file opens and is what it was.
async fn reads(stage: &Stage) -> Result<bool, Failure> {
    let Some(planted) = stage.entries.last() else {
        return Ok(false);
    };
    let location = root()?.join(&planted.relative, ObjectKind::File)?;
    Ok(stage.store.get(&location).await?.bytes().await? == stage.planted)
}
