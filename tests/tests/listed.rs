//! How much a listing reads: what its caller may see, whatever others have.
#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use std::sync::Arc;

use strongroom::{
    GroupUid, InitOptions, NewPrincipal, NewVault, Operator, Options, Role, Scope, Strongroom,
};
use strongroom_base::TenantId;
use strongroom_tests::fault::{Fate, FaultPlan};

/// A tenant with a subscription, a group, and so many vaults in it.
async fn tenant(me: &Operator, room: &Strongroom, name: &str, vaults: u32) -> (TenantId, GroupUid) {
    let tenant = me.create_tenant(name.parse().unwrap()).await.unwrap().id;
    let there = me.create_subscription(name.parse().unwrap(), tenant);
    let group = me.create_group(there.await.unwrap().id, name.parse().unwrap());
    let group = group.await.unwrap().uid;
    for number in 0..vaults {
        let vault = format!("{name}-{number}").parse().unwrap();
        let new = NewVault::new(vault, room.show().region.clone());
        me.in_group(group).create_vault(new).await.unwrap();
    }
    (tenant, group)
}

/// What everything that `operator` may see is called, and how many records were read for it.
async fn listed(operator: &Operator, plan: &FaultPlan) -> (Vec<String>, usize) {
    plan.arm(u64::MAX);
    let mut names = Vec::new();
    for tenant in operator.tenants().await.unwrap() {
        names.push(tenant.name.to_string());
    }
    for subscription in operator.subscriptions().await.unwrap() {
        names.push(subscription.name.to_string());
    }
    for group in operator.groups(None).await.unwrap() {
        names.push(group.name.to_string());
    }
    for vault in operator.vaults().await.unwrap() {
        names.push(vault.name.to_string());
    }
    (names, plan.reads().len())
}

#[tokio::test]
async fn i05_a_listing_reads_nothing_of_what_its_caller_may_not_see() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let plan = FaultPlan::new(Fate::Fails);
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
    Strongroom::init(&data, InitOptions::default(), &options)
        .await
        .unwrap();
    let options = options.with_faults(Arc::new(plan.clone()));
    let room = Strongroom::open(&data, &options).await.unwrap();
    let me = room.administrator();
    let (home, group) = tenant(me, &room, "fabrikam", 3).await;
    let bob = me.create_principal(home, "bob".parse().unwrap(), NewPrincipal::User);
    let bob = bob.await.unwrap().id;
    let reader = Role::Reader;
    let at = Scope::Group(group);
    me.assign_role(reader, bob, at).await.unwrap();
    let acting = me.acting_as(bob).await.unwrap();

    let (names, reads) = listed(&acting, &plan).await;
    let expected = ["fabrikam", "fabrikam-0", "fabrikam-1", "fabrikam-2"];
    assert_eq!(names, expected);
    for other in ["contoso", "northwind"] {
        tenant(me, &room, other, 5).await;
    }
    assert_eq!(listed(&acting, &plan).await, (names, reads));

    // Of a tenant, all that is in it.
    me.assign_role(reader, bob, Scope::Tenant(home))
        .await
        .unwrap();
    let (names, _) = listed(&acting, &plan).await;
    assert_eq!(names, [&["fabrikam"; 2][..], &expected].concat());
    let (all, _) = listed(me, &plan).await;
    for vault in ["fabrikam-2", "contoso-4", "northwind-0"] {
        assert!(all.iter().any(|name| name == vault), "{vault}: {all:?}");
    }
    room.close().await.unwrap();
}
