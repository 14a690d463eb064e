//! However the inner store cuts what it streams, the answer is the same; and whatever it leaves out or
//! adds, no byte is given out that was not sealed (F16).

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt as _, Result,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use strongroom::BindingMode;

use crate::bent::{Bend, Bent};
use crate::fresh::{Fresh, code};
use crate::ranges::{CHUNK, assert_answered, lengths, pattern, wide, within};

/// Streams come in pieces of these lengths, over and over; nothing is cut if there are none.
#[derive(Clone, Debug, Default)]
struct Pieces {
    lengths: Vec<usize>,
    change: Change,
}

/// What becomes of the end of every stream that has chunks.
#[derive(Clone, Copy, Debug, Default)]
enum Change {
    #[default]
    None,
    Without(usize),
    With(usize),
}

impl Pieces {
    fn of(&self, mut bytes: Bytes) -> Vec<Result<Bytes>> {
        match self.change {
            Change::None => {}
            Change::Without(missing) => bytes.truncate(bytes.len().saturating_sub(missing)),
            Change::With(more) => {
                let mut longer = BytesMut::from(bytes);
                longer.resize(longer.len() + more, b'#');
                bytes = longer.freeze();
            }
        }
        let mut pieces = Vec::new();
        for length in self.lengths.iter().cycle() {
            if bytes.is_empty() {
                break;
            }
            pieces.push(Ok(bytes.split_to(bytes.len().min(*length))));
        }
        pieces.push(Ok(bytes));
        pieces
    }
}

#[async_trait]
impl Bend for Mutex<Pieces> {
    async fn got(
        &self,
        _inner: &InMemory,
        options: GetOptions,
        answer: Result<GetResult>,
    ) -> Result<GetResult> {
        let mut answer = answer?;
        let nothing = GetResultPayload::Stream(stream::empty().boxed());
        let payload = std::mem::replace(&mut answer.payload, nothing);
        let GetResultPayload::Stream(whole) = payload else {
            panic!("a store in memory has no files");
        };
        let whole: Vec<_> = whole.map(Result::unwrap).collect().await;
        let mut bend = self.lock().unwrap().clone();
        if options.range == Some(GetRange::Bounded(0..72)) {
            // Of the prologue nothing is missing, or no chunk would be asked for.
            bend.change = Change::None;
        }
        let pieces = bend.of(whole.concat().into());
        answer.payload = GetResultPayload::Stream(stream::iter(pieces).boxed());
        Ok(answer)
    }
}

/// A resource over a store that cuts its streams.
struct Cut {
    fresh: Fresh,
    inner: Arc<Bent<Mutex<Pieces>>>,
    path: Path,
}

impl Cut {
    async fn new() -> Self {
        let inner = Arc::new(Bent::<Mutex<Pieces>>::default());
        let fresh = Fresh::new(BindingMode::Location, Some(inner.clone())).await;
        Self {
            fresh,
            inner,
            path: Path::from("object"),
        }
    }

    async fn put(&self, length: usize) -> Vec<u8> {
        let plain = pattern(length);
        let put = self.fresh.store.put(&self.path, plain.clone().into());
        put.await.unwrap();
        plain
    }

    fn bend(&self, pieces: Pieces) {
        *self.inner.bend.lock().unwrap() = pieces;
    }

    /// The blocks that were given out, and the code of the error after them.
    async fn get(&self, range: Option<GetRange>) -> (Vec<Bytes>, Option<&'static str>) {
        let options = GetOptions {
            range,
            ..GetOptions::default()
        };
        let mut blocks = match self.fresh.store.get_opts(&self.path, options).await {
            Ok(answer) => answer.into_stream(),
            refused => return (Vec::new(), Some(code(refused))),
        };
        let mut given = Vec::new();
        while let Some(block) = blocks.next().await {
            match block {
                Ok(block) => given.push(block),
                refused => return (given, Some(code(refused))),
            }
        }
        (given, None)
    }
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    let one = prop_oneof![
        1..100_usize,
        1..3 * CHUNK,
        Just(CHUNK + 16),
        Just(2 * (CHUNK + 16)),
    ];
    vec(one, 0..6)
}

fn changes() -> impl Strategy<Value = Change> {
    let few = || prop_oneof![1..40_usize, Just(CHUNK + 16), 1..3 * CHUNK];
    prop_oneof![
        few().prop_map(Change::Without),
        few().prop_map(Change::With),
    ]
}

#[test]
fn r01_however_a_stream_is_cut_the_answer_is_the_same() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cut = runtime.block_on(Cut::new());
    proptest!(|(length in lengths(), lengths in pieces(), ends: [Index; 2])| {
        runtime.block_on(async {
            cut.bend(Pieces::default());
            let plain = cut.put(length).await;
            cut.bend(Pieces { lengths, change: Change::None });
            let (blocks, error) = cut.get(None).await;
            assert_eq!(error, None);
            assert!(blocks.concat() == plain);
            assert!(blocks.iter().all(|block| (1..=65 * CHUNK).contains(&block.len())));
            assert_answered(within(length, ends), &plain, &cut.fresh.store, &cut.path).await;
        });
    });
    runtime.block_on(cut.fresh.room.close()).unwrap();
}

#[test]
fn f16_what_a_stream_lacks_or_has_too_much_is_found() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cut = runtime.block_on(Cut::new());
    let change = changes();
    proptest!(|(length in lengths(), lengths in pieces(), change in change, ends: [Index; 2])| {
        runtime.block_on(async {
            cut.bend(Pieces::default());
            let plain = cut.put(length).await;
            cut.bend(Pieces { lengths, change });
            let part = within(length, ends);
            let asked = wide(&part);
            let to_the_end = part.start..length;
            for (asked, range) in [
                (None, 0..length),
                (Some(GetRange::Bounded(asked.clone())), part.clone()),
                (Some(GetRange::Offset(asked.start)), to_the_end),
            ] {
                if asked.is_some() && range.is_empty() {
                    continue;
                }
                let (blocks, error) = cut.get(asked.clone()).await;
                let error = error.expect("a stream of another length");
                assert!(["ObjectTruncated", "AuthenticationFailed"].contains(&error), "{error}");
                assert!(plain[range].starts_with(&blocks.concat()), "{asked:?}");
            }
            if !part.is_empty() {
                let ranges = cut.fresh.store.get_ranges(&cut.path, &[asked]).await;
                let error = code(ranges);
                assert!(["ObjectTruncated", "AuthenticationFailed"].contains(&error), "{error}");
            }
        });
    });
    runtime.block_on(cut.fresh.room.close()).unwrap();
}
