//! A change of key-encryption key or generation, from its request to its end (R11, R16).
//!
//! ```text
//! intent, identity made ── granted ── wrap, unwrap ── proven ── opened anew ── active ── erased
//! └─────────── cut off here: undone ─────────────┘└────────── cut off here: completed ─────────┘
//! ```
//!
//! Every change begins with a fresh unwrap of the stored bytes under the present key-encryption key, and
//! so does its completion: a lease never suffices (R17). Each commit by which it gets on rests on such an
//! unwrap, and is refused once that is too old or what it rested on has changed: then the key is asked again.

use std::collections::BTreeSet;

use strongroom_base::ResourceUid;
use strongroom_crypto::ResourceKey;
use strongroom_crypto::keyring::{Kek, Keyring};
use strongroom_ledger::{Claim, Guard};
use strongroom_resource::{
    KeyChange, NEEDED, Refusal, Resource, ResourceAction, ResourceCommand, Step, WantedGrant,
};
use strongroom_vault::OpId;
use strongroom_vault::vault::{
    Grantee, PolicySpec, Vault, VaultAction, VaultCommand, VaultRefusal,
};

use super::Control;
use super::fresh::{FreshUnwrap, contended, voids};
use super::keys::USE_RETRIES;
use super::request::ResourceRequest;
use crate::Error;
use crate::audit::Caller;
use crate::core::Loaded;
use crate::driver::kept::resource_id;
use crate::driver::{Assertions, EFFECTS_CLAIMED_FOR};
use crate::vaults::{VaultRequest, for_operation};

impl Control {
    /// Asks a resource for something; returns its new state, none if it is gone.
    pub(crate) async fn ask(
        &self,
        uid: ResourceUid,
        action: ResourceAction,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Option<Resource>, Error> {
        let asked = self.ask_to_version(uid, action, assertions, caller).await?;
        Ok(asked.state)
    }

    /// The same, with the version of the new state.
    pub(crate) async fn ask_to_version(
        &self,
        uid: ResourceUid,
        action: ResourceAction,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Loaded<Resource>, Error> {
        let at = self.records.now();
        let command = ResourceCommand { at, action };
        let request = ResourceRequest {
            uid,
            command,
            caller,
            control: self,
        };
        self.records
            .drive_to_version(&request, assertions, caller)
            .await
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
        self.records
            .under_claim(&resource_id(uid)?, async |claim| {
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
                // Boxed, as its completion is: each holds all that an unwrap rests on.
                let done = Box::pin(work.prepare_and_complete(&change)).await;
                if let Err(error) = done {
                    let given_up = work.give_up(change.op).await;
                    work.settle_or_owe().await;
                    return Err(match given_up {
                        // What another process has undone is missing here.
                        Err(Error::Refused(gone @ Refusal::NoSuchChange { .. }))
                            if is_amiss(&error) =>
                        {
                            gone.into()
                        }
                        Err(undo) => {
                            tracing::warn!(%uid, %undo, "a change of key could not be undone yet");
                            error
                        }
                        Ok(()) => error,
                    });
                }
                work.settle_or_owe().await;
                let changed = self
                    .records
                    .load::<Resource>(&resource_id(uid)?)
                    .await?
                    .state;
                Ok(changed.ok_or(Refusal::Absent)?)
            })
            .await
    }
}

/// One change under way, by whoever holds the claim.
pub(crate) struct KeyChangeWork<'a> {
    pub(crate) core: &'a Control,
    pub(crate) uid: ResourceUid,
    pub(crate) claim: &'a Claim,
    pub(crate) caller: &'a Caller,
}

impl<'a> KeyChangeWork<'a> {
    async fn prepare_and_complete(&self, change: &KeyChange) -> Result<(), Error> {
        // Before anything is granted: what was revoked is not given back by the way (R17).
        let mut fresh = self.unwrap_afresh().await?;
        if let Some(grant) = &change.grant {
            fresh = self.grant(change.op, grant, fresh).await?;
        }
        let pending = self.wrap_anew(&fresh, change).await?;
        let fresh = self.prove(change.op, pending, fresh).await?;
        self.complete(change.op, Some(fresh)).await
    }

    /// Goes on with a change that was cut off: back while it prepares, forward once it is proven, and
    /// back if then a key says no. It never grants.
    pub(crate) async fn go_on(&self, change: &KeyChange) -> Result<(), Error> {
        match change.step {
            // What an earlier version has given up is taken back.
            Step::Preparing | Step::Undoing => self.give_up(change.op).await,
            Step::Proven { .. } => match Box::pin(self.complete(change.op, None)).await {
                Err(error) if says_no(&error) => self.give_up(change.op).await,
                done => done,
            },
        }
    }

    /// A vault lets the identity in, by the authority of whoever asked (R9, R11), and while the present key
    /// does: what its owner has taken away meanwhile is not given back.
    async fn grant(
        &self,
        op: OpId,
        grant: &WantedGrant,
        fresh: FreshUnwrap<'a>,
    ) -> Result<FreshUnwrap<'a>, Error> {
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
        let mut held = Some(fresh);
        for _ in 0..USE_RETRIES {
            let mut fresh = self.resting_on(held.take()).await?;
            let resting = fresh.assertions(self.claim);
            match self.vault(grant, action.clone(), resting).await {
                Ok(Loaded { state, version }) => {
                    // It is granted once: whatever is changed from here on is its owner's.
                    if let Some(granted) = state {
                        fresh.vault_has_become(&grant.vault, granted, version)?;
                    }
                    return Ok(fresh);
                }
                // Somebody has granted it meanwhile.
                Err(Error::Vault(VaultRefusal::NoOp)) => return Ok(fresh),
                Err(error) if voids(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(contended(self.uid))
    }

    async fn vault(
        &self,
        grant: &WantedGrant,
        action: VaultAction,
        assertions: Assertions,
    ) -> Result<Loaded<Vault>, Error> {
        let request = VaultRequest {
            vault: grant.vault.clone(),
            command: VaultCommand {
                at: self.core.records.now(),
                action,
            },
            caller: self.caller,
        };
        self.core
            .records
            .drive_to_version(&request, assertions, self.caller)
            .await
    }

    /// The new key wraps and unwraps: the keyring that is to become the active one.
    async fn wrap_anew(
        &self,
        fresh: &FreshUnwrap<'_>,
        change: &KeyChange,
    ) -> Result<Keyring, Error> {
        let core = self.core;
        let (user, opened) = (fresh.user(), fresh.opened());
        let mac = core.keys.keyring_mac(self.uid)?;
        let (present, present_key) = opened.newest();
        let target = &change.target;
        Ok(if change.kind.adds_generation() {
            let generation = present
                .next()
                .ok_or(strongroom_crypto::keyring::KeyringError::Exhausted)?;
            let key = ResourceKey::generate(core.records.provider.random)?;
            let wrapped = user.wrap(target, generation, &key).await?;
            user.unwrap(target, generation, &wrapped).await?;
            opened.add_generation(&core.records.provider, &mac, &key, target.clone(), wrapped)?
        } else {
            let wrapped = user.wrap(target, present, present_key).await?;
            user.unwrap(target, present, &wrapped).await?;
            opened.rewrap(&mac, target.clone(), wrapped)?
        })
    }

    /// The new keyring is durable beside the active one.
    async fn prove(
        &self,
        op: OpId,
        pending: Keyring,
        fresh: FreshUnwrap<'a>,
    ) -> Result<FreshUnwrap<'a>, Error> {
        let mut held = Some(fresh);
        for _ in 0..USE_RETRIES {
            let fresh = self.resting_on(held.take()).await?;
            let prove = ResourceAction::Prove {
                op,
                pending: pending.clone(),
            };
            match self.ask_with(prove, fresh.assertions(self.claim)).await {
                Ok(()) => return Ok(fresh),
                Err(error) if voids(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(contended(self.uid))
    }

    /// The pending keyring is opened from where it lies, and becomes the active one. The present key was
    /// asked just now, or an earlier process had asked and it is asked again.
    async fn complete(&self, op: OpId, fresh: Option<FreshUnwrap<'a>>) -> Result<(), Error> {
        let resource = self.load().await?;
        let Some((pending, target)) = pending(&resource, op) else {
            return Err(Refusal::NoSuchChange { op }.into());
        };
        let mut held = fresh;
        for _ in 0..USE_RETRIES {
            let mut fresh = self.resting_on(held.take()).await?;
            let activated = match fresh.also_open(pending, target).await {
                Ok(()) => {
                    let activate = ResourceAction::Activate { op };
                    self.ask_with(activate, fresh.assertions(self.claim)).await
                }
                Err(error) => Err(error),
            };
            match activated {
                Err(error) if voids(&error) => {}
                done => return done,
            }
        }
        Err(contended(self.uid))
    }

    /// Gives the change up, and takes back what it added elsewhere: one commit.
    pub(crate) async fn give_up(&self, op: OpId) -> Result<(), Error> {
        self.ask(ResourceAction::Abandon { op }).await
    }

    pub(crate) async fn ask(&self, action: ResourceAction) -> Result<(), Error> {
        self.ask_with(action, Assertions::holding(self.claim)).await
    }

    pub(super) async fn ask_with(
        &self,
        action: ResourceAction,
        assertions: Assertions,
    ) -> Result<(), Error> {
        // It may take longer than it was claimed for.
        let half_over = self
            .core
            .records
            .now()
            .saturating_add(EFFECTS_CLAIMED_FOR / 2);
        if self.claim.expires < half_over {
            self.core
                .records
                .claim_effects(&resource_id(self.uid)?)
                .await?;
        }
        self.core
            .ask(self.uid, action, assertions, self.caller)
            .await?;
        Ok(())
    }

    pub(crate) async fn load(&self) -> Result<Resource, Error> {
        let loaded = self
            .core
            .records
            .load::<Resource>(&resource_id(self.uid)?)
            .await?
            .state;
        Ok(loaded.ok_or(Refusal::Absent)?)
    }
}

impl<'a> KeyChangeWork<'a> {
    /// The unwrap that is at hand if a change may rest on it still, else another.
    pub(super) async fn resting_on(
        &self,
        held: Option<FreshUnwrap<'a>>,
    ) -> Result<FreshUnwrap<'a>, Error> {
        match held {
            Some(fresh) if fresh.holds() => Ok(fresh),
            Some(_) | None => self.unwrap_afresh().await,
        }
    }

    /// Asks the present key for the stored bytes. Whoever is let in takes the mark away that an earlier denial
    /// left: one that comes later stops the change.
    pub(super) async fn unwrap_afresh(&self) -> Result<FreshUnwrap<'a>, Error> {
        let id = resource_id(self.uid)?;
        for _ in 0..USE_RETRIES {
            let loaded = self.core.records.load::<Resource>(&id).await?;
            let resource = loaded.state.ok_or(Refusal::Absent)?;
            let fresh = match FreshUnwrap::of(self.core, &resource, self.caller).await {
                Ok(fresh) => fresh,
                Err(error) if voids(&error) => continue,
                Err(error) => return Err(error),
            };
            if resource.inaccessible.is_none() {
                return Ok(fresh);
            }
            let as_found = Guard {
                id: id.clone(),
                version: loaded.version,
            };
            let resting = fresh.assertions(self.claim).guarded(as_found);
            match self.ask_with(ResourceAction::RegainAccess, resting).await {
                Ok(()) | Err(Error::Refused(Refusal::NoOp)) => return Ok(fresh),
                Err(error) if voids(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(contended(self.uid))
    }
}

/// What is to become the active keyring, and the key that wraps it.
fn pending(resource: &Resource, op: OpId) -> Option<(&Keyring, &Kek)> {
    match resource.change.as_deref() {
        Some(KeyChange {
            op: under_way,
            step: Step::Proven { pending },
            target,
            ..
        }) if *under_way == op => Some((pending, target)),
        Some(_) | None => None,
    }
}

/// Whether something is not as it was left.
fn is_amiss(error: &Error) -> bool {
    use strongroom_base::{Outcome as _, OutcomeKind};

    matches!(error.kind(), OutcomeKind::Damaged | OutcomeKind::Internal)
}

/// Whether asking again will not help by itself: the vault, the directory or a rule says no.
fn says_no(error: &Error) -> bool {
    use strongroom_base::{Outcome as _, OutcomeKind};

    matches!(
        error.kind(),
        OutcomeKind::Denied | OutcomeKind::Refused | OutcomeKind::Damaged
    )
}
