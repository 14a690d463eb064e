//! Where something is, with everything that rights there depend on.

use strongroom_base::{PrincipalId, ResourceUid, SubscriptionId, TenantId};
use strongroom_identity::{
    Absent, AccessList, AccessMachine, Action, Caller, Crossing, Descent, GroupMachine, GroupUid,
    Held, PrincipalMachine, ResourceGroup, Role, Scope, ScopeChain, Subscription,
    SubscriptionMachine, VaultUid, Verdict, absent, authorize,
};
use strongroom_ledger::{Damage, LedgerError};
use strongroom_vault::vault::{Holder, Place};

use crate::Error;
use crate::audit::Happened;
use crate::driver::Reader;
use crate::driver::kept::{access_id, group_id, principal_id, subscription_id};

/// A scope, what holds it, and the access lists of all of them.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    chain: ScopeChain,
    lists: Vec<AccessList>,
    subscription: Option<Subscription>,
    group: Option<ResourceGroup>,
}

impl Site {
    /// The tenant that it is in now.
    pub(crate) fn tenant(&self) -> TenantId {
        self.chain.tenant()
    }

    pub(crate) fn chain(&self) -> &ScopeChain {
        &self.chain
    }

    pub(crate) fn subscription(&self) -> Option<&Subscription> {
        self.subscription.as_ref()
    }

    pub(crate) fn group(&self) -> Option<&ResourceGroup> {
        self.group.as_ref()
    }

    /// Whether `caller` may do `action` here.
    pub(crate) fn allows(&self, caller: &Caller, action: Action) -> Verdict {
        let lists: Vec<&AccessList> = self.lists.iter().collect();
        authorize(caller, action, &self.chain, &lists)
    }

    /// Whether `caller` may do all of `actions` here; the first that says no.
    pub(crate) fn allows_all(&self, caller: &Caller, actions: &[Action]) -> Verdict {
        actions
            .iter()
            .try_for_each(|action| self.allows(caller, *action))
    }

    /// Whether `principal` holds a role that counts, here or above.
    pub(crate) fn knows(&self, principal: PrincipalId) -> bool {
        self.chain.links().any(|link| {
            let here = self.lists.iter().filter(|list| list.scope == link.scope);
            here.flat_map(|list| list.roles_of(principal, link.tenancy))
                .next()
                .is_some()
        })
    }

    /// The role assignments that count here, those of what holds it last.
    pub(crate) fn assignments(
        &self,
    ) -> impl Iterator<Item = (Scope, PrincipalId, Role, Held)> + '_ {
        self.chain.links().flat_map(|link| {
            let here = self
                .lists
                .iter()
                .filter(move |list| list.scope == link.scope);
            here.flat_map(move |list| list.valid(link.tenancy))
                .map(move |(principal, role, held)| (link.scope, principal, role, held))
        })
    }

    /// What there is to say of something that is not in here.
    pub(crate) fn without(&self, caller: &Caller, action: Action, read: Action) -> Absent {
        let lists: Vec<&AccessList> = self.lists.iter().collect();
        absent(caller, action, read, Some((&self.chain, &lists)))
    }

    /// The group, as a place for what it holds.
    pub(crate) fn holder(&self) -> Holder {
        match (&self.group, &self.subscription) {
            (Some(group), Some(subscription)) => Holder::In(Place {
                group: group.id,
                tenancy: group.descent.tenancy(subscription.tenancy),
                subscription: subscription.id,
                tenant: subscription.tenant,
                state: subscription.state,
            }),
            (None, _) | (_, None) => Holder::Nowhere,
        }
    }

    /// What the ARM ids of everything in the group begin with.
    pub(crate) fn arm_prefix(&self) -> String {
        let mut id = String::new();
        if let Some(subscription) = &self.subscription {
            id = format!("/subscriptions/{}", subscription.id);
        }
        if let Some(group) = &self.group {
            id = format!("{id}/resourceGroups/{}", group.name);
        }
        id
    }
}

/// What a move from one place to the other is; what does not go from one place to another stays within.
pub(crate) fn crossing(from: Option<&Site>, to: Option<&Site>) -> Crossing {
    match (from, to) {
        (Some(from), Some(to)) => Crossing::between(from.tenant(), to.tenant()),
        (None, _) | (_, None) => Crossing::Within,
    }
}

/// Whether `caller` may do all of `actions` at a scope that may not be there: no, then, and no word
/// on whether it is (I5).
pub(crate) fn verdict(site: Option<&Site>, caller: &Caller, actions: &[Action]) -> Verdict {
    match site {
        Some(site) => site.allows_all(caller, actions),
        None => actions.iter().try_for_each(|action| {
            match absent(caller, *action, *action, None) {
                Absent::Denied(denied) => Err(denied),
                // Nothing allows anything where nothing is.
                Absent::NotFound => Ok(()),
            }
        }),
    }
}

impl Reader<'_> {
    /// Who asks, as far as rights depend on it.
    pub(crate) async fn who(&mut self, id: PrincipalId) -> Result<Caller, Error> {
        let stored = self.load::<PrincipalMachine>(&principal_id(id)?).await?;
        Ok(Caller::of(id, stored.as_ref()))
    }

    /// Whether a principal may do what is needed where something is and, for what goes elsewhere, what is
    /// needed there: the first that says no. What needs nothing asks for nobody's authority.
    pub(crate) async fn authority(
        &mut self,
        principal: PrincipalId,
        (here, needed): (Option<&Site>, &[Action]),
        there: Option<(Option<&Site>, Action)>,
    ) -> Result<Verdict, Error> {
        if needed.is_empty() {
            return Ok(Ok(()));
        }
        let who = self.who(principal).await?;
        let authority = verdict(here, &who, needed);
        Ok(match there {
            Some((there, action)) if authority.is_ok() => verdict(there, &who, &[action]),
            Some(_) | None => authority,
        })
    }

    /// The root of a tenant.
    pub(crate) async fn tenant_site(&mut self, tenant: TenantId) -> Result<Site, Error> {
        let site = Site {
            chain: ScopeChain::of_tenant(tenant),
            lists: Vec::new(),
            subscription: None,
            group: None,
        };
        self.with_list(site, Scope::Tenant(tenant)).await
    }

    pub(crate) async fn subscription_site(
        &mut self,
        id: SubscriptionId,
    ) -> Result<Option<Site>, Error> {
        let stored = self
            .load::<SubscriptionMachine>(&subscription_id(id)?)
            .await?;
        let Some(subscription) = stored else {
            return Ok(None);
        };
        let root = self.tenant_site(subscription.tenant).await?;
        let site = Site {
            chain: ScopeChain::of_subscription(&subscription),
            subscription: Some(subscription),
            ..root
        };
        Ok(Some(self.with_list(site, Scope::Subscription(id)).await?))
    }

    pub(crate) async fn group_site(&mut self, uid: GroupUid) -> Result<Option<Site>, Error> {
        let id = group_id(uid)?;
        let Some(group) = self.load::<GroupMachine>(&id).await? else {
            return Ok(None);
        };
        let Some(above) = self.subscription_site(group.subscription).await? else {
            return Ok(None);
        };
        let Some(subscription) = above.subscription() else {
            return Ok(None);
        };
        let chain = ScopeChain::of_group(&group, subscription).map_err(|_broken| {
            let damage = Damage::Record(id);
            LedgerError::Damaged {
                damage,
                cause: None,
            }
        })?;
        let site = Site {
            chain,
            group: Some(group),
            ..above
        };
        Ok(Some(self.with_list(site, Scope::Group(uid)).await?))
    }

    /// A resource in the group of `site`.
    pub(crate) async fn resource_site(
        &mut self,
        site: Site,
        uid: ResourceUid,
        descent: Descent,
    ) -> Result<Site, Error> {
        let chain = site.chain.clone().resource(uid, descent);
        self.with_list(Site { chain, ..site }, Scope::Resource(uid))
            .await
    }

    /// A vault in the group of `site`.
    pub(crate) async fn vault_site(
        &mut self,
        site: Site,
        uid: VaultUid,
        descent: Descent,
    ) -> Result<Site, Error> {
        let chain = site.chain.clone().vault(uid, descent);
        self.with_list(Site { chain, ..site }, Scope::Vault(uid))
            .await
    }

    async fn with_list(&mut self, mut site: Site, scope: Scope) -> Result<Site, Error> {
        let list = self.load::<AccessMachine>(&access_id(&scope)?).await?;
        site.lists.extend(list);
        Ok(site)
    }
}

impl Happened {
    /// In the audit of the tenant that `site` is in, if the caller may do there what it asks; else in
    /// the caller's own.
    pub(crate) fn at(mut self, site: Option<&Site>, authority: &Verdict) -> Self {
        self.tenant = site.filter(|_| authority.is_ok()).map(Site::tenant);
        self
    }
}
