//! `strongroom ls`.

use std::collections::HashSet;

use futures::StreamExt as _;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, path::Path as ObjectPath};
use serde_json::{Value, json};
use strongroom::Unlistable;
use strongroom_base::Timestamp;

use crate::address::LINK;
use crate::args::Ls;
use crate::failure::Failure;
use crate::object_path::{
    ObjectKind, decode, decode_folder, display, encode, ends_within_a_name, is_foreign,
};
use crate::output::{HEADING, Output, bytes, time};
use crate::session::Session;
use crate::several::Several;

/// One line of a listing.
pub(crate) struct Line {
    path: Vec<u8>,
    kind: Kind,
    size: Option<u64>,
    modified: Option<Timestamp>,
    /// How many entries a folder has.
    entries: Option<usize>,
    /// Whether it is a link where a file has the same path.
    pub(crate) is_second: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    /// What an application named, not this program.
    Object,
    Folder,
}

impl Line {
    pub(crate) fn object(meta: &ObjectMeta) -> Self {
        let (path, kind) = decode(&meta.location);
        let kind = match kind {
            ObjectKind::Link => Kind::Link,
            ObjectKind::File if is_foreign(&meta.location) => Kind::Object,
            ObjectKind::File => Kind::File,
        };
        let millis = u64::try_from(meta.last_modified.timestamp_millis()).unwrap_or(0);
        Self {
            path,
            kind,
            size: Some(meta.size),
            modified: Some(Timestamp::from_unix_millis(millis)),
            entries: None,
            is_second: false,
        }
    }

    pub(crate) fn folder(prefix: &ObjectPath, entries: Option<usize>) -> Self {
        Self {
            path: decode_folder(prefix),
            kind: Kind::Folder,
            size: None,
            modified: None,
            entries,
            is_second: false,
        }
    }

    fn json(&self) -> Value {
        let end = match self.kind {
            Kind::Link if self.is_second => LINK,
            Kind::Folder => "/",
            _ => "",
        };
        let mut json = json!({
            "path": format!("{}{end}", display(&self.path)),
            "kind": match self.kind {
                Kind::File => "file",
                Kind::Link => "link",
                Kind::Object => "object",
                Kind::Folder => "folder",
            },
            "size": self.size,
            "modified": self.modified.map(time),
        });
        if let (Some(entries), Some(members)) = (self.entries, json.as_object_mut()) {
            members.insert("entries".to_owned(), entries.into());
        }
        json
    }

    fn words(&self) -> String {
        let end = match self.kind {
            Kind::Link => LINK,
            Kind::Folder => "/",
            Kind::File | Kind::Object => "",
        };
        let size = match (self.size, self.entries) {
            (Some(size), _) => bytes(size),
            (None, Some(1)) => "1 entry".to_owned(),
            (None, Some(entries)) => format!("{entries} entries"),
            (None, None) => String::new(),
        };
        let modified = self.modified.map(time).unwrap_or_default();
        row(&size, &modified, &format!("{}{end}", display(&self.path)))
    }
}

/// The columns have a fixed width: a line is written before the next one is known.
fn row(size: &str, modified: &str, path: &str) -> String {
    format!("{size:>13}  {modified:<24}  {path}")
}

/// Lines that are written as they are found.
pub(crate) struct Listing<'a> {
    output: &'a Output,
    is_begun: bool,
}

impl<'a> Listing<'a> {
    pub(crate) fn new(output: &'a Output) -> Self {
        Self {
            output,
            is_begun: false,
        }
    }

    pub(crate) fn line(&mut self, line: &Line) -> Result<(), Failure> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if self.output.is_json() {
            return self.output.json_line(&line.json());
        }
        if is_first {
            let titles = row("size", "modified", "path");
            self.output.line(&format!("{HEADING}{titles}{HEADING:#}"))?;
        }
        self.output.line(&line.words())
    }
}

pub(crate) async fn run(session: &Session, args: Ls, output: &Output) -> Result<(), Failure> {
    let Ls { place, recursive } = args;
    let store = session.store(&place.resource).await?;
    let mut listing = Listing::new(output);
    let mut several = Several::new(output);
    if !place.link {
        let prefix = place.as_folder()?;
        if recursive {
            everything(&*store, &prefix, &mut listing, &mut several).await?;
        } else {
            one_level(&*store, prefix, &mut listing, &mut several).await?;
        }
    }
    if !listing.is_begun && several.is_empty() {
        if place.path.is_empty() {
            output.remark("there is nothing here");
        } else {
            let mut line = Line::object(&super::stat::find(&*store, &place).await?);
            line.is_second = place.link;
            listing.line(&line)?;
        }
    }
    several.end()
}

/// Each object as the store names it, in the order of the paths.
async fn everything(
    store: &dyn ObjectStore,
    prefix: &ObjectPath,
    listing: &mut Listing<'_>,
    several: &mut Several<'_>,
) -> Result<(), Failure> {
    let mut entries = store.list(Some(prefix));
    let mut seconds = Seconds::default();
    while let Some(entry) = entries.next().await {
        match entry {
            Ok(meta) => {
                let mut line = Line::object(&meta);
                line.is_second = seconds.include(store, &meta.location, &line).await?;
                listing.line(&line)?;
            }
            // A stored object that cannot be listed is an error of its own entry.
            Err(error) => several.note(error.into())?,
        }
    }
    Ok(())
}

/// Tells links from the files that have the same path, in a listing in the order of the paths.
#[derive(Default)]
struct Seconds {
    /// The files listed so far whose whole path begins the present one.
    files: Vec<ObjectPath>,
}

impl Seconds {
    /// Whether this is a link and there is a file that has its path.
    async fn include(
        &mut self,
        store: &dyn ObjectStore,
        location: &ObjectPath,
        line: &Line,
    ) -> Result<bool, Failure> {
        let begins = |file: &ObjectPath| location.as_ref().starts_with(file.as_ref());
        while self.files.last().is_some_and(|file| !begins(file)) {
            self.files.pop();
        }
        if line.kind != Kind::Link {
            self.files.push(location.clone());
            return Ok(false);
        }
        let file = encode(&line.path, ObjectKind::File)?;
        if begins(&file) {
            return Ok(self.files.contains(&file));
        }
        // The link's mark moved the cut of a long name.
        match store.head(&file).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

async fn one_level(
    store: &dyn ObjectStore,
    prefix: ObjectPath,
    listing: &mut Listing<'_>,
    several: &mut Several<'_>,
) -> Result<(), Failure> {
    let mut lines = Vec::new();
    let mut to_list = vec![prefix];
    while let Some(prefix) = to_list.pop() {
        let listed = store.list_with_delimiter(Some(&prefix)).await?;
        if let Some(Unlistable { locations, .. }) = listed.extensions.get::<Unlistable>() {
            for location in locations {
                // What is wrong with it is told by asking for it alone.
                match store.head(location).await {
                    Ok(meta) => lines.push(Line::object(&meta)),
                    Err(object_store::Error::NotFound { .. }) => {
                        several.note(Failure::NoObject(location.to_string()))?;
                    }
                    Err(error) => several.note(error.into())?,
                }
            }
        }
        lines.extend(listed.objects.iter().map(Line::object));
        // A long name lies in several folders of the store: the rest of it is one level down.
        let (unfinished, folders): (Vec<_>, Vec<_>) = listed
            .common_prefixes
            .into_iter()
            .partition(ends_within_a_name);
        lines.extend(folders.iter().map(|folder| Line::folder(folder, None)));
        to_list.extend(unfinished);
    }
    let is_file = |line: &&Line| matches!(line.kind, Kind::File | Kind::Object);
    let files: HashSet<Vec<u8>> = if lines.iter().any(|line| line.kind == Kind::Link) {
        lines
            .iter()
            .filter(is_file)
            .map(|line| line.path.clone())
            .collect()
    } else {
        HashSet::new()
    };
    for line in &mut lines {
        line.is_second = line.kind == Kind::Link && files.contains(&line.path);
    }
    lines.sort_by(|a, b| (&a.path, a.is_second).cmp(&(&b.path, b.is_second)));
    lines.iter().try_for_each(|line| listing.line(line))
}
