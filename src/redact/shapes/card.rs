//! Payment card numbers: 12 to 19 digits of a known issuer with a right check digit (ISO/IEC 7812), whole or in groups
//! with spaces, dashes, dots, slashes, underscores or plus signs.

use super::{at, before, iban};

/// Where the card number that begins at `i` ends.
///
/// `i` is the start of a run of digits. Groups must look like those of a card: four or more digits first, three or more
/// after, one separator throughout, so that dates, telephone numbers and UUIDs do not add up to one.
pub(in super::super) fn find(s: &[u8], i: usize) -> Option<usize> {
    let previous = before(s, i);
    let earlier = before(s, i.saturating_sub(1));
    let glued = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
    // A longer number, a decimal, a telephone number, the rest of an identifier, a negative number.
    let rest = matches!(previous, b'.' | b',') && earlier.is_ascii_digit()
        || previous == b'-' && !earlier.is_ascii_alphabetic();
    if glued(previous) || previous == b'+' || rest {
        return None;
    }
    // Behind another group only the usual lengths count: the rest of a longer number may add up, too.
    let behind = matches!(previous, b' ' | b'-') && earlier.is_ascii_digit();
    let mut digits = [0u8; 19];
    let (mut n, mut at_, mut group, mut groups) = (0usize, i, 0usize, 0usize);
    let mut separator = 0u8;
    let mut fours = true;
    let mut found = None;
    loop {
        let b = at(s, at_);
        if b.is_ascii_digit() {
            match digits.get_mut(n) {
                Some(digit) => *digit = b - b'0',
                None => break,
            }
            n += 1;
            group += 1;
            at_ += 1;
            continue;
        }
        if group < if groups == 0 { 4 } else { 3 } {
            break;
        }
        groups += 1;
        // The last group may be shorter or longer: of 19 digits, and of American Express.
        let ends = fours && group <= 5;
        // 4-6-5 and 4-6-4.
        fours &= group == 4 || group == 6 && groups == 2 && digits.first() == Some(&3);
        group = 0;
        let width = width(s, at_);
        let next = at(s, at_ + width);
        // What numbers of versions and paths also have parts the groups of most cards only.
        let rare = matches!(b, b'.' | b'/' | b'_' | b'+');
        // A number as long as a card has no groups: `/orders/4111111111111112 200`.
        let goes_on = width > 0
            && next.is_ascii_digit()
            && (separator == 0 || separator == b)
            && (fours || !rare)
            && (groups > 1 || n < 12);
        // As a floating-point number is printed.
        let float = groups == 1 && b == b'.' && next == b'0' && !matches!(at(s, at_ + 2), b'0'..=b'9' | b'.');
        // Only a whole dashed run is a card, and no decimal is.
        let more = match b {
            b'.' if float => false,
            b'-' => next.is_ascii_alphanumeric() || next == b'-',
            b'.' => next.is_ascii_digit(),
            b'/' | b'_' | b'+' => separator == b && next.is_ascii_alphanumeric(),
            _ => false,
        };
        let closed = !(more || glued(b) && width == 0);
        let all = digits.get(..n).unwrap_or_default();
        if closed && n >= 12 && (ends || !matches!(separator, b'.' | b'/' | b'_' | b'+')) {
            // Three groups of four with another behind them are a part of a longer number.
            let part = n == 12 && goes_on && (0..4).all(|k| at(s, at_ + width + k).is_ascii_digit());
            // Short ones, in a path, are the ids of what stands there.
            let part = part || n < 14 && previous == b'/';
            // Four groups of four that fail their check are no part of a longer one: what follows is something else.
            let failed = n > 16 && ends && groups > 4 && issued_first(all) && !luhn(all.get(..16).unwrap_or_default());
            let part = part || failed;
            let part = part || behind && !(n == 16 || n == 15 && groups == 3 && matches!(all, [3, 4 | 7, ..]));
            if !part && issued(all, separator != 0) && luhn(all) {
                found = Some(if float { at_ + 2 } else { at_ });
            } else if n == 19 && all.starts_with(&[6, 2]) {
                // Of UnionPay all 19 count, or none.
                found = None;
            }
        }
        if !goes_on {
            break;
        }
        separator = b;
        at_ += width;
    }
    // The rest of an account number that fails its own check may add up as well.
    found.filter(|_| previous != b' ' || !iban::opens(s, i))
}

/// The bytes of the separator at `i`: one of ASCII, or another blank or dash.
fn width(s: &[u8], i: usize) -> usize {
    match s.get(i..) {
        Some([b' ', b'-', b' ', ..]) => 3,
        Some([b' ', b' ', ..]) => 2,
        Some([b' ' | b'-' | b'.' | b'/' | b'_' | b'+', ..]) => 1,
        Some([0xC2, 0xA0, ..]) => 2,
        Some([0xE2, 0x80, 0x80..=0x8A | 0x90..=0x95 | 0xAF, ..]) => 3,
        _ => 0,
    }
}

/// Whether an issuer gives out numbers of this length with these first digits.
///
/// Numbers that are never seen today are taken only where they are told from others: of 17 to 19 digits in one piece are
/// the identifiers of distributed systems, and cards of UnionPay alone, and of 13 with their check digit the articles in shops.
fn issued(digits: &[u8], grouped: bool) -> bool {
    let n = digits.len();
    if !grouped && (n > 16 && !digits.starts_with(&[6, 2]) || n == 13 && is_article(digits)) {
        return false;
    }
    let first = |k: usize| digits.iter().take(k).fold(0u32, |all, d| all * 10 + u32::from(*d));
    let (two, three, four) = (first(2), first(3), first(4));
    match two {
        // Visa.
        40..=49 => matches!(n, 13 | 16 | 19),
        // Mastercard, and its second range; Mir.
        51..=55 => n == 16,
        22 if four <= 2204 => (16..=19).contains(&n),
        22..=27 => (2221..=2720).contains(&four) && n == 16,
        // American Express.
        34 | 37 => n == 15,
        // Diners Club, JCB.
        30 => (three <= 305 || four == 3095) && matches!(n, 14 | 16 | 19),
        36 | 38 | 39 => (14..=19).contains(&n),
        35 => (3528..=3589).contains(&four) && (16..=19).contains(&n),
        // Discover, UnionPay, RuPay.
        60 | 62 | 65 => matches!(n, 16 | 19) || grouped && n > 16,
        64 => three >= 644 && matches!(n, 16 | 19),
        // Maestro, Dankort, InstaPayment.
        50 | 56..=58 | 67 => matches!(n, 16 | 19) || grouped && n > 12,
        63 => matches!(four, 6304 | 6390) || (636..=639).contains(&three) && n >= 16,
        // RuPay, Troy.
        81 | 82 => n == 16,
        97 => four == 9792 && n == 16,
        _ => false,
    }
}

/// Whether the first sixteen digits may be all of a card's: its issuer gives out longer numbers rarely.
fn issued_first(all: &[u8]) -> bool {
    let longer = matches!(all, [6, 2, ..] | [5, 0 | 6..=8, ..] | [6, 3 | 7, ..]);
    !longer && all.get(..16).is_some_and(|first| issued(first, true))
}

/// Whether the last digit is that of an article number (EAN-13).
fn is_article(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(k, d)| u32::from(*d) * if k % 2 == 0 { 1 } else { 3 })
        .sum();
    sum.is_multiple_of(10)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(k, d)| {
            let d = u32::from(*d) << (k & 1);
            if d > 9 { d - 9 } else { d }
        })
        .sum();
    // All zeros add up too.
    sum.is_multiple_of(10) && sum > 0
}
