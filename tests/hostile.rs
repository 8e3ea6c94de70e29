//! Files that somebody made to hurt whoever reads them: each ends in an error or in a fault that is told, within 64 MiB.
//!
//! Readers run in processes of their own, to which the kernel gives no more memory than that (`RLIMIT_DATA`: what is allocated, and
//! the stacks of threads). `scripts/hostile` runs the same with eight times the bytes, a gigabyte, in a build that is optimized.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit};
use tracing_audit::{Error, Order, Query, Stats, Verdict, Verify};

use crate::child;
use crate::hand::{Hand, Laid, three_files};

/// In MiB, for each process.
const MOST: u64 = 64;

const SITE: &str = "TRACING_AUDIT_HOSTILE";
const LIMIT: &str = "TRACING_AUDIT_HOSTILE_LIMIT";
const ASK: &str = "TRACING_AUDIT_HOSTILE_ASK";

/// How many bytes are too many: twice what a reader may have, or as many MiB as the environment says.
fn too_many() -> u64 {
    let told = std::env::var("TRACING_AUDIT_HOSTILE_MIB").ok();
    told.map_or(2 * MOST, |text| text.parse().unwrap()) << 20
}

/// A file with a good begin.
fn begun() -> Hand {
    let mut hand = Hand::new();
    hand.open("start").begin().records(3);
    hand
}

fn append_zeros(path: &Path, count: u64) {
    let mut file = File::options().append(true).open(path).unwrap();
    let end = file.seek(SeekFrom::End(0)).unwrap();
    file.set_len(end + count).unwrap();
}

/// A line that does not end for very long. It is sparse: on the disk it is nothing.
fn long_line() -> Laid {
    let hand = begun();
    let laid = hand.lay();
    append_zeros(&laid.path(&hand.name), too_many());
    let mut file = File::options().append(true).open(laid.path(&hand.name)).unwrap();
    file.write_all(b"\n").unwrap();
    laid
}

/// The same where the header should stand.
fn long_header(count: u64) -> Laid {
    let laid = three_files().lay();
    laid.put("audit-2026-11-21.jsonl", b"");
    append_zeros(&laid.path("audit-2026-11-21.jsonl"), count);
    laid
}

/// One gzip member with all the letters behind a good begin, or none. A flushed block of a compressor that begins anew can be
/// repeated, and checksums can be joined, so that it takes no time to make.
#[cfg(feature = "gzip")]
fn packed(begin: &[u8]) -> Vec<u8> {
    use flate2::{Compress, Compression, Crc, FlushCompress};

    const LETTERS: usize = 1 << 20;
    let block = |bytes: &[u8]| {
        let mut out = Vec::with_capacity(bytes.len() + 1_024);
        let mut compress = Compress::new(Compression::fast(), false);
        compress.compress_vec(bytes, &mut out, FlushCompress::Full).unwrap();
        out
    };
    let (letters, mut crc) = (vec![b'a'; LETTERS], Crc::new());
    crc.update(begin);
    let mut of_letters = Crc::new();
    of_letters.update(&letters);
    let mut out = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    out.extend(block(begin));
    let letters = block(&letters);
    for _ in 0..too_many() / LETTERS as u64 {
        out.extend(&letters);
        crc.combine(&of_letters);
    }
    // The last block is as it is: one byte, which ends the line.
    out.extend(b"\x01\x01\0\xfe\xff\n");
    crc.update(b"\n");
    out.extend(crc.sum().to_le_bytes());
    out.extend(crc.amount().to_le_bytes());
    out
}

#[cfg(feature = "gzip")]
fn bomb() -> Laid {
    let mut hand = begun();
    let plain = hand.files.remove(&hand.name).unwrap();
    let laid = hand.lay();
    laid.put(&format!("{}.gz", hand.name), &packed(&plain));
    laid
}

#[cfg(feature = "gzip")]
fn bomb_for_a_header() -> Laid {
    let laid = three_files().lay();
    laid.put("audit-2026-11-21.jsonl.gz", &packed(b""));
    laid
}

/// A file in a hundred thousand members, of which only the first has anything to say.
#[cfg(feature = "gzip")]
fn many_members() -> Laid {
    let member = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let mut hand = begun();
    let plain = hand.files.remove(&hand.name).unwrap();
    let laid = hand.lay();
    let members = [member(&plain), member(b"a").repeat(100_000)].concat();
    laid.put(&format!("{}.gz", hand.name), &members);
    laid
}

fn nested() -> String {
    ["[".repeat(10_000), "]".repeat(10_000)].concat()
}

/// A record that a parser without a limit would follow down its stack. The chain holds it: it is what the writer wrote.
fn nested_record() -> Laid {
    let mut hand = begun();
    let rest = hand.rest("DATA_READ", &format!(",\"metadata\":{{\"deep\":{}}}", nested()));
    hand.put(&rest).record();
    hand.lay()
}

fn nested_header() -> Laid {
    let laid = three_files().lay();
    let header = format!("{{\"tracing_audit\":1,\"trail\":{}}}\n", nested());
    laid.put("audit-2026-11-21.jsonl", header.as_bytes());
    laid
}

/// Whoever opens it for reading waits for somebody who writes.
fn pipe() -> Laid {
    let laid = three_files().lay();
    let path = laid.path("audit-2026-11-21.jsonl");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    laid
}

/// It never ends.
fn link_to_zeros() -> Laid {
    let laid = three_files().lay();
    std::os::unix::fs::symlink("/dev/zero", laid.path("audit-2026-11-21.jsonl")).unwrap();
    laid
}

/// Everything that reads, one after another: what it says that is wrong, by the reader's name. With `ASK`, only what asks, and
/// not what judges every byte.
fn read_all(dir: &Path) -> Vec<(&'static str, Vec<String>)> {
    /// What is wrong, from whatever gives items and errors.
    fn errors<T>(items: Result<impl Iterator<Item = Result<T, Error>>, Error>) -> Vec<String> {
        match items {
            Ok(items) => items
                .filter_map(|item| item.err().map(|error| error.to_string()))
                .collect(),
            Err(error) => vec![error.to_string()],
        }
    }
    let verdict = |verify: Verify| match verify.run() {
        Ok(report) if report.verdict() == Verdict::Consistent => Vec::new(),
        Ok(report) => vec![report.to_string()],
        Err(error) => vec![error.to_string()],
    };
    let all = |order| Query::new().order(order).unlimited();
    let mut said = Vec::new();
    if std::env::var_os(ASK).is_none() {
        said.push(("verify", verdict(Verify::new(dir).deep(true))));
    }
    said.extend([
        ("read", errors(tracing_audit::read(dir))),
        (
            "read, the last",
            errors(tracing_audit::read(dir).and_then(|all| all.last(2))),
        ),
        ("query, the newest first", errors(all(Order::Newest).entries(dir))),
        ("query, the oldest first", errors(all(Order::Oldest).entries(dir))),
        (
            "query for lines",
            errors(all(Order::Newest).entries(dir).map(|found| found.lines())),
        ),
        (
            "statistics",
            match Stats::of(dir) {
                Ok(stats) => stats.skipped().what().to_vec(),
                Err(error) => vec![error.to_string()],
            },
        ),
    ]);
    #[cfg(feature = "export")]
    said.push(("export", {
        let lines = all(Order::Oldest).entries(dir).map(|found| found.lines());
        let export = tracing_audit::Export::new(tracing_audit::Format::Cef).trail(dir);
        match lines.and_then(|lines| export.write(lines, std::io::sink())) {
            Ok(done) => done.skipped.iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        }
    }));
    said
}

/// The other process: reads what it is told to, and prints what each reader said.
#[test]
fn reader() {
    let (Some(dir), Ok(limit)) = (std::env::var_os(SITE), std::env::var(LIMIT)) else {
        return;
    };
    let bytes = Some(limit.parse::<u64>().unwrap() << 20);
    let limit = Rlimit {
        current: bytes,
        maximum: bytes,
    };
    rustix::process::setrlimit(Resource::Data, limit).unwrap();
    let dir = PathBuf::from(dir);
    if dir.is_file() {
        println!("\nHELD {}", fs::read(dir).unwrap().len());
        return;
    }
    for (name, said) in read_all(&dir) {
        println!("\nSAID {name}: {}", said.join(" | ").replace('\n', " "));
    }
    println!("\nDONE");
}

/// What each reader says within the limit. `None` if they did not come to an end.
fn said(place: &Path, limit: u64) -> Option<Vec<(String, String)>> {
    read_by(place, &[(LIMIT, limit.to_string().as_ref())])
}

fn read_by(place: &Path, more: &[(&str, &std::ffi::OsStr)]) -> Option<Vec<(String, String)>> {
    let variables = [&[(SITE, place.as_os_str())], more].concat();
    let ended = child::run("hostile::reader", &variables).unwrap_or_else(|why| panic!("{}: {why}", place.display()));
    if !ended.status.success() || !(ended.stdout.contains("\nDONE") || ended.stdout.contains("\nHELD")) {
        return None;
    }
    let said = ended
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("SAID ")?.split_once(": "));
    Some(said.map(|(name, said)| (name.to_owned(), said.to_owned())).collect())
}

fn everybody_tells_of(laid: &Laid, what: &[&str]) {
    let said = said(&laid.dir, MOST).expect("all come to an end within the limit");
    assert!(said.len() >= 7, "{said:?}");
    for (name, said) in said {
        assert!(what.iter().any(|what| said.contains(what)), "{name}: {said:?}");
    }
    #[cfg(feature = "cli")]
    the_command_ends(&laid.dir, |code| matches!(code, 1 | 2 | 4));
}

/// The command within the same limit.
#[cfg(feature = "cli")]
fn the_command_ends(dir: &Path, with: fn(i32) -> bool) {
    for (command, more) in [
        ("verify", &["--deep"][..]),
        ("tail", &[]),
        ("query", &["--all"]),
        ("export", &["--format", "csv"]),
    ] {
        let out = std::process::Command::new("sh")
            .args(["-c", &format!("ulimit -d {}; exec \"$0\" \"$@\"", MOST << 10)])
            .arg(env!("CARGO_BIN_EXE_tracing-audit"))
            .arg(command)
            .arg(dir)
            .args(more)
            .env_remove("TRACING_AUDIT_TO")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[&out.stdout[..], &out.stderr].concat()).into_owned();
        let code = out.status.code().filter(|code| command != "verify" || *code != 0);
        assert!(code.is_some_and(with), "{command}: {:?} {said}", out.status);
    }
}

#[test]
fn a_line_without_an_end_is_told_of() {
    everybody_tells_of(&long_line(), &["longer than 16 MiB"]);
}

#[test]
fn a_header_without_an_end_is_told_of() {
    everybody_tells_of(&long_header(too_many()), &["audit-2026-11-21.jsonl"]);
}

/// A terabyte that nobody who asks has to read through. (Who verifies looks for what it proves, whatever it is.)
#[test]
fn a_header_is_looked_for_no_further_than_a_line_may_go() {
    let laid = long_header(1 << 40);
    let limit = MOST.to_string();
    let said = read_by(&laid.dir, &[(LIMIT, limit.as_ref()), (ASK, "1".as_ref())]);
    let said = said.expect("all come to an end within the limit");
    assert!(said.len() >= 6, "{said:?}");
    for (name, said) in said {
        assert!(said.contains("its first line is too long"), "{name}: {said:?}");
    }
}

#[cfg(feature = "gzip")]
#[test]
fn a_bomb_behind_a_good_begin_is_told_of() {
    everybody_tells_of(&bomb(), &["longer than 16 MiB"]);
}

#[cfg(feature = "gzip")]
#[test]
fn a_bomb_for_a_header_is_told_of() {
    everybody_tells_of(&bomb_for_a_header(), &["audit-2026-11-21.jsonl.gz"]);
}

#[cfg(feature = "gzip")]
#[test]
fn a_file_of_many_members_is_told_of() {
    everybody_tells_of(&many_members(), &["gzip member"]);
}

#[test]
fn a_record_of_ten_thousand_levels_is_told_of() {
    everybody_tells_of(&nested_record(), &["nests too deep", "record 5"]);
}

#[test]
fn a_header_of_ten_thousand_levels_is_told_of() {
    everybody_tells_of(&nested_header(), &["audit-2026-11-21.jsonl"]);
}

#[test]
fn a_pipe_is_told_of() {
    everybody_tells_of(&pipe(), &["a pipe", "audit-2026-11-21.jsonl"]);
}

#[test]
fn a_link_to_what_never_ends_is_told_of() {
    everybody_tells_of(&link_to_zeros(), &["symbolic link", "audit-2026-11-21.jsonl"]);
}

/// What the tests above would not see if the limit did not hold.
#[test]
fn who_holds_too_much_does_not_come_to_an_end() {
    let laid = long_line();
    let file = laid.path("audit-2026-11-20.jsonl");
    assert!(said(&file, (4 * too_many()) >> 20).is_some(), "with enough it does");
    assert!(said(&file, MOST).is_none(), "who reads all of the file into memory");
    assert!(
        said(&laid.dir, MOST / 8).is_none(),
        "who holds the longest line that there may be"
    );
    let good = three_files().lay();
    assert!(
        said(&good.dir, MOST).unwrap().iter().all(|(_, said)| said.is_empty()),
        "of a good trail nothing is said"
    );
}
