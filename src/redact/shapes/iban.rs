//! International bank account numbers (ISO 13616): a country, its length, and check digits modulo 97; whole or in
//! groups of four.

use super::{at, before};

/// Country and length, from the SWIFT registry.
const COUNTRIES: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 \
     ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 \
     LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 \
     RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 DZ26 AO25 \
     BF28 BJ28 CF27 CG27 CI28 CM27 CV25 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28";

/// The letters of all countries.
pub(super) fn countries() -> impl Iterator<Item = &'static str> {
    COUNTRIES.split_ascii_whitespace()
}

/// Whether the group of four at `i` stands behind those of an account number, of whatever check digits: `AT00 1234 `.
pub(super) fn opens(s: &[u8], i: usize) -> bool {
    const GROUPS: usize = 7;
    let lead = s.get(i.saturating_sub(5 * GROUPS)..i).unwrap_or_default();
    for group in lead.rchunks_exact(5) {
        let [group @ .., b' '] = group else { return false };
        if !group.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
            return false;
        }
        if let [c1, c2, b'0'..=b'9', b'0'..=b'9'] = group
            && countries().any(|country| country.as_bytes().starts_with(&[*c1, *c2]))
        {
            return true;
        }
    }
    false
}

/// Where the number that begins at `i` ends.
pub(in super::super) fn find(s: &[u8], i: usize) -> Option<usize> {
    let &[c1, c2, d1, d2] = s.get(i..)?.first_chunk()?;
    if !(c1.is_ascii_alphabetic() && c2.is_ascii_alphabetic() && d1.is_ascii_digit() && d2.is_ascii_digit()) {
        return None;
    }
    // What is left of 98 is never one of these.
    if matches!((d1, d2), (b'0', b'0' | b'1') | (b'9', b'9')) {
        return None;
    }
    if before(s, i).is_ascii_alphanumeric() || matches!(before(s, i), b'-' | b'_') {
        return None;
    }
    let country = [c1.to_ascii_uppercase(), c2.to_ascii_uppercase()];
    let length = COUNTRIES
        .split_ascii_whitespace()
        .find_map(|entry| entry.as_bytes().strip_prefix(&country))
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok())?;
    // A grouped number is printed in capitals; a lower-case one only in one piece.
    let grouped = at(s, i + 4) == b' ';
    let small = c1.is_ascii_lowercase() || c2.is_ascii_lowercase();
    if grouped && small {
        return None;
    }
    let mut rest = 0u32;
    let mut head = 0u32;
    let (mut n, mut end) = (0usize, i);
    while n < length {
        let b = at(s, end);
        if b == b' ' && grouped && n > 0 && n % 4 == 0 {
            end += 1;
            continue;
        }
        let value = match b {
            b'0'..=b'9' => u32::from(b - b'0'),
            b'A'..=b'Z' => u32::from(b - b'A') + 10,
            b'a'..=b'z' if small => u32::from(b - b'a') + 10,
            _ => return None,
        };
        // The first four characters count last; modulo 97 all along.
        let shift = if value > 9 { 100 } else { 10 };
        if n < 4 {
            head = head * shift + value;
        } else {
            rest = (rest * shift + value) % 97;
        }
        n += 1;
        end += 1;
    }
    // Country letters are two digits each, then two check digits: six in all.
    let sum = (u64::from(rest) * 1_000_000 + u64::from(head)) % 97;
    let next = at(s, end);
    let open = next.is_ascii_alphanumeric() || next == b'_' || next == b'-' && at(s, end + 1).is_ascii_alphanumeric();
    (sum == 1 && !open).then_some(end)
}
