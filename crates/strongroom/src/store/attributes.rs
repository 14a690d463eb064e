//! Whether the inner store's conditional copies keep attributes.
//!
//! S3 has no conditional copy: `object_store` makes one out of a multipart upload, which drops the
//! source's attributes without a word. They cannot be set afterwards without overwriting what
//! somebody else may have put meanwhile, so such a copy is refused.

use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, ObjectStore, ObjectStoreExt, PutOptions,
    PutPayload, Result,
};

use super::EncryptedStore;
use super::error::{localized, not_implemented};
use super::plane::{ConditionalCopies, head};

/// A content type that no store gives by itself.
const TELL_TALE: &str = "application/vnd.strongroom.probe";

impl EncryptedStore {
    /// Refuses a conditional copy that would lose the source's attributes.
    pub(super) async fn keeps_attributes(&self, from: &Path) -> Result<()> {
        let stored = self.place.stored(from);
        let source = self.attributes_of(&stored).await;
        let source = source.map_err(|error| localized(error, from))?;
        if source.is_empty() {
            return Ok(());
        }
        let copies = if let Some(found) = self.conditional_copies.get() {
            found
        } else {
            // Whoever finds it out at the same time finds the same: nobody waits for another's try.
            let found = self.try_a_copy().await?;
            self.conditional_copies.get_or_init(|| found)
        };
        match copies {
            ConditionalCopies::Keep => Ok(()),
            ConditionalCopies::Replace(with) if *with == source => Ok(()),
            ConditionalCopies::Replace(_) => Err(not_implemented(
                "a conditional copy of an object with attributes: the inner store would drop them",
            )),
        }
    }

    /// Copies an empty object with an attribute in the staging place, and looks at the copy.
    async fn try_a_copy(&self) -> Result<ConditionalCopies> {
        let [from, to] = [
            self.staged(&Path::default()).await?,
            self.staged(&Path::default()).await?,
        ];
        let seen = self.copy_and_look(&from, &to).await;
        for staged in [from, to] {
            // What is left of either is swept.
            let _ = self.inner.delete(&staged).await;
        }
        seen
    }

    async fn copy_and_look(&self, from: &Path, to: &Path) -> Result<ConditionalCopies> {
        let attributes = Attributes::from_iter([(Attribute::ContentType, TELL_TALE)]);
        let with_attributes = PutOptions::from(attributes);
        self.inner
            .put_opts(from, PutPayload::new(), with_attributes)
            .await?;
        let create = CopyOptions::new().with_mode(CopyMode::Create);
        self.inner.copy_opts(from, to, create).await?;
        let (before, after) = (
            self.attributes_of(from).await?,
            self.attributes_of(to).await?,
        );
        Ok(if before == after {
            ConditionalCopies::Keep
        } else {
            ConditionalCopies::Replace(after)
        })
    }

    async fn attributes_of(&self, stored: &Path) -> Result<Attributes> {
        Ok(self.inner.get_opts(stored, head()).await?.attributes)
    }
}
