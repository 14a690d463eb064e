//! `strongroom resource …`.

mod shown;

use serde_json::json;
use strongroom::{
    IdentityView, KeySource, NewResource, ResourceChange, ResourceHandle, ResourceView,
};
use strongroom_base::{Outcome as _, OutcomeKind, ResourceName};

use crate::args::{Encryption, Identity, Resource, ResourceCreate, ResourceMove};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::session::Session;
use crate::verb::change::Change;

pub(crate) async fn run(session: &Session, args: Resource, output: &Output) -> Result<(), Failure> {
    match args {
        Resource::Create(create) => {
            let view = self::create(session, create).await?.show().await?;
            output.answer(&shown::wire(&view, &[]), || shown::resource(&view, &[]))
        }
        Resource::Show(named) => {
            let resource = session.resource(&named.name).await?;
            let (view, reports) = (resource.show().await?, reports(&resource).await?);
            output.answer(&shown::wire(&view, &reports), || {
                shown::resource(&view, &reports)
            })
        }
        Resource::List => list(session, output).await,
        Resource::Update(update) => {
            let change = ResourceChange::SetTier(update.tier);
            changed(session, &update.name, change, output).await
        }
        Resource::Identity(args) => identity(session, args, output).await,
        Resource::Encryption(args) => encryption(session, args, output).await,
        Resource::Move(args) => {
            let change = moving(session, &args).await?;
            changed(session, &args.name, change, output).await
        }
        Resource::Delete(named) => {
            changed(session, &named.name, ResourceChange::Delete, output).await
        }
        Resource::Recover(named) => recover(session, &named.name, output).await,
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

/// What to know of the key of a resource; nothing, if its vault does not answer now.
pub(super) async fn reports(resource: &ResourceHandle) -> Result<Vec<String>, Failure> {
    match resource.reports().await {
        Ok(reports) => Ok(reports.iter().map(ToString::to_string).collect()),
        Err(error) => match error.kind() {
            OutcomeKind::Unavailable | OutcomeKind::Throttled => Ok(Vec::new()),
            _ => Err(error.into()),
        },
    }
}

async fn changed(
    session: &Session,
    name: &ResourceName,
    change: ResourceChange,
    output: &Output,
) -> Result<(), Failure> {
    let resource = session.resource(name).await?;
    let changed = Change::of(resource.change(change).await, resource.show()).await?;
    changed.tell(
        name.as_str(),
        output,
        |view| shown::wire(view, &[]),
        |view| shown::resource(view, &[]),
    )
}

/// What is recovered has another identity than before, which no vault knows (R12).
async fn recover(session: &Session, name: &ResourceName, output: &Output) -> Result<(), Failure> {
    let resource = session.resource(name).await?;
    let asked = resource.recover().await;
    let recovered = Change::of(asked, resource.show()).await?;
    let reports = told_of_new_identity(&resource, &recovered).await?;
    recovered.tell(
        name.as_str(),
        output,
        |view| shown::wire(view, &reports),
        |view| shown::resource(view, &reports),
    )
}

/// What the owner of a customer's key has to do for an identity that was just made.
async fn told_of_new_identity(
    resource: &ResourceHandle,
    change: &Change<ResourceView>,
) -> Result<Vec<String>, Failure> {
    let Some(view) = change.view.as_ref().filter(|_| change.changed) else {
        return Ok(Vec::new());
    };
    let (KeySource::CustomerManaged { .. }, IdentityView::On { principal, .. }) =
        (&view.encryption.source, &view.identity)
    else {
        return Ok(Vec::new());
    };
    let new = format!(
        "its managed identity is a new principal, {principal}: what the old one was granted must be granted \
         anew before its data comes back (R12)"
    );
    Ok([new].into_iter().chain(reports(resource).await?).collect())
}

async fn identity(session: &Session, args: Identity, output: &Output) -> Result<(), Failure> {
    let (name, change) = match args {
        Identity::Show(named) => {
            let view = session.resource(&named.name).await?.show().await?;
            return output.answer(&shown::identity_wire(&view.identity, &[]), || {
                shown::identity(&view.identity)
            });
        }
        Identity::Enable(named) => (named.name, ResourceChange::EnableIdentity),
        Identity::Disable(named) => (named.name, ResourceChange::DisableIdentity),
    };
    let resource = session.resource(&name).await?;
    let changed = Change::of(resource.change(change).await, resource.show()).await?;
    let reports = told_of_new_identity(&resource, &changed).await?;
    changed.tell(
        &format!("the identity of {name}"),
        output,
        |view| shown::identity_wire(&view.identity, &reports),
        |view| {
            let identity = shown::identity(&view.identity);
            [identity]
                .into_iter()
                .chain(shown::marked(&reports))
                .collect::<Vec<_>>()
                .join("\n")
        },
    )
}

async fn encryption(session: &Session, args: Encryption, output: &Output) -> Result<(), Failure> {
    let (name, change) = match args {
        Encryption::Show(named) => return show_encryption(session, &named.name, output).await,
        Encryption::Set(set) => set.change(),
        Encryption::Reset(named) => (named.name, ResourceChange::ResetKey),
        Encryption::Rekey(named) => (named.name, ResourceChange::Rekey),
    };
    let resource = session.resource(&name).await?;
    // What is granted on the way must not go unsaid.
    let before = match resource.explain(change.clone(), false).await {
        Ok(explanation) => super::explain::on_the_way(&explanation.on_the_way),
        // The change itself says why.
        Err(_) => None,
    };
    let changed = Change::of(resource.change(change).await, resource.show()).await?;
    let wire = |view: &ResourceView| {
        let mut wire = shown::encryption_wire(&view.encryption, &[]);
        if let (serde_json::Value::Object(members), Some(before)) = (&mut wire, &before) {
            members.insert("onTheWay".to_owned(), before.as_str().into());
        }
        wire
    };
    changed.tell(&format!("the key of {name}"), output, wire, |view| {
        let key = shown::encryption(&view.encryption, &[]);
        match &before {
            Some(before) => format!("{key}\non the way, {before}"),
            None => key,
        }
    })
}

async fn show_encryption(
    session: &Session,
    name: &ResourceName,
    output: &Output,
) -> Result<(), Failure> {
    let resource = session.resource(name).await?;
    let view = resource.show().await?;
    let reports = reports(&resource).await?;
    output.answer(&shown::encryption_wire(&view.encryption, &reports), || {
        shown::encryption(&view.encryption, &reports)
    })
}

async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let views = session.operator.resources().await?;
    if output.is_json() {
        return views
            .iter()
            .try_for_each(|view| output.json_line(&shown::wire(view, &[])));
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
