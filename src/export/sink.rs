//! Where an export goes: counted, buffered, compressed if asked for.

use std::io::{self, BufWriter, Write};

#[cfg(feature = "gzip")]
use flate2::{Compression, write::GzEncoder};

const BUFFER: usize = 64 * 1024;

pub(super) enum Sink<W: Write> {
    Plain(BufWriter<Counted<W>>),
    #[cfg(feature = "gzip")]
    Gzip(Box<GzEncoder<BufWriter<Counted<W>>>>),
}

impl<W: Write> Sink<W> {
    pub(super) fn new(into: W, gzip: bool) -> Sink<W> {
        let plain = BufWriter::with_capacity(BUFFER, Counted { into, bytes: 0 });
        match gzip {
            #[cfg(feature = "gzip")]
            true => Sink::Gzip(Box::new(GzEncoder::new(plain, Compression::default()))),
            _ => Sink::Plain(plain),
        }
    }

    /// Writes what is held back, and says how many bytes there were.
    pub(super) fn finish(self) -> io::Result<u64> {
        let mut plain = match self {
            Sink::Plain(plain) => plain,
            #[cfg(feature = "gzip")]
            Sink::Gzip(gzip) => gzip.finish()?,
        };
        plain.flush()?;
        Ok(plain.get_ref().bytes)
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Plain(plain) => plain.write(bytes),
            #[cfg(feature = "gzip")]
            Sink::Gzip(gzip) => gzip.write(bytes),
        }
    }

    /// A compressed stream is flushed at its end alone; before, it would only grow.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Plain(plain) => plain.flush(),
            #[cfg(feature = "gzip")]
            Sink::Gzip(_) => Ok(()),
        }
    }
}

pub(super) struct Counted<W> {
    into: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}
