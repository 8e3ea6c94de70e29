//! The header: the first line of a file. No record, no seq; it ties the file to the one before.

use std::fmt;

use serde_json::Value;

use super::lines;
use super::members::{Members, push_string, version};
use crate::base64url;
use crate::chain::{self, Frame, Head, Leaf};
use crate::clock::Micros;
use crate::trust::Trust;

/// Every seq, run, file and commit number is below this, so that every JSON reader sees it exactly.
pub(crate) const NUMBER_END: u64 = 1 << 53;

const MAGIC: &[u8] = b"{\"tracing_audit\":";

/// A trail's name: 128 random bits, drawn once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TrailId(pub(crate) [u8; 16]);

/// A run's name: the same seed twice (a restored snapshot) shows by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RunId(pub(crate) [u8; 16]);

macro_rules! ids {
    ($($id:ident)*) => {
        $(
            impl $id {
                pub(crate) fn random() -> Result<$id, getrandom::Error> {
                    let mut bytes = [0; 16];
                    getrandom::fill(&mut bytes)?;
                    Ok($id(bytes))
                }

                pub(crate) fn parse(text: &str) -> Option<$id> {
                    base64url::parse(text.as_bytes()).map($id)
                }
            }

            impl fmt::Display for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.pad(&base64url::text(&self.0))
                }
            }

            impl fmt::Debug for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}({self})", stringify!($id))
                }
            }
        )*
    };
}

ids! { TrailId RunId }

/// Why a file was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Cause {
    /// The process began.
    Start,
    /// The day or the file's size was over.
    Rotate,
    /// A sync failed; what it left in doubt is written again here.
    Resync,
    /// What stands before the point named is damaged or gone.
    Recover,
}

macro_rules! words {
    ($($name:ident { $($variant:ident $word:literal)* })*) => {
        $(impl $name {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            pub(crate) fn parse(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        })*
    };
}

words! {
    Cause { Start "start" Rotate "rotate" Resync "resync" Recover "recover" }
}

/// A point of the chain: behind the line with this seq (or behind the header that follows it) stands this head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) seq: u64,
    pub(crate) head: Head,
}

impl Point {
    /// Before the first header of a trail.
    pub(crate) const GENESIS: Point = Point {
        seq: 0,
        head: Head::ZERO,
    };
}

/// Where the oldest file that retention left begins: its number and its header's `prev_seq` and `prev_head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeptFrom {
    pub(crate) file: u64,
    pub(crate) prev: Point,
}

/// Who writes: the same for all records of a run, so it stands in headers and not in records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) service: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) host: Option<String>,
    /// 0 for none.
    pub(crate) pid: u32,
}

/// An older file under legal hold, and the points at which its live part begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) file: u64,
    pub(crate) prev: Point,
    pub(crate) end: Point,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) trail: TrailId,
    pub(crate) run: u64,
    pub(crate) run_id: RunId,
    pub(crate) file: u64,
    pub(crate) cause: Cause,
    /// The file that holds `prev`; `None` for the first file of a trail.
    pub(crate) prev_file: Option<u64>,
    pub(crate) prev: Point,
    /// Whether what came before had ended as it should: closed, synced and whole.
    pub(crate) clean: bool,
    pub(crate) trust: Trust,
    /// The index within the run of the commit that this header belongs to.
    pub(crate) commit: u64,
    pub(crate) opened: Micros,
    pub(crate) who: Identity,
    pub(crate) kept_from: Option<KeptFrom>,
    /// Files under legal hold.
    pub(crate) held: Vec<Held>,
    /// Whether the whole trail is.
    pub(crate) hold: bool,
    /// Whether every record has a salt.
    pub(crate) salted: bool,
    /// The compact range of the Merkle tree at `prev`, in mode `signed`.
    pub(crate) tree: Option<Vec<Leaf>>,
    /// The first checkpoint key, in mode `signed`.
    pub(crate) pk: Option<[u8; 32]>,
    /// The end of the trail that this one was begun in place of; in a genesis alone.
    pub(crate) replaces: Option<Replaces>,
    /// How old the trail was, by clocks that nobody can set, in microseconds. Earlier builds did not say so.
    pub(crate) measured: Option<u64>,
}

/// The end of a trail that another one was begun in place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replaces {
    pub(crate) trail: TrailId,
    /// 0 where nothing of it could be read.
    pub(crate) file: u64,
    pub(crate) end: Point,
}

/// Why a line is not a header this build can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Not a header, or not as it was written.
    Damaged(&'static str),
    /// From a newer format: what it is.
    Unsupported(String),
}

impl Header {
    /// The whole line without its LF, and the head behind it.
    pub(crate) fn render(&self) -> (Vec<u8>, Head) {
        let mut line = self.body();
        let head = self.prev.head.header(&chain::leaf(&line));
        head.push_frame(&mut line);
        (line, head)
    }

    /// From `{` up to the frame.
    fn body(&self) -> Vec<u8> {
        let mut out = Body(MAGIC.to_vec());
        out.0.push(b'1');
        out.text("trail", &self.trail.to_string());
        out.number("run", self.run);
        out.text("run_id", &self.run_id.to_string());
        out.number("file", self.file);
        out.text("cause", self.cause.as_str());
        out.key("prev_file");
        match self.prev_file {
            Some(file) => out.0.extend_from_slice(file.to_string().as_bytes()),
            None => out.0.extend_from_slice(b"null"),
        }
        out.number("prev_seq", self.prev.seq);
        out.text("prev_head", &self.prev.head.text());
        out.key("clean");
        out.0.extend_from_slice(if self.clean { b"true" } else { b"false" });
        out.text("trust", self.trust.as_str());
        out.number("commit", self.commit);
        out.text("opened", &self.opened.to_string());
        let who = &self.who;
        for (key, value) in [
            ("service", &who.service),
            ("version", &who.version),
            ("host", &who.host),
        ] {
            if let Some(value) = value {
                out.text(key, value);
            }
        }
        if who.pid != 0 {
            out.number("pid", u64::from(who.pid));
        }
        if let Some(kept) = &self.kept_from {
            out.key("kept_from");
            out.0.extend_from_slice(kept.json().as_bytes());
        }
        if !self.held.is_empty() {
            out.key("held");
            let files: Vec<String> = self.held.iter().map(Held::json).collect();
            out.0.extend_from_slice(format!("[{}]", files.join(",")).as_bytes());
        }
        if self.hold {
            out.key("hold");
            out.0.extend_from_slice(b"true");
        }
        out.key("must");
        out.0.extend_from_slice(b"[]");
        if self.salted {
            out.key("salted");
            out.0.extend_from_slice(b"true");
        }
        if let Some(tree) = &self.tree {
            out.key("tree");
            let roots: Vec<String> = tree
                .iter()
                .map(|root| format!("\"{}\"", base64url::text(root)))
                .collect();
            out.0.extend_from_slice(format!("[{}]", roots.join(",")).as_bytes());
        }
        if let Some(pk) = &self.pk {
            out.text("pk", &base64url::text(pk));
        }
        if let Some(replaces) = &self.replaces {
            out.key("replaces");
            out.0.extend_from_slice(replaces.json().as_bytes());
        }
        if let Some(measured) = self.measured {
            out.number("measured", measured);
        }
        out.0
    }

    /// Reads a line (without its LF) that must be a header, and gives the head behind it. Says nothing about the file
    /// before it.
    pub(crate) fn parse(line: &[u8]) -> Result<(Header, Head), Unreadable> {
        if !line.starts_with(MAGIC) {
            return Err(Unreadable::Damaged("it does not begin with {\"tracing_audit\":"));
        }
        let version = version(line, MAGIC).ok_or(Unreadable::Damaged("it names no version of the format"))?;
        if version == b"1" {
            return parse_v1(line);
        }
        let behind = line.get(MAGIC.len() + version.len()..).unwrap_or_default();
        // A flipped bit turns 1 into another digit. The tag of version 1 tells that from a newer version.
        if parse_v1(&[MAGIC, b"1", behind].concat()).is_ok() {
            return Err(Unreadable::Damaged("its version was changed"));
        }
        Err(Unreadable::Unsupported(format!(
            "it is written in version {} of the format, and this build reads version 1",
            String::from_utf8_lossy(version.get(..20).unwrap_or(version))
        )))
    }
}

impl KeptFrom {
    /// As it stands in headers and in `AUDIT_PRUNE`.
    pub(crate) fn json(&self) -> String {
        let KeptFrom { file, prev } = self;
        format!(
            "{{\"file\":{file},\"prev_seq\":{},\"prev_head\":\"{}\"}}",
            prev.seq,
            prev.head.text()
        )
    }

    pub(crate) fn from_json(value: &Value) -> Option<KeptFrom> {
        Some(KeptFrom {
            file: number(value.get("file")?)?,
            prev: Point {
                seq: number(value.get("prev_seq")?)?,
                head: Head::parse(value.get("prev_head")?.as_str()?)?,
            },
        })
    }
}

impl Held {
    fn json(&self) -> String {
        let Held { file, prev, end } = self;
        format!(
            "{{\"file\":{file},\"prev_seq\":{},\"prev_head\":\"{}\",\"seq\":{},\"head\":\"{}\"}}",
            prev.seq,
            prev.head.text(),
            end.seq,
            end.head.text()
        )
    }

    fn from_json(value: &Value) -> Option<Held> {
        let KeptFrom { file, prev } = KeptFrom::from_json(value)?;
        let end = Point {
            seq: number(value.get("seq")?)?,
            head: Head::parse(value.get("head")?.as_str()?)?,
        };
        Some(Held { file, prev, end })
    }
}

impl Replaces {
    /// As it stands in a genesis and in the state file.
    pub(crate) fn json(&self) -> String {
        let Replaces { trail, file, end } = self;
        format!(
            "{{\"trail\":\"{trail}\",\"file\":{file},\"seq\":{},\"head\":\"{}\"}}",
            end.seq,
            end.head.text()
        )
    }

    pub(crate) fn from_json(value: &Value) -> Option<Replaces> {
        Some(Replaces {
            trail: TrailId::parse(value.get("trail")?.as_str()?)?,
            file: number(value.get("file")?)?,
            end: Point {
                seq: number(value.get("seq")?)?,
                head: Head::parse(value.get("head")?.as_str()?)?,
            },
        })
    }
}

struct Body(Vec<u8>);

impl Body {
    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(format!(",\"{key}\":").as_bytes());
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_string(&mut self.0, value);
    }

    fn number(&mut self, key: &str, value: u64) {
        self.key(key);
        self.0.extend_from_slice(value.to_string().as_bytes());
    }
}

fn parse_v1(line: &[u8]) -> Result<(Header, Head), Unreadable> {
    use Unreadable::Damaged;
    if !lines::fit(line) {
        return Err(Damaged("it is too long, or holds bytes that no line holds"));
    }
    let Frame { content: body, tag, .. } = chain::split(line).ok_or(Damaged("it has no frame"))?;
    let members = Members::parse(&[body, b"}"].concat()).ok_or(Damaged("it is not one JSON object"))?;
    let prev_head = members
        .text("prev_head")
        .and_then(Head::parse)
        .ok_or(Damaged("it has no prev_head"))?;
    let head = prev_head.header(&chain::leaf(body));
    if head.tag() != tag {
        return Err(Damaged("its tag does not fit"));
    }
    // From here on it is as it was written; what cannot be read was written by somebody who knew more.
    match members.get("must").and_then(Value::as_array).map(Vec::as_slice) {
        Some([]) => {}
        Some([first, ..]) => {
            return Err(Unreadable::Unsupported(format!(
                "it needs {first}, which this build does not know"
            )));
        }
        None => return Err(Damaged("it does not say what a reader must know")),
    }
    let header = from_members(&members, prev_head).ok_or(Damaged("a key is missing or of another kind"))?;
    Ok((header, head))
}

fn from_members(members: &Members, prev_head: Head) -> Option<Header> {
    let number_of = |key: &str| members.get(key).and_then(number);
    let header = Header {
        trail: TrailId::parse(members.text("trail")?)?,
        run: number_of("run")?,
        run_id: RunId::parse(members.text("run_id")?)?,
        file: number_of("file")?,
        cause: Cause::parse(members.text("cause")?)?,
        prev_file: match members.get("prev_file")? {
            Value::Null => None,
            file => Some(number(file)?),
        },
        prev: Point {
            seq: number_of("prev_seq")?,
            head: prev_head,
        },
        clean: members.bool("clean")?,
        trust: Trust::parse(members.text("trust")?)?,
        commit: number_of("commit")?,
        opened: Micros::parse(members.text("opened")?.as_bytes())?,
        who: Identity {
            service: members.optional_text("service")?,
            version: members.optional_text("version")?,
            host: members.optional_text("host")?,
            pid: match members.get("pid") {
                None => 0,
                Some(pid) => u32::try_from(number(pid).filter(|pid| *pid > 0)?).unwrap_or(u32::MAX),
            },
        },
        kept_from: match members.get("kept_from") {
            None => None,
            Some(kept) => Some(KeptFrom::from_json(kept)?),
        },
        held: match members.get("held") {
            None => Vec::new(),
            Some(held) => held.as_array()?.iter().map(Held::from_json).collect::<Option<_>>()?,
        },
        hold: switch(members.get("hold"))?,
        salted: switch(members.get("salted"))?,
        tree: match members.get("tree") {
            None => None,
            Some(tree) => Some(tree.as_array()?.iter().map(root).collect::<Option<_>>()?),
        },
        pk: match members.get("pk") {
            None => None,
            Some(pk) => Some(root(pk)?),
        },
        replaces: match members.get("replaces") {
            None => None,
            Some(replaces) => Some(Replaces::from_json(replaces)?),
        },
        measured: match members.get("measured") {
            None => None,
            Some(measured) => Some(number(measured)?),
        },
    };
    // Files point backwards only, so that walking them ends.
    let backwards = header.prev_file.is_none_or(|prev| prev < header.file);
    let genesis = header.prev_file.is_some() || header.prev == Point::GENESIS;
    (backwards && genesis && header.file > 0 && header.run > 0).then_some(header)
}

/// A member that may be missing.
fn switch(value: Option<&Value>) -> Option<bool> {
    value.map_or(Some(false), Value::as_bool)
}

/// 32 bytes in their one spelling.
fn root(value: &Value) -> Option<[u8; 32]> {
    base64url::parse(value.as_str()?.as_bytes())
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number < NUMBER_END)
}

#[cfg(test)]
impl Header {
    /// That of a trail's first file, with nothing in it that need not be there.
    pub(crate) fn sample(trust: Trust) -> Header {
        Header {
            trail: TrailId([0x10; 16]),
            run: 1,
            run_id: RunId([0x20; 16]),
            file: 0,
            cause: Cause::Start,
            prev_file: None,
            prev: Point::GENESIS,
            clean: true,
            trust,
            commit: 0,
            opened: Micros(0),
            who: Identity::default(),
            kept_from: None,
            held: Vec::new(),
            hold: false,
            salted: false,
            tree: None,
            pk: None,
            replaces: None,
            measured: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header() -> impl Strategy<Value = Header> {
        let number = 1..NUMBER_END;
        let point = |seq: std::ops::Range<u64>| {
            (seq, any::<[u8; 32]>()).prop_map(|(seq, head)| Point { seq, head: Head(head) })
        };
        let text = || prop::option::of(".{0,12}");
        let kept = (number.clone(), point(0..NUMBER_END)).prop_map(|(file, prev)| KeptFrom { file, prev });
        let held = (number.clone(), point(0..NUMBER_END), point(0..NUMBER_END)).prop_map(|(file, prev, end)| Held {
            file,
            prev,
            end,
        });
        let replaces =
            (any::<[u8; 16]>(), 0..NUMBER_END, point(0..NUMBER_END)).prop_map(|(trail, file, end)| Replaces {
                trail: TrailId(trail),
                file,
                end,
            });
        let causes = prop::sample::select(vec![Cause::Start, Cause::Rotate, Cause::Resync, Cause::Recover]);
        let trusts = prop::sample::select(vec![Trust::Chained, Trust::Sealed, Trust::Signed]);
        let place = prop_oneof![
            Just((None, Point::GENESIS)),
            (0..100_u64, point(0..NUMBER_END)).prop_map(|(file, prev)| (Some(file), prev)),
        ];
        (
            (
                any::<[u8; 16]>(),
                number.clone(),
                any::<[u8; 16]>(),
                100..NUMBER_END,
                causes,
            ),
            (
                place,
                any::<bool>(),
                trusts,
                0..NUMBER_END,
                Micros::MIN.0..=Micros::MAX.0,
                any::<(bool, bool)>(),
            ),
            (
                text(),
                text(),
                text(),
                any::<u32>(),
                prop::option::of(kept),
                prop::collection::vec(held, 0..3),
                prop::option::of(prop::collection::vec(any::<[u8; 32]>(), 0..3)),
                prop::option::of(any::<[u8; 32]>()),
                prop::option::of((replaces, 0..NUMBER_END)),
            ),
        )
            .prop_map(|(a, b, c)| Header {
                trail: TrailId(a.0),
                run: a.1,
                run_id: RunId(a.2),
                file: a.3,
                cause: a.4,
                prev_file: b.0.0,
                prev: b.0.1,
                clean: b.1,
                trust: b.2,
                commit: b.3,
                opened: Micros(b.4),
                who: Identity {
                    service: c.0,
                    version: c.1,
                    host: c.2,
                    pid: c.3,
                },
                kept_from: c.4,
                held: c.5,
                hold: b.5.0,
                salted: b.5.1,
                tree: c.6,
                pk: c.7,
                replaces: c.8.map(|(replaces, _)| replaces),
                measured: c.8.map(|(_, measured)| measured),
            })
    }

    fn example() -> Header {
        Header {
            file: 1,
            opened: Micros::parse(b"2026-11-20T08:15:30.000000Z").unwrap(),
            who: Identity {
                service: Some("example".into()),
                version: Some("1.2.0".into()),
                host: Some("host-a".into()),
                pid: 4242,
            },
            ..Header::sample(Trust::Chained)
        }
    }

    /// Frames a body as if it were a header's, so that what is refused is refused for what it says.
    fn framed(body: &str) -> Vec<u8> {
        let mut line = body.as_bytes().to_vec();
        let head = Head::ZERO.header(&chain::leaf(&line));
        head.push_frame(&mut line);
        line
    }

    fn body() -> String {
        String::from_utf8(example().body()).unwrap()
    }

    #[test]
    fn the_header_of_the_format_is_written_to_the_byte() {
        let (line, head) = example().render();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            concat!(
                r#"{"tracing_audit":1,"trail":"EBAQEBAQEBAQEBAQEBAQEA","run":1,"run_id":"ICAgICAgICAgICAgICAgIA","file":1,"#,
                r#""cause":"start","prev_file":null,"prev_seq":0,"prev_head":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","#,
                r#""clean":true,"trust":"chained","commit":0,"opened":"2026-11-20T08:15:30.000000Z","service":"example","#,
                r#""version":"1.2.0","host":"host-a","pid":4242,"must":[],"tag":"G-LgP9mB4i26GNrp3JUf4g"}"#
            )
        );
        let hex: String = head.0.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "1be2e03fd981e22dba18dae9dc951fe279eb0e5ed9b0a7d2476d75f1312282d7");
    }

    #[test]
    fn what_a_later_build_writes_is_read_or_refused_by_name() {
        let parse = |body: &str| Header::parse(&framed(body));
        let later = body() + r#","zip":true,"later":["x"]"#;
        assert_eq!(parse(&later).unwrap().0, example());

        let needs = body().replace("\"must\":[]", "\"must\":[\"enc\"]");
        let Err(Unreadable::Unsupported(what)) = parse(&needs) else {
            panic!("it must be refused");
        };
        assert!(what.contains("enc"), "{what}");

        let newer = body().replace("\"tracing_audit\":1", "\"tracing_audit\":2");
        let Err(Unreadable::Unsupported(what)) = parse(&newer) else {
            panic!("it must be refused");
        };
        assert!(what.contains("version 2"), "{what}");
    }

    #[test]
    fn a_sealed_header_is_read_though_this_build_cannot_check_the_seal() {
        let header = Header {
            trust: Trust::Sealed,
            ..example()
        };
        let (mut line, head) = header.render();
        line.pop();
        line.extend_from_slice(format!(",\"seal\":\"{}\"}}", Head::ZERO.text()).as_bytes());
        assert_eq!(Header::parse(&line).unwrap(), (header, head));
        let at = line.len() - 3;
        line[at] = b'B';
        assert!(Header::parse(&line).is_err(), "a seal has one spelling");
    }

    #[test]
    fn every_key_is_needed_and_of_its_kind() {
        for (from, to) in [
            ("\"run\":1", "\"run\":0"),
            ("\"run\":1", "\"run\":\"1\""),
            ("\"file\":1", "\"file\":0"),
            ("\"file\":1", "\"file\":9007199254740992"),
            ("\"file\":1,", ""),
            ("\"cause\":\"start\"", "\"cause\":\"begin\""),
            ("\"prev_file\":null", "\"prev_file\":1"),
            ("\"prev_file\":null,", ""),
            ("\"prev_seq\":0", "\"prev_seq\":1"),
            ("\"clean\":true", "\"clean\":1"),
            ("\"trust\":\"chained\"", "\"trust\":\"none\""),
            ("08:15:30.000000Z", "08:15:30Z"),
            ("\"pid\":4242", "\"pid\":0"),
            ("\"host\":\"host-a\"", "\"host\":null"),
            ("\"must\":[]", "\"must\":{}"),
            (",\"must\":[]", ""),
            ("\"pid\":4242", "\"pid\":4242,\"pid\":4242"),
            ("\"service\":\"example\"", "\"service\":\"a\tb\""),
            ("EBAQEBAQEBAQEBAQEBAQEA", "EBAQEBAQEBAQEBAQEBAQEB"),
            ("\"must\":[]", "\"kept_from\":{\"file\":1},\"must\":[]"),
            ("\"must\":[]", "\"must\":[],\"tree\":[\"x\"]"),
            ("\"must\":[]", "\"must\":[],\"pk\":1"),
            ("\"must\":[]", "\"must\":[],\"replaces\":{}"),
            ("\"must\":[]", "\"must\":[],\"measured\":-1"),
        ] {
            let changed = body().replace(from, to);
            assert_ne!(changed, body(), "{from}");
            assert!(
                matches!(Header::parse(&framed(&changed)), Err(Unreadable::Damaged(_))),
                "{to}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_header_reads_back(header in header()) {
            let (line, head) = header.render();
            prop_assert!(!line.contains(&b'\n'));
            prop_assert_eq!(Header::parse(&line), Ok((header, head)));
            prop_assert!(serde_json::from_slice::<Value>(&line).is_ok());
        }

        #[test]
        fn no_flipped_bit_of_a_header_goes_unnoticed(header in header(), at: prop::sample::Index, bit in 0_u32..8) {
            let (mut line, _) = header.render();
            let at = at.index(line.len());
            line[at] ^= 1_u8 << bit;
            prop_assert!(matches!(Header::parse(&line), Err(Unreadable::Damaged(_))));
        }

        #[test]
        fn no_bytes_break_the_reading_of_headers(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Header::parse(&[MAGIC, &bytes].concat());
            let _ = Header::parse(&bytes);
        }
    }
}
