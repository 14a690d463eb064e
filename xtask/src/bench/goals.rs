//! What the figures are held to.

use std::fs;
use std::path::Path;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};
use serde::Deserialize;

use super::results::Measure;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The least that a figure of this name may be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    name: String,
    goal: f64,
}

impl Goal {
    /// A figure of this name is to be at least so much.
    pub fn new(name: String, goal: f64) -> Self {
        Self { name, goal }
    }
}

/// Reads a table of goals.
pub fn read(path: &Path) -> Result<Vec<Goal>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// A goal, and what was measured.
#[derive(Debug, PartialEq)]
pub struct Held<'g> {
    goal: &'g Goal,
    /// None if it was not measured: it was renamed, and would be lost unseen.
    value: Option<f64>,
}

impl Held<'_> {
    /// What was reached of the goal: 1 or more if it is met.
    fn reached(&self) -> f64 {
        self.value.map_or(0.0, |value| value / self.goal.goal)
    }

    fn is_met(&self) -> bool {
        self.reached() >= 1.0
    }
}

/// Holds figures to goals.
pub fn hold<'g>(goals: &'g [Goal], measures: &[Measure]) -> Vec<Held<'g>> {
    let find = |goal: &Goal| measures.iter().find(|measure| measure.name == goal.name);
    goals
        .iter()
        .map(|goal| Held {
            goal,
            value: find(goal).map(|measure| measure.value),
        })
        .collect()
}

/// Prints every goal and then, as the last line, how many are met; says whether all are.
pub fn report(held: &[Held]) -> bool {
    let width = held
        .iter()
        .map(|held| held.goal.name.chars().count())
        .max()
        .unwrap_or(0);
    for one in held {
        let (style, word) = if one.is_met() {
            (GOOD, "met")
        } else {
            (BAD, "short")
        };
        let Goal { name, goal } = one.goal;
        let value = shown(one.value);
        println!("{name:width$}  {value:>8} of {goal:>5}  {style}{word}{style:#}");
    }
    println!("{}", summary(held));
    held.iter().all(Held::is_met)
}

fn summary(held: &[Held]) -> String {
    let met = held.iter().filter(|held| held.is_met()).count();
    let worst = held
        .iter()
        .min_by(|a, b| a.reached().total_cmp(&b.reached()));
    let worst = worst.map_or_else(String::new, |worst| {
        let Goal { name, goal } = worst.goal;
        format!(": worst {name} {}/{goal}", shown(worst.value))
    });
    format!("met {met} of {}{worst}", held.len())
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(name: &str, goal: f64) -> Goal {
        Goal {
            name: name.to_owned(),
            goal,
        }
    }

    fn measure(name: &str, value: f64) -> Measure {
        Measure {
            name: name.to_owned(),
            value,
            unit: "ratio".into(),
        }
    }

    #[test]
    fn the_worst_is_the_one_that_reaches_least_of_its_goal() {
        let goals = [goal("open", 0.5), goal("two cores", 1.7), goal("seal", 0.9)];
        let measures = [
            measure("open", 0.5),
            measure("two cores", 1.5),
            measure("seal", 0.9),
        ];
        let held = hold(&goals, &measures);
        assert_eq!(summary(&held), "met 2 of 3: worst two cores 1.500/1.7");
        assert!(!report(&held));
        assert!(report(&hold(&goals[..1], &measures)));
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        let goals = [goal("open", 0.5), goal("gone", 0.1)];
        let held = hold(&goals, &[measure("open", 9.0)]);
        assert_eq!(summary(&held), "met 1 of 2: worst gone missing/0.1");
        assert!(!report(&held));
    }
}
