//! Which module declares what a path leads to.

use super::{Crate, Module, ModulePath};

/// A name that is passed on more often than this goes round in a circle.
const PASSED_ON: usize = 16;

impl Crate {
    /// The module that declares what `path` leads to from `from`; none, if that is of another crate.
    pub(super) fn resolve(&self, from: &ModulePath, path: &[String]) -> Option<ModulePath> {
        self.resolve_within(from, path, PASSED_ON)
    }

    fn resolve_within(
        &self,
        from: &ModulePath,
        path: &[String],
        left: usize,
    ) -> Option<ModulePath> {
        let left = left.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        match &**first {
            "crate" => self.walk(Vec::new(), rest, left),
            "self" => self.walk(from.clone(), rest, left),
            "super" => {
                let (_, above) = from.split_last()?;
                // `super::super` goes on from there.
                match rest.first().map(String::as_str) {
                    Some("super") => self.resolve_within(&above.to_vec(), rest, left),
                    _ => self.walk(above.to_vec(), rest, left),
                }
            }
            name => {
                let module = self.modules.get(from)?;
                if self.modules.contains_key(&below(from, name)) || module.items.contains(name) {
                    return self.walk(from.clone(), path, left);
                }
                self.imported(from, module, name, rest, left)
            }
        }
    }

    /// Goes down from a module for as long as there are modules, then finds the name.
    fn walk(&self, mut at: ModulePath, path: &[String], left: usize) -> Option<ModulePath> {
        let mut rest = path;
        while let Some((name, after)) = rest.split_first() {
            let deeper = below(&at, name);
            if self.modules.contains_key(&deeper) {
                at = deeper;
                rest = after;
                continue;
            }
            let module = self.modules.get(&at)?;
            if module.items.contains(name) {
                return Some(at);
            }
            let passed_on = module
                .imports
                .iter()
                .any(|import| import.name.as_deref() == Some(name));
            let found = self.imported(&at, module, name, after, left);
            // What is passed on and not found is of another crate; what is neither, a macro has made.
            return if passed_on { found } else { found.or(Some(at)) };
        }
        Some(at)
    }

    fn imported(
        &self,
        at: &ModulePath,
        module: &Module,
        name: &str,
        rest: &[String],
        left: usize,
    ) -> Option<ModulePath> {
        let named = module
            .imports
            .iter()
            .find(|import| import.name.as_deref() == Some(name));
        if let Some(import) = named {
            let whole = [&import.path[..], rest].concat();
            // What an import is called counts for nothing in its own path.
            return match import.path.first() {
                Some(first) if first == name && import.path.len() == 1 => None,
                _ => self.resolve_within(at, &whole, left),
            };
        }
        let globs = module.imports.iter().filter(|import| import.glob);
        globs.into_iter().find_map(|glob| {
            let target = self.resolve_within(at, &glob.path, left)?;
            let found = self.modules.get(&target)?;
            found.items.contains(name).then_some(target)
        })
    }
}

fn below(path: &ModulePath, name: &str) -> ModulePath {
    let mut below = path.clone();
    below.push(name.to_owned());
    below
}
