//! Stored files and links back into a folder.
//!
//! What is stored does not decide where it is written: a path that goes through a symbolic link is
//! refused, and so is every place of an installation. Only files and links are replaced.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use indicatif::ProgressBar;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::AT_ONCE;
use super::unfinished::{Provisional, Unfinished};
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::own::Own;
use crate::shown::shortened;
use crate::walk::Special;

/// One object and where it goes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) object: ObjectMeta,
    pub(crate) kind: ObjectKind,
    /// Below the folder that everything is written to.
    pub(crate) relative: Vec<u8>,
}

/// Where objects are written to.
#[derive(Clone, Copy)]
pub(crate) struct Restoring<'a> {
    pub(crate) store: &'a dyn ObjectStore,
    pub(crate) folder: &'a Path,
    /// Whether files and links that are there are replaced.
    pub(crate) force: bool,
    /// What is never written to.
    pub(crate) own: &'a Own,
    pub(crate) bar: &'a ProgressBar,
}

impl<'a> Restoring<'a> {
    /// Writes every target, several at once. Of each it answers how many bytes it has, or why it could not be
    /// written.
    ///
    /// # Errors
    /// When nothing can be written to the folder.
    pub(crate) fn all(
        self,
        targets: &'a [Target],
    ) -> Result<impl Stream<Item = Result<u64, Failure>> + 'a, Failure> {
        self.is_foreign(self.folder)?;
        fs::create_dir_all(self.folder).map_err(Failure::file("making", self.folder))?;
        let each = stream::iter(targets.iter().enumerate());
        Ok(each
            .map(move |(number, target)| async move {
                let written = async {
                    let path = self.prepare(&target.relative)?;
                    self.restore(&path, target, number).await
                };
                let written = written.await;
                written.map_err(|failure| failure.of(&shortened(&target.relative)))
            })
            .buffer_unordered(AT_ONCE))
    }

    async fn restore(self, path: &Path, target: &Target, number: usize) -> Result<u64, Failure> {
        if let Ok(found) = fs::symlink_metadata(path) {
            self.may_replace(path, &found)?;
        }
        match target.kind {
            ObjectKind::File => self.write_file(path, target, number).await,
            ObjectKind::Link => self.write_link(path, target, number).await,
        }
    }

    /// Whether what is there gives way.
    fn may_replace(self, path: &Path, found: &fs::Metadata) -> Result<(), Failure> {
        if let Some(data) = self.own.owner(path, found) {
            let path = path.to_owned();
            return Err(Failure::Own { path, data });
        }
        // A link to a device stands for the device, as `/dev/stdout` does.
        let stands_for = path.metadata().unwrap_or_else(|_| found.clone());
        let kept = match (found.file_type(), stands_for.file_type()) {
            (link, to) if link.is_symlink() => {
                (!to.is_file() && !to.is_dir() && !to.is_symlink()).then_some(to)
            }
            (other, _) => (!other.is_file()).then_some(other),
        };
        if let Some(kept) = kept {
            let (path, special) = (path.to_owned(), Special::of(kept));
            return Err(Failure::NotReplaceable { path, special });
        }
        if self.force {
            Ok(())
        } else {
            Err(Failure::Exists(path.to_owned()))
        }
    }

    /// The path below the folder, its folders made and none of them a link.
    fn prepare(self, relative: &[u8]) -> Result<PathBuf, Failure> {
        let mut path = self.folder.to_owned();
        let mut names = relative.split(|byte| *byte == b'/').peekable();
        while let Some(name) = names.next() {
            path.push(OsStr::from_bytes(name));
            if names.peek().is_some() {
                self.make_folder(&path)?;
            }
        }
        Ok(path)
    }

    fn make_folder(self, path: &Path) -> Result<(), Failure> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let found = fs::symlink_metadata(path).map_err(Failure::file("reading", path))?;
                if found.is_symlink() {
                    Err(Failure::ThroughLink(path.to_owned()))
                } else if !found.is_dir() {
                    Err(Failure::Exists(path.to_owned()))
                } else if let Some(data) = self.own.owner(path, &found) {
                    let path = path.to_owned();
                    Err(Failure::Own { path, data })
                } else {
                    Ok(())
                }
            }
            made => made.map_err(Failure::file("making", path)),
        }
    }

    /// Whether nothing of an installation lies at `path`, or holds it.
    fn is_foreign(self, path: &Path) -> Result<(), Failure> {
        let around = self.own.around(path);
        match around.map_err(Failure::file("reading", path))? {
            None => Ok(()),
            Some(data) => {
                let path = path.to_owned();
                Err(Failure::Own { path, data })
            }
        }
    }

    async fn write_file(self, path: &Path, target: &Target, number: usize) -> Result<u64, Failure> {
        let plain = self.store.get(&target.object.location).await?;
        let mut plain = plain.into_stream();
        let (unfinished, file) =
            Unfinished::begin(path, number).map_err(Failure::file("making", path))?;
        let failed = || Failure::file("writing", path);
        let mut file = File::from_std(file);
        let mut bytes = 0;
        while let Some(block) = plain.try_next().await? {
            file.write_all(&block).await.map_err(failed())?;
            bytes += block.len() as u64;
            self.bar.inc(block.len() as u64);
        }
        file.flush().await.map_err(failed())?;
        let file = file.into_std().await;
        let published = unfinished.publish(&file, self.force);
        published.map_err(|error| unpublished(path, error))?;
        Ok(bytes)
    }

    async fn write_link(self, path: &Path, target: &Target, number: usize) -> Result<u64, Failure> {
        let leads_to = self.store.get(&target.object.location).await?;
        let leads_to = leads_to.bytes().await?;
        let named = Provisional::beside(path, number);
        std::os::unix::fs::symlink(OsStr::from_bytes(&leads_to), named.path())
            .map_err(Failure::file("linking", path))?;
        let renamed = named.rename(path, self.force);
        renamed.map_err(|error| unpublished(path, error))?;
        self.bar.inc(leads_to.len() as u64);
        Ok(leads_to.len() as u64)
    }
}

/// Something was put there meanwhile, or could not be replaced.
fn unpublished(path: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::Exists(path.to_owned()),
        _ => Failure::file("writing", path)(error),
    }
}
