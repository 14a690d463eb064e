//! What lies below the scopes at which a principal holds a role: all that it can see, and nothing of what others
//! have. A listing reads no more than that.

use std::collections::BTreeSet;

use strongroom_base::{PrincipalId, SubscriptionId};
use strongroom_identity::{GroupUid, Scope};
use strongroom_ledger::{AggregateId, Find};

use crate::Error;
use crate::driver::Reader;
use crate::driver::kept::index;

impl Reader<'_> {
    /// The scopes at which a principal is assigned a role, also one that a move has made void.
    pub(crate) async fn assigned(&mut self, principal: PrincipalId) -> Result<Vec<Scope>, Error> {
        let prefix = format!("{principal}/");
        let found = self
            .find_all(&Find::prefix(index::ASSIGNEE, &*prefix))
            .await?;
        // A row that names no scope leads nowhere.
        let scopes = found
            .iter()
            .filter_map(|row| row.key.strip_prefix(&*prefix));
        Ok(scopes.filter_map(|scope| scope.parse().ok()).collect())
    }

    pub(crate) async fn subscriptions_below(
        &mut self,
        scopes: &[Scope],
    ) -> Result<BTreeSet<SubscriptionId>, Error> {
        let mut below = BTreeSet::new();
        for scope in scopes {
            match scope {
                Scope::Tenant(tenant) => {
                    let within = Find::prefix(index::SUBSCRIPTION_NAME, format!("{tenant}/"));
                    for found in self.find_all(&within).await? {
                        below.insert(found.id.id().parse()?);
                    }
                }
                Scope::Subscription(id) => drop(below.insert(*id)),
                Scope::Group(_) | Scope::Resource(_) | Scope::Vault(_) => {}
            }
        }
        Ok(below)
    }

    pub(crate) async fn groups_below(
        &mut self,
        scopes: &[Scope],
    ) -> Result<BTreeSet<GroupUid>, Error> {
        let mut below = BTreeSet::new();
        for subscription in self.subscriptions_below(scopes).await? {
            let within = Find::prefix(index::GROUP_NAME, format!("{subscription}/"));
            for found in self.find_all(&within).await? {
                below.insert(found.id.id().parse()?);
            }
        }
        below.extend(scopes.iter().filter_map(|scope| match scope {
            Scope::Group(uid) => Some(*uid),
            _ => None,
        }));
        Ok(below)
    }

    pub(crate) async fn vaults_below(
        &mut self,
        scopes: &[Scope],
    ) -> Result<BTreeSet<AggregateId>, Error> {
        let mut below = BTreeSet::new();
        for group in self.groups_below(scopes).await? {
            let within = Find::prefix(index::VAULT_GROUP, format!("{group}/"));
            let found = self.find_all(&within).await?;
            below.extend(found.into_iter().map(|row| row.id));
        }
        for scope in scopes {
            if let Scope::Vault(uid) = scope {
                let found = self
                    .find_all(&Find::exact(index::VAULT_UID, uid.to_string()))
                    .await?;
                below.extend(found.into_iter().map(|row| row.id));
            }
        }
        Ok(below)
    }
}
