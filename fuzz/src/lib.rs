//! Trails made of bytes: one of the format's test vectors with changes, or files of anything.

pub mod rows;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A directory as it stands in docs/vectors.
struct Vector {
    files: Vec<(String, Vec<u8>)>,
    state: Option<Vec<u8>>,
}

fn vectors() -> &'static [Vector] {
    static VECTORS: OnceLock<Vec<Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors");
        let mut dirs: Vec<PathBuf> = fs::read_dir(root)
            .expect("the vectors")
            .map(|entry| entry.expect("a vector").path())
            .filter(|path| path.is_dir() && path.extension().is_none())
            .collect();
        dirs.sort();
        let load = |dir: PathBuf| {
            let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(&dir)
                .expect("a vector")
                .map(|entry| entry.expect("a file"))
                .map(|entry| {
                    (
                        entry.file_name().into_string().expect("a name"),
                        fs::read(entry.path()).expect("a file"),
                    )
                })
                .collect();
            files.sort();
            let state = fs::read(dir.with_extension("keys").join("state")).ok();
            Vector { files, state }
        };
        dirs.into_iter().map(load).collect()
    })
}

/// The next bytes of an input, zeros behind its end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn number(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// A trail on the disk, where that is memory.
pub struct Laid {
    root: PathBuf,
    pub dir: PathBuf,
}

impl Laid {
    /// What the bytes say: which vector, and what is changed in it; or files as they come.
    pub fn new(data: &[u8]) -> Laid {
        let mut data = Bytes(data);
        let which = usize::from(data.byte());
        let mut files: Vec<(String, Vec<u8>)>;
        let mut state;
        match vectors().get(which) {
            Some(vector) => {
                files = vector.files.clone();
                state = vector.state.clone().filter(|_| data.byte() & 1 == 0);
                while !data.0.is_empty() {
                    change(&mut data, &mut files, &mut state);
                }
            }
            None => {
                state = None;
                files = Vec::new();
                while !data.0.is_empty() && files.len() < 4 {
                    let name = format!("audit-2026-11-2{}.jsonl", files.len());
                    let count = data.number();
                    files.push((name, data.take(count).to_vec()));
                }
            }
        }
        let shm = Path::new("/dev/shm");
        let memory = if shm.is_dir() {
            shm.to_owned()
        } else {
            std::env::temp_dir()
        };
        let root = memory.join(format!("tracing-audit-fuzz-{}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let dir = root.join("logs");
        fs::create_dir_all(&dir).expect("a directory");
        for (name, bytes) in files {
            fs::write(dir.join(name), bytes).expect("a file");
        }
        if let Some(state) = state {
            fs::create_dir(root.join("logs.keys")).expect("a directory");
            fs::write(root.join("logs.keys/state"), state).expect("a file");
        }
        Laid { root, dir }
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// What grows beyond this is not changed any more: a line without an end that is put before itself doubles.
const LARGEST: usize = 1 << 20;

fn change(data: &mut Bytes<'_>, files: &mut Vec<(String, Vec<u8>)>, state: &mut Option<Vec<u8>>) {
    let (what, which, at) = (data.byte(), usize::from(data.byte()), data.number());
    let bytes = match (which, which % files.len().max(1)) {
        (255, _) => match state {
            Some(state) => state,
            None => return,
        },
        (_, place) => match files.get_mut(place) {
            Some((_, bytes)) => bytes,
            None => return,
        },
    };
    if bytes.len() > LARGEST {
        return;
    }
    let at = at % (bytes.len() + 1);
    match what % 8 {
        0 => {
            let new = data.byte();
            if let Some(byte) = bytes.get_mut(at) {
                *byte = new;
            }
        }
        1 => bytes.truncate(at),
        2 => {
            let count = usize::from(data.byte());
            let more = data.take(count);
            bytes.splice(at..at, more.iter().copied());
        }
        3 => {
            let end = (at + data.number()).min(bytes.len());
            bytes[at..end].fill(0);
        }
        4 => {
            let end = (at + data.number()).min(bytes.len());
            bytes.drain(at..end);
        }
        5 => {
            // A line again, where another begins.
            let mut lines: Vec<Vec<u8>> = bytes
                .split_inclusive(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect();
            if !lines.is_empty() {
                let (from, to) = (at % lines.len(), usize::from(data.byte()) % lines.len());
                lines.insert(to, lines[from].clone());
                *bytes = lines.concat();
            }
        }
        6 => {
            let copy = bytes.clone();
            if files.len() < 8 {
                files.push((format!("audit-2027-01-0{}.jsonl", files.len() + 1), copy));
            }
        }
        _ => {
            if which < 255 && !files.is_empty() {
                let place = which % files.len();
                files.remove(place);
            }
        }
    }
}
