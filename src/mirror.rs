//! The mirror shows accepted records to the other layers: consoles, OpenTelemetry, whatever listens.
//!
//! Only what they could not have seen by themselves: records made by `audit!`, by a `Draft` and by `.audited(..)`, not
//! those that came from an event or a span. One static call site a level stands here, not at each `audit!`, which keeps
//! call sites small. The values are those of the line, hence redacted, and are read from it only when somebody asks.
//!
//! Nobody is asked beforehand whether they are interested: with per-layer filters that question makes another layer
//! lose its next event. Instead the call sites are ordinary ones, and cost little where no layer takes them.

use std::cell::Cell;
use std::fmt;

use tracing_core::{Level, Metadata};

use crate::brief::{Brief, Slice};
use crate::severity::Severity;

const NAME: &str = "tracing_audit::mirror";

/// The call sites' target: what a console's filter names to see them or not.
const TARGET: &str = "audit";

/// Shows a record that the queue has accepted. `line` is its rendered rest, `message`
/// says its message as JSON (`fields.json(Key::Message)`).
///
/// An event within an event confuses per-layer filters: another layer would see an event that its filter refused. So
/// nothing is shown while our layer takes values, whose code may record.
pub(crate) fn show<'a>(brief: &Brief, line: &[u8], message: impl Fn() -> Option<&'a [u8]>) {
    // A layer that records when it sees an event would otherwise see its own record's mirror for ever.
    let hush = Hush::begin();
    if hush.before {
        return;
    }
    let text = |slice: Slice| (slice.len > 0).then(|| tracing::field::display(Part { line, slice }));
    // Worked out only where somebody listens.
    macro_rules! at {
        ($level:expr) => {
            tracing::event!(
                name: NAME, target: TARGET, $level,
                message = message().map(|text| tracing::field::display(Plain(text))),
                event = text(brief.name),
                outcome = brief.outcome.as_str(),
                user_id = text(brief.user),
                ip = text(brief.ip),
                session_id = text(brief.session),
                resource = text(brief.resource),
            )
        };
    }
    match brief.severity {
        Severity::Low | Severity::Medium => at!(Level::INFO),
        Severity::High => at!(Level::WARN),
        Severity::Critical => at!(Level::ERROR),
    }
}

/// Whether an event of this metadata is the mirror's.
pub(crate) fn is_mirror(metadata: &Metadata<'_>) -> bool {
    metadata.name() == NAME && is_from_here(metadata)
}

/// Whether this is the metadata of a mirror's event, or of the `log` record that `tracing/log-always` makes of one.
pub(crate) fn is_from_here(metadata: &Metadata<'_>) -> bool {
    metadata.module_path() == Some(module_path!())
}

thread_local! {
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, this thread shows nothing.
#[derive(Debug)]
#[must_use]
pub(crate) struct Hush {
    before: bool,
}

impl Hush {
    #[inline]
    pub(crate) fn begin() -> Hush {
        Hush {
            before: HUSHED.try_with(|hushed| hushed.replace(true)).unwrap_or(true),
        }
    }
}

impl Drop for Hush {
    #[inline]
    fn drop(&mut self) {
        let _ = HUSHED.try_with(|hushed| hushed.set(self.before));
    }
}

/// A value of a line, looked up when somebody asks for it.
struct Part<'a> {
    line: &'a [u8],
    slice: Slice,
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Plain(self.line.get(self.slice.range()).unwrap_or_default()).fmt(f)
    }
}

/// A value of a line for people: a JSON string without its quotes and without the escapes that only JSON needs. Those
/// of control characters stay, so that it is one harmless line on any terminal.
struct Plain<'a>(&'a [u8]);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        let mut rest = std::str::from_utf8(text.unwrap_or(self.0)).map_err(|_| fmt::Error)?;
        while let Some(at) = rest.find('\\') {
            let (plain, escape) = rest.split_at(at);
            f.write_str(plain)?;
            let shown = match escape.as_bytes().get(1) {
                Some(b'"') => "\"",
                Some(b'/') => "/",
                Some(b'\\') => "\\",
                _ => escape.get(..2).unwrap_or(escape),
            };
            f.write_str(shown)?;
            rest = escape.get(2..).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_stays_on_its_line() {
        let shown = |json: &str| Plain(json.as_bytes()).to_string();
        assert_eq!(shown(r#""O\"Hara \\ \/x""#), r#"O"Hara \ /x"#);
        assert_eq!(shown(r#""a\nb\u001b[31m""#), r"a\nb\u001b[31m");
        assert_eq!(shown("17"), "17");
        assert_eq!(shown("\"\\"), "\"\\");
    }
}
