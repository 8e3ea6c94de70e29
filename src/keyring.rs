//! What can be told of a trail's keys without a secret: their ids, the runs that they are for, and, of a signed trail, public
//! key lines.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::base64url;
use crate::chain::Head;
use crate::error::Error;
use crate::io::{Disk, RealDisk};
use crate::key::{self, Stored};
use crate::key_line::KeyLine;
use crate::reader::line;
use crate::reader::walk::Walk;
use crate::secret::SecretBytes;
use crate::store::branch::{self, LiveFile};
use crate::store::state::{Found, State};
use crate::store::{Home, Trust};

/// The keys of a trail, as its directory and its state file tell of them. Nothing in it is secret.
///
/// Whoever can write there can make them tell anything: an id shows which key line to look for among those that are kept
/// elsewhere, and takes the place of none. The key line of a trail's first key is not in it, for the trail does not keep that.
///
/// ```no_run
/// if let Some(keyring) = tracing_audit::Keyring::of("logs", None)? {
///     for key in keyring.keys() {
///         println!("key {} from run {} on", key.id().unwrap_or("?"), key.first_run());
///     }
/// }
/// # Ok::<(), tracing_audit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Keyring {
    trail: String,
    trust: Trust,
    next_run: Option<u64>,
    is_wrapped: Option<bool>,
    is_untold: bool,
    keys: Vec<RunsKey>,
}

/// One key of a trail.
#[derive(Clone, Debug)]
pub struct RunsKey {
    id: Option<String>,
    first_run: u64,
    line: Option<KeyLine>,
}

impl Keyring {
    /// Looks through the trail in this directory, whose state is in `keys`, or where a trail has it if nothing is said. `None`
    /// if there is no trail.
    ///
    /// # Errors
    /// Something cannot be read, or is damaged.
    pub fn of(dir: impl AsRef<Path>, keys: Option<&Path>) -> Result<Option<Keyring>, Error> {
        look(RealDisk::shared(), dir.as_ref(), keys)
    }

    /// The id of the trail, 22 characters.
    pub fn trail(&self) -> &str {
        &self.trail
    }

    /// The mode of its newest file.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// The number that the next run takes; `None` without a state file.
    pub fn next_run(&self) -> Option<u64> {
        self.next_run
    }

    /// Whether what the next run needs is kept wrapped ([`KeySource`](crate::KeySource)); `None` where nothing is kept.
    pub fn is_wrapped(&self) -> Option<bool> {
        self.is_wrapped
    }

    /// Whether nobody was given the newest key line yet: the next run gives it.
    pub fn is_untold(&self) -> bool {
        self.is_untold
    }

    /// The keys, oldest first. A trail of mode `chained` has none.
    pub fn keys(&self) -> &[RunsKey] {
        &self.keys
    }
}

impl RunsKey {
    /// The id, six characters, as [`KeyLine::id`] has it; `None` where nobody noted it.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The first run that it is for, or the first that is left.
    pub fn first_run(&self) -> u64 {
        self.first_run
    }

    /// Its key line, where it is public and the trail recorded it: that of a signed trail behind a change of keys.
    pub fn line(&self) -> Option<&KeyLine> {
        self.line.as_ref()
    }
}

/// What an `AUDIT_KEY` says of another key.
struct Change {
    first_run: u64,
    kid: String,
    prev_kid: String,
    pk: Option<[u8; 32]>,
}

fn look(disk: Arc<dyn Disk>, dir: &Path, keys: Option<&Path>) -> Result<Option<Keyring>, Error> {
    let home = Home::find(&*disk, dir, keys)?;
    let live = branch::read(&*disk, &home, None)?.live;
    let Some(newest) = live.last().map(|newest| &newest.header) else {
        return Ok(None);
    };
    let state = match State::load(&*disk, &home)? {
        Found::State(state) if state.trail == newest.trail => Some(state),
        _ => None,
    };
    let kept = state.as_ref().and_then(|state| state.keys.as_ref());
    let mut ring = Keyring {
        trail: newest.trail.to_string(),
        trust: newest.trust,
        next_run: state.as_ref().map(|state| state.next_run),
        is_wrapped: kept.map(|kept| matches!(kept.stored, Stored::Wrapped(_))),
        is_untold: kept.is_some_and(|kept| kept.untold.is_some()),
        keys: Vec::new(),
    };
    let keyed = live.iter().find(|live| live.header.trust != Trust::Chained);
    let Some(keyed) = keyed else {
        return Ok(Some(ring));
    };
    let now = kept.map(|kept| kept.kid.clone()).filter(|kid| is_id(kid));
    let (first, changes) = in_force(changes(disk, dir)?, now);
    ring.keys.push(RunsKey {
        id: first,
        first_run: keyed.header.run,
        line: None,
    });
    ring.keys.extend(changes.into_iter().map(|change| RunsKey {
        line: change.pk.and_then(|pk| {
            Some(KeyLine {
                trail: newest.trail.0,
                first_run: change.first_run,
                head: begin(&live, state.as_ref(), change.first_run)?,
                key: SecretBytes::new(pk),
            })
        }),
        id: Some(change.kid),
        first_run: change.first_run,
    }));
    Ok(Some(ring))
}

/// Of the changes that were recorded, those that came about, and the id of the key before them: after a crash between the
/// record and the state the old key went on. `now` is what the state file says.
fn in_force(changes: Vec<Change>, now: Option<String>) -> (Option<String>, Vec<Change>) {
    let mut key = now;
    let mut came = Vec::new();
    for change in changes.into_iter().rev() {
        if key.as_ref().is_none_or(|key| *key == change.kid) {
            key = Some(change.prev_kid.clone()).filter(|kid| !kid.is_empty());
            came.push(change);
        }
    }
    came.reverse();
    (key, came)
}

fn changes(disk: Arc<dyn Disk>, dir: &Path) -> Result<Vec<Change>, Error> {
    let mut found = Vec::new();
    let mut walk = Walk::begin(disk, dir)?;
    while let Some(line) = walk.next() {
        let (_, line) = line?;
        found.extend(change(line));
    }
    Ok(found)
}

fn change(line: &[u8]) -> Option<Change> {
    let rest = line::cut(line).ok()?.rest;
    line::own_name(rest).filter(|name| *name == b"KEY")?;
    let record: Value = serde_json::from_slice(line).ok()?;
    let said = record.get("metadata")?;
    let text = |key: &str| said.get(key).and_then(Value::as_str);
    text("what").filter(|what| *what == "rotated")?;
    Some(Change {
        first_run: said.get("first_run")?.as_u64()?,
        kid: text("kid").filter(|kid| is_id(kid))?.to_owned(),
        prev_kid: text("prev_kid").filter(|kid| is_id(kid)).unwrap_or_default().to_owned(),
        pk: text("pk").and_then(|pk| base64url::parse(pk.as_bytes())),
    })
}

/// Anyone who can append to a file, or replace the state, can have it say anything.
fn is_id(text: &str) -> bool {
    let letter = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    text.len() == 6 && text.bytes().all(letter)
}

/// The head that the first header of a run goes on from, of a run that has one or is the next.
fn begin(live: &[LiveFile], state: Option<&State>, run: u64) -> Option<Head> {
    if let Some(first) = live.iter().find(|live| live.header.run >= run) {
        return Some(first.header.prev.head);
    }
    let ended = state.filter(|state| state.clean && state.next_run == run)?;
    ended.durable.map(|mark| mark.point.head)
}

impl KeyLine {
    /// The id of its key, six characters that tell nothing of a secret one: the trail's state and records name it by that.
    pub fn id(&self) -> String {
        key::line_id(self.key.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{Head, leaf};

    #[test]
    fn nothing_but_an_id_is_taken_for_one() {
        let told = |kid: &str, prev: &str| {
            let said = serde_json::json!({"what": "rotated", "kid": kid, "prev_kid": prev, "first_run": 3});
            let rest = format!(
                "\"time\":\"2026-11-20T08:15:30.000000Z\",\"event\":\"AUDIT_KEY\",\"category\":\"audit\",\"severity\":\"low\",\
                 \"outcome\":\"success\",\"metadata\":{said}"
            );
            let mut line = format!("{{\"seq\":1,{rest}").into_bytes();
            Head::ZERO.record(1, &leaf(rest.as_bytes())).push_frame(&mut line);
            change(&line).map(|change| (change.kid, change.prev_kid))
        };
        let both = |kid: &str, prev: &str| Some((kid.to_owned(), prev.to_owned()));
        assert_eq!(told("abc-_9", "ABCDEF"), both("abc-_9", "ABCDEF"));
        for hostile in [
            "\u{1b}[2J",
            "\u{9b}31m",
            "abc\u{7}d",
            "\u{202e}abc",
            "abcd\ne",
            "abcdefg",
            "",
        ] {
            assert_eq!(told(hostile, "ABCDEF"), None, "{hostile:?}");
            assert_eq!(told("abcdef", hostile), both("abcdef", ""), "{hostile:?}");
        }
    }
}
