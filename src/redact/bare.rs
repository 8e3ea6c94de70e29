//! Secrets that nothing parts from their name: the name is the first part of the token, `acme_api_<random>`, or the word before it,
//! `the acme secret <random>`.
//!
//! Both are asked at the end of a long word, and only of one that looks drawn by chance.

use super::look::is_drawn;
use super::marks::{is_delimiter, sequence};
use super::pair::{name, words_before};
use super::shapes::{at, before, is_random, one_case, run, set, sets};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// The shortest word that is asked.
pub(super) const SHORTEST: usize = 16;
/// Bytes of a token before its last word, and of what a sentence has before it.
const HEAD: usize = 48;

/// Parts of a token that say it is one.
const SECRET: &[&[u8]] = &[
    b"sk", b"rk", b"secret", b"sec", b"token", b"tok", b"pat", b"oat", b"apikey", b"passwd", b"pwd", b"priv",
    b"private", b"sat",
];
/// The same, which are parts of other names too: the last before an underscore, and no hash behind it.
const HINT: &[&[u8]] = &[
    b"api",
    b"key",
    b"at",
    b"rt",
    b"live",
    b"prod",
    b"production",
    b"sandbox",
    b"auth",
    b"access",
    b"refresh",
    b"sdk",
    b"admin",
    b"deploy",
    b"test",
    b"dev",
    b"development",
    b"staging",
];
/// Those of them that are the names of stages: behind an owner only, `prod_<random>` alone is the id of a product, and a database
/// has a stage too.
const STAGES: &[&[u8]] = &[b"prod", b"test", b"dev", b"development", b"staging"];
/// Those that alone are what an id is of.
const ALONE: &[&[u8]] = &[b"admin", b"deploy", b"key", b"api", b"auth"];
/// Whatever has ids: with a stage or at any length they are no tokens.
const NOUNS: &[&[u8]] = &[
    b"user", b"org", b"sess", b"session", b"file", b"img", b"image", b"doc", b"upload", b"job", b"run", b"batch",
    b"msg", b"evt", b"event", b"order", b"item", b"conv", b"obj", b"object", b"row", b"res", b"task", b"seti", b"mtr",
    b"cs", b"team", b"proj", b"project", b"page", b"node", b"host", b"pod", b"build", b"cus", b"acct", b"inv",
];
/// Parts of what is no secret.
const PUBLIC: &[&[u8]] = &[
    b"pk",
    b"pub",
    b"public",
    b"publishable",
    b"id",
    b"cache",
    b"idempotency",
    b"request",
    b"req",
    b"trace",
    b"span",
    b"hash",
    b"sha",
    b"etag",
    b"phc",
];
/// The shortest body of a token whose prefix nobody knows: the ids of services are shorter.
const LONG: usize = 30;
/// The same of one with parts, and of one in small letters.
const LONGER: usize = 40;

/// Whether what begins at `start`, behind the prefix that begins at `from`, is base64 for URLs: long, with dashes or underscores in it,
/// and without a word between them.
fn in_parts(s: &[u8], from: usize, start: usize) -> bool {
    let close = run(s, start, set::URL64);
    let text = s.get(start..close).unwrap_or_default();
    let word = |part: &[u8]| part.len() >= 4 && part.iter().skip(1).all(u8::is_ascii_lowercase);
    let parts = || text.split(|b| matches!(b, b'_' | b'-'));
    text.len() >= LONGER
        && !one_case(text)
        && parts().count() > 1
        && !parts().any(word)
        && parts().any(|part| part.len() >= SHORTEST && is_random(part) && !one_case(part))
        && before(s, from) != b'/'
        && !matches!(at(s, close), b'/' | b'+' | b'.')
}

/// What the word `start..end` ends: a token that names itself, or one whose name is the word before it.
pub(super) fn find(walk: &mut Walk<'_>, start: usize, end: usize) -> Option<Hit> {
    let word = walk.s.get(start..end)?;
    if !is_random(word) {
        return None;
    }
    named(walk, start, end).or_else(|| spoken(walk, start, end))
}

/// A token whose first parts say that it is one: `acme_api_<random>`.
fn named(walk: &mut Walk<'_>, start: usize, end: usize) -> Option<Hit> {
    let s = walk.s;
    let last = before(s, start);
    if !matches!(last, b'_' | b'-') {
        return None;
    }
    let lead = s.get(start.saturating_sub(HEAD)..start)?;
    let len = lead.iter().rev().take_while(|b| sets(**b) & set::URL64 != 0).count();
    let whole = len < lead.len() || start <= HEAD;
    // Behind what an escape takes: `\tsk_live_<random>`.
    let escape = match before(s, start - len) {
        b'\\' | b'%' => sequence(s, start - len - 1) - 1,
        _ => 0,
    };
    let len = len.checked_sub(escape)?;
    let head = lead.get(lead.len() - len..)?;
    let is = |list: &[&[u8]], part: &[u8]| list.iter().any(|word| word.eq_ignore_ascii_case(part));
    let mut parts = head.split(|b| matches!(b, b'_' | b'-')).filter(|part| !part.is_empty());
    let open = parts.clone().any(|part| is(PUBLIC, part));
    let body = s.get(start..end)?;
    let digest = body.iter().all(|b| sets(*b) & set::HEX != 0);
    let alone = parts.clone().count() == 1;
    let noun = parts.clone().next().is_some_and(|part| is(NOUNS, part));
    let staged = |part: &[u8]| is(STAGES, part) && (alone || noun || one_case(body) || before(s, start - len) == b'/');
    let hinted = |part: &[u8]| is(HINT, part) && !staged(part) && !(alone && is(ALONE, part));
    let hint = last == b'_' && !digest && parts.clone().next_back().is_some_and(hinted);
    // `abc_<random>`, longer than any id, which is no part of a path.
    let prefix = (3..=12).contains(&head.len())
        && head
            .iter()
            .all(|b| sets(*b) & (set::LOWER | set::DIGIT | set::UNDER) != 0);
    let apart = before(s, start - len) != b'/' && !matches!(at(s, end), b'/' | b'+' | b'=' | b'-' | b'_');
    // Of small letters and digits alone it must be longer still: some ids are.
    let least = if one_case(body) { LONGER } else { LONG };
    let long = last == b'_' && alone && !noun && prefix && apart && !digest && body.len() >= least;
    let long = long || last == b'_' && alone && !noun && prefix && in_parts(s, start - len, start);
    // A branch, an image or a layer may have any name before its hash.
    let secret = match digest {
        true => last == b'_' && parts.next_back().is_some_and(|part| is(SECRET, part)),
        false => parts.any(|part| is(SECRET, part)),
    };
    if !whole || open || !(hint || long || secret) {
        return None;
    }
    let close = run(s, end, set::URL64);
    // The name of a file or a host goes on behind a dot.
    if at(s, close) == b'.' && at(s, close + 1).is_ascii_alphanumeric() || at(s, close) == b'(' {
        return None;
    }
    walk.hit(Shape::Token, Class::Token, (start - len, close))
}

/// A token behind the word that names it, with nothing but a blank between: `an acme secret <random>`.
fn spoken(walk: &mut Walk<'_>, start: usize, end: usize) -> Option<Hit> {
    const SET: u16 = set::TOKEN68;
    let s = walk.s;
    let floor = walk.floor;
    let lead = s.get(start.saturating_sub(HEAD).max(floor.min(start))..start)?;
    let len = lead.iter().rev().take_while(|b| sets(**b) & SET != 0).count();
    let from = start - len;
    let quoted = matches!(before(s, from), b'"' | b'\'' | b'`');
    let gap = from - usize::from(quoted);
    if before(s, gap) != b' ' {
        return None;
    }
    let close = run(s, end, SET | set::EQUALS);
    let close = close - s.get(end..close)?.iter().rev().take_while(|b| **b == b'.').count();
    let next = at(s, close);
    if !(is_delimiter(next) && next != b'>' || matches!(next, 0 | b'.' | b'?' | b'!' | b':')) {
        return None;
    }
    let name = name(s, gap, floor).filter(|name| name.quote == 0 && before(s, gap - 1) != b' ')?;
    let first = words_before(s, name.start, floor, 2);
    let alone = walk.policy.judge(s.get(name.start..name.end)?);
    // With slashes it may be a path, whose parts are words.
    let text = s.get(from..close)?;
    let part = text.split(|b| matches!(b, b'/' | b'+')).next().unwrap_or_default();
    let words = one_case(part) || !part.iter().any(u8::is_ascii_digit) || text.contains(&b'.');
    if text.contains(&b'/') && words && !is_drawn(s, from) {
        return None;
    }
    let judged = alone
        .or_else(|| walk.policy.judge(s.get(first..name.end)?))
        .filter(|judged| !judged.weak && judged.end == judged.words)?;
    let class = judged.verdict.class;
    if !matches!(class, Class::Credential | Class::Token | Class::Key | Class::Custom) {
        return None;
    }
    walk.policy.shape(Shape::Pair, class)?;
    walk.treated(judged.verdict, (from, close))
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{ALNUM, body, drawn};
    use super::super::samples::shown;

    #[test]
    fn what_is_drawn_by_chance_is_mostly_seen_to_be() {
        for (n, least) in [(16, 80), (24, 93), (40, 98)] {
            let seen = (1..=1000).filter(|seed| super::is_random(body(ALNUM, n, *seed).as_bytes()));
            assert!(seen.count() >= least * 10, "{n}");
        }
    }

    #[test]
    fn a_token_that_names_itself_goes_whoever_gave_it_out() {
        for seed in 1..40 {
            for head in [
                "acme_api_",
                "acme_live_apikey_",
                "ACME_SECRET_",
                "sk_acme_",
                "acme_pat_",
                "acme-token-",
                "acme_production_",
                "tok_",
            ] {
                for text in ["{}", "got {} today", "{\"note\":\"{}\"}", "https://h/?x={}&y=1"] {
                    let token = format!("{head}{}", drawn(ALNUM, 24, seed));
                    assert_eq!(
                        shown(&text.replace("{}", &token)),
                        text.replace("{}", "[redacted]"),
                        "{token}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_token_for_a_stage_goes_and_so_does_one_that_is_longer_than_any_id() {
        for seed in 1..40 {
            for (head, n) in [
                ("acme_test_", 24),
                ("acme_dev_", 24),
                ("acme_development_", 24),
                ("acm_", 30),
                ("ac2_", 44),
                ("acme_", 48),
            ] {
                let token = format!("{head}{}", drawn(ALNUM, n, seed));
                for text in ["{}", "got {} today", "{\"note\":\"{}\"}", "https://h/?x={}&y=1"] {
                    assert_eq!(
                        shown(&text.replace("{}", &token)),
                        text.replace("{}", "[redacted]"),
                        "{token}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_id_with_a_prefix_stays() {
        let hex = |n, seed| body("0123456789abcdef", n, seed);
        for seed in 1..40 {
            for text in [
                format!("pi_{} sub_{}", drawn(ALNUM, 24, seed), drawn(ALNUM, 24, seed + 1)),
                format!("org_{}", drawn(ALNUM, 27, seed)),
                format!("resp_{}", hex(48, seed)),
                format!("test_{} dev_{}", drawn(ALNUM, 20, seed), drawn(ALNUM, 20, seed + 1)),
                format!("s3://bucket/user_{}", drawn(ALNUM, 32, seed)),
                format!("img_{}.png", drawn(ALNUM, 32, seed)),
                format!("sha512-{}/{}==", drawn(ALNUM, 40, seed), drawn(ALNUM, 45, seed)),
                format!("chunk-{}", drawn(ALNUM, 32, seed)),
                format!("phc_{}", drawn(ALNUM, 43, seed)),
            ] {
                assert_eq!(shown(&text), text);
            }
        }
    }

    #[test]
    fn a_token_behind_its_name_goes_without_a_sign_between() {
        for seed in 1..40 {
            let token = drawn(ALNUM, 28, seed);
            for text in [
                "You can find a acme secret {} within",
                "used the api key {}.",
                "access token {} was refused",
                "rejected token \"{}\"",
                "invalid client secret '{}'",
                "password {}",
            ] {
                assert_eq!(
                    shown(&text.replace("{}", &token)),
                    text.replace("{}", "[redacted]"),
                    "{token}"
                );
            }
        }
    }

    #[test]
    fn what_only_looks_so_stays() {
        let hash = "d670460b4b4aece5915caf5c68d12f560a9fe3e4";
        for text in [
            "user_2NNEqL2nrIRdJ194ndJqAHwEfxC".to_owned(),
            "cus_NffrFeUfNV2Hib pi_3MtwBwLkdIwHu7ix28a3tqPD".to_owned(),
            "api_key_01H455VB4PEX5VSKNKM4FKX9ZZ".to_owned(),
            "cache_key_d670460b4b4aece5915caf5c68d12f56".to_owned(),
            format!("pk_live_{}", drawn(ALNUM, 24, 3)),
            format!("app-prod-{hash}.js key_{hash} api-{hash} test_{hash}"),
            "api_getUserById2ForAccountOfBook".to_owned(),
            "napi_call_threadsafe_function2".to_owned(),
            format!("commit {hash} token missing"),
            format!("session {hash} closed"),
            "the token 550e8400-e29b-41d4-a716-446655440000 expired".to_owned(),
            "the secret /mnt/secrets/a1b2c3d4e5f6g7h8i9j0/x".to_owned(),
            "has no password 2024abcdefghijklmnopqrst".to_owned(),
        ] {
            assert_eq!(shown(&text), text);
        }
    }
}
