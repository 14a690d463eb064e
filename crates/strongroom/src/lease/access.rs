//! What an operation on data holds: a lease, and where the next comes from.

use std::ptr;
use std::sync::{Arc, Weak};

use strongroom_crypto::object::{
    Binding, Generation, GenerationKeys, OpenError, Opener, PROLOGUE_LEN,
};

use super::findings::Watching;
use super::keys::Lease;
use super::rights::{JudgesRights, Need, Rights};
use super::source::LeaseSource;
use super::sync::Slot;
use crate::Error;
use crate::audit::OnBehalfOf;

/// How often a user's rights are judged anew because they changed while the lease was asked for.
const JUDGED_AGAIN: usize = 16;

/// Who uses a resource, what they may do with it, and where its leases come from.
pub(crate) struct Session {
    source: Arc<LeaseSource>,
    user: OnBehalfOf,
    judge: Arc<dyn JudgesRights>,
    judged: Slot<Judged>,
}

/// What the user may do, as it was judged under a lease: it holds for as long as that one is used.
struct Judged {
    rights: Rights,
    lease: Weak<Lease>,
    _watching: Option<Watching>,
}

impl Session {
    pub(crate) fn new(
        source: Arc<LeaseSource>,
        user: OnBehalfOf,
        judge: Arc<dyn JudgesRights>,
    ) -> Self {
        Self {
            source,
            user,
            judge,
            judged: Slot::empty(),
        }
    }

    /// A lease that holds now, for a user who may do what is needed. What was judged under another lease, or
    /// says no, is judged again; nobody asks for a key who may not use it.
    async fn lease(&self, need: Need) -> Result<Arc<Lease>, Error> {
        if let (Some(lease), Some(judged)) = (self.source.held()?, self.judged.load())
            && ptr::eq(judged.lease.as_ptr(), Arc::as_ptr(&lease))
            && judged.rights.allow(need).is_ok()
        {
            return Ok(lease);
        }
        for _ in 0..JUDGED_AGAIN {
            let (rights, watching) = self.judge.rights().await?;
            rights.allow(need)?;
            let lease = self.source.lease(&self.user).await?;
            // A change between the two has ended the lease before this one.
            if watching.as_ref().is_none_or(Watching::is_undisturbed) {
                self.judged.store(Some(Arc::new(Judged {
                    rights,
                    lease: Arc::downgrade(&lease),
                    _watching: watching,
                })));
                return Ok(lease);
            }
        }
        Err(self.source.contended()?)
    }

    /// The same user and leases, with rights that are given.
    #[cfg(test)]
    pub(crate) fn with_rights(&self, judge: Arc<dyn JudgesRights>) -> Self {
        Self::new(Arc::clone(&self.source), self.user.clone(), judge)
    }
}

/// Leave to use a resource's data, for one operation. It is asked again right before each block is
/// handed out, each write is sent and each entry is listed: a lease that has run out is followed by the
/// next, if there is one, so that what takes longer than a lease goes on, and what is revoked stops. With each
/// lease the user's rights are judged anew.
#[derive(Clone)]
pub(crate) struct Access {
    session: Arc<Session>,
    lease: Arc<Lease>,
    need: Need,
}

impl Access {
    pub(crate) async fn begin(session: &Arc<Session>, need: Need) -> Result<Self, Error> {
        Ok(Self {
            lease: session.lease(need).await?,
            session: Arc::clone(session),
            need,
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
        if !self.lease.holds(source.moment()?) && source.is_checked() {
            self.lease = self.session.lease(self.need).await?;
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
