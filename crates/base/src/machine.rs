//! The one shape of everything that changes.

use core::fmt::Debug;
use core::hash::Hash;

use crate::{Outcome, Timestamp};

/// A pure state machine: a driver gathers [`Facts`](Machine::Facts), asks
/// [`decide`](Machine::decide), commits what follows, and carries out what the new state owes.
///
/// Nothing here does I/O, reads a clock or draws a random number: time, ids and key material
/// arrive in the command. States are `Clone + Eq + Hash` over ordered maps, so that a model checker
/// can explore any machine.
pub trait Machine {
    /// What is stored.
    type State: Clone + Debug + Eq + Hash;
    /// What can be asked.
    type Command: Clone + Debug;
    /// What has to be known about the rest of the world to decide.
    type Facts<'a>;
    /// What happened.
    type Event: Clone + Debug + PartialEq;
    /// What the outside still owes a state.
    type Effect: Clone + Debug + PartialEq;
    /// Why a command was turned down.
    type Refusal: Outcome + Clone + PartialEq;

    /// What follows from `command` in `state`; changes nothing.
    ///
    /// # Errors
    /// The rule that says no, with the facts that broke it.
    fn decide(
        state: &Self::State,
        command: &Self::Command,
        facts: &Self::Facts<'_>,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes `event` into `state`. It has happened: this cannot fail.
    fn evolve(state: &mut Self::State, event: &Self::Event);

    /// What the outside owes `state` at `now`. Derived, never stored: what was cut off is found
    /// owing later.
    fn effects(state: &Self::State, now: Timestamp) -> Vec<Self::Effect>;

    /// When time alone will change something.
    fn wake_at(state: &Self::State) -> Option<Timestamp>;
}
