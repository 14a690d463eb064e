//! "Would this work, and if not, what is missing?": the same `decide`, with nothing done.

use strongroom_base::Machine as _;

use crate::{
    Refusal, Resource, ResourceAction, ResourceCommand, ResourceFacts, ResourceMachine, decide,
};

/// Everything that stands against `command`: what [`decide`](strongroom_base::Machine::decide) would
/// refuse it for and, where that is a key, its vault or the tier, all else that would have to be mended as
/// well. Empty if it would be done.
#[must_use]
pub fn against(
    state: Option<&Resource>,
    command: &ResourceCommand,
    facts: &ResourceFacts<'_>,
) -> Vec<Refusal> {
    let owned = state.cloned();
    let Err(first) = ResourceMachine::decide(&owned, command, facts) else {
        return Vec::new();
    };
    let all = match (&command.action, state) {
        (ResourceAction::SetKey(set), Some(resource)) => {
            decide::against_setting(resource, set, command.at, facts).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    // What is refused before any key is asked about, the caller's authority or the resource's life, is all that is
    // said (I5).
    if all.contains(&first) {
        all
    } else {
        vec![first]
    }
}
