//! Runs the matcher over files, on all cores and with bounded memory.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::CanaryError;
use super::matcher::{Matcher, OVERLAP, Texts};

/// How much of a file one thread searches at a time, so that one large file keeps all cores busy.
const SEGMENT: u64 = 16 * 1024 * 1024;

/// How much is read at once: it stays in the cache between the reading and the searching.
const BLOCK: usize = 256 * 1024;

/// A place in a list of files: the file's number and the bytes before it in the file.
pub(super) type Place = (usize, u64);

/// How often each text was found, and where first.
#[derive(Default)]
pub(super) struct Hits {
    pub(super) by_text: HashMap<u32, (u64, Place)>,
}

impl Hits {
    pub(super) fn add(&mut self, text: u32, place: Place) {
        self.add_many(text, 1, place);
    }

    fn add_many(&mut self, text: u32, count: u64, first: Place) {
        let hit = self.by_text.entry(text).or_insert((0, first));
        hit.0 += count;
        hit.1 = hit.1.min(first);
    }
}

/// A piece of a file: where texts may begin.
struct Segment {
    file: usize,
    from: u64,
    /// `None` for the last segment, which is read to the file's end wherever that is by then.
    until: Option<u64>,
}

fn segments(files: &[(PathBuf, u64)]) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(files.len());
    for (file, (_, length)) in files.iter().enumerate() {
        let mut from = 0;
        while length - from > SEGMENT {
            segments.push(Segment {
                file,
                from,
                until: Some(from + SEGMENT),
            });
            from += SEGMENT;
        }
        segments.push(Segment {
            file,
            from,
            until: None,
        });
    }
    segments
}

/// Searches these files, given with their lengths: the bytes searched, and what was found.
pub(super) fn search_files(
    files: &[(PathBuf, u64)],
    matcher: &Matcher,
    texts: &(impl Texts + Sync),
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(u64, Hits), CanaryError> {
    struct Worker {
        block: Vec<u8>,
        bytes: u64,
        hits: Hits,
    }
    let fresh = || Worker {
        block: vec![0; BLOCK],
        bytes: 0,
        hits: Hits::default(),
    };
    let search = |worker: &mut Worker, _: usize, segment: &Segment| {
        let Some((path, _)) = files.get(segment.file) else {
            return Ok(());
        };
        let Worker { block, bytes, hits } = worker;
        File::open(path)
            .and_then(|file| {
                search_segment(&file, segment, block, |part, starts, at| {
                    matcher.scan(part, starts, texts, |place, text| {
                        hits.add(text, (segment.file, at + place as u64));
                    });
                    *bytes += starts as u64;
                    progress(starts as u64);
                })
            })
            .map_err(|source| CanaryError::Unreadable {
                path: path.clone(),
                source,
            })
    };
    let mut all = (0, Hits::default());
    for worker in in_parallel(&segments(files), fresh, search)? {
        all.0 += worker.bytes;
        for (text, (count, first)) in worker.hits.by_text {
            all.1.add_many(text, count, first);
        }
    }
    Ok(all)
}

/// Hands a segment out in parts: the bytes, in how many of them texts may begin, and where in the
/// file the first one is. Parts overlap, so that every text that begins in the segment is whole in
/// exactly one part in which it may begin.
fn search_segment(
    file: &File,
    segment: &Segment,
    block: &mut [u8],
    mut part: impl FnMut(&[u8], usize, u64),
) -> io::Result<()> {
    let mut at = segment.from;
    let mut filled = 0;
    loop {
        // Beyond the segment's end only the overlap is wanted.
        let left = segment.until.map(|until| until - at);
        let wanted = left
            .and_then(|left| usize::try_from(left).ok()?.checked_add(OVERLAP))
            .map_or(block.len(), |wanted| wanted.min(block.len()));
        while filled < wanted {
            let Some(free) = block.get_mut(filled..wanted) else {
                break;
            };
            match file.read_at(free, at + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let ended = filled < wanted;
        let starts = if ended { filled } else { filled - OVERLAP };
        let starts = left.map_or(starts, |left| {
            starts.min(usize::try_from(left).unwrap_or(starts))
        });
        part(block.get(..filled).unwrap_or_default(), starts, at);
        at += starts as u64;
        if ended || segment.until == Some(at) {
            return Ok(());
        }
        block.copy_within(starts..filled, 0);
        filled -= starts;
    }
}

/// Does the work on every item, on all cores, each core with a state of its own; answers the states.
/// The first error ends it.
pub(super) fn in_parallel<T: Sync, S: Send, E: Send>(
    items: &[T],
    fresh: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize, &T) -> Result<(), E> + Sync,
) -> Result<Vec<S>, E> {
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let run = || {
        let mut state = fresh();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            if let Err(error) = work(&mut state, at, item) {
                failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(state)
    };
    let cores = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len())
        .max(1);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(run)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_byte_begins_one_part_and_has_its_text_behind_it(
            bytes in proptest::collection::vec(any::<u8>(), 0..2000),
            segment in 1..700_u64,
            block in OVERLAP + 1..400,
        ) {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let length = bytes.len() as u64;
            let mut block = vec![0; block];
            let mut begun = 0;
            for from in (0..=length).step_by(usize::try_from(segment).unwrap()) {
                let until = Some(from + segment).filter(|until| *until < length);
                let segment = Segment { file: 0, from, until };
                search_segment(&file, &segment, &mut block, |part, starts, at| {
                    assert_eq!(at, begun);
                    let at = usize::try_from(at).unwrap();
                    let behind = bytes.len().min(at + starts + OVERLAP);
                    assert!(part.len() >= behind - at);
                    assert_eq!(part, &bytes[at..at + part.len()]);
                    begun += starts as u64;
                }).unwrap();
            }
            prop_assert_eq!(begun, length);
        }
    }

    #[test]
    fn segments_cover_a_file_and_the_last_is_open() {
        let file = |length| (PathBuf::new(), length);
        let files = [file(0), file(SEGMENT), file(2 * SEGMENT + 1)];
        let found: Vec<_> = segments(&files)
            .into_iter()
            .map(|part| (part.file, part.from, part.until))
            .collect();
        let (one, two) = (SEGMENT, 2 * SEGMENT);
        let expected = [
            (0, 0, None),
            (1, 0, None),
            (2, 0, Some(one)),
            (2, one, Some(two)),
            (2, two, None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn every_item_is_worked_on_once_until_one_fails() {
        let items: Vec<_> = (0..1000).collect();
        let work = |state: &mut Vec<_>, at: usize, item: &usize| {
            state.push((at, *item));
            if *item == 2000 { Err(*item) } else { Ok(()) }
        };
        let mut all = in_parallel(&items, Vec::new, work).unwrap().concat();
        all.sort_unstable();
        assert_eq!(
            all,
            items.iter().map(|item| (*item, *item)).collect::<Vec<_>>()
        );
        assert_eq!(
            in_parallel(&[1, 2000, 3], Vec::new, work).unwrap_err(),
            2000
        );
        assert!(
            in_parallel(&[], Vec::new, work)
                .unwrap()
                .concat()
                .is_empty()
        );
    }
}
