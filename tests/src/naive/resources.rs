//! What is asked of a resource: R8, R10–R13, R16 and the ways back.

use std::collections::{BTreeMap, BTreeSet};

use super::rights::{NOT_AUTHORISED, Right};
use super::world::{
    Kek, KeyVersion, Life, Party, Permission, RESOURCE_RETENTION, Resource, Rigged,
    VAULT_RETENTION, VersionOf,
};
use super::{Answer, Group, No, Uses, Who, World};

/// What a resource's identity needs (R9).
const NEEDED: [Permission; 3] = [Permission::Get, Permission::Wrap, Permission::Unwrap];

impl World {
    pub(super) fn create(
        &mut self,
        by: Who,
        number: u8,
        group: Group,
        paid: bool,
        key: bool,
    ) -> Answer {
        let mut no = BTreeSet::new();
        if key && !self.rigged(Rigged::KeyAtCreation) {
            no.insert(No::refused("CmkNotAllowedAtCreation"));
        }
        if !by.may(Right::Manage, self.tenant_of(group)) {
            no.insert(NOT_AUTHORISED);
            return Answer::No(no);
        }
        if self.resources.contains_key(&number) {
            no.insert(No::refused("ResourceNameTaken"));
        }
        if !no.is_empty() {
            return Answer::No(no);
        }
        let resource = Resource {
            group,
            paid,
            identity: None,
            kek: Kek::Service(0),
            service_keys: 1,
            generations: 1,
            objects: BTreeMap::new(),
            life: Life::Live,
        };
        self.resources.insert(number, resource);
        Answer::Done(Uses {
            service_wraps: 1,
            ..Uses::default()
        })
    }

    /// A resource that is there, and that the caller may change. `life` says what it must be.
    fn to_change(&self, by: Who, number: u8) -> Result<Resource, Answer> {
        let Some(resource) = self.resources.get(&number) else {
            return Err(self.no_such_resource(by));
        };
        if by.may(Right::Manage, self.tenant_of(resource.group)) {
            Ok(resource.clone())
        } else {
            Err(Answer::no(NOT_AUTHORISED))
        }
    }

    fn live_to_change(&self, by: Who, number: u8) -> Result<Resource, Answer> {
        let resource = self.to_change(by, number)?;
        match resource.life {
            Life::Live => Ok(resource),
            Life::Deleted(_) => Err(Answer::no(No::refused("ResourceDeleted"))),
        }
    }

    pub(super) fn tier(&mut self, by: Who, number: u8, paid: bool) -> Result<Answer, Answer> {
        let mut resource = self.live_to_change(by, number)?;
        if resource.paid == paid {
            return Err(Answer::no(No::refused("NoOp")));
        }
        if !paid && matches!(resource.kek, Kek::Customer(_)) {
            return Err(Answer::no(No::refused("TierNeededByCustomerKey")));
        }
        resource.paid = paid;
        self.resources.insert(number, resource);
        Ok(Answer::DONE)
    }

    pub(super) fn identify(&mut self, by: Who, number: u8, on: bool) -> Result<Answer, Answer> {
        let mut resource = self.live_to_change(by, number)?;
        let tenant = self.tenant_of(resource.group);
        let mut no = BTreeSet::new();
        match (on, resource.identity) {
            (true, Some(identity)) if identity.home != tenant => {
                no.insert(No::refused("IdentityLeftBehind"));
            }
            (true, Some(_)) | (false, None) => {
                no.insert(No::refused("NoOp"));
            }
            (true, None) | (false, Some(_)) => {}
        }
        if on && !resource.paid {
            no.insert(No::refused("TierWithoutCustomerKeys"));
        }
        if !no.is_empty() {
            return Err(Answer::No(no));
        }
        resource.identity = on.then(|| self.new_identity(tenant));
        self.resources.insert(number, resource);
        Ok(Answer::DONE)
    }

    /// R11 and R16. Every rule that says no is collected; the first step is a fresh unwrap under the
    /// present key, so whatever stands against the use of the data stands against this.
    pub(super) fn set_key(
        &mut self,
        by: Who,
        number: u8,
        (vault, key, version): (u8, u8, u8),
    ) -> Result<Answer, Answer> {
        let mut resource = self.live_to_change(by, number)?;
        let tenant = self.tenant_of(resource.group);
        let mut no = self.against_change(&resource);
        if !resource.paid {
            no.insert(No::refused("TierWithoutCustomerKeys"));
        }
        if resource
            .identity
            .is_some_and(|identity| identity.home != tenant)
        {
            no.insert(No::refused("IdentityLeftBehind"));
        }
        let found = self
            .keys
            .get(&(vault, key))
            .and_then(|key| key.versions.get(usize::from(version)).copied());
        no.extend(self.against_new_key(&resource, vault, key, found));
        let missing = self.missing(&resource, vault);
        let may_grant = self.vaults.get(&vault).is_some_and(|found| {
            !found.outside && !found.role_mode && by.may(Right::Manage, self.tenant_of(found.group))
        });
        if !missing.is_empty() && !may_grant {
            no.extend(self.r9(&resource, vault));
        }
        let target = found.map(|found| VersionOf {
            vault,
            key,
            material: found.material,
        });
        if let (Kek::Customer(present), Some(target)) = (resource.kek, target)
            && present == target
        {
            no.insert(No::refused("NoOp"));
        }
        let Some(target) = target.filter(|_| no.is_empty()) else {
            return Err(Answer::No(no));
        };
        let identity = match resource.identity {
            Some(identity) => identity,
            None => self.new_identity(tenant),
        };
        resource.identity = Some(identity);
        if !missing.is_empty()
            && let Some(found) = self.vaults.get_mut(&vault)
        {
            let held = found
                .policies
                .entry(Party::Identity(identity.number))
                .or_default();
            held.extend(NEEDED);
        }
        let mut uses = Uses {
            key_wraps: 1,
            key_unwraps: 2,
            ..Uses::default()
        };
        let rotation = match resource.kek {
            Kek::Service(_) => {
                uses.service_unwraps = 1;
                false
            }
            Kek::Customer(present) => {
                uses.key_unwraps += 1;
                (present.vault, present.key) == (vault, key)
            }
        };
        if !rotation {
            resource.generations += 1;
        } else if self.rigged(Rigged::OneUseMore) {
            uses.key_unwraps += 1;
        }
        resource.kek = Kek::Customer(target);
        self.resources.insert(number, resource);
        Ok(Answer::Done(uses))
    }

    pub(super) fn reset(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let mut resource = self.live_to_change(by, number)?;
        let mut no = self.against_change(&resource);
        if let Kek::Service(_) = resource.kek {
            no.insert(No::refused("NoOp"));
        }
        if !no.is_empty() {
            return Err(Answer::No(no));
        }
        resource.kek = Kek::Service(resource.service_keys);
        resource.service_keys += 1;
        self.resources.insert(number, resource);
        Ok(Answer::Done(Uses {
            key_unwraps: 1,
            service_wraps: 1,
            service_unwraps: 2,
            ..Uses::default()
        }))
    }

    pub(super) fn rekey(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let mut resource = self.live_to_change(by, number)?;
        let mut no = self.against_change(&resource);
        if let Kek::Customer(present) = resource.kek {
            let found = self.version(present);
            no.extend(self.against_new_key(&resource, present.vault, present.key, found));
            if !self.missing(&resource, present.vault).is_empty() {
                // R9: reported until now, and refused at the next change of key.
                no.extend(self.r9(&resource, present.vault));
            }
        }
        if !no.is_empty() {
            return Err(Answer::No(no));
        }
        resource.generations += 1;
        let uses = match resource.kek {
            Kek::Service(_) => Uses {
                service_unwraps: 3,
                service_wraps: 1,
                ..Uses::default()
            },
            Kek::Customer(_) => Uses {
                key_unwraps: 3,
                key_wraps: 1,
                ..Uses::default()
            },
        };
        self.resources.insert(number, resource);
        Ok(Answer::Done(uses))
    }

    /// What stands against any change of key: that the present one does not open (no way round it).
    fn against_change(&self, resource: &Resource) -> BTreeSet<No> {
        let against = self.against_use(resource);
        against
            .iter()
            .flat_map(|no| [No::refused(no.code), No::denied(no.code)])
            .collect()
    }

    /// What R7, R14, R15 and R17 say of a key to go over to.
    fn against_new_key(
        &self,
        resource: &Resource,
        vault: u8,
        key: u8,
        version: Option<KeyVersion>,
    ) -> BTreeSet<No> {
        let mut codes: BTreeSet<&'static str> = self
            .against_vault(vault, self.tenant_of(resource.group))
            .into_iter()
            .map(|no| no.code)
            .collect();
        if let Some(vault) = self.vaults.get(&vault) {
            if !vault.same_region {
                codes.insert("KeyVaultRegionMismatch");
            }
            if !vault.purge_protection {
                codes.insert("KeyVaultPurgeProtectionOff");
            }
        }
        match self.keys.get(&(vault, key)).map(|key| key.life) {
            Some(Life::Live) => {}
            Some(Life::Deleted(_)) => {
                codes.insert("KeyDeleted");
            }
            None => {
                codes.insert("KeyNotFound");
            }
        }
        match version {
            None => {
                codes.insert("KeyNotFound");
            }
            Some(version) => {
                if !version.enabled {
                    codes.insert("KeyDisabled");
                }
                if version.bits != 2048 {
                    codes.insert("KeyVaultKeyTypeNotSupported");
                }
                if version.not_before.is_some_and(|from| self.now < from) {
                    codes.insert("KeyNotYetValid");
                }
                if version.expires.is_some_and(|until| self.now >= until) {
                    codes.insert("KeyExpired");
                }
            }
        }
        codes
            .into_iter()
            .flat_map(|code| [No::refused(code), No::denied(code)])
            .collect()
    }

    /// What of R9 the resource's identity lacks at a vault.
    fn missing(&self, resource: &Resource, vault: u8) -> BTreeSet<Permission> {
        NEEDED
            .into_iter()
            .filter(|needed| {
                !resource
                    .identity
                    .is_some_and(|identity| self.permits(vault, identity, *needed))
            })
            .collect()
    }

    fn r9(&self, resource: &Resource, vault: u8) -> BTreeSet<No> {
        let role_mode = self.vaults.get(&vault).is_some_and(|vault| vault.role_mode);
        let mut no = BTreeSet::from([No::refused(if role_mode {
            "KeyVaultRoleMissing"
        } else {
            "KeyVaultPermissionMissing"
        })]);
        let outside = self.vaults.get(&vault).is_some_and(|vault| vault.outside);
        if outside {
            // Without `get` an outside vault does not even show the key.
            no.insert(No::refused("AccessDenied"));
            if resource.identity.is_none() {
                // Nobody is there for whom it would show anything.
                no.insert(No::refused("IdentityGone"));
            }
        }
        no
    }

    pub(super) fn move_resource(
        &mut self,
        by: Who,
        number: u8,
        group: Group,
    ) -> Result<Answer, Answer> {
        let Some(found) = self.resources.get(&number) else {
            return Err(self.no_such_resource(by));
        };
        if !self.may_move(by, found.group, group) {
            return Err(Answer::no(NOT_AUTHORISED));
        }
        let mut resource = self.live_to_change(by, number)?;
        if resource.group == group {
            return Err(Answer::no(No::refused("NoOp")));
        }
        resource.group = group;
        self.resources.insert(number, resource);
        Ok(Answer::DONE)
    }

    pub(super) fn delete(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let mut resource = self.to_change(by, number)?;
        if let Life::Deleted(_) = resource.life {
            return Err(Answer::already("ResourceAlreadyDeleted"));
        }
        resource.life = Life::Deleted(self.now);
        self.resources.insert(number, resource);
        Ok(Answer::DONE)
    }

    pub(super) fn recover(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let mut resource = self.to_change(by, number)?;
        if resource.life == Life::Live {
            return Err(Answer::already("ResourceNotDeleted"));
        }
        resource.life = Life::Live;
        // R12: a new principal, which has no access yet.
        if resource.identity.is_some() && !self.rigged(Rigged::SameIdentity) {
            let tenant = self.tenant_of(resource.group);
            resource.identity = Some(self.new_identity(tenant));
        }
        self.resources.insert(number, resource);
        Ok(Answer::DONE)
    }

    pub(super) fn purge(&mut self, by: Who, number: u8) -> Result<Answer, Answer> {
        let resource = self.to_change(by, number)?;
        if resource.life == Life::Live {
            return Err(Answer::no(No::refused("ResourceNotDeleted")));
        }
        self.resources.remove(&number);
        Ok(Answer::DONE)
    }

    /// What time alone takes away.
    pub(super) fn sweep(&mut self) {
        let now = self.now;
        let over = |life: Life, retention: u64| match life {
            Life::Live => false,
            Life::Deleted(at) => now.saturating_sub(at) >= retention,
        };
        let before = (self.resources.len(), self.vaults.len(), self.keys.len());
        self.resources
            .retain(|_, one| !over(one.life, RESOURCE_RETENTION));
        self.keys.retain(|_, one| !over(one.life, VAULT_RETENTION));
        self.vaults
            .retain(|_, one| !over(one.life, VAULT_RETENTION));
        let vaults = &self.vaults;
        self.keys.retain(|(vault, _), _| vaults.contains_key(vault));
        if before != (self.resources.len(), self.vaults.len(), self.keys.len()) {
            self.reopen = true;
        }
    }
}
