//! A fresh unwrap, and how long a change of key may rest on it (R17).
//!
//! It proves that the key's owner lets the resource in at a moment. A change goes on under it as data go on
//! under a lease: for as long as a lease lasts, by both clocks. What is known of the present key's
//! authority here, in the directory and in a vault of the installation's own, is asserted by every commit
//! that rests on it: a revocation between the two is not gone round, however long the process was held up.

use strongroom_base::ResourceUid;
use strongroom_crypto::keyring::{Kek, Keyring, OpenedKeyring};
use strongroom_ledger::{Claim, Condition, LedgerError, Version};
use strongroom_resource::{Refusal, Resource};
use strongroom_vault::VaultName;
use strongroom_vault::vault::Vault;

use super::Control;
use super::keys::KeyUser;
use crate::Error;
use crate::audit::Caller;
use crate::clock::Moment;
use crate::driver::kept::{resource_id, vault_id};
use crate::driver::{Assertions, Reader};
use crate::lease::Terms;

/// The present keyring, opened from its stored bytes, and what that rests on.
pub(super) struct FreshUnwrap<'c> {
    core: &'c Control,
    reader: Reader<'c>,
    user: KeyUser<'c>,
    opened: OpenedKeyring,
    sent: Moment,
    terms: Terms,
}

impl<'c> FreshUnwrap<'c> {
    pub(super) async fn of(
        core: &'c Control,
        resource: &Resource,
        caller: &Caller,
    ) -> Result<Self, Error> {
        let mut reader = Reader::new(&core.records);
        let user = core.user(&mut reader, resource, caller).await?;
        core.see_own_vault(&mut reader, &user, resource.customer_key())
            .await?;
        reader.release();
        let (opened, sent) = user.open_and_time(&resource.keyring).await?;
        Ok(Self {
            core,
            reader,
            user,
            opened,
            sent,
            terms: core.leases.settings().change_of_key(),
        })
    }

    /// Who asked, and may ask for other keys of the resource.
    pub(super) fn user(&self) -> &KeyUser<'c> {
        &self.user
    }

    pub(super) fn opened(&self) -> &OpenedKeyring {
        &self.opened
    }

    /// Whether a change may rest on it now.
    pub(super) fn holds(&self) -> bool {
        self.terms
            .hold(self.sent, self.core.records.moment(), false)
    }

    /// What a commit that rests on it asserts.
    pub(super) fn assertions(&self, claim: &Claim) -> Assertions {
        let (clock, sent, terms) = (self.core.records.clock.clone(), self.sent, self.terms);
        Assertions {
            guards: self.reader.guards(),
            holding: vec![claim.clone()],
            only_while: Some(Condition::new(move || {
                terms.hold(sent, Moment::now(&*clock), false)
            })),
            ..Assertions::default()
        }
    }

    /// Opens the keyring of another key as well: what comes of it rests on both.
    pub(super) async fn also_open(&mut self, keyring: &Keyring, kek: &Kek) -> Result<(), Error> {
        let kid = match kek {
            Kek::CustomerManaged { kid, .. } => Some(&**kid),
            Kek::ServiceManaged { .. } => None,
        };
        self.core
            .see_own_vault(&mut self.reader, &self.user, kid)
            .await?;
        self.reader.release();
        self.user.open_and_time(keyring).await?;
        Ok(())
    }

    /// A vault was changed on the change's own account, by a commit that rested on the unwrap.
    pub(super) fn vault_has_become(
        &mut self,
        name: &VaultName,
        vault: Vault,
        version: Version,
    ) -> Result<(), Error> {
        self.reader.has_become(&vault_id(name)?, vault, version);
        Ok(())
    }
}

/// Whether an error says no more than that the unwrap cannot be rested on any longer.
pub(super) fn voids(error: &Error) -> bool {
    matches!(
        error,
        Error::Ledger(LedgerError::Conflict { .. } | LedgerError::Lapsed)
            | Error::Refused(Refusal::OutOfReach { .. })
    )
}

/// Authority moved each time that it was asked.
pub(super) fn contended(uid: ResourceUid) -> Error {
    match resource_id(uid) {
        Ok(id) => Error::Contended { id },
        Err(error) => error,
    }
}
