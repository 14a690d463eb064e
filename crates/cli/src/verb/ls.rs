//! `strongroom ls`.

use futures::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStore, path::Path as ObjectPath};
use serde_json::{Value, json};
use strongroom::Unlistable;
use strongroom_base::Timestamp;

use crate::args::Ls;
use crate::failure::Failure;
use crate::object_path::{ObjectKind, decode, display, ends_within_a_name};
use crate::output::{Output, bytes, table, time};
use crate::session::Session;

/// One line of a listing.
pub(crate) struct Line {
    pub(crate) path: String,
    pub(crate) kind: &'static str,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
}

impl Line {
    pub(crate) fn object(meta: &ObjectMeta) -> Self {
        let (path, kind) = shown(&meta.location);
        let millis = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0);
        Self {
            path,
            kind,
            size: Some(meta.size),
            modified: Some(Timestamp::from_unix_millis(millis)),
        }
    }

    fn folder(prefix: &ObjectPath) -> Self {
        let (path, _) = shown(prefix);
        Self {
            path: format!("{path}/"),
            kind: "folder",
            size: None,
            modified: None,
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "path": self.path,
            "kind": self.kind,
            "size": self.size,
            "modified": self.modified.map(time),
        })
    }
}

/// An object's path as its owner knows it. One that some application has put is shown as it is.
fn shown(location: &ObjectPath) -> (String, &'static str) {
    match decode(location) {
        Ok((path, ObjectKind::File)) => (display(&path).to_string(), "file"),
        Ok((path, ObjectKind::Link)) => (display(&path).to_string(), "link"),
        Err(_) => (display(location.as_ref().as_bytes()).to_string(), "object"),
    }
}

pub(crate) async fn run(session: &Session, args: Ls, output: &Output) -> Result<(), Failure> {
    let Ls { place, recursive } = args;
    let store = session.store(&place.resource).await?;
    let prefix = place.as_folder()?;
    let mut lines = if recursive {
        everything(&*store, &prefix, output).await?
    } else {
        one_level(&*store, &prefix, output).await?
    };
    if lines.is_empty() && !place.path.is_empty() {
        let meta = super::stat::find(&*store, &place).await?;
        lines.push(Line::object(&meta));
    }
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    if output.is_json() {
        return lines
            .iter()
            .try_for_each(|line| output.json_line(&line.json()));
    }
    if lines.is_empty() {
        output.remark("there is nothing here");
        return Ok(());
    }
    output.line(&listing(&lines))
}

async fn everything(
    store: &dyn ObjectStore,
    prefix: &ObjectPath,
    output: &Output,
) -> Result<Vec<Line>, Failure> {
    let mut entries = store.list(Some(prefix));
    let mut lines = Vec::new();
    loop {
        match entries.try_next().await {
            Ok(Some(meta)) => lines.push(Line::object(&meta)),
            Ok(None) => return Ok(lines),
            // A stored object with an impossible size is an error of its own entry.
            Err(object_store::Error::Generic { source, .. }) => {
                output.warn(&format!("warning: {source}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn one_level(
    store: &dyn ObjectStore,
    prefix: &ObjectPath,
    output: &Output,
) -> Result<Vec<Line>, Failure> {
    let mut lines = Vec::new();
    let mut to_list = vec![prefix.clone()];
    while let Some(prefix) = to_list.pop() {
        let listed = store.list_with_delimiter(Some(&prefix)).await?;
        if let Some(Unlistable { locations, .. }) = listed.extensions.get::<Unlistable>() {
            for location in locations {
                output.warn(&format!(
                    "warning: {location} is damaged: no plaintext has its stored size"
                ));
            }
        }
        lines.extend(listed.objects.iter().map(Line::object));
        // A long name lies in several folders of the store: the rest of it is one level down.
        let (unfinished, folders): (Vec<_>, Vec<_>) = listed
            .common_prefixes
            .into_iter()
            .partition(ends_within_a_name);
        lines.extend(folders.iter().map(Line::folder));
        to_list.extend(unfinished);
    }
    Ok(lines)
}

/// A listing as people read it.
pub(crate) fn listing(lines: &[Line]) -> String {
    let rows = lines.iter().map(|line| {
        let arrow = if line.kind == "link" { "@" } else { "" };
        [
            line.size.map(bytes).unwrap_or_default(),
            line.modified.map(time).unwrap_or_default(),
            format!("{}{arrow}", line.path),
        ]
    });
    table(&["size", "modified", "path"], &[0], rows)
}
