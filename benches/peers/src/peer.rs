//! Who is measured, each in a file of its own.
//!
//! All do the same work: a message that the caller keeps becomes a protected one in a buffer that is
//! made for it, with whatever the scheme sets up for each message, under a key that is at hand; and
//! back. A protected message takes the place of the one before it, so that nobody has to clean up
//! outside of what is measured.

mod age;
mod anda;
mod aws_esdk;
mod strongroom;
mod tink;

use anyhow::Result;
use bytes::Bytes;
use tokio::runtime::Runtime;

/// A library at the work that all of them do.
pub trait Peer {
    /// What the table calls it.
    fn name(&self) -> &'static str;

    /// The package whose version is told.
    fn package(&self) -> &'static str;

    /// The scheme, in a line.
    fn note(&self) -> &'static str;

    /// Protects a message and keeps the result.
    fn encrypt(&mut self, plain: &Bytes) -> Result<()>;

    /// What was protected last.
    fn decrypt(&mut self) -> Result<Bytes>;
}

/// All of them, each with its key made.
pub fn all(runtime: &Runtime) -> Result<Vec<Box<dyn Peer + '_>>> {
    Ok(vec![
        Box::new(strongroom::Message::new()),
        Box::new(age::Age::new()),
        Box::new(tink::Tink::new()?),
        Box::new(aws_esdk::AwsEsdk::unsigned(runtime)?),
        Box::new(aws_esdk::AwsEsdk::signed(runtime)?),
        Box::new(strongroom::Store::new(runtime)?),
        Box::new(anda::Anda::new(runtime)),
    ])
}
