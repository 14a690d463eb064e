//! One generation of a resource key, ready to seal and open objects.

use std::fmt;

use strongroom_base::ResourceUid;

use super::binding::Context;
use super::{
    Binding, Generation, HEADER_LEN, Header, MAX_PLAIN_LEN, OpenError, Opener, PROLOGUE_LEN,
    SealError, Sealer,
};
use crate::cobblestone::{COMMITMENT_LEN, InputKey, SALT_LEN};
use crate::{Provider, ResourceKey};

/// One generation of a resource key, its derivation state prepared once: for as long as a lease
/// lives. Shared by threads; it does not need the [`ResourceKey`] afterwards.
///
/// There is no way to write an object but through this key, and no object without a key (R3).
pub struct GenerationKey {
    input: InputKey,
    uid: ResourceUid,
    generation: Generation,
}

impl GenerationKey {
    /// Prepares the key of one generation.
    #[must_use]
    pub fn new(
        provider: &Provider,
        key: &ResourceKey,
        uid: ResourceUid,
        generation: Generation,
    ) -> Self {
        Self {
            input: InputKey::new(provider, key.expose()),
            uid,
            generation,
        }
    }

    /// The resource that this key belongs to.
    #[must_use]
    pub fn uid(&self) -> ResourceUid {
        self.uid
    }

    /// The generation that this key is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Begins an object, under a salt drawn from the provider.
    ///
    /// # Errors
    /// [`SealError::Crypto`] if the random source fails.
    pub fn sealer(&self, binding: Binding<'_>) -> Result<Sealer, SealError> {
        let header = Header {
            binding: binding.mode(),
            generation: self.generation,
        }
        .to_bytes();
        let context = Context::new(&header, self.uid, binding);
        let inner = self.input.sealer_with(context.pieces(), MAX_PLAIN_LEN)?;
        Ok(Sealer::new(&header, inner))
    }

    /// Prepares to open an object from its first bytes. Nothing of it is opened before the header
    /// was read and the commitment has matched, in constant time.
    ///
    /// # Errors
    /// [`OpenError::Header`], [`OpenError::WrongBindingMode`] or [`OpenError::WrongGeneration`] for
    /// what the header says; [`OpenError::Authentication`] if the commitment does not match.
    pub fn opener(
        &self,
        prologue: &[u8; PROLOGUE_LEN],
        binding: Binding<'_>,
    ) -> Result<Opener, OpenError> {
        let header = Header::parse(prologue)?;
        if header.binding != binding.mode() {
            return Err(OpenError::WrongBindingMode {
                expected: binding.mode(),
                found: header.binding,
            });
        }
        if header.generation != self.generation {
            return Err(OpenError::WrongGeneration {
                key: self.generation,
                found: header.generation,
            });
        }
        let (header, salt, commitment) = split(prologue).ok_or(OpenError::Authentication)?;
        let context = Context::new(header, self.uid, binding);
        let inner = self
            .input
            .opener_with(salt, commitment, context.pieces(), MAX_PLAIN_LEN)?;
        Ok(Opener::new(inner))
    }
}

impl fmt::Debug for GenerationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerationKey")
            .field("uid", &self.uid)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

type Prologue<'a> = (
    &'a [u8; HEADER_LEN],
    &'a [u8; SALT_LEN],
    &'a [u8; COMMITMENT_LEN],
);

fn split(prologue: &[u8; PROLOGUE_LEN]) -> Option<Prologue<'_>> {
    let (header, rest) = prologue.split_first_chunk()?;
    let (salt, commitment) = rest.split_first_chunk()?;
    Some((header, salt, commitment.try_into().ok()?))
}
