//! Canary search: whether bytes of what was stored can be seen in what lies at rest.
//!
//! A canary is 32 bytes of a stored file, or of a secret planted for this. Canaries are sought in
//! every byte of every file below some folders: as they are, in hex, and in base64 at any alignment.
//! Names of files and targets of links are not searched: paths are visible by design (rule R1).
//! Nor is text sought that is compressed, or that was broken into lines after it was encoded.
//!
//! A search that finds nothing proves something only beside one that finds everything: search an
//! unsealed copy too, and see that [`Canaries::unseen`] is empty.

mod findings;
mod form;
mod matcher;
mod search;
mod window;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use strongroom_base::{Outcome, OutcomeKind, Retry};

pub(crate) use self::findings::{Findings, Hit};
pub(crate) use self::form::Form;
use self::form::{SHAPES, Text};
use self::matcher::{Matcher, Texts};
use self::search::{Hits, in_parallel, search_files};
use self::window::{Window, pick_window};
use crate::object_path::display;
use crate::walk::{EntryKind, Taking, WalkError, walk};

/// The most different windows, so that every text has a 32-bit number.
#[expect(clippy::cast_possible_truncation, reason = "there are nine shapes")]
const WINDOWS_MAX: u32 = u32::MAX / SHAPES.len() as u32;

/// Where a canary comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It was planted.
    Planted,
    /// It is a window of this file.
    File(PathBuf),
}

/// One canary. It does not know its bytes, so it can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// Files may share a window: it is sought once.
    window: u32,
}

/// What is sought.
#[derive(Default)]
pub(crate) struct Canaries {
    canaries: Vec<Canary>,
    windows: Windows,
}

/// Does not show the windows, which are bytes of files.
impl fmt::Debug for Canaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canaries")
            .field("canaries", &self.canaries.len())
            .field("windows", &self.windows.distinct.len())
            .finish_non_exhaustive()
    }
}

/// The different windows, and which of them are no longer sought.
#[derive(Default)]
struct Windows {
    distinct: Vec<Window>,
    numbers: HashMap<Window, u32>,
    aside: BTreeSet<u32>,
}

/// Why canaries could not be made or sought.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CanaryError {
    /// A planted secret is short or plain.
    #[error(
        "the planted secret has no 32 bytes in a row with 16 different ones, so it would be found by chance: draw 32 or more at random"
    )]
    PlainSecret,
    /// There are more different windows than can be numbered.
    #[error("there are more than {WINDOWS_MAX} different canaries: search fewer files at a time")]
    TooMany,
    /// The files of a folder cannot be listed.
    #[error("what is to be searched cannot be listed")]
    Walk(#[from] WalkError),
    /// A file cannot be read.
    #[error(
        "`{}` cannot be read: see to its permissions, and let nobody change it during the search",
        display(.path.as_os_str().as_bytes())
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Outcome for CanaryError {
    fn code(&self) -> &'static str {
        match self {
            Self::PlainSecret => "PlainSecret",
            Self::TooMany => "TooManyCanaries",
            Self::Walk(error) => error.code(),
            Self::Unreadable { .. } => "SourceUnreadable",
        }
    }

    fn kind(&self) -> OutcomeKind {
        match self {
            Self::Walk(error) => error.kind(),
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                OutcomeKind::Denied
            }
            _ => OutcomeKind::BadInput,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::PlainSecret | Self::TooMany => Retry::Never,
            Self::Walk(error) => error.retry(),
            Self::Unreadable { .. } => Retry::AfterRepair,
        }
    }
}

impl Canaries {
    /// Adds a window of a secret that was planted: 32 random bytes or more.
    ///
    /// # Errors
    /// [`CanaryError::PlainSecret`] when the secret is too short or too plain to be one.
    pub(crate) fn plant(&mut self, secret: &[u8]) -> Result<(), CanaryError> {
        let window = pick_window(Cursor::new(secret)).ok().flatten();
        self.add(Origin::Planted, &window.ok_or(CanaryError::PlainSecret)?)
    }

    /// Adds one window of each file that has one, and answers how many files have none. All cores
    /// read; `progress` is told of each file.
    ///
    /// # Errors
    /// [`CanaryError::Unreadable`] for the first file that cannot be read.
    pub(crate) fn add_files(
        &mut self,
        files: &[PathBuf],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<u64, CanaryError> {
        let pick = |picked: &mut Vec<(usize, Window)>, at, path: &PathBuf| {
            let window = File::open(path).and_then(pick_window).map_err(|source| {
                CanaryError::Unreadable {
                    path: path.clone(),
                    source,
                }
            })?;
            picked.extend(window.map(|window| (at, window)));
            progress(1);
            Ok::<_, CanaryError>(())
        };
        let mut picked = in_parallel(files, Vec::new, pick)?.concat();
        picked.sort_unstable();
        for (at, window) in &picked {
            if let Some(path) = files.get(*at) {
                self.add(Origin::File(path.clone()), window)?;
            }
        }
        Ok((files.len() - picked.len()) as u64)
    }

    fn add(&mut self, origin: Origin, window: &Window) -> Result<(), CanaryError> {
        let window = self.windows.number(window)?;
        self.canaries.push(Canary { origin, window });
        Ok(())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.canaries.len()
    }

    /// Searches every file below these folders, or these files themselves, on all cores with bounded
    /// memory. `progress` is told of bytes as they are searched.
    ///
    /// # Errors
    /// A [`CanaryError`] when a place does not exist or a file cannot be read to its end.
    pub(crate) fn search(
        &self,
        places: &[impl AsRef<Path>],
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Findings, CanaryError> {
        let mut files = Vec::new();
        for place in places {
            let entries = walk(place.as_ref(), Taking::Everything, None)?
                .whole()?
                .entries;
            files.extend(
                entries
                    .into_iter()
                    .filter(|entry| entry.kind == EntryKind::File)
                    .map(|entry| (entry.os_path, entry.size)),
            );
        }
        let matcher = self.windows.matcher();
        let (bytes, hits) = search_files(&files, &matcher, &self.windows, progress)?;
        Ok(Findings::of(&files, bytes, hits))
    }

    /// Searches bytes in memory.
    pub(crate) fn search_bytes(&self, bytes: &[u8]) -> Findings {
        let mut hits = Hits::default();
        self.windows
            .matcher()
            .scan(bytes, bytes.len(), &self.windows, |at, number| {
                hits.add(number, (0, at as u64));
            });
        Findings::of(&[], bytes.len() as u64, hits)
    }

    /// What was seen: canary by canary, form by form. One window that files share is told of for
    /// each of them.
    pub(crate) fn seen<'a>(
        &'a self,
        findings: &'a Findings,
    ) -> impl Iterator<Item = (&'a Canary, Form, &'a Hit)> {
        self.canaries.iter().flat_map(|canary| {
            findings
                .of_window(canary.window)
                .map(move |(form, hit)| (canary, form, hit))
        })
    }

    /// The canaries that were not seen as they are.
    pub(crate) fn unseen<'a>(&'a self, findings: &'a Findings) -> impl Iterator<Item = &'a Canary> {
        self.canaries.iter().filter(|canary| {
            findings
                .of_window(canary.window)
                .all(|(form, _)| form != Form::Raw)
        })
    }

    /// Leaves out the canaries that these findings saw in any form, and answers which: what is in
    /// clear by design, or was there before anything was stored, is no sign of a leak.
    pub(crate) fn set_aside(&mut self, findings: &Findings) -> Vec<Canary> {
        self.windows.aside.extend(findings.windows());
        let aside = &self.windows.aside;
        self.canaries
            .extract_if(.., |canary| aside.contains(&canary.window))
            .collect()
    }
}

impl Windows {
    /// The number of a window, a new one if it is new.
    fn number(&mut self, window: &Window) -> Result<u32, CanaryError> {
        if let Some(number) = self.numbers.get(window) {
            return Ok(*number);
        }
        let next = u32::try_from(self.distinct.len()).unwrap_or(u32::MAX);
        if next >= WINDOWS_MAX {
            return Err(CanaryError::TooMany);
        }
        self.distinct.push(*window);
        self.numbers.insert(*window, next);
        Ok(next)
    }

    fn matcher(&self) -> Matcher {
        let texts = self.distinct.len() * SHAPES.len();
        Matcher::new(self, u32::try_from(texts).unwrap_or(u32::MAX))
    }
}

impl Texts for Windows {
    fn text(&self, number: u32) -> Option<Text> {
        let (window, shape) = form::window_and_shape(number)?;
        if self.aside.contains(&window) {
            return None;
        }
        shape.text(self.distinct.get(usize::try_from(window).ok()?)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use base64ct::{Base64, Base64Url, Encoding as _};
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Bytes that no test wrote elsewhere.
    fn random(seed: u64, length: usize) -> Vec<u8> {
        let block = |at: u64| Sha256::digest([seed.to_le_bytes(), at.to_le_bytes()].concat());
        (0..).flat_map(block).take(length).collect()
    }

    fn unheard(_: u64) {}

    /// A folder with these files.
    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn planted(secret: &[u8]) -> Canaries {
        let mut canaries = Canaries::default();
        canaries.plant(secret).unwrap();
        canaries
    }

    fn forms(canaries: &Canaries, findings: &Findings) -> Vec<(Form, u64)> {
        canaries
            .seen(findings)
            .map(|(_, form, hit)| (form, hit.count))
            .collect()
    }

    #[test]
    fn every_form_is_found_at_every_alignment_and_every_place() {
        // Its base64 has `+` and `/`, its hex has letters.
        let secret: Vec<u8> = (0..32).map(|at| 0xff - 8 * (at % 32)).collect();
        let canaries = planted(&secret);
        let mut seen = 0;
        for before in 0..70 {
            let long = [
                &random(before as u64, before),
                secret.as_slice(),
                &random(99, 7),
            ]
            .concat();
            let encodings = [
                (Form::Raw, long.clone()),
                (Form::HexLower, hex::encode(&long).into_bytes()),
                (Form::HexUpper, hex::encode_upper(&long).into_bytes()),
                (Form::Base64, Base64::encode_string(&long).into_bytes()),
                (
                    Form::Base64Url,
                    Base64Url::encode_string(&long).into_bytes(),
                ),
            ];
            for (form, bytes) in encodings {
                let findings = canaries.search_bytes(&bytes);
                assert_eq!(
                    forms(&canaries, &findings),
                    [(form, 1)],
                    "{before} bytes before"
                );
                seen += findings.total();
            }
        }
        assert_eq!(seen, 70 * 5);
    }

    #[test]
    fn texts_at_the_ends_and_beginnings_of_files_count_once() {
        let secret = random(1, 32);
        let canaries = planted(&secret);
        let double = [secret.as_slice(), &secret].concat();
        let large = [
            random(2, 700_000),
            secret.clone(),
            random(3, 99),
            secret.clone(),
        ]
        .concat();
        let folder = folder(&[
            ("double", &double),
            ("empty", b""),
            ("large", &large),
            ("one", &secret),
        ]);
        let heard = std::sync::atomic::AtomicU64::new(0);
        let findings = canaries
            .search(&[folder.path()], &|bytes| {
                heard.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
            })
            .unwrap();
        assert_eq!(forms(&canaries, &findings), [(Form::Raw, 5)]);
        assert_eq!(
            (findings.files, findings.bytes),
            (4, (3 * 32 + large.len()) as u64)
        );
        assert_eq!(heard.into_inner(), findings.bytes);
        let (_, _, hit) = canaries.seen(&findings).next().unwrap();
        assert_eq!(
            (hit.file.as_deref(), hit.offset),
            (Some(&*folder.path().join("double")), 0)
        );

        // Half a secret, and halves in two files, are no secret.
        let halves = self::folder(&[
            ("a", &secret[..16]),
            ("b", &secret[16..]),
            ("c", &secret[1..]),
        ]);
        assert_eq!(
            canaries.search(&[halves.path()], &unheard).unwrap().total(),
            0
        );
    }

    #[test]
    fn the_first_place_is_by_the_order_of_places() {
        let secret = random(1, 32);
        let canaries = planted(&secret);
        let near = [b"x".as_slice(), &secret].concat();
        let a = folder(&[
            ("far", &[random(2, 500_000), secret].concat()),
            ("near", &near),
        ]);
        let far = a.path().join("far");
        let findings = canaries
            .search(&[a.path().join("near"), far.clone()], &unheard)
            .unwrap();
        let (_, _, hit) = canaries.seen(&findings).next().unwrap();
        assert_eq!(
            (hit.count, hit.file.as_deref(), hit.offset),
            (2, Some(&*a.path().join("near")), 1)
        );
        let findings = canaries.search(&[a.path()], &unheard).unwrap();
        let (_, _, hit) = canaries.seen(&findings).next().unwrap();
        assert_eq!(
            (hit.count, hit.file.as_deref(), hit.offset),
            (2, Some(&*far), 500_000)
        );
    }

    /// Many files: the search over their copy finds every canary, over other random bytes none.
    #[test]
    fn a_copy_shows_every_canary_and_random_bytes_show_none() {
        let mut canaries = planted(&random(0, 48));
        let copy = tempfile::tempdir().unwrap();
        fs::write(copy.path().join("planted"), random(0, 48)).unwrap();
        let files: Vec<_> = (1..=200_u64)
            .map(|number| {
                let path = copy.path().join(number.to_string());
                let length = usize::try_from(number * 17).unwrap();
                let plain = number.is_multiple_of(10);
                let bytes = if plain {
                    vec![7; length]
                } else {
                    random(number, length)
                };
                fs::write(&path, bytes).unwrap();
                path
            })
            .collect();
        // Those of one byte value, and that of 17 bytes, have no window.
        assert_eq!(canaries.add_files(&files, &unheard).unwrap(), 21);
        assert_eq!(canaries.len(), 1 + 200 - 21);

        let found = canaries.search(&[copy.path()], &unheard).unwrap();
        assert_eq!(canaries.unseen(&found).count(), 0);
        assert_eq!(found.total(), 180);

        let sealed = folder(&[("sealed", &random(999, 400_000))]);
        let found = canaries.search(&[sealed.path()], &unheard).unwrap();
        assert_eq!((found.total(), canaries.seen(&found).count()), (0, 0));
        assert_eq!(canaries.unseen(&found).count(), 180);
    }

    #[test]
    fn files_that_share_a_window_are_told_of_each_and_counted_once() {
        let text = b"the quick brown fox jumps over the lazy dog and on";
        let folder = folder(&[("a", text), ("b", text), ("c", &random(1, 64))]);
        let paths = ["a", "b", "c"].map(|name| folder.path().join(name));
        let mut canaries = Canaries::default();
        assert_eq!(canaries.add_files(&paths, &unheard).unwrap(), 0);
        let found = canaries.search(&paths[..1], &unheard).unwrap();
        assert_eq!(found.total(), 1);
        let seen: Vec<_> = canaries
            .seen(&found)
            .map(|(canary, _, _)| &canary.origin)
            .collect();
        assert_eq!(
            seen,
            [
                &Origin::File(paths[0].clone()),
                &Origin::File(paths[1].clone())
            ]
        );

        // What is known to be in clear is set aside, and only that.
        let aside = canaries.set_aside(&canaries.search_bytes(text));
        assert_eq!((aside.len(), canaries.len()), (2, 1));
        assert_eq!(
            canaries.search(&[folder.path()], &unheard).unwrap().total(),
            1
        );
    }

    #[test]
    fn what_cannot_be_sought_is_refused() {
        for secret in [b"too short".as_slice(), &[7; 4096], &random(1, 31)] {
            let error = Canaries::default().plant(secret).unwrap_err();
            assert!(matches!(error, CanaryError::PlainSecret));
        }
        let mut canaries = planted(&random(1, 32));
        let missing = PathBuf::from("no such file");
        let error = canaries.search(&[&missing], &unheard).unwrap_err();
        assert_eq!(error.code(), "SourceNotFound");
        let error = canaries
            .add_files(std::slice::from_ref(&missing), &unheard)
            .unwrap_err();
        assert!(matches!(error, CanaryError::Unreadable { path, .. } if path == missing));
    }

    #[test]
    fn i01_canaries_do_not_show_their_bytes() {
        let secret = random(1, 32);
        let canaries = planted(&secret);
        let shown = format!("{canaries:?} {:?}", canaries.search_bytes(&secret));
        assert!(
            !shown.contains(&format!("{}, {}", secret[0], secret[1])),
            "{shown}"
        );
        assert!(
            shown.starts_with("Canaries { canaries: 1, windows: 1, .. }"),
            "{shown}"
        );
    }
}
