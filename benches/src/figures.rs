//! Figures of a benchmark that criterion does not run, where `cargo xtask bench` finds them.

use std::env;
use std::fs;
use std::path::PathBuf;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
}

impl Figure {
    /// A value, and what it is of. Neither the name nor the unit may hold what JSON would escape.
    #[must_use]
    pub fn new(name: String, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit }
    }
}

/// Leaves the figures of `bench` beside criterion's; nowhere, if nobody has said where those are.
///
/// # Panics
/// If they cannot be written.
pub fn write(bench: &str, figures: &[Figure]) {
    let Some(home) = env::var_os("CRITERION_HOME") else {
        return;
    };
    let lines: Vec<String> = figures
        .iter()
        .map(|Figure { name, value, unit }| {
            format!(r#"{{"name":"{name}","value":{value},"unit":"{unit}"}}"#)
        })
        .collect();
    let folder = PathBuf::from(home).join(bench);
    fs::create_dir_all(&folder).expect("a folder for figures");
    fs::write(
        folder.join("figures.json"),
        format!("[{}]", lines.join(",")),
    )
    .expect("figures");
}
