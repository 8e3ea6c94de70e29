//! A compressed file, read as if it were not (docs/FORMAT.md, "Compression"): exactly one gzip member, its checksum right,
//! and nothing behind it.

use std::io::{self, BufRead as _, BufReader, Read};
use std::sync::Arc;

use flate2::bufread::GzDecoder;

use super::{DiskFile, Stat};
use crate::sync::Mutex;

/// Compressed bytes read at once.
const CHUNK: usize = 64 << 10;

/// Opens the content of a compressed file for reading from its begin to its end. Reading elsewhere begins anew, and is slow.
pub(crate) fn content(file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
    Arc::new(Content {
        stream: Mutex::new(Stream::new(&file)),
        file,
    })
}

/// Reads all of it, and gives its length. An error if it breaks a rule of compressed files.
pub(crate) fn measure(content: &dyn DiskFile) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK];
    let mut len = 0;
    loop {
        match content.read_at(len, &mut chunk)? {
            0 => return Ok(len),
            read => len += read as u64,
        }
    }
}

#[derive(Debug)]
struct Content {
    file: Arc<dyn DiskFile>,
    stream: Mutex<Stream>,
}

#[derive(Debug)]
struct Stream {
    decoder: GzDecoder<BufReader<Compressed>>,
    /// How far the content was read.
    at: u64,
}

/// The compressed bytes in their order.
#[derive(Debug)]
struct Compressed {
    file: Arc<dyn DiskFile>,
    at: u64,
}

impl Read for Compressed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.at, into)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Stream {
    fn new(file: &Arc<dyn DiskFile>) -> Stream {
        let compressed = Compressed {
            file: Arc::clone(file),
            at: 0,
        };
        Stream {
            decoder: GzDecoder::new(BufReader::with_capacity(CHUNK, compressed)),
            at: 0,
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match self.decoder.read(into) {
            // Whatever is wrong with the bytes is wrong with the bytes, and not with the disk.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(bad("its end is missing")),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Err(bad("its bytes are no gzip member")),
            other => other,
        }?;
        self.at += read as u64;
        if read == 0 && !into.is_empty() && !self.decoder.get_mut().fill_buf()?.is_empty() {
            return Err(bad("something stands behind its one gzip member"));
        }
        Ok(read)
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl DiskFile for Content {
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.stream.lock();
        if at < stream.at {
            *stream = Stream::new(&self.file);
        }
        let mut skipped = [0; 4_096];
        while stream.at < at {
            let room = usize::try_from(at - stream.at)
                .unwrap_or(skipped.len())
                .min(skipped.len());
            if stream.read(skipped.get_mut(..room).unwrap_or_default())? == 0 {
                return Ok(0);
            }
        }
        stream.read(into)
    }

    fn stat(&self) -> io::Result<Stat> {
        self.file.stat()
    }

    fn write(&self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn truncate(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn try_lock(&self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn unlock(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::io::Disk as _;
    use crate::io::mem::MemDisk;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn open(bytes: &[u8]) -> Arc<dyn DiskFile> {
        let disk = MemDisk::new();
        disk.put("/x.gz", bytes);
        content(disk.open_read("/x.gz".as_ref()).unwrap())
    }

    #[test]
    fn content_is_read_at_any_place() {
        let text: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let file = open(&packed(&text));
        assert_eq!(measure(&*file).unwrap(), text.len() as u64);
        for at in [0_usize, 5, 1_000_000, 17, 1_199_998] {
            let mut some = [0; 2];
            assert_eq!(file.read_at(at as u64, &mut some).unwrap(), 2);
            assert_eq!(some, text[at..at + 2]);
        }
        assert_eq!(file.read_at(text.len() as u64, &mut [0; 9]).unwrap(), 0);
    }

    #[test]
    fn what_is_not_exactly_one_whole_member_is_refused() {
        let good = packed(b"one line\nand another\n");
        let measured = |bytes: &[u8]| measure(&*open(bytes));
        assert!(measured(&good).is_ok(), "the control");
        assert!(measured(&[&good[..], b"x"].concat()).is_err());
        assert!(measured(&[&good[..], b"\0"].concat()).is_err());
        assert!(measured(&[&good[..], &good[..]].concat()).is_err());
        for cut in 0..good.len() {
            assert!(measured(&good[..cut]).is_err(), "{cut} bytes");
        }
        // A bit that says nothing of the content may change; the content may not.
        let mut refused = 0;
        for at in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            let mut text = [0; 64];
            match open(&bytes).read_at(0, &mut text).and_then(|_| measured(&bytes)) {
                Ok(len) => assert_eq!(&text[..len as usize], b"one line\nand another\n", "bit {at}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > good.len() * 6, "{refused}");
    }

    /// Much in little: it is read through, and never held.
    #[test]
    fn a_bomb_takes_time_and_no_memory() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let zeros = vec![0; 1 << 20];
        for _ in 0..64 {
            encoder.write_all(&zeros).unwrap();
        }
        let file = open(&encoder.finish().unwrap());
        assert_eq!(measure(&*file).unwrap(), 64 << 20);
    }
}
