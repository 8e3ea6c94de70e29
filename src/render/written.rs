//! What a value's own `Display` or `Debug` writes.

use std::borrow::Cow;
use std::fmt;

use crate::floor::floor;
use crate::render::nested;
use crate::render::pen::Text;

/// Text of which the first `window` bytes are kept and all are counted, up to a point.
pub(super) struct Bounded<'a> {
    pub(super) to: &'a mut String,
    window: usize,
    pub(super) bytes: usize,
}

impl<'a> Bounded<'a> {
    pub(super) fn new(to: &'a mut String, window: usize) -> Bounded<'a> {
        to.clear();
        Bounded { to, window, bytes: 0 }
    }

    /// Bytes that were written, kept or not.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes back `: cause` behind `before` if the text before it ends with the cause.
    pub(super) fn unsay(&mut self, (len, bytes): (usize, usize)) {
        let said = self.to.get(len..).and_then(|said| said.strip_prefix(": "));
        let before = self.to.get(..len).unwrap_or_default();
        if said.is_some_and(|said| before.ends_with(said)) {
            self.to.truncate(len);
            self.bytes = bytes;
        }
    }
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Once something was left out nothing may follow it.
        if self.bytes == self.to.len() {
            self.to.push_str(floor(text, self.window - self.to.len()));
        }
        self.bytes += text.len();
        if self.bytes > nested::COUNTED {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

/// Text that is written to where it will stand, of which so much is kept as of [`Bounded`].
pub(super) struct Straight<'a> {
    to: &'a mut Text,
    pub(super) start: usize,
    window: usize,
    pub(super) bytes: usize,
}

impl<'a> Straight<'a> {
    #[inline]
    pub(super) fn new(to: &'a mut Text, window: usize) -> Straight<'a> {
        let start = to.len();
        Straight {
            to,
            start,
            window,
            bytes: 0,
        }
    }

    #[cold]
    fn beyond(&mut self, text: &str) -> fmt::Result {
        let kept = self.to.len() - self.start;
        if self.bytes == kept {
            self.to.push(floor(text, self.window - kept).as_bytes());
        }
        self.bytes += text.len();
        if self.bytes > nested::COUNTED {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}

impl fmt::Write for Straight<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let bytes = self.bytes + text.len();
        if bytes > self.window {
            return self.beyond(text);
        }
        self.to.push(text.as_bytes());
        self.bytes = bytes;
        Ok(())
    }
}

/// Compares what is written with what is known.
pub(super) struct Same<'a> {
    pub(super) left: &'a str,
    /// Whether nothing may follow.
    pub(super) whole: bool,
}

impl fmt::Write for Same<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.left.strip_prefix(text) {
            Some(left) => self.left = left,
            None if !self.whole && text.starts_with(self.left) => self.left = "",
            None => return Err(fmt::Error),
        }
        Ok(())
    }
}

/// The string of which `text` is the `Debug` form, if it is one: `?name` of a `str` means the name.
pub(super) fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if !inner.contains(['\\', '"']) {
        return Some(inner.into());
    }
    let mut out = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '"' => return None,
            '\\' => match letters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                'u' => {
                    let (code, rest) = letters.as_str().strip_prefix('{')?.split_once('}')?;
                    letters = rest.chars();
                    char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                }
                letter @ ('\\' | '"' | '\'') => letter,
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(out.into())
}
