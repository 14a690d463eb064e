//! Vaults and their access policies.

use strongroom_identity::{Scope, VaultUid};
use strongroom_ledger::{AggregateId, Find};
use strongroom_vault::VaultName;
use strongroom_vault::vault::{
    Holder, PolicyChange, Vault, VaultAction, VaultCommand, VaultEvent, VaultFacts, VaultMachine,
};

use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::core::Core;
use crate::directory::{Site, clear_access, crossing};
use crate::driver::kept::{index, vault_id};
use crate::driver::{Batch, Reader, Request};

/// Something asked of a vault.
pub(crate) struct VaultRequest<'a> {
    pub(crate) vault: VaultName,
    pub(crate) command: VaultCommand,
    pub(crate) caller: &'a Caller,
}

pub(crate) struct Gathered {
    facts: VaultFacts,
    /// Where the vault is; for a creation, where it is to be.
    site: Option<Site>,
}

impl Request for VaultRequest<'_> {
    type Machine = VaultMachine;
    type Gathered = Gathered;

    fn id(&self) -> Result<AggregateId, Error> {
        vault_id(&self.vault)
    }

    fn command(&self) -> &VaultCommand {
        &self.command
    }

    async fn gather(
        &self,
        reader: &mut Reader<'_>,
        state: Option<&Vault>,
    ) -> Result<Gathered, Error> {
        let action = &self.command.action;
        let present = match state {
            Some(vault) => reader.site_of_vault(vault).await?,
            None => None,
        };
        let named = match action {
            VaultAction::Create(new) => Some(new.group),
            VaultAction::Move { group } => Some(*group),
            _ => None,
        };
        let target = match named {
            Some(group) => reader.group_site(group).await?,
            None => None,
        };
        let here = match action {
            VaultAction::Create(_) => &target,
            _ => &present,
        };
        let crossing = crossing(present.as_ref(), target.as_ref());
        let there = action.requires_there();
        let authority = reader
            .authority(
                self.caller.principal,
                (here.as_ref(), action.requires(crossing)),
                there.map(|(_, action)| (target.as_ref(), action)),
            )
            .await?;
        let holder = |site: &Option<Site>| site.as_ref().map_or(Holder::Nowhere, Site::holder);
        Ok(Gathered {
            facts: VaultFacts {
                vault: self.vault.clone(),
                authority,
                present: holder(&present),
                target: holder(&target),
            },
            site: here.clone(),
        })
    }

    fn facts<'a>(&'a self, gathered: &'a Gathered) -> VaultFacts {
        gathered.facts.clone()
    }

    fn happened(&self, event: &VaultEvent, gathered: &Gathered, subject: &Vault) -> Vec<Happened> {
        let operation = match event {
            VaultEvent::Created(_) => Operation::VaultCreate,
            VaultEvent::PolicySet { .. } => Operation::VaultAccessPolicySet,
            VaultEvent::Moved { .. } => Operation::VaultMove,
            VaultEvent::Deleted { .. } => Operation::VaultDelete,
            VaultEvent::Recovered => Operation::VaultRecover,
            VaultEvent::Purged { .. } => Operation::VaultPurge,
            // The purge has its record, and so has the destruction of each key.
            VaultEvent::Erased => return Vec::new(),
            // Protection, trusted tenant, authorisation, firewall.
            _ => Operation::VaultUpdate,
        };
        vec![self.record(operation, gathered, Some(subject))]
    }

    fn attempted(&self, gathered: &Gathered, state: Option<&Vault>) -> Option<Happened> {
        let operation = match &self.command.action {
            VaultAction::Create(_) => Operation::VaultCreate,
            VaultAction::Update(_) => Operation::VaultUpdate,
            VaultAction::ChangePolicies { .. } => Operation::VaultAccessPolicySet,
            VaultAction::Move { .. } => Operation::VaultMove,
            VaultAction::Delete => Operation::VaultDelete,
            VaultAction::Recover => Operation::VaultRecover,
            VaultAction::Purge => Operation::VaultPurge,
            VaultAction::UndoGrant { .. } | VaultAction::EndRetention | VaultAction::KeysErased => {
                return None;
            }
        };
        Some(self.record(operation, gathered, state))
    }

    /// Nothing is held at a vault that is gone.
    async fn follow_up(
        &self,
        batch: &mut Batch<'_>,
        before: Option<&Vault>,
        after: Option<&Vault>,
    ) -> Result<(), Error> {
        match (before, after) {
            (Some(gone), None) => clear_access(batch, Scope::Vault(gone.uid), self.caller).await,
            _ => Ok(()),
        }
    }
}

impl VaultRequest<'_> {
    fn record(&self, operation: Operation, gathered: &Gathered, vault: Option<&Vault>) -> Happened {
        let name = vault.map_or(&self.vault, |vault| &vault.name);
        let target = match (&gathered.site, &gathered.facts.authority) {
            (Some(site), Ok(())) => arm_id(site, name),
            // It is not for the caller to know where it is.
            (Some(_), Err(_)) | (None, _) => format!("vault/{name}"),
        };
        Happened::new(operation, target).at(gathered.site.as_ref(), &gathered.facts.authority)
    }
}

/// The ARM id of a vault in the group of `site`.
pub(crate) fn arm_id(site: &Site, vault: &VaultName) -> String {
    format!(
        "{}/providers/Microsoft.KeyVault/vaults/{vault}",
        site.arm_prefix()
    )
}

impl Reader<'_> {
    /// The scope of a vault.
    pub(crate) async fn site_of_vault(&mut self, vault: &Vault) -> Result<Option<Site>, Error> {
        let Some(group) = self.group_site(vault.group).await? else {
            return Ok(None);
        };
        let site = self.vault_site(group, vault.uid, vault.descent).await?;
        Ok(Some(site))
    }
}

impl Core {
    /// The name of the vault of this uid.
    pub(crate) async fn vault_name(&self, uid: VaultUid) -> Result<Option<VaultName>, Error> {
        let by_uid = Find::exact(index::VAULT_UID, uid.to_string());
        let found = self.find_all(&by_uid, |_| true).await?;
        match found.first() {
            None => Ok(None),
            Some((_, id)) => Ok(Some(id.id().parse()?)),
        }
    }
}

/// How a grant for an operation is asked for.
pub(crate) fn for_operation(op: strongroom_vault::OpId) -> PolicyChange {
    PolicyChange::Add {
        grant: strongroom_vault::vault::Grant::ForOperation(op),
    }
}
