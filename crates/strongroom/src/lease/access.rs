//! What an operation on data holds: a lease, and where the next comes from.

use std::sync::Arc;

use strongroom_crypto::object::{
    Binding, Generation, GenerationKeys, OpenError, Opener, PROLOGUE_LEN,
};

use super::{Lease, LeaseSource};
use crate::Error;
use crate::audit::OnBehalfOf;

/// Who uses a resource, and where its leases come from.
pub(crate) struct Session {
    source: Arc<LeaseSource>,
    user: OnBehalfOf,
}

impl Session {
    pub(crate) fn new(source: Arc<LeaseSource>, user: OnBehalfOf) -> Self {
        Self { source, user }
    }

    async fn lease(&self) -> Result<Arc<Lease>, Error> {
        self.source.lease(&self.user).await
    }
}

/// Leave to use a resource's data, for one operation. It is asked again right before each block is
/// handed out, each write is sent and each entry is listed: a lease that has run out is followed by the
/// next, if there is one, so that what takes longer than a lease goes on, and what is revoked stops.
#[derive(Clone)]
pub(crate) struct Access {
    session: Arc<Session>,
    lease: Arc<Lease>,
}

impl Access {
    pub(crate) async fn begin(session: &Arc<Session>) -> Result<Self, Error> {
        Ok(Self {
            lease: session.lease().await?,
            session: Arc::clone(session),
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
        let source = &self.session.source;
        if !self.lease.holds(source.moment()?) && source.core()?.leases.are_checked() {
            self.lease = self.session.lease().await?;
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
