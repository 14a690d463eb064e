//! `strongroom vault …`.

mod shown;

use std::collections::BTreeSet;

use serde_json::json;
use strongroom::{
    Authorization, Firewall, Grantee, IdentityView, KeyPermission, NewVault, Refusal, VaultInfo,
    VaultName,
};

use crate::args::{GranteeArgs, Vault, VaultCreate, VaultGrant};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::session::Session;
use crate::verb::change::{Change, counted, number};

pub(crate) use self::shown::{life, life_wire};

pub(crate) async fn run(session: &Session, args: Vault, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    let (vault, asked) = match args {
        Vault::Create(args) => {
            let made = create(session, args).await?;
            return output.answer(&shown::wire(&made), || shown::vault(&made));
        }
        Vault::Show(named) => {
            let view = operator.vault(&named.vault).await?;
            return output.answer(&shown::wire(&view), || shown::vault(&view));
        }
        Vault::List => return list(session, output).await,
        Vault::Update(args) => {
            let (vault, update) = args.update();
            let asked = operator.update_vault(&vault, update).await;
            (vault, asked)
        }
        Vault::Delete(named) => return delete(session, &named.vault, output).await,
        Vault::Recover(named) => {
            let asked = operator.recover_vault(&named.vault).await;
            (named.vault, asked)
        }
        Vault::Purge(named) => return purge(session, &named.vault, output).await,
        Vault::Move(args) => {
            let group = session.destination(&args.destination).await?;
            let asked = operator.move_vault(&args.vault, group).await;
            (args.vault, asked)
        }
        Vault::Grant(args) => grant(session, args).await?,
        Vault::Revoke(args) => {
            let grantee = grantee(session, args.grantee).await?;
            let permissions: BTreeSet<_> = args.key_permissions.into_iter().flatten().collect();
            let asked = if permissions.is_empty() {
                operator
                    .replace_grant(&args.vault, grantee, permissions)
                    .await
            } else {
                operator.revoke(&args.vault, grantee, permissions).await
            };
            (args.vault, asked)
        }
        Vault::Firewall(args) => {
            let (default_action, bypass) = (args.acl.default_action(), args.acl.bypass());
            let asked = operator
                .set_firewall(&args.vault, default_action, bypass)
                .await;
            (args.vault, asked)
        }
    };
    let changed = Change::of(asked, operator.vault(&vault)).await?;
    changed.tell(
        &format!("the vault {vault}"),
        output,
        shown::wire,
        shown::vault,
    )
}

/// Nothing that the keys of a deleted vault wrap can be read.
async fn delete(session: &Session, vault: &VaultName, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    let deleted = Change::of(operator.delete_vault(vault).await, operator.vault(vault)).await?;
    // Whoever may not see it any more is told without.
    let stops = operator.resources_of_vault(vault).await.ok();
    let wire = |view: &VaultInfo| {
        let mut wire = shown::wire(view);
        if let serde_json::Value::Object(members) = &mut wire {
            members.insert("stops".to_owned(), stops.into());
        }
        wire
    };
    deleted.tell(&format!("the vault {vault}"), output, wire, |view| {
        let stops = stops.map_or_else(String::new, |stops| {
            format!(
                "\nstops       {}, until it is recovered: strongroom vault recover {vault}",
                number(stops)
            )
        });
        format!("{}{stops}", shown::vault(view))
    })
}

async fn purge(session: &Session, vault: &VaultName, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    let lost = operator.resources_of_vault(vault).await.ok();
    operator.purge_vault(vault).await?;
    let value = json!({ "purged": vault.as_str(), "lost": lost });
    output.answer(&value, || {
        let lost = lost
            .filter(|lost| *lost > 0)
            .map_or_else(String::new, |lost| {
                format!(
                    "; {} them and cannot be read any more",
                    counted(lost, "need")
                )
            });
        format!("{vault} is gone, and its keys with it{lost}")
    })
}

async fn create(session: &Session, args: VaultCreate) -> Result<VaultInfo, Failure> {
    let VaultCreate {
        vault,
        location,
        retention_days,
        purge_protection,
        soft_delete,
        rbac,
        acl,
        no_self_perms,
    } = args;
    let region = match location {
        Some(location) => location.parse().map_err(strongroom::Error::from)?,
        None => session.room.show().region.clone(),
    };
    let new = NewVault {
        retention: retention_days,
        purge_protection,
        soft_delete,
        authorization: crate::args::authorization(rbac),
        firewall: acl.over(Firewall::OPEN),
        ..NewVault::new(vault, region)
    };
    let name = new.name.clone();
    let made = session.operator.create_vault(new).await?;
    // As `az keyvault create` does: whoever makes a vault for keys wants to make keys.
    let grants = made.authorization == Authorization::AccessPolicies && !no_self_perms;
    if !grants {
        return Ok(made);
    }
    let me = Grantee {
        object: session.operator.principal(),
        application: None,
    };
    let all = KeyPermission::ALL.iter().copied().collect();
    Ok(session.operator.grant(&name, me, all).await?)
}

/// What a vault was asked for, and its answer.
type Asked = (VaultName, Result<VaultInfo, strongroom::Error>);

async fn grant(session: &Session, args: VaultGrant) -> Result<Asked, Failure> {
    let VaultGrant {
        vault,
        grantee: to,
        key_permissions,
        replace,
    } = args;
    let grantee = grantee(session, to).await?;
    let mut permissions: BTreeSet<_> = key_permissions.into_iter().flatten().collect();
    if permissions.is_empty() {
        permissions.extend(KeyPermission::NEEDED_BY_RESOURCES);
    }
    let operator = &session.operator;
    let asked = if replace {
        operator.replace_grant(&vault, grantee, permissions).await
    } else {
        operator.grant(&vault, grantee, permissions).await
    };
    Ok((vault, asked))
}

async fn grantee(session: &Session, args: GranteeArgs) -> Result<Grantee, Failure> {
    let GranteeArgs {
        object_id,
        application_id,
        resource,
    } = args;
    let object = match (object_id, resource) {
        (Some(object), _) => object,
        (None, Some(name)) => match session.resource(&name).await?.show().await?.identity {
            IdentityView::On { principal, .. } | IdentityView::LeftBehind { principal, .. } => {
                principal
            }
            _ => {
                let off = Refusal::IdentityOff { name };
                return Err(strongroom::Error::from(off).into());
            }
        },
        (None, None) => session.operator.principal(),
    };
    Ok(Grantee {
        object,
        application: application_id,
    })
}

async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let views = session.operator.vaults().await?;
    if output.is_json() {
        return views
            .iter()
            .try_for_each(|view| output.json_line(&shown::wire(view)));
    }
    if views.is_empty() {
        return output
            .line("no vaults: make one with `strongroom vault create NAME --purge-protection`");
    }
    let rows = views.iter().map(|view| {
        [
            view.name.to_string(),
            view.group
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
            view.region.to_string(),
            if view.purge_protection { "yes" } else { "no" }.to_owned(),
            life(view.life),
        ]
    });
    output.line(&table(
        &["name", "group", "region", "purge protection", "state"],
        &[],
        rows,
    ))
}
