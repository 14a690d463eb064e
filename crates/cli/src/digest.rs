//! SHA-256 of what is read or streamed, to compare what went in with what came back.

use std::fmt;
use std::io::{self, Read};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

/// The read buffer, in bytes: large enough that system calls do not count.
const BUFFER: usize = 128 * 1024;

/// A SHA-256 (FIPS 180-4), printed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Checksum([u8; 32]);

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A [`Checksum`] in the making, with the number of bytes so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hashing {
    sha: Sha256,
    bytes: u64,
}

impl Hashing {
    /// Takes the next bytes in.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// How many bytes were taken in.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The checksum of all bytes taken in.
    pub(crate) fn finish(self) -> Checksum {
        Checksum(self.sha.finalize().into())
    }
}

/// The checksum, and the number, of all bytes of a reader.
///
/// # Errors
/// What the reader answers, except interruptions.
pub(crate) fn of_reader(mut reader: impl Read) -> io::Result<(Checksum, u64)> {
    let mut hashing = Hashing::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hashing.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let bytes = hashing.bytes();
    Ok((hashing.finish(), bytes))
}

/// The checksum, and the number, of all bytes of a stream, such as an object store's answer.
///
/// # Errors
/// The stream's first error.
pub(crate) async fn of_stream<S, E>(stream: S) -> Result<(Checksum, u64), E>
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut hashing = Hashing::default();
    let mut stream = std::pin::pin!(stream);
    while let Some(bytes) = stream.next().await {
        hashing.update(&bytes?);
    }
    let bytes = hashing.bytes();
    Ok((hashing.finish(), bytes))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use proptest::prelude::*;

    use super::*;

    // FIPS 180-4's published example messages.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const MILLION_A: &str = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

    #[test]
    fn published_examples_come_out() {
        for (message, checksum) in [(b"".as_slice(), EMPTY), (b"abc", ABC)] {
            let (found, bytes) = of_reader(message).unwrap();
            assert_eq!(
                (found.to_string().as_str(), bytes),
                (checksum, message.len() as u64)
            );
        }
        let (found, bytes) = of_reader(io::repeat(b'a').take(1_000_000)).unwrap();
        assert_eq!((found.to_string().as_str(), bytes), (MILLION_A, 1_000_000));
    }

    #[test]
    fn an_error_of_the_stream_is_the_answer() {
        let items = [Ok(Bytes::from_static(b"a")), Err("broken")];
        assert_eq!(
            block_on(of_stream(futures::stream::iter(items))),
            Err("broken")
        );
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(pieces: Vec<Vec<u8>>) {
            let whole = pieces.concat();
            let stream = futures::stream::iter(pieces.into_iter().map(|piece| Ok::<_, ()>(piece.into())));
            prop_assert_eq!(block_on(of_stream(stream)).unwrap(), of_reader(whole.as_slice()).unwrap());
        }
    }
}
