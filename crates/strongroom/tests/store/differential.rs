//! Random operations give the same answers on a sealed store in memory and on a plain one: results,
//! kinds of error, sizes, ranges, listings, and what conditions hold (R1: it is an ordinary object store).
//!
//! Two things differ on purpose and are left out: an object with the empty path is refused, and a rename
//! of an object onto itself keeps it.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, CopyMode, CopyOptions, Error, GetOptions, GetRange, GetResult,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutResult, RenameOptions,
    RenameTargetMode, Result, UpdateVersion,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use strongroom::BindingMode;

use crate::fresh::Fresh;

/// Few names, so that operations meet; one is a folder of others.
const NAMES: [&str; 5] = ["a", "b", "b/c", "b/d/e", "f g"];

#[derive(Clone, Debug)]
enum Operation {
    Put {
        name: &'static str,
        plain: Plain,
        mode: Mode,
        typed: bool,
    },
    Multipart {
        name: &'static str,
        parts: Vec<Plain>,
        end: End,
    },
    Get {
        name: &'static str,
        range: Option<GetRange>,
        condition: Condition,
    },
    Head {
        name: &'static str,
        condition: Condition,
    },
    Ranges {
        name: &'static str,
        ranges: Vec<(u64, u64)>,
    },
    Delete(Vec<&'static str>),
    List(Option<&'static str>),
    ListAfter(Option<&'static str>, &'static str),
    Delimited(Option<&'static str>),
    Copy {
        from: &'static str,
        to: &'static str,
        only_if_new: bool,
    },
    Rename {
        from: &'static str,
        to: &'static str,
        only_if_new: bool,
    },
}

/// So many bytes of one value.
#[derive(Clone, Copy, Debug)]
struct Plain {
    length: usize,
    byte: u8,
}

impl Plain {
    fn bytes(self) -> Vec<u8> {
        // A pattern that no wrong offset keeps.
        let at = |n: usize| self.byte ^ u8::try_from(n % 251).unwrap();
        (0..self.length).map(at).collect()
    }
}

#[derive(Clone, Debug)]
enum Mode {
    Overwrite,
    Create,
    /// The version that an earlier write answered.
    Update(Index),
    UpdateUnknown,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Complete,
    Abort,
    Drop,
}

#[derive(Clone, Debug)]
enum Condition {
    None,
    Match(Index),
    NoneMatch(Index),
    MatchAny,
    NoneMatchAny,
    ModifiedSince(bool),
    UnmodifiedSince(bool),
}

fn names() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(&NAMES[..])
}

fn prefixes() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(&["a", "b", "b/d", "x"][..]))
}

fn plains() -> impl Strategy<Value = Plain> {
    let lengths = prop_oneof![
        2 => 0..50_usize,
        2 => (1..4_usize, 0..6_usize).prop_map(|(chunks, n)| chunks * 16_384 + n - 3),
    ];
    (lengths, any::<u8>()).prop_map(|(length, byte)| Plain { length, byte })
}

/// Offsets within and beyond objects, most of them near a border of chunks.
fn offsets() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..60_u64,
        (1..4_u64, 0..6_u64).prop_map(|(chunks, n)| chunks * 16_384 + n - 3),
    ]
}

fn ranges() -> impl Strategy<Value = GetRange> {
    prop_oneof![
        (offsets(), offsets()).prop_map(|(a, b)| GetRange::Bounded(a..b)),
        offsets().prop_map(GetRange::Offset),
        offsets().prop_map(GetRange::Suffix),
    ]
}

fn conditions() -> impl Strategy<Value = Condition> {
    prop_oneof![
        4 => Just(Condition::None),
        1 => any::<Index>().prop_map(Condition::Match),
        1 => any::<Index>().prop_map(Condition::NoneMatch),
        1 => Just(Condition::MatchAny),
        1 => Just(Condition::NoneMatchAny),
        1 => any::<bool>().prop_map(Condition::ModifiedSince),
        1 => any::<bool>().prop_map(Condition::UnmodifiedSince),
    ]
}

fn operations() -> impl Strategy<Value = Operation> {
    let modes = prop_oneof![
        4 => Just(Mode::Overwrite),
        2 => Just(Mode::Create),
        2 => any::<Index>().prop_map(Mode::Update),
        1 => Just(Mode::UpdateUnknown),
    ];
    let ends = prop::sample::select(&[End::Complete, End::Complete, End::Abort, End::Drop][..]);
    let put = (names(), plains(), modes, any::<bool>());
    let two = (names(), names(), any::<bool>());
    prop_oneof![
        6 => put.prop_map(|(name, plain, mode, typed)| Operation::Put { name, plain, mode, typed }),
        2 => (names(), vec(plains(), 0..4), ends)
            .prop_map(|(name, parts, end)| Operation::Multipart { name, parts, end }),
        6 => (names(), prop::option::of(ranges()), conditions())
            .prop_map(|(name, range, condition)| Operation::Get { name, range, condition }),
        2 => (names(), conditions())
            .prop_map(|(name, condition)| Operation::Head { name, condition }),
        2 => (names(), vec((offsets(), offsets()), 0..4))
            .prop_map(|(name, ranges)| Operation::Ranges { name, ranges }),
        1 => vec(names(), 0..3).prop_map(Operation::Delete),
        1 => prefixes().prop_map(Operation::List),
        1 => (prefixes(), names()).prop_map(|(prefix, name)| Operation::ListAfter(prefix, name)),
        1 => prefixes().prop_map(Operation::Delimited),
        2 => two.clone()
            .prop_map(|(from, to, only_if_new)| Operation::Copy { from, to, only_if_new }),
        2 => two.prop_filter("onto itself", |(from, to, _)| from != to)
            .prop_map(|(from, to, only_if_new)| Operation::Rename { from, to, only_if_new }),
    ]
}

/// What an operation answers, apart from times and the spelling of versions.
#[derive(Debug, PartialEq)]
enum Answer {
    Done,
    Object {
        location: String,
        size: u64,
        range: std::ops::Range<u64>,
        attributes: Attributes,
        bytes: Vec<u8>,
    },
    Blocks(Vec<Vec<u8>>),
    Listing(Vec<(String, u64)>),
    Delimited(Vec<String>, Vec<(String, u64)>),
    Failed(&'static str),
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::Generic { .. } => "generic",
        Error::NotFound { .. } => "not found",
        Error::AlreadyExists { .. } => "already exists",
        Error::Precondition { .. } => "precondition",
        Error::NotModified { .. } => "not modified",
        Error::NotSupported { .. } => "not supported",
        Error::NotImplemented { .. } => "not implemented",
        Error::InvalidPath { .. } => "invalid path",
        _ => "another",
    }
}

/// One of the two stores, and the versions that it has answered so far.
struct Side<'a> {
    store: &'a dyn ObjectStore,
    root: Path,
    versions: Vec<PutResult>,
}

impl Side<'_> {
    async fn answer(&mut self, operation: &Operation) -> Answer {
        let answer = self.carry_out(operation).await;
        answer.unwrap_or_else(|error| Answer::Failed(kind(&error)))
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.root))
    }

    fn prefix(&self, prefix: Option<&str>) -> Path {
        prefix.map_or_else(|| self.root.clone(), |prefix| self.path(prefix))
    }

    fn e_tag(&self, index: Index) -> Option<String> {
        let all = &self.versions;
        (!all.is_empty()).then(|| index.get(all).e_tag.clone())?
    }

    fn options(&self, condition: &Condition) -> GetOptions {
        let since = |future: bool| {
            let seconds = if future { 4_000_000_000 } else { 1_000_000_000 };
            DateTime::<Utc>::from_timestamp(seconds, 0)
        };
        let mut options = GetOptions::default();
        match condition {
            Condition::None => {}
            Condition::Match(index) => options.if_match = self.e_tag(*index),
            Condition::NoneMatch(index) => options.if_none_match = self.e_tag(*index),
            Condition::MatchAny => options.if_match = Some("*".to_owned()),
            Condition::NoneMatchAny => options.if_none_match = Some("*".to_owned()),
            Condition::ModifiedSince(future) => options.if_modified_since = since(*future),
            Condition::UnmodifiedSince(future) => options.if_unmodified_since = since(*future),
        }
        options
    }

    async fn carry_out(&mut self, operation: &Operation) -> Result<Answer> {
        match operation {
            Operation::Put {
                name,
                plain,
                mode,
                typed,
            } => self.put(name, *plain, mode, *typed).await,
            Operation::Multipart { name, parts, end } => self.multipart(name, parts, *end).await,
            Operation::Get {
                name,
                range,
                condition,
            } => {
                let options = GetOptions {
                    range: range.clone(),
                    ..self.options(condition)
                };
                let found = self.store.get_opts(&self.path(name), options).await?;
                object(found).await
            }
            Operation::Head { name, condition } => {
                let options = GetOptions {
                    head: true,
                    ..self.options(condition)
                };
                let mut found = self.store.get_opts(&self.path(name), options).await?;
                let payload = stream::empty().boxed();
                found.payload = object_store::GetResultPayload::Stream(payload);
                object(found).await
            }
            Operation::Ranges { name, ranges } => {
                let ranges: Vec<_> = ranges.iter().map(|(start, end)| *start..*end).collect();
                let blocks = self.store.get_ranges(&self.path(name), &ranges).await?;
                Ok(Answer::Blocks(
                    blocks.iter().map(|block| block.to_vec()).collect(),
                ))
            }
            Operation::Delete(names) => {
                let paths: Vec<_> = names.iter().map(|name| Ok(self.path(name))).collect();
                let deleted = self.store.delete_stream(stream::iter(paths).boxed());
                let deleted: Vec<Path> = deleted.try_collect().await?;
                Ok(Answer::Listing(
                    deleted.iter().map(|path| (path.to_string(), 0)).collect(),
                ))
            }
            Operation::List(prefix) => {
                let found = self.store.list(Some(&self.prefix(*prefix)));
                Ok(Answer::Listing(listed(found.try_collect().await?)))
            }
            Operation::ListAfter(prefix, name) => {
                let (prefix, offset) = (self.prefix(*prefix), self.path(name));
                let found = self.store.list_with_offset(Some(&prefix), &offset);
                Ok(Answer::Listing(listed(found.try_collect().await?)))
            }
            Operation::Delimited(prefix) => {
                let prefix = self.prefix(*prefix);
                let found = self.store.list_with_delimiter(Some(&prefix)).await?;
                let mut folders: Vec<_> =
                    found.common_prefixes.iter().map(Path::to_string).collect();
                folders.sort();
                Ok(Answer::Delimited(folders, listed(found.objects)))
            }
            Operation::Copy {
                from,
                to,
                only_if_new,
            } => {
                let mode = if *only_if_new {
                    CopyMode::Create
                } else {
                    CopyMode::Overwrite
                };
                let options = CopyOptions::new().with_mode(mode);
                self.store
                    .copy_opts(&self.path(from), &self.path(to), options)
                    .await?;
                Ok(Answer::Done)
            }
            Operation::Rename {
                from,
                to,
                only_if_new,
            } => {
                let mode = if *only_if_new {
                    RenameTargetMode::Create
                } else {
                    RenameTargetMode::Overwrite
                };
                let options = RenameOptions::new().with_target_mode(mode);
                self.store
                    .rename_opts(&self.path(from), &self.path(to), options)
                    .await?;
                Ok(Answer::Done)
            }
        }
    }

    async fn put(&mut self, name: &str, plain: Plain, mode: &Mode, typed: bool) -> Result<Answer> {
        let version = |e_tag: Option<String>| {
            let version = None;
            PutMode::Update(UpdateVersion { e_tag, version })
        };
        let mode = match mode {
            Mode::Overwrite => PutMode::Overwrite,
            Mode::Create => PutMode::Create,
            Mode::Update(index) => version(self.e_tag(*index).or(Some("none".to_owned()))),
            Mode::UpdateUnknown => version(Some("999999".to_owned())),
        };
        let mut options = PutOptions::from(mode);
        if typed {
            options.attributes = Attributes::from_iter([(Attribute::ContentType, "a/b")]);
        }
        let path = self.path(name);
        let put = self
            .store
            .put_opts(&path, plain.bytes().into(), options)
            .await?;
        self.versions.push(put);
        Ok(Answer::Done)
    }

    async fn multipart(&mut self, name: &str, parts: &[Plain], end: End) -> Result<Answer> {
        let options = PutMultipartOptions::default();
        let mut upload = self
            .store
            .put_multipart_opts(&self.path(name), options)
            .await?;
        let parts: Vec<_> = parts
            .iter()
            .map(|part| upload.put_part(part.bytes().into()))
            .collect();
        // The last first: the order in which parts are done is nobody's promise.
        for part in parts.into_iter().rev() {
            part.await?;
        }
        match end {
            End::Complete => self.versions.push(upload.complete().await?),
            End::Abort => upload.abort().await?,
            End::Drop => {}
        }
        Ok(Answer::Done)
    }
}

fn listed(found: Vec<ObjectMeta>) -> Vec<(String, u64)> {
    let mut found: Vec<_> = found
        .into_iter()
        .map(|meta| (meta.location.to_string(), meta.size))
        .collect();
    found.sort();
    found
}

async fn object(found: GetResult) -> Result<Answer> {
    let (meta, range, attributes) = (
        found.meta.clone(),
        found.range.clone(),
        found.attributes.clone(),
    );
    Ok(Answer::Object {
        location: meta.location.to_string(),
        size: meta.size,
        range,
        attributes,
        bytes: found.bytes().await?.to_vec(),
    })
}

/// The same operations on both, each below a prefix of its own.
async fn agree(sealed: &dyn ObjectStore, operations: &[Operation]) {
    static NEXT: AtomicU32 = AtomicU32::new(0);

    let root = Path::from(format!("case-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    let plain = InMemory::new();
    let side = |store| Side {
        store,
        root: root.clone(),
        versions: Vec::new(),
    };
    let (mut sealed, mut plain) = (side(sealed), side(&plain));
    for (number, operation) in operations.iter().enumerate() {
        let (found, expected) = (
            sealed.answer(operation).await,
            plain.answer(operation).await,
        );
        assert!(
            found == expected,
            "operation {number}, {operation:?}: {} and not {}",
            shortened(&found),
            shortened(&expected)
        );
    }
}

fn shortened(answer: &Answer) -> String {
    format!("{answer:?}").chars().take(400).collect()
}

fn random_operations_agree(binding: BindingMode) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let objects = std::sync::Arc::new(InMemory::new());
    let fresh = runtime.block_on(Fresh::new(binding, Some(objects)));
    proptest!(ProptestConfig::with_cases(256), |(operations in vec(operations(), 1..40))| {
        runtime.block_on(agree(&fresh.store, &operations));
    });
    runtime.block_on(fresh.room.close()).unwrap();
}

#[test]
fn r01_random_operations_agree_with_a_plain_store_bound_to_location() {
    random_operations_agree(BindingMode::Location);
}

#[test]
fn r01_random_operations_agree_with_a_plain_store_bound_to_the_resource() {
    random_operations_agree(BindingMode::Resource);
}
