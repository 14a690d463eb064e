//! `strongroom tenant|subscription|group|principal|role …`.

use serde_json::{Value, json};
use strongroom::{
    GroupView, PrincipalKind, PrincipalLife, PrincipalView, RoleAssignmentView, Scope,
    SubscriptionState, SubscriptionView, TenantView,
};

use crate::args::{Group, Principal, Role, RoleScope, Subscription, Tenant};
use crate::failure::Failure;
use crate::output::{Output, table, time};
use crate::session::Session;
use crate::verb::change::Change;

/// Something that is shown, as programs and as people read it.
trait Shown {
    const COLUMNS: &'static [&'static str];
    fn wire(&self) -> Value;
    fn row(&self) -> Vec<String>;
}

fn one(view: &impl Shown, output: &Output) -> Result<(), Failure> {
    many(std::slice::from_ref(view), output)
}

/// A view that was asked to change, or was so already.
fn changed<V: Shown>(what: &str, change: &Change<V>, output: &Output) -> Result<(), Failure> {
    change.tell(what, output, Shown::wire, |view| {
        table(V::COLUMNS, &[], [view.row()])
    })
}

fn many<V: Shown>(views: &[V], output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return views
            .iter()
            .try_for_each(|view| output.json_line(&view.wire()));
    }
    output.line(&table(V::COLUMNS, &[], views.iter().map(V::row)))
}

pub(crate) async fn tenant(
    session: &Session,
    args: Tenant,
    output: &Output,
) -> Result<(), Failure> {
    match args {
        Tenant::Create { name } => one(&session.operator.create_tenant(name).await?, output),
        Tenant::List => many(&session.operator.tenants().await?, output),
    }
}

pub(crate) async fn subscription(
    session: &Session,
    args: Subscription,
    output: &Output,
) -> Result<(), Failure> {
    let operator = &session.operator;
    let (name, id, asked) = match args {
        Subscription::Create { name, tenant } => {
            let tenant = tenant.unwrap_or_else(|| operator.tenant());
            return one(&operator.create_subscription(name, tenant).await?, output);
        }
        Subscription::List => return many(&operator.subscriptions().await?, output),
        Subscription::Move { name, tenant } => {
            let id = session.subscription(&name).await?;
            (name, id, operator.move_subscription(id, tenant).await)
        }
        Subscription::Rename { name, to } => {
            let id = session.subscription(&name).await?;
            (name, id, operator.rename_subscription(id, to).await)
        }
        Subscription::Enable { name } => {
            let id = session.subscription(&name).await?;
            (name, id, operator.enable_subscription(id).await)
        }
        Subscription::Disable { name } => {
            let id = session.subscription(&name).await?;
            (name, id, operator.disable_subscription(id).await)
        }
    };
    let change = Change::of(asked, operator.subscription(id)).await?;
    changed(&format!("the subscription {name}"), &change, output)
}

pub(crate) async fn group(session: &Session, args: Group, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    match args {
        Group::Create { name } => {
            let subscription = session
                .subscription
                .unwrap_or(session.room.show().subscription);
            one(&operator.create_group(subscription, name).await?, output)
        }
        Group::List => many(&operator.groups(session.subscription).await?, output),
        Group::Move {
            name,
            destination_subscription,
        } => {
            let group = session.group(&name, session.subscription).await?;
            let subscription = session.subscription(&destination_subscription).await?;
            let asked = operator.move_group(group, subscription).await;
            let change = Change::of(asked, operator.group_by_uid(group)).await?;
            changed(&format!("the group {name}"), &change, output)
        }
    }
}

pub(crate) async fn principal(
    session: &Session,
    args: Principal,
    output: &Output,
) -> Result<(), Failure> {
    let operator = &session.operator;
    let (named, id, asked) = match args {
        Principal::Create { name, tenant, kind } => {
            let tenant = tenant.unwrap_or_else(|| operator.tenant());
            let made = operator.create_principal(tenant, name, kind.into()).await?;
            return one(&made, output);
        }
        Principal::List { tenant } => {
            let tenant = tenant.unwrap_or_else(|| operator.tenant());
            return many(&operator.principals(tenant).await?, output);
        }
        Principal::Enable(named) => {
            let id = session.principal(&named.principal).await?;
            (named, id, operator.enable_principal(id).await)
        }
        Principal::Disable(named) => {
            let id = session.principal(&named.principal).await?;
            (named, id, operator.disable_principal(id).await)
        }
        Principal::Delete(named) => {
            let id = session.principal(&named.principal).await?;
            (named, id, operator.delete_principal(id).await)
        }
    };
    let change = Change::of(asked, operator.principal_by_id(id)).await?;
    changed(
        &format!("the principal {}", named.principal),
        &change,
        output,
    )
}

pub(crate) async fn role(session: &Session, args: Role, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    match args {
        Role::Assign(args) => {
            let scope = scope(session, args.scope).await?;
            let principal = session.principal(&args.assignee).await?;
            let asked = operator.assign_role(args.role, principal, scope).await;
            let change = Change::of(asked, std::future::ready(Ok(()))).await?;
            let told = format!("{principal} is {} at {scope}", args.role);
            let wire = |(): &()| {
                json!({ "assigned": args.role.as_str(),
                "principal": principal.to_string(), "scope": scope.to_string() })
            };
            change.tell("the role", output, wire, |()| told)
        }
        Role::Remove(args) => {
            let scope = scope(session, args.scope).await?;
            let principal = session.principal(&args.assignee).await?;
            let asked = operator.remove_role(args.role, principal, scope).await;
            let change = Change::of(asked, std::future::ready(Ok(()))).await?;
            let told = format!("{principal} is no longer {} at {scope}", args.role);
            let wire = |(): &()| {
                json!({ "removed": args.role.as_str(),
                "principal": principal.to_string(), "scope": scope.to_string() })
            };
            change.tell("the role", output, wire, |()| told)
        }
        Role::List(args) => {
            let scope = scope(session, args).await?;
            many(&operator.roles(scope).await?, output)
        }
    }
}

/// The scope that was named, the narrowest word first.
async fn scope(session: &Session, args: RoleScope) -> Result<Scope, Failure> {
    let RoleScope {
        scope,
        tenant,
        resource,
        vault,
    } = args;
    if let Some(scope) = scope {
        return Ok(scope);
    }
    if let Some(vault) = vault {
        return Ok(Scope::Vault(session.operator.vault(&vault).await?.uid));
    }
    if let Some(resource) = resource {
        let name = resource.parse().map_err(strongroom::Error::from)?;
        return Ok(Scope::Resource(session.resource(&name).await?.uid()));
    }
    if let Some(tenant) = tenant {
        return Ok(Scope::Tenant(tenant));
    }
    Ok(match (session.group_named, session.subscription) {
        (false, Some(subscription)) => Scope::Subscription(subscription),
        (true, _) | (false, None) => Scope::Group(session.operator.group()),
    })
}

impl Shown for TenantView {
    const COLUMNS: &'static [&'static str] = &["name", "id"];

    fn wire(&self) -> Value {
        json!({ "id": self.id.to_string(), "name": self.name.as_str() })
    }

    fn row(&self) -> Vec<String> {
        vec![self.name.to_string(), self.id.to_string()]
    }
}

impl Shown for SubscriptionView {
    const COLUMNS: &'static [&'static str] = &["name", "id", "tenant", "state"];

    fn wire(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "name": self.name.as_str(),
            "tenant": self.tenant.to_string(),
            "state": subscription_state(self.state),
        })
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.name.to_string(),
            self.id.to_string(),
            self.tenant.to_string(),
            subscription_state(self.state).to_owned(),
        ]
    }
}

fn subscription_state(state: SubscriptionState) -> &'static str {
    match state {
        SubscriptionState::Enabled => "enabled",
        SubscriptionState::Disabled => "disabled",
    }
}

impl Shown for GroupView {
    const COLUMNS: &'static [&'static str] = &["name", "uid", "subscription"];

    fn wire(&self) -> Value {
        json!({
            "id": self.id,
            "uid": self.uid.to_string(),
            "name": self.name.as_str(),
            "subscription": self.subscription.to_string(),
            "tenant": self.tenant.to_string(),
        })
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.name.to_string(),
            self.uid.to_string(),
            self.subscription.to_string(),
        ]
    }
}

impl Shown for PrincipalView {
    const COLUMNS: &'static [&'static str] = &["name", "id", "kind", "state"];

    fn wire(&self) -> Value {
        let (app, resource) = match self.kind {
            PrincipalKind::User => (None, None),
            PrincipalKind::Application { app } => (Some(app.to_string()), None),
            PrincipalKind::ManagedIdentity { of } => (None, Some(of.to_string())),
        };
        json!({
            "id": self.id.to_string(),
            "name": self.name.as_str(),
            "kind": kind(self.kind),
            "app": app,
            "resource": resource,
            "tenant": self.tenant.to_string(),
            "state": life(self.life),
        })
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.name.to_string(),
            self.id.to_string(),
            kind(self.kind).to_owned(),
            life(self.life).to_owned(),
        ]
    }
}

fn kind(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::User => "user",
        PrincipalKind::Application { .. } => "application",
        PrincipalKind::ManagedIdentity { .. } => "managed-identity",
    }
}

fn life(life: PrincipalLife) -> &'static str {
    match life {
        PrincipalLife::Enabled => "enabled",
        PrincipalLife::Disabled => "disabled",
        PrincipalLife::Deleted { .. } => "deleted",
    }
}

impl Shown for RoleAssignmentView {
    const COLUMNS: &'static [&'static str] = &["principal", "role", "scope", "since"];

    fn wire(&self) -> Value {
        json!({
            "principal": self.principal.to_string(),
            "role": self.role.as_str(),
            "scope": self.scope.to_string(),
            "since": time(self.since),
        })
    }

    fn row(&self) -> Vec<String> {
        vec![
            self.principal.to_string(),
            self.role.to_string(),
            self.scope.to_string(),
            time(self.since),
        ]
    }
}
