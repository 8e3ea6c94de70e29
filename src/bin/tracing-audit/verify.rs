//! `tracing-audit verify`.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use clap::Args;
use tracing_audit::{Anchor, Error, ErrorKind, Evidence, KeyLine, Proof, Proven, Verdict, Verify};

use crate::bar;
use crate::out::{self, Failure, Harmless, paint};

/// Check a trail, or a proof about one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    #[arg(required_unless_present_any = ["proof", "bundle"])]
    dir: Option<PathBuf>,
    /// A file that `prove` made, in place of a directory; the public key line is all that it takes
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["dir", "state", "anchor", "remember", "mode", "strict", "deep", "threads"]
    )]
    proof: Option<PathBuf>,
    /// The same of an evidence bundle, as `prove --bundle` makes it
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["proof", "dir", "state", "anchor", "remember", "mode", "strict", "deep", "threads"]
    )]
    bundle: Option<PathBuf>,
    /// The key line itself. For public ones: what a command is given, other users of the machine can see
    #[arg(long, value_name = "LINE")]
    key: Vec<String>,
    /// The trail's state file [default: <DIR>.keys/state]
    #[arg(long, value_name = "PATH")]
    state: Option<PathBuf>,
    /// A file with the key line of a keyed trail; several lines where keys were changed
    #[arg(long, value_name = "PATH")]
    key_file: Option<PathBuf>,
    /// What is known from elsewhere: a record's number and its head, or the value of audit_chain_head48; may be repeated
    #[arg(long, value_name = "SEQ:HEAD")]
    anchor: Vec<Anchor>,
    /// A file, away from the trail's host, that remembers the end of each good check; the next demands it
    #[arg(long, value_name = "PATH")]
    remember: Option<PathBuf>,
    /// Ask for no more than this, even of a keyed trail
    #[arg(long, value_name = "MODE", value_parser = ["chained"])]
    mode: Option<String>,
    /// Earlier unclean ends and early prunes make the exit code 2
    #[arg(long)]
    strict: bool,
    /// Check how every record is spelled, too: strict JSON, no key twice, keys in order and of their types
    #[arg(long)]
    deep: bool,
    /// The report as one JSON object
    #[arg(long)]
    json: bool,
    /// On how many threads [default: as many as there are processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let mut keys: Vec<KeyLine> = arguments
        .key
        .iter()
        .map(|line| line.parse())
        .collect::<Result<_, _>>()?;
    if let Some(path) = &arguments.key_file {
        keys.extend(keys_of(path)?);
    }
    match (&arguments.bundle, &arguments.proof, &arguments.dir) {
        (Some(path), ..) => bundle(path, &keys, arguments.json),
        (_, Some(path), _) => proof(path, &keys, arguments.json),
        (.., Some(dir)) => trail(dir, keys, arguments),
        // One of them is required.
        (None, None, None) => Ok(crate::USAGE),
    }
}

fn trail(dir: &Path, keys: Vec<KeyLine>, arguments: &Arguments) -> Result<u8, Failure> {
    let mut verify = Verify::new(dir).strict(arguments.strict);
    if let Some(state) = &arguments.state {
        verify = verify.state(state);
    }
    for line in keys {
        verify = verify.key(line);
    }
    for anchor in &arguments.anchor {
        verify = verify.anchor(*anchor);
    }
    if let Some(path) = &arguments.remember {
        verify = verify.remember(path);
    }
    verify = verify.chained_only(arguments.mode.is_some()).deep(arguments.deep);
    if let Some(threads) = arguments.threads {
        verify = verify.threads(threads.into());
    }
    let done = Arc::new(AtomicU64::new(0));
    let verify = verify.progress(Arc::clone(&done));
    let report = bar::over(bar::bytes_in(dir), &done, || verify.run())?;
    let code = report.exit_code();
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", Harmless(&report.to_json())).map_err(Failure::of_write(code))?;
    } else {
        headed(&mut out, colour(report.verdict()), &report.to_string()).map_err(Failure::of_write(code))?;
    }
    out.flush().map_err(Failure::of_write(code))?;
    Ok(code)
}

fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        good if good.is_good() => paint::GREEN,
        Verdict::Tampered => paint::BOLD_RED,
        _ => paint::YELLOW,
    }
}

/// The first line is the verdict.
fn headed(out: &mut impl Write, colour: &str, text: &str) -> io::Result<()> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    writeln!(out, "{colour}{first}{}\n{rest}", paint::PLAIN)
}

/// 0 if the proof holds under one of the keys, 1 if it does not hold together, 3 if none of them is its own, 4 if it cannot be
/// read.
fn proof(path: &Path, keys: &[KeyLine], json: bool) -> Result<u8, Failure> {
    // The longest line, and the notes of a file beside it.
    const LONGEST: u64 = 1 << 30;
    let failed = |error| Failure::File(path.to_owned(), error);
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    let proof = match text.parse::<Proof>() {
        Ok(proof) => proof,
        Err(error) => return refused(&error, json),
    };
    let mut why: Option<Error> = None;
    for key in keys {
        match proof.verify(key) {
            Ok(proven) => return shown(&proven, json),
            // What another trail's key says is of no interest where one of this trail was given, too.
            Err(error) if error.kind() == ErrorKind::Damaged || why.is_none() => why = Some(error),
            Err(_) => {}
        }
    }
    match why {
        Some(error) => refused(&error, json),
        None => unproven(
            3,
            "unknown_key",
            "nothing is proven without the trail's public key line; give --key-file or --key",
            json,
        ),
    }
}

/// As for a proof.
fn bundle(path: &Path, keys: &[KeyLine], json: bool) -> Result<u8, Failure> {
    let file = File::open(path).map_err(|error| Failure::File(path.to_owned(), error))?;
    let findings = Evidence::verify(file, keys)?;
    let code = findings.exit_code();
    let mut out = anstream::stdout().lock();
    let written = match json {
        true => writeln!(out, "{}", Harmless(&findings.to_json())),
        false => headed(&mut out, colour(findings.verdict()), findings.to_string().trim_end()),
    };
    written.and_then(|()| out.flush()).map_err(Failure::of_write(code))?;
    Ok(code)
}

fn refused(error: &Error, json: bool) -> Result<u8, Failure> {
    let (code, verdict) = match error.kind() {
        ErrorKind::Damaged => (1, "tampered"),
        ErrorKind::Key => (3, "unknown_key"),
        _ => (4, "unreadable"),
    };
    unproven(code, verdict, &error.to_string(), json)
}

fn unproven(code: u8, verdict: &str, why: &str, json: bool) -> Result<u8, Failure> {
    match json {
        true => {
            let object = serde_json::json!({ "verdict": verdict, "exit_code": code, "detail": why });
            let mut out = anstream::stdout().lock();
            writeln!(out, "{}", out::json(&object)?)
                .and_then(|()| out.flush())
                .map_err(Failure::of_write(code))?;
        }
        false => out::complain(&why),
    }
    Ok(code)
}

fn shown(proven: &Proven, json: bool) -> Result<u8, Failure> {
    let mut out = anstream::stdout().lock();
    let written = match json {
        true => writeln!(out, "{}", Harmless(&proven.to_json())),
        false => {
            // Line by line, for what a record holds must not make lines of its own.
            let text: Vec<String> = proven
                .to_string()
                .lines()
                .map(|line| Harmless(line).to_string())
                .collect();
            headed(&mut out, paint::GREEN, &(text.join("\n")))
        }
    };
    written.and_then(|()| out.flush()).map_err(Failure::of_write(0))?;
    Ok(0)
}

pub(crate) fn keys_of(path: &Path) -> Result<Vec<KeyLine>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::File(path.to_owned(), error))?;
    KeyLine::all(&text)
        .map_err(|error| Failure::File(path.to_owned(), io::Error::new(io::ErrorKind::InvalidData, error)))
}
