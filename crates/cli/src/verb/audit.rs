//! `strongroom audit …`.

use serde_json::{Value, json};
use strongroom::{AuditRecord, AuditResult, Audited};

use crate::args::{Audit, AuditShow};
use crate::failure::Failure;
use crate::output::{GOOD, Output, table, time};
use crate::session::Session;

/// How many records are read at once.
const PAGE: u32 = 1_000;

pub(crate) async fn run(session: &Session, args: Audit, output: &Output) -> Result<(), Failure> {
    match args {
        Audit::Show(AuditShow { last }) => show(session, last, output).await,
        Audit::Verify => verify(session, output).await,
        Audit::Export => export(session, output).await,
    }
}

/// A record as programs read it.
fn wire(entry: &Audited) -> Value {
    let Audited {
        sequence,
        id,
        record,
        ..
    } = entry;
    json!({
        "sequence": sequence,
        "id": id.to_string(),
        "at": time(record.at),
        "tenant": record.tenant.to_string(),
        "principal": record.principal.to_string(),
        "source": record.source,
        "correlation": record.correlation.to_string(),
        "onBehalfOf": record.on_behalf_of.as_ref().map(|session| json!({
            "tenant": session.tenant.to_string(),
            "principal": session.principal.to_string(),
            "correlation": session.correlation.to_string(),
        })),
        "operation": record.operation.to_string(),
        "target": record.target,
        "key": record.key,
        "result": result(record),
    })
}

/// `ok`, the code of what went wrong, or `Unknown` if a remote vault's answer is not on record.
fn result(record: &AuditRecord) -> &str {
    match &record.result {
        AuditResult::Failed(code) => code,
        AuditResult::Ok => "ok",
        _ => "Unknown",
    }
}

async fn show(session: &Session, last: u32, output: &Output) -> Result<(), Failure> {
    let entries = session.room.newest_audit(last).await?;
    if output.is_json() {
        return entries
            .iter()
            .try_for_each(|entry| output.json_line(&wire(entry)));
    }
    let rows = entries.iter().map(
        |Audited {
             sequence, record, ..
         }| {
            [
                sequence.to_string(),
                time(record.at),
                record.operation.to_string(),
                record
                    .target
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                record.key.clone().unwrap_or_default(),
                result(record).to_owned(),
                record.principal.to_string(),
                record
                    .on_behalf_of
                    .as_ref()
                    .map(|session| session.principal.to_string())
                    .unwrap_or_default(),
            ]
        },
    );
    output.line(&table(
        &[
            "#",
            "when",
            "what",
            "on",
            "key",
            "result",
            "by",
            "on behalf of",
        ],
        &[0],
        rows,
    ))
}

async fn verify(session: &Session, output: &Output) -> Result<(), Failure> {
    let verified = session.room.verify_audit().await?;
    let newest = verified.newest_head.map(time);
    let value = json!({
        "records": verified.records,
        "entries": verified.entries,
        "unknown": verified.unknown,
        "heads": verified.heads,
        "newestHead": newest,
        "states": verified.states,
        "verified": true,
    });
    if newest.is_none() {
        output.remark(
            "warning: no head of this chain is outside the data folder: if its end had been cut \
             off, this would not show",
        );
    }
    output.answer(&value, || {
        let records = verified.records;
        let against = newest.map_or_else(String::new, |newest| {
            format!(
                "; held against {} heads, the newest of {newest}",
                verified.heads
            )
        });
        format!(
            "{GOOD}verified{GOOD:#}: {records} records, none removed, changed or reordered{against}; {} \
             states, none put back",
            verified.states,
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
            output.json_line(&wire(entry))?;
        }
    }
}
