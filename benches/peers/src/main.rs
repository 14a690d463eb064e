//! Strongroom and its peers at the same work, in the same run: a message in memory is encrypted
//! under a key that is at hand, and decrypted again.
//!
//! `cargo xtask bench peers` builds and runs this, and makes the table and the picture of it.
#![forbid(unsafe_code)]

mod data;
mod lock;
mod machine;
mod measure;
mod peer;
mod report;

use anyhow::Result;
use clap::Parser;
use tokio::runtime::Runtime;

use lock::Lock;
use report::Report;

/// The sizes of the messages, in bytes.
const SIZES: [usize; 3] = [1 << 10, 1 << 20, 64 << 20];

/// Measure Strongroom and its peers side by side
#[derive(Parser)]
struct Args {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
    /// How often each figure is taken; the median is told
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let lock = Lock::read()?;
    let runtime = Runtime::new()?;
    let mut peers = peer::all(&runtime)?;
    let mut report = Report::begin(&lock, args.rounds)?;
    for size in SIZES {
        let plain = data::message(size);
        for peer in &mut peers {
            measure::check(&mut **peer, &plain)?;
        }
        let speeds = measure::rounds(&mut peers, &plain, args.rounds)?;
        for (peer, speed) in peers.iter().zip(speeds) {
            report.add(&**peer, lock.version(peer.package())?, size, speed);
        }
    }
    report.print(args.json)
}
