//! Which field names name a secret.
//!
//! A name is cut into lower-case words without accents at everything that is not a letter or digit and at humps
//! (`apiKey`, `APIKey`); trailing digits of a word are dropped (`password2`, `oauth2_token`). Every run of
//! words, glued together, is looked up among the cores of [`words`](super::words); the words before and
//! after decide. Words without a hump (`dbpassword`, `stripekey`) are tried as owner + core, so that look-alikes
//! (`monkey`, `compass`, `secretary`, `tokenizer`) find no owner and stay.

use std::sync::LazyLock;

use super::Class;
use super::split::{MAX, Words};
use super::words::{CORES, Kind, ROLES, role};

/// A power of two, several times the number of known words, so that a miss ends at the first slot.
const SLOTS: usize = 8192;
/// The shortest core that is looked for inside a longer word.
const GLUED: usize = 3;

/// One known word or core.
#[derive(Clone, Copy, Default)]
struct Entry {
    text: &'static str,
    key: (u64, u64),
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
    /// By what it opens alone: `stripe_key`.
    pub(super) owned: bool,
    /// One past the last word of the core.
    pub(super) end: usize,
}

/// All known words, in one table of open addressing.
pub(super) struct Vocabulary {
    entries: Vec<Entry>,
    /// Check bits of the hash, and the index of the entry plus one.
    slots: Box<[(u16, u16)]>,
    longest: usize,
    /// Whether some core begins with these bytes and goes on, by hash: what need not be glued to more words.
    begins: Box<[u64; 1024]>,
    /// Whether some core that may be glued ends in these three bytes.
    endings: [u64; 32],
}

/// The vocabulary is the same for all policies; they differ in treatments.
pub(super) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::build);

impl Vocabulary {
    fn build() -> Self {
        let mut all = Self {
            entries: vec![Entry::default()],
            slots: vec![(0, 0); SLOTS].into_boxed_slice(),
            longest: 0,
            begins: Box::new([0; 1024]),
            endings: [0; 32],
        };
        for &(kind, class, list) in CORES {
            for text in list.split_ascii_whitespace() {
                let entry = all.entry(text);
                entry.core.get_or_insert((kind, class));
                all.longest = all.longest.max(text.len());
                for (cut, _) in text.char_indices().skip(1) {
                    let bit = place(text.as_bytes().get(..cut).unwrap_or_default()).bit;
                    if let Some(word) = all.begins.get_mut(bit / 64) {
                        *word |= 1 << (bit % 64);
                    }
                }
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
        let at = place(text.as_bytes());
        let index = match self.find(text.as_bytes(), at) {
            0 => {
                self.entries.push(Entry {
                    text,
                    key: at.key,
                    ..Entry::default()
                });
                let (mut slot, index) = (at.slot, self.entries.len() - 1);
                while self.slots.get(slot).is_some_and(|slot| slot.1 != 0) {
                    slot = (slot + 1) & (SLOTS - 1);
                }
                if let Some(slot) = self.slots.get_mut(slot) {
                    *slot = (at.tag, index as u16);
                }
                index
            }
            index => index.into(),
        };
        #[expect(
            clippy::indexing_slicing,
            reason = "built once from our own tables, and just found or pushed"
        )]
        &mut self.entries[index]
    }

    /// The index of the entry for `text`; 0, an empty one, if it is not known.
    #[inline]
    fn find(&self, text: &[u8], place: Place) -> u16 {
        let mut at = place.slot;
        loop {
            let Some(&(tag, index)) = self.slots.get(at) else {
                return 0;
            };
            if index == 0 {
                return 0;
            }
            if tag == place.tag {
                let entry = self.at(index);
                // The key holds all of a text of up to 16 bytes.
                let same = entry.key == place.key && entry.text.len() == text.len();
                if same && (text.len() <= 16 || entry.text.as_bytes() == text) {
                    return index;
                }
            }
            at = (at + 1) & (SLOTS - 1);
        }
    }

    #[inline]
    fn at(&self, index: u16) -> &Entry {
        const NONE: &Entry = &Entry {
            text: "",
            key: (0, 0),
            core: None,
            roles: 0,
        };
        self.entries.get(usize::from(index)).unwrap_or(NONE)
    }

    #[inline]
    fn look(&self, text: &[u8]) -> &Entry {
        self.at(self.find(text, place(text)))
    }

    #[inline]
    fn goes_on(&self, place: Place) -> bool {
        self.begins
            .get(place.bit / 64)
            .is_some_and(|set| set >> (place.bit % 64) & 1 == 1)
    }

    /// Whether a name is a single word in small letters that names nothing: the answer for most names, without cutting.
    pub(super) fn is_plain_word(&self, name: &[u8]) -> bool {
        if name.len() > 16 || !name.iter().all(u8::is_ascii_lowercase) {
            return false;
        }
        match self.find(name, place(name)) {
            0 => {
                let form = |form: &&[u8]| name.starts_with(form) || name.ends_with(form);
                name.len() <= GLUED
                    || !self.may_end_core(name)
                        && !PREFIXES.iter().any(|p| has_core(name, p))
                        && !FORMS.iter().any(form)
            }
            index => self.at(index).core.is_none(),
        }
    }

    #[inline]
    fn may_end_core(&self, word: &[u8]) -> bool {
        let bit = ending(word);
        self.endings.get(bit / 64).is_some_and(|set| set >> (bit % 64) & 1 == 1)
    }

    /// Whether this is a word of the vocabulary.
    pub(super) fn knows(&self, word: &[u8]) -> bool {
        self.find(word, place(word)) != 0
    }

    /// The roles of one word.
    pub(super) fn roles(&self, word: &[u8]) -> u16 {
        self.look(word).roles
    }

    /// Judges a name by its words; `on` is the set of classes that matter.
    pub(super) fn judge(&self, words: &Words, on: u32) -> Option<Match> {
        let n = words.len();
        // The entry of each word, and whether a core may begin with it.
        let mut single = [0u16; MAX];
        let mut begin = 0u32;
        let mut look = false;
        for (k, entry) in single.iter_mut().enumerate().take(n) {
            let word = words.glued(k, k + 1);
            let place = place(word);
            *entry = self.find(word, place);
            begin |= u32::from(self.goes_on(place)) << k;
            look |= *entry == 0 && word.len() > GLUED || self.at(*entry).core.is_some();
        }
        if begin == 0 && !look {
            return None;
        }
        let around =
            |first, end, owner, tail| Around::new(self, single.get(..n).unwrap_or_default(), first, end, owner, tail);
        let mut best = None;
        for (first, index) in single.iter().enumerate().take(n) {
            let mut note = |end: usize, (kind, class, roles): (Kind, Class, u16)| {
                if on & class.bit() != 0 {
                    let weak = matches!(kind, Kind::Whole | Kind::Sid | Kind::Pass | Kind::Pin | Kind::Tail)
                        && class != Class::Cookie;
                    let line = roles & role::LINE != 0;
                    let sure = best.is_some_and(|best: Match| !best.owned);
                    let owned = kind == Kind::Key && !sure;
                    best = Some(Match {
                        class,
                        weak,
                        line,
                        owned,
                        end,
                    });
                }
            };
            let alone = self.at(*index);
            if *index == 0 {
                if let Some(found) = self.inside(words.glued(first, first + 1), first, &around) {
                    note(first + 1, found);
                }
            } else if let Some((kind, class)) = alone.core {
                let mut around = around(first, first + 1, None, 0);
                // An owner of two humps: `OpenAI-Key`.
                if let Some(from) = first.checked_sub(2) {
                    around.before |= self.roles(words.glued(from, first)) & role::KEY;
                }
                if around.allow(kind, class, 1) {
                    note(first + 1, (kind, class, alone.roles));
                }
            }
            if begin >> first & 1 == 0 {
                continue;
            }
            for end in first + 2..=n {
                let text = words.glued(first, end);
                if text.len() > self.longest {
                    break;
                }
                let place = place(text);
                let entry = self.at(self.find(text, place));
                if let Some((kind, class)) = entry.core
                    && around(first, end, None, 0).allow(kind, class, end - first)
                {
                    note(end, (kind, class, entry.roles));
                }
                if !self.goes_on(place) {
                    break;
                }
            }
        }
        best
    }

    /// Looks for a core that is a member of a form: no other word ends or begins so, hence also short ones.
    fn form(
        &self,
        word: &[u8],
        at: usize,
        around: &impl Fn(usize, usize, Option<(u16, usize)>, u16) -> Around,
    ) -> Option<(Kind, Class, u16)> {
        FORMS.iter().find_map(|form| {
            let (rest, behind) = match word.strip_suffix(*form) {
                Some(rest) => (rest, true),
                None => (word.strip_prefix(*form)?, false),
            };
            let entry = self.look(rest);
            let Some((kind, class)) = entry.core else {
                return if entry.text.is_empty() {
                    self.bare(rest, at, around)
                } else {
                    None
                };
            };
            let around = if behind {
                around(at, at + 1, None, self.roles(form))
            } else {
                around(at, at + 1, Some((self.find(form, place(form)), 0)), 0)
            };
            around.allow(kind, class, 1).then_some((kind, class, entry.roles))
        })
    }

    /// Looks for a core within one unknown word: `dbpassword`, `passwordhash`, `newpasswordhash`.
    fn inside(
        &self,
        word: &[u8],
        at: usize,
        around: &impl Fn(usize, usize, Option<(u16, usize)>, u16) -> Around,
    ) -> Option<(Kind, Class, u16)> {
        if word.len() <= GLUED {
            return None;
        }
        self.form(word, at, around).or_else(|| self.bare(word, at, around))
    }

    /// [`inside`](Self::inside) without the words of forms.
    fn bare(
        &self,
        word: &[u8],
        at: usize,
        around: &impl Fn(usize, usize, Option<(u16, usize)>, u16) -> Around,
    ) -> Option<(Kind, Class, u16)> {
        if self.may_end_core(word) {
            // The longest core first: `stripeapikey` is an `apikey`, not a `key` of `stripeapi`.
            let longest = self.longest.min(word.len() - 1);
            for len in (GLUED..=longest).rev() {
                let (owner, core) = word.split_at_checked(word.len() - len)?;
                let entry = self.look(core);
                if let Some((kind, class)) = entry.core
                    && entry.may_be_glued()
                    && (owner.iter().any(u8::is_ascii_alphabetic) || !core.is_ascii() && !owner.is_ascii())
                {
                    let owner = (self.find(owner, place(owner)), owner.len());
                    if around(at, at + 1, Some(owner), 0).allow(kind, class, 1) {
                        return Some((kind, class, entry.roles));
                    }
                }
            }
        }
        // A core with something behind it. Only passwords may have a word of their own before it
        // and an unknown one behind it: nothing else in any language holds these letters.
        let prefix = PREFIXES.iter().find(|prefix| has_core(word, prefix))?;
        let from = word.windows(prefix.0.len()).position(|window| window == prefix.0)?;
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
                return around(at, at + 1, None, tail)
                    .allow(kind, class, 1)
                    .then_some((kind, class, entry.roles));
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

#[inline]
fn has_core(word: &[u8], &(core, anywhere): &(&[u8], bool)) -> bool {
    if anywhere {
        word.windows(core.len()).any(|window| window == core)
    } else {
        word.starts_with(core)
    }
}

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
    fn new(all: &Vocabulary, single: &[u16], first: usize, end: usize, owner: Option<(u16, usize)>, tail: u16) -> Self {
        let roles = |index: &u16| all.at(*index).roles;
        let heads = single.get(..first).unwrap_or_default();
        let tails = single.get(end..).unwrap_or_default();
        let own = owner.map(|(entry, _)| roles(&entry));
        let meta = |roles: u16| roles & role::META != 0;
        let last = tails.last().map_or(0, roles);
        let next = tails.first().map_or(0, roles);
        let all_value = tails.iter().all(|e| roles(e) & role::VALUE != 0);
        let place = |roles: u16| roles & role::PLACE != 0;
        Self {
            heads: own.is_some() || !heads.is_empty(),
            before: own.or_else(|| heads.last().map(roles)).unwrap_or(0),
            lead: heads.first().map(roles).or(own).unwrap_or(0),
            placed: heads.iter().all(|e| place(roles(e))) && own.is_none_or(place),
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
            unknown: owner.map_or(0, |(entry, len)| if entry == 0 { len } else { 0 }),
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
            // Of the hook of a service: `X-Twilio-Signature`.
            Kind::Whole if class == Class::Token && bare => self.placed || self.before & role::KEY != 0,
            Kind::Whole => value && self.placed,
            Kind::Sid => value && self.placed && self.before & role::HOLDER == 0,
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

/// Where a text stands in the tables.
#[derive(Clone, Copy)]
struct Place {
    key: (u64, u64),
    slot: usize,
    tag: u16,
    bit: usize,
}

/// By a multiplicative hash of the first and last eight bytes and the length. The middle of a longer text is left to the
/// comparison.
#[inline]
fn place(text: &[u8]) -> Place {
    let (a, b) = if let (Some(a), Some(b)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from_le_bytes(*a), u64::from_le_bytes(*b))
    } else if let (Some(a), Some(b)) = (text.first_chunk(), text.last_chunk()) {
        (u64::from(u32::from_le_bytes(*a)), u64::from(u32::from_le_bytes(*b)))
    } else {
        let middle = text.get(text.len() / 2).copied().unwrap_or(0);
        let (first, last) = (text.first().copied().unwrap_or(0), text.last().copied().unwrap_or(0));
        (u64::from(first) | u64::from(middle) << 8 | u64::from(last) << 16, 0)
    };
    let hash = (a ^ b.rotate_left(29).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ text.len() as u64)
        .wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let key = (a, b);
    Place {
        key,
        slot: (hash >> 24) as usize & (SLOTS - 1),
        tag: (hash >> 8) as u16,
        bit: (hash >> 48) as usize,
    }
}
