//! Where objects lie, and what every store of an installation shares.

use std::sync::Arc;

use futures::StreamExt as _;
use object_store::path::Path;
use object_store::{Attributes, GetOptions, ObjectStore};
use strongroom_base::Clock;
use strongroom_crypto::SecureRandom;

use super::blocks::Blocks;
use crate::Error;
use crate::local_folder::LocalFolder;

/// The inner store, and what the stores of all resources share.
#[derive(Clone, Debug)]
pub(crate) struct DataPlane {
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The same, if it is the folder that comes with the installation.
    pub(crate) folder: Option<Arc<LocalFolder>>,
    /// Buffers that are used again.
    pub(crate) blocks: Arc<Blocks>,
    pub(crate) random: &'static dyn SecureRandom,
    pub(crate) clock: Arc<dyn Clock>,
}

impl DataPlane {
    /// Removes everything in the inner store below `prefix`. What is gone already is no error.
    pub(crate) async fn delete_below(&self, prefix: &Path) -> Result<(), Error> {
        if let Some(folder) = &self.folder {
            // Whatever lies there goes, not only what a listing can name.
            return Ok(folder.remove_all(prefix).await?);
        }
        let found = self
            .objects
            .list(Some(prefix))
            .map(|entry| entry.map(|meta| meta.location));
        let mut deleted = self.objects.delete_stream(found.boxed());
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// What a conditional copy of the inner store does to attributes, as it was seen to.
#[derive(Clone, Debug)]
pub(super) enum ConditionalCopies {
    Keep,
    /// The copy has these instead, whatever the source had.
    Replace(Attributes),
}

/// Asks for what there is to say of an object, and for none of its bytes.
pub(super) fn head() -> GetOptions {
    GetOptions {
        head: true,
        ..GetOptions::default()
    }
}
