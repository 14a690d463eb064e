//! What is read to be stored: a file as it is at one moment, standard input, or a stream.
//!
//! A file that somebody writes to while it is read would be stored as a mixture of before and after. Its
//! size, its times and its inode are compared before and after; a write changes them. Two things can hide
//! one: times are only as fine as the file system keeps them, and a program that writes through a mapping
//! changes them no more often than the system writes its pages back. So a file that changed within the last
//! minute is read twice. Where both readings are the same, the file held just that between them. One that
//! changed within the last tenth of a second is left alone for so long first: somebody may be half-way
//! through it.

use std::fs::{File as StdFile, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use strongroom::SystemClock;
use strongroom_base::Clock as _;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _, Stdin};

use super::upload::PART;
use crate::digest::{Checksum, Hashing};
use crate::failure::Failure;
use crate::own::Own;
use crate::shown::shown;
use crate::stdin;
use crate::walk::WalkError;

/// What changed within this time may be written to without a trace.
const FRESH_MILLIS: i128 = 60_000;
/// What changed within this time may be changing still.
const UNREST_MILLIS: i128 = 100;

/// Blocks of one object, on their way to another store.
pub(crate) type Blocks = BoxStream<'static, object_store::Result<Bytes>>;

/// Bytes that are stored all together or not at all.
pub(crate) struct Source {
    from: From,
    /// What was read so far, if it matters.
    hashing: Option<Hashing>,
}

enum From {
    File(OpenFile),
    Stdin(Stdin),
    Blocks(Blocks),
}

impl Source {
    /// A file, which is neither a link nor a pipe now, whatever it was when it was found, nor anything of an
    /// installation's own.
    pub(crate) async fn file(path: &Path, own: Option<&Own>) -> Result<Self, Failure> {
        let file = OpenFile::open(path, own).await?;
        let hashing = file.stamp.is_fresh().then(Hashing::default);
        let from = From::File(file);
        Ok(Self { from, hashing })
    }

    /// Standard input.
    pub(crate) fn stdin() -> Result<Self, Failure> {
        stdin::check()?;
        Ok(Self {
            from: From::Stdin(tokio::io::stdin()),
            hashing: None,
        })
    }

    /// A stream of blocks.
    pub(crate) fn blocks(blocks: Blocks) -> Self {
        Self {
            from: From::Blocks(blocks),
            hashing: None,
        }
    }

    /// With a checksum of all that is read.
    pub(crate) fn hashed(mut self) -> Self {
        self.hashing.get_or_insert_default();
        self
    }

    /// What the file was when it was opened.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        match &self.from {
            From::File(file) => Some(file.stamp),
            From::Stdin(_) | From::Blocks(_) => None,
        }
    }

    /// The next bytes: [`PART`] of them, or fewer at the end.
    pub(super) async fn next_part(&mut self) -> Result<Bytes, Failure> {
        let part = match &mut self.from {
            From::File(OpenFile {
                file, path, stamp, ..
            }) => {
                let expected = usize::try_from(stamp.size).unwrap_or(PART);
                let read = read_part(file, expected).await;
                read.map_err(|source| unreadable(path, source))?
            }
            From::Stdin(stdin) => {
                let read = read_part(stdin, PART).await;
                read.map_err(Failure::StdinUnreadable)?
            }
            From::Blocks(blocks) => next_blocks(blocks).await?,
        };
        if let Some(hashing) = &mut self.hashing {
            hashing.update(&part);
        }
        Ok(part)
    }

    /// Asked once all is read, and before it is stored for good: whether that is what was there at one moment.
    pub(super) async fn settle(&mut self) -> Result<(), Failure> {
        let From::File(file) = &mut self.from else {
            return Ok(());
        };
        file.is_unchanged().await?;
        if let Some(hashing) = &self.hashing
            && file.stamp.is_fresh()
        {
            let taken = (hashing.clone().finish(), hashing.bytes());
            if file.read_again().await? != taken {
                return Err(file.changed());
            }
            file.is_unchanged().await?;
        }
        Ok(())
    }

    /// The checksum, and the number, of the bytes that were read.
    pub(crate) fn taken(self) -> (Checksum, u64) {
        let hashing = self.hashing.unwrap_or_default();
        let bytes = hashing.bytes();
        (hashing.finish(), bytes)
    }

    /// Reads all of it.
    pub(crate) async fn checksum(self) -> Result<(Checksum, u64), Failure> {
        let mut source = self.hashed();
        while !source.next_part().await?.is_empty() {}
        source.settle().await?;
        Ok(source.taken())
    }
}

/// What changes when a file is written to or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(crate) fn of(found: &Metadata) -> Self {
        Self {
            file: (found.dev(), found.ino()),
            size: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    /// Whether it is the same but for its place: a rename counts as a change.
    pub(crate) fn is_only_moved(&self, now: &Self) -> bool {
        let changed = self.changed;
        Self { changed, ..*now } == *self
    }

    /// Whether it changed so lately, or by another clock, that a further change need not show.
    pub(crate) fn is_fresh(&self) -> bool {
        self.age_millis() < FRESH_MILLIS
    }

    fn age_millis(&self) -> i128 {
        let (seconds, nanos) = self.changed;
        let changed = i128::from(seconds) * 1_000 + i128::from(nanos) / 1_000_000;
        i128::from(SystemClock.now().as_unix_millis()) - changed
    }
}

struct OpenFile {
    file: File,
    path: PathBuf,
    stamp: Stamp,
}

impl OpenFile {
    async fn open(path: &Path, own: Option<&Own>) -> Result<Self, Failure> {
        let path = path.to_owned();
        let opening = path.clone();
        let opened = tokio::task::spawn_blocking(move || open(&opening)).await;
        let (file, metadata) = match opened.unwrap_or_else(|stopped| Err(io::Error::other(stopped)))
        {
            Ok(opened) => opened,
            // A link; it was none when it was found.
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Err(changed(&path));
            }
            Err(source) => return Err(unreadable(&path, source)),
        };
        if !metadata.is_file() {
            return Err(changed(&path));
        }
        if let Some(data) = own.and_then(|own| own.known(&metadata)) {
            return Err(WalkError::Own { path, data }.into());
        }
        let file = Self {
            file: File::from_std(file),
            path,
            stamp: Stamp::of(&metadata),
        };
        let rest = UNREST_MILLIS - file.stamp.age_millis();
        if (1..=UNREST_MILLIS).contains(&rest) {
            let rest = Duration::from_millis(rest.unsigned_abs().try_into().unwrap_or(0));
            tokio::time::sleep(rest).await;
            file.is_unchanged().await?;
        }
        Ok(file)
    }

    async fn is_unchanged(&self) -> Result<(), Failure> {
        let now = self.file.metadata().await;
        let now = now.map_err(|source| unreadable(&self.path, source))?;
        if Stamp::of(&now) == self.stamp {
            Ok(())
        } else {
            Err(self.changed())
        }
    }

    async fn read_again(&mut self) -> Result<(Checksum, u64), Failure> {
        let failed = |source| unreadable(&self.path, source);
        self.file.rewind().await.map_err(failed)?;
        let mut hashing = Hashing::default();
        loop {
            let part = read_part(&mut self.file, PART).await.map_err(failed)?;
            if part.is_empty() {
                break;
            }
            hashing.update(&part);
        }
        let bytes = hashing.bytes();
        Ok((hashing.finish(), bytes))
    }

    fn changed(&self) -> Failure {
        changed(&self.path)
    }
}

/// Whatever the path has become since it was found: no link is followed, and a pipe holds nobody up.
fn open(path: &Path) -> io::Result<(StdFile, Metadata)> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = StdFile::from(rustix::fs::open(path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

fn changed(path: &Path) -> Failure {
    Failure::ChangedWhileRead(shown(path))
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    let path = path.to_owned();
    match source.kind() {
        // It was there when it was found.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => WalkError::Missing { path },
        _ => WalkError::Unreadable { path, source },
    }
    .into()
}

/// `expected` is how many bytes are thought to be left.
async fn read_part(reader: &mut (impl AsyncRead + Unpin), expected: usize) -> io::Result<Bytes> {
    // One more, so that the end is found without growing.
    let mut part = BytesMut::with_capacity(expected.min(PART) + 1);
    let mut limited = reader.take(PART as u64);
    while limited.read_buf(&mut part).await? > 0 {}
    Ok(part.freeze())
}

async fn next_blocks(blocks: &mut Blocks) -> Result<Bytes, Failure> {
    let mut part = BytesMut::new();
    while part.len() < PART {
        let Some(block) = blocks.try_next().await? else {
            break;
        };
        part.extend_from_slice(&block);
    }
    Ok(part.freeze())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use strongroom_base::Outcome as _;

    use super::*;

    async fn refused(path: &Path) -> &'static str {
        match Source::file(path, None).await {
            Ok(_) => "taken",
            Err(failure) => failure.code(),
        }
    }

    #[tokio::test]
    async fn what_has_become_a_link_or_a_pipe_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        symlink("file", at("link")).unwrap();
        let pipe = at("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR).unwrap();
        assert_eq!(refused(&at("link")).await, "ChangedMeanwhile");
        assert_eq!(refused(&pipe).await, "ChangedMeanwhile");
        assert_eq!(refused(folder.path()).await, "ChangedMeanwhile");
        assert_eq!(refused(&at("gone")).await, "SourceNotFound");
        assert_eq!(refused(&at("file")).await, "taken");
    }

    #[tokio::test]
    async fn a_change_while_it_is_read_is_told_however_it_is_made() {
        let changes: [fn(&Path); 4] = [
            |path| std::fs::write(path, "other").unwrap(),
            |path| std::fs::write(path, "longer than it was").unwrap(),
            |path| std::fs::write(path, "").unwrap(),
            |path| std::fs::rename(path.with_file_name("other"), path).unwrap(),
        ];
        for change in changes {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("file");
            std::fs::write(&path, "first").unwrap();
            std::fs::write(path.with_file_name("other"), "first").unwrap();
            let mut source = Source::file(&path, None).await.unwrap();
            assert_eq!(source.next_part().await.unwrap(), "first");
            change(&path);
            let told = source.settle().await.unwrap_err();
            assert_eq!(told.code(), "ChangedMeanwhile");
        }
    }

    #[tokio::test]
    async fn a_change_that_the_times_do_not_show_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "first").unwrap();
        let mut source = Source::file(&path, None).await.unwrap();
        source.next_part().await.unwrap();
        std::fs::write(&path, "other").unwrap();
        // As if the file system's times were too coarse.
        if let From::File(file) = &mut source.from {
            file.stamp = Stamp::of(&path.metadata().unwrap());
        }
        assert_eq!(
            source.settle().await.unwrap_err().code(),
            "ChangedMeanwhile"
        );
    }
}
