//! What a caller may do with the data of a store that is open, taken away: it stops as it does for a key that
//! is revoked, and for that caller alone.

use strongroom::{NewPrincipal, Operator, Role, Scope, Strongroom};
use strongroom_base::PrincipalId;

use crate::By;
use crate::data::{self, Running};
use crate::house::{self, House, Scene};

/// How a caller's rights end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    RoleRemoved,
    RoleAboveRemoved,
    Disabled,
    Deleted,
}

impl End {
    fn scope(self, scene: &Scene) -> Scope {
        match self {
            Self::RoleAboveRemoved => Scope::Group(scene.group),
            Self::RoleRemoved | Self::Disabled | Self::Deleted => {
                Scope::Resource(scene.resource.uid())
            }
        }
    }

    async fn take(self, operator: &Operator, bob: PrincipalId, scope: Scope) {
        match self {
            Self::RoleRemoved | Self::RoleAboveRemoved => {
                operator.remove_role(ROLE, bob, scope).await.unwrap();
            }
            Self::Disabled => drop(operator.disable_principal(bob).await.unwrap()),
            Self::Deleted => drop(operator.delete_principal(bob).await.unwrap()),
        }
    }

    /// Whether there is a way back.
    async fn give_back(self, operator: &Operator, bob: PrincipalId, scope: Scope) -> bool {
        match self {
            Self::RoleRemoved | Self::RoleAboveRemoved => {
                operator.assign_role(ROLE, bob, scope).await.unwrap();
            }
            Self::Disabled => drop(operator.enable_principal(bob).await.unwrap()),
            Self::Deleted => return false,
        }
        true
    }

    fn code(self) -> &'static str {
        match self {
            Self::RoleRemoved | Self::RoleAboveRemoved => "AuthorizationFailed",
            Self::Disabled | Self::Deleted => "AuthenticationFailed",
        }
    }
}

/// It reads, writes and deletes data.
const ROLE: Role = Role::CognitiveServicesUser;

/// Bob's store stops, and his alone; the resource stays as accessible as it was. The lease is a minute: who
/// waits for its end does not pass.
async fn ends(end: End, by: By) {
    let house = House::new().await;
    let another = match by {
        By::This => None,
        By::Another => Some(
            Strongroom::open(house.data(), &house::options())
                .await
                .unwrap(),
        ),
    };
    let me = house.room.administrator();
    let operator = another.as_ref().map_or(me, Strongroom::administrator);
    let scene = house.scene("rights").await;
    let new = me.create_principal(me.tenant(), "bob".parse().unwrap(), NewPrincipal::User);
    let bob = new.await.unwrap().id;
    let scope = end.scope(&scene);
    me.assign_role(ROLE, bob, scope).await.unwrap();
    let acting = me.acting_as(bob).await.unwrap().in_group(scene.group);
    let name = "rights".parse().unwrap();
    let store = acting.resource(&name).await.unwrap().store().await.unwrap();
    data::fill(&*store).await;
    let mine = scene.resource.store().await.unwrap();
    data::reads_back(&*mine).await;
    let mut running = Running::begin(&*store).await;

    end.take(operator, bob, scope).await;
    if by == By::Another {
        data::until_refused(&*store).await;
    }
    running.is_stopped(end.code()).await;
    data::everything_is_refused(&*store, end.code()).await;
    data::reads_back(&*mine).await;

    if end.give_back(operator, bob, scope).await {
        if by == By::Another {
            data::until_allowed(&*store).await;
        }
        data::reads_back(&*store).await;
    }
    house.room.verify_audit().await.unwrap();
    if let Some(another) = another {
        another.close().await.unwrap();
    }
    house.room.close().await.unwrap();
}

#[tokio::test]
async fn r17_a_role_is_removed_here() {
    ends(End::RoleRemoved, By::This).await;
}

#[tokio::test]
async fn r17_a_role_is_removed_elsewhere() {
    ends(End::RoleRemoved, By::Another).await;
}

#[tokio::test]
async fn r17_a_role_above_is_removed_here() {
    ends(End::RoleAboveRemoved, By::This).await;
}

#[tokio::test]
async fn r17_a_role_above_is_removed_elsewhere() {
    ends(End::RoleAboveRemoved, By::Another).await;
}

#[tokio::test]
async fn r17_a_caller_is_disabled_here() {
    ends(End::Disabled, By::This).await;
}

#[tokio::test]
async fn r17_a_caller_is_disabled_elsewhere() {
    ends(End::Disabled, By::Another).await;
}

#[tokio::test]
async fn r17_a_caller_is_deleted_here() {
    ends(End::Deleted, By::This).await;
}

#[tokio::test]
async fn r17_a_caller_is_deleted_elsewhere() {
    ends(End::Deleted, By::Another).await;
}
