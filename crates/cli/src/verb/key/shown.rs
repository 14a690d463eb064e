//! A key and its versions, as programs and people read them.

use serde_json::{Value, json};
use strongroom::{KeyCensus, KeyInfo, KeyOperation, KeyVersionInfo};

use crate::failure::Failure;
use crate::output::{HEADING, Output, table, time};
use crate::verb::vault::{life, life_wire};

/// A key as programs read it.
pub(super) fn wire(key: &KeyInfo) -> Value {
    let mut wire = version_wire(&key.version);
    if let Value::Object(members) = &mut wire {
        members.insert("name".to_owned(), key.name.as_str().into());
        members.insert("key".to_owned(), key.id.to_string().into());
        members.insert("versions".to_owned(), key.versions.into());
        members.insert("rotates".to_owned(), key.rotates.map(time).into());
        members.extend(life_wire(key.life));
    }
    wire
}

fn version_wire(version: &KeyVersionInfo) -> Value {
    let spec = version.public.spec();
    json!({
        "kid": version.id.to_string(),
        "version": version.id.version.to_string(),
        "kty": spec.key_type().as_str(),
        "bits": spec.bits(),
        "enabled": version.enabled,
        "notBefore": version.not_before.map(time),
        "expires": version.expires.map(time),
        "keyOps": operations(version),
        "created": time(version.created),
        "updated": time(version.updated),
    })
}

/// A key as people read it.
pub(super) fn key(key: &KeyInfo) -> String {
    let KeyInfo {
        name,
        life: state,
        versions,
        version,
        rotates,
        ..
    } = key;
    let mut text = format!(
        "{HEADING}{name}{HEADING:#}\n\
         version     {}, of {versions}\n\
         type        {}\n\
         state       {}, {}\n\
         key_ops     {}\n\
         created     {}",
        version.id,
        version.public.spec(),
        life(*state),
        if version.enabled {
            "enabled"
        } else {
            "disabled"
        },
        match &operations(version)[..] {
            [] => "none".to_owned(),
            some => some.join(" "),
        },
        time(version.created),
    );
    let times = [
        ("not before  ", version.not_before),
        ("expires     ", version.expires),
        ("rotates     ", *rotates),
    ];
    let times = times
        .into_iter()
        .filter_map(|(what, at)| Some(format!("\n{what}{}", time(at?))));
    text.extend(times);
    text
}

pub(super) fn versions(versions: &[KeyVersionInfo], output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return versions
            .iter()
            .try_for_each(|version| output.json_line(&version_wire(version)));
    }
    let rows = versions.iter().map(|version| {
        [
            version.id.version.to_string(),
            version.public.spec().to_string(),
            if version.enabled { "yes" } else { "no" }.to_owned(),
            version.expires.map_or_else(String::new, time),
            time(version.created),
        ]
    });
    output.line(&table(
        &["version", "type", "enabled", "expires", "created"],
        &[],
        rows,
    ))
}

pub(super) fn census(census: &KeyCensus, output: &Output) -> Result<(), Failure> {
    let KeyCensus {
        key,
        resources,
        visible,
        ..
    } = census;
    let names: Vec<&str> = visible.iter().map(|view| view.id.as_str()).collect();
    let value = json!({ "key": key.to_string(), "resources": resources, "visible": names });
    output.answer(&value, || {
        let mut text = match resources {
            0 => {
                format!("nothing in the live store needs {key}; backups that were made before may")
            }
            1 => format!("1 resource needs {key}"),
            _ => format!("{resources} resources need {key}"),
        };
        text.extend(names.iter().map(|name| format!("\n  {name}")));
        text
    })
}

fn operations(version: &KeyVersionInfo) -> Vec<&'static str> {
    let operations = version.operations.iter().copied();
    operations.map(KeyOperation::as_str).collect()
}
