//! The persisted schema. These files are never changed: what was written once must always be read.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what fails here fails the test"
)]

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{PrincipalId, ResourceUid, SubscriptionId, TenantId, Timestamp};
use strongroom_identity::{
    AccessEvent, AccessList, AccessMachine, Crossing, Descent, Founding, GroupEvent, GroupUid,
    Held, IdentityEvent, ManagedIdentity, Principal, PrincipalEvent, PrincipalKind, PrincipalLife,
    ResourceGroup, Role, SchemaV1, Scope, Subscription, SubscriptionEvent, SubscriptionState,
    Tenancy, Tenant, TenantEvent,
};

fn golden<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T, file: &str) {
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    assert_eq!(written, file, "the persisted schema has changed");
    assert_eq!(serde_json::from_str::<T>(file).unwrap(), *value);
    // A state of a schema that this program does not know is not guessed at.
    if file.contains("\"v\": 1") {
        let newer = file.replacen("\"v\": 1", "\"v\": 2", 1);
        let error = serde_json::from_str::<T>(&newer).unwrap_err().to_string();
        assert!(error.contains("schema 2"), "{error}");
    }
}

const AT: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);

fn tenant() -> TenantId {
    TenantId::from_bytes([0x11; 16])
}

fn principal() -> PrincipalId {
    PrincipalId::from_bytes([0x22; 16])
}

#[test]
fn states_are_written_and_read_as_ever() {
    let (v, subscription) = (SchemaV1::default(), SubscriptionId::from_bytes([0x33; 16]));
    let once = Tenancy::default().after(Crossing::Across);
    let founding = Founding::Owing {
        administrator: principal(),
        since: AT,
    };
    let name = "Contoso".parse().unwrap();
    golden(
        &Tenant {
            v,
            id: tenant(),
            name,
            founding,
        },
        include_str!("golden/tenant.json"),
    );
    golden(
        &Subscription {
            v,
            id: subscription,
            name: "Sales".parse().unwrap(),
            tenant: tenant(),
            tenancy: once,
            state: SubscriptionState::Enabled,
        },
        include_str!("golden/subscription.json"),
    );
    golden(
        &ResourceGroup {
            v,
            id: GroupUid::from_bytes([0x44; 16]),
            subscription,
            name: "Team-A".parse().unwrap(),
            descent: Descent::default().moved(Tenancy::default(), once, Crossing::Within),
        },
        include_str!("golden/group.json"),
    );
    golden(
        &Principal {
            v,
            id: principal(),
            kind: PrincipalKind::ManagedIdentity {
                of: ResourceUid::from_bytes([0x55; 16]),
            },
            home: tenant(),
            name: "notes".parse().unwrap(),
            life: PrincipalLife::Deleted { at: AT },
        },
        include_str!("golden/principal.json"),
    );
    let identity = ManagedIdentity::On {
        principal: principal(),
        home: tenant(),
        since: AT,
    };
    golden(&identity, include_str!("golden/managed_identity.json"));
}

#[test]
fn an_access_list_is_written_and_read_as_ever() {
    let held = Held {
        tenancy: Tenancy::default(),
        since: AT,
    };
    let scope = Scope::Tenant(tenant());
    let mut state: Option<AccessList> = None;
    for role in [Role::Owner, Role::KeyVaultCryptoServiceEncryptionUser] {
        let event = AccessEvent::Assigned {
            scope,
            principal: principal(),
            role,
            held,
        };
        <AccessMachine as strongroom_base::Machine>::evolve(&mut state, &event);
    }
    golden(&state.unwrap(), include_str!("golden/access_list.json"));
}

#[test]
fn events_are_written_and_read_as_ever() {
    let (subscription, role) = (SubscriptionId::from_bytes([0x33; 16]), Role::Owner);
    let held = Held {
        tenancy: Tenancy::default(),
        since: AT,
    };
    let moved = SubscriptionEvent::Moved {
        from: tenant(),
        to: TenantId::from_bytes([0x66; 16]),
    };
    let group = GroupEvent::Moved {
        subscription,
        descent: Descent::default(),
        from: tenant(),
        to: tenant(),
    };
    let assigned = AccessEvent::Assigned {
        scope: Scope::Group(GroupUid::from_bytes([0x44; 16])),
        principal: principal(),
        role,
        held,
    };
    let enabled = IdentityEvent::Enabled {
        principal: principal(),
        home: tenant(),
        at: AT,
    };
    let events = (
        TenantEvent::Founded,
        moved,
        group,
        PrincipalEvent::Deleted { at: AT },
        assigned,
        enabled,
    );
    golden(&events, include_str!("golden/events.json"));
}
