//! Whoever sends bytes, to any parser, makes nothing panic, hang, or take for true what is not.
//!
//! Each target is a test with a bounded number of inputs; `cargo xtask fuzz TARGET --time 600` runs one
//! for so many seconds. Its corpus lies in `__fuzz__/MODULE__TARGET/corpus`, what it ever failed on in
//! `crashes` beside that: both are run first, each time.

mod documents;
mod objects;
mod store;
mod texts;

/// Inputs of a target in a run that is not told otherwise.
const INPUTS: usize = 3000;
