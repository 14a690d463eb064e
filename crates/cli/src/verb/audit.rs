//! `strongroom audit …`.

use serde_json::json;
use strongroom::{AuditResult, Audited};

use crate::args::{Audit, AuditShow};
use crate::failure::Failure;
use crate::output::{GOOD, Output, table, time};
use crate::session::Session;

/// How many entries are read at once.
const PAGE: u32 = 1_000;

pub(crate) async fn run(session: &Session, args: Audit, output: &Output) -> Result<(), Failure> {
    match args {
        Audit::Show(AuditShow { last }) => show(session, last, output).await,
        Audit::Verify => verify(session, output).await,
        Audit::Export => export(session, output).await,
    }
}

async fn show(session: &Session, last: u32, output: &Output) -> Result<(), Failure> {
    let length = session.room.audit_length().await?;
    let first = length.saturating_sub(u64::from(last));
    let entries = session.room.audit(first, last).await?;
    if output.is_json() {
        return entries.iter().try_for_each(|entry| output.json_line(entry));
    }
    let rows = entries.iter().map(
        |Audited {
             sequence, record, ..
         }| {
            [
                sequence.to_string(),
                time(record.at),
                format!("{:?}", record.operation),
                record
                    .target
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                record.key.clone().unwrap_or_default(),
                match &record.result {
                    AuditResult::Failed(code) => code.clone(),
                    _ => "ok".to_owned(),
                },
            ]
        },
    );
    output.line(&table(
        &["#", "when", "what", "on", "key", "result"],
        &[0],
        rows,
    ))
}

async fn verify(session: &Session, output: &Output) -> Result<(), Failure> {
    let verified = session.room.verify_audit().await?;
    let value = json!({
        "records": verified.records,
        "entries": verified.entries,
        "unknown": verified.unknown,
        "verified": true,
    });
    output.answer(&value, || {
        format!(
            "{GOOD}verified{GOOD:#}: {} records, none removed, changed or reordered",
            verified.records
        )
    })
}

async fn export(session: &Session, output: &Output) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let entries = session.room.audit(after, PAGE).await?;
        let Some(last) = entries.last() else {
            return Ok(());
        };
        after = last.sequence;
        for entry in &entries {
            output.json_line(entry)?;
        }
    }
}
