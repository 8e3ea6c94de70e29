//! The state file, read by the verifier's own rules (docs/FORMAT.md, "State file").

use std::io;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base64url;
use crate::chain::Head;
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};
use crate::io::{self as disk_io, Disk};
use crate::store::{Home, Mark, Point, TrailId, version};
use crate::verify::header::number;

const MAGIC: &[u8] = b"{\"tracing_audit_state\":";

/// What there is of a state file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found {
    Missing,
    /// It does not check, which no crash makes.
    Damaged,
    State(State),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    pub(crate) trail: TrailId,
    pub(crate) next_run: u64,
    pub(crate) durable: Option<Mark>,
    pub(crate) clean: bool,
}

impl Found {
    pub(crate) fn state(&self) -> Option<&State> {
        match self {
            Found::State(state) => Some(state),
            _ => None,
        }
    }

    /// At `path` if it is given, and it must be there then; else where the trail keeps it.
    pub(crate) fn look(disk: &dyn Disk, home: &Home, path: Option<&Path>) -> Result<Found, Error> {
        let Some(path) = path else {
            return load(disk, &home.state());
        };
        match load(disk, path)? {
            Found::Missing => Err(Error::new(ErrorKind::Key, "there is no state file")
                .at(path)
                .remedy("name the file <trail>.keys/state, or leave the option out")),
            found => Ok(found),
        }
    }
}

fn load(disk: &dyn Disk, path: &Path) -> Result<Found, Error> {
    // A state file has some three hundred bytes.
    const LONGEST: usize = 64 << 10;
    match disk.open_read(path).and_then(|file| disk_io::read_all(&*file, LONGEST)) {
        Ok(bytes) => match parse(&bytes) {
            Ok(found) => Ok(found.map_or(Found::Damaged, Found::State)),
            Err(version) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("the state file is of version {version}, and this build reads version 1"),
            )
            .at(path)
            .remedy("use a newer build of tracing-audit")),
        },
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Found::Missing)
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Found::Damaged),
        Err(error) => Err(Error::io("read the state file", path, error)
            .remedy("run it as the user that writes the trail, or as root")),
    }
}

/// `Ok(None)` if it does not check; an error for another version.
fn parse(bytes: &[u8]) -> Result<Option<State>, String> {
    let version = version(bytes, MAGIC);
    if let Some(other) = version.filter(|version| *version != b"1") {
        let rest = bytes.get(MAGIC.len() + other.len()..).unwrap_or_default();
        // A flipped bit makes another version of one of this version; the check tells.
        return match checked(&[MAGIC, b"1", rest].concat()) {
            Some(_) => Ok(None),
            None => Err(String::from_utf8_lossy(other.get(..20).unwrap_or(other)).into_owned()),
        };
    }
    let value = checked(bytes).and_then(|text| serde_json::from_slice::<Value>(&[text, b"}"].concat()).ok());
    Ok(value.filter(|_| version.is_some()).and_then(|value| state(&value)))
}

/// What stands before the check, if that is right.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    const TAIL: usize = 15 + 43 + 3;
    let (text, tail) = bytes.split_at_checked(bytes.len().checked_sub(TAIL)?)?;
    let stated = tail.strip_prefix(b",\"head_check\":\"")?.strip_suffix(b"\"}\n")?;
    let mut check = Sha256::new_with_prefix([0x06]);
    check.update(text);
    (base64url::parse::<32>(stated)? == <[u8; 32]>::from(check.finalize())).then_some(text)
}

fn state(value: &Value) -> Option<State> {
    let time = |value: &Value| Micros::parse(value.as_str()?.as_bytes());
    time(value.get("max_clock")?)?;
    let pruned = value.get("pruned")?;
    if !pruned.is_null() {
        time(pruned)?;
    }
    Some(State {
        trail: TrailId(base64url::parse(value.get("trail")?.as_str()?.as_bytes())?),
        next_run: number(value.get("next_run")?).filter(|run| *run > 0)?,
        durable: match value.get("durable")? {
            Value::Null => None,
            mark => Some(Mark {
                file: number(mark.get("file")?).filter(|file| *file > 0)?,
                point: Point {
                    seq: number(mark.get("seq")?)?,
                    head: Head::parse(mark.get("head")?.as_str()?)?,
                },
            }),
        },
        clean: value.get("clean")?.as_bool()?,
    })
}
