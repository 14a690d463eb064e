//! The states of a resource as a picture, drawn from its table: what the machine does is what it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use strongroom_base::Machine as _;

use crate::samples::{NOW, facts};
use crate::table::{commands, sought, states};
use crate::{Candidate, Life, Resource, ResourceCommand, ResourceMachine, Step};

/// A state, as coarse as the picture is.
fn seen_as(state: Option<&Resource>) -> &'static str {
    let Some(resource) = state else {
        return "[*]";
    };
    match (resource.life, resource.change.as_deref()) {
        (Life::Deleted { .. }, _) => "deleted",
        (Life::Purging, _) => "purging",
        (Life::Active, Some(change)) => match change.step {
            Step::Preparing => "preparing",
            Step::Proven { .. } => "proven",
            Step::Undoing => "undoing",
        },
        (Life::Active, None) if resource.inaccessible.is_some() => "inaccessible",
        (Life::Active, None) if resource.customer_key().is_some() => "customer_managed",
        (Life::Active, None) => "service_managed",
    }
}

/// A command, as it is called in the picture.
fn called(command: &str) -> &str {
    let end = command.find([',', '0', '1', '2']);
    let name = command[..end.unwrap_or(command.len())].trim_end();
    match name {
        "set version" | "set another key" => "set a key",
        other => other,
    }
}

fn drawn() -> String {
    let mut edges: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (_, before) in states() {
        for (command, action) in commands() {
            let sought = sought(&action);
            let facts = facts(Candidate::Seen(&sought));
            let command_at = ResourceCommand { at: NOW, action };
            let Ok(events) = ResourceMachine::decide(&before, &command_at, &facts) else {
                continue;
            };
            let mut after = before.clone();
            for event in &events {
                ResourceMachine::evolve(&mut after, event);
            }
            let way = (seen_as(before.as_ref()), seen_as(after.as_ref()));
            if way.0 != way.1 {
                edges.entry(way).or_default().insert(called(command));
            }
        }
    }
    let mut text = "```mermaid\nstateDiagram-v2\n".to_owned();
    for ((from, to), commands) in edges {
        let commands = commands.into_iter().collect::<Vec<_>>().join(", ");
        writeln!(text, "    {from} --> {to}: {commands}").unwrap();
    }
    text + "```\n"
}

/// The README has it. Where it does not, the message is what it should have.
#[test]
fn the_readme_shows_the_states_as_they_are() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let drawn = drawn();
    assert!(readme.contains(&drawn), "README.md lacks:\n{drawn}");
}
