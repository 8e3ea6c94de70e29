//! The sieve: one pass over every string of every record, on the caller's thread.
//!
//! It answers two questions: must the writer escape (`"`, `\`, control characters, DEL, bytes of other than ASCII), and
//! could a secret be in here. The second is answered by features that no matcher does without:
//!
//! - a separator, one of `: ; < = > ?`: names, header lines, URLs, Telegram tokens, XML;
//! - a mark, one of `" # $ % & ' (`: quotes, percent signs and other codes, pairs in brackets;
//! - sixteen bytes in a row that are a dash or not below `0`: tokens, keys, JSON web tokens, IBANs;
//! - twelve digits in a row, or two groups of four with up to three bytes between, or the form of a social security number: cards, IBANs, SSNs;
//! - a dash behind a blank or another dash, in more than sixteen bytes: PEM markers, `-pPASSWORD`, `--token x`;
//! - the letters `sw`, in more than sixteen bytes: sentences with a password;
//! - a value that begins as an HTTP credential, a command of a protocol, an SQL statement or a command line does.
//!
//! Identifiers, paths, addresses, dates, short sentences and many user agents have none of these, and a UUID is let through by its
//! dashes. The rest is walked by [`super::text`], which is exact.
//!
//! The code is written for the vectoriser: each byte of a block goes through the same few wrapping, saturating and minimum
//! operations, and *zero* means "look closer", so that one comparison answers for sixteen bytes. Comparisons joined by `|`, the
//! obvious form, come out three times as long; intrinsics cannot be called from safe code. Lengths are told apart so that every load
//! is in bounds without a check, and overlaps instead of leaving a rest.

/// What the first pass over a value says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The writer must look for bytes to escape.
    pub(crate) escape: bool,
    /// A secret may be in it.
    pub(crate) suspicious: bool,
}

impl Scan {
    pub(super) const CLEAN: Self = Self {
        escape: false,
        suspicious: false,
    };
}

/// Up to 16 bytes: whether there is nothing to escape and nothing suspicious.
#[inline]
pub(super) fn is_clean_short(s: &[u8]) -> bool {
    if s.len() >= 8 {
        is_clean_half(s)
    } else {
        is_clean_tiny(s)
    }
}

/// Up to 7 bytes: separators and escapes only.
#[inline]
fn is_clean_tiny(s: &[u8]) -> bool {
    let word = match (s.first_chunk(), s.last_chunk(), s) {
        (Some(head), Some(tail), _) => {
            u64::from(u32::from_le_bytes(*head)) << 32 | u64::from(u32::from_le_bytes(*tail))
        }
        // Filled up with the first byte.
        (_, _, [a, .., z]) => {
            let middle = s.get(1).copied().unwrap_or(*z);
            (u64::from(*a) * 0x0101_0101_0101_0000) | u64::from(middle) << 8 | u64::from(*z)
        }
        (_, _, [a]) => u64::from(*a) * 0x0101_0101_0101_0101,
        _ => return true,
    };
    !any_zero(map(word.to_le_bytes(), odd))
}

/// 8 to 16 bytes, in two halves that overlap.
#[inline]
fn is_clean_half(s: &[u8]) -> bool {
    match (s.first_chunk(), s.last_chunk()) {
        (Some(head), Some(tail)) => are_clean_halves(head, tail, s),
        _ => false,
    }
}

/// The same for one who has the halves in hand.
#[inline(always)]
pub(super) fn are_clean_halves(head: &[u8; 8], tail: &[u8; 8], s: &[u8]) -> bool {
    let (first, last) = (u64::from_le_bytes(*head), u64::from_le_bytes(*tail));
    let both = (u128::from(first) | u128::from(last) << 64).to_le_bytes();
    if any_zero(map(both, odd)) || begins(head) {
        return false;
    }
    match s.len() {
        // Twelve digits or a social security number in so little room have digits here. An address has them too, but
        // neither as many nor a dash.
        11..=13 => {
            ![2, 9, 10].into_iter().all(|k| s.get(k).is_some_and(u8::is_ascii_digit)) || {
                let count = s.iter().filter(|b| b.is_ascii_digit()).count();
                count < 11 && (count < 9 || !s.contains(&b'-'))
            }
        }
        14.. => {
            let numbers = mask(digits(first)) | mask(digits(last)) << (s.len() - 8);
            let run = s.len() == 16 && breaking(first) | breaking(last) == 0;
            !match run {
                true if all_hex(&both) => twelve(numbers),
                run => run || groups(numbers),
            }
        }
        _ => true,
    }
}

/// What is to be walked of a value that is not clean: not one that only has something to escape, as has all text of other
/// alphabets.
pub(super) fn is_suspicious(s: &[u8]) -> bool {
    s.len() <= 16 || !is_clean_at_length::<false>(s)
}

/// 17 bytes and more: the same. Above 64 in windows of 64, each 16 bytes into the one before, so that no feature is cut.
#[inline]
pub(super) fn is_clean_long(s: &[u8]) -> bool {
    is_clean_at_length::<true>(s)
}

#[inline]
fn is_clean_at_length<const ESCAPES: bool>(s: &[u8]) -> bool {
    if s.len() <= 64 {
        return is_clean_window::<ESCAPES>(s) == Some(true);
    }
    let last = s.len() - 64;
    let mut at = 0;
    loop {
        let window = s.get(at.min(last)..).and_then(<[u8]>::first_chunk::<64>);
        if window.is_none_or(|window| is_clean_window::<ESCAPES>(window) != Some(true)) {
            return false;
        }
        if at >= last {
            return true;
        }
        at += 48;
    }
}

/// Whether there is something to escape.
pub(super) fn escapes(s: &[u8]) -> bool {
    let (blocks, rest) = s.as_chunks::<16>();
    let in_rest = match (s.last_chunk::<16>(), s.first_chunk::<8>(), s.last_chunk::<8>()) {
        (Some(last), ..) => any_zero(map(*last, escaped)),
        (_, Some(first), Some(last)) => any_zero(map(*first, escaped)) || any_zero(map(*last, escaped)),
        _ => rest.iter().any(|b| escaped(*b) == 0),
    };
    in_rest || blocks.iter().any(|block| any_zero(map(*block, escaped)))
}

/// 17 to 64 bytes; `None` for another length. Without `ESCAPES`, bytes to escape count as others do.
#[inline(never)]
fn is_clean_window<const ESCAPES: bool>(s: &[u8]) -> Option<bool> {
    let n = s.len();
    let (head, tail) = (s.first_chunk::<17>()?, s.last_chunk::<17>()?);
    if n == 36 && is_uuid(s, head, tail)? {
        return Some(true);
    }
    let odd = |b: u8| if ESCAPES { odd(b) } else { telling(b) };
    let odds = |window: &[u8; 17]| Some(map(*window.first_chunk::<16>()?, odd));
    let mut low = min(
        min(odds(head)?, paired(head)),
        min(map(*tail.last_chunk::<16>()?, odd), paired(tail)),
    );
    if n > 32 {
        let more = s.get(16..)?.first_chunk()?;
        low = min(low, min(odds(more)?, paired(more)));
    }
    if n > 48 {
        let more = s.get(32..)?.first_chunk()?;
        low = min(low, min(odds(more)?, paired(more)));
    }
    if any_zero(low) || begins(s.first_chunk()?) {
        return Some(false);
    }
    // A run of sixteen covers one of the words between the first and the last.
    let last = n - 8;
    let mut at = 8;
    let mut numbers = mask(digits(word(s, 0)?)) | mask(digits(word(s, last)?)) << last;
    while at < last {
        let word = word(s, at)?;
        if breaking(word) == 0 && has_run(s)? {
            if !is_digest(s) {
                return Some(false);
            }
            // Nothing breaks the run, so that looking once more would say the same. Of numbers, no group ends at a letter.
            return Some(!twelve(digits_of(s)?));
        }
        numbers |= mask(digits(word)) << at;
        at += 8;
    }
    Some(!groups(numbers))
}

/// Whether all of it is a hash or an id in lower-case hexadecimal. No token is: those of 32, 40 and 64 bytes have other letters,
/// or parts behind a dash.
#[cold]
fn is_digest(s: &[u8]) -> bool {
    matches!(s.len(), 32 | 40 | 64) && {
        let (blocks, _) = s.as_chunks::<16>();
        blocks.iter().all(all_hex) && s.last_chunk().is_some_and(all_hex)
    }
}

/// The digits of 17 to 64 bytes, as bits.
fn digits_of(s: &[u8]) -> Option<u64> {
    let last = s.len() - 8;
    let mut numbers = mask(digits(word(s, last)?)) << last;
    for at in (0..last).step_by(8) {
        numbers |= mask(digits(word(s, at)?)) << at;
    }
    Some(numbers)
}

/// Whether all of them are `0` to `9` or `a` to `f`.
#[inline]
fn all_hex(block: &[u8; 16]) -> bool {
    !any_zero(map(*block, |b| {
        let digit = 10_u8.saturating_sub(b.wrapping_sub(b'0'));
        let letter = 6_u8.saturating_sub(b.wrapping_sub(b'a'));
        if digit > letter { digit } else { letter }
    }))
}

/// Whether 17 to 64 bytes have a run of sixteen. A run that long covers one of the words that were looked at, but so may a
/// shorter one.
fn has_run(s: &[u8]) -> Option<bool> {
    let last = s.len() - 8;
    let (mut breaks, mut at) = (0, 0);
    loop {
        let from = at.min(last);
        breaks |= mask(breaking(word(s, from)?)) << from;
        if at >= last {
            break;
        }
        at += 8;
    }
    let inside = !breaks & u64::MAX >> (64 - s.len());
    let two = inside & inside >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    Some(eight & eight >> 8 != 0)
}

/// Zero for a dash behind a byte below `0` and for a `w` behind an `s`, of the last 16 of 17 bytes.
#[inline]
fn paired(window: &[u8; 17]) -> [u8; 16] {
    let (Some(before), Some(here)) = (window.first_chunk::<16>(), window.last_chunk::<16>()) else {
        return [0; 16];
    };
    let mut low = *here;
    for (b, a) in low.iter_mut().zip(before) {
        let dash = (*b ^ b'-') | a.saturating_sub(b'0' - 1);
        // Of either case.
        let letters = ((*b ^ b'w') | (*a ^ b's')) & !0x20;
        *b = least(dash, letters);
    }
    low
}

/// Zero for a byte to escape, a separator or a mark.
#[inline]
const fn odd(b: u8) -> u8 {
    let (separator, other) = (separated(b), least(least(control(b), marked(b)), b ^ b'\\'));
    least(separator, other)
}

/// Zero for a separator, a mark, a tab, a line feed, and the bytes with which codes and full-width signs begin.
const fn telling(b: u8) -> u8 {
    // From the tab to the line feed.
    let blank = b.wrapping_sub(b'\t').saturating_sub(1);
    let (separator, sign) = (separated(b), least(least(b ^ b'\\', blank), b ^ 0xEF));
    least(least(separator, marked(b)), sign)
}

/// Zero for `"`, `#`, `$`, `%`, `&`, `'` and `(`: quotes, codes, and the opening of a pair.
#[inline]
const fn marked(b: u8) -> u8 {
    b.wrapping_sub(b'"').saturating_sub(b'(' - b'"')
}

/// Zero for a separator.
#[inline]
const fn separated(b: u8) -> u8 {
    b.wrapping_sub(b':').saturating_sub(b'?' - b':')
}

/// Zero for `"`, `\`, control characters, DEL and all that is not ASCII.
#[inline]
const fn escaped(b: u8) -> u8 {
    least(control(b), least(b ^ b'"', b ^ b'\\'))
}

/// Zero for control characters, DEL and all that is not ASCII.
#[inline]
const fn control(b: u8) -> u8 {
    0x5F_u8.saturating_sub(b.wrapping_sub(0x20))
}

#[inline]
const fn least(a: u8, b: u8) -> u8 {
    if a < b { a } else { b }
}

const ONES: u64 = u64::MAX / 255;
const HIGH: u64 = 0x80 * ONES;

/// The high bits of those of eight bytes that are below `0` and no dash; for ASCII.
#[inline]
const fn breaking(word: u64) -> u64 {
    let above = word.wrapping_add((0x80 - b'0' as u64) * ONES);
    let other = (word ^ (b'-' as u64 * ONES)).wrapping_add(0x7F * ONES);
    !above & other & HIGH
}

/// The high bits of the digits of eight bytes; for ASCII.
#[inline]
const fn digits(word: u64) -> u64 {
    let above = word.wrapping_add((0x80 - b'0' as u64) * ONES);
    let beyond = word.wrapping_add((0x80 - b':' as u64) * ONES);
    above & !beyond & HIGH
}

/// The high bits of eight bytes, side by side.
#[inline]
const fn mask(high: u64) -> u64 {
    high.wrapping_mul(0x0002_0408_1020_4081) >> 56
}

/// Digits as bits: twelve in a row; four, up to three other bytes, four; or `ddd-dd-dddd`.
#[inline]
const fn groups(d: u64) -> bool {
    let two = d & d >> 1;
    let four = two & two >> 2;
    if four == 0 {
        return false;
    }
    // One byte between them, two blanks, or a blank of three bytes.
    let gap = !(d >> 4);
    let wide = gap & !(d >> 5);
    let parted = four & (four >> 5 & gap | four >> 6 & wide | four >> 7 & wide & !(d >> 6));
    let ssn = four >> 7 & two >> 4 & two & two >> 1 & !(d >> 3) & !(d >> 6);
    twelve(d) || parted | ssn != 0
}

/// Digits as bits: twelve in a row.
#[inline]
const fn twelve(d: u64) -> bool {
    let two = d & d >> 1;
    let four = two & two >> 2;
    four & four >> 4 & four >> 8 != 0
}

/// Whether 36 bytes have their dashes where a UUID has them, and else nothing below them, no separator, nothing to escape.
#[inline]
fn is_uuid(s: &[u8], head: &[u8; 17], tail: &[u8; 17]) -> Option<bool> {
    let dash = |k: usize| s.get(k) == Some(&b'-');
    if !(dash(8) && dash(13) && dash(18) && dash(23)) {
        return Some(false);
    }
    // From the dash to the tilde, without separators and backslash.
    let plain = |b: u8| {
        let inside = (b'~' - b'-' + 1).saturating_sub(b.wrapping_sub(b'-'));
        inside.min(separated(b)).min(b ^ b'\\')
    };
    let (head, tail) = (head.first_chunk::<16>()?, tail.last_chunk::<16>()?);
    let middle = s.get(16..)?.first_chunk::<16>()?;
    Some(!any_zero(min(
        min(map(*head, plain), map(*middle, plain)),
        map(*tail, plain),
    )))
}

/// Whether the first bytes are those of a word that leads to a secret without any other sign, in any case, or `--`.
#[inline]
fn begins(head: &[u8; 8]) -> bool {
    let [a, b, c, d, e, ..] = *head;
    let word = u32::from_le_bytes([a, b, c, d]) | SMALL;
    let slot = (word.wrapping_mul(SPREAD) >> 27) as usize;
    LEADS.get(slot) == Some(&word) && goes_on(slot, e) || (a, b) == (b'-', b'-')
}

/// Whether the fifth letter is that of the word too: `AUTH x`, not `AUTH_LOGIN`.
#[cold]
fn goes_on(slot: usize, fifth: u8) -> bool {
    FIFTH.get(slot).is_some_and(|letters| letters.contains(&(fifth | 0x20)))
}

/// What makes letters small.
const SMALL: u32 = 0x2020_2020;

/// A multiplier under which the words of [`LEADS`] do not collide.
const SPREAD: u32 = 0x6293_A3A1;

/// The words with which such a value begins: `Bearer`, `Basic`, statements of SQL, command lines, and what is said to servers of mail,
/// files and caches. Four letters, and which may be the fifth.
const WORDS: [(&[u8; 4], [u8; 2]); 24] = [
    (b"bear", *b"ee"),
    (b"basi", *b"cc"),
    (b"nego", *b"tt"),
    (b"ssws", *b"  "),
    (b"alte", *b"rr"),
    (b"crea", *b"tt"),
    (b"gran", *b"tt"),
    (b"set ", *b"pp"),
    (b"mysq", *b"ll"),
    (b"smbc", *b"ll"),
    (b"htpa", *b"ss"),
    (b"sqlp", *b"ll"),
    (b"keyt", *b"oo"),
    (b"ldap", *b"ss"),
    (b"redi", *b"ss"),
    (b"net ", *b"uu"),
    (b"auth", *b"  "),
    (b"pass", *b" w"),
    (b"requ", *b"ii"),
    (b"mast", *b"ee"),
    (b"bind", *b"pp"),
    (b"root", *b"pp"),
    (b"mnem", *b"oo"),
    (b"mach", *b"ii"),
];

/// The words, each at the place of its hash.
const LEADS: [u32; 32] = {
    let mut table = [0; 32];
    let mut k = 0;
    while k < WORDS.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            let word = u32::from_le_bytes(*WORDS[k].0) | SMALL;
            let slot = (word.wrapping_mul(SPREAD) >> 27) as usize;
            assert!(table[slot] == 0, "two words at one place");
            table[slot] = word;
        }
        k += 1;
    }
    table
};

/// Their fifth letters, at the same places.
const FIFTH: [[u8; 2]; 32] = {
    let mut table = [[0; 2]; 32];
    let mut k = 0;
    while k < WORDS.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            let word = u32::from_le_bytes(*WORDS[k].0) | SMALL;
            table[(word.wrapping_mul(SPREAD) >> 27) as usize] = WORDS[k].1;
        }
        k += 1;
    }
    table
};

#[inline]
fn map<const N: usize>(block: [u8; N], f: impl Fn(u8) -> u8) -> [u8; N] {
    let mut out = block;
    for b in &mut out {
        *b = f(*b);
    }
    out
}

#[inline]
fn min<const N: usize>(a: [u8; N], b: [u8; N]) -> [u8; N] {
    let mut out = a;
    for (a, b) in out.iter_mut().zip(b) {
        *a = (*a).min(b);
    }
    out
}

#[inline]
fn any_zero<const N: usize>(block: [u8; N]) -> bool {
    block.iter().fold(false, |any, b| any | (*b == 0))
}

/// Eight bytes, as ASCII: what is not counts as the letter or digit with the same low bits, which suspects more, not less.
#[inline]
fn word(s: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*s.get(at..)?.first_chunk()?) & !HIGH)
}
