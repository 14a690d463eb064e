//! What is asked of a vault: R13, R14, R17.

use std::collections::{BTreeMap, BTreeSet};

use super::rights::{NOT_AUTHORISED, Right};
use super::step::Fire;
use super::world::{Life, Party, Permission, Tenant, Vault};
use super::{Answer, Group, No, Who, World};

pub(super) const ALL: [Permission; 4] = [
    Permission::Get,
    Permission::Wrap,
    Permission::Unwrap,
    Permission::Manage,
];

impl World {
    pub(super) fn create_vault(
        &mut self,
        by: Who,
        number: u8,
        group: Group,
        (same_region, purge_protection): (bool, bool),
    ) -> Answer {
        let tenant = self.tenant_of(group);
        if !by.may(Right::Manage, tenant) {
            return Answer::no(NOT_AUTHORISED);
        }
        match self.vaults.get(&number).map(|vault| vault.life) {
            Some(Life::Live) => return Answer::no(No::refused("VaultAlreadyExists")),
            Some(Life::Deleted(_)) => return Answer::no(No::refused("ConflictError")),
            None => {}
        }
        let vault = Vault {
            group,
            trusts: tenant,
            same_region,
            purge_protection,
            role_mode: false,
            firewall: Fire::Open,
            // The step goes on to grant the administrator everything.
            policies: BTreeMap::from([(Party::Person(Who::Admin), ALL.into())]),
            life: Life::Live,
            outside: false,
        };
        self.vaults.insert(number, vault);
        Answer::DONE
    }

    fn vault_to_change(&self, by: Who, number: u8) -> Result<Vault, Answer> {
        let Some(vault) = self.vaults.get(&number) else {
            // Of a vault that is not there, whoever may see where it was sought may be told so.
            return Err(Answer::No(BTreeSet::from([
                No::bad("VaultNotFound"),
                NOT_AUTHORISED,
            ])));
        };
        if vault.outside || by.may(Right::Manage, self.tenant_of(vault.group)) {
            Ok(vault.clone())
        } else {
            Err(Answer::no(NOT_AUTHORISED))
        }
    }

    /// Changes a live vault; a change that changes nothing is refused as such.
    pub(super) fn change_vault(
        &mut self,
        by: Who,
        number: u8,
        change: impl FnOnce(&mut Vault),
    ) -> Result<Answer, Answer> {
        let mut vault = self.vault_to_change(by, number)?;
        if let Life::Deleted(_) = vault.life {
            return Err(Answer::no(No::refused("VaultDeleted")));
        }
        let before = vault.clone();
        change(&mut vault);
        if vault == before {
            return Err(Answer::no(No::refused("NoOp")));
        }
        self.vaults.insert(number, vault);
        Ok(Answer::DONE)
    }

    /// R13: another trusted tenant drops the policies of the old one.
    pub(super) fn trust(&mut self, by: Who, number: u8, tenant: Tenant) -> Result<Answer, Answer> {
        self.change_vault(by, number, |vault| {
            if vault.trusts != tenant {
                vault.trusts = tenant;
                vault.policies.clear();
            }
        })
    }

    /// R14: once on, it cannot be turned off.
    pub(super) fn protect(&mut self, by: Who, number: u8, on: bool) -> Result<Answer, Answer> {
        if !on {
            let vault = self.vault_to_change(by, number)?;
            if vault.life == Life::Live {
                // Off already, or not to be turned off.
                return Err(Answer::already("PurgeProtectionRequired"));
            }
        }
        self.change_vault(by, number, |vault| vault.purge_protection |= on)
    }

    pub(super) fn delete_vault(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let mut vault = self.vault_to_change(by, number)?;
        if let Life::Deleted(_) = vault.life {
            return Err(Answer::already("VaultDeleted"));
        }
        vault.life = Life::Deleted(self.now);
        self.vaults.insert(number, vault);
        Ok(Answer::DONE)
    }

    pub(super) fn recover_vault(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let mut vault = self.vault_to_change(by, number)?;
        if vault.life == Life::Live {
            return Err(Answer::already("VaultNotDeleted"));
        }
        vault.life = Life::Live;
        self.vaults.insert(number, vault);
        Ok(Answer::DONE)
    }

    pub(super) fn purge_vault(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let vault = self.vault_to_change(by, number)?;
        let mut no = BTreeSet::new();
        if vault.life == Life::Live {
            no.insert(No::refused("VaultNotDeleted"));
        }
        if vault.purge_protection {
            no.insert(No::refused("PurgeProtected"));
        }
        if !no.is_empty() {
            return Err(Answer::No(no));
        }
        self.vaults.remove(&number);
        self.keys.retain(|(vault, _), _| *vault != number);
        Ok(Answer::DONE)
    }

    pub(super) fn move_vault(
        &mut self,
        by: Who,
        number: u8,
        group: Group,
    ) -> Result<Answer, Answer> {
        if let Some(vault) = self.vaults.get(&number)
            && !self.may_move(by, vault.group, group)
        {
            return Err(Answer::no(NOT_AUTHORISED));
        }
        self.change_vault(by, number, |vault| vault.group = group)
    }

    /// Whom a grant is for: the administrator, or the identity of a resource.
    #[must_use]
    pub fn party(&self, to: Option<u8>) -> Option<Party> {
        match to {
            None => Some(Party::Person(Who::Admin)),
            Some(resource) => {
                let identity = self.resources.get(&resource)?.identity?;
                Some(Party::Identity(identity.number))
            }
        }
    }

    /// R9. None stands for all permissions.
    pub(super) fn grant(
        &mut self,
        by: Who,
        number: u8,
        party: Party,
        permission: Option<Permission>,
    ) -> Result<Answer, Answer> {
        let granted = self.change_vault(by, number, |vault| {
            let held = vault.policies.entry(party).or_default();
            match permission {
                Some(permission) => {
                    held.insert(permission);
                }
                None => held.extend(ALL),
            }
        });
        match (granted, party) {
            // What a change of key had granted is held already, and may be confirmed for good.
            (Err(Answer::No(no)), Party::Identity(_)) if no.contains(&No::refused("NoOp")) => {
                Err(Answer::Either(no))
            }
            (granted, _) => granted,
        }
    }

    pub(super) fn revoke(
        &mut self,
        by: Who,
        number: u8,
        party: Party,
        permission: Option<Permission>,
    ) -> Result<Answer, Answer> {
        self.change_vault(by, number, |vault| {
            if let Some(held) = vault.policies.get_mut(&party) {
                match permission {
                    Some(permission) => {
                        held.remove(&permission);
                    }
                    None => held.clear(),
                }
                if held.is_empty() {
                    vault.policies.remove(&party);
                }
            }
        })
    }
}
