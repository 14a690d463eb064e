//! Secrets on their way in: from a file or standard input, never from the command line.

use std::io::Read as _;
use std::path::Path;

use strongroom::SecretBytes;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// More than any key file holds, and little enough for memory.
const MAX: u64 = 1 << 20;
/// The same and one more, as a capacity.
const ROOM: usize = (1 << 20) + 1;

/// The bytes of a file, or of standard input if none is named or it is `-`.
pub(super) fn secret(file: Option<&Path>) -> Result<SecretBytes, Failure> {
    Ok(SecretBytes::new(std::mem::take(&mut *read(file)?)))
}

/// The same as text.
pub(super) fn secret_text(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let bytes = read(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::NotText)?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn read(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room for all of it from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    if let Some(path) = file.filter(|file| *file != Path::new("-")) {
        let failed = || Failure::file("reading", path);
        let file = std::fs::File::open(path).map_err(failed())?;
        file.take(MAX).read_to_end(&mut bytes).map_err(failed())?;
    } else {
        let stdin = std::io::stdin().lock();
        let failed = Failure::file("reading", "standard input");
        stdin.take(MAX).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}
