//! What a resource's identity sees of a key, in a vault of the installation's own or outside it.

use std::collections::BTreeSet;

use strongroom_base::PrincipalId;
use strongroom_identity::{Action, ManagedIdentity};
use strongroom_resource::{Granting, Resource, SeenKey};
use strongroom_vault::key::{KeyMachine, KeyView};
use strongroom_vault::vault::VaultMachine;
use strongroom_vault::{
    Caller as VaultCaller, Denial, KeyId, KeyVersionId, Origin, VaultError, VaultView,
};

use crate::Error;
use crate::audit::Caller;
use crate::directory::{Site, verdict};
use crate::driver::Reader;
use crate::driver::kept::{key_id, vault_id};
use crate::vaults::{Route, VaultRouter};

/// What was seen of a key, in states of our own.
pub(super) enum Inspected {
    NotAsked,
    Unseen { key: KeyId, denial: Denial },
    Seen(Box<SeenKey>),
}

/// How keys are inspected for one request.
pub(super) struct Sighting<'a> {
    pub(super) vaults: &'a VaultRouter,
    /// Whose authority a grant would rest on.
    pub(super) caller: &'a Caller,
    /// Whether a key without a version may be followed (R16).
    pub(super) follows: bool,
}

impl Sighting<'_> {
    /// What the identity sees of a key; none, if its vault shows it nothing.
    pub(super) async fn see(
        &self,
        reader: &mut Reader<'_>,
        asked: KeyId,
        resource: &Resource,
    ) -> Result<Option<SeenKey>, Error> {
        let Some(site) = reader.site_of_resource(resource).await? else {
            return Ok(None);
        };
        match self.inspect(reader, asked, resource, &site).await? {
            Inspected::Seen(seen) => Ok(Some(*seen)),
            Inspected::NotAsked | Inspected::Unseen { .. } => Ok(None),
        }
    }

    /// What the resource's identity sees of the key.
    pub(super) async fn inspect(
        &self,
        reader: &mut Reader<'_>,
        asked: KeyId,
        resource: &Resource,
        site: &Site,
    ) -> Result<Inspected, Error> {
        let principal = match resource.identity {
            ManagedIdentity::On { principal, .. } => Some(principal),
            ManagedIdentity::Off => None,
        };
        let route = self.vaults.route(&asked.vault)?;
        match route {
            Route::Embedded(_) | Route::Seen(_) => {
                self.inspect_own(reader, asked, principal, site).await
            }
            Route::Outside(..) => {
                let Some(principal) = principal else {
                    // Nobody is there for whom an outside vault would show anything.
                    let denial = Denial::IdentityGone;
                    return Ok(Inspected::Unseen { key: asked, denial });
                };
                let identity = VaultCaller {
                    tenant: site.tenant(),
                    principal,
                    origin: Origin::TrustedService,
                    correlation: self.caller.correlation,
                };
                reader.release();
                inspect_outside(asked, &identity, &route, self.follows).await
            }
        }
    }

    /// What is read of a vault of our own is asserted by the commit.
    async fn inspect_own(
        &self,
        reader: &mut Reader<'_>,
        asked: KeyId,
        principal: Option<PrincipalId>,
        site: &Site,
    ) -> Result<Inspected, Error> {
        let name = asked.vault.name();
        let vault = reader.load::<VaultMachine>(&vault_id(name)?).await?;
        let vault = match VaultView::of(vault.as_ref()).standing_for(site.tenant()) {
            Ok(vault) => vault.clone(),
            Err(denial) => return Ok(Inspected::Unseen { key: asked, denial }),
        };
        let (permitted_by, roles) = match principal {
            Some(principal) => {
                let identity = VaultCaller {
                    tenant: site.tenant(),
                    principal,
                    origin: Origin::TrustedService,
                    correlation: self.caller.correlation,
                };
                let (_, roles) = reader.vault_standing(&identity, Some(&vault)).await?;
                (principal, roles)
            }
            // Nobody has an entry of nobody.
            None => (PrincipalId::from_bytes([0; 16]), BTreeSet::new()),
        };
        let key = reader
            .load::<KeyMachine>(&key_id(name, &asked.name)?)
            .await?;
        let key = KeyView::of(key.as_ref())
            .live(asked.version)
            .map(|version| {
                let id = KeyVersionId {
                    vault: asked.vault.clone(),
                    name: key.as_ref().map_or(&asked.name, |key| &key.name).clone(),
                    version: version.id,
                };
                version.properties(id, &vault)
            });
        let who = reader.who(self.caller.principal).await?;
        let granting = match reader.site_of_vault(&vault).await? {
            Some(at) => at.allows(&who, Action::AccessPoliciesWrite),
            None => verdict(None, &who, &[Action::AccessPoliciesWrite]),
        };
        Ok(Inspected::Seen(Box::new(SeenKey {
            vault: vault.properties(permitted_by, &roles),
            asked,
            key,
            granting: Granting::Caller(granting),
            following_allowed: self.follows,
        })))
    }
}

async fn inspect_outside(
    asked: KeyId,
    identity: &VaultCaller,
    route: &Route<'_>,
    following_allowed: bool,
) -> Result<Inspected, Error> {
    let vault = match route.vault(identity, &asked.vault).await {
        Ok(vault) => vault,
        Err(VaultError::Denied(denial)) => return Ok(Inspected::Unseen { key: asked, denial }),
        Err(error) => return Err(error.into()),
    };
    let key = match route.keys().key(identity, &asked).await {
        Ok(key) => Ok(key),
        Err(VaultError::Denied(denial)) => Err(denial),
        Err(error) => return Err(error.into()),
    };
    Ok(Inspected::Seen(Box::new(SeenKey {
        asked,
        vault,
        key,
        granting: Granting::Owner,
        following_allowed,
    })))
}
