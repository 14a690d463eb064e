//! Everything that an installation has written, read beside it while it is open.
//!
//! SQLite's locks are the process's: they go as soon as the process closes any handle on a database file,
//! and another process would then take the database for unused, and put its log away. So the database
//! files are opened here by handles that stay open for as long as the installation is.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use strongroom::InstallationView;

use crate::failure::Failure;

/// What the name of every database file holds; SQLite adds to it what lies beside.
const DATABASE: &str = ".db";

/// The handles that must outlive the installation.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<File>);

/// What there is to search.
pub(super) struct AtRest {
    /// Folders and files.
    pub(super) places: Vec<PathBuf>,
    /// What all the database files hold.
    pub(super) databases: Vec<u8>,
    /// How many of these there are.
    pub(super) database_files: u64,
}

impl AtRest {
    /// The data folder, and what is kept outside it.
    pub(super) fn of(view: &InstallationView, held: &mut Held) -> Result<Self, Failure> {
        let data = &view.data;
        let mut found = Self {
            places: view
                .audit_heads
                .parent()
                .map(Path::to_owned)
                .into_iter()
                .collect(),
            databases: Vec::new(),
            database_files: 0,
        };
        for entry in fs::read_dir(data).map_err(Failure::file("reading", data))? {
            let entry = entry.map_err(Failure::file("reading", data))?;
            let path = entry.path();
            if !entry.file_name().to_string_lossy().contains(DATABASE) {
                found.places.push(path);
                continue;
            }
            match held.read(&path, &mut found.databases) {
                Ok(()) => found.database_files += 1,
                // A journal goes when what it was for is done.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::file("reading", path)(error)),
            }
        }
        Ok(found)
    }
}

impl Held {
    fn read(&mut self, path: &Path, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut file = File::open(path)?;
        let read = file.read_to_end(bytes);
        // Whatever came of it.
        self.0.push(file);
        // Nothing that is found may begin in one file and end in another.
        bytes.push(0);
        read.map(drop)
    }
}
