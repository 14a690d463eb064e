//! Sealed objects, over every provider that is built in.

mod bad_input;
mod numbers;
mod refusal;
mod round_trip;
mod secrecy;
mod stream;
mod support;
mod vectors;
