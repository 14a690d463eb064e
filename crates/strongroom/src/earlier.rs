//! States as earlier versions stored them, which did in several commits what is one now: what they had left to
//! be done is done by a round of maintenance.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use strongroom_base::{PrincipalId, TenantId, Timestamp};
use strongroom_identity::{
    AccessList, Founding, Principal, PrincipalLife, Role, Scope, Tenant, TenantMachine,
};
use strongroom_ledger::{AggregateId, Change, Commit, IndexRow, Write};
use strongroom_resource::{Registration, Resource, ResourceMachine};
use strongroom_vault::OpId;
use strongroom_vault::vault::{Grantee, PolicySpec, Vault, VaultAction, VaultMachine};

use crate::driver::kept::{access_id, principal_id, resource_id, tenant_id, vault_id};
use crate::driver::{Assertions, Kept};
use crate::vaults::for_operation;
use crate::{
    IdentityView, InitOptions, NewResource, NewVault, Operation, Options, ResourceChange,
    ResourceHandle, Strongroom,
};

const START: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

async fn open(data: &Path) -> Strongroom {
    let options = Options::new(crate::aws_lc_rs::PROVIDER).with_clock(Arc::new(START));
    if !data.exists() {
        let init = InitOptions::default();
        Strongroom::init(data, init, &options).await.unwrap();
    }
    Strongroom::open(data, &options).await.unwrap()
}

/// A round of maintenance finds it, and does it.
async fn settle(room: &Strongroom) {
    let done = room.maintenance().run_due().await.unwrap();
    assert_eq!((done.items, done.failed), (1, 0));
}

/// Stores what an earlier version did, as something that is owing.
async fn store<M: Kept>(room: &Strongroom, id: &AggregateId, state: &Value) {
    let ledger = &room.control().records.ledger;
    let stored: M::Stored = serde_json::from_value(state.clone()).unwrap();
    let mut index = M::index(&stored);
    index.push(IndexRow::shared("owing", id.as_str()));
    let before = ledger.load(id).await.unwrap();
    let write = Write {
        id: id.clone(),
        expected: before.map_or(strongroom_ledger::Version::ABSENT, |it| it.version),
        change: Change::Put {
            state: serde_json::to_vec(state).unwrap().into(),
            index,
        },
    };
    ledger.commit(Commit::write(write), START).await.unwrap();
}

async fn load<S: serde::de::DeserializeOwned>(room: &Strongroom, id: &AggregateId) -> Option<S> {
    room.control().records.load(id).await.unwrap().state
}

async fn json_of(room: &Strongroom, id: &AggregateId) -> Value {
    let stored = room
        .control()
        .records
        .ledger
        .load(id)
        .await
        .unwrap()
        .unwrap();
    serde_json::from_slice(&stored.state).unwrap()
}

async fn remove(room: &Strongroom, id: &AggregateId) {
    let ledger = &room.control().records.ledger;
    let at = ledger.load(id).await.unwrap().unwrap().version;
    ledger.commit(Commit::remove(id, at), START).await.unwrap();
}

/// How many records of an operation the audit has.
async fn recorded(room: &Strongroom, operation: Operation) -> usize {
    let all = room.newest_audit(1_000).await.unwrap();
    let of = all.iter().filter(|one| one.record.operation == operation);
    of.count()
}

async fn notes(room: &Strongroom) -> ResourceHandle {
    let region = room.show().region.clone();
    let new = NewResource::new("notes".parse().unwrap(), region);
    room.create_resource(new).await.unwrap()
}

async fn identity_of(resource: &ResourceHandle) -> PrincipalId {
    let view = resource.change(ResourceChange::EnableIdentity).await;
    match view.unwrap().identity {
        IdentityView::On { principal, .. } => principal,
        off => panic!("{off:?}"),
    }
}

#[tokio::test]
async fn r12_an_identity_that_an_earlier_version_left_unregistered_is_registered() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data).await;
    let resource = notes(&room).await;
    let principal = principal_id(identity_of(&resource).await).unwrap();
    let id = resource_id(resource.uid()).unwrap();
    remove(&room, &principal).await;
    let mut state = json_of(&room, &id).await;
    assert_eq!(state["registration"], "settled");
    state["registration"] = json!("owing");
    store::<ResourceMachine>(&room, &id, &state).await;
    let before = recorded(&room, Operation::PrincipalCreate).await;
    room.close().await.unwrap();

    let room = open(&data).await;
    settle(&room).await;
    let registered: Principal = load(&room, &principal).await.unwrap();
    assert_eq!(registered.life, PrincipalLife::Enabled);
    let settled: Resource = load(&room, &id).await.unwrap();
    assert_eq!(settled.registration, Registration::Settled);
    let after = recorded(&room, Operation::PrincipalCreate).await;
    assert_eq!(after, before + 1);
    room.verify_audit().await.unwrap();
    room.close().await.unwrap();
}

#[tokio::test]
async fn r12_principals_that_an_earlier_version_left_to_be_deleted_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data).await;
    let resource = notes(&room).await;
    let given_up = identity_of(&resource).await;
    let id = resource_id(resource.uid()).unwrap();
    let mut state = json_of(&room, &id).await;
    state["identity"] = json!("off");
    // The second was given up before it was registered.
    state["retiring"] = json!([given_up, PrincipalId::from_bytes([9; 16])]);
    store::<ResourceMachine>(&room, &id, &state).await;
    room.close().await.unwrap();

    let room = open(&data).await;
    settle(&room).await;
    let deleted: Principal = load(&room, &principal_id(given_up).unwrap()).await.unwrap();
    assert_eq!(deleted.life, PrincipalLife::Deleted { at: START });
    let settled: Resource = load(&room, &id).await.unwrap();
    assert!(settled.retiring.is_empty());
    assert_eq!(recorded(&room, Operation::PrincipalDelete).await, 1);
    room.verify_audit().await.unwrap();
    room.close().await.unwrap();
}

#[tokio::test]
async fn r11_a_change_that_an_earlier_version_gave_up_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data).await;
    let operator = room.administrator();
    let contoso = "contoso".parse().unwrap();
    let new = NewVault::new("contoso".parse().unwrap(), room.show().region.clone());
    operator.create_vault(new).await.unwrap();
    let resource = notes(&room).await;
    let made = identity_of(&resource).await;
    let op = OpId::from_bytes([5; 16]);
    let spec = PolicySpec {
        tenant: operator.tenant(),
        grantee: Grantee {
            object: made,
            application: None,
        },
        keys: strongroom_resource::NEEDED.into(),
    };
    let grant = VaultAction::ChangePolicies {
        change: for_operation(op),
        entries: vec![spec],
    };
    let caller = &operator.caller;
    let vaults = &room.control().vaults;
    vaults
        .ask_vault(&contoso, grant, Assertions::default(), caller)
        .await
        .unwrap();
    let id = resource_id(resource.uid()).unwrap();
    let mut state = json_of(&room, &id).await;
    state["identity"] = json!("off");
    state["retiring"] = json!([made]);
    state["change"] = json!({
        "op": "05050505050505050505050505050505",
        "kind": "enable",
        "began": START,
        "target": { "customer-managed": {
            "kid": "https://contoso.vault.localhost/keys/docs/01010101010101010101010101010101",
            "algorithm": "RSA-OAEP-256"
        } },
        "follows": false,
        "identity-added": true,
        "grant": { "vault": "contoso", "tenant": operator.tenant(), "principal": made },
        "step": "undoing"
    });
    store::<ResourceMachine>(&room, &id, &state).await;
    room.close().await.unwrap();

    let room = open(&data).await;
    settle(&room).await;
    let undone: Resource = load(&room, &id).await.unwrap();
    assert_eq!(undone.change, None);
    assert!(!undone.owes_directory());
    let vault: Vault = load(&room, &vault_id(&contoso).unwrap()).await.unwrap();
    assert_eq!(vault.policies.entries().len(), 0);
    let deleted: Principal = load(&room, &principal_id(made).unwrap()).await.unwrap();
    assert_eq!(deleted.life, PrincipalLife::Deleted { at: START });
    room.verify_audit().await.unwrap();
    room.close().await.unwrap();
}

#[tokio::test]
async fn i09_a_tenant_that_an_earlier_version_left_without_its_first_owner_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data).await;
    let administrator = room.administrator().principal();
    let tenant = TenantId::from_bytes([7; 16]);
    let (id, scope) = (tenant_id(tenant).unwrap(), Scope::Tenant(tenant));
    let owing = json!({ "administrator": administrator, "since": START });
    let state = json!({ "v": 1, "id": tenant, "name": "Fabrikam", "founding": { "owing": owing } });
    store::<TenantMachine>(&room, &id, &state).await;
    room.close().await.unwrap();

    let room = open(&data).await;
    settle(&room).await;
    let founded: Tenant = load(&room, &id).await.unwrap();
    assert_eq!(founded.founding, Founding::Done);
    let list: AccessList = load(&room, &access_id(&scope).unwrap()).await.unwrap();
    assert!(list.assignments[&administrator].contains_key(&Role::Owner));
    let names: Vec<_> = room.administrator().tenants().await.unwrap();
    assert!(names.iter().any(|it| it.id == tenant));

    // It was cut off once the owner was assigned.
    store::<TenantMachine>(&room, &id, &state).await;
    room.close().await.unwrap();
    let room = open(&data).await;
    settle(&room).await;
    let founded: Tenant = load(&room, &id).await.unwrap();
    assert_eq!(founded.founding, Founding::Done);
    room.verify_audit().await.unwrap();
    room.close().await.unwrap();
}

#[tokio::test]
async fn r14_a_purged_vault_that_an_earlier_version_left_goes_with_what_is_held_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let room = open(&data).await;
    let operator = room.administrator();
    let name = "contoso".parse().unwrap();
    let new = NewVault::new("contoso".parse().unwrap(), room.show().region.clone());
    operator.create_vault(new).await.unwrap();
    let id = vault_id(&name).unwrap();
    let vault: Vault = load(&room, &id).await.unwrap();
    let scope = Scope::Vault(vault.uid);
    operator
        .assign_role(
            Role::KeyVaultCryptoServiceEncryptionUser,
            operator.principal(),
            scope,
        )
        .await
        .unwrap();
    let list = access_id(&scope).unwrap();
    assert!(load::<AccessList>(&room, &list).await.is_some());
    let mut state = json_of(&room, &id).await;
    state["life"] = json!({ "purging": { "at": START } });
    store::<VaultMachine>(&room, &id, &state).await;
    room.close().await.unwrap();

    let room = open(&data).await;
    settle(&room).await;
    assert_eq!(load::<Vault>(&room, &id).await, None);
    assert_eq!(load::<AccessList>(&room, &list).await, None);
    room.verify_audit().await.unwrap();
    room.close().await.unwrap();
}
