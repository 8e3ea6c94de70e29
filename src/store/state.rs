//! The state file `<keys>/state`: what must outlive a trail's directory being cut, and is written in one step.

use std::io;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Home;
use super::header::{NUMBER_END, Point, TrailId};
use super::members::Members;
use crate::base64url;
use crate::chain::Head;
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};
use crate::io::{self as disk_io, Disk};

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
    /// The trail's clock when retention last removed files.
    pub(crate) pruned: Option<Micros>,
}

/// What became of the state file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    State(State),
    Missing,
    /// It is there, but not as it was written; no crash does that.
    Damaged,
}

impl State {
    pub(crate) fn render(&self) -> Vec<u8> {
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
        let check = base64url::text(&check(text.as_bytes()));
        format!("{text},\"head_check\":\"{check}\"}}\n").into_bytes()
    }

    /// `Ok(None)` if it is damaged, an error's text if it is from a newer build.
    fn parse(bytes: &[u8]) -> Result<Option<State>, String> {
        const TAIL: usize = 15 + 43 + 3;
        let Some((text, tail)) = bytes.len().checked_sub(TAIL).and_then(|at| bytes.split_at_checked(at)) else {
            return Ok(None);
        };
        let stated = tail
            .strip_prefix(b",\"head_check\":\"")
            .and_then(|tail| tail.strip_suffix(b"\"}\n"))
            .and_then(base64url::parse::<32>);
        if stated != Some(check(text)) {
            return Ok(None);
        }
        // As it was written. What cannot be read now was written by somebody who knew more.
        let Some(members) = Members::parse(&[text, b"}"].concat()) else {
            return Ok(None);
        };
        match members.u64("tracing_audit_state") {
            Some(1) => {}
            Some(newer) => return Err(format!("it is of version {newer}, and this build reads version 1")),
            None => return Ok(None),
        }
        match State::from_members(&members) {
            Some(state) if state.render() == bytes => Ok(Some(state)),
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
        })
    }

    /// Reads the state file. An error if it cannot be read at all, or is from a newer build.
    pub(crate) fn load(disk: &dyn Disk, home: &Home) -> Result<Found, Error> {
        let path = home.state();
        let read = disk
            .open_read(&path)
            .and_then(|file| disk_io::read_all(&*file, 64 << 10));
        match read {
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
            Err(error) => Err(Error::io("read the state file", path, error)
                .remedy("give the key directory to the user that runs this program")),
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

fn check(text: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix([0x06]).chain_update(text).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state() -> impl Strategy<Value = State> {
        let time = || (Micros::MIN.0..=Micros::MAX.0).prop_map(Micros);
        let mark = (1..NUMBER_END, 0..NUMBER_END, any::<[u8; 32]>()).prop_map(|(file, seq, head)| Mark {
            file,
            point: Point { seq, head: Head(head) },
        });
        (
            any::<[u8; 16]>(),
            1..NUMBER_END,
            prop::option::of(mark),
            any::<bool>(),
            time(),
            prop::option::of(time()),
        )
            .prop_map(|(trail, next_run, durable, clean, max_clock, pruned)| State {
                trail: TrailId(trail),
                next_run,
                durable,
                clean,
                max_clock,
                pruned,
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
        };
        assert_eq!(
            String::from_utf8(state.render()).unwrap(),
            concat!(
                r#"{"tracing_audit_state":1,"trail":"EBAQEBAQEBAQEBAQEBAQEA","next_run":2,"#,
                r#""durable":{"file":1,"seq":3,"head":"QuRHSnP27Y_ymYncv0FiQpspNsEQ_bAxdl7b9EYfles"},"clean":true,"#,
                r#""max_clock":"2026-11-20T08:15:31.000000Z","pruned":null,"#,
                r#""head_check":"UP3r_bjs5hTlgD4zj4UVTFhCyEdVX4GeTuMYcfeSBp4"}"#,
                "\n"
            )
        );
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
            let mut flipped = whole.clone();
            flipped[at] ^= 1_u8 << bit;
            prop_assert_eq!(State::parse(&flipped), Ok(None));
            prop_assert_eq!(State::parse(&whole[..at]), Ok(None));
        }
    }
}
