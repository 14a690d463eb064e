//! What came out, as one document or as lines.

use anyhow::Result;
use serde::Serialize;
use strongroom_crypto::fastest;

use crate::lock::Lock;
use crate::measure::Speed;
use crate::peer::Peer;
use crate::{SIZES, machine};

/// All of it; `cargo xtask bench peers` reads it back.
#[derive(Serialize)]
pub struct Report {
    machine: String,
    date: String,
    rustc: &'static str,
    /// What Strongroom encrypts with on this processor.
    provider: String,
    /// In bytes.
    sizes: [usize; 3],
    /// Of how many figures each is the median.
    rounds: u16,
    results: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    peer: &'static str,
    version: String,
    size: usize,
    encrypt_mb_s: f64,
    decrypt_mb_s: f64,
    note: &'static str,
}

impl Report {
    /// Nothing is measured yet.
    pub fn begin(lock: &Lock, rounds: u16) -> Result<Self> {
        Ok(Self {
            machine: machine::name(),
            date: machine::date(),
            rustc: env!("RUSTC_VERSION"),
            provider: provider(lock)?,
            sizes: SIZES,
            rounds,
            results: Vec::new(),
        })
    }

    /// One peer with one size.
    pub fn add(&mut self, peer: &dyn Peer, version: &str, size: usize, speed: Speed) {
        self.results.push(Row {
            peer: peer.name(),
            version: version.to_owned(),
            size,
            encrypt_mb_s: tenths(speed.encrypt),
            decrypt_mb_s: tenths(speed.decrypt),
            note: peer.note(),
        });
    }

    /// To standard output.
    pub fn print(&self, json: bool) -> Result<()> {
        if json {
            println!("{}", serde_json::to_string_pretty(self)?);
            return Ok(());
        }
        println!("{}, {}, {}", self.machine, self.date, self.rustc);
        for row in &self.results {
            let Row { peer, version, .. } = row;
            println!(
                "{:>9} bytes  {:9.1} MB/s in  {:9.1} MB/s out  {peer} {version}",
                row.size, row.encrypt_mb_s, row.decrypt_mb_s
            );
        }
        Ok(())
    }
}

/// Its libraries, each with its version.
fn provider(lock: &Lock) -> Result<String> {
    let libraries = fastest::provider().name.split(" and ");
    let versions = libraries.map(|name| Ok(format!("{name} {}", lock.version(name)?)));
    Ok(versions.collect::<Result<Vec<_>>>()?.join(" and "))
}

/// No figure here is known more exactly.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
