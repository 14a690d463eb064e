//! What a change of a key leaves out, or stops: "the latest version" is seldom the one that resources use
//! after a rotation (R16, R17).

use serde_json::{Value, json};
use strongroom::{KeyId, KeyInfo, KeyVersionId, Operator, TimeChange, VersionChange, VersionInUse};

use crate::output::Output;
use crate::verb::change::counted;

/// Something that whoever changed a key must know.
pub(super) struct Warning {
    message: String,
    versions: Vec<VersionInUse>,
    command: String,
}

/// What resources use of a key; nothing, and a warning, if it could not be read: what was asked for is
/// done by then.
pub(super) async fn of(operator: &Operator, key: &KeyId, output: &Output) -> Vec<VersionInUse> {
    let in_use = operator.versions_in_use(key.vault.name(), &key.name).await;
    in_use.unwrap_or_else(|error| {
        output.warn(&format!(
            "warning: which versions of the key are in use could not be read: {error}"
        ));
        Vec::new()
    })
}

pub(super) fn resources(in_use: &[VersionInUse]) -> u64 {
    in_use.iter().map(|version| version.resources).sum()
}

/// What a change of one version leaves as it was, if resources use it.
pub(super) fn left_out(
    key: &KeyId,
    changed: Option<&KeyInfo>,
    change: &VersionChange,
    in_use: Vec<VersionInUse>,
) -> Option<Warning> {
    // Of a version that was named, the older ones alone: a newer one is another way on.
    let older = |version: &VersionInUse| match changed {
        Some(changed) => {
            version.id != changed.version.id
                && (key.version.is_none() || version.created <= changed.version.created)
        }
        None => key.version.is_none_or(|named| named != version.id.version),
    };
    let wanted = |version: &VersionInUse| change.enabled.is_none_or(|on| version.enabled != on);
    let versions: Vec<_> = in_use
        .into_iter()
        .filter(|version| older(version) && wanted(version))
        .collect();
    if versions.is_empty() {
        return None;
    }
    let (vault, name) = (key.vault.name(), &key.name);
    let used = resources(&versions);
    let one = match &versions[..] {
        [one] => one.id.to_string(),
        _ => "URI".to_owned(),
    };
    let (verb, message) = match change.enabled {
        Some(false) => (
            "disable",
            format!(
                "this stops nothing that uses an older version of the key, which stays enabled: {} one",
                counted(used, "use")
            ),
        ),
        Some(true) => (
            "enable",
            format!(
                "an older version of the key stays disabled: {} one",
                counted(used, "need")
            ),
        ),
        None => {
            return Some(Warning {
                message: format!(
                    "an older version of the key stays as it was: {} one",
                    counted(used, "use")
                ),
                command: format!("strongroom key update {one}, with the same options"),
                versions,
            });
        }
    };
    let command = format!("strongroom key {verb} {vault} {name} --all-versions");
    Some(Warning {
        message,
        versions,
        command,
    })
}

/// An expiry ends no use of what is wrapped already.
pub(super) fn still_opens(change: &VersionChange, uri: &KeyVersionId, used: u64) -> Option<String> {
    let expires = matches!(change.expires, TimeChange::Set(_)) && used > 0;
    expires.then(|| {
        format!(
            "an expired version still unwraps what it wrapped (R17): to stop that, strongroom key disable {uri}"
        )
    })
}

impl Warning {
    /// For people, beside the answer.
    pub(super) fn warn(&self, output: &Output) {
        output.warn(&format!("warning: {}: {}", self.message, self.command));
    }

    /// For programs, in the answer.
    pub(super) fn wire(&self) -> Value {
        let versions: Vec<_> = self
            .versions
            .iter()
            .map(|one| json!({ "kid": one.id.to_string(), "resources": one.resources }))
            .collect();
        json!({
            "code": "OlderVersionsInUse",
            "message": self.message,
            "resources": resources(&self.versions),
            "versions": versions,
            "command": self.command,
        })
    }
}
