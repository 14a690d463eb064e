//! `strongroom vault …`.

mod shown;

use std::collections::BTreeSet;

use serde_json::json;
use strongroom::{
    Authorization, Firewall, Grantee, IdentityView, KeyPermission, NewVault, Refusal, VaultInfo,
};

use crate::args::{GranteeArgs, Vault, VaultCreate, VaultGrant};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::session::Session;

pub(crate) use self::shown::{life, life_wire};

/// What a resource's identity needs (R9).
const NEEDED: [KeyPermission; 3] = [
    KeyPermission::Get,
    KeyPermission::WrapKey,
    KeyPermission::UnwrapKey,
];

pub(crate) async fn run(session: &Session, args: Vault, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    let view = match args {
        Vault::Create(args) => create(session, args).await?,
        Vault::Show(named) => operator.vault(&named.vault).await?,
        Vault::List => return list(session, output).await,
        Vault::Update(args) => {
            let (vault, update) = args.update();
            operator.update_vault(&vault, update).await?
        }
        Vault::Delete(named) => operator.delete_vault(&named.vault).await?,
        Vault::Recover(named) => operator.recover_vault(&named.vault).await?,
        Vault::Purge(named) => {
            operator.purge_vault(&named.vault).await?;
            return output.answer(&json!({ "purged": named.vault.as_str() }), || {
                format!("{} is gone, and its keys with it", named.vault)
            });
        }
        Vault::Move(args) => {
            let group = session.destination(&args.destination).await?;
            operator.move_vault(&args.vault, group).await?
        }
        Vault::Grant(args) => grant(session, args).await?,
        Vault::Revoke(args) => {
            let grantee = grantee(session, args.grantee).await?;
            let permissions: BTreeSet<_> = args.key_permissions.into_iter().flatten().collect();
            if permissions.is_empty() {
                operator
                    .replace_grant(&args.vault, grantee, permissions)
                    .await?
            } else {
                operator.revoke(&args.vault, grantee, permissions).await?
            }
        }
        Vault::Firewall(args) => {
            let (default_action, bypass) = (args.acl.default_action(), args.acl.bypass());
            operator
                .set_firewall(&args.vault, default_action, bypass)
                .await?
        }
    };
    output.answer(&shown::wire(&view), || shown::vault(&view))
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

async fn grant(session: &Session, args: VaultGrant) -> Result<VaultInfo, Failure> {
    let VaultGrant {
        vault,
        grantee: to,
        key_permissions,
        replace,
    } = args;
    let grantee = grantee(session, to).await?;
    let mut permissions: BTreeSet<_> = key_permissions.into_iter().flatten().collect();
    if permissions.is_empty() {
        permissions.extend(NEEDED);
    }
    let operator = &session.operator;
    Ok(if replace {
        operator.replace_grant(&vault, grantee, permissions).await?
    } else {
        operator.grant(&vault, grantee, permissions).await?
    })
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
