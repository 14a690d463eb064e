//! Reads the sources of a crate, file by file, as its `mod` declarations lead.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, Item, ItemMod, Meta, Type, UseTree, Visibility};

use super::{Import, Module, ModulePath};

/// Names that mark a struct as a plain record: it is stored, sent, or filled in by arguments.
const RECORDS: &[&str] = &["Args", "Deserialize", "Parser", "Serialize", "Subcommand"];

/// Reads the crate whose root file is `root`.
pub fn read(root: &Path, modules: &mut BTreeMap<ModulePath, Module>) -> Result<()> {
    let folder = root.parent().context("a source file is in no folder")?;
    read_file(root, folder, Vec::new(), modules)
}

/// `folder` is where the files of the module's own modules are.
fn read_file(
    file: &Path,
    folder: &Path,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
    read_items(&parsed.items, file, folder, path, modules)
}

fn read_items(
    items: &[Item],
    file: &Path,
    folder: &Path,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) -> Result<()> {
    let mut module = Module {
        file: file.to_owned(),
        ..Module::default()
    };
    for item in items {
        if attributes(item).iter().any(is_for_tests) {
            continue;
        }
        if let Item::Mod(declared) = item {
            let below = [&path[..], &[declared.ident.to_string()]].concat();
            read_module(declared, file, folder, below, modules)?;
            continue;
        }
        module.take_in(item);
    }
    modules.insert(path, module);
    Ok(())
}

fn read_module(
    declared: &ItemMod,
    file: &Path,
    folder: &Path,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) -> Result<()> {
    let name = declared.ident.to_string();
    let below = folder.join(&name);
    if let Some((_, items)) = &declared.content {
        return read_items(items, file, &below, path, modules);
    }
    let candidates: [PathBuf; 2] = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
    let found = candidates.iter().find(|file| file.is_file());
    let found = found.ok_or_else(|| anyhow!("{}: no file of `mod {name}`", file.display()))?;
    read_file(found, &below, path, modules)
}

impl Module {
    fn take_in(&mut self, item: &Item) {
        match item {
            Item::Use(used) => {
                let passed_on = !matches!(used.vis, Visibility::Inherited);
                self.take_in_use(&used.tree, &mut Vec::new(), passed_on);
                return;
            }
            Item::Struct(found) => {
                self.take_in_struct(found);
            }
            Item::Impl(found) if found.trait_.is_none() => {
                if let Type::Path(of) = &*found.self_ty {
                    self.inherent.insert(segments(&of.path));
                }
            }
            _ => {}
        }
        self.items.extend(name_of(item));
        Paths(&mut self.paths).visit_item(item);
    }

    fn take_in_struct(&mut self, found: &syn::ItemStruct) {
        let Fields::Named(fields) = &found.fields else {
            return;
        };
        let name = found.ident.to_string();
        let all_public = fields
            .named
            .iter()
            .all(|field| matches!(field.vis, Visibility::Public(_)));
        let derived = found.attrs.iter().any(|attribute| {
            let text = tokens(attribute);
            text.contains("derive") && RECORDS.iter().any(|record| text.contains(record))
        });
        if !all_public && !derived {
            self.fields.insert(name, fields.named.len());
        }
    }

    fn take_in_use(&mut self, tree: &UseTree, before: &mut Vec<String>, passed_on: bool) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.take_in_use(&path.tree, before, passed_on);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.take_in_use(tree, before, passed_on);
                }
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                let mut path = before.clone();
                // `a::{self}` is `a`.
                if name != "self" || path.is_empty() {
                    path.push(name);
                }
                let name = path.last().cloned();
                self.imports.push(Import {
                    path,
                    name,
                    glob: false,
                    passed_on,
                });
            }
            UseTree::Rename(rename) => {
                let mut path = before.clone();
                if rename.ident != "self" {
                    path.push(rename.ident.to_string());
                }
                let name = rename.rename.to_string();
                self.imports.push(Import {
                    path,
                    name: (name != "_").then_some(name),
                    glob: false,
                    passed_on,
                });
            }
            UseTree::Glob(_) => self.imports.push(Import {
                path: before.clone(),
                name: None,
                glob: true,
                passed_on,
            }),
        }
    }
}

/// Collects the paths in a piece of code; what only tests compile is left out.
struct Paths<'m>(&'m mut Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.0.push(segments(path));
        }
        visit::visit_path(self, path);
    }

    // `pub(crate)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !function.attrs.iter().any(is_for_tests) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    // What a macro makes of its tokens is not known; most take expressions.
    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.0.push(segments(&called.path));
        let parser = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if let Ok(arguments) = called.parse_body_with(parser) {
            for argument in &arguments {
                // The arguments do not live as long as the file, which a visitor of their own does not ask for.
                Paths(self.0).visit_expr(argument);
            }
        }
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect()
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an attribute leaves its item out of everything but tests.
fn is_for_tests(attribute: &Attribute) -> bool {
    if !attribute.path().is_ident("cfg") {
        return false;
    }
    let text = tokens(attribute);
    let words: Vec<_> = text
        .split(|sign: char| !sign.is_alphanumeric() && sign != '_')
        .filter(|word| !word.is_empty())
        .collect();
    words.contains(&"test") && !words.contains(&"not") && !words.contains(&"any")
        || words.contains(&"doctest")
}

fn tokens(attribute: &Attribute) -> String {
    match &attribute.meta {
        Meta::Path(_) | Meta::NameValue(_) => String::new(),
        Meta::List(list) => {
            let name = list
                .path
                .get_ident()
                .map_or_else(String::new, ToString::to_string);
            format!("{name} {}", list.tokens)
        }
    }
}
