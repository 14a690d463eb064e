//! A resource, its identity and its key, as programs and people read them.

use serde_json::{Value, json};
use strongroom::{
    BindingMode, ChangeView, EncryptionView, IdentityView, Inaccessible, KeySource, ResourceState,
    ResourceView,
};
use strongroom_base::Outcome as _;

use crate::output::{BAD, HEADING, QUIET, time};

/// A resource as programs read it.
pub(super) fn wire(view: &ResourceView, reports: &[String]) -> Value {
    let (state, deleted, purges) = match view.state {
        ResourceState::Active => ("active", None, None),
        ResourceState::Inaccessible(_) => ("inaccessible", None, None),
        ResourceState::Deleted { at, purge_at } => ("deleted", Some(at), Some(purge_at)),
        ResourceState::Purging => ("purging", None, None),
        _ => ("unknown", None, None),
    };
    json!({
        "id": view.id,
        "uid": view.uid.to_string(),
        "name": view.name.as_str(),
        "tenant": view.tenant.to_string(),
        "subscription": view.subscription.map(|id| id.to_string()),
        "group": view.group.as_ref().map(strongroom_base::ResourceGroupName::as_str),
        "region": view.region.as_str(),
        "tier": view.tier.name(),
        "binding": view.binding.as_str(),
        "created": time(view.created),
        "state": state,
        "deleted": deleted.map(time),
        "purges": purges.map(time),
        "inaccessible": inaccessible(view.state),
        "identity": identity_wire(&view.identity, &[]),
        "encryption": encryption_wire(&view.encryption, reports),
    })
}

/// Why the data of a resource are out of reach, and since when; null if they are not.
fn inaccessible(state: ResourceState) -> Value {
    let ResourceState::Inaccessible(Inaccessible { reason, since }) = state else {
        return Value::Null;
    };
    json!({ "code": reason.code(), "reason": reason.to_string(), "since": time(since) })
}

pub(super) fn identity_wire(identity: &IdentityView, reports: &[String]) -> Value {
    let mut wire = match identity {
        IdentityView::On { principal, tenant } => json!({
            "type": "SystemAssigned",
            "principal": principal.to_string(),
            "tenant": tenant.to_string(),
        }),
        IdentityView::LeftBehind { principal, home } => json!({
            "type": "SystemAssigned",
            "principal": principal.to_string(),
            "tenant": home.to_string(),
            "leftBehind": true,
        }),
        _ => json!({ "type": "None" }),
    };
    if let (Value::Object(members), false) = (&mut wire, reports.is_empty()) {
        members.insert("reports".to_owned(), reports.into());
    }
    wire
}

pub(super) fn encryption_wire(encryption: &EncryptionView, reports: &[String]) -> Value {
    let mut wire = match &encryption.source {
        KeySource::ServiceManaged { key } => json!({
            "keySource": "ServiceManaged",
            "key": key,
        }),
        KeySource::CustomerManaged {
            key,
            algorithm,
            follows,
        } => json!({
            "keySource": "CustomerManaged",
            "key": key,
            "algorithm": algorithm.as_str(),
            "follows": follows,
        }),
        _ => json!({}),
    };
    if let Value::Object(members) = &mut wire {
        members.insert("generations".to_owned(), encryption.generations.into());
        if let Some(change) = &encryption.change {
            let under_way = json!({
                "kind": kind(change),
                "step": change.step,
                "began": time(change.began),
            });
            members.insert("change".to_owned(), under_way);
        }
        if !reports.is_empty() {
            members.insert("reports".to_owned(), reports.into());
        }
    }
    wire
}

/// A resource as people read it.
pub(super) fn resource(view: &ResourceView, reports: &[String]) -> String {
    let binding = match view.binding {
        BindingMode::Location => "their location",
        BindingMode::Resource => "the resource",
    };
    let text = format!(
        "{HEADING}{}{HEADING:#}\n\
         id          {}\n\
         uid         {}\n\
         tenant      {}\n\
         state       {}\n\
         tier        {}, region {}\n\
         identity    {}\n\
         key         {}\n\
         objects     bound to {binding}\n\
         created     {}",
        view.name,
        view.id,
        view.uid,
        view.tenant,
        state(view.state),
        view.tier,
        view.region,
        identity(&view.identity),
        key(&view.encryption),
        time(view.created),
    );
    [text]
        .into_iter()
        .chain(marked(reports))
        .collect::<Vec<_>>()
        .join("\n")
}

/// What is to be known of a key, a line each.
pub(super) fn marked(reports: &[String]) -> impl Iterator<Item = String> {
    reports
        .iter()
        .map(|report| format!("{BAD}!{BAD:#} {report}"))
}

pub(super) fn identity(identity: &IdentityView) -> String {
    match identity {
        IdentityView::On { principal, .. } => principal.to_string(),
        IdentityView::LeftBehind { principal, home } => {
            format!("{BAD}{principal}, left behind in tenant {home}{BAD:#}")
        }
        _ => "none".to_owned(),
    }
}

pub(super) fn encryption(encryption: &EncryptionView, reports: &[String]) -> String {
    let under_way = encryption.change.iter().map(|change| {
        format!(
            "{QUIET}a change is under way ({}, {}): it is completed or undone by itself{QUIET:#}",
            kind(change),
            change.step
        )
    });
    let lines: Vec<_> = [key(encryption)]
        .into_iter()
        .chain(under_way)
        .chain(marked(reports))
        .collect();
    lines.join("\n")
}

fn key(encryption: &EncryptionView) -> String {
    let source = match &encryption.source {
        KeySource::ServiceManaged { key } => format!("service-managed, {key}"),
        KeySource::CustomerManaged {
            key,
            algorithm,
            follows,
        } => {
            let follows = if *follows { ", followed" } else { "" };
            format!("customer-managed, {key} ({}{follows})", algorithm.as_str())
        }
        _ => "unknown".to_owned(),
    };
    let generations = encryption.generations;
    let plural = if generations == 1 { "" } else { "s" };
    format!("{source}, {generations} generation{plural}")
}

fn kind(change: &ChangeView) -> String {
    format!("{:?}", change.kind).to_lowercase()
}

pub(super) fn state(state: ResourceState) -> String {
    match state {
        ResourceState::Active => "active".to_owned(),
        ResourceState::Inaccessible(Inaccessible { reason, since }) => format!(
            "{BAD}inaccessible since {}: {reason} [{}]{BAD:#}",
            time(since),
            reason.code()
        ),
        ResourceState::Deleted { purge_at, .. } => {
            format!("deleted, can be recovered until {}", time(purge_at))
        }
        ResourceState::Purging => "being purged".to_owned(),
        _ => "unknown".to_owned(),
    }
}

pub(super) fn key_source(source: &KeySource) -> &'static str {
    match source {
        KeySource::ServiceManaged { .. } => "service-managed",
        KeySource::CustomerManaged { .. } => "customer-managed",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use strongroom::Reason;
    use strongroom_base::Timestamp;

    use super::*;

    #[test]
    fn a_resource_out_of_reach_says_why_and_since_when() {
        let state_of = |reason| {
            let since = Timestamp::from_unix_millis(1_800_000_000_000);
            ResourceState::Inaccessible(Inaccessible { reason, since })
        };
        let closed = Reason::Vault(strongroom_vault::Denial::FirewallClosed);
        let closed = state_of(closed);
        let wire = inaccessible(closed);
        assert_eq!(wire["code"], "ForbiddenByFirewall");
        assert_eq!(wire["since"], "2027-01-15T08:00:00.000Z");
        let reason = wire["reason"].as_str().unwrap();
        let text = anstream::adapter::strip_str(&state(closed)).to_string();
        assert_eq!(
            text,
            format!("inaccessible since 2027-01-15T08:00:00.000Z: {reason} [ForbiddenByFirewall]")
        );
        assert_eq!(inaccessible(ResourceState::Active), Value::Null);
    }
}
