//! A service whose customer takes the key away, and gives it back: what the service sees, and what it says to
//! the customer.
//!
//! ```console
//! $ cargo run -p strongroom-examples --bin reacting
//! ```
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a program that people read")]

use std::time::Duration;

use anyhow::{Context as _, Result};
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{
    Error, Grantee, InitOptions, KeyName, KeyPermission, KeySpec, NewKey, NewResource, NewVault,
    Options, ResourceChange, RsaKeySize, Strongroom, VaultName, VersionChange, WrapAlgorithm,
};
use strongroom_base::{Outcome as _, OutcomeKind};

/// What a request handler makes of a failed read.
#[derive(Debug)]
enum Reaction {
    /// The customer has taken the key away: say so, and serve nothing of theirs. It comes back by itself.
    Withdrawn { code: &'static str, why: String },
    /// Nobody answered: try again after a while.
    Later,
    /// It is not there, or the request was wrong, or something is damaged.
    Failed(Error),
}

impl From<object_store::Error> for Reaction {
    fn from(error: object_store::Error) -> Self {
        let error = Error::from(error);
        if let Some(found) = error.out_of_reach() {
            let reason = found.inaccessible().reason;
            return Self::Withdrawn {
                code: reason.code(),
                why: reason.to_string(),
            };
        }
        match error.kind() {
            OutcomeKind::Unavailable | OutcomeKind::Throttled => Self::Later,
            _ => Self::Failed(error),
        }
    }
}

async fn serve(store: &dyn ObjectStore) -> Result<String, Reaction> {
    let read = store.get(&"greeting".into()).await?.bytes().await?;
    Ok(String::from_utf8_lossy(&read).into_owned())
}

async fn serve_and_say(store: &dyn ObjectStore) -> Result<()> {
    match serve(store).await {
        Ok(text) => println!("served: {text}"),
        Err(Reaction::Withdrawn { code, why }) => {
            println!("you have withdrawn the key ({code}): {why}");
        }
        Err(Reaction::Later) => {
            println!("try again in a moment");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(Reaction::Failed(error)) => return Err(error.into()),
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let options = Options::new(strongroom::aws_lc_rs::PROVIDER);
    let view = Strongroom::init(&data, InitOptions::default(), &options).await?;
    let room = Strongroom::open(&data, &options).await?;
    let operator = room.administrator();

    // The customer's vault and key.
    let vault: VaultName = "contoso".parse().context("a name")?;
    let key: KeyName = "docs".parse().context("a name")?;
    let new = NewVault {
        purge_protection: true,
        ..NewVault::new(vault.clone(), view.region.clone())
    };
    operator.create_vault(new).await?;
    let me = Grantee {
        object: operator.principal(),
        application: None,
    };
    let everything = KeyPermission::ALL.iter().copied().collect();
    operator.grant(&vault, me, everything).await?;
    let rsa = KeySpec::Rsa(RsaKeySize::Rsa2048);
    let made = operator
        .create_key(&vault, NewKey::new(key.clone()), rsa)
        .await?;

    // The service's resource, under that key.
    let name = "notes".parse().context("a name")?;
    let notes = room
        .create_resource(NewResource::new(name, view.region))
        .await?;
    let set = ResourceChange::SetKey {
        key: made.version.id.to_string(),
        algorithm: WrapAlgorithm::RsaOaep256,
    };
    notes.change(set).await?;
    let store = notes.store().await?;
    store.put(&"greeting".into(), "hello".into()).await?;
    serve_and_say(&*store).await?;

    for enabled in [false, true] {
        let change = VersionChange {
            enabled: Some(enabled),
            ..VersionChange::default()
        };
        operator.update_key(&vault, &key, None, change).await?;
        serve_and_say(&*store).await?;
    }
    room.close().await?;
    Ok(())
}
