//! Checking a trail, against SHA-256 over the same bytes.
//!
//! `cargo bench --bench verify` writes a trail of about 190 MB by hand, and then takes turns: plain `sha2` over the files
//! read in the same pieces, `verify` on one thread, `verify` on two. It prints medians in MB/s and the ratios that
//! are the goals (0.74 of plain on one thread; 1.9 times that on two). Then the same on one thread for a trail of some 60 MB
//! that the writer wrote in each trust mode (`--features sign` for all three), with its key line: what seals, signatures and
//! the tree add. The files are in the page cache. On a machine that
//! is busy with something else, run it with a real-time priority (`chrt -r 10`), or the second thread is not there.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise, and prints"
)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use tracing_audit::{KeyLine, OnFull, Severity, Trail, Trust, Verify, audit, events};

#[path = "../tests/hand.rs"]
#[allow(dead_code, unreachable_pub)]
mod hand;

const REPEATS: usize = 9;

fn main() {
    let short = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (files, records, repeats) = if short { (2, 2_000, 1) } else { (4, 80_000, REPEATS) };
    let laid = trail(files, records);
    let bytes: u64 = names(&laid.dir)
        .iter()
        .map(|name| fs::metadata(name).unwrap().len())
        .sum();
    println!(
        "{} MB, {files} files, {} records of {} bytes",
        bytes >> 20,
        files * records,
        bytes / (files * records)
    );
    let one_file = trail(1, records);
    let single: u64 = names(&one_file.dir)
        .iter()
        .map(|name| fs::metadata(name).unwrap().len())
        .sum();
    let turns: Vec<[Took; 5]> = (0..repeats)
        .map(|_| {
            [
                took(|| plain(&laid.dir)),
                took(|| verify(&laid.dir, 1)),
                took(|| verify(&laid.dir, 2)),
                took(|| verify(&one_file.dir, 1)),
                took(|| verify(&one_file.dir, 2)),
            ]
        })
        .collect();
    for (row, what) in [
        "plain sha2",
        "verify, 1 thread",
        "verify, 2 threads",
        "verify, 1 thread, one file",
        "verify, 2 threads, one file",
    ]
    .into_iter()
    .enumerate()
    {
        let bytes = if row < 3 { bytes } else { single };
        let speed = median(turns.iter().map(|turn| bytes as f64 / 1e6 / turn[row].wall));
        println!("{what:28} {speed:7.0} MB/s");
    }
    // Within a turn, so that a machine that slows down slows both.
    let ratio = |of: usize, to: usize| median(turns.iter().map(|turn| turn[to].wall / turn[of].wall));
    println!("1 thread against plain:       {:.2}", ratio(1, 0));
    let cpu = median(turns.iter().map(|turn| turn[0].cpu / turn[1].cpu));
    println!("the same by processor time:   {cpu:.2}");
    println!("2 threads against 1:          {:.2}", ratio(2, 1));
    println!("the same, of one file:        {:.2}", ratio(4, 3));
    modes(if short { 2_000 } else { 100_000 }, repeats);
}

/// What the trust modes cost a verifier.
fn modes(records: u64, repeats: usize) {
    let mut modes = vec![Trust::Chained, Trust::Sealed];
    if cfg!(feature = "sign") {
        modes.push(Trust::Signed);
    }
    let trails: Vec<Written> = modes.iter().map(|mode| Written::new(*mode, records)).collect();
    let turns: Vec<Vec<[Took; 2]>> = (0..repeats)
        .map(|_| {
            let one = |trail: &Written| [took(|| plain(&trail.dir)), took(|| trail.verify())];
            trails.iter().map(one).collect()
        })
        .collect();
    println!("by trust mode, 1 thread:");
    for (place, (mode, trail)) in modes.iter().zip(&trails).enumerate() {
        let of = |value: fn(&[Took; 2]) -> f64| median(turns.iter().map(|turn| value(&turn[place])));
        println!(
            "{:28} {:7.0} MB/s, {:.2} of plain, {:.2} by processor time",
            mode.to_string(),
            trail.bytes as f64 / 1e6 / of(|[_, verify]| verify.wall),
            of(|[plain, verify]| plain.wall / verify.wall),
            of(|[plain, verify]| plain.cpu / verify.cpu),
        );
    }
}

/// A trail of the writer's.
struct Written {
    _home: tempfile::TempDir,
    dir: PathBuf,
    line: Option<KeyLine>,
    bytes: u64,
}

impl Written {
    fn new(mode: Trust, records: u64) -> Written {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("logs");
        let (tell, told) = std::sync::mpsc::channel();
        let mut builder = Trail::builder(&dir).detached().mirror(false).trust(mode);
        for severity in Severity::ALL {
            builder = builder.on_full(severity, OnFull::Block(Duration::from_secs(60)));
        }
        let trail = builder
            .key_line(move |line| drop(tell.send(line.clone())))
            .build()
            .unwrap();
        for record in 0..records {
            audit!(
                in: &trail, events::DATA_READ,
                user_id = record % 1_024,
                username = "alice",
                ip = "198.51.100.7",
                user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                resource = "/library/books",
                resource.id = record,
                method = "GET",
                path = "/library/books",
                duration_ms = 12.75,
                shelf = "fiction",
                "a book was read"
            );
        }
        trail.close().unwrap();
        let bytes = names(&dir).iter().map(|name| fs::metadata(name).unwrap().len()).sum();
        Written {
            _home: home,
            dir,
            line: told.try_recv().ok(),
            bytes,
        }
    }

    fn verify(&self) {
        let verify = Verify::new(&self.dir).threads(1);
        let verify = match &self.line {
            Some(line) => verify.key(line.clone()),
            None => verify,
        };
        let report = verify.run().unwrap();
        assert_eq!(report.exit_code(), 0, "{report}");
    }
}

/// Seconds by the clock, and on the processor for this thread.
struct Took {
    wall: f64,
    cpu: f64,
}

fn took(work: impl FnOnce()) -> Took {
    let on_processor = || {
        let times = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        times
            .split(' ')
            .next()
            .and_then(|time| time.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
            / 1e9
    };
    let (begun, before) = (Instant::now(), on_processor());
    work();
    Took {
        wall: begun.elapsed().as_secs_f64(),
        cpu: on_processor() - before,
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn verify(dir: &Path, threads: usize) {
    let report = Verify::new(dir).threads(threads).run().unwrap();
    assert_eq!(report.exit_code(), 0, "{report}");
}

fn plain(dir: &Path) {
    let mut piece = vec![0; 512 << 10];
    for name in names(dir) {
        let mut file = File::open(name).unwrap();
        let mut hash = Sha256::new();
        loop {
            let read = file.read(&mut piece).unwrap();
            if read == 0 {
                break;
            }
            hash.update(&piece[..read]);
        }
        black_box(hash.finalize());
    }
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect()
}

/// Records of some 600 bytes, as a request leaves them.
fn trail(files: u64, records: u64) -> hand::Laid {
    let mut hand = hand::Hand::new();
    for file in 0..files {
        hand.open(if file == 0 { "start" } else { "rotate" });
        for record in 0..records {
            let more = format!(
                ",\"user_id\":\"{}\",\"username\":\"alice\",\"session_id\":\"6f1e9a52-{record:04}\",\"ip\":\"198.51.100.{}\",\
                 \"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\",\"action\":\"read\",\
                 \"resource\":\"/library/books/{record}\",\"method\":\"GET\",\"path\":\"/library/books/{record}\",\
                 \"duration_ms\":12.75,\"request_id\":\"0192f0c1-7a3e-7cc2-9d55-{record:012}\",\"message\":\"a book was read\",\
                 \"metadata\":{{\"password\":\"[redacted]\",\"shelf\":\"fiction\"}},\"redacted\":[\"metadata.password:password\"]",
                record % 1_024,
                record % 250,
            );
            let rest = hand.rest("DATA_READ", &more);
            hand.put(&rest);
        }
    }
    hand.stop().mark(true);
    let laid = hand.lay();
    std::io::stdout().flush().unwrap();
    laid
}
