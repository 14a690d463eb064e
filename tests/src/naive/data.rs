//! May a data operation succeed now?

use std::collections::BTreeSet;

use super::step::{Fire, Object};
use super::world::{
    Content, Kek, KeyVersion, Life, Party, Permission, Resource, Rigged, VersionOf,
};
use super::world::{Identity, Tenant};
use super::{Answer, No, Uses, Who, World, rights};

impl World {
    /// Everything that stands against using a resource's data, whoever asks: the whole chain of
    /// authority (R7, R9, R12, R13, R17). Nothing, if it may be used.
    #[must_use]
    pub fn against_use(&self, resource: &Resource) -> BTreeSet<No> {
        if let Life::Deleted(_) = resource.life {
            return BTreeSet::from([No::refused("ResourceDeleted")]);
        }
        match resource.kek {
            Kek::Service(_) => BTreeSet::new(),
            Kek::Customer(version) => self.against_unwrap(resource, version),
        }
    }

    fn against_unwrap(&self, resource: &Resource, version: VersionOf) -> BTreeSet<No> {
        let tenant = self.tenant_of(resource.group);
        let mut no = BTreeSet::new();
        let identity = match resource.identity {
            None => {
                no.insert(No::denied("IdentityOff"));
                None
            }
            Some(identity) if identity.home != tenant => {
                no.insert(No::denied("IdentityLeftBehind"));
                None
            }
            Some(identity) => Some(identity),
        };
        no.extend(self.against_vault(version.vault, tenant));
        if let Some(vault) = self.vaults.get(&version.vault) {
            if !vault.same_region {
                no.insert(No::refused("KeyVaultRegionMismatch"));
            }
            let allowed = identity
                .is_some_and(|identity| self.permits(version.vault, identity, Permission::Unwrap));
            if identity.is_some() && !allowed {
                no.insert(No::denied(if vault.role_mode {
                    "ForbiddenByRbac"
                } else {
                    "AccessDenied"
                }));
            }
        }
        match self.keys.get(&(version.vault, version.key)) {
            None => {
                no.insert(No::denied("KeyNotFound"));
            }
            Some(key) => {
                if let Life::Deleted(_) = key.life {
                    no.insert(No::denied("KeyDeleted"));
                }
                match self.version(version) {
                    None => {
                        no.insert(No::denied("KeyNotFound"));
                    }
                    Some(found) if !found.enabled && !self.rigged(Rigged::DisabledKeysOpen) => {
                        no.insert(No::denied("KeyDisabled"));
                    }
                    // Expiry is no revocation.
                    Some(_) => {}
                }
            }
        }
        no
    }

    /// What a vault says to the service before it looks at a key.
    pub(super) fn against_vault(&self, vault: u8, tenant: Tenant) -> BTreeSet<No> {
        let mut no = BTreeSet::new();
        let Some(vault) = self.vaults.get(&vault) else {
            return BTreeSet::from([No::denied("VaultNotFound")]);
        };
        if let Life::Deleted(_) = vault.life {
            no.insert(No::denied("VaultDeleted"));
        }
        if vault.trusts != tenant {
            no.insert(No::denied("KeyVaultTenantMismatch"));
        }
        if vault.firewall == Fire::Closed {
            no.insert(No::denied("ForbiddenByFirewall"));
        }
        no
    }

    /// Whether a vault's policies let an identity do something. In role mode nothing does: these lives
    /// assign no role to an identity.
    pub(super) fn permits(&self, vault: u8, identity: Identity, permission: Permission) -> bool {
        self.vaults.get(&vault).is_some_and(|vault| {
            !vault.role_mode
                && vault
                    .policies
                    .get(&Party::Identity(identity.number))
                    .is_some_and(|held| held.contains(&permission))
        })
    }

    /// A version that is there, deleted or not.
    #[must_use]
    pub fn version(&self, of: VersionOf) -> Option<KeyVersion> {
        let key = self.keys.get(&(of.vault, of.key))?;
        key.versions
            .iter()
            .find(|one| one.material == of.material)
            .copied()
    }

    /// A data operation, whole.
    pub(super) fn data(&mut self, by: Who, number: u8, object: Object) -> Answer {
        let Some(resource) = self.resources.get(&number) else {
            return self.no_such_resource(by);
        };
        if !by.may(rights::Right::Manage, self.tenant_of(resource.group)) {
            return Answer::no(rights::NOT_AUTHORISED);
        }
        let against = self.against_use(resource);
        if !against.is_empty() {
            return Answer::No(against);
        }
        let uses = match resource.kek {
            Kek::Service(_) => Uses {
                service_unwraps: 1,
                at_least: true,
                ..Uses::default()
            },
            Kek::Customer(_) => Uses {
                key_unwraps: 1,
                at_least: true,
                ..Uses::default()
            },
        };
        let missing = Answer::no(No::bad("ObjectNotFound"));
        let content = |path: u8| resource.objects.get(&path).copied();
        let mut objects = resource.objects.clone();
        match object {
            Object::Put(path, large) => {
                self.contents += 1;
                if !self.rigged(Rigged::Forgetful) {
                    objects.insert(
                        path,
                        Content {
                            number: self.contents,
                            large,
                        },
                    );
                }
            }
            Object::Get(path) | Object::Head(path) if content(path).is_none() => return missing,
            Object::Get(_) | Object::Head(_) | Object::List => {}
            Object::Copy(from, to) | Object::Rename(from, to) => {
                let Some(found) = content(from) else {
                    return missing;
                };
                if let Object::Rename(..) = object {
                    objects.remove(&from);
                }
                objects.insert(to, found);
            }
            Object::Delete(path) => {
                if objects.remove(&path).is_none() {
                    // A store may call the removal of nothing a success.
                    return Answer::Either(BTreeSet::from([No::bad("ObjectNotFound")]));
                }
            }
        }
        if let Some(resource) = self.resources.get_mut(&number) {
            resource.objects = objects;
        }
        Answer::Done(uses)
    }

    /// What somebody is told of a resource that is not there.
    pub(super) fn no_such_resource(&self, by: Who) -> Answer {
        // It is asked for in the first group.
        if by.sees(self.tenant_of(super::Group(0))) {
            Answer::no(No::bad("ResourceNotFound"))
        } else {
            Answer::no(rights::NOT_AUTHORISED)
        }
    }
}
