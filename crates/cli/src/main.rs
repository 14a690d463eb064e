//! Placeholder.
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the verbs that use it are not written yet")
)]
mod canary;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the verbs that use it are not written yet")
)]
mod digest;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the verbs that use it are not written yet")
)]
mod object_path;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the verbs that use it are not written yet")
)]
mod walk;

fn main() {}
