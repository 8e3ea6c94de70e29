//! Every change of one bit or byte in a long trail that the real writer wrote, in each mode, judged with what an operator
//! has: the state file of a chained trail, the key line of a keyed one.

use std::path::{Path, PathBuf};

use tracing_audit::{KeyLine, Rotation, Trail, Trust, Verify, audit, events};

/// A trail of about so many bytes.
const BYTES: usize = 100_000;

/// What a record takes in a chained trail, at least.
const LINE: usize = 240;

struct Written {
    mode: Trust,
    line: Option<KeyLine>,
    /// Name and content, oldest first.
    files: Vec<(String, Vec<u8>)>,
    state: Vec<u8>,
    keys: Option<Vec<u8>>,
}

fn key_dir(dir: &Path) -> PathBuf {
    dir.with_extension("keys")
}

/// Two runs and several parts.
fn written(mode: Trust, bytes: usize) -> Written {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("logs");
    let (tell, told) = std::sync::mpsc::channel();
    for _ in 0..2 {
        let tell = tell.clone();
        let trail = Trail::builder(&dir)
            .detached()
            .mirror(false)
            .rotation(Rotation::daily().max_bytes(16 << 10))
            .line_bytes(4 << 10)
            .value_bytes(1 << 10)
            .trust(mode)
            .key_line(move |line| tell.send(line.clone()).unwrap())
            .build()
            .unwrap();
        for number in 0..bytes / 2 / LINE {
            let receipt = audit!(in: &trail, events::DATA_READ, user_id = "u17", resource = "a book", resource.id = number, "read");
            if number % 5 == 0 {
                receipt.synced().unwrap();
            }
        }
        trail.close().unwrap();
    }
    let read = |path: PathBuf| std::fs::read(path).ok();
    let mut files: Vec<_> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".jsonl"))
        .map(|name| (name.clone(), read(dir.join(name)).unwrap()))
        .collect();
    files.sort_by_key(|(name, _)| (name.len(), name.clone()));
    Written {
        mode,
        line: told.try_recv().ok(),
        state: read(key_dir(&dir).join("state")).unwrap(),
        keys: read(dir.join("audit.keys")),
        files,
    }
}

impl Written {
    fn lay(&self) -> (tempfile::TempDir, PathBuf) {
        let memory = Path::new("/dev/shm");
        let home = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        }
        .unwrap();
        let dir = home.path().join("logs");
        std::fs::create_dir_all(key_dir(&dir)).unwrap();
        std::fs::create_dir_all(&dir).unwrap();
        for (name, bytes) in &self.files {
            std::fs::write(dir.join(name), bytes).unwrap();
        }
        if let Some(keys) = &self.keys {
            std::fs::write(dir.join("audit.keys"), keys).unwrap();
        }
        // Of a keyed trail nothing is asked but its key line: whoever checks it may be somebody else.
        if self.mode == Trust::Chained {
            std::fs::write(key_dir(&dir).join("state"), &self.state).unwrap();
        }
        (home, dir)
    }

    fn exit(&self, dir: &Path) -> u8 {
        let verify = Verify::new(dir).threads(1);
        let verify = match &self.line {
            Some(line) => verify.key(line.clone()),
            None => verify,
        };
        verify.run().unwrap().exit_code()
    }

    /// How the changes of this file were judged, by exit code; `changed` makes the n-th of them.
    fn judge(
        &self,
        name: &str,
        (count, nth): (usize, usize),
        changed: &(dyn Fn(&[u8], usize) -> Vec<u8> + Sync),
    ) -> [usize; 5] {
        let whole = &self.files.iter().find(|(known, _)| known == name).unwrap().1;
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    scope.spawn(move || {
                        let (_home, dir) = self.lay();
                        assert_eq!(self.exit(&dir), 0, "the control");
                        let mut judged = [0; 5];
                        for n in (worker * nth..count).step_by(threads * nth) {
                            std::fs::write(dir.join(name), changed(whole, n)).unwrap();
                            judged[usize::from(self.exit(&dir))] += 1;
                        }
                        std::fs::write(dir.join(name), whole).unwrap();
                        assert_eq!(self.exit(&dir), 0, "the control, afterwards");
                        judged
                    })
                })
                .collect();
            workers.into_iter().fold([0; 5], |mut all, worker| {
                let judged = worker.join().unwrap();
                all.iter_mut().zip(judged).for_each(|(all, one)| *all += one);
                all
            })
        })
    }

    /// Whether this byte is one of a seal whose key the verifier does not have: of those it knows the spelling alone.
    fn is_closed(&self, whole: &[u8], at: usize) -> bool {
        const FRAME: &[u8] = b"\"seal\":\"";
        let line = whole[..at]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let before = &whole[line..at];
        self.mode == Trust::Signed
            && before.windows(FRAME.len()).any(|found| found == FRAME)
            && !whole[at..].starts_with(b"\"}")
    }

    /// Tries every `nth`, and says how each kind was judged.
    fn try_every(&self, nth: usize) {
        let bytes: usize = self.files.iter().map(|(_, bytes)| bytes.len()).sum();
        println!("{} trail of {bytes} bytes in {} files", self.mode, self.files.len());
        // Where a public key cannot tell, another change takes the place, which it must tell.
        let flip = |whole: &[u8], n: usize| {
            let mut bytes = whole.to_vec();
            match self.is_closed(whole, n / 8) {
                true => bytes[n / 8] = b'!',
                false => bytes[n / 8] ^= 1 << (n % 8),
            }
            bytes
        };
        let closed = |whole: &[u8]| (0..whole.len()).filter(|at| self.is_closed(whole, *at)).count();
        let delete = |whole: &[u8], n: usize| [&whole[..n], &whole[n + 1..]].concat();
        let cut = |whole: &[u8], n: usize| whole[..n].to_vec();
        let newest = &self.files.last().unwrap().0;
        let (mut flipped, mut deleted, mut cut_before, mut cut_newest) = ([0; 5], [0; 5], [0; 5], [0; 5]);
        let add = |to: &mut [usize; 5], judged: [usize; 5]| to.iter_mut().zip(judged).for_each(|(to, one)| *to += one);
        for (name, bytes) in &self.files {
            add(&mut flipped, self.judge(name, (bytes.len() * 8, nth), &flip));
            add(&mut deleted, self.judge(name, (bytes.len(), nth), &delete));
            let to = if name == newest {
                &mut cut_newest
            } else {
                &mut cut_before
            };
            add(to, self.judge(name, (bytes.len(), nth), &cut));
        }
        let closed: usize = self.files.iter().map(|(_, bytes)| closed(bytes)).sum();
        if closed > 0 {
            println!("  {closed} bytes of seals, which are the seed's to check: not flipped but overwritten");
        }
        for (what, judged) in [
            ("bits flipped", flipped),
            ("bytes deleted", deleted),
            ("prefixes of files before the newest", cut_before),
            ("prefixes of the newest file", cut_newest),
        ] {
            let all: usize = judged.iter().sum();
            println!(
                "  {all} {what}: {} tampered, {} incomplete, {} other, {} passed",
                judged[1],
                judged[2],
                judged[3] + judged[4],
                judged[0]
            );
            // A flipped version of the format may read as a later one, which nobody here can judge.
            assert_eq!(judged[0], 0, "{what}: {judged:?}");
            assert_eq!(judged[3], 0, "{what}: {judged:?}");
        }
        assert_eq!(
            cut_before[1],
            cut_before.iter().sum::<usize>(),
            "a file cut before the newest is tampering"
        );
        if self.mode == Trust::Chained {
            assert_eq!(
                cut_newest[1],
                cut_newest.iter().sum::<usize>(),
                "a cut below the durable mark is tampering"
            );
        }
    }
}

fn modes() -> Vec<Trust> {
    match cfg!(feature = "sign") {
        true => vec![Trust::Chained, Trust::Sealed, Trust::Signed],
        false => vec![Trust::Chained, Trust::Sealed],
    }
}

#[test]
fn a_changed_byte_and_a_prefix_do_not_pass() {
    for mode in modes() {
        // A prime, so that all bits of bytes and all columns of base64 have their turn.
        written(mode, 2_000).try_every(13);
    }
}

#[test]
#[ignore = "minutes: for a release build, by scripts/changes"]
fn no_change_of_one_byte_and_no_prefix_of_a_long_trail_passes() {
    for mode in modes() {
        let written = written(mode, BYTES);
        assert!(written.files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() >= BYTES);
        written.try_every(1);
    }
}
