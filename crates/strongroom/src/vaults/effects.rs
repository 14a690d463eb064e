//! What vaults and keys owe the outside, carried out; and what time makes of them.

use strongroom_base::Machine as _;
use strongroom_ledger::runtime::blocking;
use strongroom_ledger::{Claim, Find};
use strongroom_vault::import::{KeyPair, generate};
use strongroom_vault::key::{
    Key, KeyAction, KeyCommand, KeyEffect, KeyMachine, KeyRefusal, MintedVersion,
};
use strongroom_vault::vault::{
    Vault, VaultAction, VaultCommand, VaultEffect, VaultMachine, VaultRefusal,
};
use strongroom_vault::{
    Caller as VaultCaller, KeyName, KeySpec, KeyVersion, MaterialRef, Origin, VaultName,
};

use super::{KeyRequest, VaultRequest, VaultRouter};
use crate::Error;
use crate::audit::Caller;
use crate::driver::Assertions;
use crate::driver::kept::{index, key_id, vault_id};

impl VaultRouter {
    /// Asks a vault for something; returns its new state, none if it is gone.
    pub(crate) async fn ask_vault(
        &self,
        vault: &VaultName,
        action: VaultAction,
        assertions: Assertions,
        caller: &Caller,
    ) -> Result<Option<Vault>, Error> {
        let request = VaultRequest {
            vault: vault.clone(),
            command: VaultCommand {
                at: self.records.now(),
                action,
            },
            caller,
        };
        self.records.drive(&request, assertions, caller).await
    }

    /// Asks a key for something; returns its new state, none if it is gone.
    pub(crate) async fn ask_key(
        &self,
        (vault, key): (&VaultName, &KeyName),
        action: KeyAction,
        assertions: Assertions,
        asker: &VaultCaller,
        caller: &Caller,
    ) -> Result<Option<Key>, Error> {
        let request = KeyRequest {
            vault: vault.clone(),
            key: key.clone(),
            command: KeyCommand {
                at: self.records.now(),
                action,
            },
            asker,
        };
        self.records.drive(&request, assertions, caller).await
    }

    /// Makes key material, keeps it, and has `name` it; what nothing names is erased again.
    pub(crate) async fn with_material<T>(
        &self,
        pair: KeyPair,
        name: impl AsyncFnOnce(MintedVersion, Assertions) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let KeyPair { public, private } = pair;
        let material = MaterialRef::from_bytes(self.records.random_id()?);
        let announcement = self.keys.new_key_material(material, &private).await?;
        let minted = MintedVersion {
            id: KeyVersion::from_bytes(self.records.random_id()?),
            public,
            material,
        };
        let guarded = Assertions::default().guarded(announcement.clone());
        match name(minted, guarded).await {
            Ok(named) => {
                if let Err(error) = self.keys.settle_announcement(announcement).await {
                    tracing::warn!(%error, "a new key's announcement could not be ended");
                }
                Ok(named)
            }
            Err(error) => {
                self.keys.abandon(announcement).await?;
                Err(error)
            }
        }
    }

    /// Makes a key pair away from the async workers: a large one takes seconds.
    pub(crate) async fn generate_pair(&self, spec: KeySpec) -> Result<KeyPair, Error> {
        let provider = self.records.provider;
        let made = blocking(move || generate(&provider, spec));
        Ok(made.await.map_err(|_ended| Error::Closed)??)
    }

    /// Does what the state of a vault owes the outside.
    pub(crate) async fn settle_vault(
        &self,
        vault: &VaultName,
        caller: &Caller,
    ) -> Result<(), Error> {
        let id = vault_id(vault)?;
        let state = self.records.load::<Vault>(&id).await?.state;
        let owed = VaultMachine::effects(&state, self.records.now());
        if owed.is_empty() {
            return Ok(());
        }
        self.records
            .under_claim(&id, async |claim| {
                for effect in owed {
                    let VaultEffect::EraseKeys { vault } = effect;
                    self.purge_keys(&vault, caller).await?;
                }
                self.records.claim_effects(&id).await?;
                let holding = Assertions::holding(&claim);
                match self
                    .ask_vault(vault, VaultAction::KeysErased, holding, caller)
                    .await
                {
                    Ok(_) | Err(Error::Vault(VaultRefusal::NoOp)) => Ok(()),
                    Err(error) => Err(error),
                }
            })
            .await
    }

    async fn purge_keys(&self, vault: &VaultName, caller: &Caller) -> Result<(), Error> {
        let asker = own_asker(caller);
        for key in self.keys_of(vault).await? {
            let purge = KeyAction::PurgeWithVault;
            let named = (vault, &key);
            match self
                .ask_key(named, purge, Assertions::default(), &asker, caller)
                .await
            {
                Ok(_) | Err(Error::Key(KeyRefusal::NoOp)) => {}
                Err(error) => return Err(error),
            }
            self.settle_key(vault, &key, caller).await?;
        }
        Ok(())
    }

    /// The keys of a vault, deleted ones too, by name.
    pub(crate) async fn keys_of(&self, vault: &VaultName) -> Result<Vec<KeyName>, Error> {
        let prefix = format!("{}/", vault.lookup_key());
        let found = self.records.find_all(&keys_in(vault), |_| true).await?;
        found
            .iter()
            .filter_map(|(key, _)| key.strip_prefix(&*prefix))
            .map(|name| Ok(name.parse()?))
            .collect()
    }

    /// Does what the state of a key owes the outside.
    pub(crate) async fn settle_key(
        &self,
        vault: &VaultName,
        key: &KeyName,
        caller: &Caller,
    ) -> Result<(), Error> {
        let id = key_id(vault, key)?;
        let state = self.records.load::<Key>(&id).await?.state;
        let owed = KeyMachine::effects(&state, self.records.now());
        if owed.is_empty() {
            return Ok(());
        }
        self.records
            .under_claim(&id, async |claim| {
                for effect in owed {
                    self.carry_out_for_key(effect, &claim, caller).await?;
                }
                Ok(())
            })
            .await
    }

    async fn carry_out_for_key(
        &self,
        effect: KeyEffect,
        claim: &Claim,
        caller: &Caller,
    ) -> Result<(), Error> {
        let asker = own_asker(caller);
        let done = match effect {
            KeyEffect::Rotate { vault, name, spec } => {
                let pair = self.generate_pair(spec).await?;
                self.with_material(pair, async |minted, assertions| {
                    let rotate = KeyAction::RotateIfDue(minted);
                    self.ask_key((&vault, &name), rotate, assertions, &asker, caller)
                        .await
                })
                .await
            }
            KeyEffect::EraseMaterial {
                vault,
                name,
                material,
            } => {
                for one in material {
                    self.keys.vault_keys.erase(&one.to_string()).await?;
                }
                let erased = KeyAction::MaterialErased;
                let holding = Assertions::holding(claim);
                self.ask_key((&vault, &name), erased, holding, &asker, caller)
                    .await
            }
        };
        match done {
            // Another process was faster, or its vault is deleted: it goes on when that is recovered.
            Ok(_)
            | Err(Error::Key(
                KeyRefusal::NoOp | KeyRefusal::RotationNotDue | KeyRefusal::Denied { .. },
            )) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The vault's caller for what Strongroom does by itself: it holds no permission to anything.
pub(crate) fn own_asker(caller: &Caller) -> VaultCaller {
    VaultCaller {
        tenant: caller.tenant,
        principal: caller.principal,
        origin: Origin::TrustedService,
        correlation: caller.correlation,
    }
}

/// The keys of a vault, deleted ones too, by name.
pub(crate) fn keys_in(vault: &VaultName) -> Find {
    Find::prefix(index::KEY_VAULT, format!("{}/", vault.lookup_key()))
}
