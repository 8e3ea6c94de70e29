//! A redaction, compiled: what the caller's thread asks.

use std::borrow::Cow;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::names::{Match, VOCABULARY, Vocabulary};
use super::plain::Plain;
use super::rules::Redaction;
use super::scan::{self, Scan};
use super::seen;
use super::shapes::token;
use super::split::Words;
use super::text::{Hit, Walk};
use super::words::role;
use super::{Class, Found, Shape, Treatment};
use crate::secret::{REDACTED, SecretBytes};

/// What a policy says of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) treatment: Treatment,
    pub(crate) class: Class,
}

/// A name as it was judged within a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// Also an ordinary word: not enough in running prose.
    pub(super) weak: bool,
    /// In header text the value runs to the end of the line.
    pub(super) line: bool,
    /// A key of something that the lists know, which may have keys that open nothing: `metabase_key`.
    pub(super) owned: bool,
    /// Words of the name, and where its core ends.
    pub(super) words: usize,
    pub(super) end: usize,
}

/// The key of [`Treatment::Hash`], with the six characters that name it in every hash.
pub(crate) struct HashKey {
    kid: [u8; 6],
    /// Keyed once, so that a hash costs two blocks less; the key itself is wiped with the argument of [`HashKey::new`].
    mac: Hmac<Sha256>,
}

impl HashKey {
    #[expect(clippy::needless_pass_by_value, reason = "the key is wiped here")]
    pub(crate) fn new(secret: SecretBytes) -> Self {
        let digest = Sha256::new()
            .chain_update([0x05])
            .chain_update(secret.expose())
            .finalize();
        let name = base64url(digest.first_chunk().unwrap_or(&[0; 16]));
        let kid = name.first_chunk().copied().unwrap_or_default();
        // HMAC fills a key shorter than a block with zeros.
        let mut block = [0; 64];
        block.iter_mut().zip(secret.expose()).for_each(|(to, from)| *to = *from);
        let mac = Hmac::new(&block.into());
        block.zeroize();
        Self { kid, mac }
    }

    /// The six characters, as text.
    pub(crate) fn kid(&self) -> &str {
        std::str::from_utf8(&self.kid).unwrap_or_default()
    }

    fn write(&self, value: &str, out: &mut String) {
        let code = self.mac.clone().chain_update(value).finalize().into_bytes();
        let text = base64url(code.first_chunk().unwrap_or(&[0; 16]));
        out.push_str("hmac:");
        out.push_str(self.kid());
        out.push(':');
        out.push_str(std::str::from_utf8(&text).unwrap_or_default());
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashKey")
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

/// A name the program added: its words, glued.
#[derive(Debug)]
struct Custom {
    glued: Box<[u8]>,
    treatment: Treatment,
}

/// A redaction, compiled. Shared by all threads.
pub(crate) struct Policy {
    vocabulary: &'static Vocabulary,
    pub(super) tokens: &'static token::Index,
    /// Classes whose names are looked for.
    on: u32,
    classes: [Treatment; Class::COUNT],
    shapes: [Treatment; Shape::COUNT],
    custom: Box<[Custom]>,
    key: Option<HashKey>,
    /// Nothing is looked for in texts.
    blind: bool,
    emails: bool,
    /// Never used twice in a process.
    pub(super) id: u32,
}

impl Policy {
    /// Compiles `redaction`; without `key`, [`Treatment::Hash`] masks.
    pub(crate) fn compile(redaction: &Redaction, key: Option<HashKey>) -> Self {
        let classes = redaction.classes();
        let shapes = redaction.shapes();
        let on = Class::ALL
            .iter()
            .zip(classes)
            .filter(|(_, t)| *t != Treatment::Keep)
            .fold(0, |on, (c, _)| on | c.bit());
        let custom = redaction
            .fields()
            .map(|(name, treatment)| {
                let words = Words::split(name.as_bytes());
                Custom {
                    glued: words.glued(0, words.len()).into(),
                    treatment,
                }
            })
            .filter(|custom| !custom.glued.is_empty())
            .collect::<Box<[_]>>();
        let keeps = |shape: Shape| shapes.get(shape as usize).is_none_or(|t| *t == Treatment::Keep);
        Self {
            vocabulary: &VOCABULARY,
            tokens: &token::INDEX,
            on,
            classes,
            shapes,
            blind: Shape::ALL.iter().all(|shape| keeps(*shape)),
            emails: !keeps(Shape::Email),
            custom,
            key,
            id: seen::next_policy(),
        }
    }

    /// What the policy says of a field called `name`; `None` keeps it.
    pub(crate) fn name(&self, name: &str) -> Option<Verdict> {
        self.judge(name.as_bytes()).map(|judged| judged.verdict)
    }

    /// Judges a name, with what a text needs to know about it.
    pub(super) fn judge(&self, name: &[u8]) -> Option<Judged> {
        if self.custom.is_empty() && self.vocabulary.is_plain_word(name) {
            return None;
        }
        let words = Words::split(name);
        if words.len() == 0 {
            return None;
        }
        let n = words.len();
        if let Some(custom) = self.custom(&words) {
            if custom == Treatment::Keep {
                return None;
            }
            let verdict = Verdict {
                treatment: custom,
                class: Class::Custom,
            };
            return Some(Judged {
                verdict,
                weak: false,
                line: false,
                owned: false,
                words: n,
                end: n,
            });
        }
        let Match {
            class,
            weak,
            line,
            owned,
            end,
        } = self.vocabulary.judge(&words, self.on)?;
        let treatment = self.classes.get(class as usize).copied()?;
        Some(Judged {
            verdict: Verdict { treatment, class },
            weak,
            line,
            owned,
            words: n,
            end,
        })
    }

    /// What the program said of this name: by the whole name first; an addition also by its words within a longer name.
    fn custom(&self, words: &Words) -> Option<Treatment> {
        if self.custom.is_empty() {
            return None;
        }
        let n = words.len();
        // The last word of the program counts.
        let named = |text: &[u8]| self.custom.iter().rev().find(|custom| *custom.glued == *text);
        if let Some(custom) = named(words.glued(0, n)) {
            return Some(custom.treatment);
        }
        let roles = |k: usize| self.vocabulary.roles(words.glued(k, k + 1));
        for first in 0..n {
            for end in (first + 1..=n).rev() {
                let Some(custom) = named(words.glued(first, end)).filter(|c| c.treatment != Treatment::Keep) else {
                    continue;
                };
                let about = end < n && (roles(end) | roles(n - 1)) & role::META != 0;
                let asked = first > 0 && (roles(0) | roles(first - 1)) & role::ASK != 0;
                if !about && !asked {
                    return Some(custom.treatment);
                }
            }
        }
        None
    }

    /// The roles of a word in small letters.
    pub(super) fn roles(&self, word: &[u8]) -> u16 {
        self.vocabulary.roles(word)
    }

    /// Whether every word of a name is known.
    pub(super) fn knows(&self, name: &[u8]) -> bool {
        let words = Words::split(name);
        (0..words.len()).all(|k| self.vocabulary.knows(words.glued(k, k + 1)))
    }

    /// Whether a member of this name holds what a neighbour names: `value`, `old_value`, `new`.
    pub(crate) fn holds(&self, name: &[u8]) -> bool {
        if name.len() > 16 {
            return false;
        }
        let words = Words::split(name);
        let holds = |k: usize| self.vocabulary.roles(words.glued(k, k + 1)) & role::CONTENT != 0;
        matches!(words.len(), 1 | 2) && (0..words.len()).all(holds)
    }

    /// The roles of the first word of a name.
    pub(super) fn leads(&self, name: &[u8]) -> u16 {
        self.vocabulary.roles(Words::split(name).glued(0, 1))
    }

    /// The first pass over a value: whether the writer must escape, and whether a secret may be in it. What this does not
    /// suspect, [`text`](Self::text) leaves alone.
    #[inline]
    pub(crate) fn scan(&self, s: &[u8]) -> Scan {
        if s.len() > 16 {
            self.scan_long(s)
        } else if scan::is_clean_short(s) && !self.emails {
            Scan::CLEAN
        } else {
            self.walk(s)
        }
    }

    /// Whether the sieve lets it through: it is what [`scan`](Self::scan) calls clean, or the walk finds nothing in it and there
    /// is nothing to escape.
    #[inline(always)]
    pub(crate) fn passes(&self, s: &[u8]) -> bool {
        if s.len() > 16 || self.emails {
            return self.passes_long(s);
        }
        scan::is_clean_short(s) || self.walk(s) == Scan::CLEAN
    }

    /// The same for 8 to 16 bytes of which the first and the last eight are in hand.
    #[inline(always)]
    pub(crate) fn passes_halves(&self, head: &[u8; 8], tail: &[u8; 8], s: &[u8]) -> bool {
        !self.emails && scan::are_clean_halves(head, tail, s) || self.passes_long(s)
    }

    #[inline(never)]
    fn passes_long(&self, s: &[u8]) -> bool {
        self.is_clean(s) || self.walk(s) == Scan::CLEAN
    }

    #[inline(never)]
    fn scan_long(&self, s: &[u8]) -> Scan {
        if scan::is_clean_long(s) && !self.emails {
            Scan::CLEAN
        } else {
            self.walk(s)
        }
    }

    /// What [`scan`](Self::scan) answers without a walk. The sieve does not look for e-mail addresses.
    fn is_clean(&self, s: &[u8]) -> bool {
        !self.emails
            && if s.len() > 16 {
                scan::is_clean_long(s)
            } else {
                scan::is_clean_short(s)
            }
    }

    /// The sieve held it back, or cannot tell: what the walk says.
    #[cold]
    #[inline(never)]
    fn walk(&self, s: &[u8]) -> Scan {
        if let Some(known) = seen::recall(self.id, s) {
            return known;
        }
        let escape = scan::escapes(s);
        let coded = || escape || memchr::memchr2(b'%', b'&', s).is_some();
        let suspicious =
            self.holds_back(s) && (Walk::new(self, s).next().is_some() || coded() && !self.hidden(s).is_empty());
        let scan = Scan { escape, suspicious };
        if !suspicious {
            seen::remember(self.id, s, scan);
        }
        scan
    }

    /// Whether `s`, if it is not clean, is to be walked.
    fn holds_back(&self, s: &[u8]) -> bool {
        !self.blind && (self.emails && memchr::memchr(b'@', s).is_some() || scan::is_suspicious(s))
    }

    /// Replaces what is secret in `s`. `out` is cleared, and holds the new text if the answer is true.
    pub(crate) fn text(&self, s: &str, out: &mut String, found: &mut Found) -> bool {
        out.clear();
        if self.is_clean(s.as_bytes()) || !self.holds_back(s.as_bytes()) {
            return false;
        }
        let mut left = Cow::Borrowed(s);
        // What stands behind an encoding, and what the walk finds as it is, may overlap. Once is nearly always enough here too.
        for _ in 0..ROUNDS {
            let mut hits = self.hidden(left.as_bytes());
            if hits.is_empty() {
                break;
            }
            hits.extend(Walk::new(self, left.as_bytes()));
            hits.sort_by_key(|hit| (hit.start, hit.end));
            hits.dedup_by(|next, hit| hit.joins(next));
            let mut clean = String::with_capacity(left.len());
            if self.replace(&left, hits.into_iter(), &mut clean, found).is_none() {
                break;
            }
            left = Cow::Owned(clean);
        }
        let changed = self.settle(&left, out, found);
        match left {
            Cow::Owned(left) if !changed => *out = left,
            Cow::Borrowed(_) => return changed,
            Cow::Owned(_) => {}
        }
        true
    }

    /// Replaces what the walk finds in `s` until it finds no more.
    fn settle(&self, s: &str, out: &mut String, found: &mut Found) -> bool {
        out.clear();
        let Some(mut tight) = self.replace(s, Walk::new(self, s.as_bytes()), out, found) else {
            return false;
        };
        // What was replaced may have hidden the edge of something else. Once more is nearly always enough, and the limit only
        // bounds what a contrived text can cost.
        for _ in 0..ROUNDS {
            if !tight {
                break;
            }
            let before = std::mem::take(out);
            match self.replace(&before, Walk::new(self, before.as_bytes()), out, found) {
                Some(again) => tight = again,
                None => {
                    *out = before;
                    break;
                }
            }
        }
        true
    }

    /// What the walk finds in `s` only when its encodings are undone.
    fn hidden(&self, s: &[u8]) -> Vec<Hit> {
        let layers = Plain::layers(s);
        let mut all = Vec::new();
        for (k, layer) in layers.iter().enumerate() {
            let outer = layers.get(..=k).unwrap_or_default();
            let back = |span| outer.iter().rev().fold(span, |span, layer| layer.span(span));
            let hits = Walk::new(self, &layer.text).filter_map(|hit| hit.moved(s, back((hit.start, hit.end))));
            all.extend(hits.filter(|hit| !self.is_done(hit.verdict, s.get(hit.start..hit.end).unwrap_or_default())));
        }
        all
    }

    /// One pass: writes `s` with the `hits` replaced into `out`, if there are any. Says whether one of them touched
    /// something that may be seen otherwise without it.
    fn replace(&self, s: &str, hits: impl Iterator<Item = Hit>, out: &mut String, found: &mut Found) -> Option<bool> {
        let mut copied = 0;
        let mut tight = false;
        for hit in hits {
            let (Some(kept), Some(secret)) = (s.get(copied..hit.start), s.get(hit.start..hit.end)) else {
                continue;
            };
            out.push_str(kept);
            hit.quote(out);
            self.write(hit.verdict, secret, out);
            hit.quote(out);
            found.add(hit.verdict.class);
            tight |= hit.touches(s.as_bytes());
            copied = hit.end;
        }
        if copied == 0 {
            return None;
        }
        out.push_str(s.get(copied..).unwrap_or_default());
        Some(tight)
    }

    /// Writes what stands for a whole `value` into `out`, which is cleared. `Keep` and `Drop` are the caller's
    /// business; here they mask.
    pub(crate) fn treat(&self, verdict: Verdict, value: &str, out: &mut String) {
        out.clear();
        self.write(verdict, value, out);
    }

    fn write(&self, verdict: Verdict, value: &str, out: &mut String) {
        match (verdict.treatment, &self.key) {
            (Treatment::Hash, Some(key)) => key.write(value, out),
            (Treatment::Sha256, _) => {
                for byte in Sha256::digest(value) {
                    out.push(hex(byte >> 4));
                    out.push(hex(byte & 15));
                }
            }
            (Treatment::Prefix(n), _) => match value.char_indices().nth(n.into()) {
                // Half an escape sequence or an opening bracket would break the text around it.
                Some((end, _))
                    if n > 0
                        && !value
                            .bytes()
                            .take(end)
                            .any(|b| b < b' ' || b"\"'\\`()[]{}<>".contains(&b)) =>
                {
                    out.push_str(value.get(..end).unwrap_or_default());
                    out.push('…');
                }
                _ => out.push_str(REDACTED),
            },
            _ => out.push_str(REDACTED),
        }
    }

    /// The verdict on a shape, unless it is kept.
    pub(super) fn shape(&self, shape: Shape, class: Class) -> Option<Verdict> {
        let treatment = self.shapes.get(shape as usize).copied()?;
        (treatment != Treatment::Keep).then_some(Verdict { treatment, class })
    }

    /// What happens to a class, unless it is kept.
    pub(super) fn class(&self, class: Class) -> Option<Verdict> {
        let treatment = self.classes.get(class as usize).copied()?;
        (treatment != Treatment::Keep).then_some(Verdict { treatment, class })
    }

    /// Whether `text` is what this policy writes in place of a secret, or plainly a placeholder of another one.
    pub(super) fn is_done(&self, verdict: Verdict, text: &[u8]) -> bool {
        let inner = match text {
            [b'[', inner @ .., b']'] | [b'<', inner @ .., b'>'] => inner,
            _ => text,
        };
        let word = PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(inner));
        let stars = !inner.is_empty() && inner.iter().all(|b| *b == b'*');
        let hashed = match text {
            [b'h', b'm', b'a', b'c', b':', rest @ ..] => rest.len() == 29 && rest.get(6) == Some(&b':'),
            _ => false,
        };
        word || stars
            || hashed
            || match verdict.treatment {
                Treatment::Prefix(n) => text
                    .strip_suffix("…".as_bytes())
                    .and_then(|head| std::str::from_utf8(head).ok())
                    .is_some_and(|head| head.chars().count() == usize::from(n)),
                Treatment::Sha256 => text.len() == 64 && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
                _ => false,
            }
    }
}

/// How often a text is gone over again.
const ROUNDS: usize = 3;

/// What this and other libraries write in place of secrets.
const PLACEHOLDERS: &[&[u8]] = &[b"redacted", b"filtered", b"masked", b"hidden", b"removed", b"scrubbed"];

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("key", &self.key).finish_non_exhaustive()
    }
}

const fn hex(nibble: u8) -> char {
    (if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }) as char
}

/// Sixteen bytes in 22 characters, without padding.
fn base64url(bytes: &[u8; 16]) -> [u8; 22] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let all = u128::from_be_bytes(*bytes);
    let mut text = [0; 22];
    for (k, slot) in text.iter_mut().enumerate() {
        // 22 characters hold 132 bits: the last one ends in four zeros.
        let sextet = match 122usize.checked_sub(6 * k) {
            Some(shift) => all >> shift & 63,
            None => all << 4 & 63,
        };
        *slot = ALPHABET.get(sextet as usize).copied().unwrap_or(b'A');
    }
    text
}
