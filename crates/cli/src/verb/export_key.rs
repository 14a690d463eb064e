//! `strongroom resource export-key`.

use std::collections::BTreeMap;

use serde_json::json;
use strongroom_base::ResourceName;

use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

/// Answers as `docs/format.md` has it (F62).
pub(crate) async fn run(
    session: &Session,
    name: &ResourceName,
    output: &Output,
) -> Result<(), Failure> {
    let resource = session.resource(name).await?;
    let exported = session.room.export_resource_key(&resource).await?;
    let keys: BTreeMap<u32, String> = exported
        .generations()
        .map(|(number, key)| (number, hex::encode(key.expose())))
        .collect();
    let value = json!({
        "uid": exported.uid.to_string(),
        "binding": exported.binding.as_str(),
        "keys": keys,
    });
    output.answer(&value, || {
        let mut lines = vec![
            format!("uid         {}", exported.uid),
            format!("binding     {}", exported.binding.as_str()),
        ];
        lines.extend(
            keys.iter()
                .map(|(number, key)| format!("generation {number}  {key}")),
        );
        lines.join("\n")
    })
}
