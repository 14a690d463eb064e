//! A change of key-encryption key or generation, from its request to its end (R11, R16).
//!
//! ```text
//! intent, identity on ── registered ── granted ── wrap, unwrap ── proven ── opened anew ── active ── erased
//! └─────────────── cut off here: undone ───────────────┘└────────── cut off here: completed ─────────┘
//! ```
//!
//! Every change begins with a fresh unwrap of the stored bytes under the present key-encryption key, and
//! so does its completion: a lease never suffices (R17).

use std::collections::BTreeSet;

use strongroom_base::ResourceUid;
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{Keyring, OpenedKeyring};
use strongroom_ledger::Claim;
use strongroom_resource::{
    KeyChange, NEEDED, Refusal, Resource, ResourceAction, ResourceCommand, Step, WantedGrant,
};
use strongroom_vault::OpId;
use strongroom_vault::vault::{Grantee, PolicySpec, VaultAction, VaultCommand, VaultRefusal};

use super::keys::KeyUser;
use super::request::ResourceRequest;
use crate::Error;
use crate::audit::Caller;
use crate::core::Core;
use crate::driver::kept::resource_id;
use crate::driver::{Assertions, Reader};
use crate::vaults::{VaultRequest, for_operation};

impl Core {
    /// Asks a resource for something; returns its new state, none if it is gone.
    pub(crate) async fn ask(
        &self,
        uid: ResourceUid,
        action: ResourceAction,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Option<Resource>, Error> {
        let at = self.now();
        let command = ResourceCommand { at, action };
        let request = ResourceRequest {
            uid,
            command,
            caller,
        };
        self.drive(&request, assertions, caller).await
    }

    /// Carries a change from its request to its end. Whatever fails on the way before the new key is
    /// proven is undone before this returns; what cannot even be undone now is owed, and undone later.
    pub(crate) async fn change_key(
        &self,
        uid: ResourceUid,
        action: ResourceAction,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Resource, Error> {
        self.under_claim(&resource_id(uid)?, async |claim| {
            let holding = Assertions {
                holding: vec![claim.clone()],
                ..assertions
            };
            let begun = self.ask(uid, action, holding, caller).await?;
            let begun = begun.ok_or(Refusal::Absent)?;
            let Some(change) = begun.change.clone() else {
                return Ok(begun);
            };
            let work = KeyChangeWork {
                core: self,
                uid,
                claim: &claim,
                caller,
            };
            if let Err(error) = work.prepare_and_complete(&begun, &change).await {
                if let Err(undo) = work.give_up(change.op).await {
                    tracing::warn!(%uid, %undo, "a change of key could not be undone yet");
                }
                work.settle_or_owe().await;
                return Err(error);
            }
            work.settle_or_owe().await;
            let changed = self.load::<Resource>(&resource_id(uid)?).await?.state;
            Ok(changed.ok_or(Refusal::Absent)?)
        })
        .await
    }
}

/// One change under way, by whoever holds the claim.
pub(crate) struct KeyChangeWork<'a> {
    pub(crate) core: &'a Core,
    pub(crate) uid: ResourceUid,
    pub(crate) claim: &'a Claim,
    pub(crate) caller: &'a Caller,
}

impl KeyChangeWork<'_> {
    async fn prepare_and_complete(
        &self,
        begun: &Resource,
        change: &KeyChange,
    ) -> Result<(), Error> {
        // Whatever the identity needs before it can be asked for.
        self.settle_directory(begun).await?;
        let mut reader = Reader::new(self.core);
        let user = reader.user(begun, self.caller).await?;
        // Before anything is granted: what was revoked is not given back by the way (R17).
        let opened = user.open_keyring(&begun.keyring).await?;
        if let Some(grant) = &change.grant {
            self.grant(change.op, grant).await?;
        }
        self.prove(&user, &opened, change).await?;
        self.complete(change.op, Present::UnwrappedJustNow).await
    }

    /// Goes on with a change that was cut off: back while it prepares, forward once it is proven, and
    /// back if then a key says no. It never grants.
    pub(crate) async fn go_on(&self, change: &KeyChange) -> Result<(), Error> {
        match change.step {
            Step::Preparing => self.give_up(change.op).await,
            Step::Proven { .. } => match self.complete(change.op, Present::ToBeUnwrapped).await {
                Err(error) if says_no(&error) => self.give_up(change.op).await,
                done => done,
            },
            Step::Undoing => self.undo(change).await,
        }
    }

    /// A vault lets the identity in, by the authority of whoever asked (R9, R11).
    async fn grant(&self, op: OpId, grant: &WantedGrant) -> Result<(), Error> {
        let spec = PolicySpec {
            tenant: grant.tenant,
            grantee: Grantee {
                object: grant.principal,
                application: None,
            },
            keys: BTreeSet::from(NEEDED),
        };
        let action = VaultAction::ChangePolicies {
            change: for_operation(op),
            entries: vec![spec],
        };
        match self.vault(grant, action).await {
            // Somebody has granted it meanwhile.
            Ok(()) | Err(Error::Vault(VaultRefusal::NoOp)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn vault(&self, grant: &WantedGrant, action: VaultAction) -> Result<(), Error> {
        let request = VaultRequest {
            vault: grant.vault.clone(),
            command: VaultCommand {
                at: self.core.now(),
                action,
            },
            caller: self.caller,
        };
        self.core
            .drive(&request, Assertions::holding(self.claim), self.caller)
            .await?;
        Ok(())
    }

    /// The new key wraps and unwraps, and the new keyring is durable beside the active one.
    async fn prove(
        &self,
        user: &KeyUser<'_>,
        opened: &OpenedKeyring,
        change: &KeyChange,
    ) -> Result<(), Error> {
        let core = self.core;
        let mac = core.root.keyring_mac(self.uid)?;
        let (present, present_key) = opened.newest();
        let target = &change.target;
        let pending = if change.kind.adds_generation() {
            let generation = present
                .next()
                .ok_or(strongroom_crypto::keyring::KeyringError::Exhausted)?;
            let key = ResourceKey::generate(core.provider.random)?;
            let wrapped = user.wrap(target, generation, &key).await?;
            user.unwrap(target, generation, &wrapped).await?;
            opened.add_generation(&core.provider, &mac, &key, target.clone(), wrapped)?
        } else {
            let wrapped = user.wrap(target, present, present_key).await?;
            user.unwrap(target, present, &wrapped).await?;
            opened.rewrap(&mac, target.clone(), wrapped)?
        };
        let op = change.op;
        self.ask(ResourceAction::Prove { op, pending }).await
    }

    /// The pending keyring is opened from where it lies, and becomes the active one.
    async fn complete(&self, op: OpId, present: Present) -> Result<(), Error> {
        let resource = self.load().await?;
        let Some(pending) = pending(&resource, op) else {
            return Err(Refusal::NoSuchChange { op }.into());
        };
        let mut reader = Reader::new(self.core);
        let user = reader.user(&resource, self.caller).await?;
        match present {
            Present::UnwrappedJustNow => {}
            Present::ToBeUnwrapped => {
                user.open_keyring(&resource.keyring).await?;
            }
        }
        user.open_keyring(pending).await?;
        self.ask(ResourceAction::Activate { op }).await
    }

    /// Gives the change up, and takes back what it added elsewhere.
    pub(crate) async fn give_up(&self, op: OpId) -> Result<(), Error> {
        match self.ask(ResourceAction::Abandon { op }).await {
            Ok(()) | Err(Error::Refused(Refusal::NoOp)) => {}
            Err(error) => return Err(error),
        }
        let resource = self.load().await?;
        match resource.change {
            Some(change) if change.op == op => self.undo(&change).await,
            Some(_) | None => Ok(()),
        }
    }

    async fn undo(&self, change: &KeyChange) -> Result<(), Error> {
        let op = change.op;
        if let Some(grant) = &change.grant {
            match self.vault(grant, VaultAction::UndoGrant { op }).await {
                // It had not come to that.
                Ok(()) | Err(Error::Vault(VaultRefusal::NoOp)) => {}
                Err(error) => return Err(error),
            }
        }
        self.ask(ResourceAction::Undone { op }).await
    }

    pub(crate) async fn ask(&self, action: ResourceAction) -> Result<(), Error> {
        // It may have taken longer than it was claimed for.
        self.core.claim_effects(&resource_id(self.uid)?).await?;
        let holding = Assertions::holding(self.claim);
        self.core
            .ask(self.uid, action, holding, self.caller)
            .await?;
        Ok(())
    }

    pub(crate) async fn load(&self) -> Result<Resource, Error> {
        let loaded = self
            .core
            .load::<Resource>(&resource_id(self.uid)?)
            .await?
            .state;
        Ok(loaded.ok_or(Refusal::Absent)?)
    }
}

/// Whether the present key-encryption key was asked in this operation already.
#[derive(Clone, Copy)]
enum Present {
    /// It was, to wrap the new one.
    UnwrappedJustNow,
    /// It was not: an earlier process had asked.
    ToBeUnwrapped,
}

fn pending(resource: &Resource, op: OpId) -> Option<&Keyring> {
    match resource.change.as_deref() {
        Some(KeyChange {
            op: under_way,
            step: Step::Proven { pending },
            ..
        }) if *under_way == op => Some(pending),
        Some(_) | None => None,
    }
}

/// Whether asking again will not help by itself: the vault, the directory or a rule says no.
fn says_no(error: &Error) -> bool {
    use strongroom_base::{Outcome as _, OutcomeKind};

    matches!(
        error.kind(),
        OutcomeKind::Denied | OutcomeKind::Refused | OutcomeKind::Damaged
    )
}
