//! The state file, read by the verifier's own rules (docs/FORMAT.md, "State file").

use std::io;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::base64url;
use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::io::{self as disk_io, Disk};
use crate::store::{Home, Mark, Point, TrailId};
use crate::verify::header::number;

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
fn parse(bytes: &[u8]) -> Result<Option<State>, u64> {
    const TAIL: usize = 15 + 43 + 3;
    let split = bytes.len().checked_sub(TAIL).and_then(|at| bytes.split_at_checked(at));
    let Some((text, tail)) = split else { return Ok(None) };
    let stated = tail
        .strip_prefix(b",\"head_check\":\"")
        .and_then(|tail| tail.strip_suffix(b"\"}\n"))
        .and_then(base64url::parse::<32>);
    let mut check = Sha256::new_with_prefix([0x06]);
    check.update(text);
    if stated != Some(check.finalize().into()) {
        return Ok(None);
    }
    let Ok(value) = serde_json::from_slice::<Value>(&[text, b"}"].concat()) else {
        return Ok(None);
    };
    match value.get("tracing_audit_state").and_then(Value::as_u64) {
        Some(1) => Ok(state(&value)),
        Some(other) => Err(other),
        None => Ok(None),
    }
}

fn state(value: &Value) -> Option<State> {
    Some(State {
        trail: TrailId(base64url::parse(value.get("trail")?.as_str()?.as_bytes())?),
        next_run: number(value.get("next_run")?)?,
        durable: match value.get("durable")? {
            Value::Null => None,
            mark => Some(Mark {
                file: number(mark.get("file")?)?,
                point: Point {
                    seq: number(mark.get("seq")?)?,
                    head: Head::parse(mark.get("head")?.as_str()?)?,
                },
            }),
        },
        clean: value.get("clean")?.as_bool()?,
    })
}
