//! `strongroom explain …`: the same decision as the change itself, with nothing done.

use serde_json::json;
use strongroom::{Explanation, Probe, ResourceChange};
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
            return answer(&resource.explain_use(probe).await?, output);
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
    json!({ "wouldWork": explanation.would_work(), "against": against, "probe": probe })
}

fn shown(explanation: &Explanation) -> String {
    let mut lines = Vec::new();
    if explanation.would_work() {
        lines.push(format!("{GOOD}yes{GOOD:#}: nothing stands against it"));
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
