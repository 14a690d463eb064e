//! What is asked of a key: R5, R14, and the states of a version.

use std::collections::BTreeSet;

use super::step::Fire;
use super::world::{Key, KeyVersion, Life, Party, Permission};
use super::{Answer, No, Who, World};

/// How a version changes.
pub(super) enum Attribute {
    Enabled(bool),
    Expires(u64),
    NotBefore(u64),
}

impl World {
    /// Whether a vault lets a person manage its keys; asked before it is said what is there.
    fn admit(&self, by: Who, number: u8) -> Result<(), Answer> {
        let Some(vault) = self.vaults.get(&number) else {
            return Err(Answer::no(No::denied("VaultNotFound")));
        };
        let entry = vault.policies.get(&Party::Person(by));
        let mut no = BTreeSet::new();
        if let Life::Deleted(_) = vault.life {
            no.insert(No::denied("VaultDeleted"));
        }
        if vault.firewall != Fire::Open {
            no.insert(No::denied("ForbiddenByFirewall"));
        }
        if by.tenant() != vault.trusts && (vault.role_mode || entry.is_none()) {
            no.insert(No::denied("KeyVaultTenantMismatch"));
        }
        let held = entry.is_some_and(|held| held.contains(&Permission::Manage));
        if vault.role_mode {
            no.insert(No::denied("ForbiddenByRbac"));
        } else if !held {
            no.insert(No::denied("AccessDenied"));
        }
        if no.is_empty() {
            Ok(())
        } else {
            Err(Answer::No(no))
        }
    }

    pub(super) fn import(
        &mut self,
        by: Who,
        vault: u8,
        key: u8,
        bits: u16,
    ) -> Result<Answer, Answer> {
        self.admit(by, vault)?;
        let found = self.keys.entry((vault, key)).or_insert(Key {
            versions: Vec::new(),
            life: Life::Live,
        });
        if let Life::Deleted(_) = found.life {
            return Err(Answer::no(No::refused("ObjectIsDeletedButRecoverable")));
        }
        self.materials += 1;
        found.versions.push(KeyVersion {
            material: self.materials,
            bits,
            enabled: true,
            not_before: None,
            expires: None,
        });
        Ok(Answer::DONE)
    }

    fn key_to_change(&self, by: Who, id: (u8, u8)) -> Result<Key, Answer> {
        self.admit(by, id.0)?;
        let key = self
            .keys
            .get(&id)
            .ok_or_else(|| Answer::no(No::bad("KeyNotFound")))?;
        Ok(key.clone())
    }

    fn live_key(&self, by: Who, id: (u8, u8)) -> Result<Key, Answer> {
        let key = self.key_to_change(by, id)?;
        match key.life {
            Life::Live => Ok(key),
            // To most callers a deleted key is not there; its name says that it can be recovered.
            Life::Deleted(_) => Err(Answer::No(BTreeSet::from([
                No::bad("KeyNotFound"),
                No::refused("ObjectIsDeletedButRecoverable"),
                No::denied("KeyDeleted"),
            ]))),
        }
    }

    pub(super) fn change_version(
        &mut self,
        by: Who,
        id: (u8, u8),
        version: u8,
        attribute: &Attribute,
    ) -> Result<Answer, Answer> {
        let mut key = self.live_key(by, id)?;
        let Some(found) = key.versions.get_mut(usize::from(version)) else {
            return Err(Answer::no(No::bad("KeyNotFound")));
        };
        let before = *found;
        match attribute {
            Attribute::Enabled(on) => found.enabled = *on,
            Attribute::Expires(at) => found.expires = Some(*at),
            Attribute::NotBefore(at) => found.not_before = Some(*at),
        }
        if let (Some(from), Some(until)) = (found.not_before, found.expires)
            && until <= from
        {
            return Err(Answer::no(No::bad("BadParameter")));
        }
        if *found == before {
            return Err(Answer::no(No::refused("NoOp")));
        }
        self.keys.insert(id, key);
        Ok(Answer::DONE)
    }

    pub(super) fn delete_key(&mut self, by: Who, id: (u8, u8)) -> Result<Answer, Answer> {
        let mut key = self.key_to_change(by, id)?;
        if let Life::Deleted(_) = key.life {
            // A second deletion finds no key, or finds it done.
            return Err(Answer::No(BTreeSet::from([
                No::bad("KeyNotFound"),
                No::refused("NoOp"),
            ])));
        }
        key.life = Life::Deleted(self.now);
        self.keys.insert(id, key);
        Ok(Answer::DONE)
    }

    pub(super) fn recover_key(&mut self, by: Who, id: (u8, u8)) -> Result<Answer, Answer> {
        let mut key = self.key_to_change(by, id)?;
        if key.life == Life::Live {
            return Err(Answer::already("KeyNotDeleted"));
        }
        key.life = Life::Live;
        self.keys.insert(id, key);
        Ok(Answer::DONE)
    }

    pub(super) fn purge_key(&mut self, by: Who, id: (u8, u8)) -> Result<Answer, Answer> {
        let key = self.key_to_change(by, id)?;
        let mut no = BTreeSet::new();
        if key.life == Life::Live {
            no.insert(No::refused("KeyNotDeleted"));
        }
        if self
            .vaults
            .get(&id.0)
            .is_some_and(|vault| vault.purge_protection)
        {
            no.insert(No::refused("PurgeProtected"));
        }
        if !no.is_empty() {
            return Err(Answer::No(no));
        }
        self.keys.remove(&id);
        Ok(Answer::DONE)
    }
}
