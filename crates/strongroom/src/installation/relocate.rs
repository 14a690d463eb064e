//! Saying anew where the root key and the audit heads of an installation are: after a restore to another place,
//! or where the settings file is lost.

use std::path::{Path, PathBuf};

use strongroom_base::CorrelationId;
use strongroom_crypto::RootKeys;

use super::init::absolute;
use super::open::{Opened, open_core};
use super::settings::{Layout, Settings};
use super::settled::Basis;
use super::{InstallationView, Options, RootKeySource};
use crate::Error;
use crate::audit::{Caller, Operation};
use crate::core::random_id;
use crate::error::InstallationError;

/// What is elsewhere.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built by callers over the default"
)]
pub struct Relocation {
    /// Where the root key is; where the settings file says, by default.
    pub root_key: Option<RootKeySource>,
    /// Where the audit heads go; where they did, by default.
    pub audit_heads: Option<PathBuf>,
}

/// Writes the settings file anew, from what the ledger says and what is elsewhere. Of the file that is there
/// nothing is obeyed but where the root key is, and that only if it is not given.
///
/// The ledger comes first: whatever cuts this off, it can be asked for again.
pub(crate) async fn relocate(
    data: &Path,
    relocation: Relocation,
    options: &Options,
) -> Result<InstallationView, Error> {
    let layout = Layout::new(absolute(data)?);
    let Relocation {
        root_key,
        audit_heads,
    } = relocation;
    let root_key = match root_key {
        Some(RootKeySource::File { path }) => RootKeySource::File {
            path: utf8(absolute(&path)?)?,
        },
        Some(other) => other,
        None => Settings::read(&layout)?.root_key,
    };
    let audit_heads = match audit_heads {
        Some(path) => Some(utf8(absolute(&path)?)?),
        None => None,
    };
    let root = RootKeys::derive(&options.provider, &root_key.read(&layout.data)?)?;
    let Opened {
        settings, control, ..
    } = open_core(&layout, Basis::Ledger, root, options).await?;
    let settings = Settings {
        root_key,
        audit_heads: audit_heads.unwrap_or(settings.audit_heads),
        ..settings
    };
    let caller = Caller {
        tenant: settings.tenant,
        principal: settings.administrator,
        source: options.source.clone(),
        correlation: CorrelationId::from_bytes(random_id(&options.provider)?),
    };
    let settled = control
        .records
        .settle_settings(&settings, Operation::InstallationRelocate, &caller)
        .await;
    let closed = control.close().await;
    settled.and(closed)?;
    settings.write_draft(&layout)?;
    Settings::publish_draft(&layout)?;
    Ok(settings.view(&layout.data))
}

fn utf8(path: PathBuf) -> Result<PathBuf, InstallationError> {
    if path.to_str().is_none() {
        return Err(InstallationError::NotUtf8 { path });
    }
    Ok(path)
}
