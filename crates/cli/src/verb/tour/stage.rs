//! What the tour plays on: a fresh data folder, a resource in it, and a planted file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use strongroom::{
    InitOptions, LeaseSettings, LeaseTerm, NewResource, Operator, ResourceHandle, Strongroom,
};
use tempfile::TempDir;

use super::at_rest::{AtRest, Held};
use super::report::Report;
use super::second_process::SecondProcess;
use crate::address::Address;
use crate::canary::Canaries;
use crate::failure::Failure;
use crate::object_path::display_file;
use crate::output::Output;
use crate::session::options;
use crate::walk::{Entry, EntryKind};

/// The resource that the tour makes for the folder.
pub(super) const RESOURCE: &str = "tour";
/// The planted file's name in it: no file of the folder has it, for it could not be stored twice.
const PLANTED: &str = ".strongroom-planted-canary";
/// How many random bytes are planted.
const PLANTED_LEN: usize = 64 << 10;

/// Everything the tour works on.
pub(super) struct Stage {
    pub(super) room: Strongroom,
    /// The resource that holds the folder.
    pub(super) resource: ResourceHandle,
    pub(super) store: Arc<dyn ObjectStore>,
    /// Every entry of the folder, then the planted file.
    pub(super) entries: Vec<Entry>,
    pub(super) canaries: Canaries,
    /// What the planted file holds.
    pub(super) planted: Bytes,
    /// The program, as a process of its own.
    pub(super) second: Arc<SecondProcess>,
    /// How the customers' keys are asked for.
    pub(super) leases: LeaseSettings,
    data: PathBuf,
    held: Held,
    /// Holds what the tour makes beside the data folder, and the data folder unless it stays.
    scratch: TempDir,
    stays: bool,
}

impl Stage {
    /// Makes the data folder and the resource, and plants the canary.
    pub(super) async fn set(
        data: Option<PathBuf>,
        keep: bool,
        lease: Option<LeaseTerm>,
        mut entries: Vec<Entry>,
        report: &mut Report<'_>,
    ) -> Result<Self, Failure> {
        let scratch = tempfile::Builder::new()
            .prefix("strongroom-tour-")
            .tempdir();
        let mut scratch = scratch.map_err(Failure::file("making", std::env::temp_dir()))?;
        let stays = keep || data.is_some();
        if keep && data.is_none() {
            scratch.disable_cleanup(true);
        }
        let data = data.unwrap_or_else(|| scratch.path().join("data"));
        // The shortest lease, so that a revocation is worth waiting for.
        let shortest = LeaseTerm::lasting(LeaseTerm::SHORTEST).unwrap_or_default();
        let options = options(Some(lease.unwrap_or(shortest)));
        let view = Strongroom::init(&data, InitOptions::default(), &options).await?;
        let room = Strongroom::open(&data, &options).await?;
        let new = NewResource::new(
            RESOURCE.parse().map_err(strongroom::Error::from)?,
            view.region,
        );
        let resource = room.create_resource(new).await?;
        let store = resource.store().await?;
        report.step(
            "create",
            &["R1", "R3", "R4"],
            true,
            "a data folder, and a resource under a key made for it alone".to_owned(),
        )?;
        let second = Arc::new(SecondProcess::new(room.show().data.clone())?);
        let mut planted = vec![0; PLANTED_LEN];
        let random = options.provider.random;
        random.fill(&mut planted).map_err(strongroom::Error::from)?;
        let planted = Bytes::from(planted);
        let mut canaries = Canaries::default();
        canaries.plant(&planted)?;
        entries.push(plant(&planted, scratch.path())?);
        Ok(Self {
            room,
            resource,
            store,
            entries,
            canaries,
            planted,
            second,
            leases: options.leases,
            data,
            held: Held::default(),
            scratch,
            stays,
        })
    }

    /// Whoever plays: the installation's administrator.
    pub(super) fn operator(&self) -> &Operator {
        self.room.administrator()
    }

    /// A place for what is made beside the data folder.
    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Everything that the installation has written.
    pub(super) fn at_rest(&mut self) -> Result<AtRest, Failure> {
        AtRest::of(self.room.show(), &mut self.held)
    }

    /// The files of the folder, and the planted one.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::File)
            .map(|entry| entry.os_path.clone())
            .collect()
    }

    /// How many bytes the folder and the planted file hold.
    pub(super) fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }

    /// Closes the installation and removes what the tour made, unless it stays.
    pub(super) async fn clear(self, output: &Output) -> Result<(), Failure> {
        let Self {
            room,
            resource,
            store,
            data,
            held,
            scratch,
            stays,
            ..
        } = self;
        drop((resource, store));
        room.close().await?;
        drop(held);
        if stays {
            output.remark(&format!(
                "\nThe data folder stays in {}",
                display_file(&data)
            ));
            return Ok(());
        }
        let path = scratch.path().to_owned();
        scratch.close().map_err(Failure::file("removing", path))
    }
}

/// The top of the tour's resource.
pub(super) fn root() -> Result<Address, Failure> {
    let resource = RESOURCE.parse().map_err(strongroom::Error::from)?;
    Ok(Address {
        resource,
        path: Vec::new(),
        folder: true,
        link: false,
    })
}

/// Writes a file of random bytes that the search must never see again.
fn plant(secret: &[u8], folder: &Path) -> Result<Entry, Failure> {
    let os_path = folder.join(PLANTED);
    let written = File::create_new(&os_path).and_then(|mut file| file.write_all(secret));
    written.map_err(Failure::file("writing", &os_path))?;
    Ok(Entry {
        os_path,
        relative: PLANTED.as_bytes().to_vec(),
        kind: EntryKind::File,
        size: secret.len() as u64,
    })
}
