//! The state file `<keys>/state`: what must outlive a trail's directory being cut, and is written in one step.

use std::io;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Home;
use super::header::{NUMBER_END, Point, Replaces, TrailId};
use super::measured::Measured;
use super::members::{Members, push_string, version};
use crate::base64url;
use crate::chain::Head;
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};
use crate::io::{self as disk_io, Disk};
use crate::key::{Secrets, Stored};
use crate::secret::SecretBytes;
use crate::trust::Trust;

const MAGIC: &[u8] = b"{\"tracing_audit_state\":";

/// The furthest point that is known to be durable. An end before it is no crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) file: u64,
    pub(crate) point: Point,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) trail: TrailId,
    /// The number the next start takes.
    pub(crate) next_run: u64,
    pub(crate) durable: Option<Mark>,
    /// Whether the trail was closed, with everything behind `durable`.
    pub(crate) clean: bool,
    /// The largest clock the trail has seen since it last stepped back.
    pub(crate) max_clock: Micros,
    /// The wall clock when retention last removed files for their age: for people.
    pub(crate) pruned: Option<Micros>,
    /// How old the trail is. Earlier builds did not say so.
    pub(crate) measured: Option<Measured>,
    /// The trail in whose place this one was begun.
    pub(crate) replaces: Option<Replaces>,
    /// What a keyed trail needs for its next run.
    pub(crate) keys: Option<Keys>,
}

/// What a keyed trail needs for its next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keys {
    /// The seed of run `next_run`, and in mode `signed` the key that signs the line of the next file.
    pub(crate) stored: Stored,
    /// The line of the last file in `audit.keys`, in mode `signed`.
    pub(crate) line: Option<String>,
    /// The id of the key line that the next run belongs to; empty where nobody noted it.
    pub(crate) kid: String,
    /// Nobody was given that key line yet; in mode `signed`, the public key that it has.
    pub(crate) untold: Option<Untold>,
}

/// A key line that nobody was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untold {
    /// It has the seed of the next run.
    Seed,
    /// It has this public key.
    Root([u8; 32]),
}

/// What became of the state file.
#[expect(clippy::large_enum_variant, reason = "there is one, for the time of a start")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    State(State),
    Missing,
    /// It is there, but not as it was written; no crash does that.
    Damaged,
}

impl State {
    pub(crate) fn render(&self) -> Zeroizing<Vec<u8>> {
        let State {
            trail, next_run, clean, ..
        } = self;
        let durable = self.durable.map_or("null".to_owned(), |mark| {
            let Point { seq, head } = mark.point;
            format!("{{\"file\":{},\"seq\":{seq},\"head\":\"{}\"}}", mark.file, head.text())
        });
        let pruned = self.pruned.map_or("null".to_owned(), |at| format!("\"{at}\""));
        let text = format!(
            "{{\"tracing_audit_state\":1,\"trail\":\"{trail}\",\"next_run\":{next_run},\"durable\":{durable},\
             \"clean\":{clean},\"max_clock\":\"{}\",\"pruned\":{pruned}",
            self.max_clock
        );
        let mut text = Zeroizing::new(text.into_bytes());
        // Room for all of it: a buffer that grows leaves secrets where it was.
        text.reserve(32 << 10);
        if let Some(measured) = &self.measured {
            text.extend_from_slice(format!(",\"measured\":{}", measured.json()).as_bytes());
        }
        if let Some(replaces) = &self.replaces {
            text.extend_from_slice(format!(",\"replaces\":{}", replaces.json()).as_bytes());
        }
        if let Some(keys) = &self.keys {
            keys.render(&mut text);
        }
        let check = check(&text);
        text.extend_from_slice(b",\"head_check\":\"");
        base64url::push(&mut text, &check);
        text.extend_from_slice(b"\"}\n");
        text
    }

    /// The trust that the trail has by what is kept for it.
    pub(crate) fn trust(&self) -> Trust {
        match &self.keys {
            None => Trust::Chained,
            Some(keys) if keys.line.is_some() => Trust::Signed,
            Some(_) => Trust::Sealed,
        }
    }

    /// `Ok(None)` if it is damaged, an error's text if it is from a newer build.
    fn parse(bytes: &[u8]) -> Result<Option<State>, String> {
        let later = version(bytes, MAGIC).filter(|digits| *digits != b"1");
        if let Some(later) = later {
            let rest = bytes.get(MAGIC.len() + later.len()..).unwrap_or_default();
            // A flipped bit makes another version of one of this version; the check tells.
            return match checked(&[MAGIC, b"1", rest].concat()) {
                Some(_) => Ok(None),
                None => Err(format!(
                    "it is of version {}, and this build reads version 1",
                    String::from_utf8_lossy(later.get(..20).unwrap_or(later))
                )),
            };
        }
        let Some(text) = checked(bytes).filter(|_| bytes.starts_with(MAGIC)) else {
            return Ok(None);
        };
        // As it was written. What cannot be read now was written by somebody who knew more.
        let Some(members) = Members::parse(&[text, b"}"].concat()) else {
            return Ok(None);
        };
        match State::from_members(&members) {
            Some(state) if *state.render() == bytes => Ok(Some(state)),
            _ => Err("it says things that this build does not know".to_owned()),
        }
    }

    fn from_members(members: &Members) -> Option<State> {
        let number = |value: &Value| value.as_u64().filter(|number| *number < NUMBER_END);
        let time = |value: &Value| Micros::parse(value.as_str()?.as_bytes());
        Some(State {
            trail: TrailId::parse(members.text("trail")?)?,
            next_run: number(members.get("next_run")?)?,
            durable: match members.get("durable")? {
                Value::Null => None,
                mark => Some(Mark {
                    file: number(mark.get("file")?)?,
                    point: Point {
                        seq: number(mark.get("seq")?)?,
                        head: Head::parse(mark.get("head")?.as_str()?)?,
                    },
                }),
            },
            clean: members.bool("clean")?,
            max_clock: time(members.get("max_clock")?)?,
            pruned: match members.get("pruned")? {
                Value::Null => None,
                at => Some(time(at)?),
            },
            measured: match members.get("measured") {
                None => None,
                Some(measured) => Some(Measured::from_json(measured)?),
            },
            replaces: match members.get("replaces") {
                None => None,
                Some(replaces) => Some(Replaces::from_json(replaces)?),
            },
            keys: match members.get("seed").or(members.get("wrapped")) {
                None => None,
                Some(_) => Some(Keys::from_members(members)?),
            },
        })
    }

    /// Reads the state file. An error if it cannot be read at all, or is from a newer build.
    pub(crate) fn load(disk: &dyn Disk, home: &Home) -> Result<Found, Error> {
        let path = home.state();
        let read = disk
            .open_read(&path)
            .and_then(|file| disk_io::read_all(&*file, 64 << 10));
        match read.map(Zeroizing::new) {
            Ok(bytes) => match State::parse(&bytes) {
                Ok(Some(state)) => Ok(Found::State(state)),
                Ok(None) => Ok(Found::Damaged),
                Err(what) => Err(
                    Error::new(ErrorKind::Unsupported, format!("cannot use the state file, as {what}"))
                        .at(path)
                        .remedy("use the newer build of this program"),
                ),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Missing),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Found::Damaged),
            Err(error) => {
                let remedy = match error.kind() {
                    io::ErrorKind::PermissionDenied => "give the key directory to the user that runs this program",
                    _ => "put the file back that was there, or what is in its place out of the way",
                };
                Err(Error::io("read the state file", path, error).remedy(remedy))
            }
        }
    }

    /// Writes the state file, durably and in one step.
    pub(crate) fn store(&self, disk: &dyn Disk, home: &Home) -> Result<(), Error> {
        let path = home.state();
        disk_io::replace(disk, &path, &self.render()).map_err(|error| {
            Error::io("write the state file", path, error)
                .remedy("make the key directory writable, and free space on its disk")
        })
    }
}

impl Keys {
    fn render(&self, out: &mut Vec<u8>) {
        let mut member = |key: &str, bytes: &[u8]| {
            out.extend_from_slice(format!(",\"{key}\":\"").as_bytes());
            base64url::push(out, bytes);
            out.push(b'"');
        };
        match &self.stored {
            Stored::Plain(secrets) => {
                member("seed", secrets.seed.expose());
                if let Some(sk) = &secrets.sk {
                    member("sk", sk.expose());
                }
            }
            Stored::Wrapped(wrapped) => member("wrapped", wrapped),
        }
        if let Some(line) = &self.line {
            out.extend_from_slice(b",\"line\":");
            push_string(out, line);
        }
        if !self.kid.is_empty() {
            out.extend_from_slice(b",\"kid\":");
            push_string(out, &self.kid);
        }
        match &self.untold {
            None => {}
            Some(Untold::Seed) => out.extend_from_slice(b",\"untold\":null"),
            Some(Untold::Root(pk)) => {
                out.extend_from_slice(format!(",\"untold\":\"{}\"", base64url::text(pk)).as_bytes());
            }
        }
    }

    fn from_members(members: &Members) -> Option<Keys> {
        let secret = |key: &str| base64url::parse(members.text(key)?.as_bytes()).map(SecretBytes::new);
        let stored = match members.text("wrapped") {
            Some(wrapped) => Stored::Wrapped(base64url::parse_all(wrapped.as_bytes())?),
            None => Stored::Plain(Arc::new(Secrets {
                seed: secret("seed")?,
                sk: match members.get("sk") {
                    None => None,
                    Some(_) => Some(secret("sk")?),
                },
            })),
        };
        Some(Keys {
            stored,
            line: members.optional_text("line")?,
            kid: members.optional_text("kid")?.unwrap_or_default(),
            untold: match members.get("untold") {
                None => None,
                Some(Value::Null) => Some(Untold::Seed),
                Some(pk) => Some(Untold::Root(base64url::parse(pk.as_str()?.as_bytes())?)),
            },
        })
    }
}

/// What stands before the check, if that is right.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    const TAIL: usize = 15 + 43 + 3;
    let (text, tail) = bytes.split_at_checked(bytes.len().checked_sub(TAIL)?)?;
    let stated = tail.strip_prefix(b",\"head_check\":\"")?.strip_suffix(b"\"}\n")?;
    (base64url::parse(stated)? == check(text)).then_some(text)
}

fn check(text: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix([0x06]).chain_update(text).finalize().into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::clock::Boot;
    use crate::store::measured::Batch;

    fn state() -> impl Strategy<Value = State> {
        let time = || (Micros::MIN.0..=Micros::MAX.0).prop_map(Micros);
        let mark = (1..NUMBER_END, 0..NUMBER_END, any::<[u8; 32]>()).prop_map(|(file, seq, head)| Mark {
            file,
            point: Point { seq, head: Head(head) },
        });
        let replaces = mark.clone().prop_map(|Mark { file, point }| Replaces {
            trail: TrailId([9; 16]),
            file,
            end: point,
        });
        (
            any::<[u8; 16]>(),
            1..NUMBER_END,
            prop::option::of(mark),
            any::<bool>(),
            time(),
            prop::option::of(time()),
            prop::option::of(measured()),
            prop::option::of(replaces),
            prop::option::of(keys()),
        )
            .prop_map(
                |(trail, next_run, durable, clean, max_clock, pruned, measured, replaces, keys)| State {
                    trail: TrailId(trail),
                    next_run,
                    durable,
                    clean,
                    max_clock,
                    pruned,
                    measured,
                    replaces,
                    keys,
                },
            )
    }

    fn measured() -> impl Strategy<Value = Measured> {
        let span = || (0..NUMBER_END).prop_map(Duration::from_micros);
        let boot = (any::<u128>(), span()).prop_map(|(id, up)| Boot { id, up });
        let batch = (0..NUMBER_END, span()).prop_map(|(day, begun)| Batch { day, begun });
        (span(), prop::option::of(boot), prop::option::of(batch)).prop_map(|(total, boot, batch)| Measured {
            total,
            boot,
            batch,
        })
    }

    fn keys() -> impl Strategy<Value = Keys> {
        let plain = (any::<[u8; 32]>(), prop::option::of(any::<[u8; 32]>())).prop_map(|(seed, sk)| {
            let (seed, sk) = (SecretBytes::new(seed), sk.map(SecretBytes::new));
            Stored::Plain(Arc::new(Secrets { seed, sk }))
        });
        let wrapped = prop::collection::vec(any::<u8>(), 1..200).prop_map(Stored::Wrapped);
        let untold = prop_oneof![Just(Untold::Seed), any::<[u8; 32]>().prop_map(Untold::Root)];
        (
            prop_oneof![plain, wrapped],
            prop::option::of(".{0,40}"),
            "[a-zA-Z0-9_-]{6}",
            prop::option::of(untold),
        )
            .prop_map(|(stored, line, kid, untold)| Keys {
                stored,
                line,
                kid,
                untold,
            })
    }

    #[test]
    fn the_state_of_the_format_is_written_to_the_byte() {
        let head = Head::parse("QuRHSnP27Y_ymYncv0FiQpspNsEQ_bAxdl7b9EYfles").unwrap();
        let state = State {
            trail: TrailId([0x10; 16]),
            next_run: 2,
            durable: Some(Mark {
                file: 1,
                point: Point { seq: 3, head },
            }),
            clean: true,
            max_clock: Micros::parse(b"2026-11-20T08:15:31.000000Z").unwrap(),
            pruned: None,
            measured: None,
            replaces: None,
            keys: None,
        };
        assert_eq!(
            std::str::from_utf8(&state.render()).unwrap(),
            concat!(
                r#"{"tracing_audit_state":1,"trail":"EBAQEBAQEBAQEBAQEBAQEA","next_run":2,"#,
                r#""durable":{"file":1,"seq":3,"head":"QuRHSnP27Y_ymYncv0FiQpspNsEQ_bAxdl7b9EYfles"},"clean":true,"#,
                r#""max_clock":"2026-11-20T08:15:31.000000Z","pruned":null,"#,
                r#""head_check":"UP3r_bjs5hTlgD4zj4UVTFhCyEdVX4GeTuMYcfeSBp4"}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_was_measured_stands_behind_the_time_of_the_last_prune() {
        let measured = Measured {
            total: Duration::from_secs(90_000),
            boot: Some(Boot {
                id: 0x1010_1010_1010_1010_1010_1010_1010_1010,
                up: Duration::from_micros(7),
            }),
            batch: Some(Batch {
                day: 1,
                begun: Duration::from_secs(86_400),
            }),
        };
        let text = r#"{"micros":90000000000,"boot":{"id":"EBAQEBAQEBAQEBAQEBAQEA","micros":7},"batch":{"day":1,"micros":86400000000}}"#;
        assert_eq!(measured.json(), text);
        let read = |text: &str| Measured::from_json(&serde_json::from_str(text).unwrap());
        assert_eq!(read(text), Some(measured));
        assert_eq!(read(r#"{"micros":0}"#), Some(Measured::default()));
        assert_eq!(read(r#"{"micros":9007199254740992}"#), None);
    }

    #[test]
    fn the_state_of_a_keyed_trail_has_its_secrets_before_the_check() {
        let mut state = State {
            trail: TrailId([0x10; 16]),
            next_run: 2,
            durable: None,
            clean: false,
            max_clock: Micros::parse(b"2026-11-20T08:15:31.000000Z").unwrap(),
            pruned: None,
            measured: None,
            replaces: None,
            keys: Some(Keys {
                stored: Stored::Plain(Arc::new(Secrets {
                    seed: SecretBytes::new([0; 32]),
                    sk: Some(SecretBytes::new([0xff; 32])),
                })),
                line: Some("{\"file\":1}".into()),
                kid: "abcdef".into(),
                untold: None,
            }),
        };
        let members = |state: &State| {
            let text = String::from_utf8(state.render().to_vec()).unwrap();
            let (_, behind) = text.split_once("\"pruned\":null").unwrap();
            behind.split_once(",\"head_check\"").unwrap().0.to_owned()
        };
        let (zeros, ones) = ("A".repeat(43), "_".repeat(42) + "8");
        let line = r#","line":"{\"file\":1}","kid":"abcdef""#;
        assert_eq!(members(&state), format!(r#","seed":"{zeros}","sk":"{ones}"{line}"#));
        assert!(format!("{state:?}").contains("Plain(***)"), "{state:?}");
        let keys = state.keys.as_mut().unwrap();
        (keys.stored, keys.untold) = (Stored::Wrapped(vec![0xff; 3]), Some(Untold::Seed));
        assert_eq!(members(&state), format!(r#","wrapped":"____"{line},"untold":null"#));
        state.keys.as_mut().unwrap().untold = Some(Untold::Root([0; 32]));
        assert!(members(&state).ends_with(&format!(r#","untold":"{zeros}""#)));
    }

    proptest! {
        #[test]
        fn a_state_reads_back(state in state()) {
            prop_assert_eq!(State::parse(&state.render()), Ok(Some(state)));
        }

        #[test]
        fn no_flipped_bit_and_no_cut_of_a_state_goes_unnoticed(state in state(), at: prop::sample::Index, bit in 0_u32..8) {
            let whole = state.render();
            let at = at.index(whole.len());
            let mut flipped = whole.to_vec();
            flipped[at] ^= 1_u8 << bit;
            prop_assert_eq!(State::parse(&flipped), Ok(None));
            prop_assert_eq!(State::parse(&whole[..at]), Ok(None));
        }
    }
}
