//! `strongroom key …`.

mod crypto;
mod shown;
mod text;

use serde_json::json;
use strongroom::{KeyId, KeyInfo, NewKey, Operator, RotateWhen, RotationPolicy, VersionChange};

use crate::args::{Key, KeyAttributes, KeyImport, KeyNamed, KeyRotationPolicy};
use crate::failure::Failure;
use crate::output::{Output, table};
use crate::session::Session;
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
        Key::List(args) => list(&operator.keys(&args.vault).await?, output),
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
            let (named, change) = args.change();
            update(operator, &named, change, output).await
        }
        Key::Enable(named) => enable(operator, &named, true, output).await,
        Key::Disable(named) => enable(operator, &named, false, output).await,
        Key::Rotate(named) => {
            let key = named.managed(operator)?;
            let rotated = operator.rotate_key(key.vault.name(), &key.name).await?;
            made(&rotated, output)
        }
        Key::RotationPolicy(args) => rotation_policy(operator, &args, output).await,
        Key::Delete(named) => {
            let key = named.managed(operator)?;
            let deleted = operator.delete_key(key.vault.name(), &key.name).await?;
            answer(&deleted, output)
        }
        Key::Recover(named) => {
            let key = named.managed(operator)?;
            let recovered = operator.recover_key(key.vault.name(), &key.name).await?;
            answer(&recovered, output)
        }
        Key::Purge(named) => {
            let key = named.managed(operator)?;
            operator.purge_key(key.vault.name(), &key.name).await?;
            let uri = whole(key).to_string();
            output.answer(&json!({ "purged": uri }), || {
                format!("{uri} is gone, with the material of all its versions")
            })
        }
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
            let jwk = text::secret_text(Some(&file))?;
            operator.import_jwk(&vault, new, &jwk).await?
        }
        (file, None) => {
            let pem = text::secret_text(file.as_deref())?;
            operator.import_pem(&vault, new, &pem).await?
        }
    })
}

async fn enable(
    operator: &Operator,
    named: &KeyNamed,
    enabled: bool,
    output: &Output,
) -> Result<(), Failure> {
    let change = VersionChange {
        enabled: Some(enabled),
        ..VersionChange::default()
    };
    update(operator, named, change, output).await
}

async fn update(
    operator: &Operator,
    named: &KeyNamed,
    change: VersionChange,
    output: &Output,
) -> Result<(), Failure> {
    let key = named.managed(operator)?;
    let updated = operator
        .update_key(key.vault.name(), &key.name, key.version, change)
        .await?;
    answer(&updated, output)
}

async fn rotation_policy(
    operator: &Operator,
    args: &KeyRotationPolicy,
    output: &Output,
) -> Result<(), Failure> {
    let key = args.named.managed(operator)?;
    let (vault, name) = (key.vault.name(), &key.name);
    let policy = match args.wanted() {
        None => operator.rotation_policy(vault, name).await?,
        Some((rotate, expires_after)) => {
            let policy =
                RotationPolicy::new(rotate, expires_after).map_err(strongroom::Error::from)?;
            operator.set_rotation_policy(vault, name, policy).await?;
            policy
        }
    };
    let (when, days) = match policy.rotate() {
        RotateWhen::Never => ("never", None),
        RotateWhen::AfterCreate { days } => ("afterCreate", Some(days)),
        RotateWhen::BeforeExpiry { days } => ("beforeExpiry", Some(days)),
    };
    let expires_after = policy.expires_after_days();
    let value = json!({ "rotate": when, "days": days, "expiresAfterDays": expires_after });
    output.answer(&value, || {
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

fn list(keys: &[KeyInfo], output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return keys
            .iter()
            .try_for_each(|key| output.json_line(&shown::wire(key)));
    }
    if keys.is_empty() {
        return output.line("no keys: make one with `strongroom key create VAULT NAME`");
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
