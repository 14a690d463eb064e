//! Removing an object on condition that it is still the one that was seen: what somebody else puts in its
//! place meanwhile stays.

use std::fs::File;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{Error as StoreError, GetOptions, ObjectMeta, ObjectStoreExt as _, Result};

use super::EncryptedStore;
use super::error::localized;
use super::plain_stream::on_blocking_pool;
use super::plane::head;
use crate::Error;
use crate::lease::rights::Need;

/// An object that is about to be read, and removed then. See [`EncryptedStore::delete_seen`].
#[derive(Debug)]
pub struct Seen {
    location: Path,
    /// The file that lay there, in the installation's own folder. While it is open no other file is the same.
    file: Option<(File, ObjectMeta)>,
}

impl EncryptedStore {
    /// Looks at an object that is to be read and removed then, as a move does.
    ///
    /// # Errors
    /// As for a read.
    pub async fn see(&self, location: &Path) -> Result<Seen> {
        self.access(location, Need::Read).await?;
        let file = match &self.folder {
            None => None,
            Some(folder) => {
                let (folder, stored) = (Arc::clone(folder), self.place.stored(location));
                let open = move || folder.open_file(&stored, &GetOptions::default());
                let opened = on_blocking_pool(open).await;
                Some(opened.map_err(|error| localized(error, location))?)
            }
        };
        Ok(Seen {
            location: location.clone(),
            file,
        })
    }

    /// Removes an object that was seen and read since, unless another was put in its place: that one stays,
    /// and the answer is [`StoreError::Precondition`].
    ///
    /// In the installation's own folder nothing comes in between. Other stores remove without a condition:
    /// there it is looked at right before, and what is put between these two requests is lost.
    ///
    /// # Errors
    /// As for a read and a delete; [`StoreError::Precondition`] if another object lies there.
    pub async fn delete_seen(&self, seen: &Seen, read: &ObjectMeta) -> Result<()> {
        let at = &seen.location;
        self.access(at, Need::Delete).await?;
        self.remove_seen(seen, read).await
    }

    pub(super) async fn remove_seen(&self, seen: &Seen, read: &ObjectMeta) -> Result<()> {
        let at = &seen.location;
        let stored = self.place.stored(at);
        if let (Some(folder), Some((_, file)), Some(e_tag)) =
            (&self.folder, &seen.file, &read.e_tag)
        {
            // Whoever lost access meanwhile removes nothing.
            self.access(at, Need::Delete).await?;
            let same = file.e_tag.as_ref() == Some(e_tag);
            let removed = same && {
                let removed = folder.remove_if_unchanged(&stored, e_tag).await;
                removed.map_err(|error| localized(error, at))?
            };
            if removed {
                return Ok(());
            }
            // Replaced, or gone, which is said then.
            self.read(at, head()).await?;
            return Err(replaced(at));
        }
        if self.read(at, head()).await?.meta != *read {
            return Err(replaced(at));
        }
        let removed = self.inner.delete(&stored).await;
        removed.map_err(|error| localized(error, at))
    }
}

fn replaced(location: &Path) -> StoreError {
    StoreError::Precondition {
        path: location.to_string(),
        source: Box::new(Error::OverwrittenWhileReading),
    }
}
