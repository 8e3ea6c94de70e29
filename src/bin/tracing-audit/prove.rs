//! `tracing-audit prove`.

use std::fs::OpenOptions;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde_json::Value;
use tracing_audit::{ErrorKind, Proof};

use crate::out::{self, Failure, Harmless};

/// Make a proof about a signed trail, for somebody who has the public key line and nothing else.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The trail's directory
    dir: PathBuf,
    /// That this record is in the trail
    #[arg(long, value_name = "N", required_unless_present = "from")]
    seq: Option<u64>,
    /// Leave the record's content out, and prove its hash
    #[arg(long, conflicts_with = "from")]
    leaf: bool,
    /// That the trail goes on from its first SIZE records; with ROOT, that those have this root
    #[arg(long, value_name = "SIZE[,ROOT]", conflicts_with = "seq")]
    from: Option<From>,
    /// A new file for the proof, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
    let made = match (arguments.seq, &arguments.from) {
        (Some(seq), _) => Proof::inclusion(&arguments.dir, seq),
        (None, Some(from)) => Proof::consistency(&arguments.dir, from.size),
        // One of them is required.
        (None, None) => return Ok(crate::USAGE),
    };
    let proof = match made {
        Ok(proof) if arguments.leaf => proof.without_content(),
        Ok(proof) => proof,
        // Of a sound trail that cannot show it, or of one that is not sound.
        Err(error) => {
            let code = match error.kind() {
                ErrorKind::Unproven => 2,
                ErrorKind::Damaged => 1,
                _ => return Err(error.into()),
            };
            out::complain(&error);
            return Ok(code);
        }
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
            let mut out = anstream::stdout().lock();
            let written = match terminal {
                true => writeln!(out, "{}", Harmless(&text)),
                false => writeln!(out, "{text}"),
            };
            written.and_then(|()| out.flush()).map_err(Failure::of_write(0))?;
        }
    }
    Ok(0)
}

/// Nothing that is there is written over.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
