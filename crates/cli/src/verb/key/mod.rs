//! `strongroom key …`.

mod crypto;
mod in_use;
mod shown;
mod text;

use serde_json::{Value, json};
use strongroom::{
    KeyId, KeyInfo, NewKey, Operator, RotateWhen, RotationPolicy, VaultName, VersionChange,
};

use crate::args::{Key, KeyAttributes, KeyImport, KeyNamed, KeyRotationPolicy, KeyVersions};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::session::Session;
use crate::verb::change::{Change, counted, number};
use crate::verb::vault::life;

pub(crate) async fn run(session: &Session, args: Key, output: &Output) -> Result<(), Failure> {
    let operator = &session.operator;
    match args {
        Key::Create(args) => {
            let spec = args.spec();
            let new = new_key(args.key, &args.attributes, args.disabled);
            made(&operator.create_key(&args.vault, new, spec).await?, output)
        }
        Key::Import(args) => made(&import(operator, args).await?, output),
        Key::List(args) => list(&args.vault, &operator.keys(&args.vault).await?, output),
        Key::ListVersions(named) => {
            let key = named.managed(operator)?;
            let versions = operator.key_versions(key.vault.name(), &key.name).await?;
            shown::versions(&versions, output)
        }
        Key::Show(named) => {
            let key = named.managed(operator)?;
            let shown = operator.key(key.vault.name(), &key.name, key.version);
            answer(&shown.await?, output)
        }
        Key::Update(args) => {
            let (versions, change) = args.change();
            update(operator, &versions, change, output).await
        }
        Key::Enable(versions) => enable(operator, &versions, true, output).await,
        Key::Disable(versions) => enable(operator, &versions, false, output).await,
        Key::Rotate(named) => rotate(operator, named.managed(operator)?, output).await,
        Key::RotationPolicy(args) => rotation_policy(operator, &args, output).await,
        Key::Delete(named) => delete(operator, named.managed(operator)?, output).await,
        Key::Recover(named) => {
            let key = named.managed(operator)?;
            let (vault, name) = (key.vault.name(), &key.name);
            let asked = operator.recover_key(vault, name).await;
            let recovered = Change::of(asked, operator.key(vault, name, None)).await?;
            recovered.tell(&key.to_string(), output, shown::wire, shown::key)
        }
        Key::Purge(named) => purge(operator, whole(named.managed(operator)?), output).await,
        Key::Census(named) => {
            let census = operator.census(&named.uri(operator)?).await?;
            shown::census(&census, output)
        }
        Key::Wrap(args) => crypto::wrap(operator, args, output).await,
        Key::Unwrap(args) => crypto::unwrap(operator, args, output).await,
        Key::Encrypt(args) => crypto::encrypt(operator, args, output).await,
        Key::Decrypt(args) => crypto::decrypt(operator, args, output).await,
    }
}

fn new_key(name: strongroom::KeyName, attributes: &KeyAttributes, disabled: bool) -> NewKey {
    NewKey {
        enabled: !disabled,
        not_before: attributes.not_before,
        expires: attributes.expires,
        operations: attributes.operations(),
        ..NewKey::new(name)
    }
}

async fn import(operator: &Operator, args: KeyImport) -> Result<KeyInfo, Failure> {
    let KeyImport {
        vault,
        key,
        pem_file,
        jwk_file,
        attributes,
        disabled,
    } = args;
    let new = new_key(key, &attributes, disabled);
    Ok(match (pem_file, jwk_file) {
        (_, Some(file)) => {
            let jwk = text::secret_text(Some(&file)).await?;
            operator.import_jwk(&vault, new, &jwk).await?
        }
        (file, None) => {
            let pem = text::secret_text(file.as_deref()).await?;
            operator.import_pem(&vault, new, &pem).await?
        }
    })
}

/// After a rotation, resources stay on their own version until each is updated (R16).
async fn rotate(operator: &Operator, key: KeyId, output: &Output) -> Result<(), Failure> {
    let rotated = operator.rotate_key(key.vault.name(), &key.name).await?;
    made(&rotated, output)?;
    let used = in_use::resources(&in_use::of(operator, &key, output).await);
    if used > 0 {
        output.remark(&format!(
            "{} an older version until it is updated (R16): strongroom key census {} {}",
            counted(used, "use"),
            key.vault.name(),
            key.name
        ));
    }
    Ok(())
}

async fn delete(operator: &Operator, key: KeyId, output: &Output) -> Result<(), Failure> {
    let (vault, name) = (key.vault.name(), &key.name);
    let asked = operator.delete_key(vault, name).await;
    let deleted = Change::of(asked, operator.key(vault, name, None)).await?;
    let used = in_use::resources(&in_use::of(operator, &key, output).await);
    let wire = |key: &KeyInfo| with(shown::wire(key), "stops", used.into());
    deleted.tell(&whole(key.clone()).to_string(), output, wire, |key| {
        format!(
            "{}\nstops       {}, until it is recovered: strongroom key recover {vault} {name}",
            shown::key(key),
            number(used),
        )
    })
}

async fn purge(operator: &Operator, key: KeyId, output: &Output) -> Result<(), Failure> {
    let used = operator.versions_in_use(key.vault.name(), &key.name).await;
    // Whoever may not know is told without.
    let lost = used.ok().map(|used| in_use::resources(&used));
    operator.purge_key(key.vault.name(), &key.name).await?;
    let uri = key.to_string();
    output.answer(&json!({ "purged": uri, "lost": lost }), || {
        let lost = lost
            .filter(|lost| *lost > 0)
            .map_or_else(String::new, |lost| {
                format!("; {} it and cannot be read any more", counted(lost, "need"))
            });
        format!("{uri} is gone, with the material of all its versions{lost}")
    })
}

fn with(mut wire: Value, member: &str, value: Value) -> Value {
    if let Value::Object(members) = &mut wire {
        members.insert(member.to_owned(), value);
    }
    wire
}

async fn enable(
    operator: &Operator,
    versions: &KeyVersions,
    enabled: bool,
    output: &Output,
) -> Result<(), Failure> {
    let change = VersionChange {
        enabled: Some(enabled),
        ..VersionChange::default()
    };
    update(operator, versions, change, output).await
}

async fn update(
    operator: &Operator,
    versions: &KeyVersions,
    change: VersionChange,
    output: &Output,
) -> Result<(), Failure> {
    let key = versions.named.managed(operator)?;
    let (vault, name) = (key.vault.name(), &key.name);
    let all = versions.all_versions;
    if let (true, Some(_)) = (all, key.version) {
        return Err(Failure::OneVersionOrAll(key.to_string()));
    }
    let asked = if all {
        operator
            .update_all_versions(vault, name, change.clone())
            .await
    } else {
        operator
            .update_key(vault, name, key.version, change.clone())
            .await
    };
    let updated = Change::of(asked, operator.key(vault, name, key.version)).await?;
    let in_use = in_use::of(operator, &key, output).await;
    let used = in_use::resources(&in_use);
    let left_out = if all {
        None
    } else {
        in_use::left_out(&key, updated.view.as_ref(), &change, in_use)
    };
    let wire = |key: &KeyInfo| match &left_out {
        Some(warning) => with(shown::wire(key), "warning", warning.wire()),
        None => shown::wire(key),
    };
    updated.tell(&key.to_string(), output, wire, shown::key)?;
    if let Some(warning) = &left_out {
        warning.warn(output);
    }
    let uri = updated.view.as_ref().map(|key| &key.version.id);
    if let Some(remark) = uri.and_then(|uri| in_use::still_opens(&change, uri, used)) {
        output.remark(&remark);
    }
    Ok(())
}

async fn rotation_policy(
    operator: &Operator,
    args: &KeyRotationPolicy,
    output: &Output,
) -> Result<(), Failure> {
    let key = args.named.managed(operator)?;
    let (vault, name) = (key.vault.name(), &key.name);
    let mut changed = None;
    let policy = match args.wanted() {
        None => operator.rotation_policy(vault, name).await?,
        Some((rotate, expires_after)) => {
            let policy =
                RotationPolicy::new(rotate, expires_after).map_err(strongroom::Error::from)?;
            let asked = operator.set_rotation_policy(vault, name, policy).await;
            changed = Some(match asked {
                Ok(_) => true,
                Err(error) if error.changes_nothing() => false,
                Err(error) => return Err(error.into()),
            });
            policy
        }
    };
    let (when, days) = match policy.rotate() {
        RotateWhen::Never => ("never", None),
        RotateWhen::AfterCreate { days } => ("afterCreate", Some(days)),
        RotateWhen::BeforeExpiry { days } => ("beforeExpiry", Some(days)),
    };
    let expires_after = policy.expires_after_days();
    let mut value = json!({ "rotate": when, "days": days, "expiresAfterDays": expires_after });
    if let Some(changed) = changed {
        value = with(value, "changed", changed.into());
    }
    output.answer(&value, || {
        if changed == Some(false) {
            return format!("no change needed: the rotation policy of {key} is so already");
        }
        let when = match policy.rotate() {
            RotateWhen::Never => "no version is added by itself".to_owned(),
            RotateWhen::AfterCreate { days } => {
                format!("a version is added {days} days after the latest was made")
            }
            RotateWhen::BeforeExpiry { days } => {
                format!("a version is added {days} days before the latest expires")
            }
        };
        match expires_after {
            Some(days) => format!("{when}; what is added expires after {days} days"),
            None => when,
        }
    })
}

/// A new version: its URI is what comes next.
fn made(key: &KeyInfo, output: &Output) -> Result<(), Failure> {
    output.answer(&shown::wire(key), || key.version.id.to_string())
}

fn answer(key: &KeyInfo, output: &Output) -> Result<(), Failure> {
    output.answer(&shown::wire(key), || shown::key(key))
}

fn list(vault: &VaultName, keys: &[KeyInfo], output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return keys
            .iter()
            .try_for_each(|key| output.json_line(&shown::wire(key)));
    }
    if keys.is_empty() {
        return output.line(&format!(
            "no keys: make one with `strongroom key create {vault} NAME`"
        ));
    }
    let rows = keys.iter().map(|key| {
        [
            key.name.to_string(),
            key.version.public.spec().to_string(),
            key.versions.to_string(),
            if key.version.enabled { "yes" } else { "no" }.to_owned(),
            life(key.life),
        ]
    });
    output.line(&table(
        &["name", "type", "versions", "enabled", "state"],
        &[2],
        rows,
    ))
}

fn whole(key: KeyId) -> KeyId {
    KeyId {
        version: None,
        ..key
    }
}

impl KeyNamed {
    /// The URI that it is or stands for.
    fn uri(&self, operator: &Operator) -> Result<String, Failure> {
        if self.vault.contains("://") {
            return match &self.key {
                Some(_) => Err(Failure::KeyNamedTwice(self.vault.clone())),
                None => Ok(self.vault.clone()),
            };
        }
        Ok(self.managed(operator)?.to_string())
    }

    /// A key of the installation's own vaults.
    fn managed(&self, operator: &Operator) -> Result<KeyId, Failure> {
        match &self.key {
            _ if self.vault.contains("://") => Ok(operator.managed_key(&self.uri(operator)?)?),
            None => Err(Failure::NoKey(self.vault.clone())),
            Some(name) => {
                let vault = self.vault.parse().map_err(strongroom::Error::from)?;
                Ok(KeyId {
                    vault: strongroom::VaultAddress::embedded(vault),
                    name: name.clone(),
                    version: self.version,
                })
            }
        }
    }
}
