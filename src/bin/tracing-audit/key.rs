//! `tracing-audit key`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tracing_audit::{Builder, KeyLine, Keyring, RunsKey, Trust};

use crate::open;
use crate::out::{self, Failure, Harmless};
use crate::verify::keys_of;

/// Show which keys a trail has, by their ids, or give it another.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// Where its keys and its state are, if not in <DIR>.keys
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Key lines that were kept: says which key of the trail each is
    #[arg(long, value_name = "PATH", conflicts_with = "rotate")]
    key_file: Option<PathBuf>,
    /// Give a stopped trail another key from the next run on
    #[arg(long, requires = "out")]
    rotate: bool,
    /// A new file for the key line of that key; take it away from this host
    #[arg(long, value_name = "FILE", requires = "rotate")]
    out: Option<PathBuf>,
    /// What there is to say as one JSON object
    #[arg(long, conflicts_with = "rotate")]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    if let Some(path) = arguments.out.as_ref().filter(|_| arguments.rotate) {
        return rotate(arguments, path);
    }
    let kept = match &arguments.key_file {
        Some(path) => keys_of(path)?,
        None => Vec::new(),
    };
    let Some(ring) = Keyring::of(&arguments.dir, arguments.keys.as_deref())? else {
        let nothing = io::Error::new(io::ErrorKind::NotFound, "there is no trail");
        return Err(Failure::File(arguments.dir.clone(), nothing));
    };
    let is_ours = |line: &KeyLine| line.trail() == ring.trail() && key_of(&ring, line).is_some();
    let code = if kept.is_empty() || kept.iter().any(is_ours) {
        0
    } else {
        3
    };
    let mut out = anstream::stdout().lock();
    let shown = match arguments.json {
        true => writeln!(out, "{}", out::json(&object(&ring, &kept))?),
        false => show(&mut out, &ring, &kept),
    };
    shown.and_then(|()| out.flush()).map_err(Failure::of_write(code))?;
    Ok(code)
}

/// Which key of the trail a line has.
fn key_of<'a>(ring: &'a Keyring, line: &KeyLine) -> Option<&'a RunsKey> {
    let id = line.id();
    ring.keys().iter().find(|key| key.id() == Some(&id))
}

fn show(out: &mut impl Write, ring: &Keyring, kept: &[KeyLine]) -> io::Result<()> {
    writeln!(out, "trail {}, mode {}", ring.trail(), ring.trust())?;
    if ring.keys().is_empty() {
        writeln!(
            out,
            "it has no key: whoever can write its files can make them consistent"
        )?;
    }
    let mut keys = ring.keys().iter().peekable();
    while let Some(key) = keys.next() {
        let to = keys.peek().map(|next| next.first_run().saturating_sub(1));
        let runs = match to {
            Some(to) => format!("runs {} to {to}", key.first_run()),
            None => format!("from run {} on", key.first_run()),
        };
        writeln!(out, "key {}: {runs}", Harmless(key.id().unwrap_or("without an id")))?;
        match key.line() {
            Some(line) => writeln!(out, "  {line}")?,
            None => writeln!(out, "  its key line was given once, and is not kept here")?,
        }
    }
    for (place, line) in kept.iter().enumerate() {
        let what = match key_of(ring, line) {
            _ if line.trail() != ring.trail() => format!("of another trail, {}", line.trail()),
            Some(key) => format!("key {}", Harmless(key.id().unwrap_or_default())),
            None => format!("id {}, which is no key of this trail", line.id()),
        };
        writeln!(
            out,
            "key line {} of the file, for run {} on: {what}",
            place + 1,
            line.first_run()
        )?;
    }
    if let Some(run) = ring.next_run() {
        let how = match ring.is_wrapped() {
            Some(true) => "; what it needs is in the state file, wrapped",
            Some(false) => "; what it needs is in the state file, protected by its permissions",
            None => "",
        };
        writeln!(out, "the next run is {run}{how}")?;
    }
    if ring.is_untold() {
        writeln!(out, "nobody was given the newest key line yet: the next run gives it")?;
    }
    writeln!(
        out,
        "- This is what the directory says of itself: believe a key line that was kept elsewhere."
    )
}

fn object(ring: &Keyring, kept: &[KeyLine]) -> Value {
    let keys = ring.keys().iter().map(|key| {
        json!({
            "id": key.id(),
            "first_run": key.first_run(),
            "line": key.line().map(ToString::to_string),
        })
    });
    // A line that was given may have a secret in it.
    let kept = kept.iter().map(|line| {
        json!({
            "trail": line.trail(),
            "id": line.id(),
            "first_run": line.first_run(),
            "known": line.trail() == ring.trail() && key_of(ring, line).is_some(),
        })
    });
    json!({
        "trail": ring.trail(),
        "trust": ring.trust().as_str(),
        "keys": keys.collect::<Vec<_>>(),
        "key_lines": kept.collect::<Vec<_>>(),
        "next_run": ring.next_run(),
        "wrapped": ring.is_wrapped(),
        "untold": ring.is_untold(),
    })
}

/// Nothing that is there is written over, and nobody else may read it.
fn new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The new line goes into a file that is there before the old key ends, and nowhere else: of a sealed trail it is a secret.
fn rotate(arguments: &Arguments, path: &Path) -> Result<u8, Failure> {
    let ring = Keyring::of(&arguments.dir, arguments.keys.as_deref())?;
    let failed = |error| Failure::Written(path.to_owned(), error);
    let mut file = new(path).map_err(failed)?;
    let builder = open::builder(&arguments.dir, arguments.keys.as_deref());
    let mut given = None;
    let keep = |line: &KeyLine| {
        given = Some(line.clone());
        writeln!(file, "{line}").and_then(|()| file.sync_all())
    };
    let rotate = |builder: Builder| builder.rotate_key(keep);
    let instead = "Builder::rotate_key before it opens the trail";
    let rotated = builder.and_then(|builder| rotate(builder).map_err(|error| open::running(error, instead)));
    if given.is_none() {
        // It has nothing in it.
        let _ = std::fs::remove_file(path);
    }
    rotated?;
    let Some(line) = given else { return Ok(0) };
    let is_secret = ring.is_none_or(|ring| ring.trust() != Trust::Signed);
    let what = if is_secret { "a secret" } else { "public" };
    writeln!(
        anstream::stdout(),
        "key {} from run {} on; its line, {what}, is in {}: take it away from this host, and keep the old one for the runs before",
        line.id(),
        line.first_run(),
        Harmless(&path.display().to_string())
    )
    .map_err(Failure::of_write(0))?;
    Ok(0)
}
