//! The key line: what a verifier of a keyed trail keeps, away from the host that writes it (docs/FORMAT.md, "Trust modes").

use std::fmt;
use std::str::FromStr;

use crate::base64url;
use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::secret::SecretBytes;

/// Numbers of runs stay exact in every JSON reader.
const RUNS: u64 = 1 << 53;

/// What a keyed trail is verified with: printed once, when the trail becomes keyed, and kept away from its host.
///
/// As text it is one line, `tracing-audit-key 1 <trail> <first run> <head> <key>`. For a trail of mode `sealed` the key is a
/// secret: whoever has it can make seals. For one of mode `signed` it is public. `Debug` shows no key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyLine {
    pub(crate) trail: [u8; 16],
    pub(crate) first_run: u64,
    /// The `prev_head` of the first header of that run.
    pub(crate) head: Head,
    /// The seed of that run, or the root's public key.
    pub(crate) key: SecretBytes,
}

impl KeyLine {
    /// The id of the trail, 22 characters.
    pub fn trail(&self) -> String {
        base64url::text(&self.trail)
    }

    /// The first run that it is for.
    pub fn first_run(&self) -> u64 {
        self.first_run
    }

    /// The key lines of a text: one a line; empty lines, and lines that begin with `#`, are passed over.
    ///
    /// # Errors
    /// A line is none, or there is none at all ([`ErrorKind::Key`]).
    pub fn all(text: &str) -> Result<Vec<KeyLine>, Error> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines: Vec<KeyLine> = lines.map(str::parse).collect::<Result<_, _>>()?;
        match lines.is_empty() {
            true => Err(Error::new(ErrorKind::Key, "there is no key line in it").remedy(REMEDY)),
            false => Ok(lines),
        }
    }
}

const REMEDY: &str = "give the whole line that was printed when the trail became keyed: tracing-audit-key 1 ...";

impl FromStr for KeyLine {
    type Err = Error;

    fn from_str(line: &str) -> Result<KeyLine, Error> {
        let wrong = |what: &str| Error::new(ErrorKind::Key, format!("this is no key line: {what}")).remedy(REMEDY);
        let words: Vec<&str> = line.trim().split(' ').collect();
        let [name, version, trail, run, head, key] = words.as_slice() else {
            return Err(wrong("it does not have six words"));
        };
        if *name != "tracing-audit-key" {
            return Err(wrong("it does not begin with tracing-audit-key"));
        }
        if *version != "1" {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "a key line of version {:?}, and this build knows version 1",
                    first(version, 20)
                ),
            )
            .remedy("use a newer build of tracing-audit"));
        }
        let plain = |run: &&str| !run.starts_with('0') && run.len() <= 16 && run.bytes().all(|b| b.is_ascii_digit());
        let run = Some(*run).filter(plain).and_then(|run| run.parse().ok());
        Ok(KeyLine {
            trail: base64url::parse(trail.as_bytes()).ok_or_else(|| wrong("its third word is no trail id"))?,
            first_run: run
                .filter(|run| *run < RUNS)
                .ok_or_else(|| wrong("its fourth word is no number of a run"))?,
            head: Head::parse(head).ok_or_else(|| wrong("its fifth word is no head"))?,
            key: base64url::parse(key.as_bytes())
                .map(SecretBytes::new)
                .ok_or_else(|| wrong("its last word is no key"))?,
        })
    }
}

fn first(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}

impl fmt::Display for KeyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = zeroize::Zeroizing::new(base64url::text(self.key.expose()));
        let (trail, run, head) = (self.trail(), self.first_run, self.head.text());
        write!(f, "tracing-audit-key 1 {trail} {run} {head} {}", *key)
    }
}

impl fmt::Debug for KeyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLine")
            .field("trail", &self.trail())
            .field("first_run", &self.first_run)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> KeyLine {
        KeyLine {
            trail: [0x10; 16],
            first_run: 7,
            head: Head::ZERO,
            key: SecretBytes::new([9; 32]),
        }
    }

    #[test]
    fn a_key_line_reads_back_as_it_was_printed_and_hides_its_key_from_debug() {
        let text = line().to_string();
        assert_eq!(text.parse::<KeyLine>().unwrap(), line());
        let key = text.rsplit(' ').next().unwrap();
        assert!(!format!("{:?}", line()).contains(key));
        let file = format!("# kept in the safe\n\n {text}\r\n{text}\n");
        assert_eq!(KeyLine::all(&file).unwrap(), [line(), line()]);
        assert!(KeyLine::all("\n# nothing\n").is_err());
    }

    #[test]
    fn what_is_no_key_line_is_refused_with_a_reason_that_holds_no_key() {
        let text = line().to_string();
        let key = text.rsplit(' ').next().unwrap();
        for (from, to) in [
            (" 7 ", " 07 "),
            (" 7 ", " 0 "),
            (" 7 ", " 9007199254740992 "),
            (" 7 ", " +7 "),
            ("tracing-audit-key", "tracing-audit"),
            ("key 1 ", "key 2 "),
            ("key 1 ", "key  1 "),
            ("EBAQ", "EBA"),
            ("AAAA ", "AAAB "),
            (key, "CQk"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let error = changed.parse::<KeyLine>().unwrap_err().to_string();
            assert!(!error.contains(key), "{error}");
        }
    }
}
