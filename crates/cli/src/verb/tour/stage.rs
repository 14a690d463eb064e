//! What the tour plays on: a fresh data folder, an unsealed copy beside it, and a planted file.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt as _};
use strongroom::{InitOptions, NewResource, Strongroom};
use tempfile::TempDir;

use super::report::{AuditSummary, Readback, Report};
use crate::address::Address;
use crate::canary::{Canaries, Findings};
use crate::digest::{Checksum, of_reader, of_stream};
use crate::failure::Failure;
use crate::object_path::ObjectKind;
use crate::output::{Output, bytes};
use crate::session::options;
use crate::transfer::{Moved, store_all};
use crate::walk::{Entry, EntryKind};

/// The resource that the tour makes.
const RESOURCE: &str = "tour";
/// The planted file's name in it: no file of the folder has it, for it could not be stored twice.
const PLANTED: &str = ".strongroom-planted-canary";
/// How many random bytes are planted.
const PLANTED_LEN: usize = 64 << 10;
/// How many files are read back at once.
const AT_ONCE: usize = 8;

/// Everything the tour works on.
pub(super) struct Stage {
    room: Strongroom,
    store: Arc<dyn ObjectStore>,
    /// Every entry of the folder, then the planted file.
    entries: Vec<Entry>,
    canaries: Canaries,
    data: PathBuf,
    /// Holds what the tour makes beside the data folder, and the data folder unless it stays.
    scratch: TempDir,
    stays: bool,
}

impl Stage {
    /// Makes the data folder and the resource, and plants the canary.
    pub(super) async fn set(
        data: Option<PathBuf>,
        keep: bool,
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
        let options = options();
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
        let mut canaries = Canaries::default();
        entries.push(plant(&mut canaries, scratch.path(), &options.provider)?);
        Ok(Self {
            room,
            store,
            entries,
            canaries,
            data,
            scratch,
            stays,
        })
    }

    /// Every step, in order.
    pub(super) async fn play(&mut self, report: &mut Report<'_>) -> Result<(), Failure> {
        self.choose_canaries(report)?;
        self.put(report).await?;
        self.search_unsealed(report).await?;
        self.search_at_rest(report)?;
        self.read_back(report).await?;
        self.verify_audit(report).await
    }

    /// Closes the installation and removes what the tour made, unless it stays.
    pub(super) async fn clear(self, output: &Output) -> Result<(), Failure> {
        self.room.close().await?;
        if self.stays {
            output.remark(&format!(
                "\nThe data folder stays in {}",
                self.data.display()
            ));
            return Ok(());
        }
        let path = self.scratch.path().to_owned();
        self.scratch
            .close()
            .map_err(Failure::file("removing", path))
    }

    /// Takes a window of every file, and sets those aside that lie in a fresh data folder already,
    /// or in the names that are visible by design.
    fn choose_canaries(&mut self, report: &mut Report<'_>) -> Result<(), Failure> {
        let files: Vec<PathBuf> = self
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::File)
            .map(|entry| entry.os_path.clone())
            .collect();
        let bar = report.files_bar("choosing", files.len() as u64);
        let without = self.canaries.add_files(&files, &|done| bar.inc(done))?;
        bar.finish_and_clear();
        let before = self.canaries.search(&self.at_rest(), &|_| ())?;
        let names = self.visible_names()?;
        let mut aside = self.canaries.set_aside(&before).len();
        let in_names = self.canaries.search_bytes(&names);
        aside += self.canaries.set_aside(&in_names).len();
        let detail = format!(
            "{} windows of 32 bytes and 64 KiB of random bytes; {without} files have none, {aside} \
             stand in what is visible by design",
            self.canaries.len(),
        );
        report.step("canaries", &["I1"], true, detail)
    }

    async fn put(&self, report: &mut Report<'_>) -> Result<(), Failure> {
        let bar = report.bytes_bar("storing", self.bytes());
        let Moved { files, bytes: size } =
            store_all(&*self.store, &root()?, &self.entries, &bar).await?;
        let took = bar.elapsed().as_secs_f64();
        bar.finish_and_clear();
        let detail = format!("{files} files, {}, in {took:.1} s", bytes(size));
        report.step(
            "put",
            &["R1", "R4"],
            files == self.entries.len() as u64,
            detail,
        )
    }

    /// The control: what finds nothing in sealed bytes must find everything in unsealed ones.
    async fn search_unsealed(&self, report: &mut Report<'_>) -> Result<(), Failure> {
        let copy = self.scratch.path().join("unsealed");
        std::fs::create_dir(&copy).map_err(Failure::file("making", &copy))?;
        let plain = LocalFileSystem::new_with_prefix(&copy)?;
        let bar = report.bytes_bar("copying", self.bytes());
        store_all(&plain, &root()?, &self.entries, &bar).await?;
        bar.finish_and_clear();
        let found = self.search(std::slice::from_ref(&copy), report)?;
        let unseen = self.canaries.unseen(&found).count();
        std::fs::remove_dir_all(&copy).map_err(Failure::file("removing", &copy))?;
        let sought = self.canaries.len();
        let detail = format!(
            "{} of {sought} canaries found in an unsealed copy",
            sought - unseen
        );
        report.step("search control", &["I1"], unseen == 0, detail)
    }

    fn search_at_rest(&self, report: &mut Report<'_>) -> Result<(), Failure> {
        let found = self.search(&self.at_rest(), report)?;
        report.canary_hits = found.total();
        let seen = self
            .canaries
            .seen(&found)
            .next()
            .map_or_else(String::new, |(_, form, hit)| {
                let file = hit.file.as_deref().unwrap_or(Path::new("?"));
                format!(
                    "; the first, in {}, at byte {} of {}",
                    form.name(),
                    hit.offset,
                    file.display()
                )
            });
        let detail = format!(
            "{} canaries found in {} at rest ({} files), raw, hex or base64{seen}",
            found.total(),
            bytes(found.bytes),
            found.files,
        );
        report.step("search at rest", &["R1", "I1"], found.total() == 0, detail)
    }

    async fn read_back(&self, report: &mut Report<'_>) -> Result<(), Failure> {
        let bar = report.bytes_bar("reading back", self.bytes());
        let root = root()?;
        let mismatches = stream::iter(&self.entries)
            .map(async |entry| {
                let same = self.reads_back(&root, entry).await?;
                bar.inc(entry.size);
                Ok::<_, Failure>(u64::from(!same))
            })
            .buffer_unordered(AT_ONCE)
            .try_fold(0, async |sum, one| Ok(sum + one))
            .await?;
        let took = bar.elapsed().as_secs_f64();
        bar.finish_and_clear();
        // The planted file is read back too, but it is not the folder's.
        report.readback = Readback {
            files: report.files,
            mismatches,
        };
        let detail = format!(
            "{} files and the planted one by SHA-256, {mismatches} differ, in {took:.1} s",
            report.files
        );
        report.step("read back", &["R1"], mismatches == 0, detail)
    }

    /// Whether what is stored is what the folder holds.
    async fn reads_back(&self, root: &Address, entry: &Entry) -> Result<bool, Failure> {
        let kind = match &entry.kind {
            EntryKind::File => ObjectKind::File,
            EntryKind::Link { .. } => ObjectKind::Link,
        };
        let stored = self.store.get(&root.join(&entry.relative, kind)?).await?;
        let stored = of_stream(stored.into_stream()).await?;
        Ok(stored == checksum(entry).await?)
    }

    async fn verify_audit(&self, report: &mut Report<'_>) -> Result<(), Failure> {
        let verified = self.room.verify_audit().await?;
        report.audit = AuditSummary {
            records: verified.records,
            verified: true,
        };
        let detail = format!(
            "{} records, none removed, changed or reordered",
            verified.records
        );
        report.step("audit", &["R18"], true, detail)
    }

    fn search(&self, places: &[PathBuf], report: &Report<'_>) -> Result<Findings, Failure> {
        let bar = report.bytes_bar("searching", self.bytes());
        let found = self
            .canaries
            .search(places, &|searched| bar.inc(searched))?;
        bar.finish_and_clear();
        Ok(found)
    }

    /// Everything that the installation has written: its data folder, and what is kept outside it.
    fn at_rest(&self) -> Vec<PathBuf> {
        let view = self.room.show();
        let outside = view.audit_heads.parent().map(Path::to_owned);
        std::iter::once(view.data.clone()).chain(outside).collect()
    }

    /// Everything that is visible in storage by design.
    fn visible_names(&self) -> Result<Vec<u8>, Failure> {
        let root = root()?;
        let mut names = Vec::new();
        for entry in &self.entries {
            let location = root.join(&entry.relative, ObjectKind::File)?;
            names.extend_from_slice(location.as_ref().as_bytes());
            names.push(b'\n');
        }
        Ok(names)
    }

    fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }
}

/// The top of the tour's resource.
fn root() -> Result<Address, Failure> {
    let resource = RESOURCE.parse().map_err(strongroom::Error::from)?;
    Ok(Address {
        resource,
        path: Vec::new(),
        folder: true,
    })
}

/// Writes a file of random bytes that the search must never see again.
fn plant(
    canaries: &mut Canaries,
    folder: &Path,
    provider: &strongroom::Provider,
) -> Result<Entry, Failure> {
    let os_path = folder.join(PLANTED);
    let mut secret = vec![0; PLANTED_LEN];
    provider
        .random
        .fill(&mut secret)
        .map_err(strongroom::Error::from)?;
    canaries.plant(&secret)?;
    let written = File::create_new(&os_path).and_then(|mut file| file.write_all(&secret));
    written.map_err(Failure::file("writing", &os_path))?;
    let relative = PLANTED.as_bytes().to_vec();
    Ok(Entry {
        os_path,
        relative,
        kind: EntryKind::File,
        size: PLANTED_LEN as u64,
    })
}

/// The checksum, and the length, of what the folder holds.
async fn checksum(entry: &Entry) -> Result<(Checksum, u64), Failure> {
    match &entry.kind {
        EntryKind::Link { target } => {
            of_reader(target.as_slice()).map_err(Failure::file("reading", &entry.os_path))
        }
        EntryKind::File => {
            let path = entry.os_path.clone();
            let hashed = tokio::task::spawn_blocking(move || of_reader(File::open(path)?)).await;
            hashed
                .unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)))
                .map_err(Failure::file("reading", &entry.os_path))
        }
    }
}
