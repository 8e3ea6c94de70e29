//! Secrets that show by their form, whatever they are called.
//!
//! Each matcher is asked at one position and looks forward over what it would consume, plus a fixed number of bytes;
//! none goes back over what another has read, so a walk stays linear. Check digits, exact lengths and
//! boundaries keep hashes, UUIDs, timestamps and identifiers out.

pub(super) mod auth;
pub(super) mod azure;
pub(super) mod card;
pub(super) mod der;
pub(super) mod dsn;
pub(super) mod email;
pub(super) mod iban;
pub(super) mod jwt;
pub(super) mod pem;
pub(super) mod providers;
pub(super) mod ssn;
pub(super) mod token;
pub(super) mod url;

/// Sets of bytes, to be joined with `|`.
pub(super) mod set {
    pub(in super::super) const DIGIT: u16 = 1;
    pub(in super::super) const LOWER: u16 = 1 << 1;
    pub(in super::super) const UPPER: u16 = 1 << 2;
    /// `a` to `f`.
    pub(in super::super) const AF: u16 = 1 << 3;
    /// `A` to `F`.
    pub(in super::super) const AF_UPPER: u16 = 1 << 4;
    pub(in super::super) const UNDER: u16 = 1 << 5;
    pub(in super::super) const DASH: u16 = 1 << 6;
    pub(in super::super) const DOT: u16 = 1 << 7;
    pub(in super::super) const PLUS: u16 = 1 << 8;
    pub(in super::super) const SLASH: u16 = 1 << 9;
    pub(in super::super) const EQUALS: u16 = 1 << 10;
    pub(in super::super) const TILDE: u16 = 1 << 11;
    pub(in super::super) const DOLLAR: u16 = 1 << 12;
    pub(in super::super) const PERCENT: u16 = 1 << 13;
    pub(in super::super) const COLON: u16 = 1 << 14;
    pub(in super::super) const AT: u16 = 1 << 15;

    pub(in super::super) const ALNUM: u16 = DIGIT | LOWER | UPPER;
    pub(in super::super) const WORD: u16 = ALNUM | UNDER;
    /// The base64url alphabet.
    pub(in super::super) const URL64: u16 = WORD | DASH;
    pub(in super::super) const BASE64: u16 = ALNUM | PLUS | SLASH | EQUALS;
    pub(in super::super) const HEX: u16 = DIGIT | AF;
    pub(in super::super) const ANY_HEX: u16 = DIGIT | AF | AF_UPPER;
    /// What RFC 7235 calls `token68`, the form of bearer credentials, without its padding.
    pub(in super::super) const TOKEN68: u16 = URL64 | DOT | TILDE | PLUS | SLASH;
}

static SETS: [u16; 256] = {
    let mut sets = [0; 256];
    let mut b = 0;
    while b < 256 {
        let c = b as u8;
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            sets[b] = match c {
                b'0'..=b'9' => set::DIGIT,
                b'a'..=b'f' => set::LOWER | set::AF,
                b'g'..=b'z' => set::LOWER,
                b'A'..=b'F' => set::UPPER | set::AF_UPPER,
                b'G'..=b'Z' => set::UPPER,
                b'_' => set::UNDER,
                b'-' => set::DASH,
                b'.' => set::DOT,
                b'+' => set::PLUS,
                b'/' => set::SLASH,
                b'=' => set::EQUALS,
                b'~' => set::TILDE,
                b'$' => set::DOLLAR,
                b'%' => set::PERCENT,
                b':' => set::COLON,
                b'@' => set::AT,
                _ => 0,
            };
        }
        b += 1;
    }
    sets
};

/// The sets that `b` belongs to.
#[inline]
pub(super) fn sets(b: u8) -> u16 {
    SETS.get(usize::from(b)).copied().unwrap_or(0)
}

/// The byte at `i`, or NUL past the end: a boundary for every matcher.
#[inline]
pub(super) fn at(s: &[u8], i: usize) -> u8 {
    s.get(i).copied().unwrap_or(0)
}

/// The byte before `i`, or NUL at the start.
#[inline]
pub(super) fn before(s: &[u8], i: usize) -> u8 {
    i.checked_sub(1).map_or(0, |i| at(s, i))
}

/// Where the run of bytes of `set` that begins at `from` ends.
#[inline]
pub(super) fn run(s: &[u8], from: usize, set: u16) -> usize {
    let rest = s.get(from..).unwrap_or_default();
    from + rest.iter().position(|b| sets(*b) & set == 0).unwrap_or(rest.len())
}

/// [`run`], given up one past `limit` bytes.
#[inline]
pub(super) fn run_to(s: &[u8], from: usize, set: u16, limit: usize) -> usize {
    run(
        s.get(..from.saturating_add(limit).saturating_add(1)).unwrap_or(s),
        from,
        set,
    )
}

/// Whether letters and digits both occur.
pub(super) fn mixed(body: &[u8]) -> bool {
    body.iter().any(u8::is_ascii_digit) && body.iter().any(u8::is_ascii_alphabetic)
}

/// Whether letters and digits alternate as they do by chance: digits in two places, or small and capital letters without the regularity
/// of humps. A ULID, whose first character is one of eight digits, is none, nor is a time: `20261128T014318Z`.
pub(super) fn is_random(word: &[u8]) -> bool {
    let kind = |b: u8| sets(b) & set::ALNUM;
    let (mut places, mut changes) = (usize::from(word.first().is_some_and(u8::is_ascii_digit)), 0);
    for (a, b) in word.iter().zip(word.iter().skip(1)) {
        changes += usize::from(kind(*a) != kind(*b));
        places += usize::from(!a.is_ascii_digit() && b.is_ascii_digit());
    }
    let digits = word.iter().filter(|b| b.is_ascii_digit()).count();
    let ulid = word.len() == 26 && matches!(word.first(), Some(b'0'..=b'7')) && one_case(word);
    mixed(word)
        && word.is_ascii()
        && !ulid
        && !is_time(word)
        && (places >= 2 || digits >= 2 && changes * 5 >= word.len() * 2)
}

/// A date, a T and a time of day, without marks.
fn is_time(word: &[u8]) -> bool {
    let word = word.strip_suffix(b"Z").or(word.strip_suffix(b"z")).unwrap_or(word);
    let parts = word.split_at_checked(8).zip(word.get(9..));
    parts.is_some_and(|((day, _), time)| {
        matches!(word.get(8), Some(b'T' | b't'))
            && (4..=15).contains(&time.len())
            && day.iter().chain(time).all(u8::is_ascii_digit)
    })
}

/// Whether small and capital letters change places as no humps do, with a digit or none.
pub(super) fn is_uneven(word: &[u8]) -> bool {
    let kind = |b: u8| sets(b) & set::ALNUM;
    let pairs = || word.iter().zip(word.iter().skip(1));
    let changes = pairs().filter(|(a, b)| kind(**a) != kind(**b)).count();
    let capitals = pairs().filter(|(a, b)| a.is_ascii_uppercase() && b.is_ascii_uppercase());
    let digits = word.iter().filter(|b| b.is_ascii_digit());
    word.len() >= 12 && !one_case(word) && changes * 2 >= word.len() && capitals.count() + digits.count() >= 2
}

/// Letters of one case only.
pub(super) fn one_case(word: &[u8]) -> bool {
    !(word.iter().any(u8::is_ascii_lowercase) && word.iter().any(u8::is_ascii_uppercase))
}

/// Whether `s` at `i` reads `word`, in any case.
pub(super) fn reads(s: &[u8], i: usize, word: &[u8]) -> bool {
    s.get(i..i.saturating_add(word.len()))
        .is_some_and(|text| text.eq_ignore_ascii_case(word))
}
