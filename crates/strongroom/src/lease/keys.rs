//! What a lease holds: the keys of all generations, and the openers of a few objects read lately.
//!
//! Deriving an object's key takes as long as opening a chunk of it. Whoever reads many small ranges of one
//! object derives its key once a lease; with the lease the openers go too.

use std::array;

use strongroom_crypto::object::{Binding, GenerationKeys, OpenError, Opener, PROLOGUE_LEN};

use super::desk;
use super::findings::Watching;
use super::sync::{Arc, Slot};

/// The most openers that are kept, at less than a kilobyte and the object's path each.
const SLOTS: usize = 16;

/// A resource's keys, and how long they may be used.
pub(crate) type Lease = desk::Lease<LeasedKeys>;

#[derive(Debug)]
pub(crate) struct LeasedKeys {
    /// What their use rests on is watched for as long as somebody has them.
    _watching: Option<Watching>,
    generations: GenerationKeys,
    recent: [Slot<Recent>; SLOTS],
}

/// An opener, and what was asked for when it was made. The keys are the lease's.
#[derive(Debug)]
struct Recent {
    prologue: [u8; PROLOGUE_LEN],
    /// None if the object is bound to its resource alone.
    location: Option<Box<[u8]>>,
    opener: Arc<Opener>,
}

impl LeasedKeys {
    pub(super) fn new(generations: GenerationKeys, watching: Option<Watching>) -> Self {
        Self {
            _watching: watching,
            generations,
            recent: array::from_fn(|_| Slot::empty()),
        }
    }

    pub(super) fn generations(&self) -> &GenerationKeys {
        &self.generations
    }

    /// As [`GenerationKeys::opener`]: the one that the same prologue and binding got before, if it is kept.
    pub(super) fn opener(
        &self,
        prologue: &[u8; PROLOGUE_LEN],
        binding: Binding<'_>,
    ) -> Result<Arc<Opener>, OpenError> {
        let location = match binding {
            Binding::Location(location) => Some(location),
            Binding::Resource => None,
        };
        let slot = self.slot(prologue);
        // The prologue lies in storage in clear, and was matched in constant time before it was kept.
        if let Some(recent) = slot.load()
            && recent.prologue == *prologue
            && recent.location.as_deref() == location
        {
            return Ok(Arc::clone(&recent.opener));
        }
        let opener = Arc::new(self.generations.opener(prologue, binding)?);
        slot.store(Some(Arc::new(Recent {
            prologue: *prologue,
            location: location.map(Into::into),
            opener: Arc::clone(&opener),
        })));
        Ok(opener)
    }

    /// The prologue ends with the commitment, whose bytes are as good as drawn.
    fn slot(&self, prologue: &[u8; PROLOGUE_LEN]) -> &Slot<Recent> {
        let [.., drawn] = *prologue;
        let [first, ..] = &self.recent;
        self.recent.get(usize::from(drawn) % SLOTS).unwrap_or(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh::generation_key;

    const HERE: Binding<'_> = Binding::Location(b"here");
    const THERE: Binding<'_> = Binding::Location(b"there");

    fn keys() -> LeasedKeys {
        LeasedKeys::new(GenerationKeys::new(generation_key(), []), None)
    }

    fn prologue(keys: &LeasedKeys, binding: Binding<'_>) -> [u8; PROLOGUE_LEN] {
        let sealed = keys.generations().newest().seal_to_vec(binding, b"plain");
        *sealed.unwrap().first_chunk().unwrap()
    }

    #[test]
    fn an_object_that_was_read_has_its_opener() {
        let keys = keys();
        for binding in [HERE, Binding::Resource] {
            let prologue = prologue(&keys, binding);
            let first = keys.opener(&prologue, binding).unwrap();
            let again = keys.opener(&prologue, binding).unwrap();
            assert!(Arc::ptr_eq(&first, &again));
        }
    }

    #[test]
    fn f9_an_opener_is_for_its_own_place_alone() {
        let keys = keys();
        for (sealed_at, others) in [
            (HERE, [THERE, Binding::Resource]),
            (Binding::Resource, [HERE, Binding::Location(b"")]),
        ] {
            let prologue = prologue(&keys, sealed_at);
            keys.opener(&prologue, sealed_at).unwrap();
            for other in others {
                assert!(keys.opener(&prologue, other).is_err(), "{other:?}");
            }
        }
    }

    #[test]
    fn every_changed_byte_of_a_prologue_is_found_behind_its_opener() {
        let keys = keys();
        let prologue = prologue(&keys, HERE);
        keys.opener(&prologue, HERE).unwrap();
        for at in 0..PROLOGUE_LEN {
            let mut changed = prologue;
            // The slot stays the same, also by the last byte.
            *changed.get_mut(at).unwrap() ^= 0x80;
            assert!(keys.opener(&changed, HERE).is_err(), "byte {at}");
        }
    }

    #[test]
    fn r17_openers_go_with_the_lease() {
        let keys = keys();
        let opener = keys.opener(&prologue(&keys, HERE), HERE).unwrap();
        let watched = Arc::downgrade(&opener);
        drop(opener);
        assert!(watched.upgrade().is_some(), "it is kept");
        drop(keys);
        assert!(watched.upgrade().is_none());
    }

    #[test]
    fn as_many_openers_are_kept_as_there_are_slots() {
        let keys = keys();
        let openers: Vec<_> = (0..8 * SLOTS)
            .map(|_| keys.opener(&prologue(&keys, HERE), HERE).unwrap())
            .collect();
        let kept = openers
            .iter()
            .filter(|opener| Arc::strong_count(opener) > 1);
        let kept = kept.count();
        assert!((SLOTS / 2..=SLOTS).contains(&kept), "{kept}");
    }
}
