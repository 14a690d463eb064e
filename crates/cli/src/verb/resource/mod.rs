//! `strongroom resource …`.

mod shown;

use serde_json::json;
use strongroom::{NewResource, ResourceChange, ResourceHandle, ResourceView};

use crate::args::{Encryption, Identity, Resource, ResourceCreate, ResourceMove};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::session::Session;

pub(crate) async fn run(session: &Session, args: Resource, output: &Output) -> Result<(), Failure> {
    match args {
        Resource::Create(create) => {
            let resource = self::create(session, create).await?;
            answer(&resource.show().await?, output)
        }
        Resource::Show(named) => {
            let view = session.resource(&named.name).await?.show().await?;
            answer(&view, output)
        }
        Resource::List => list(session, output).await,
        Resource::Update(update) => {
            let change = ResourceChange::SetTier(update.tier);
            let resource = session.resource(&update.name).await?;
            answer(&resource.change(change).await?, output)
        }
        Resource::Identity(args) => identity(session, args, output).await,
        Resource::Encryption(args) => encryption(session, args, output).await,
        Resource::Move(args) => {
            let change = moving(session, &args).await?;
            let resource = session.resource(&args.name).await?;
            answer(&resource.change(change).await?, output)
        }
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

/// The move to the group that was named.
pub(super) async fn moving(
    session: &Session,
    args: &ResourceMove,
) -> Result<ResourceChange, Failure> {
    let group = session.destination(&args.destination).await?;
    Ok(ResourceChange::Move(group))
}

async fn create(session: &Session, args: ResourceCreate) -> Result<ResourceHandle, Failure> {
    let ResourceCreate {
        name,
        location,
        tier,
        binding,
        key,
    } = args;
    let region = match location {
        Some(location) => location.parse().map_err(strongroom::Error::from)?,
        None => session.room.show().region.clone(),
    };
    let new = NewResource {
        tier,
        binding: binding.into(),
        customer_key: key,
        ..NewResource::new(name, region)
    };
    Ok(session.operator.create_resource(new).await?)
}

async fn identity(session: &Session, args: Identity, output: &Output) -> Result<(), Failure> {
    let view = match args {
        Identity::Show(named) => session.resource(&named.name).await?.show().await?,
        Identity::Enable(named) => {
            let resource = session.resource(&named.name).await?;
            resource.change(ResourceChange::EnableIdentity).await?
        }
        Identity::Disable(named) => {
            let resource = session.resource(&named.name).await?;
            resource.change(ResourceChange::DisableIdentity).await?
        }
    };
    output.answer(&shown::identity_wire(&view.identity), || {
        shown::identity(&view.identity)
    })
}

async fn encryption(session: &Session, args: Encryption, output: &Output) -> Result<(), Failure> {
    let view = match args {
        Encryption::Show(named) => return show_encryption(session, &named.name, output).await,
        Encryption::Set(set) => {
            let (name, change) = set.change();
            session.resource(&name).await?.change(change).await?
        }
        Encryption::Reset(named) => {
            let resource = session.resource(&named.name).await?;
            resource.change(ResourceChange::ResetKey).await?
        }
        Encryption::Rekey(named) => {
            let resource = session.resource(&named.name).await?;
            resource.change(ResourceChange::Rekey).await?
        }
    };
    output.answer(&shown::encryption_wire(&view.encryption, &[]), || {
        shown::encryption(&view.encryption, &[])
    })
}

async fn show_encryption(
    session: &Session,
    name: &strongroom_base::ResourceName,
    output: &Output,
) -> Result<(), Failure> {
    let resource = session.resource(name).await?;
    let view = resource.show().await?;
    let reports: Vec<String> = resource
        .reports()
        .await?
        .iter()
        .map(ToString::to_string)
        .collect();
    output.answer(&shown::encryption_wire(&view.encryption, &reports), || {
        shown::encryption(&view.encryption, &reports)
    })
}

fn answer(view: &ResourceView, output: &Output) -> Result<(), Failure> {
    output.answer(&shown::wire(view), || shown::resource(view))
}

async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let views = session.operator.resources().await?;
    if output.is_json() {
        return views
            .iter()
            .try_for_each(|view| output.json_line(&shown::wire(view)));
    }
    if views.is_empty() {
        return output.line("no resources: make one with `strongroom resource create NAME`");
    }
    let rows = views.iter().map(|view| {
        [
            view.name.to_string(),
            view.tier.to_string(),
            view.region.to_string(),
            shown::key_source(&view.encryption.source).to_owned(),
            shown::state(view.state),
        ]
    });
    output.line(&table(
        &["name", "tier", "region", "key", "state"],
        &[],
        rows,
    ))
}
