//! `strongroom explain …`: the same decision as the change itself, with nothing done.

use serde_json::json;
use strongroom::{Explanation, KeyPermission, OnTheWay, Probe, ResourceChange, VaultName};
use strongroom_base::{Outcome as _, ResourceName};

use crate::args::{Explain, ExplainWhat};
use crate::failure::{Failure, chain};
use crate::output::{BAD, GOOD, Output};
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Explain, output: &Output) -> Result<(), Failure> {
    let Explain { probe, what } = args;
    let (name, change): (ResourceName, ResourceChange) = match what {
        ExplainWhat::Use(named) => {
            let resource = session.resource(&named.name).await?;
            let explanation = resource.explain_use(probe).await?;
            let reports = super::resource::reports(&resource).await?;
            return answer_use(&explanation, &reports, output);
        }
        ExplainWhat::Update(update) => (update.name, ResourceChange::SetTier(update.tier)),
        ExplainWhat::IdentityEnable(named) => (named.name, ResourceChange::EnableIdentity),
        ExplainWhat::IdentityDisable(named) => (named.name, ResourceChange::DisableIdentity),
        ExplainWhat::Set(set) => set.change(),
        ExplainWhat::Reset(named) => (named.name, ResourceChange::ResetKey),
        ExplainWhat::Rekey(named) => (named.name, ResourceChange::Rekey),
        ExplainWhat::Move(args) => {
            let change = super::resource::moving(session, &args).await?;
            (args.name, change)
        }
        ExplainWhat::Delete(named) => (named.name, ResourceChange::Delete),
        ExplainWhat::Recover(named) => (named.name, ResourceChange::Recover),
        ExplainWhat::Purge(named) => (named.name, ResourceChange::Purge),
    };
    let resource = session.resource(&name).await?;
    answer(&resource.explain(change, probe).await?, output)
}

/// Whether the data can be used, and what to know of the key beside it.
fn answer_use(
    explanation: &Explanation,
    reports: &[String],
    output: &Output,
) -> Result<(), Failure> {
    let mut value = wire(explanation);
    if let serde_json::Value::Object(members) = &mut value {
        members.insert("reports".to_owned(), reports.into());
    }
    output.answer(&value, || {
        let mut text = shown(explanation);
        if explanation.would_work() && matches!(explanation.probe, Probe::NotTried) {
            text.push_str(", as far as is known without asking for the key (--probe asks)");
        }
        text.extend(reports.iter().map(|report| format!("\n  {report}")));
        text
    })
}

fn answer(explanation: &Explanation, output: &Output) -> Result<(), Failure> {
    output.answer(&wire(explanation), || shown(explanation))
}

fn wire(explanation: &Explanation) -> serde_json::Value {
    let against: Vec<_> = explanation
        .against
        .iter()
        .map(|one| json!({ "code": one.code, "rule": one.rule, "message": one.message }))
        .collect();
    let probe = match &explanation.probe {
        Probe::Works => json!({ "ok": true }),
        Probe::Fails(error) => json!({
            "ok": false,
            "code": error.code(),
            "message": error.to_string(),
        }),
        _ => serde_json::Value::Null,
    };
    json!({
        "wouldWork": explanation.would_work(),
        "wouldChange": explanation.would_work() && !explanation.unchanged,
        "against": against,
        "onTheWay": {
            "identity": explanation.on_the_way.identity,
            "grant": explanation.on_the_way.grant.as_ref().map(VaultName::as_str),
        },
        "probe": probe,
    })
}

/// What a change of key does first, or did.
pub(super) fn on_the_way(on_the_way: &OnTheWay) -> Option<String> {
    let needed = KeyPermission::NEEDED_BY_RESOURCES
        .map(KeyPermission::as_str)
        .join(", ");
    let grant = on_the_way.grant.as_ref();
    let grant = grant.map(|vault| format!("{needed} in the vault `{vault}`"));
    match (on_the_way.identity, grant) {
        (true, Some(grant)) => Some(format!("the managed identity is made, and granted {grant}")),
        (true, None) => Some("the managed identity is made".to_owned()),
        (false, Some(grant)) => Some(format!("the managed identity is granted {grant}")),
        (false, None) => None,
    }
}

fn shown(explanation: &Explanation) -> String {
    let mut lines = Vec::new();
    if explanation.unchanged {
        lines.push(format!(
            "{GOOD}yes{GOOD:#}: it is so already, and no change is needed"
        ));
    } else if explanation.would_work() {
        lines.push(format!("{GOOD}yes{GOOD:#}: nothing stands against it"));
        lines.extend(
            on_the_way(&explanation.on_the_way).map(|told| format!("  on the way: {told}")),
        );
    } else {
        lines.push(format!("{BAD}no{BAD:#}:"));
    }
    for one in &explanation.against {
        let rule = one.rule.map_or_else(String::new, |rule| format!("{rule} "));
        lines.push(format!("  {BAD}{rule}{}{BAD:#}  {}", one.code, one.message));
    }
    match &explanation.probe {
        Probe::Works => lines.push(format!("  {GOOD}the key was tried, and works{GOOD:#}")),
        Probe::Fails(error) => {
            let told = chain(error).join("; ");
            lines.push(format!(
                "  {BAD}the key was tried, and does not work{BAD:#}: {} {told}",
                error.code()
            ));
        }
        _ => {}
    }
    lines.join("\n")
}
