//! Checkpoints in an append-only file of lines.
//!
//! A line is `v1 <at> <chain> <sequence> <tag> <mac>`: decimal numbers (`at` in milliseconds since
//! the Unix epoch), tag and MAC as 64 lower-case hexadecimal digits, one blank between, `\n` at the
//! end. A line that was cut off while being written is closed later with ` torn\n`, and such a line
//! counts for nothing: the file is never shortened, so it may be on a medium that only appends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use strongroom_base::Timestamp;

use super::{Checkpoint, CheckpointError, CheckpointSink, LineFault};
use crate::sqlite::fault::Fault;
use crate::{ChainKey, Head, Tag};

const TORN: &str = " torn";

/// No line is longer: a chain's name has at most 255 bytes.
const LONGEST: u64 = 512;

/// Checkpoints in a file that its owner alone may read. Several processes may share it.
#[derive(Clone, Debug)]
pub struct FileCheckpoints {
    path: PathBuf,
    key: Arc<dyn ChainKey>,
}

impl FileCheckpoints {
    /// The checkpoints in the file at `path`, verified under `key`. The file is made when the first
    /// are added; its folder must exist.
    pub fn new(path: impl Into<PathBuf>, key: Arc<dyn ChainKey>) -> Self {
        Self {
            path: path.into(),
            key,
        }
    }
}

#[async_trait]
impl CheckpointSink for FileCheckpoints {
    async fn append(&self, checkpoints: &[Checkpoint]) -> Result<(), CheckpointError> {
        let lines: String = checkpoints.iter().map(line).collect();
        let path = self.path.clone();
        blocking(move || append(&path, &lines)).await
    }

    async fn read_all(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        let path = self.path.clone();
        let text = blocking(move || read(&path, u64::MAX)).await?;
        parse_all(&text, &*self.key)
    }

    async fn read_newest(&self, many: usize) -> Result<Vec<Checkpoint>, CheckpointError> {
        let path = self.path.clone();
        let many = u64::try_from(many).unwrap_or(u64::MAX);
        let text = blocking(move || read(&path, many.saturating_mul(LONGEST))).await?;
        match parse_all(&text, &*self.key) {
            // Only who has counted from the start knows its number.
            Err(CheckpointError::BadLine { .. }) => self.read_all().await,
            parsed => parsed,
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, CheckpointError> {
    let done = crate::runtime::blocking(work)
        .await
        .map_err(io::Error::other);
    done.and_then(|done| done)
        .map_err(|error| CheckpointError::Unavailable {
            hindrance: Fault::hindrance_of(&error),
            cause: Arc::new(error),
        })
}

fn append(path: &Path, lines: &str) -> io::Result<()> {
    let is_new = !path.try_exists()?;
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)?;
    // Held until the file is closed, here: no other writer is in the middle of a line.
    file.lock()?;
    let mut text = String::new();
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text = format!("{TORN}\n");
        }
    }
    text.push_str(lines);
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    if is_new {
        let folder = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// The whole lines in the last `length` bytes, and what may stand behind them.
fn read(path: &Path, length: u64) -> io::Result<Vec<u8>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    file.lock_shared()?;
    let skipped = file.metadata()?.len().saturating_sub(length);
    // One byte earlier: it ends a line if the next byte begins one.
    file.seek(SeekFrom::Start(skipped.saturating_sub(1)))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    if skipped > 0 {
        let begun = text.iter().position(|byte| *byte == b'\n');
        text.drain(..begun.map_or(text.len(), |end| end + 1));
    }
    Ok(text)
}

fn line(checkpoint: &Checkpoint) -> String {
    let Checkpoint {
        head: Head {
            chain,
            sequence,
            tag,
        },
        at,
        mac,
    } = checkpoint;
    format!(
        "v1 {} {chain} {sequence} {tag} {mac}\n",
        at.as_unix_millis()
    )
}

fn parse_all(text: &[u8], key: &dyn ChainKey) -> Result<Vec<Checkpoint>, CheckpointError> {
    // What stands behind the last end of line was cut off, or is being written.
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .and_then(|end| text.get(..end));
    let Some(whole) = whole else {
        return Ok(Vec::new());
    };
    let mut checkpoints = Vec::new();
    for (number, bytes) in (1..).zip(whole.split(|byte| *byte == b'\n')) {
        let bad = |fault| CheckpointError::BadLine {
            line: number,
            fault,
        };
        if bytes.ends_with(TORN.as_bytes()) {
            continue;
        }
        let checkpoint = parse(bytes).ok_or_else(|| bad(LineFault::Form))?;
        if !checkpoint.is_genuine(key) {
            return Err(bad(LineFault::Mac));
        }
        checkpoints.push(checkpoint);
    }
    Ok(checkpoints)
}

fn parse(bytes: &[u8]) -> Option<Checkpoint> {
    let text = str::from_utf8(bytes).ok()?;
    let mut fields = text.split(' ');
    let mut next = || fields.next();
    if next()? != "v1" {
        return None;
    }
    let at = Timestamp::from_unix_millis(next()?.parse().ok()?);
    let chain = next()?.to_owned();
    let sequence = next()?.parse().ok()?;
    let tag = tag(next()?)?;
    let mac = self::tag(next()?)?;
    let checkpoint = Checkpoint {
        head: Head {
            chain,
            sequence,
            tag,
        },
        at,
        mac,
    };
    // One form for each checkpoint: no signs, zeros in front, capitals or further fields.
    (line(&checkpoint).strip_suffix('\n') == Some(text)).then_some(checkpoint)
}

fn tag(text: &str) -> Option<Tag> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(Tag::from_bytes(bytes))
}
