//! What holds what.

use strongroom_base::{ResourceUid, SubscriptionId, TenantId};

use crate::{Descent, GroupUid, ResourceGroup, Scope, Subscription, Tenancy, VaultUid};

/// One scope on the way up, with its present tenancy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// The scope.
    pub scope: Scope,
    /// The tenancy that an assignment made there now would remember.
    pub tenancy: Tenancy,
}

/// The states given are not a parent and its child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("group {group} is not in subscription {subscription}: read both again")]
pub struct BrokenChain {
    group: GroupUid,
    subscription: SubscriptionId,
}

/// A scope and everything that holds it, up to the root of its present tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopeChain {
    tenant: TenantId,
    /// From the root down; the root itself is `tenant`.
    below: Vec<Link>,
}

impl ScopeChain {
    /// The root of a tenant.
    #[must_use]
    pub const fn of_tenant(tenant: TenantId) -> Self {
        Self {
            tenant,
            below: Vec::new(),
        }
    }

    /// A subscription, and the root of its tenant.
    #[must_use]
    pub fn of_subscription(subscription: &Subscription) -> Self {
        let scope = Scope::Subscription(subscription.id);
        Self {
            tenant: subscription.tenant,
            below: vec![Link {
                scope,
                tenancy: subscription.tenancy,
            }],
        }
    }

    /// A group, its subscription, and the root of their tenant.
    ///
    /// # Errors
    /// The subscription is not the group's: the two were read at different times.
    pub fn of_group(
        group: &ResourceGroup,
        subscription: &Subscription,
    ) -> Result<Self, BrokenChain> {
        if group.subscription != subscription.id {
            return Err(BrokenChain {
                group: group.id,
                subscription: subscription.id,
            });
        }
        Ok(Self::of_subscription(subscription).with(Scope::Group(group.id), group.descent))
    }

    /// A resource in the group that this chain is of.
    #[must_use]
    pub fn resource(self, uid: ResourceUid, descent: Descent) -> Self {
        self.with(Scope::Resource(uid), descent)
    }

    /// A vault in the group that this chain is of.
    #[must_use]
    pub fn vault(self, uid: VaultUid, descent: Descent) -> Self {
        self.with(Scope::Vault(uid), descent)
    }

    /// The tenant that all of it is in now.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The scope itself: the lowest of the chain.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.lowest().scope
    }

    /// The present tenancy of the scope itself.
    #[must_use]
    pub fn tenancy(&self) -> Tenancy {
        self.lowest().tenancy
    }

    /// What holds the scope; nothing holds a tenant.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.below.split_last()?;
        Some(Self {
            tenant: self.tenant,
            below: above.to_vec(),
        })
    }

    /// The scope itself, then what holds it, up to the root.
    pub fn links(&self) -> impl Iterator<Item = Link> + '_ {
        self.below.iter().rev().copied().chain([self.root()])
    }

    fn with(mut self, scope: Scope, descent: Descent) -> Self {
        let tenancy = descent.tenancy(self.tenancy());
        self.below.push(Link { scope, tenancy });
        self
    }

    fn lowest(&self) -> Link {
        self.below.last().copied().unwrap_or_else(|| self.root())
    }

    fn root(&self) -> Link {
        // A tenant is in no other: its tenancy never changes.
        Link {
            scope: Scope::Tenant(self.tenant),
            tenancy: Tenancy::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{group, subscription};

    #[test]
    fn i05_each_scope_is_held_by_the_next_link_up_to_the_root_of_its_tenant() {
        let group = ScopeChain::of_group(&group(1, 1), &subscription(1, 1)).unwrap();
        let mut chain = group.resource(ResourceUid::from_bytes([9; 16]), Descent::default());
        let all: Vec<_> = chain.links().collect();
        for below in 0..all.len() {
            assert!(chain.links().eq(all[below..].iter().copied()));
            assert_eq!(chain.scope(), all[below].scope);
            match chain.parent() {
                Some(parent) => chain = parent,
                None => assert_eq!(below, all.len() - 1),
            }
        }
        assert_eq!(chain, ScopeChain::of_tenant(subscription(1, 1).tenant));
    }
}
