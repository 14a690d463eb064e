//! Which vault answers for an address.

use std::sync::Arc;
use std::time::Duration;

use strongroom_vault::software::SoftwareVault;
use strongroom_vault::{
    Caller as VaultCaller, KeyId, KeyVault, VaultAddress, VaultDirectory as _, VaultError,
    VaultProperties, VaultSuffix, VaultSuffixes,
};

use super::budget::{Budgets, Turn, VaultBudget};
use super::facts::{FactSettings, Facts};
use super::outside::{OutsideVault, Recorded};
use super::state::{LedgerVaultState, SeenVault, SeenVaultState};
use crate::Error;
use crate::core::Core;
use crate::key_files::KeyStore;

/// The vaults of an installation: its own, and outside ones by their suffix.
#[derive(Debug)]
pub(crate) struct VaultRouter {
    pub(super) records: Arc<Core>,
    pub(super) keys: Arc<KeyStore>,
    embedded: SoftwareVault<LedgerVaultState>,
    outside: Vec<(VaultSuffix, Arc<dyn OutsideVault>)>,
    suffixes: VaultSuffixes,
    /// How much is asked of each vault.
    budgets: Budgets,
    /// What is known of vaults that somebody else keeps.
    facts: Arc<Facts>,
    /// How long somebody else's vault may take to answer.
    deadline: Duration,
}

/// Who answers for a vault.
pub(crate) enum Route<'a> {
    /// The installation itself.
    Embedded(&'a SoftwareVault<LedgerVaultState>),
    /// The installation itself, by what has been read of it already.
    Seen(Box<SoftwareVault<SeenVaultState>>),
    /// Somebody else.
    Outside(Recorded<'a>, &'a Arc<Facts>),
}

impl VaultRouter {
    /// Keys within `budget` a vault, the rest within that of `facts`, and each answer within `deadline`.
    pub(crate) fn new(
        keys: Arc<KeyStore>,
        outside: Vec<(VaultSuffix, Arc<dyn OutsideVault>)>,
        (budget, facts): (VaultBudget, FactSettings),
        deadline: Duration,
    ) -> Self {
        let (runtime, clock) = (keys.records.runtime.clone(), &keys.records.clock);
        let facts = Facts::new(facts, deadline, runtime, Arc::clone(clock));
        let records = Arc::clone(&keys.records);
        let suffixes = [VaultSuffix::embedded()]
            .into_iter()
            .chain(outside.iter().map(|(suffix, _)| suffix.clone()))
            .collect();
        Self {
            embedded: SoftwareVault::new(
                LedgerVaultState::new(Arc::clone(&keys)),
                records.provider,
                Arc::clone(&records.clock),
            ),
            outside,
            suffixes: VaultSuffixes::new(suffixes),
            budgets: Budgets::new(budget, deadline, records.runtime.clone()),
            facts: Arc::new(facts),
            deadline,
            records,
            keys,
        }
    }

    /// Reads the URI of a key, strictly (R6).
    pub(crate) fn parse(&self, uri: &str) -> Result<KeyId, Error> {
        Ok(self.suffixes.parse_key_id(uri)?)
    }

    /// Waits for the turn to ask `vault` something.
    ///
    /// # Errors
    /// [`VaultError::Throttled`], by ourselves, if it does not come in time.
    pub(crate) async fn enter(&self, vault: &VaultAddress) -> Result<Turn, VaultError> {
        self.budgets.enter(vault).await
    }

    /// Who answers for `address`.
    pub(crate) fn route<'a>(&'a self, address: &VaultAddress) -> Result<Route<'a>, Error> {
        if *address.suffix() == VaultSuffix::embedded() {
            return Ok(Route::Embedded(&self.embedded));
        }
        let found = self
            .outside
            .iter()
            .find(|(suffix, _)| suffix == address.suffix());
        let (_, vault) = found.ok_or_else(|| VaultError::ForeignVault {
            suffix: address.suffix().to_string(),
        })?;
        let recorded = Recorded {
            records: &self.records,
            deadline: self.deadline,
            vault,
        };
        Ok(Route::Outside(recorded, &self.facts))
    }
}

impl Route<'_> {
    /// The same way, for one use that a vault of our own judges by what has been read already.
    pub(crate) fn judging_by(self, router: &VaultRouter, seen: Option<SeenVault>) -> Self {
        match (self, seen) {
            (Self::Embedded(vault), Some(seen)) => {
                let ledger = vault.state().clone();
                let state = SeenVaultState { ledger, seen };
                let (provider, clock) =
                    (router.records.provider, Arc::clone(&router.records.clock));
                Self::Seen(Box::new(SoftwareVault::new(state, provider, clock)))
            }
            (route, _) => route,
        }
    }

    pub(crate) fn keys(&self) -> &dyn KeyVault {
        match self {
            Self::Embedded(vault) => *vault,
            Self::Seen(vault) => &**vault,
            Self::Outside(recorded, _) => recorded,
        }
    }

    /// The properties of a vault, for whoever sets a key.
    pub(crate) async fn vault(
        &self,
        caller: &VaultCaller,
        vault: &VaultAddress,
    ) -> Result<VaultProperties, VaultError> {
        match self {
            Self::Embedded(embedded) => embedded.vault(caller, vault).await,
            Self::Seen(seen) => seen.vault(caller, vault).await,
            Self::Outside(recorded, facts) => facts.now(&**recorded.vault, caller, vault).await,
        }
    }

    /// The same, for whoever uses data: of somebody else's vault what was found last, if anything was (R7).
    pub(crate) async fn known(
        &self,
        caller: &VaultCaller,
        vault: &VaultAddress,
    ) -> Result<Option<VaultProperties>, VaultError> {
        match self {
            Self::Outside(recorded, facts) => Ok(facts.last(recorded.vault, caller, vault)),
            Self::Embedded(_) | Self::Seen(_) => self.vault(caller, vault).await.map(Some),
        }
    }
}
