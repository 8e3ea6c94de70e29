//! `tracing-audit prove`.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::Value;
use tracing_audit::{Error, ErrorKind, Evidence, Proof};

use crate::asked::Asked;
use crate::out::{self, Failure, Harmless};
use crate::row::{self, Row};
use crate::verify::keys_of;

/// Make a proof about a signed trail, for somebody who has the public key line and nothing else.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// That this record is in the trail; with --bundle, several: 4..9 is all from 4 to 9, and 4.. all that are signed
    #[arg(
        long,
        value_name = "N[..[N]][,..]",
        required_unless_present = "from",
        value_delimiter = ','
    )]
    seq: Vec<Row>,
    /// An evidence bundle: the records themselves, readable, with all that a third party needs to check them
    #[arg(long, conflicts_with = "from")]
    bundle: bool,
    /// The public key line, to hold the bundle against and to name the key in it
    #[arg(long, value_name = "PATH", requires = "bundle")]
    key_file: Option<PathBuf>,
    /// Leave the record's content out, and prove its hash
    #[arg(long, conflicts_with = "from")]
    leaf: bool,
    /// That the trail goes on from its first SIZE records; with ROOT, that those have this root
    #[arg(long, value_name = "SIZE[,ROOT]", conflicts_with = "seq")]
    from: Option<From>,
    /// A new file for the proof or the bundle, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    asked: Asked,
}

/// A state of the trail that is known from elsewhere.
#[derive(Clone, Debug)]
struct From {
    size: u64,
    /// In base64url without padding, whatever it was given in.
    root: Option<String>,
}

impl FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<From, String> {
        let (size, root) = match text.split_once(',') {
            Some((size, root)) => (size, Some(root)),
            None => (text, None),
        };
        // A note has the root in standard base64.
        let spelled = |root: &str| root.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let root = root.map(spelled);
        let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if root
            .as_ref()
            .is_some_and(|root| root.len() != 43 || !root.chars().all(letter))
        {
            return Err("the root is no hash in base64".to_owned());
        }
        Ok(From {
            size: size.parse().map_err(|_| "the size is no number".to_owned())?,
            root,
        })
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    if arguments.bundle {
        return bundle(arguments);
    }
    let made = match (&arguments.seq[..], &arguments.from) {
        (_, Some(from)) => arguments.take("proof of growth", &format!("behind {}", from.size), || {
            Proof::consistency(&arguments.dir, from.size)
        })?,
        (&[row @ Row { from, to }], None) if to == Some(from) => {
            arguments.take("proof", &row.to_string(), || Proof::inclusion(&arguments.dir, from))?
        }
        _ => {
            out::complain(&"a proof is of one record; give --bundle for several");
            return Ok(crate::USAGE);
        }
    };
    let proof = match made {
        Ok(proof) if arguments.leaf => proof.without_content(),
        Ok(proof) => proof,
        Err(error) => return unproven(error),
    };
    let text = proof.to_string();
    if let Some(root) = arguments.from.as_ref().and_then(|from| from.root.as_deref()) {
        let object: Value = serde_json::from_str(&text).unwrap_or_default();
        let has = object.pointer("/from/root").and_then(Value::as_str).unwrap_or_default();
        if has != root {
            out::complain(&format_args!(
                "two histories: the trail has the root {has} there, and not {root}; keep that checkpoint, and ask `tracing-audit verify`"
            ));
            return Ok(1);
        }
    }
    match &arguments.out {
        Some(path) => write_new(path, &text).map_err(|error| Failure::Written(path.clone(), error))?,
        None => {
            let terminal = std::io::stdout().is_terminal();
            // No colour is in it that would have to be taken out.
            let mut out = std::io::stdout().lock();
            let written = match terminal {
                true => writeln!(out, "{}", Harmless(&text)),
                false => writeln!(out, "{text}"),
            };
            written.and_then(|()| out.flush()).map_err(Failure::of_write(0))?;
        }
    }
    Ok(0)
}

/// Of a sound trail that cannot show it, or of one that is not sound.
fn unproven(error: Error) -> Result<u8, Failure> {
    let code = match error.kind() {
        ErrorKind::Unproven => 2,
        ErrorKind::Damaged => 1,
        _ => return Err(error.into()),
    };
    out::complain(&error);
    Ok(code)
}

impl Arguments {
    /// Makes something, with who takes what on record before that.
    fn take<T>(
        &self,
        form: &str,
        records: &str,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Failure> {
        let form = match self.leaf {
            true => format!("{form} without content"),
            false => form.to_owned(),
        };
        self.asked.take_as(&self.dir, &form, records, make)
    }
}

fn bundle(arguments: &Arguments) -> Result<u8, Failure> {
    let mut evidence = Evidence::of(&arguments.dir);
    for row in &arguments.seq {
        evidence = match row.to {
            Some(to) => evidence.records(row.from..=to),
            None => evidence.records(row.from..),
        };
    }
    if arguments.leaf {
        evidence = evidence.without_content();
    }
    if let Some(path) = &arguments.key_file {
        evidence = keys_of(path)?.into_iter().fold(evidence, Evidence::key);
    }
    let rows: Vec<String> = arguments.seq.iter().map(Row::to_string).collect();
    let take = |into: &mut dyn io::Write| arguments.take("evidence bundle", &rows.join(","), || evidence.write(into));
    let written = match &arguments.out {
        Some(path) => {
            let failed = |error| Failure::Written(path.clone(), error);
            let file = new(path).map_err(failed)?;
            match take(&mut &file)? {
                Ok(count) => file.sync_all().map_err(failed).map(|()| count),
                Err(error) => {
                    // Half a bundle is none. What cannot be removed says so itself when it is checked.
                    let _ = std::fs::remove_file(path);
                    return unproven(error);
                }
            }?
        }
        None if io::stdout().is_terminal() => {
            let mut bytes = Vec::new();
            let count = match take(&mut bytes)? {
                Ok(count) => count,
                Err(error) => return unproven(error),
            };
            let mut out = anstream::stdout().lock();
            for line in String::from_utf8_lossy(&bytes).lines() {
                writeln!(out, "{}", Harmless(line)).map_err(Failure::of_write(0))?;
            }
            count
        }
        None => match take(&mut io::stdout().lock())? {
            Ok(count) => count,
            Err(error) => return unproven(error),
        },
    };
    // Standard output may be the bundle.
    if arguments.out.is_some() {
        writeln!(anstream::stdout(), "{} in the bundle", row::records(written)).map_err(Failure::of_write(0))?;
    }
    Ok(0)
}

/// Nothing that is there is written over.
fn new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = new(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
