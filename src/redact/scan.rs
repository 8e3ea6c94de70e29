//! The sieve: one pass over every string of every record, on the caller's thread.
//!
//! It answers two questions: must the writer escape (`"`, `\`, control characters, DEL, bytes of other than ASCII), and
//! could a secret be in here. The second is answered by features that no matcher does without:
//!
//! - a separator, one of `: ; < = > ?`: names, header lines, URLs, Telegram tokens, XML;
//! - sixteen bytes in a row that are a dash or not below `0`: tokens, keys, JSON web tokens, IBANs;
//! - digits as in two groups of four or in the end of a social security number: cards, IBANs, SSNs;
//! - a dash behind a blank or another dash, in more than sixteen bytes: PEM markers, `-pPASSWORD`, `--token x`;
//! - a value that begins as an HTTP credential, an SQL statement or a command line does.
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

const CLEAN: Scan = Scan {
    escape: false,
    suspicious: false,
};

/// See the [module](self). What it suspects need not be: the caller walks it.
#[inline]
pub(super) fn sieve(s: &[u8]) -> Scan {
    match s.len() {
        8..=16 => short(s),
        0..8 => tiny(s),
        17..=64 => medium(s),
        _ => long(s),
    }
}

/// Up to 7 bytes: separators and escapes only.
#[inline]
fn tiny(s: &[u8]) -> Scan {
    let clean = match (s.first_chunk::<4>(), s.last_chunk::<4>()) {
        (Some(head), Some(tail)) => {
            let (head, tail) = (head.map(odd), tail.map(odd));
            head.into_iter().chain(tail).fold(u8::MAX, u8::min) != 0
        }
        _ => s.iter().all(|b| odd(*b) != 0),
    };
    if clean { CLEAN } else { closer(s) }
}

/// 8 to 16 bytes, in two halves that overlap.
#[inline]
fn short(s: &[u8]) -> Scan {
    let (Some(head), Some(tail)) = (s.first_chunk::<8>(), s.last_chunk::<8>()) else {
        return closer(s);
    };
    if any_zero(map(join(*head, *tail), odd)) || begins(head) {
        return closer(s);
    }
    let digits = match s.len() {
        // Twelve digits or a social security number in so little room have digits here. An address has them too, but
        // neither as many nor a dash.
        11..=13 => {
            [2, 9, 10].into_iter().all(|k| s.get(k).is_some_and(u8::is_ascii_digit)) && {
                let count = s.iter().filter(|b| b.is_ascii_digit()).count();
                count >= 11 || count >= 9 && s.contains(&b'-')
            }
        }
        14.. => s.last_chunk::<14>().is_none_or(|end| {
            let part = |at: usize| {
                end.get(at..)
                    .and_then(<[u8]>::first_chunk::<8>)
                    .copied()
                    .unwrap_or_default()
            };
            any_zero(grouped([part(6), part(3), part(1), part(0)]))
        }),
        _ => false,
    };
    let run = s.len() == 16 && in_run(u64::from_le_bytes(*head)) && in_run(u64::from_le_bytes(*tail));
    if digits || run { closer(s) } else { CLEAN }
}

/// 17 to 64 bytes.
fn medium(s: &[u8]) -> Scan {
    if features(s) == Some(false) { CLEAN } else { closer(s) }
}

/// Above 64 bytes: in windows of 64, each 16 bytes into the one before, so that no feature is cut.
fn long(s: &[u8]) -> Scan {
    let last = s.len().saturating_sub(64);
    let mut at = 0;
    loop {
        let window = s.get(at.min(last)..).and_then(<[u8]>::first_chunk::<64>);
        if window.is_none_or(|window| features(window) != Some(false)) {
            return closer(s);
        }
        if at >= last {
            return CLEAN;
        }
        at += 48;
    }
}

/// Something is there: which of the two questions it answers. The walk over the text tells more.
#[cold]
fn closer(s: &[u8]) -> Scan {
    let (blocks, rest) = s.as_chunks::<16>();
    let escape = blocks.iter().any(|block| any_zero(map(*block, escaped))) || rest.iter().any(|b| escaped(*b) == 0);
    Scan {
        escape,
        suspicious: true,
    }
}

/// Whether 17 to 64 bytes have any of the features; `None` for another length.
#[inline]
fn features(s: &[u8]) -> Option<bool> {
    let n = s.len();
    let (head, tail) = (s.first_chunk::<17>()?, s.last_chunk::<17>()?);
    let block = |at: usize| s.get(at..)?.first_chunk::<17>();
    if n == 36 && is_uuid(s, head, tail)? {
        return Some(false);
    }
    let odds = |window: &[u8; 17]| Some(map(*window.first_chunk::<16>()?, odd));
    let mut low = min(
        min(odds(head)?, dashed(head)),
        min(map(*tail.last_chunk::<16>()?, odd), dashed(tail)),
    );
    let mut run = in_run(word(s, 8)?);
    if n > 24 {
        low = min(low, min(digits(s.first_chunk()?), digits(s.last_chunk()?)));
        run |= in_run(word(s, 16)?);
    } else {
        // Both ends of this length in one register.
        let (first, last) = (s.first_chunk::<16>()?, s.last_chunk::<16>()?);
        let part = |at: usize| Some(join(word(first, at)?.to_le_bytes(), word(last, at)?.to_le_bytes()));
        low = min(low, grouped([part(8)?, part(5)?, part(3)?, part(2)?]));
    }
    if n > 32 {
        let more = block(16)?;
        low = min(low, min(odds(more)?, dashed(more)));
        run |= in_run(word(s, 24)?);
    }
    if n > 40 {
        low = min(low, digits(s.get(16..)?.first_chunk()?));
        run |= in_run(word(s, 32)?);
    }
    if n > 48 {
        let more = block(32)?;
        low = min(low, min(odds(more)?, dashed(more)));
        run |= in_run(word(s, 40)?);
    }
    if n > 56 {
        low = min(low, digits(s.get(32..)?.first_chunk()?));
        run |= in_run(word(s, 48)?);
    }
    Some(run || any_zero(low) || begins(s.first_chunk()?))
}

/// Zero for a dash behind a byte below `0`, of the last 16 of 17 bytes.
#[inline]
fn dashed(window: &[u8; 17]) -> [u8; 16] {
    let (Some(before), Some(here)) = (window.first_chunk::<16>(), window.last_chunk::<16>()) else {
        return [0; 16];
    };
    let mut low = *here;
    for (b, a) in low.iter_mut().zip(before) {
        *b = (*b ^ b'-') | a.saturating_sub(b'0' - 1);
    }
    low
}

/// Zero where 24 bytes have digits as a card or a social security number has.
#[inline]
fn digits(window: &[u8; 24]) -> [u8; 16] {
    let part = |at: usize| {
        window
            .get(at..)
            .and_then(<[u8]>::first_chunk::<16>)
            .copied()
            .unwrap_or_default()
    };
    grouped([part(8), part(5), part(3), part(2)])
}

/// Zero where all four are digits: a byte and those 3, 5 and 6 before it. `dddd dddd`, `dddddddd` and `dd-dddd` end so.
#[inline]
fn grouped<const N: usize>([a, b, c, d]: [[u8; N]; 4]) -> [u8; N] {
    let digit = |b: u8| b.wrapping_sub(b'0');
    let mut low = a;
    for ((low, b), (c, d)) in low.iter_mut().zip(b).zip(c.into_iter().zip(d)) {
        *low = digit(*low).max(digit(b)).max(digit(c)).max(digit(d)).saturating_sub(9);
    }
    low
}

/// Zero for a byte to escape or a separator.
#[inline]
const fn odd(b: u8) -> u8 {
    let separator = b.wrapping_sub(b':').saturating_sub(b'?' - b':');
    let escape = escaped(b);
    if separator < escape { separator } else { escape }
}

/// Zero for `"`, `\`, control characters, DEL and all that is not ASCII.
#[inline]
const fn escaped(b: u8) -> u8 {
    let control = 0x5F_u8.saturating_sub(b.wrapping_sub(0x20));
    let (quote, backslash) = (b ^ b'"', b ^ b'\\');
    let mark = if quote < backslash { quote } else { backslash };
    if control < mark { control } else { mark }
}

/// Whether all eight bytes are a dash or not below `0`; for ASCII.
#[inline]
const fn in_run(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let above = word.wrapping_add((0x80 - b'0' as u64) * ONES);
    let other = (word ^ (b'-' as u64 * ONES)).wrapping_add(0x7F * ONES);
    !above & other & (0x80 * ONES) == 0
}

/// Whether 36 bytes have their dashes where a UUID has them, and else nothing below `0`, no separator, nothing to escape.
#[inline]
fn is_uuid(s: &[u8], head: &[u8; 17], tail: &[u8; 17]) -> Option<bool> {
    let dash = |k: usize| s.get(k) == Some(&b'-');
    if !(dash(8) && dash(13) && dash(18) && dash(23)) {
        return Some(false);
    }
    let plain = |b: u8| {
        let dash = if b == b'-' { u8::MAX } else { 0 };
        odd(b).min(b.saturating_sub(b'0' - 1) | dash)
    };
    let (head, tail) = (head.first_chunk::<16>()?, tail.last_chunk::<16>()?);
    let middle = s.get(16..)?.first_chunk::<16>()?;
    Some(!any_zero(min(
        min(map(*head, plain), map(*middle, plain)),
        map(*tail, plain),
    )))
}

/// Whether the first bytes are those of `Bearer`, `Basic`, `mysql`, `ALTER`, `CREATE`, `SET`, `GRANT` in any case, or `--`.
#[inline]
fn begins(head: &[u8; 8]) -> bool {
    // By a hash of the first four letters under which these seven do not collide.
    const WORDS: [u32; 8] = {
        const fn word(letters: &[u8; 4]) -> u32 {
            u32::from_le_bytes(*letters)
        }
        [
            word(b"crea"),
            word(b"bear"),
            word(b"alte"),
            0,
            word(b"gran"),
            word(b"basi"),
            word(b"mysq"),
            word(b"set "),
        ]
    };
    let [a, b, c, d, ..] = *head;
    let word = u32::from_le_bytes([a, b, c, d]) | 0x2020_2020;
    let slot = (word.wrapping_mul(0x9E37_7A25) >> 29) as usize;
    WORDS.get(slot) == Some(&word) || (a, b) == (b'-', b'-')
}

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

#[inline]
fn join(head: [u8; 8], tail: [u8; 8]) -> [u8; 16] {
    (u128::from(u64::from_le_bytes(head)) | u128::from(u64::from_le_bytes(tail)) << 64).to_le_bytes()
}

#[inline]
fn word(s: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*s.get(at..)?.first_chunk()?))
}
