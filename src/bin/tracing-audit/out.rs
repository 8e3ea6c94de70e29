//! What goes to the terminal, and how it can fail.

use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;

use crate::bar;
use crate::when::Contradiction;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    Trail(tracing_audit::Error),
    /// Arguments that contradict one another.
    Usage(String),
    /// A program writes to the trail: who, and what to do.
    Running(String),
    Output(io::Error),
    /// A file that was named could not be read.
    File(PathBuf, io::Error),
    /// A file that was named could not be written.
    Written(PathBuf, io::Error),
    /// Whoever read the output has seen enough: no failure, and this exit code.
    Closed(u8),
}

impl From<tracing_audit::Error> for Failure {
    fn from(error: tracing_audit::Error) -> Failure {
        Failure::Trail(error)
    }
}

impl From<Contradiction> for Failure {
    fn from(Contradiction(said): Contradiction) -> Failure {
        Failure::Usage(said)
    }
}

impl Failure {
    /// A write that failed in a command that would have ended with `code`.
    pub(crate) fn of_write(code: u8) -> impl Fn(io::Error) -> Failure {
        move |error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed(code),
            _ => Failure::Output(error),
        }
    }
}

/// Colours, which `anstream` takes out where they do not belong.
pub(crate) mod paint {
    pub(crate) const GREEN: &str = "\x1b[32m";
    pub(crate) const YELLOW: &str = "\x1b[33m";
    pub(crate) const RED: &str = "\x1b[31m";
    pub(crate) const BOLD_RED: &str = "\x1b[1;31m";
    pub(crate) const PLAIN: &str = "\x1b[0m";
}

/// A message on standard error.
pub(crate) fn complain(message: &dyn Display) {
    let text = Harmless(&message.to_string()).to_string();
    // There is no other place to say that this failed.
    let _ = bar::aside(|| {
        writeln!(
            anstream::stderr(),
            "{}tracing-audit:{} {text}",
            paint::RED,
            paint::PLAIN
        )
    });
}

/// A remark on standard error, about which nothing is wrong.
pub(crate) fn note(message: &dyn Display) {
    let text = Harmless(&message.to_string()).to_string();
    let _ = bar::aside(|| writeln!(anstream::stderr(), "tracing-audit: {text}"));
}

/// Help, or what is wrong with the arguments. An argument may hold anything: where there is something that a terminal would obey,
/// the text goes without colours, so that all that is left of its kind is harmless.
pub(crate) fn print(error: &clap::Error) {
    let text = error.to_string();
    let harmless = |text: &str| {
        text.lines()
            .map(|line| format!("{}\n", Harmless(line)))
            .collect::<String>()
    };
    let shown = harmless(&text);
    // Nobody is left to be told if this fails.
    let _ = match shown == text || !error.use_stderr() {
        true => error.print(),
        false => write!(anstream::stderr(), "{shown}"),
    };
}

/// Text with nothing in it that a terminal would obey: control characters and marks that turn the direction of writing
/// are shown as escapes.
pub(crate) struct Harmless<'a>(pub(crate) &'a str);

impl Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            let obeyed = letter.is_control()
                || matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            match obeyed {
                // The spelling of JSON, so that a line stays the same JSON.
                true => write!(f, "\\u{:04x}", u32::from(letter))?,
                false => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// A value as JSON in one line, of which a terminal obeys nothing and of which `anstream` takes nothing out.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::Output(error.into()))?;
    Ok(Harmless(&text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        let shown = Harmless("a\x1b[31m\u{9b}31m\u{7f}\u{202e}é\r\n").to_string();
        assert_eq!(shown, "a\\u001b[31m\\u009b31m\\u007f\\u202eé\\u000d\\u000a");
    }
}
