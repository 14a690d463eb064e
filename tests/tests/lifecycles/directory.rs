//! The directory of both tenants, as its owners change it: machines of `identity` over the ledger
//! itself. Who may do it is not asked here: that is proved where the rights are.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use strongroom_base::{Machine, PrincipalId, SubscriptionId, TenantId, Timestamp};
use strongroom_crypto::RootKeys;
use strongroom_identity::{
    AccessCommand, AccessFacts, AccessList, AccessMachine, Caller, GroupCommand, GroupFacts,
    GroupMachine, GroupUid, NameUse, Present, PrincipalCommand, PrincipalFacts, PrincipalKind,
    PrincipalMachine, ResourceGroup, Role, Scope, Standing, Subscription, SubscriptionCommand,
    SubscriptionFacts, SubscriptionMachine, Tenancy, TenantCommand, TenantFacts, TenantMachine,
    assignee_key, group_name_key, principal_name_key, subscription_name_key, tenant_name_key,
};
use strongroom_ledger::{AggregateId, Change, Commit, IndexRow, Ledger, Version, Write};

/// Whoever owns the directory.
pub(crate) struct Directory {
    ledger: Arc<dyn Ledger>,
    root: RootKeys,
    now: Timestamp,
}

impl Directory {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, root: RootKeys, now: Timestamp) -> Self {
        Self { ledger, root, now }
    }

    async fn load<S: DeserializeOwned>(&self, id: &AggregateId) -> (Option<S>, Version) {
        match self.ledger.load(id).await.unwrap() {
            None => (None, Version::ABSENT),
            Some(stored) => {
                let json = stored.state.get(32..).unwrap();
                (Some(serde_json::from_slice(json).unwrap()), stored.version)
            }
        }
    }

    async fn save<S: Serialize>(
        &self,
        id: AggregateId,
        expected: Version,
        state: &S,
        index: Vec<IndexRow>,
    ) {
        let json = serde_json::to_vec(state).unwrap();
        let mac = self.root.state_mac().unwrap();
        let tag = mac.tag(&[id.as_str().as_bytes(), &[0], &json]);
        let state = [tag.as_slice(), &json].concat().into();
        let write = Write { id, expected, change: Change::Put { state, index } };
        let commit = Commit { write: Some(write), ..Commit::default() };
        self.ledger.commit(commit, self.now).await.unwrap();
    }

    /// Makes a tenant, and its owner.
    pub(crate) async fn tenant(&self, tenant: TenantId, owner: PrincipalId) {
        let mut state = None;
        let command = TenantCommand::Create {
            id: tenant,
            name: "away".parse().unwrap(),
            administrator: owner,
            at: self.now,
        };
        let facts = TenantFacts { authority: Ok(()) };
        for command in [command, TenantCommand::ConfirmFounded] {
            for event in TenantMachine::decide(&state, &command, &facts).unwrap() {
                TenantMachine::evolve(&mut state, &event);
            }
        }
        let state = state.unwrap();
        let id = AggregateId::new("tenant", &tenant.to_string()).unwrap();
        let index = vec![IndexRow::shared("tenant.name", tenant_name_key(&state.name))];
        self.save(id, Version::ABSENT, &state, index).await;
        self.person(owner, tenant, "stranger").await;
        self.assign(tenant, owner, tenant, Role::Owner).await;
    }

    pub(crate) async fn person(&self, id: PrincipalId, home: TenantId, name: &str) {
        let mut state = None;
        let command = PrincipalCommand::Register {
            id,
            kind: PrincipalKind::User,
            home,
            name: name.parse().unwrap(),
        };
        let facts = PrincipalFacts { authority: Ok(()), name: NameUse::Free };
        for event in PrincipalMachine::decide(&state, &command, &facts).unwrap() {
            PrincipalMachine::evolve(&mut state, &event);
        }
        let state = state.unwrap();
        let mut index = vec![IndexRow::unique("principal.home", format!("{home}/{id}"))];
        let name = principal_name_key(&state);
        index.extend(name.map(|name| IndexRow::unique("principal.name", name)));
        let id = AggregateId::new("principal", &id.to_string()).unwrap();
        self.save(id, Version::ABSENT, &state, index).await;
    }

    /// Assigns a role at the root of a tenant.
    pub(crate) async fn assign(
        &self,
        tenant: TenantId,
        principal: PrincipalId,
        home: TenantId,
        role: Role,
    ) {
        let scope = Scope::Tenant(tenant);
        let id = AggregateId::new("access", &scope.to_string()).unwrap();
        let (mut state, version) = self.load::<AccessList>(&id).await;
        let facts = AccessFacts {
            authority: Ok(()),
            scope,
            tenant,
            tenancy: Tenancy::default(),
            assignee: Caller::Known { id: principal, home, guest: true, standing: Standing::Enabled },
        };
        let command = AccessCommand::Assign { principal, role, at: self.now };
        for event in AccessMachine::decide(&state, &command, &facts).unwrap() {
            AccessMachine::evolve(&mut state, &event);
        }
        let state = state.unwrap();
        let index = state.assignments.keys();
        let index = index
            .map(|one| IndexRow::unique("access.assignee", assignee_key(*one, &scope)))
            .collect();
        self.save(id, version, &state, index).await;
    }

    pub(crate) async fn subscription(&self, id: SubscriptionId, command: SubscriptionCommand) {
        let aggregate = AggregateId::new("subscription", &id.to_string()).unwrap();
        let (mut state, version) = self.load::<Subscription>(&aggregate).await;
        let facts = SubscriptionFacts { authority: Ok(()) };
        for event in SubscriptionMachine::decide(&state, &command, &facts).unwrap() {
            SubscriptionMachine::evolve(&mut state, &event);
        }
        let state = state.unwrap();
        let key = subscription_name_key(state.tenant, &state.name);
        let index = vec![IndexRow::shared("subscription.name", key)];
        self.save(aggregate, version, &state, index).await;
    }

    pub(crate) async fn group(&self, id: GroupUid, command: GroupCommand) {
        let aggregate = AggregateId::new("group", &id.to_string()).unwrap();
        let (mut state, version) = self.load::<ResourceGroup>(&aggregate).await;
        let (GroupCommand::Create { subscription, .. } | GroupCommand::Move { subscription }) =
            &command;
        let named = |id: SubscriptionId| AggregateId::new("subscription", &id.to_string()).unwrap();
        let there = self.load::<Subscription>(&named(*subscription)).await.0.unwrap();
        let here = match &state {
            Some(group) => self.load::<Subscription>(&named(group.subscription)).await.0,
            None => None,
        };
        let facts = GroupFacts {
            authority: Ok(()),
            target: Present::In(&there),
            name: NameUse::Free,
            present: here.as_ref().map_or(Present::Nowhere, Present::In),
        };
        for event in GroupMachine::decide(&state, &command, &facts).unwrap() {
            GroupMachine::evolve(&mut state, &event);
        }
        let state = state.unwrap();
        let key = group_name_key(state.subscription, &state.name);
        let index = vec![IndexRow::unique("group.name", key)];
        self.save(aggregate, version, &state, index).await;
    }
}
