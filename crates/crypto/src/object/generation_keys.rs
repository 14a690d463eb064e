//! All generations of a resource key, ready for objects.

use std::collections::BTreeMap;

use super::{
    Binding, Generation, GenerationKey, Header, OpenError, Opener, PROLOGUE_LEN, SealError, Sealer,
};

/// The prepared keys of all generations of one resource: what a lease holds.
#[derive(Debug)]
pub struct GenerationKeys {
    newest: GenerationKey,
    older: BTreeMap<Generation, GenerationKey>,
}

impl GenerationKeys {
    /// Puts generations of one resource together.
    #[must_use]
    pub fn new(newest: GenerationKey, older: impl IntoIterator<Item = GenerationKey>) -> Self {
        let older = older.into_iter().map(|key| (key.generation(), key));
        Self {
            newest,
            older: older.collect(),
        }
    }

    /// The generation that new objects are sealed under.
    #[must_use]
    pub fn newest(&self) -> &GenerationKey {
        &self.newest
    }

    /// The key of one generation.
    ///
    /// # Errors
    /// [`OpenError::UnknownGeneration`] if there is none of this number.
    pub fn key(&self, generation: Generation) -> Result<&GenerationKey, OpenError> {
        if generation == self.newest.generation() {
            return Ok(&self.newest);
        }
        self.older
            .get(&generation)
            .ok_or(OpenError::UnknownGeneration { found: generation })
    }

    /// Begins an object under the newest generation.
    ///
    /// # Errors
    /// As [`GenerationKey::sealer`].
    pub fn sealer(&self, binding: Binding<'_>) -> Result<Sealer, SealError> {
        self.newest.sealer(binding)
    }

    /// Prepares to open an object under the generation that its header names.
    ///
    /// # Errors
    /// As [`GenerationKey::opener`], and [`OpenError::UnknownGeneration`].
    pub fn opener(
        &self,
        prologue: &[u8; PROLOGUE_LEN],
        binding: Binding<'_>,
    ) -> Result<Opener, OpenError> {
        let header = Header::parse(prologue)?;
        self.key(header.generation)?.opener(prologue, binding)
    }
}
