//! Which field names name a secret.
//!
//! A name is cut into lower-case words at everything that is not a letter or digit and at humps
//! (`apiKey`, `APIKey`); trailing digits of a word are dropped (`password2`, `oauth2_token`). Every run of
//! words, glued together, is looked up among the cores of [`words`](super::words); the words before and
//! after decide. Words without a hump (`dbpassword`, `stripekey`) are tried as owner + core, so that look-alikes
//! (`monkey`, `compass`, `secretary`, `tokenizer`) find no owner and stay.

use std::sync::LazyLock;

use super::Class;
use super::words::{CORES, Kind, ROLES, role};

/// Bytes of a name that are looked at; of a longer one, its end.
const CAP: usize = 96;
/// Words of a name that are looked at; of more, the last ones.
const MAX: usize = 16;
/// A power of two, several times the number of known words, so that a miss ends at the first slot.
const SLOTS: usize = 8192;
/// The shortest core that is looked for inside a longer word.
const GLUED: usize = 3;

/// A name as lower-case words, glued in one buffer.
pub(super) struct Words {
    buf: [u8; CAP],
    /// `ends[k]` is where word `k` ends; it begins where word `k - 1` ends.
    ends: [u8; MAX],
    len: usize,
}

impl Words {
    pub(super) fn split(name: &[u8]) -> Self {
        let name = name.get(name.len().saturating_sub(CAP)..).unwrap_or(name);
        let mut words = Self {
            buf: [0; CAP],
            ends: [0; MAX],
            len: 0,
        };
        let (mut at, mut previous) = (0, 0u8);
        let mut rest = name;
        while let Some((&b, tail)) = rest.split_first() {
            rest = tail;
            if b.is_ascii_uppercase() {
                let next = tail.first().is_some_and(u8::is_ascii_lowercase);
                // The one word that begins with a digit.
                let factor = b == b'F' && previous == b'2' && tail.first() == Some(&b'A');
                if (!previous.is_ascii_uppercase() || next) && !factor {
                    words.close(&mut at);
                }
                words.push(&mut at, b.to_ascii_lowercase());
            } else if b.is_ascii_alphanumeric() || b >= 0x80 {
                words.push(&mut at, b);
            } else {
                words.close(&mut at);
                // An escaped byte of a form name: `user%5Bpassword%5D`.
                if b == b'%'
                    && let Some(([h, l], after)) = tail.split_first_chunk()
                    && h.is_ascii_hexdigit()
                    && l.is_ascii_hexdigit()
                {
                    rest = after;
                }
            }
            previous = b;
        }
        words.close(&mut at);
        words
    }

    fn push(&mut self, at: &mut usize, b: u8) {
        if let Some(slot) = self.buf.get_mut(*at) {
            *slot = b;
            *at += 1;
        }
    }

    /// Ends the word being built, without its trailing digits; nothing left is no word.
    fn close(&mut self, at: &mut usize) {
        let start = self.start(self.len);
        if *at <= start {
            return;
        }
        while *at > start && self.buf.get(*at - 1).is_some_and(u8::is_ascii_digit) {
            *at -= 1;
        }
        if *at == start {
            return;
        }
        if self.len == MAX {
            let from = self.start(MAX / 2);
            self.buf.copy_within(from.., 0);
            self.ends.copy_within(MAX / 2.., 0);
            self.len = MAX / 2;
            for end in self.ends.iter_mut().take(MAX / 2) {
                *end = end.saturating_sub(from as u8);
            }
            *at -= from;
        }
        if let Some(end) = self.ends.get_mut(self.len) {
            *end = *at as u8;
            self.len += 1;
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn start(&self, k: usize) -> usize {
        k.checked_sub(1)
            .and_then(|k| self.ends.get(k))
            .map_or(0, |&end| usize::from(end))
    }

    /// Words `from..to`, glued.
    #[inline]
    pub(super) fn glued(&self, from: usize, to: usize) -> &[u8] {
        self.buf.get(self.start(from)..self.start(to)).unwrap_or_default()
    }
}

/// One known word or core.
#[derive(Clone, Copy, Default)]
struct Entry {
    text: &'static str,
    core: Option<(Kind, Class)>,
    roles: u16,
}

/// What was recognised in a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    pub(super) class: Class,
    /// Also an ordinary word (`pass`, `pin`, `auth`): not enough in running prose.
    pub(super) weak: bool,
    /// In header text the value runs to the end of the line.
    pub(super) line: bool,
    /// One past the last word of the core.
    pub(super) end: usize,
}

/// All known words, in one table of open addressing.
pub(super) struct Vocabulary {
    entries: Vec<Entry>,
    /// Check bits of the hash, and the index of the entry plus one.
    slots: Box<[(u16, u16)]>,
    longest: usize,
    /// Whether some core that may be glued ends in these three bytes.
    endings: [u64; 32],
}

/// The vocabulary is the same for all policies; they differ in treatments.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::build);

impl Vocabulary {
    fn build() -> Self {
        let mut all = Self {
            entries: Vec::with_capacity(2048),
            slots: vec![(0, 0); SLOTS].into_boxed_slice(),
            longest: 0,
            endings: [0; 32],
        };
        for &(kind, class, list) in CORES {
            for text in list.split_ascii_whitespace() {
                let entry = all.entry(text);
                entry.core.get_or_insert((kind, class));
                all.longest = all.longest.max(text.len());
            }
        }
        for &(roles, list) in ROLES {
            for text in list.split_ascii_whitespace() {
                all.entry(text).roles |= roles;
            }
        }
        for i in 0..all.entries.len() {
            let entry = all.entries.get(i).copied().unwrap_or_default();
            if entry.may_be_glued() {
                let bit = ending(entry.text.as_bytes());
                if let Some(word) = all.endings.get_mut(bit / 64) {
                    *word |= 1 << (bit % 64);
                }
            }
        }
        all
    }

    fn entry(&mut self, text: &'static str) -> &mut Entry {
        let index = match self.find(text.as_bytes()) {
            Some(index) => index,
            None => {
                let index = self.entries.len();
                self.entries.push(Entry {
                    text,
                    ..Entry::default()
                });
                let (mut at, tag) = place(text.as_bytes());
                while self.slots.get(at).is_some_and(|slot| slot.1 != 0) {
                    at = (at + 1) & (SLOTS - 1);
                }
                if let Some(slot) = self.slots.get_mut(at) {
                    *slot = (tag, index as u16 + 1);
                }
                index
            }
        };
        // The index was just found or pushed.
        #[expect(clippy::indexing_slicing, reason = "built once, from our own tables")]
        &mut self.entries[index]
    }

    #[inline]
    fn find(&self, text: &[u8]) -> Option<usize> {
        let (mut at, tag) = place(text);
        loop {
            let &(check, index) = self.slots.get(at)?;
            let index = usize::from(index).checked_sub(1)?;
            if check == tag && self.entries.get(index).is_some_and(|e| e.text.as_bytes() == text) {
                return Some(index);
            }
            at = (at + 1) & (SLOTS - 1);
        }
    }

    #[inline]
    fn look(&self, text: &[u8]) -> Entry {
        self.find(text)
            .and_then(|i| self.entries.get(i))
            .copied()
            .unwrap_or_default()
    }

    /// The roles of one word.
    pub(super) fn roles(&self, word: &[u8]) -> u16 {
        self.look(word).roles
    }

    /// Judges a name by its words; `on` is the set of classes that matter.
    pub(super) fn judge(&self, words: &Words, on: u32) -> Option<Match> {
        let n = words.len();
        let mut single = [Entry::default(); MAX];
        for (k, entry) in single.iter_mut().enumerate().take(n) {
            *entry = self.look(words.glued(k, k + 1));
        }
        let single = single.get(..n)?;
        let mut best = None;
        for first in 0..n {
            for end in first + 1..=n {
                let text = words.glued(first, end);
                if text.len() > self.longest {
                    break;
                }
                let entry = match single.get(first) {
                    Some(entry) if end == first + 1 => *entry,
                    _ => self.look(text),
                };
                let found = if let Some((kind, class)) = entry.core {
                    let around = Around::new(single, first, end, None, 0);
                    around
                        .allow(kind, class, end - first)
                        .then_some((kind, class, entry.roles))
                } else if end == first + 1 && entry.text.is_empty() {
                    self.inside(text, single, first)
                } else {
                    None
                };
                if let Some((kind, class, roles)) = found.filter(|f| on & f.1.bit() != 0) {
                    let weak =
                        matches!(kind, Kind::Whole | Kind::Pass | Kind::Pin | Kind::Tail) && class != Class::Cookie;
                    let line = roles & role::LINE != 0;
                    best = Some(Match { class, weak, line, end });
                }
            }
        }
        best
    }

    /// Looks for a core that is a member of a form: no other word ends or begins so, hence also short ones.
    fn form(&self, word: &[u8], single: &[Entry], at: usize) -> Option<(Kind, Class, u16)> {
        FORMS.iter().find_map(|form| {
            let (rest, behind) = match word.strip_suffix(*form) {
                Some(rest) => (rest, true),
                None => (word.strip_prefix(*form)?, false),
            };
            let entry = self.look(rest);
            let Some((kind, class)) = entry.core else {
                return if entry.text.is_empty() {
                    self.bare(rest, single, at)
                } else {
                    None
                };
            };
            let form = self.look(form);
            let around = if behind {
                Around::new(single, at, at + 1, None, form.roles)
            } else {
                Around::new(single, at, at + 1, Some((form, 0)), 0)
            };
            around.allow(kind, class, 1).then_some((kind, class, entry.roles))
        })
    }

    /// Looks for a core within one unknown word: `dbpassword`, `passwordhash`, `newpasswordhash`.
    fn inside(&self, word: &[u8], single: &[Entry], at: usize) -> Option<(Kind, Class, u16)> {
        if word.len() <= GLUED {
            return None;
        }
        self.form(word, single, at).or_else(|| self.bare(word, single, at))
    }

    /// [`inside`](Self::inside) without the words of forms.
    fn bare(&self, word: &[u8], single: &[Entry], at: usize) -> Option<(Kind, Class, u16)> {
        let bit = ending(word);
        if self.endings.get(bit / 64).is_some_and(|set| set >> (bit % 64) & 1 == 1) {
            // The longest core first: `stripeapikey` is an `apikey`, not a `key` of `stripeapi`.
            let longest = self.longest.min(word.len() - 1);
            for len in (GLUED..=longest).rev() {
                let (owner, core) = word.split_at_checked(word.len() - len)?;
                let entry = self.look(core);
                if let Some((kind, class)) = entry.core
                    && entry.may_be_glued()
                    && owner.iter().any(u8::is_ascii_alphabetic)
                {
                    let owner = self.look(owner);
                    let around = Around::new(single, at, at + 1, Some((owner, word.len() - len)), 0);
                    if around.allow(kind, class, 1) {
                        return Some((kind, class, entry.roles));
                    }
                }
            }
        }
        // A core with something behind it. Only passwords may have a word of their own before it
        // and an unknown one behind it: nothing else in any language holds these letters.
        let from = PREFIXES.iter().find_map(|(prefix, anywhere)| {
            if *anywhere {
                memchr::memmem::find(word, prefix)
            } else {
                word.starts_with(prefix).then_some(0)
            }
        })?;
        let (_, rest) = word.split_at_checked(from)?;
        for len in (5..rest.len().min(self.longest + 1)).rev() {
            let (core, tail) = rest.split_at_checked(len)?;
            let entry = self.look(core);
            if let Some((kind @ (Kind::Strong | Kind::Token), class)) = entry.core
                && entry.may_be_glued()
            {
                let sure = matches!(core, b"password" | b"passwd");
                let roles = self.roles(tail);
                let tail = match roles & (role::META | role::VALUE) {
                    0 if self.roles(known_prefix(self, tail)) & role::META != 0 => role::META,
                    0 if sure => role::VALUE,
                    0 => role::META,
                    _ => roles,
                };
                let around = Around::new(single, at, at + 1, None, tail);
                return around.allow(kind, class, 1).then_some((kind, class, entry.roles));
            }
        }
        None
    }
}

/// What forms call their members: `passwordfield`, `inputcvv`.
const FORMS: [&[u8]; 2] = [b"field", b"input"];

/// Where a core with a tail may begin inside a word, and whether anywhere.
const PREFIXES: &[(&[u8], bool)] = &[
    (b"passw", true),
    (b"secret", false),
    (b"token", false),
    (b"apikey", false),
    (b"passphrase", false),
];

/// The longest known word that begins `tail` (`changed` of `changedat`).
fn known_prefix<'a>(all: &Vocabulary, tail: &'a [u8]) -> &'a [u8] {
    (3..tail.len().min(14))
        .rev()
        .filter_map(|len| tail.get(..len))
        .find(|word| all.roles(word) & (role::META | role::VALUE) != 0)
        .unwrap_or_default()
}

impl Entry {
    fn may_be_glued(&self) -> bool {
        let len = self.text.len();
        match self.core {
            Some((Kind::Strong, class)) => {
                len >= GLUED && class != Class::Contact && class != Class::Health && self.roles & role::APART == 0
            }
            Some((Kind::Token | Kind::Pass | Kind::Pin | Kind::Key | Kind::SessionId, _)) => true,
            Some((Kind::Tail, class)) => class == Class::Cookie,
            _ => false,
        }
    }
}

/// The words around a core.
struct Around {
    heads: bool,
    /// Roles of the word directly before the core.
    before: u16,
    /// Roles of the first word of the name, if it is not the core's.
    lead: u16,
    /// Whether all words before only say where it was found.
    placed: bool,
    tail: Tail,
    /// The owner is glued to the core.
    glued: bool,
    /// A glued owner that is no known word, and its length.
    unknown: usize,
    card_meta: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    None,
    Value,
    Other,
    Meta,
}

impl Around {
    /// The words around `first..end`; `owner` is glued in front of the core and has its length, `tail` are
    /// the roles of what is glued behind.
    fn new(single: &[Entry], first: usize, end: usize, owner: Option<(Entry, usize)>, tail: u16) -> Self {
        let heads = single.get(..first).unwrap_or_default();
        let tails = single.get(end..).unwrap_or_default();
        let own = owner.map(|(entry, _)| entry.roles);
        let meta = |roles: u16| roles & role::META != 0;
        let last = tails.last().map_or(0, |e| e.roles);
        let next = tails.first().map_or(0, |e| e.roles);
        let all_value = tails.iter().all(|e| e.roles & role::VALUE != 0);
        Self {
            heads: own.is_some() || !heads.is_empty(),
            before: own.or_else(|| heads.last().map(|e| e.roles)).unwrap_or(0),
            lead: heads.first().map(|e| e.roles).or(own).unwrap_or(0),
            placed: heads.iter().all(|e| e.roles & role::PLACE != 0) && own.is_none_or(|r| r & role::PLACE != 0),
            tail: if meta(last) || meta(next) || meta(tail) {
                Tail::Meta
            } else if tails.is_empty() && tail == 0 {
                Tail::None
            } else if all_value {
                Tail::Value
            } else {
                Tail::Other
            },
            glued: owner.is_some(),
            unknown: owner.map_or(0, |(entry, len)| if entry.text.is_empty() { len } else { 0 }),
            card_meta: last & role::CARD_META != 0,
        }
    }

    /// Whether a core of this kind means a secret here; `words` is the number of words it spans.
    fn allow(&self, kind: Kind, class: Class, words: usize) -> bool {
        let bare = self.tail == Tail::None;
        let value = bare || self.tail == Tail::Value;
        if self.tail == Tail::Meta || (self.before | self.lead) & role::ASK != 0 {
            return false;
        }
        match kind {
            Kind::Strong if class == Class::Credential && bare => self.before & role::VERB == 0,
            Kind::Strong if class == Class::Card => !self.card_meta,
            Kind::Strong => true,
            Kind::Tail => value,
            // One or two letters before a glued token are no owner (`betoken`).
            Kind::Token => value && self.before & role::NO_TOKEN == 0 && !(1..=2).contains(&self.unknown),
            Kind::Pass if self.glued => value && self.before & role::PASS != 0,
            Kind::Pass => value && self.before & role::NO_PASS == 0,
            Kind::Pin if self.glued => value && self.before & role::PIN != 0,
            Kind::Pin => value && (!self.heads || self.before & role::PIN != 0),
            Kind::Key => value && self.before & role::KEY != 0,
            Kind::Whole => value && self.placed,
            Kind::SessionId => value && (words == 1 || !self.placed),
        }
    }
}

/// Three last bytes of a word, as a bit of [`Vocabulary::endings`].
#[inline]
fn ending(word: &[u8]) -> usize {
    let [a, b, c] = word.last_chunk().copied().unwrap_or_default();
    let key = u32::from(a) | u32::from(b) << 8 | u32::from(c) << 16;
    (key.wrapping_mul(0x9E37_79B1) >> 21) as usize
}

/// Slot and check bits of a text: a multiplicative hash of its first and last eight bytes and its length. The middle
/// of a longer one is left to the comparison.
#[inline]
fn place(text: &[u8]) -> (usize, u16) {
    let (a, b) = if let (Some(a), Some(b)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from_le_bytes(*a), u64::from_le_bytes(*b))
    } else if let (Some(a), Some(b)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from(u32::from_le_bytes(*a)), u64::from(u32::from_le_bytes(*b)))
    } else {
        let middle = text.get(text.len() / 2).copied().unwrap_or(0);
        let (first, last) = (text.first().copied().unwrap_or(0), text.last().copied().unwrap_or(0));
        (u64::from(first) | u64::from(middle) << 8, u64::from(last))
    };
    let hash = (a ^ (b.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ text.len() as u64)
        .wrapping_mul(0xD6E8_FEB8_6659_FD93);
    ((hash >> 40) as usize & (SLOTS - 1), (hash >> 24) as u16)
}
