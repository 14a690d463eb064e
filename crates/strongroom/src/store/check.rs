//! Looking at every object of a resource: is it whole? Nothing is changed.

use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore as _};
use strongroom_base::{Outcome as _, OutcomeKind};

use super::EncryptedStore;
use crate::Error;

/// Objects that are looked at at once.
const AT_ONCE: usize = 8;

/// How closely [`EncryptedStore::check`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// Size, header, commitment, and the last chunk, which authenticates the length: two small requests
    /// an object, however long it is.
    Structure,
    /// Every byte: each object is read whole.
    EveryByte,
}

/// One object, looked at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The object, as the caller calls it.
    pub location: Path,
    /// Bytes of plaintext that were opened.
    pub opened: u64,
    /// What is wrong with it; it is damaged, or was never sealed for its place.
    pub damage: Option<Error>,
}

impl EncryptedStore {
    /// Looks at every object below `prefix`, in no order. Damage is reported, not mended: nothing is
    /// changed or removed. What is removed or replaced meanwhile is not taken for damage.
    ///
    /// What cannot be looked at, a folder that may not be read, say, is an error of its own, and the rest is
    /// looked at. Where nothing can be, since the inner store does not answer or access has ended, an error is
    /// the last item.
    #[must_use]
    pub fn check(
        &self,
        prefix: Option<&Path>,
        depth: Depth,
    ) -> BoxStream<'static, Result<Checked, Error>> {
        let store = self.clone();
        self.list(prefix)
            .map(move |entry| {
                let store = store.clone();
                async move {
                    match entry {
                        Ok(meta) => store.check_object(meta.location, depth).await.transpose(),
                        Err(error) => Some(of_listing(error.into())),
                    }
                }
            })
            .buffer_unordered(AT_ONCE)
            .filter_map(futures::future::ready)
            .boxed()
    }

    /// Looks at one object. None if it is not there, or gone meanwhile.
    ///
    /// # Errors
    /// [`Error`] if it cannot be looked at.
    pub async fn check_object(
        &self,
        location: Path,
        depth: Depth,
    ) -> Result<Option<Checked>, Error> {
        match self.open_to(&location, depth).await {
            Ok(opened) => Ok(Some(Checked {
                location,
                opened,
                damage: None,
            })),
            Err(Error::Store(object_store::Error::NotFound { .. })) => Ok(None),
            Err(error) if error.kind() == OutcomeKind::Damaged => Ok(Some(Checked {
                location,
                opened: 0,
                damage: Some(error),
            })),
            Err(error) => Err(error),
        }
    }

    async fn open_to(&self, location: &Path, depth: Depth) -> Result<u64, Error> {
        let range = match depth {
            // What depends on the length is given out only once the last chunk has opened.
            Depth::Structure => Some(GetRange::Suffix(1)),
            Depth::EveryByte => None,
        };
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let mut plain = self.get_opts(location, options).await?.into_stream();
        let mut opened = 0;
        while let Some(block) = plain.try_next().await? {
            opened += block.len() as u64;
        }
        Ok(opened)
    }
}

/// An entry whose size is impossible is an object that is damaged; any other error stays one.
fn of_listing(error: Error) -> Result<Checked, Error> {
    match error {
        Error::Object { location, source } if source.kind() == OutcomeKind::Damaged => {
            let path = Path::parse(&location);
            let location = path.map_err(|invalid| Error::Store(invalid.into()))?;
            Ok(Checked {
                location,
                opened: 0,
                damage: Some(*source),
            })
        }
        other => Err(other),
    }
}
