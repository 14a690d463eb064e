//! `strongroom clock …`.

use serde_json::json;

use crate::args::Clock;
use crate::failure::Failure;
use crate::output::{Output, time};
use crate::session::Session;

pub(crate) fn run(session: &Session, args: &Clock, output: &Output) -> Result<(), Failure> {
    let now = match args {
        Clock::Show => session.room.now(),
        Clock::Advance { by } => session.room.advance_clock(*by)?,
    };
    output.answer(&json!({ "now": time(now) }), || time(now))
}
