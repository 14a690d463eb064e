//! Moments, as the crate has them.

#[path = "../../src/clock/moment.rs"]
mod moment;

pub(crate) use self::moment::Moment;
