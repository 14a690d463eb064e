//! Who may do what, and what belongs to whom, over the ledger.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use strongroom::{
    Error, InitOptions, NewPrincipal, NewResource, NewVault, Operator, Options, ResourceChange,
    Role, Scope, Strongroom,
};
use strongroom_base::{Outcome as _, OutcomeKind};

async fn open() -> (tempfile::TempDir, Strongroom) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
    Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let room = Strongroom::open(&data, &options).await.unwrap();
    (folder, room)
}

/// A user of another tenant, without a role anywhere else.
async fn stranger(room: &Strongroom) -> Operator {
    let operator = room.administrator();
    let tenant = operator
        .create_tenant("fabrikam".parse().unwrap())
        .await
        .unwrap()
        .id;
    let name = "eve".parse().unwrap();
    let eve = operator
        .create_principal(tenant, name, NewPrincipal::User)
        .await
        .unwrap();
    operator.acting_as(eve.id).await.unwrap()
}

/// Code, kind and text of an answer: all that somebody could tell two answers apart by.
fn told<T>(answer: Result<T, Error>) -> (&'static str, OutcomeKind, String) {
    let Err(error) = answer else {
        panic!("a stranger was let in");
    };
    (error.code(), error.kind(), error.to_string())
}

#[tokio::test]
async fn i05_a_stranger_hears_the_same_of_what_is_there_and_of_what_is_not() {
    let (_folder, room) = open().await;
    let operator = room.administrator();
    let region = room.show().region.clone();
    let new = |name: &str| NewResource::new(name.parse().unwrap(), region.clone());
    let notes = operator.create_resource(new("notes")).await.unwrap();
    let vault = NewVault::new("contoso".parse().unwrap(), region.clone());
    operator.create_vault(vault).await.unwrap();
    let eve = stranger(&room).await;

    let there = told(eve.resource(&"notes".parse().unwrap()).await);
    let not = told(eve.resource(&"nothing".parse().unwrap()).await);
    assert_eq!(there, not);
    let nowhere = strongroom_base::ResourceUid::from_bytes([9; 16]);
    assert_eq!(
        told(eve.resource_by_uid(notes.uid()).await),
        told(eve.resource_by_uid(nowhere).await)
    );
    assert_eq!(
        told(eve.vault(&"contoso".parse().unwrap()).await),
        told(eve.vault(&"nothing".parse().unwrap()).await)
    );
    let view = room.show();
    let elsewhere = strongroom_base::SubscriptionId::from_bytes([9; 16]);
    assert_eq!(
        told(eve.move_subscription(view.subscription, eve.tenant()).await),
        told(eve.move_subscription(elsewhere, eve.tenant()).await)
    );
    // Nor can anything be made where nothing may be seen, under a name that is taken or free.
    assert_eq!(
        told(eve.create_resource(new("notes")).await),
        told(eve.create_resource(new("nothing")).await)
    );
    assert!(eve.resources().await.unwrap_or_default().is_empty());
    room.close().await.unwrap();
}

#[tokio::test]
async fn r13_a_subscription_moves_with_all_it_holds_in_one_record_and_back() {
    let (_folder, room) = open().await;
    let operator = room.administrator();
    let region = room.show().region.clone();
    let new = NewResource::new("notes".parse().unwrap(), region);
    let notes = operator.create_resource(new).await.unwrap();
    let before = notes.change(ResourceChange::EnableIdentity).await.unwrap();
    let other = operator
        .create_tenant("fabrikam".parse().unwrap())
        .await
        .unwrap();
    let subscription = room.show().subscription;

    let length = room.audit_length().await.unwrap();
    operator
        .move_subscription(subscription, other.id)
        .await
        .unwrap();
    assert_eq!(room.audit_length().await.unwrap(), length + 1);
    let moved = notes.show().await.unwrap();
    assert_eq!(moved.tenant, other.id);
    assert!(
        matches!(
            moved.identity,
            strongroom::IdentityView::LeftBehind { home, .. } if home == before.tenant
        ),
        "{moved:?}"
    );
    operator
        .move_subscription(subscription, before.tenant)
        .await
        .unwrap();
    assert_eq!(notes.show().await.unwrap(), before);
    room.close().await.unwrap();
}

#[tokio::test]
async fn a_principal_does_what_its_roles_allow_and_nothing_once_it_is_disabled() {
    let (_folder, room) = open().await;
    let operator = room.administrator();
    let region = room.show().region.clone();
    let new = NewResource::new("notes".parse().unwrap(), region);
    let notes = operator.create_resource(new).await.unwrap();
    let bob = operator
        .create_principal(
            operator.tenant(),
            "bob".parse().unwrap(),
            NewPrincipal::User,
        )
        .await
        .unwrap();
    let acting = operator.acting_as(bob.id).await.unwrap();
    let name = "notes".parse().unwrap();
    assert_eq!(told(acting.resource(&name).await).0, "AuthorizationFailed");

    let scope = Scope::Resource(notes.uid());
    operator
        .assign_role(Role::Reader, bob.id, scope)
        .await
        .unwrap();
    let seen = acting.resource(&name).await.unwrap();
    seen.show().await.unwrap();
    // A reader sees properties, and neither data nor a way to change anything.
    assert_eq!(told(seen.store().await).0, "AuthorizationFailed");
    assert_eq!(
        told(seen.change(ResourceChange::EnableIdentity).await).0,
        "AuthorizationFailed"
    );
    let reader = Role::CognitiveServicesDataReader;
    operator.assign_role(reader, bob.id, scope).await.unwrap();
    // Whoever may use the data finds it by its name and by its uid alike, also without a role to see it.
    operator
        .remove_role(Role::Reader, bob.id, scope)
        .await
        .unwrap();
    assert_eq!(acting.resource(&name).await.unwrap().uid(), notes.uid());
    let by_uid = acting.resource_by_uid(notes.uid()).await.unwrap();
    assert_eq!(told(by_uid.show().await).0, "AuthorizationFailed");
    let store = by_uid.store().await.unwrap();
    let written = object_store::ObjectStoreExt::put(&*store, &"a".into(), "a".into()).await;
    assert_eq!(
        Error::from(written.unwrap_err()).code(),
        "AuthorizationFailed"
    );

    operator.disable_principal(bob.id).await.unwrap();
    assert_eq!(
        told(operator.acting_as(bob.id).await).0,
        "AuthenticationFailed"
    );
    assert_eq!(told(seen.store().await).0, "AuthenticationFailed");
    room.close().await.unwrap();
}

/// What a listing rests on is changed again and again while it is read: no answer is an error, and none
/// misses what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listings_are_answered_while_others_change_what_they_rest_on() {
    const EACH: usize = 12;
    const ROUNDS: usize = 25;
    let (_folder, room) = open().await;
    let operator = room.administrator();
    let region = room.show().region.clone();
    let (tenant, subscription) = (operator.tenant(), room.show().subscription);
    let bob = NewPrincipal::User;
    let bob = operator.create_principal(tenant, "bob".parse().unwrap(), bob);
    let bob = bob.await.unwrap();
    for number in 0..EACH {
        let name = format!("notes-{number}").parse().unwrap();
        let new = NewResource::new(name, region.clone());
        operator.create_resource(new).await.unwrap();
        let name = format!("contoso-{number}").parse().unwrap();
        let new = NewVault::new(name, region.clone());
        operator.create_vault(new).await.unwrap();
    }
    let changing = {
        let operator = operator.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let name = format!("subscription {number}").parse().unwrap();
                operator
                    .rename_subscription(subscription, name)
                    .await
                    .unwrap();
                let scope = Scope::Subscription(subscription);
                let role = Role::Reader;
                operator.assign_role(role, bob.id, scope).await.unwrap();
                operator.remove_role(role, bob.id, scope).await.unwrap();
            }
        })
    };
    for _ in 0..ROUNDS {
        assert_eq!(operator.resources().await.unwrap().len(), EACH);
        assert_eq!(operator.vaults().await.unwrap().len(), EACH);
        assert_eq!(operator.groups(None).await.unwrap().len(), 1);
        assert_eq!(operator.subscriptions().await.unwrap().len(), 1);
        assert_eq!(operator.tenants().await.unwrap().len(), 1);
        let scope = Scope::Subscription(subscription);
        assert!(!operator.roles(scope).await.unwrap().is_empty());
        assert!(operator.principals(tenant).await.unwrap().len() >= 2);
    }
    assert!(!changing.is_finished(), "it changes on to the end");
    changing.abort();
    room.close().await.unwrap();
}
