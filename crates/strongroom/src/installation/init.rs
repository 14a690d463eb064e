//! Making an installation.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use strongroom_base::{
    CorrelationId, PrincipalId, RecordId, Region, ResourceGroupName, ResourceUid, SubscriptionId,
    TenantId,
};
use strongroom_crypto::RootKeys;
use strongroom_ledger::{Commit, Version, Write};

use super::open::make;
use super::root_key::write_new;
use super::settings::{FORMAT, Layout, Settings};
use super::{InstallationError, InstallationView, Options, RootKeySource};
use crate::Error;
use crate::audit::{Caller, Happened, Operation};
use crate::core::{Core, put, random_id};
use crate::directory::{GroupId, Principal, ResourceGroup, Subscription};

/// How to make an installation.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers over the default"
)]
pub struct InitOptions {
    /// Makes it one for trying things.
    pub dev: bool,
    /// Where the root key comes from; by default a new file beside the data folder.
    pub root_key: Option<RootKeySource>,
    /// Where the audit heads go; by default a file beside the data folder.
    pub audit_heads: Option<PathBuf>,
}

/// Makes an installation in `data`, which is absent, empty or was begun and cut off: a tenant, a
/// subscription and a group called `default`, the region `local`, and an administrator.
///
/// The settings file takes its name last. Whatever cuts this off leaves no installation, and
/// calling it again begins anew.
pub(crate) async fn init(
    data: &Path,
    init: InitOptions,
    options: &Options,
) -> Result<InstallationView, Error> {
    let data = std::path::absolute(data).map_err(InstallationError::io("finding", data))?;
    let layout = Layout::new(&data);
    let begun_before = begin(&layout)?;
    let InitOptions {
        dev,
        root_key,
        audit_heads,
    } = init;
    let root_key = match root_key {
        None => RootKeySource::File {
            path: keep(&layout)?.join("root.key"),
        },
        Some(RootKeySource::File { path }) => RootKeySource::File {
            path: absolute(&path)?,
        },
        Some(other) => other,
    };
    let audit_heads = match audit_heads {
        None => keep(&layout)?.join("audit-heads"),
        Some(path) => absolute(&path)?,
    };
    let key = root_key.make_or_read(&data, options.provider.random, begun_before)?;
    let root = RootKeys::derive(&options.provider, &key)?;
    let id = || random_id(&options.provider);
    let settings = Settings {
        format: FORMAT,
        id: ResourceUid::from_bytes(id()?),
        dev,
        root_key,
        root_key_id: root.id().to_string(),
        audit_heads,
        region: "local".parse::<Region>()?,
        tenant: TenantId::from_bytes(id()?),
        subscription: SubscriptionId::from_bytes(id()?),
        group: "default".parse::<ResourceGroupName>()?,
        administrator: PrincipalId::from_bytes(id()?),
    };
    let view = settings.view(&data);
    let core = make(&layout, &settings, root, options).await?;
    found_directory(&core, &settings, options).await?;
    core.close().await?;
    publish(&layout, &settings)?;
    Ok(view)
}

/// Marks the data folder as begun. Answers whether it had been begun and cut off before.
fn begin(layout: &Layout) -> Result<bool, InstallationError> {
    let data = &layout.data;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(InstallationError::io("making", data))?;
    let begun = layout.begun_settings();
    let cut_off = begun.exists() && !layout.settings().exists();
    if cut_off {
        for file in layout.databases() {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(InstallationError::io("removing", file)(error));
                }
                _ => {}
            }
        }
        return Ok(true);
    }
    let mut entries = fs::read_dir(data).map_err(InstallationError::io("listing", data))?;
    if entries.next().is_some() {
        return Err(InstallationError::Occupied { path: data.clone() });
    }
    write_new(&begun, b"").map_err(InstallationError::io("writing", begun))?;
    Ok(false)
}

/// The folder beside the data folder, made if it is not there.
fn keep(layout: &Layout) -> Result<PathBuf, InstallationError> {
    let keep = layout.keep();
    let path = layout.data.join(&keep);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&path)
        .map_err(InstallationError::io("making", path))?;
    Ok(keep)
}

fn absolute(path: &Path) -> Result<PathBuf, InstallationError> {
    std::path::absolute(path).map_err(InstallationError::io("finding", path))
}

/// Commits the first tenant's subscription, group and administrator.
async fn found_directory(core: &Core, settings: &Settings, options: &Options) -> Result<(), Error> {
    let now = options.clock.now();
    let Settings {
        tenant,
        subscription,
        administrator,
        ..
    } = settings.clone();
    let group = GroupId {
        subscription,
        name: settings.group.clone(),
    };
    let caller = Caller {
        tenant,
        principal: administrator,
        source: options.source.clone(),
        correlation: CorrelationId::from_bytes(random_id(&options.provider)?),
    };
    let default = "default".to_owned();
    let states = [
        (
            Subscription::aggregate(subscription)?,
            put(&Subscription {
                id: subscription,
                name: default,
                tenant,
            })?,
        ),
        (
            group.aggregate()?,
            put(&ResourceGroup { id: group.clone() })?,
        ),
        (
            Principal::aggregate(administrator)?,
            put(&Principal {
                id: administrator,
                name: "administrator".to_owned(),
                tenant,
            })?,
        ),
    ];
    for (id, change) in states {
        let write = Some(Write {
            id,
            expected: Version::ABSENT,
            change,
        });
        core.ledger
            .commit(
                Commit {
                    write,
                    ..Commit::default()
                },
                now,
            )
            .await?;
    }
    let target = format!("installation/{}", settings.id);
    let record = RecordId::from_bytes(random_id(&options.provider)?);
    let entry = Happened::new(Operation::InstallationCreate, target).entry(record, &caller, now)?;
    core.ledger.commit(Commit::audit(vec![entry]), now).await?;
    Ok(())
}

/// Gives the settings file its name: from now on this is an installation.
fn publish(layout: &Layout, settings: &Settings) -> Result<(), Error> {
    let (begun, done) = (layout.begun_settings(), layout.settings());
    let text = settings.to_json().map_err(Error::Encoding)?;
    let write = || -> std::io::Result<()> {
        fs::write(&begun, text)?;
        File::open(&begun)?.sync_all()?;
        fs::rename(&begun, &done)?;
        File::open(&layout.data)?.sync_all()
    };
    write().map_err(InstallationError::io("writing", &done))?;
    Ok(())
}
