//! What the program tells, and what is asked of it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One run: the machine, and a row for each peer and size.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub machine: String,
    pub date: String,
    pub rustc: String,
    pub provider: String,
    /// In bytes.
    pub sizes: Vec<u64>,
    /// Of how many figures each is the median.
    pub rounds: u16,
    pub results: Vec<Row>,
}

/// What one peer reached with one size.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub peer: String,
    pub version: String,
    pub size: u64,
    pub encrypt_mb_s: f64,
    pub decrypt_mb_s: f64,
    pub note: String,
}

/// Who is compared with whom, and what is asked at one size.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goals {
    /// In bytes.
    pub size: u64,
    pub groups: Vec<Group>,
}

/// One of ours, and its peers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub title: String,
    pub ours: String,
    pub peers: Vec<Goal>,
}

/// How many times faster ours is to encrypt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    pub name: String,
    pub encrypt: f64,
}

/// A row of one of ours or of a peer, and what there is to say of it beside ours.
pub struct Line<'a> {
    pub row: &'a Row,
    /// `None` in the row of ours.
    pub beside: Option<Beside>,
}

/// Ours over a peer's.
pub struct Beside {
    pub encrypt: f64,
    pub decrypt: f64,
    /// At the size that has goals.
    pub goal: Option<f64>,
}

impl Document {
    /// The figures of one peer.
    pub fn row(&self, peer: &str, size: u64) -> Result<&Row> {
        self.results
            .iter()
            .find(|row| row.peer == peer && row.size == size)
            .with_context(|| format!("no figures of `{peer}` at {size} bytes"))
    }

    /// Ours first, then the peers as the goals name them.
    pub fn lines(&self, goals: &Goals, group: &Group, size: u64) -> Result<Vec<Line<'_>>> {
        let ours = self.row(&group.ours, size)?;
        let mut lines = vec![Line {
            row: ours,
            beside: None,
        }];
        for goal in &group.peers {
            let row = self.row(&goal.name, size)?;
            let beside = Beside {
                encrypt: ours.encrypt_mb_s / row.encrypt_mb_s,
                decrypt: ours.decrypt_mb_s / row.decrypt_mb_s,
                goal: (size == goals.size).then_some(goal.encrypt),
            };
            lines.push(Line {
                row,
                beside: Some(beside),
            });
        }
        Ok(lines)
    }
}

/// Reads either of them.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

/// A size as people say it.
pub fn spoken(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Ours is eight times as fast to encrypt, and twice to decrypt.
    pub fn document() -> Document {
        let row = |peer: &str, encrypt_mb_s, decrypt_mb_s| Row {
            peer: peer.to_owned(),
            version: "1.2.3".to_owned(),
            size: 1 << 20,
            encrypt_mb_s,
            decrypt_mb_s,
            note: String::new(),
        };
        Document {
            machine: "a machine & its cores".to_owned(),
            date: "2026-11-25".to_owned(),
            rustc: "rustc 1.95.0 (0123456789 2026-04-14)".to_owned(),
            provider: "aws-lc-rs 1.19.0".to_owned(),
            sizes: vec![1 << 20],
            rounds: 9,
            results: vec![row("ours", 8000.0, 9000.0), row("theirs", 1000.0, 4500.0)],
        }
    }

    /// Ten times as fast is asked.
    pub fn goals() -> Goals {
        let peers = vec![Goal {
            name: "theirs".to_owned(),
            encrypt: 10.0,
        }];
        Goals {
            size: 1 << 20,
            groups: vec![Group {
                title: "All".to_owned(),
                ours: "ours".to_owned(),
                peers,
            }],
        }
    }

    #[test]
    fn a_peer_stands_beside_ours_and_a_missing_one_is_an_error() {
        let (document, mut goals) = (document(), goals());
        let lines = document.lines(&goals, &goals.groups[0], 1 << 20).unwrap();
        assert!(lines[0].beside.is_none());
        let beside = lines[1].beside.as_ref().unwrap();
        assert!((beside.encrypt - 8.0).abs() < 1e-9);
        assert!((beside.decrypt - 2.0).abs() < 1e-9);
        assert_eq!(beside.goal, Some(10.0));
        goals.groups[0].peers[0].name = "gone".to_owned();
        assert!(document.lines(&goals, &goals.groups[0], 1 << 20).is_err());
    }

    #[test]
    fn sizes_are_spoken() {
        let all = [1 << 10, 1 << 20, 64 << 20, 1000].map(spoken);
        assert_eq!(all, ["1 KiB", "1 MiB", "64 MiB", "1000 bytes"]);
    }
}
