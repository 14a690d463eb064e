//! A vault, as programs and people read it.

use serde_json::{Map, Value, json};
use strongroom::{Authorization, Bypass, DefaultAction, LifeInfo, PolicyEntry, VaultInfo};

use crate::output::{HEADING, time};

/// A vault as programs read it.
pub(super) fn wire(view: &VaultInfo) -> Value {
    let mut wire = json!({
        "id": view.id,
        "uid": view.uid.to_string(),
        "name": view.name.as_str(),
        "uri": view.uri,
        "tenant": view.tenant.to_string(),
        "trusts": view.trusts.to_string(),
        "subscription": view.subscription.map(|id| id.to_string()),
        "group": view.group.as_ref().map(strongroom_base::ResourceGroupName::as_str),
        "region": view.region.as_str(),
        "softDelete": true,
        "retentionDays": view.retention.days(),
        "purgeProtection": view.purge_protection,
        "rbacAuthorization": view.authorization == Authorization::Roles,
        "firewall": {
            "defaultAction": default_action(view.firewall.default_action),
            "bypass": bypass(view.firewall.bypass),
        },
        "accessPolicies": view.policies.iter().map(policy_wire).collect::<Vec<_>>(),
        "created": time(view.created),
    });
    if let Value::Object(members) = &mut wire {
        members.extend(life_wire(view.life));
    }
    wire
}

fn policy_wire(entry: &PolicyEntry) -> Value {
    json!({
        "objectId": entry.grantee.object.to_string(),
        "applicationId": entry.grantee.application.map(|id| id.to_string()),
        "keyPermissions": entry.keys.keys().map(|key| key.as_str()).collect::<Vec<_>>(),
    })
}

/// Whether a vault or key can be used, as programs read it.
pub(crate) fn life_wire(life: LifeInfo) -> Map<String, Value> {
    let (state, deleted, purges) = match life {
        LifeInfo::Live => ("live", None, None),
        LifeInfo::Deleted { at, purge_at } => ("deleted", Some(at), Some(purge_at)),
        LifeInfo::Purging => ("purging", None, None),
        _ => ("unknown", None, None),
    };
    let members = [
        ("state", Value::from(state)),
        ("deleted", deleted.map(time).into()),
        ("purges", purges.map(time).into()),
    ];
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The same as people read it.
pub(crate) fn life(life: LifeInfo) -> String {
    match life {
        LifeInfo::Live => "live".to_owned(),
        LifeInfo::Deleted { purge_at, .. } => {
            format!("deleted, can be recovered until {}", time(purge_at))
        }
        LifeInfo::Purging => "being purged".to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// A vault as people read it.
pub(super) fn vault(view: &VaultInfo) -> String {
    let judged = match view.authorization {
        Authorization::AccessPolicies => "access policies",
        Authorization::Roles => "role assignments",
    };
    let protection = if view.purge_protection { "on" } else { "off" };
    let mut text = format!(
        "{HEADING}{}{HEADING:#}\n\
         id          {}\n\
         address     {}\n\
         state       {}\n\
         tenant      {}, trusts {}\n\
         region      {}\n\
         deletion    {} days to recover, purge protection {protection}\n\
         firewall    {}, bypass {}\n\
         callers     judged by {judged}\n\
         created     {}",
        view.name,
        view.id,
        view.uri,
        life(view.life),
        view.tenant,
        view.trusts,
        view.region,
        view.retention.days(),
        default_action(view.firewall.default_action),
        bypass(view.firewall.bypass),
        time(view.created),
    );
    text.extend(view.policies.iter().map(|entry| {
        let keys: Vec<&str> = entry.keys.keys().map(|key| key.as_str()).collect();
        let through = entry
            .grantee
            .application
            .map_or_else(String::new, |id| format!(" through {id}"));
        format!(
            "\npolicy      {}{through}: {}",
            entry.grantee.object,
            keys.join(" ")
        )
    }));
    text
}

fn default_action(action: DefaultAction) -> &'static str {
    match action {
        DefaultAction::Allow => "Allow",
        DefaultAction::Deny => "Deny",
    }
}

fn bypass(bypass: Bypass) -> &'static str {
    match bypass {
        Bypass::AzureServices => "AzureServices",
        Bypass::None => "None",
    }
}
