//! What there is to store below a file or folder.
//!
//! Files and symbolic links are yielded; links as links, never followed. Sockets, pipes and devices
//! hold no bytes to store: they are skipped, and named. So is what belongs to an installation, and what a
//! `get` that was killed has left. What cannot be read is named, and the rest is walked. Empty folders,
//! modes, owners and times are not kept.

use std::fmt;
use std::fs::{self, FileType, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::{DirEntry, WalkBuilder};
use strongroom_base::{Outcome, OutcomeKind, Retry};

use crate::object_path::display;
use crate::own::Own;
use crate::transfer::is_unfinished;

/// Which files below a folder are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// All of them, hidden ones too, whatever any ignore file says.
    Everything,
    /// All but what git ignores and git's own `.git`: by the `.gitignore` files of the folder and
    /// of the repository it lies in, the repository's excludes and the user's.
    ///
    /// `.gitignore` files count outside a repository too, as in an unpacked archive of one. What is
    /// committed though ignored is left out as well: git's index is not read.
    LessIgnored,
}

/// One file or link to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where it lies.
    pub(crate) os_path: PathBuf,
    /// Its path below the folder that was walked, with `/` between names and none at the ends. Of a
    /// source that is no folder, its name.
    pub(crate) relative: Vec<u8>,
    /// What it is.
    pub(crate) kind: EntryKind,
    /// How many bytes its content has: those of the file, or of the link's target.
    pub(crate) size: u64,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A regular file.
    File,
    /// A symbolic link.
    Link {
        /// The bytes that the link holds, wherever they lead.
        target: Vec<u8>,
    },
}

/// Something that holds no bytes to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skipped {
    /// Where it lies.
    pub(crate) os_path: PathBuf,
    /// What it is.
    pub(crate) kind: Special,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = display(self.os_path.as_os_str().as_bytes());
        write!(f, "{path}, {},", self.kind)
    }
}

/// What is not stored, though it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    /// A Unix socket.
    Socket,
    /// A named pipe.
    Pipe,
    /// A block or character device.
    Device,
    /// A folder.
    Folder,
    /// What belongs to an installation: its data folder, keep, root key or audit heads.
    Own,
    /// What a `get` that was killed has left.
    Unfinished,
    /// What this program does not know.
    Unknown,
}

impl Special {
    pub(crate) fn of(file_type: FileType) -> Self {
        if file_type.is_socket() {
            Self::Socket
        } else if file_type.is_fifo() {
            Self::Pipe
        } else if file_type.is_block_device() || file_type.is_char_device() {
            Self::Device
        } else if file_type.is_dir() {
            Self::Folder
        } else {
            Self::Unknown
        }
    }
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socket => "a socket",
            Self::Pipe => "a pipe",
            Self::Device => "a device",
            Self::Folder => "a folder",
            Self::Own => "part of an installation of Strongroom",
            Self::Unfinished => "what a `get` that was killed has left",
            Self::Unknown => "neither file, folder nor link",
        })
    }
}

/// All that a walk found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What there is to store, in the order of the relative paths' bytes.
    pub(crate) entries: Vec<Entry>,
    /// What was skipped, in the order of the paths.
    pub(crate) skipped: Vec<Skipped>,
    /// What could not be looked at.
    pub(crate) failed: Vec<WalkError>,
}

impl Found {
    /// How many bytes there are to store.
    pub(crate) fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }

    /// Of a source that cannot be walked.
    pub(crate) fn nothing(why: WalkError) -> Self {
        Self {
            failed: vec![why],
            ..Self::default()
        }
    }

    /// All of it, or why not.
    ///
    /// # Errors
    /// The first thing that could not be looked at.
    pub(crate) fn whole(mut self) -> Result<Self, WalkError> {
        if self.failed.is_empty() {
            Ok(self)
        } else {
            Err(self.failed.swap_remove(0))
        }
    }

    /// Folders list their names in no order, and may be walked in any.
    fn sort(&mut self) {
        self.entries.sort_by(|a, b| a.relative.cmp(&b.relative));
        self.skipped
            .sort_by(|a, b| a.os_path.as_os_str().cmp(b.os_path.as_os_str()));
    }
}

/// Why something is not walked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WalkError {
    /// A source does not exist.
    #[error("`{}` does not exist: name a file or folder that does", display(.path.as_os_str().as_bytes()))]
    Missing {
        /// The source that was given.
        path: PathBuf,
    },
    /// A source is a socket, a pipe or a device.
    #[error(
        "`{}` is {special}, which holds no bytes to store: name a file or folder",
        display(.path.as_os_str().as_bytes())
    )]
    Unstorable {
        /// The source that was given.
        path: PathBuf,
        /// What it is.
        special: Special,
    },
    /// A source belongs to an installation.
    #[error(
        "`{}` belongs to the installation in `{}`, and is left out: what an installation is made of is never \
         stored or removed; a backup copies it",
        display(.path.as_os_str().as_bytes()),
        display(.data.as_os_str().as_bytes())
    )]
    Own {
        /// The source that was given.
        path: PathBuf,
        /// The installation's data folder.
        data: PathBuf,
    },
    /// Two sources hold the same path.
    #[error(
        "`{}` and `{}` would be stored under the same path, so only the first is: store the other under \
         another prefix",
        display(.first.as_os_str().as_bytes()),
        display(.second.as_os_str().as_bytes())
    )]
    SamePath {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The system does not let a file or folder be read.
    #[error(
        "`{}` cannot be read: see to its permissions and its disk, or leave it out",
        display(.path.as_os_str().as_bytes())
    )]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Outcome for WalkError {
    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "SourceNotFound",
            Self::Unstorable { .. } => "SourceNotStorable",
            Self::Own { .. } => "InstallationFiles",
            Self::SamePath { .. } => "SourcesOverlap",
            Self::Unreadable { .. } => "SourceUnreadable",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                OutcomeKind::Denied
            }
            Self::Own { .. } => OutcomeKind::Refused,
            _ => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::Unreadable { .. } => Retry::AfterRepair,
            _ => Retry::Never,
        }
    }
}

/// All there is to store of one source: of a folder what lies below it, of a file or link itself.
///
/// What goes away while the walk is under way is not there. `link/`, with its slash, is the folder
/// that the link leads to, as everywhere in POSIX. What is `own` is left out.
///
/// # Errors
/// A [`WalkError`] when the source is missing, unreadable, or nothing to store. What is so below it is among
/// what was found.
pub(crate) fn walk(source: &Path, taking: Taking, own: Option<&Own>) -> Result<Found, WalkError> {
    walk_source(source, taking, own).map(|(_, found)| found)
}

/// All there is to store of several sources, each folder under its own name, as a copy of them into
/// one place would be. A source without a name of its own, such as `.`, adds what lies below it.
///
/// The errors of [`walk`] are among what was found, and [`WalkError::SamePath`] where two sources meet in one
/// path.
pub(crate) fn walk_all(sources: &[PathBuf], taking: Taking, own: Option<&Own>) -> Found {
    let mut all = Found::default();
    for source in sources {
        let (is_folder, mut found) = match walk_source(source, taking, own) {
            Ok(found) => found,
            Err(error) => (false, Found::nothing(error)),
        };
        if is_folder && let Some(name) = source.file_name() {
            for entry in &mut found.entries {
                entry.relative = [name.as_bytes(), b"/", &entry.relative].concat();
            }
        }
        all.entries.append(&mut found.entries);
        all.skipped.append(&mut found.skipped);
        all.failed.append(&mut found.failed);
    }
    all.sort();
    let failed = &mut all.failed;
    all.entries.dedup_by(|second, first| {
        let meet = first.relative == second.relative;
        if meet {
            let (first, second) = (first.os_path.clone(), second.os_path.clone());
            failed.push(WalkError::SamePath { first, second });
        }
        meet
    });
    all
}

/// Whether the source is a folder, and what there is to store of it.
fn walk_source(
    source: &Path,
    taking: Taking,
    own: Option<&Own>,
) -> Result<(bool, Found), WalkError> {
    let metadata = match fs::symlink_metadata(source) {
        Ok(metadata) => metadata,
        Err(error) if is_gone(&error) => {
            return Err(WalkError::Missing {
                path: source.to_owned(),
            });
        }
        Err(error) => return Err(unreadable(source, error)),
    };
    if let Some(own) = own {
        // A link is where it lies, not where it leads.
        let place = match source.parent() {
            Some(folder) if metadata.is_symlink() => folder,
            _ => source,
        };
        let around = own.around(place).map_err(|error| unreadable(source, error));
        if let Some(data) = around? {
            let path = source.to_owned();
            return Err(WalkError::Own { path, data });
        }
    }
    let mut found = Found::default();
    if metadata.is_dir() {
        let left_out = LeftOut::default();
        for item in folder_walk(source, taking, own, &left_out).build() {
            match item {
                Ok(item) if item.depth() == 0 => {}
                Ok(item) => take_item(source, &item, own, &mut found),
                Err(error) => {
                    let (path, error) = blame(source, error);
                    if path == source {
                        return Err(unreadable(&path, error));
                    }
                    if !is_gone(&error) {
                        found.failed.push(unreadable(&path, error));
                    }
                }
            }
        }
        let left_out = left_out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = own
            && !left_out.is_empty()
        {
            leave_out_what_was_met_before(&mut found, own);
        }
        found.skipped.extend(left_out.iter().cloned());
    } else {
        let name = source.file_name().unwrap_or(source.as_os_str()).as_bytes();
        take(source.to_owned(), name.to_vec(), &metadata, &mut found)
            .map_err(|error| unreadable(source, error))?;
        if let Some(Skipped {
            os_path: path,
            kind: special,
        }) = found.skipped.pop()
        {
            return Err(WalkError::Unstorable { path, special });
        }
    }
    found.sort();
    Ok((metadata.is_dir(), found))
}

/// Folders that the walker does not enter.
type LeftOut = Arc<Mutex<Vec<Skipped>>>;

fn folder_walk(
    folder: &Path,
    taking: Taking,
    own: Option<&Own>,
    left_out: &LeftOut,
) -> WalkBuilder {
    let mut walk = WalkBuilder::new(folder);
    walk.standard_filters(false).follow_links(false);
    if taking == Taking::LessIgnored {
        walk.git_ignore(true)
            .git_exclude(true)
            .git_global(true)
            .require_git(false)
            // Outside a repository the walker would read the `.gitignore` of every folder up to the
            // root, which nobody meant for this one.
            .parents(is_in_repository(folder));
    }
    let (own, left_out) = (own.cloned(), Arc::clone(left_out));
    walk.filter_entry(move |item| {
        if item.depth() == 0 {
            return true;
        }
        if taking == Taking::LessIgnored && item.file_name() == ".git" {
            return false;
        }
        let is_folder = item.file_type().is_some_and(|file_type| file_type.is_dir());
        let is_own = is_folder && own.as_ref().is_some_and(|own| is_own(item.path(), own));
        if is_own {
            let mut left_out = left_out.lock().unwrap_or_else(PoisonError::into_inner);
            left_out.push(Skipped {
                os_path: item.path().to_owned(),
                kind: Special::Own,
            });
        }
        !is_own
    });
    walk
}

/// An installation names files that lie elsewhere, perhaps where the walk had been already.
fn leave_out_what_was_met_before(found: &mut Found, own: &Own) {
    let Found {
        entries, skipped, ..
    } = found;
    entries.retain(|entry| {
        let is_own = fs::symlink_metadata(&entry.os_path)
            .is_ok_and(|metadata| own.known(&metadata).is_some());
        if is_own {
            skipped.push(Skipped {
                os_path: entry.os_path.clone(),
                kind: Special::Own,
            });
        }
        !is_own
    });
}

fn is_own(path: &Path, own: &Own) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| own.owner(path, &metadata).is_some())
}

fn is_in_repository(folder: &Path) -> bool {
    fs::canonicalize(folder).is_ok_and(|folder| {
        folder
            .ancestors()
            .any(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())
    })
}

fn take_item(folder: &Path, item: &DirEntry, own: Option<&Own>, found: &mut Found) {
    if item.file_type().is_some_and(|file_type| file_type.is_dir()) {
        return;
    }
    let path = item.path();
    let skip = |kind| Skipped {
        os_path: path.to_owned(),
        kind,
    };
    if is_unfinished(item.file_name()) {
        return found.skipped.push(skip(Special::Unfinished));
    }
    // What the walker yields below a folder begins with the folder's own path.
    let relative = path
        .strip_prefix(folder)
        .map_or(path.as_os_str(), Path::as_os_str);
    let taken = fs::symlink_metadata(path).and_then(|metadata| {
        if own.is_some_and(|own| own.known(&metadata).is_some()) {
            found.skipped.push(skip(Special::Own));
            return Ok(());
        }
        take(
            path.to_owned(),
            relative.as_bytes().to_vec(),
            &metadata,
            found,
        )
    });
    if let Err(error) = taken
        && !is_gone(&error)
    {
        found.failed.push(unreadable(path, error));
    }
}

/// Takes what is no folder. What became one since it was listed is left: a later walk finds it.
fn take(
    os_path: PathBuf,
    relative: Vec<u8>,
    metadata: &Metadata,
    found: &mut Found,
) -> io::Result<()> {
    let file_type = metadata.file_type();
    if file_type.is_file() {
        let size = metadata.len();
        found.entries.push(Entry {
            os_path,
            relative,
            kind: EntryKind::File,
            size,
        });
    } else if file_type.is_symlink() {
        let target = fs::read_link(&os_path)?.into_os_string().into_vec();
        let size = target.len() as u64;
        found.entries.push(Entry {
            os_path,
            relative,
            kind: EntryKind::Link { target },
            size,
        });
    } else if !file_type.is_dir() {
        found.skipped.push(Skipped {
            os_path,
            kind: Special::of(file_type),
        });
    }
    Ok(())
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn unreadable(path: &Path, source: io::Error) -> WalkError {
    WalkError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

/// The path that a walker's error is about, and what the system said of it.
fn blame(source: &Path, error: ignore::Error) -> (PathBuf, io::Error) {
    let mut path = source.to_owned();
    let mut error = error;
    loop {
        error = match error {
            ignore::Error::WithPath { path: blamed, err } => {
                path = blamed;
                *err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                *err
            }
            ignore::Error::Io(error) => return (path, error),
            other => return (path, io::Error::other(other)),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    /// A folder with these files, each holding its own path; a path that ends in `/` is a folder.
    fn folder(paths: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let os_path = folder.path().join(path);
            if path.ends_with('/') {
                fs::create_dir_all(&os_path).unwrap();
            } else {
                fs::create_dir_all(os_path.parent().unwrap()).unwrap();
                fs::write(os_path, path).unwrap();
            }
        }
        folder
    }

    fn relative(found: &Found) -> Vec<String> {
        let text = |entry: &Entry| String::from_utf8(entry.relative.clone()).unwrap();
        found.entries.iter().map(text).collect()
    }

    fn walked(folder: &Path, taking: Taking) -> Vec<String> {
        relative(&walk(folder, taking, None).unwrap())
    }

    #[test]
    fn everything_is_taken_in_the_order_of_bytes() {
        let folder = folder(&[
            "b",
            "a/z",
            "a-b",
            "a.txt",
            ".hidden",
            ".git/config",
            ".gitignore",
            ".ignore",
            "ignored",
            "sub/.gitignore",
            "sub/deep/er/file",
            "empty/",
            "sub/empty/",
        ]);
        fs::write(folder.path().join(".gitignore"), "ignored\n").unwrap();
        fs::write(folder.path().join(".ignore"), "b\n*.txt\n").unwrap();
        let found = walk(folder.path(), Taking::Everything, None).unwrap();
        assert_eq!(
            relative(&found),
            [
                ".git/config",
                ".gitignore",
                ".hidden",
                ".ignore",
                "a-b",
                "a.txt",
                "a/z",
                "b",
                "ignored",
                "sub/.gitignore",
                "sub/deep/er/file",
            ]
        );
        for entry in &found.entries {
            assert_eq!(entry.kind, EntryKind::File);
            assert_eq!(fs::read(&entry.os_path).unwrap().len() as u64, entry.size);
            assert!(
                entry
                    .os_path
                    .as_os_str()
                    .as_bytes()
                    .ends_with(&entry.relative)
            );
        }
        assert!(found.bytes() > 0 && found.skipped.is_empty());
    }

    #[test]
    fn links_are_yielded_and_never_followed() {
        let folder = folder(&["real/file"]);
        let at = |name: &str| folder.path().join(name);
        let odd = PathBuf::from(std::ffi::OsString::from_vec(b"no\xffwhere".to_vec()));
        symlink("real", at("to-folder")).unwrap();
        symlink(".", at("real/round")).unwrap();
        symlink(&odd, at("broken")).unwrap();
        let found = walk(folder.path(), Taking::Everything, None).unwrap();
        assert_eq!(
            relative(&found),
            ["broken", "real/file", "real/round", "to-folder"]
        );
        let targets: Vec<_> = found
            .entries
            .iter()
            .filter_map(|entry| match &entry.kind {
                EntryKind::Link { target } => {
                    assert_eq!(entry.size, target.len() as u64);
                    Some(target.as_slice())
                }
                EntryKind::File => None,
            })
            .collect();
        assert_eq!(targets, [b"no\xffwhere".as_slice(), b".", b"real"]);

        // A link as the source is a link; with a slash it is the folder.
        assert_eq!(walked(&at("to-folder"), Taking::Everything), ["to-folder"]);
        assert_eq!(
            walked(&at("to-folder/"), Taking::Everything),
            ["file", "round"]
        );
    }

    #[test]
    fn special_files_are_skipped_and_named() {
        let folder = folder(&["file"]);
        let socket = folder.path().join("socket");
        let _listening = UnixListener::bind(&socket).unwrap();
        let found = walk(folder.path(), Taking::Everything, None).unwrap();
        assert_eq!(relative(&found), ["file"]);
        assert_eq!(
            found.skipped,
            [Skipped {
                os_path: socket,
                kind: Special::Socket
            }]
        );
    }

    #[test]
    fn what_git_ignores_is_left_out() {
        let folder = folder(&[
            ".git/info/exclude",
            ".git/HEAD",
            ".gitignore",
            ".ignore",
            ".hidden",
            "kept",
            "build/out",
            "a.log",
            "b.tmp",
            "sub/important.log",
            "sub/.gitignore",
            "nested/.git/HEAD",
            "nested/c.log",
            "worktree/.git",
            "worktree/file",
        ]);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(".gitignore", "/build/\n*.log\n");
        write(".git/info/exclude", "*.tmp\n");
        write(".ignore", "kept\n");
        write("sub/.gitignore", "!important.log\n");
        // A repository in the folder has its own rules, as git would say in it.
        let taken = [
            ".gitignore",
            ".hidden",
            ".ignore",
            "kept",
            "sub/.gitignore",
            "sub/important.log",
            "worktree/file",
        ];
        let walked_here = walked(folder.path(), Taking::LessIgnored);
        assert_eq!(
            walked_here
                .iter()
                .filter(|path| !path.starts_with("nested/"))
                .collect::<Vec<_>>(),
            taken
        );
        assert!(
            !walked_here
                .iter()
                .any(|path| path.split('/').any(|name| name == ".git"))
        );

        // The rules of a repository count in its folders.
        assert_eq!(
            walked(&folder.path().join("sub"), Taking::LessIgnored),
            [".gitignore", "important.log"]
        );
    }

    #[test]
    fn outside_a_repository_a_folder_has_its_own_rules_and_no_others() {
        let folder = folder(&[
            "inner/file",
            "inner/out/file",
            "inner/.gitignore",
            ".gitignore",
        ]);
        fs::write(folder.path().join(".gitignore"), "*\n").unwrap();
        fs::write(folder.path().join("inner/.gitignore"), "out\n").unwrap();
        let inner = folder.path().join("inner");
        assert_eq!(walked(&inner, Taking::LessIgnored), [".gitignore", "file"]);
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(walked(&inner, Taking::LessIgnored), [] as [&str; 0]);
    }

    #[test]
    fn a_source_may_be_a_file_or_have_no_name() {
        let folder = folder(&["file"]);
        let file = folder.path().join("file");
        let found = walk(&file, Taking::LessIgnored, None).unwrap();
        let expected = Entry {
            os_path: file,
            relative: b"file".to_vec(),
            kind: EntryKind::File,
            size: 4,
        };
        assert_eq!(found.entries, [expected]);
        // Tests run in the package's folder.
        for here in [".", "./", "src/.."] {
            let found = walked(Path::new(here), Taking::LessIgnored);
            assert!(
                found.iter().any(|path| path == "src/walk.rs"),
                "{here}: {found:?}"
            );
        }
    }

    #[test]
    fn several_sources_keep_their_names() {
        let folder = folder(&["a/x", "b/x", "c", "d/a/x"]);
        let at = |name: &str| folder.path().join(name);
        let found = walk_all(
            &[at("b"), at("c"), at("a/"), at("d/a/x"), at("none")],
            Taking::Everything,
            None,
        );
        assert_eq!(relative(&found), ["a/x", "b/x", "c", "x"]);
        assert_eq!(found.failed[0].code(), "SourceNotFound");
        let met = walk_all(&[at("a"), at("d/a")], Taking::Everything, None);
        assert_eq!(met.entries[0].os_path, at("a/x"));
        assert_eq!((met.entries.len(), met.failed.len()), (1, 1));
        assert_eq!(met.failed[0].code(), "SourcesOverlap");
    }

    #[test]
    fn sources_that_cannot_be_stored_are_refused_by_name() {
        let folder = folder(&["file"]);
        for missing in ["nothing", "file/below", "nothing/"] {
            let path = folder.path().join(missing);
            let error = walk(&path, Taking::Everything, None).unwrap_err();
            assert!(matches!(&error, WalkError::Missing { path: named } if *named == path));
            assert!(error.to_string().contains(missing));
        }
        let device = walk(Path::new("/dev/null"), Taking::Everything, None).unwrap_err();
        assert_eq!(
            device.to_string(),
            "`/dev/null` is a device, which holds no bytes to store: name a file or folder"
        );
        let too_long = folder.path().join("x".repeat(256));
        let error = walk(&too_long, Taking::Everything, None).unwrap_err();
        assert!(matches!(error, WalkError::Unreadable { path, .. } if path == too_long));
    }

    #[test]
    fn a_walkers_error_is_blamed_on_its_path() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let path = ignore::Error::WithPath {
            path: PathBuf::from("below"),
            err: Box::new(ignore::Error::Io(denied)),
        };
        let error = ignore::Error::WithDepth {
            depth: 1,
            err: Box::new(path),
        };
        let (path, error) = blame(Path::new("source"), error);
        assert_eq!(path, Path::new("below"));
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
