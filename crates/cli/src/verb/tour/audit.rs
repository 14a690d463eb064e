//! The audit: its chain, and what one record says (R18).

use strongroom::{AuditResult, Audited, Operation};

use super::ground::Ground;
use super::report::{AuditSummary, Report};
use super::stage::Stage;
use crate::failure::Failure;
use crate::output::time;

/// How many of the newest records are looked through for one.
const NEWEST: u32 = 10_000;

/// Verifies the chain.
pub(super) async fn verify(stage: &Stage, report: &mut Report<'_>) -> Result<(), Failure> {
    let verified = stage.room.verify_audit().await?;
    report.audit = AuditSummary {
        records: verified.records,
        verified: true,
    };
    let detail = format!(
        "{} records, none removed, changed or reordered",
        verified.records
    );
    report.step("audit", &["R18"], true, detail)
}

/// Shows the newest unwrap of the folder's resource key, word for word.
pub(super) async fn one_record(
    stage: &Stage,
    ground: &Ground,
    report: &mut Report<'_>,
) -> Result<(), Failure> {
    let key = ground.key.name.as_str();
    let vault = ground.vault.as_str();
    let newest = stage.room.newest_audit(NEWEST).await?;
    let found = newest.iter().rev().find(|one| {
        let used = one.record.key.as_deref().unwrap_or_default();
        one.record.operation == Operation::KeyUnwrap
            && used.contains(&format!("//{vault}."))
            && used.contains(&format!("/keys/{key}/"))
    });
    let (ok, detail) = match found {
        Some(record) => (true, words(record)),
        None => (
            false,
            "no unwrap by the folder's key is on record".to_owned(),
        ),
    };
    report.step("audit record", &["R18"], ok, detail)
}

fn words(audited: &Audited) -> String {
    let record = &audited.record;
    let result = match &record.result {
        AuditResult::Ok => "ok",
        AuditResult::Failed(code) => code,
        _ => "Unknown",
    };
    format!(
        "{} by principal {} of tenant {} on {} at {} from `{}`: {result}, correlation {}",
        record.operation,
        record.principal,
        record.tenant,
        record.key.as_deref().unwrap_or_default(),
        time(record.at),
        record.source,
        record.correlation,
    )
}
