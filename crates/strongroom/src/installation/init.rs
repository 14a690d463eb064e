//! Making an installation.

use std::fs;
use std::path::{Path, PathBuf};

use strongroom_base::{
    CorrelationId, PrincipalId, Region, ResourceGroupName, ResourceUid, SubscriptionId, TenantId,
};
use strongroom_crypto::{RootKey, RootKeys};
use strongroom_identity::{DisplayName, GroupCommand, GroupUid, SubscriptionCommand};

use super::begun::{Begun, make_folder};
use super::open::make;
use super::root_key::{unfinished, write_new};
use super::settings::{FORMAT, Layout, Settings};
use super::{InstallationView, Options, RootKeySource};
use crate::Error;
use crate::audit::{Caller, Operation};
use crate::core::{Core, random_id};
use crate::directory::{FirstTenant, GroupRequest, SubscriptionRequest};
use crate::driver::Assertions;
use crate::error::InstallationError;
use crate::files::resolve;

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
    refuse_early(&layout, init.root_key.as_ref())?;
    if let Some(path) = &init.audit_heads
        && path.to_str().is_none()
    {
        return Err(InstallationError::NotUtf8 { path: path.clone() }.into());
    }
    let mut begun = Begun::begin(&layout)?;
    begun.clear(&layout).await?;
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
    let root = obtain_root_key(&root_key, &data, options, &mut begun)?;
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
        group: GroupUid::from_bytes(id()?),
        administrator: PrincipalId::from_bytes(id()?),
    };
    let view = settings.view(&data);
    let control = make(&layout, &settings, root, options).await?;
    found_directory(&control.records, &settings, options).await?;
    control.close().await?;
    let text = settings.to_json().map_err(Error::Encoding)?;
    begun.publish(&layout, &text)?;
    Ok(view)
}

/// Refuses what can be refused before anything is made: a root key that is there already, or one
/// that is to be read and cannot be.
fn refuse_early(layout: &Layout, root_key: Option<&RootKeySource>) -> Result<(), Error> {
    let begun_before = layout.begun_settings().exists();
    if layout.data.to_str().is_none() {
        let path = layout.data.clone();
        return Err(InstallationError::NotUtf8 { path }.into());
    }
    let path = match root_key {
        None => resolve(&layout.data, &layout.keep().join("root.key")),
        Some(RootKeySource::File { path }) => absolute(path)?,
        // A descriptor can be read once.
        Some(RootKeySource::Descriptor { .. }) => return Ok(()),
        Some(other) => return other.read(&layout.data).map(drop),
    };
    if path.exists() && !begun_before && !layout.settings().exists() {
        return Err(InstallationError::RootKeyExists { path }.into());
    }
    Ok(())
}

/// Reads the root key, or makes it where it is a file that is not there. A file that is there is
/// taken only if an earlier `init` that was cut off has made it.
fn obtain_root_key(
    source: &RootKeySource,
    data: &Path,
    options: &Options,
    begun: &mut Begun,
) -> Result<RootKeys, Error> {
    let derive = |key: &RootKey| RootKeys::derive(&options.provider, key);
    let RootKeySource::File { path } = source else {
        return Ok(derive(&source.read(data)?)?);
    };
    let path = data.join(path);
    if path.exists() {
        let exists = || InstallationError::RootKeyExists { path: path.clone() };
        let found = source.read(data).map_err(|_| exists())?;
        let root = derive(&found)?;
        return match begun.root_key_id() {
            Some(made) if made == root.id().to_string() => {
                // Cut off right after the file had got its name, it has two.
                let _ = fs::remove_file(unfinished(&path, begun.tag()));
                Ok(root)
            }
            Some(_) | None => Err(exists().into()),
        };
    }
    let key = RootKey::generate(options.provider.random)?;
    let root = derive(&key)?;
    // Noted first: whatever cuts this off, the next `init` knows the key for its own.
    begun.note_root_key(&root.id().to_string())?;
    write_new(&path, begun.tag(), key.to_text().expose())
        .map_err(InstallationError::io("writing the root key", path))?;
    Ok(root)
}

/// The folder beside the data folder, made if it is not there.
fn keep(layout: &Layout) -> Result<PathBuf, InstallationError> {
    let keep = layout.keep();
    let path = layout.data.join(&keep);
    make_folder(&path).map_err(InstallationError::io("making", path))?;
    Ok(keep)
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf, InstallationError> {
    std::path::absolute(path).map_err(InstallationError::io("finding", path))
}

/// The first tenant with its administrator, Owner at its root, and in it a subscription and a group.
async fn found_directory(core: &Core, settings: &Settings, options: &Options) -> Result<(), Error> {
    let at = options.clock.now();
    let Settings {
        tenant,
        subscription,
        group,
        administrator,
        ..
    } = *settings;
    let caller = Caller {
        tenant,
        principal: administrator,
        source: options.source.clone(),
        correlation: CorrelationId::from_bytes(random_id(&options.provider)?),
    };
    let default: DisplayName = "default".parse()?;
    core.found(&FirstTenant {
        tenant,
        name: default.clone(),
        administrator,
        at,
    })
    .await?;
    let create = SubscriptionRequest {
        subscription,
        command: SubscriptionCommand::Create {
            id: subscription,
            name: default,
            tenant,
        },
        caller: &caller,
    };
    core.drive(&create, Assertions::default(), &caller).await?;
    let create = GroupRequest {
        group,
        command: GroupCommand::Create {
            id: group,
            subscription,
            name: "default".parse::<ResourceGroupName>()?,
        },
        caller: &caller,
    };
    core.drive(&create, Assertions::default(), &caller).await?;
    core.settle_settings(settings, Operation::InstallationCreate, &caller)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options::new(crate::aws_lc_rs::PROVIDER)
    }

    fn keyed(path: &Path) -> InitOptions {
        let root_key = RootKeySource::File {
            path: path.to_owned(),
        };
        InitOptions {
            root_key: Some(root_key),
            ..InitOptions::default()
        }
    }

    #[tokio::test]
    async fn a_root_key_that_is_there_is_refused_however_often_it_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("root.key");
        let data = folder.path().join("one");
        init(&data, keyed(&key), &options()).await.unwrap();
        let before = fs::read(&key).unwrap();
        for _ in 0..3 {
            let other = init(&folder.path().join("other"), keyed(&key), &options()).await;
            assert!(matches!(
                other,
                Err(Error::Installation(InstallationError::RootKeyExists { .. }))
            ));
        }
        assert_eq!(fs::read(&key).unwrap(), before);
    }

    #[tokio::test]
    async fn i09_an_init_that_was_cut_off_after_its_root_key_is_begun_anew_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("root.key");
        let layout = Layout::new(folder.path().join("data"));
        let mut begun = Begun::begin(&layout).unwrap();
        let source = keyed(&key).root_key.unwrap();
        let made = obtain_root_key(&source, &layout.data, &options(), &mut begun).unwrap();
        drop(begun);

        let view = init(&layout.data, keyed(&key), &options()).await.unwrap();
        assert_eq!(view.root_key_id, made.id().to_string());
    }

    #[tokio::test]
    async fn i09_an_init_that_was_cut_off_at_its_very_end_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().join("data"));
        let made = init(&layout.data, InitOptions::default(), &options())
            .await
            .unwrap();
        // As it is just before the settings get their name.
        fs::remove_file(layout.settings()).unwrap();
        fs::write(layout.begun_settings(), &made.root_key_id).unwrap();

        let anew = init(&layout.data, InitOptions::default(), &options())
            .await
            .unwrap();
        assert_eq!(anew.root_key_id, made.root_key_id);
        assert_ne!(anew.id, made.id);
    }
}
