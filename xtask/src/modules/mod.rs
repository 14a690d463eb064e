//! The modules of a crate as its sources declare them, and which of them uses which.

mod read;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

/// The path of a module within its crate; empty for the root.
pub type ModulePath = Vec<String>;

/// All modules of one crate that are compiled outside tests.
pub struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

/// One module: what it declares, and what it names.
#[derive(Default)]
struct Module {
    file: PathBuf,
    /// Types, functions, constants, traits and macros.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths in code, as they are written.
    paths: Vec<Vec<String>>,
    /// Types that have methods of their own here.
    inherent: BTreeSet<Vec<String>>,
    /// Structs that have fields and are no plain records.
    fields: BTreeMap<String, usize>,
}

/// One name that a `use` brings in.
struct Import {
    path: Vec<String>,
    /// Under which name; none for `_` and `*`.
    name: Option<String>,
    glob: bool,
    /// Visible to other modules: a name that is passed on is not used.
    passed_on: bool,
}

/// One file uses another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: ModulePath,
    pub to: ModulePath,
}

impl Crate {
    /// Reads a crate from its `lib.rs` or `main.rs`.
    ///
    /// # Errors
    /// When a file cannot be read or is not Rust.
    pub fn read(root: &Path) -> Result<Self> {
        let mut modules = BTreeMap::new();
        read::read(root, &mut modules)?;
        Ok(Self { modules })
    }

    /// Which module names what another declares, however it is passed on.
    pub fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for (from, module) in &self.modules {
            let used = module.imports.iter().filter(|import| !import.passed_on);
            let used = used.map(|import| &import.path).chain(&module.paths);
            for path in used {
                if let Some(to) = self.resolve(from, path)
                    && to != *from
                {
                    edges.insert(Edge {
                        from: from.clone(),
                        to,
                    });
                }
            }
        }
        edges
    }

    /// The same between files, where modules that share one are one.
    pub fn file_edges(&self) -> BTreeSet<(&Path, &Path)> {
        let file = |path: &ModulePath| &*self.modules[path].file;
        let edges = self.edges();
        let between = edges
            .iter()
            .map(|edge| (file(&edge.from), file(&edge.to)))
            .filter(|(from, to)| from != to);
        between.collect()
    }

    /// In how many files each type has methods of its own.
    pub fn files_with_methods(&self) -> BTreeMap<String, BTreeSet<&Path>> {
        let mut files: BTreeMap<String, BTreeSet<&Path>> = BTreeMap::new();
        for (path, module) in &self.modules {
            for implemented in &module.inherent {
                let (Some(home), Some(name)) =
                    (self.resolve(path, implemented), implemented.last())
                else {
                    continue;
                };
                let name = [&home[..], std::slice::from_ref(name)].concat().join("::");
                files.entry(name).or_default().insert(&module.file);
            }
        }
        files
    }

    /// How many fields each struct has that is no plain record.
    pub fn fields(&self) -> BTreeMap<String, usize> {
        let all = self.modules.iter();
        all.flat_map(|(path, module)| {
            module.fields.iter().map(|(name, fields)| {
                let name = [&path[..], std::slice::from_ref(name)].concat().join("::");
                (name, *fields)
            })
        })
        .collect()
    }

    /// The modules that the root declares.
    pub fn top(&self) -> BTreeSet<&str> {
        let all = self.modules.keys();
        all.filter_map(|path| path.first().map(String::as_str))
            .collect()
    }
}
