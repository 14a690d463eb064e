//! The ways in which access is taken away, and given back.

use strongroom::{Bypass, DefaultAction, KeyPermission, Operator, ResourceChange, VersionChange};

use crate::house::{Scene, grantee};

/// A way of taking access away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    PolicyRemoved,
    KeyDisabled,
    KeyDeleted,
    VaultDeleted,
    FirewallClosed,
    IdentityDisabled,
    ResourceMoved,
    GroupMoved,
    SubscriptionMoved,
}

impl Way {
    /// A name for a resource.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PolicyRemoved => "policy-removed",
            Self::KeyDisabled => "key-disabled",
            Self::KeyDeleted => "key-deleted",
            Self::VaultDeleted => "vault-deleted",
            Self::FirewallClosed => "firewall-closed",
            Self::IdentityDisabled => "identity-disabled",
            Self::ResourceMoved => "resource-moved",
            Self::GroupMoved => "group-moved",
            Self::SubscriptionMoved => "subscription-moved",
        }
    }

    /// What whoever uses the data is told.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::PolicyRemoved => "AccessDenied",
            Self::KeyDisabled => "KeyDisabled",
            Self::KeyDeleted => "KeyDeleted",
            Self::VaultDeleted => "VaultDeleted",
            Self::FirewallClosed => "ForbiddenByFirewall",
            Self::IdentityDisabled => "IdentityOff",
            Self::ResourceMoved | Self::GroupMoved | Self::SubscriptionMoved => {
                "IdentityLeftBehind"
            }
        }
    }

    pub(crate) async fn take(self, operator: &Operator, scene: &Scene) {
        let Scene { vault, key, .. } = scene;
        match self {
            Self::PolicyRemoved => {
                let identity = grantee(scene.identity().await);
                let all = KeyPermission::ALL.iter().copied().collect();
                operator.revoke(vault, identity, all).await.unwrap();
            }
            Self::KeyDisabled => enable(operator, scene, false).await,
            Self::KeyDeleted => drop(operator.delete_key(vault, key).await.unwrap()),
            Self::VaultDeleted => drop(operator.delete_vault(vault).await.unwrap()),
            Self::FirewallClosed => {
                let (deny, none) = (Some(DefaultAction::Deny), Some(Bypass::None));
                operator.set_firewall(vault, deny, none).await.unwrap();
            }
            Self::IdentityDisabled => {
                let resource = scene.seen_by(operator).await;
                let off = ResourceChange::DisableIdentity;
                resource.change(off).await.unwrap();
            }
            Self::ResourceMoved => {
                let resource = scene.seen_by(operator).await;
                let away = ResourceChange::Move(scene.abroad.1);
                resource.change(away).await.unwrap();
            }
            Self::GroupMoved => {
                let there = scene.abroad.0;
                operator.move_group(scene.group, there).await.unwrap();
            }
            Self::SubscriptionMoved => {
                let moved = operator.move_subscription(scene.subscription, scene.abroad_tenant);
                moved.await.unwrap();
            }
        }
    }

    pub(crate) async fn give_back(self, operator: &Operator, scene: &Scene) {
        let Scene { vault, key, .. } = scene;
        match self {
            Self::PolicyRemoved => grant(operator, scene).await,
            Self::KeyDisabled => enable(operator, scene, true).await,
            Self::KeyDeleted => drop(operator.recover_key(vault, key).await.unwrap()),
            Self::VaultDeleted => drop(operator.recover_vault(vault).await.unwrap()),
            Self::FirewallClosed => {
                let bypass = Some(Bypass::AzureServices);
                operator.set_firewall(vault, None, bypass).await.unwrap();
            }
            Self::IdentityDisabled => {
                let resource = scene.seen_by(operator).await;
                let on = ResourceChange::EnableIdentity;
                resource.change(on).await.unwrap();
                // Another principal: what the old one had been granted is nothing to it.
                grant(operator, scene).await;
            }
            Self::ResourceMoved => {
                let resource = scene.seen_by(operator).await;
                let back = ResourceChange::Move(scene.group);
                resource.change(back).await.unwrap();
            }
            Self::GroupMoved => {
                let moved = operator.move_group(scene.group, scene.subscription);
                moved.await.unwrap();
            }
            Self::SubscriptionMoved => {
                let moved = operator.move_subscription(scene.subscription, scene.home);
                moved.await.unwrap();
            }
        }
    }
}

async fn grant(operator: &Operator, scene: &Scene) {
    let identity = grantee(scene.identity().await);
    let needed = [
        KeyPermission::Get,
        KeyPermission::WrapKey,
        KeyPermission::UnwrapKey,
    ];
    let granted = operator.grant(&scene.vault, identity, needed.into());
    granted.await.unwrap();
}

async fn enable(operator: &Operator, scene: &Scene, enabled: bool) {
    let change = VersionChange {
        enabled: Some(enabled),
        ..VersionChange::default()
    };
    let version = Some(scene.version);
    let changed = operator.update_key(&scene.vault, &scene.key, version, change);
    changed.await.unwrap();
}
