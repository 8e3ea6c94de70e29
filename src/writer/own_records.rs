//! What the trail records about itself: `AUDIT_*` (docs/FORMAT.md, "The writer's own records").
//!
//! Written here and not by `render`: nothing in them comes from a caller, no alias may turn a member into a key, and
//! nothing may be redacted or cut.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::signer::Signed;
use crate::alerts::Entry;
use crate::brief::{Brief, EventId, Slice};
use crate::chain::{Head, Leaf};
use crate::clock::Micros;
use crate::config::DiskAction;
use crate::detect::Priority;
use crate::event::{Category, EventType, events};
use crate::outcome::Outcome;
use crate::queue::{Lost, PerSeverity};
use crate::severity::Severity;
use crate::status::{DiskTier, Setting};
use crate::store::finding::{Recovered, Suspicion};
use crate::store::retain::Prune;
use crate::store::{Finding, KeptFrom, Mark, Step, push_string};
use crate::trail::Why;

/// A record to come: what it is and what it says.
#[derive(Clone, Debug)]
pub(super) struct Own {
    event: EventType,
    metadata: Map<String, Value>,
    /// Where the trail begins once this is numbered: what every later header says.
    pub(super) kept_from: Option<KeptFrom>,
    /// Of an alert.
    severity: Option<Severity>,
    by: Option<String>,
    message: Option<String>,
}

impl Own {
    fn new(event: EventType, metadata: Value) -> Own {
        let metadata = match metadata {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Own {
            event,
            metadata,
            kept_from: None,
            severity: None,
            by: None,
            message: None,
        }
    }

    /// What became of an alert.
    pub(super) fn alert(entry: Entry) -> Own {
        Own {
            severity: entry.priority.map(Priority::severity),
            by: entry.by,
            message: entry.message,
            ..Own::new(entry.event, entry.metadata.into())
        }
    }

    /// Whether it is about an alert.
    pub(super) fn is_alert(&self) -> bool {
        self.event.category() == Category::Alert
    }

    /// Whether it says that the files are not as the trail left them.
    pub(super) fn is_suspicion(&self) -> bool {
        self.event == events::AUDIT_TAMPER_SUSPECTED
    }

    /// The first of a run; or of a run that had been closed and goes on, since a layer had outlived the last handle.
    pub(super) fn start(run: u64, file: u64, unclean: bool, resumed: bool) -> Own {
        let mut metadata =
            json!({ "run": run, "file": file, "version": env!("CARGO_PKG_VERSION"), "unclean": unclean });
        if let (true, Value::Object(members)) = (resumed, &mut metadata) {
            members.insert("resumed".to_owned(), true.into());
        }
        Own::new(events::AUDIT_START, metadata)
    }

    pub(super) fn stop(records: u64, lost: u64) -> Own {
        Own::new(events::AUDIT_STOP, json!({ "records": records, "lost": lost }))
    }

    pub(super) fn found(finding: &Finding, queue_bytes: u64) -> Own {
        match finding {
            Finding::Recovered(recovered) => Own::recovered(recovered, queue_bytes),
            Finding::TamperSuspected(suspicion) => Own::suspicion(suspicion),
        }
    }

    fn recovered(recovered: &Recovered, queue_bytes: u64) -> Own {
        Own::new(events::AUDIT_RECOVER, recovered.metadata(queue_bytes).into())
    }

    pub(super) fn suspicion(suspicion: &Suspicion) -> Own {
        Own::new(events::AUDIT_TAMPER_SUSPECTED, suspicion.metadata().into())
    }

    /// Of the open file: how long it took to go on in another one, and how many records that has again.
    pub(super) fn overcome(suspicion: &Suspicion, took: Duration, again: usize) -> Own {
        let mut own = Own::suspicion(suspicion);
        let took = took.as_micros() as f64 / 1e3;
        own.metadata.insert("recovered_ms".to_owned(), took.into());
        own.metadata.insert("written_again".to_owned(), again.into());
        own
    }

    pub(super) fn rotated(file: u64, from: Mark) -> Own {
        let prev_head = from.point.head.text();
        Own::new(
            events::AUDIT_ROTATE,
            json!({ "file": file, "prev_file": from.file, "prev_head": prev_head }),
        )
    }

    pub(super) fn checkpoint(mark: Mark, signed: Option<Signed>) -> Own {
        let head = mark.point.head.text();
        let mut metadata = json!({ "file": mark.file, "seq": mark.point.seq, "head": head });
        if let (Some(Signed { root, next, sig }), Value::Object(members)) = (signed, &mut metadata) {
            members.extend(
                [("root", root), ("next", next), ("sig", sig)].map(|(key, text)| (key.to_owned(), text.into())),
            );
        }
        Own::new(events::AUDIT_CHECKPOINT, metadata)
    }

    /// The seals of runs from `first_run` on may be under another seed; of a signed trail, the root of their files too.
    pub(super) fn rekeyed(kid: &str, prev_kid: &str, first_run: u64, pk: Option<&str>) -> Own {
        let mut metadata = json!({ "what": "rotated", "kid": kid, "prev_kid": prev_kid, "first_run": first_run });
        if let (Some(pk), Value::Object(members)) = (pk, &mut metadata) {
            members.insert("pk".to_owned(), pk.into());
        }
        Own::new(events::AUDIT_KEY, metadata)
    }

    /// `count` are the records lost since the last gap, `lost` says when.
    pub(super) fn gap(cause: &str, count: PerSeverity, lost: &Lost, now: Micros) -> Own {
        let (first, last) = lost.span.unwrap_or((now, now));
        let count: Map<String, Value> = Severity::ALL
            .iter()
            .zip(count)
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| (severity.as_str().to_owned(), count.into()))
            .collect();
        let metadata = json!({ "count": count, "first": first.to_string(), "last": last.to_string(), "cause": cause });
        Own::new(events::AUDIT_GAP, metadata)
    }

    pub(super) fn prune(prune: &Prune) -> Own {
        Own {
            kept_from: Some(prune.kept_from),
            ..Own::new(events::AUDIT_PRUNE, prune.metadata().into())
        }
    }

    /// One order of what goes into one line.
    pub(super) fn erase(records: &[(u64, Leaf)], why: &Why) -> Own {
        let seqs: Vec<u64> = records.iter().map(|(seq, _)| *seq).collect();
        let leaves: Vec<String> = records.iter().map(|(_, leaf)| Head(*leaf).text()).collect();
        let Why { reason, by } = why;
        Own::new(
            events::AUDIT_ERASE,
            json!({ "seqs": seqs, "leaves": leaves, "reason": reason, "by": by }),
        )
    }

    /// `file` is its name and its number; without one it is the whole trail.
    pub(super) fn hold(what: &str, file: Option<(&str, u64)>, with: &[u64], why: &Why) -> Own {
        let Why { reason, by } = why;
        let mut metadata = json!({ "what": what, "reason": reason, "by": by });
        if let (Some((name, number)), Value::Object(members)) = (file, &mut metadata) {
            members.insert("name".to_owned(), name.into());
            members.insert("file".to_owned(), number.into());
            if !with.is_empty() {
                members.insert("with".to_owned(), with.into());
            }
        }
        Own::new(events::AUDIT_HOLD, metadata)
    }

    /// Whether it orders an erasure.
    pub(super) fn is_erasure(&self) -> bool {
        self.event == events::AUDIT_ERASE
    }

    pub(super) fn config(settings: &[Setting]) -> Own {
        let settings: Map<String, Value> = settings
            .iter()
            .map(|setting| {
                let said = json!({ "value": setting.value, "source": setting.source.to_string() });
                (setting.name.to_owned(), said)
            })
            .collect();
        Own::new(events::AUDIT_CONFIG, json!({ "settings": settings }))
    }

    pub(super) fn disk(tier: DiskTier, from: DiskTier, free: u64, step: Option<&(u64, DiskAction)>) -> Own {
        let mut metadata = json!({ "tier": tier.to_string(), "from": from.to_string(), "free_bytes": free });
        if let (Some((below, action)), Value::Object(members)) = (step, &mut metadata) {
            members.insert("below_bytes".to_owned(), (*below).into());
            members.insert("action".to_owned(), action.to_string().into());
        }
        Own::new(events::AUDIT_DISK, metadata)
    }

    pub(super) fn clock_step(step: Step) -> Own {
        let seconds = (step.to.0 - step.from.0) as f64 / 1e6;
        let metadata = json!({
            "from": step.from.to_string(),
            "to": step.to.to_string(),
            "step_seconds": seconds,
        });
        Own::new(events::AUDIT_CLOCK_STEP, metadata)
    }

    pub(super) fn key(what: &str, kid: &str, prev_kid: Option<&str>) -> Own {
        Own::new(
            events::AUDIT_KEY,
            match prev_kid {
                Some(prev_kid) => json!({ "what": what, "kid": kid, "prev_kid": prev_kid }),
                None => json!({ "what": what, "kid": kid }),
            },
        )
    }

    /// Whether it says that records were lost.
    pub(super) fn is_gap(&self) -> bool {
        self.event == events::AUDIT_GAP
    }

    /// Whether it is more than a note that all is well: a checkpoint alone is no activity.
    pub(super) fn is_activity(&self) -> bool {
        self.event != events::AUDIT_CHECKPOINT
    }

    /// Appends the rest of the line.
    pub(super) fn rest(&self, time: Micros, out: &mut Vec<u8>) -> Brief {
        let event = self.event;
        let severity = self.severity.unwrap_or_else(|| event.severity());
        out.extend_from_slice(b"\"time\":\"");
        out.extend_from_slice(&time.text());
        let names = format!(
            "\",\"event\":\"{event}\",\"category\":\"{}\",\"severity\":\"{}\",\"outcome\":\"{}\"",
            event.category(),
            severity,
            Outcome::Success,
        );
        out.extend_from_slice(names.as_bytes());
        for (key, text) in [(",\"user_id\":", &self.by), (",\"message\":", &self.message)] {
            if let Some(text) = text {
                out.extend_from_slice(key.as_bytes());
                push_string(out, text);
            }
        }
        out.extend_from_slice(b",\"metadata\":");
        push_members(out, &self.metadata);
        Brief {
            event: EventId::of(event),
            category: event.category(),
            severity,
            outcome: Outcome::Success,
            time,
            occurred: time,
            duration_us: Brief::NO_DURATION,
            redactions: 0,
            name: Slice::default(),
            user: Slice::default(),
            ip: Slice::default(),
            session: Slice::default(),
            resource: Slice::default(),
        }
    }
}

fn push_members(out: &mut Vec<u8>, members: &Map<String, Value>) {
    out.push(b'{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_string(out, name);
        out.push(b':');
        push_value(out, value);
    }
    out.push(b'}');
}

/// In the spelling of docs/FORMAT.md, which escapes more than `serde_json` does.
fn push_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => push_string(out, text),
        Value::Object(members) => push_members(out, members),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                push_value(out, item);
            }
            out.push(b']');
        }
        plain => out.extend_from_slice(plain.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::status::Source;
    use crate::store::Point;

    fn line(own: &Own) -> String {
        let mut point = Point {
            seq: 0,
            head: Head::ZERO,
        };
        let (mut rest, mut text) = (Vec::new(), super::super::batch::Text::default());
        own.rest(Micros(1_795_262_400_000_000), &mut rest);
        text.line(&mut point, &rest);
        String::from_utf8(text.bytes).unwrap()
    }

    #[test]
    fn every_own_record_is_a_record_that_reads_back() {
        let mark = Mark {
            file: 3,
            point: Point {
                seq: 9,
                head: Head([1; 32]),
            },
        };
        let lost = Lost {
            count: [0; 4],
            span: Some((Micros(0), Micros(5))),
        };
        let setting = Setting {
            name: "keys",
            value: "C:\\keys \u{202e}\u{7f}\n".to_owned(),
            source: Source::Environment,
        };
        let step = Step {
            from: Micros(0),
            to: Micros(-2_500_000),
        };
        for own in [
            Own::start(1, 1, false, false),
            Own::start(1, 2, true, true),
            Own::stop(10, 0),
            Own::rotated(4, mark),
            Own::checkpoint(mark, None),
            Own::rekeyed("abcdef", "ghijkl", 4, Some("x")),
            Own::gap("queue_full", [1, 0, 2, 0], &lost, Micros(0)),
            Own::config(&[setting]),
            Own::clock_step(step),
            Own::key("created", "abcdef", None),
            Own::erase(
                &[(7, [1; 32]), (9, [2; 32])],
                &Why {
                    reason: "a \"reason\"".to_owned(),
                    by: "\u{202e}dpo".to_owned(),
                },
            ),
        ] {
            let line = line(&own);
            let record = parse::record(line.trim_end().as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {line}"));
            assert_eq!(record.event_type(), Some(own.event));
            assert_eq!(record.metadata(), Some(&own.metadata));
            assert!(line.starts_with("{\"seq\":1,\"time\":\"2026-11-21T12:00:00.000000Z\",\"event\":\"AUDIT_"));
            assert!(line.is_ascii(), "what a terminal would act on is escaped: {line}");
        }
        assert_eq!(
            line(&Own::gap("queue_full", [1, 0, 2, 0], &lost, Micros(0)))
                .matches("\"low\":1")
                .count(),
            1
        );
        assert!(line(&Own::clock_step(step)).contains("\"step_seconds\":-2.5"));
    }
}
