//! How the figures are taken: round after round over all peers, so that a machine that grows slower
//! or faster in the meantime does so for all of them, and of each figure the median.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;

use crate::peer::Peer;

/// A figure is taken over no less than this, or over one message if that takes longer.
const ROUND: Duration = Duration::from_millis(50);

/// What one peer reached with one size, in megabytes (of a million bytes) a second.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    pub encrypt: f64,
    pub decrypt: f64,
}

/// Whether a peer gives back what it was given: who does not is not measured.
pub fn check(peer: &mut dyn Peer, plain: &Bytes) -> Result<()> {
    let name = peer.name();
    peer.encrypt(plain).with_context(|| name.to_owned())?;
    let back = peer.decrypt().with_context(|| name.to_owned())?;
    ensure!(
        back == plain,
        "{name} gives back other bytes than it was given"
    );
    Ok(())
}

/// One speed for each peer.
pub fn rounds(peers: &mut [Box<dyn Peer + '_>], plain: &Bytes, rounds: u16) -> Result<Vec<Speed>> {
    let mut seconds: Vec<(Vec<f64>, Vec<f64>)> = vec![Default::default(); peers.len()];
    for round in 1..=rounds {
        eprintln!("{} bytes: round {round} of {rounds}", plain.len());
        for (peer, (encrypt, decrypt)) in peers.iter_mut().zip(&mut seconds) {
            encrypt.push(seconds_each(|| peer.encrypt(plain))?);
            // The optimizer may not know that nobody reads it.
            let work = || peer.decrypt().map(|plain| drop(black_box(plain)));
            decrypt.push(seconds_each(work)?);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a size is far below 2^53")]
    let megabytes = plain.len() as f64 / 1e6;
    let speed = |(encrypt, decrypt)| Speed {
        encrypt: megabytes / median(encrypt),
        decrypt: megabytes / median(decrypt),
    };
    Ok(seconds.into_iter().map(speed).collect())
}

/// Does the work in batches that double, so that reading the clock costs nothing beside it.
fn seconds_each(mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let start = now();
    let (mut done, mut batch) = (0, 1);
    loop {
        for _ in 0..batch {
            work()?;
        }
        done += batch;
        let took = start.elapsed();
        if took >= ROUND {
            return Ok(took.as_secs_f64() / f64::from(done));
        }
        batch *= 2;
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 {
        figures[middle]
    } else {
        f64::midpoint(figures[middle - 1], figures[middle])
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the work took is what is measured"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median(vec![9.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0, 9.0, 2.0]) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_round_is_long_enough_or_one_message() {
        let mut times = 0;
        let each = seconds_each(|| {
            // Not to be summed up without being done.
            times = black_box(times) + 1;
            Ok(())
        });
        assert!(each.unwrap() * f64::from(times) >= ROUND.as_secs_f64() * 0.99);
        let mut slow = 0;
        seconds_each(|| {
            slow += 1;
            std::thread::sleep(ROUND);
            Ok(())
        })
        .unwrap();
        assert_eq!(slow, 1);
    }
}
