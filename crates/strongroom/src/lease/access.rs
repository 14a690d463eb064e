//! What an operation on data holds: a lease, and where the next comes from.

use std::sync::Arc;

use strongroom_crypto::object::{
    Binding, Generation, GenerationKeys, OpenError, Opener, PROLOGUE_LEN,
};

use super::{Lease, LeaseSource};
use crate::Error;

/// Leave to use a resource's data, for one operation. It is asked again right before each block is
/// handed out, each write is sent and each entry is listed: a lease that has run out is followed by the
/// next, if there is one, so that what takes longer than a lease goes on, and what is revoked stops.
#[derive(Clone)]
pub(crate) struct Access {
    source: Arc<LeaseSource>,
    lease: Arc<Lease>,
}

impl Access {
    pub(crate) async fn begin(source: &Arc<LeaseSource>) -> Result<Self, Error> {
        Ok(Self {
            lease: source.lease().await?,
            source: Arc::clone(source),
        })
    }

    /// The keys.
    pub(crate) fn keys(&self) -> &GenerationKeys {
        self.lease.keys().generations()
    }

    /// Prepares to open an object under the generation that its header names.
    pub(crate) fn opener(
        &self,
        prologue: &[u8; PROLOGUE_LEN],
        binding: Binding<'_>,
    ) -> Result<Arc<Opener>, OpenError> {
        self.lease.keys().opener(prologue, binding)
    }

    /// Fails once the resource must not be used any more.
    pub(crate) async fn check(&mut self) -> Result<(), Error> {
        let now = self.source.moment()?;
        if !self.lease.holds(now) && self.source.core()?.leases.are_checked() {
            self.lease = self.source.lease().await?;
        }
        Ok(())
    }

    /// The same before something is written that was sealed under `generation`: it must not be stored
    /// once there is a newer one (I10).
    pub(crate) async fn check_write(&mut self, generation: Generation) -> Result<(), Error> {
        self.check().await?;
        if self.generation() == generation {
            Ok(())
        } else {
            Err(Error::KeyChangedDuringWrite)
        }
    }

    /// The generation that is sealed under now.
    pub(crate) fn generation(&self) -> Generation {
        self.keys().newest().generation()
    }
}
