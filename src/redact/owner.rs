//! Keys of owners that no list knows: `ACME_KEY=<random>`, `ACME_PAT=<random>`, and what a list of secrets holds under a name:
//! `tokens["acme"] = "<random>"`.
//!
//! Names of services have no end, so that the value speaks too: it looks drawn by chance. Only the names of environment variables are
//! asked, for a `project_key` or a `parent_key` is who or what a record is about; and hashes, UUIDs, ULIDs and times are no keys.

use super::Class;
use super::marks::{is_delimiter, opening};
use super::pair::Name;
use super::policy::Judged;
use super::shapes::{at, before, is_random, one_case, run_to, set, sets};
use super::split::Words;
use super::text::Walk;
use super::words::role;

/// The shortest value, and its shortest part that is drawn by chance.
const SHORTEST: usize = 20;
const PART: usize = 16;
/// The longest value that is looked at.
const LONGEST: usize = 256;
/// Bytes before a bracket in which the name of a list stands.
const LIST: usize = 48;
/// Bytes before a name in which a URL begins.
const URL: usize = 128;
/// What a value consists of.
const SET: u16 = set::TOKEN68 | set::EQUALS;

/// What has keys that open nothing: tables, caches, stores of objects, lists of texts; and keys that everybody may have.
const OPEN: &str = "cache sort primary foreign partition row object bucket idempotency idempotence message msg routing group hash dedup dedupe \
    deduplication index idx lookup public pub publishable unique composite natural surrogate map dict item entry feature flag translation \
    locale metric label tag range shard lock queue job task event record document doc node order cursor page pagination query search filter \
    blob asset image file upload etag correlation trace request session context state data field column attribute property setting json xml \
    path url uri site anon vapid host known batch build layer artifact image snapshot version commit content chunk digest checksum \
    memo memoization redis store storage s3 gcs registry schema topic kafka stream rate limit throttle user tenant id of by for in per \
    old new source src dst dest target from to parent child start end next last first deleted final project issue release";

/// What a list of secrets holds of them that is none.
const ABOUT: &[&[u8]] = &[
    b"user", b"account", b"sub", b"jti", b"kid", b"sha", b"id", b"name", b"session", b"owner", b"type",
];

/// What the value at `value` is, whose `name` the lists do not know.
pub(super) fn find(walk: &Walk<'_>, name: Name, text: &[u8], value: usize) -> Option<Judged> {
    let s = walk.s;
    let is_variable = || {
        text.iter()
            .all(|b| sets(*b) & (set::UPPER | set::DIGIT | set::UNDER) != 0)
    };
    let class = if is_key_or_pat(text) && is_variable() {
        let start = opening(s, value).map_or(value, |(start, ..)| start);
        (is_drawn(s, start) && has_owner(text)).then_some(Class::Key)
    } else {
        listed(walk, name, text, value)
    }?;
    Some(Judged {
        verdict: walk.policy.class(class)?,
        weak: false,
        line: false,
        words: 1,
        end: 1,
    })
}

/// Whether `key` is that of a service, in a query to one: `https://api.acme.com/v1/users?key=<random>`.
pub(super) fn is_queried(walk: &Walk<'_>, name: Name, value: usize) -> bool {
    let s = walk.s;
    if !matches!(before(s, name.start), b'?' | b'&') {
        return false;
    }
    let lead = s.get(name.start.saturating_sub(URL)..name.start).unwrap_or_default();
    let Some(host) = memchr::memmem::rfind(lead, b"://api.") else {
        return false;
    };
    lead.get(host..).is_some_and(|url| !url.iter().any(|b| *b <= b' ')) && is_drawn(s, value)
}

/// Whether an owner stands before a key whose keys say what something is.
pub(super) fn is_open(words: &[u8]) -> bool {
    let words = Words::split(words);
    (0..words.len()).any(|k| {
        let word = words.glued(k, k + 1);
        OPEN.split_ascii_whitespace().any(|open| open.as_bytes() == word)
    })
}

/// Whether a name ends in `key` or `pat`.
fn is_key_or_pat(name: &[u8]) -> bool {
    let last = name.last_chunk::<3>();
    last.is_some_and(|last| last.eq_ignore_ascii_case(b"key") || last.eq_ignore_ascii_case(b"pat"))
}

/// Whether that is a word of its own, and an owner stands before it.
fn has_owner(name: &[u8]) -> bool {
    let words = Words::split(name);
    let n = words.len();
    let open = |word: &[u8]| OPEN.split_ascii_whitespace().any(|open| open.as_bytes() == word);
    n >= 2
        && matches!(words.glued(n - 1, n), b"key" | b"pat")
        && words.glued(n - 2, n - 1).len() >= 2
        && !(0..n - 1).any(|k| open(words.glued(k, k + 1)))
}

/// Whether the value that begins at `start` looks drawn by chance, and is no number in hexadecimal.
fn is_drawn(s: &[u8], start: usize) -> bool {
    let end = run_to(s, start, SET, LONGEST);
    let text = s.get(start..end).unwrap_or_default();
    let next = at(s, end);
    if text.len() < SHORTEST || !(is_delimiter(next) || matches!(next, 0 | b'\\')) {
        return false;
    }
    let hex = |b: &u8| sets(*b) & (set::ANY_HEX | set::DASH) != 0;
    if text.iter().all(hex) || text.starts_with(b"0x") {
        return false;
    }
    let mut parts = text.split(|b| sets(*b) & set::ALNUM == 0);
    // Of a path and of a host some parts are words.
    if text.iter().any(|b| matches!(b, b'/' | b'.')) {
        let first = parts.next().unwrap_or_default();
        return first.len() >= PART && is_random(first) && !one_case(first);
    }
    parts.any(|part| part.len() >= PART && is_random(part) && !part.iter().all(hex))
}

/// What a list of secrets holds under the name: `tokens["acme"] = "x"`.
fn listed(walk: &Walk<'_>, name: Name, text: &[u8], value: usize) -> Option<Class> {
    let s = walk.s;
    if name.quote == 0 || at(s, name.end + 1) != b']' || before(s, name.start - 1) != b'[' {
        return None;
    }
    let open = name.start - 2;
    let lead = s.get(open.saturating_sub(LIST).max(walk.floor)..open)?;
    let part = |b: &&u8| sets(**b) & set::WORD != 0;
    let len = lead.iter().rev().take_while(part).count();
    let list = lead.get(lead.len() - len..)?;
    let (start, ..) = opening(s, value)?;
    let one = list.strip_suffix(b"s")?;
    // Of `tokens` some are words, and of keys some values say how one is: `revoked`. A password may be a word.
    let odd = || {
        s.get(start..run_to(s, start, SET, LONGEST))
            .is_some_and(|text| text.iter().any(u8::is_ascii_digit))
    };
    let sure = walk.policy.judge(list).filter(|judged| {
        let word = judged.verdict.class == Class::Credential;
        !judged.weak && (word || odd())
    });
    let drawn = || {
        walk.policy
            .judge(one)
            .filter(|judged| !judged.weak && is_drawn(s, start))
    };
    let judged = sure.or_else(drawn)?;
    let words = Words::split(text);
    let about = walk.policy.leads(text) & (role::META | role::ASK | role::NO_TOKEN) != 0
        || (0..words.len()).any(|k| ABOUT.contains(&words.glued(k, k + 1)));
    let class = judged.verdict.class;
    let known = matches!(class, Class::Credential | Class::Token | Class::Key);
    (known && !about).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::super::drawn::{ALNUM, HEX, drawn};
    use super::super::samples::shown;

    #[test]
    fn a_key_goes_whoever_it_belongs_to() {
        for seed in 1..30 {
            let key = drawn(ALNUM, 24, seed);
            for text in [
                "ACME_KEY={}",
                "export ACME_KEY='{}'",
                "{\"ACME_KEY\":\"{}\"}",
                "{\\\"ACME_KEY\\\":\\\"{}\\\"}",
                "called with ACME_KEY={} at noon",
                "ACME_PAT={}",
                "tokens[\"acme\"] = \"{}\"",
                "secrets['acme'] = '{}'",
            ] {
                let shown = shown(&text.replace("{}", &key));
                assert_eq!(shown, text.replace("{}", "[redacted]"), "{key}");
            }
        }
    }

    #[test]
    fn a_password_of_a_list_goes_though_it_is_a_word() {
        for text in ["passwords[\"db\"] = \"{}\"", "passwords['db'] = '{}'"] {
            assert_eq!(
                shown(&text.replace("{}", "correcthorse")),
                text.replace("{}", "[redacted]")
            );
        }
    }

    #[test]
    fn a_key_that_opens_nothing_stays() {
        let (word, hash) = (drawn(ALNUM, 24, 5), drawn(HEX, 40, 5));
        let uuid = "550e8400-e29b-41d4-a716-446655440000";
        for text in [
            format!("cache_key={word} sort_key={word} PARTITION_KEY={word}"),
            format!("CACHE_KEY={hash} IDEMPOTENCY_KEY={uuid} message_key: {word}"),
            format!("thumbnail_key: {hash}"),
            format!("project_key: {word} parent_key={word} {{\"customer_key\":\"{word}\"}} params.key={word}"),
            format!("RELEASE_KEY={hash} ENTITY_KEY={uuid} LAYER_KEY=sha256:{hash} SIGNER_KEY=0x{hash}"),
            "DUMP_KEY=20261128T014318Z-20261128T014318Z".to_owned(),
            format!("credentials[\"user\"] = \"{word}\" tokens[\"doc_sha\"] = \"{hash}\""),
            "api_keys[\"acme\"] = \"revoked\"".to_owned(),
            format!("acme_key: {uuid}"),
            format!("acme_key=uploads/{hash}/{word}.png"),
            format!("monkey={word} turkey: {word} spat={word}"),
            format!("ACME_KEY_ID={hash}"),
            "shortcut_key: Ctrl+Shift+F12".to_owned(),
            "MENU_KEY=checkout_button_label_2024_v2".to_owned(),
            "acme_key=01H455VB4PEX5VSKNKM4FKX9ZZ".to_owned(),
            "tokens[\"count\"] = \"5\"".to_owned(),
            format!("commits[\"acme\"] = \"{hash}\""),
        ] {
            assert_eq!(shown(&text), text);
        }
    }
}
