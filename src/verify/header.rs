//! The first line of a file, read by the verifier's own rules (docs/FORMAT.md, "Header").

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use crate::base64url;
use crate::chain::{Head, leaf};
use crate::clock::Micros;
use crate::reader::line::{self, Frame, MAGIC, SEQ_LIMIT};
use crate::store::{KeptFrom, Point, TrailId, Trust, version};

/// What a verifier needs of a valid header.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) trail: TrailId,
    pub(crate) run: u64,
    pub(crate) run_id: [u8; 16],
    pub(crate) file: u64,
    pub(crate) cause: Cause,
    pub(crate) prev_file: Option<u64>,
    pub(crate) prev: Point,
    pub(crate) clean: bool,
    pub(crate) trust: Trust,
    /// Index within the run of the commit that the header belongs to.
    pub(crate) commit: u64,
    pub(crate) opened: Micros,
    pub(crate) kept_from: Option<KeptFrom>,
    /// Older files under legal hold.
    pub(crate) held: Vec<Held>,
    /// Whether every record has a salt, so that one can be erased.
    pub(crate) salted: bool,
    /// The compact range of the Merkle tree at `prev.seq`; mode `signed` must have one, of the right size.
    pub(crate) tree: Option<Vec<[u8; 32]>>,
    /// The first checkpoint key of the file; mode `signed` must have one.
    pub(crate) pk: Option<[u8; 32]>,
    /// Behind the header.
    pub(crate) head: Head,
}

/// A file under legal hold, and the points at which its live part begins and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Held {
    pub(crate) file: u64,
    pub(crate) prev: Point,
    pub(crate) end: Point,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Start,
    Rotate,
    Resync,
    Recover,
}

impl Cause {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Cause::Start => "start",
            Cause::Rotate => "rotate",
            Cause::Resync => "resync",
            Cause::Recover => "recover",
        }
    }
}

/// Why a first line is not a valid header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// It is not one; why.
    Unreadable(&'static str),
    /// It is of another version, or needs what this build does not know; what that is.
    Unsupported(String),
}

/// Entries of a list in a header that are looked at; a hostile one may have more, and is no header then.
const LISTED: usize = 65_536;

/// The keys that stand in a header, in their order; the frame apart.
const KEYS: &[&str] = &[
    "tracing_audit",
    "trail",
    "run",
    "run_id",
    "file",
    "cause",
    "prev_file",
    "prev_seq",
    "prev_head",
    "clean",
    "trust",
    "commit",
    "opened",
    "service",
    "version",
    "host",
    "pid",
    "kept_from",
    "held",
    "hold",
    "must",
    "alg",
    "zip",
    "salted",
    "tree",
    "pk",
    "replaces",
    "measured",
];

impl Header {
    /// Reads a line without its LF.
    pub(crate) fn read(line: &[u8]) -> Result<Header, Invalid> {
        use Invalid::Unreadable;
        match version(line, MAGIC) {
            Some(b"1") => {}
            Some(other) => {
                // A flipped bit makes another version of a file of this one; the tag tells.
                let rest = line.get(MAGIC.len() + other.len()..).unwrap_or_default();
                if !matches!(Header::read(&[MAGIC, b"1", rest].concat()), Err(Unreadable(_))) {
                    return Err(Unreadable("its version was changed"));
                }
                let other = String::from_utf8_lossy(other.get(..20).unwrap_or(other)).into_owned();
                return Err(Invalid::Unsupported(format!(
                    "version {other} of the format; this build reads version 1"
                )));
            }
            None => return Err(Unreadable("it is no header")),
        }
        line::plain(line).map_err(|flaw| Unreadable(flaw.meaning()))?;
        let (members, prev_head, behind) = tagged(line).ok_or(Unreadable("its tag does not fit"))?;
        // As it was written, from here on; what a feature changes in a header is not known.
        if let Some(first) = members.get("must").and_then(|must| must.get(0)) {
            let first = first.as_str().unwrap_or("something without a name");
            return Err(Invalid::Unsupported(format!(
                "a feature this build does not know: {first}"
            )));
        }
        members
            .header(prev_head, behind)
            .ok_or(Unreadable("a key is missing, out of place, or out of its range"))
    }
}

/// The members, the head before and the head behind, of a line whose tag fits.
fn tagged(line: &[u8]) -> Option<(Members, Head, Head)> {
    // No header ends a commit, so that none has a seal.
    let Frame { content: body, tag, .. } = line::frame(line).filter(|frame| frame.seal.is_none())?;
    let members = serde_json::from_slice::<Members>(&[body, b"}"].concat()).ok()?;
    let prev_head = Head::parse(members.text("prev_head")?)?;
    let behind = prev_head.header(&leaf(body));
    (behind.tag() == tag.as_slice()).then_some((members, prev_head, behind))
}

/// An object's members in their order, each key once at every depth.
struct Members(Vec<(String, Value)>);

impl Members {
    fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    fn number(&self, key: &str) -> Option<u64> {
        number(self.get(key)?)
    }

    fn bytes(&self, key: &str) -> Option<[u8; 16]> {
        line::tag_bytes(self.text(key)?.as_bytes())
    }

    fn header(&self, prev_head: Head, head: Head) -> Option<Header> {
        let known = |(name, _): &(String, Value)| KEYS.iter().position(|key| key == name);
        let in_order = self.0.iter().filter_map(known).is_sorted();
        let optional_texts = ["service", "version", "host", "alg", "zip"];
        let texts = optional_texts
            .iter()
            .all(|key| self.get(key).is_none_or(Value::is_string));
        let pid = self.get("pid").is_none_or(|pid| number(pid).is_some_and(|pid| pid > 0));
        let measured = self.get("measured").is_none_or(|measured| number(measured).is_some());
        self.get("must")?.as_array()?;
        let replaces = self.get("replaces").is_none_or(Value::is_object);
        let hold = self.get("hold").is_none_or(Value::is_boolean);
        let list = |key: &str| match self.get(key) {
            None => Some(None),
            Some(list) => list.as_array().filter(|list| list.len() <= LISTED).map(Some),
        };
        let hash = |text: &Value| base64url::parse::<32>(text.as_str()?.as_bytes());
        let trust = match self.text("trust")? {
            "chained" => Trust::Chained,
            "sealed" => Trust::Sealed,
            "signed" => Trust::Signed,
            _ => return None,
        };
        let tree = match list("tree")? {
            None => None,
            Some(peaks) => Some(peaks.iter().map(hash).collect::<Option<Vec<_>>>()?),
        };
        let pk = match self.get("pk") {
            None => None,
            Some(pk) => Some(hash(pk)?),
        };
        let header = Header {
            trail: TrailId(self.bytes("trail")?),
            run: self.number("run")?,
            run_id: self.bytes("run_id")?,
            file: self.number("file")?,
            cause: match self.text("cause")? {
                "start" => Cause::Start,
                "rotate" => Cause::Rotate,
                "resync" => Cause::Resync,
                "recover" => Cause::Recover,
                _ => return None,
            },
            prev_file: match self.get("prev_file")? {
                Value::Null => None,
                file => Some(number(file)?),
            },
            prev: Point {
                seq: self.number("prev_seq")?,
                head: prev_head,
            },
            clean: self.get("clean")?.as_bool()?,
            trust,
            commit: self.number("commit")?,
            opened: Micros::parse(self.text("opened")?.as_bytes())?,
            kept_from: match self.get("kept_from") {
                None => None,
                Some(kept) => Some(kept_from(kept)?),
            },
            held: list("held")?.into_iter().flatten().map(held).collect::<Option<_>>()?,
            salted: match self.get("salted") {
                None => false,
                Some(salted) => salted.as_bool()?,
            },
            tree,
            pk,
            head,
        };
        let genesis = header.prev == Point::GENESIS;
        let previous = header.prev_file.map_or(genesis, |prev| prev < header.file && prev > 0);
        let clean = header.clean || header.cause == Cause::Recover;
        let numbers = header.run > 0 && header.file > 0;
        (in_order && texts && pid && measured && replaces && hold && previous && clean && numbers).then_some(header)
    }
}

/// `{"file":F,"prev_seq":N,"prev_head":"<43>"}`, in a header or in an `AUDIT_PRUNE`.
pub(crate) fn kept_from(value: &Value) -> Option<KeptFrom> {
    Some(KeptFrom {
        file: number(value.get("file")?).filter(|file| *file > 0)?,
        prev: Point {
            seq: number(value.get("prev_seq")?)?,
            head: Head::parse(value.get("prev_head")?.as_str()?)?,
        },
    })
}

/// `{"file":F,"prev_seq":N,"prev_head":"<43>","seq":M,"head":"<43>"}`.
fn held(value: &Value) -> Option<Held> {
    let KeptFrom { file, prev } = kept_from(value)?;
    let end = Point {
        seq: number(value.get("seq")?)?,
        head: Head::parse(value.get("head")?.as_str()?)?,
    };
    (end.seq >= prev.seq).then_some(Held { file, prev, end })
}

pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number < SEQ_LIMIT)
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Value)> = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    // A header has some twenty keys; a hostile one must not cost the square of its length.
                    if members.len() >= 256 || members.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom("a key stands twice"));
                    }
                    // What nests in a header is hashed with it; only the top is read.
                    let value = map.next_value()?;
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::FRAME;

    const FIRST: &str = r#"{"tracing_audit":1,"trail":"EBAQEBAQEBAQEBAQEBAQEA","run":1,"run_id":"ICAgICAgICAgICAgICAgIA","file":1,"cause":"start","prev_file":null,"prev_seq":0,"prev_head":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","clean":true,"trust":"chained","commit":0,"opened":"2026-11-20T08:15:30.000000Z","service":"example","version":"1.2.0","host":"host-a","pid":4242,"must":[],"tag":"G-LgP9mB4i26GNrp3JUf4g"}"#;

    /// The same with another body, and a tag that fits it.
    fn changed(from: &str, to: &str) -> Vec<u8> {
        let body = FIRST[..FIRST.len() - FRAME].replace(from, to);
        assert_ne!(body, FIRST[..FIRST.len() - FRAME]);
        let mut line = body.clone().into_bytes();
        Head::ZERO.header(&leaf(body.as_bytes())).push_frame(&mut line);
        line
    }

    #[test]
    fn the_header_of_the_first_vector_is_valid() {
        let header = Header::read(FIRST.as_bytes()).unwrap();
        assert_eq!((header.file, header.run, header.prev), (1, 1, Point::GENESIS));
    }

    #[test]
    fn a_header_with_a_right_tag_may_still_break_a_rule() {
        for (from, to) in [
            ("\"run\":1", "\"run\":0"),
            ("\"file\":1", "\"file\":9007199254740992"),
            ("\"prev_file\":null", "\"prev_file\":1"),
            ("\"prev_seq\":0", "\"prev_seq\":4"),
            ("\"clean\":true", "\"clean\":false"),
            ("\"pid\":4242", "\"pid\":\"4242\""),
            ("\"run\":1,", "\"run\":1,\"run\":1,"),
            (
                "\"service\":\"example\",\"version\":\"1.2.0\"",
                "\"version\":\"1.2.0\",\"service\":\"example\"",
            ),
            (",\"must\":[]", ""),
            ("host-a", "host\ta"),
        ] {
            let read = Header::read(&changed(from, to));
            assert!(matches!(read, Err(Invalid::Unreadable(_))), "{to}: {read:?}");
        }
        let more = Header::read(&changed(",\"must\"", ",\"later\":{\"a\":1},\"must\"")).unwrap();
        assert_eq!(more.file, 1);
    }

    #[test]
    fn what_this_build_cannot_judge_is_named() {
        let later = FIRST.replacen(":1,", ":12,", 1).replacen("\"run\":1", "\"run\":2", 1);
        assert!(
            matches!(Header::read(later.as_bytes()), Err(Invalid::Unsupported(what)) if what.contains("version 12"))
        );
        let damaged = FIRST.replacen(":1,", ":3,", 1);
        assert!(matches!(Header::read(damaged.as_bytes()), Err(Invalid::Unreadable(_))));
        let must = Header::read(&changed("\"must\":[]", "\"must\":[\"x\"]"));
        assert!(matches!(must, Err(Invalid::Unsupported(what)) if what.ends_with(": x")));
        // What must be known to judge a file stands in `must`, and nowhere else.
        assert!(Header::read(&changed("\"must\":[]", "\"must\":[],\"zip\":\"x\"")).is_ok());
    }

    #[test]
    fn a_key_that_nobody_reads_has_its_type_all_the_same() {
        let key = "A".repeat(43);
        let read = |more: &str| Header::read(&changed("\"must\":[]", &format!("\"must\":[]{more}"))).is_ok();
        let (pk, tree) = (format!(",\"pk\":\"{key}\""), ",\"tree\":[]");
        assert!(read(&format!("{tree}{pk}")) && read(",\"salted\":true") && read(",\"replaces\":{}"));
        assert!(!read(&format!("{pk}{tree}")), "out of order");
        for more in [
            "\"salted\":1",
            "\"replaces\":[]",
            "\"measured\":1.0",
            "\"measured\":9007199254740992",
            "\"tree\":[1]",
            "\"pk\":\"\"",
            "\"alg\":1",
            "\"zip\":null",
        ] {
            assert!(!read(&format!(",{more}")), "{more}");
        }
    }

    #[test]
    fn a_header_has_no_seal() {
        let mut line = FIRST.strip_suffix('}').unwrap().to_owned();
        line.push_str(&format!(",\"seal\":\"{}\"}}", "A".repeat(43)));
        assert!(Header::read(line.as_bytes()).is_err());
    }

    #[test]
    fn every_changed_bit_of_a_header_is_seen() {
        for at in 0..FIRST.len() * 8 {
            let mut line = FIRST.as_bytes().to_vec();
            line[at / 8] ^= 1 << (at % 8);
            assert!(Header::read(&line).is_err(), "bit {at}");
        }
    }
}
