//! `strongroom resource …`.

use serde_json::{Value, json};
use strongroom::{BindingMode, EncryptionView, NewResource, ResourceState, ResourceView};

use crate::args::{Resource, ResourceCreate};
use crate::failure::Failure;
use crate::output::{HEADING, Output, table, time};
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Resource, output: &Output) -> Result<(), Failure> {
    match args {
        Resource::Create(ResourceCreate {
            name,
            tier,
            binding,
        }) => {
            let region = session.room.show().region.clone();
            let new = NewResource {
                tier,
                binding: binding.into(),
                ..NewResource::new(name, region)
            };
            let view = session.room.create_resource(new).await?.show().await?;
            answer(&view, output)
        }
        Resource::Show(named) => {
            let view = session.resource(&named.name).await?.show().await?;
            answer(&view, output)
        }
        Resource::List => list(session, output).await,
        Resource::Delete(named) => {
            let view = session.resource(&named.name).await?.delete().await?;
            answer(&view, output)
        }
        Resource::Recover(named) => {
            let view = session.resource(&named.name).await?.recover().await?;
            answer(&view, output)
        }
        Resource::Purge(named) => {
            session.resource(&named.name).await?.purge().await?;
            output.answer(&json!({ "purged": named.name.as_str() }), || {
                format!("{} is gone: its keys first, then its objects", named.name)
            })
        }
        Resource::ExportKey(named) => super::export_key::run(session, &named.name, output).await,
    }
}

fn answer(view: &ResourceView, output: &Output) -> Result<(), Failure> {
    output.answer(&wire(view), || shown(view))
}

/// A resource as programs read it.
fn wire(view: &ResourceView) -> Value {
    let (state, deleted, purges) = match view.state {
        ResourceState::Active => ("active", None, None),
        ResourceState::Deleted { at, purge_at } => ("deleted", Some(at), Some(purge_at)),
        ResourceState::Purging => ("purging", None, None),
        _ => ("unknown", None, None),
    };
    let encryption = match &view.encryption {
        EncryptionView::ServiceManaged { key, generations } => json!({
            "keySource": "ServiceManaged",
            "key": key,
            "generations": generations,
        }),
        _ => Value::Null,
    };
    json!({
        "id": view.id,
        "uid": view.uid.to_string(),
        "name": view.name.as_str(),
        "subscription": view.subscription.to_string(),
        "group": view.group.as_str(),
        "region": view.region.as_str(),
        "tier": view.tier.name(),
        "binding": view.binding.as_str(),
        "created": time(view.created),
        "state": state,
        "deleted": deleted.map(time),
        "purges": purges.map(time),
        "encryption": encryption,
    })
}

async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let views = session.room.resources().await?;
    if output.is_json() {
        return views
            .iter()
            .try_for_each(|view| output.json_line(&wire(view)));
    }
    if views.is_empty() {
        return output.line("no resources: make one with `strongroom resource create NAME`");
    }
    let rows = views.iter().map(|view| {
        [
            view.name.to_string(),
            view.tier.to_string(),
            view.region.to_string(),
            key_source(&view.encryption).to_owned(),
            state(view.state),
        ]
    });
    output.line(&table(
        &["name", "tier", "region", "key", "state"],
        &[],
        rows,
    ))
}

fn shown(view: &ResourceView) -> String {
    let binding = match view.binding {
        BindingMode::Location => "their location",
        BindingMode::Resource => "the resource",
    };
    let EncryptionView::ServiceManaged { key, generations } = &view.encryption else {
        return view.name.to_string();
    };
    format!(
        "{HEADING}{}{HEADING:#}\n\
         id          {}\n\
         uid         {}\n\
         state       {}\n\
         tier        {}, region {}\n\
         key         {}, {key}, {generations} generation{}\n\
         objects     bound to {binding}\n\
         created     {}",
        view.name,
        view.id,
        view.uid,
        state(view.state),
        view.tier,
        view.region,
        key_source(&view.encryption),
        if *generations == 1 { "" } else { "s" },
        time(view.created),
    )
}

fn state(state: ResourceState) -> String {
    match state {
        ResourceState::Active => "active".to_owned(),
        ResourceState::Deleted { purge_at, .. } => {
            format!("deleted, can be recovered until {}", time(purge_at))
        }
        ResourceState::Purging => "being purged".to_owned(),
        _ => "unknown".to_owned(),
    }
}

fn key_source(encryption: &EncryptionView) -> &'static str {
    match encryption {
        EncryptionView::ServiceManaged { .. } => "service-managed",
        _ => "unknown",
    }
}
