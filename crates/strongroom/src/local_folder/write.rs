//! Writing: beside its place first, under a name that no object has, then to its name, and durable before
//! it is acknowledged.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use object_store::path::Path;
use object_store::{
    Extensions, MultipartUpload, PutMode, PutPayload, PutResult, Result, UploadPart,
};
use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, flock, fsync, linkat, openat, renameat,
    unlinkat,
};
use rustix::io::Errno;

use super::beneath::{Root, STORE, blocking, kind, look, split};
use super::open::e_tag;
use crate::Error;

/// How often a folder may vanish before anything is put in it.
pub(super) const TRIED: usize = 1_000;

/// How often a folder is asked for that another process holds: ours do so for two calls to the kernel.
const ASKED: usize = 10_000;

/// How long to wait before it is asked for again.
const PAUSE: Duration = Duration::from_millis(1);

/// What becomes of an object that lies at the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publish {
    Over,
    New,
}

/// A file beside its place; removed when it is dropped, unless it got its name.
#[derive(Debug)]
pub(super) struct Staged {
    folder: OwnedFd,
    name: String,
    published: bool,
}

/// The same while it is written.
#[derive(Debug)]
pub(super) struct Written {
    file: File,
    staged: Staged,
}

impl Root {
    /// A new file beside the place of `location`, whose folder is made if it is not there.
    pub(super) fn stage(&self, location: &Path) -> io::Result<Written> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let (file, staged) =
            self.beside(location, |folder, name| openat(folder, name, flags, mode))?;
        let file = file.into();
        Ok(Written { file, staged })
    }

    /// A second name, beside the place of `to`, of what `name` in `from` is.
    pub(super) fn stage_link(&self, from: &OwnedFd, name: &[u8], to: &Path) -> io::Result<Staged> {
        let ((), staged) = self.beside(to, |folder, staged| {
            linkat(from, name, folder, staged, AtFlags::empty())
        })?;
        // It may have become something else since it was looked at.
        let found = look(&staged.folder, staged.name.as_bytes())?;
        only_a_file(kind(&found))?;
        Ok(staged)
    }

    fn beside<T>(
        &self,
        location: &Path,
        make: impl Fn(&OwnedFd, &str) -> Result<T, Errno>,
    ) -> io::Result<(T, Staged)> {
        let (above, _) = split(location.as_ref().as_bytes());
        for _ in 0..TRIED {
            let folder = self.make_folder(above)?;
            let name = new_name("put");
            match make(&folder, &name) {
                Ok(done) => {
                    let staged = Staged {
                        folder,
                        name,
                        published: false,
                    };
                    return Ok((done, staged));
                }
                // The name is another process's, or the folder was empty and is gone.
                Err(Errno::EXIST | Errno::NOENT) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::NOENT.into())
    }
}

/// A name that no object has, and nobody else in this process; its id keeps processes apart.
pub(super) fn new_name(what: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!(".{what}-{}#{number}", std::process::id())
}

impl Written {
    fn write(&self, payload: &PutPayload, mut offset: u64) -> io::Result<()> {
        for piece in payload {
            self.file.write_all_at(piece, offset)?;
            offset += piece.len() as u64;
        }
        Ok(())
    }

    /// Gives what was written its name.
    fn publish(self, location: &Path, how: Publish) -> io::Result<PutResult> {
        self.file.sync_all()?;
        let e_tag = e_tag(&self.file)?;
        drop(self.file);
        self.staged.publish(location, how)?;
        Ok(PutResult {
            e_tag,
            version: None,
            extensions: Extensions::default(),
        })
    }
}

impl Staged {
    /// Gives it its name, and makes that durable.
    pub(super) fn publish(mut self, location: &Path, how: Publish) -> io::Result<()> {
        let (_, name) = split(location.as_ref().as_bytes());
        let held = Held::by_writers(&self.folder)?;
        free(&self.folder, name)?;
        match how {
            Publish::Over => {
                renameat(&self.folder, &self.name, &self.folder, name)?;
                self.published = true;
            }
            Publish::New => linkat(
                &self.folder,
                &self.name,
                &self.folder,
                name,
                AtFlags::empty(),
            )?,
        }
        drop(held);
        Ok(fsync(&self.folder)?)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published {
            // What stays is swept.
            let _ = unlinkat(&self.folder, &self.name, AtFlags::empty());
        }
    }
}

/// Fails unless an object can get this name: there is none, or one to replace.
pub(super) fn free(folder: impl AsFd, name: &[u8]) -> io::Result<()> {
    match look(folder, name) {
        Ok(found) => only_a_file(kind(&found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) fn only_a_file(kind: FileType) -> io::Result<()> {
    match kind {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Errno::ISDIR.into()),
        FileType::Symlink => Err(Errno::LOOP.into()),
        _ => Err(Errno::NXIO.into()),
    }
}

/// A folder that is held while a name in it is given, or looked at and taken away: what is taken away is then
/// what was looked at. Processes on one machine hold it against each other, and so do tasks; it ends with
/// whoever holds it.
pub(super) struct Held<'f>(BorrowedFd<'f>);

impl<'f> Held<'f> {
    /// By any number of those who put something there.
    pub(super) fn by_writers(folder: &'f impl AsFd) -> io::Result<Self> {
        Self::by(folder, FlockOperation::NonBlockingLockShared)
    }

    /// By nobody else.
    pub(super) fn alone(folder: &'f impl AsFd) -> io::Result<Self> {
        Self::by(folder, FlockOperation::NonBlockingLockExclusive)
    }

    fn by(folder: &'f impl AsFd, how: FlockOperation) -> io::Result<Self> {
        let folder = folder.as_fd();
        for _ in 0..ASKED {
            match flock(folder, how) {
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => std::thread::sleep(PAUSE),
                // A file system without locks is on its own.
                Ok(()) | Err(_) => return Ok(Self(folder)),
            }
        }
        Err(Errno::WOULDBLOCK.into())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}

/// Writes a whole object. It blocks.
pub(super) fn put(
    root: &Root,
    location: &Path,
    payload: &PutPayload,
    mode: &PutMode,
) -> Result<PutResult> {
    root.storable(location)?;
    let how = match mode {
        PutMode::Create => Publish::New,
        PutMode::Overwrite | PutMode::Update(_) => Publish::Over,
    };
    let written = root.stage(location).and_then(|written| {
        written.write(payload, 0)?;
        written.publish(location, how)
    });
    written.map_err(|error| root.unwritten(location, error))
}

/// An object that is written in parts.
#[derive(Debug)]
pub(super) struct Upload {
    root: Arc<Root>,
    location: Path,
    offset: u64,
    /// None once it has ended. A part that is being written holds it.
    written: Arc<Mutex<Option<Written>>>,
}

impl Upload {
    /// Begins it. It blocks.
    pub(super) fn begin(root: &Arc<Root>, location: &Path) -> Result<Self> {
        root.storable(location)?;
        let written = root.stage(location);
        let written = written.map_err(|error| root.unwritten(location, error))?;
        Ok(Self {
            root: Arc::clone(root),
            location: location.clone(),
            offset: 0,
            written: Arc::new(Mutex::new(Some(written))),
        })
    }

    fn end(&self) -> impl FnOnce() -> Result<Written> + Send + 'static {
        let written = Arc::clone(&self.written);
        move || {
            let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
            written.take().ok_or_else(ended)
        }
    }
}

fn ended() -> object_store::Error {
    object_store::Error::Generic {
        store: STORE,
        source: Box::new(Error::UploadEnded),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.offset;
        self.offset += data.content_length() as u64;
        let written = Arc::clone(&self.written);
        let (root, location) = (Arc::clone(&self.root), self.location.clone());
        blocking(move || {
            let written = written.lock().unwrap_or_else(PoisonError::into_inner);
            let to = written.as_ref().ok_or_else(ended)?;
            let done = to.write(&data, offset);
            done.map_err(|error| root.unwritten(&location, error))
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let end = self.end();
        let (root, location) = (Arc::clone(&self.root), self.location.clone());
        blocking(move || {
            let published = end()?.publish(&location, Publish::Over);
            published.map_err(|error| root.unwritten(&location, error))
        })
        .await
    }

    async fn abort(&mut self) -> Result<()> {
        let end = self.end();
        blocking(move || end().map(drop)).await
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let end = self.end();
        // Whatever thread this is must not wait for the disk, where there is another.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || end().map(drop))),
            Err(_) => drop(end()),
        }
    }
}
