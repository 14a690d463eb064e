//! Secrets on their way in: from a file or standard input, never from the command line.

use std::io::Read as _;
use std::path::Path;

use strongroom::SecretBytes;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::stdin;

/// More than any key file holds, and little enough for memory.
const MAX: u64 = 1 << 20;
/// The same and one more, as a capacity.
const ROOM: usize = (1 << 20) + 1;

/// The bytes of a file, or of standard input if none is named or it is `-`.
pub(super) async fn secret(file: Option<&Path>) -> Result<SecretBytes, Failure> {
    Ok(SecretBytes::new(std::mem::take(&mut *read(file).await?)))
}

/// The same as text.
pub(super) async fn secret_text(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let bytes = read(file).await?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::NotText)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Beside what else goes on: somebody may be asked to type it, and think better of it.
async fn read(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let file = file.map(Path::to_owned);
    let reading = tokio::task::spawn_blocking(move || read_all(file.as_deref()));
    reading.await.map_err(Failure::TaskStopped)?
}

fn read_all(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room for all of it from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    if let Some(path) = file.filter(|file| *file != Path::new("-")) {
        let failed = || Failure::file("reading", path);
        let file = std::fs::File::open(path).map_err(failed())?;
        file.take(MAX).read_to_end(&mut bytes).map_err(failed())?;
    } else {
        stdin::check()?;
        let stdin = std::io::stdin().lock();
        let read = stdin.take(MAX).read_to_end(&mut bytes);
        read.map_err(Failure::StdinUnreadable)?;
    }
    Ok(bytes)
}
