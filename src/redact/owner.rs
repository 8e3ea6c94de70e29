//! Keys of owners that no list knows: `acme_key=<random>`, `acmekey`, `ACME_PAT`, `acme_api`; what is said more of a secret than the lists
//! know, `secret_of_acme`; and what a list of secrets holds under a name: `tokens["acme"] = "<random>"`.
//!
//! Names of services have no end, so that the value speaks too: it looks drawn by chance. Hashes, UUIDs, ULIDs and times are no keys,
//! nor is anything whose key says who or what a record is about: a `project_key`, a `parent_key`.

use super::Class;
use super::look::{LONGEST, Look, SET, is_drawn, is_long, look};
use super::marks::{closing, gap, opening};
use super::pair::Name;
use super::policy::{Judged, Policy, Verdict};
use super::shapes::{at, before, mixed, run_to, set, sets};
use super::split::Words;
use super::text::Walk;
use super::words::role;

/// Bytes before a bracket in which the name of a list stands.
const LIST: usize = 48;
/// Bytes before a name in which a URL begins.
const URL: usize = 128;

/// What has keys that open nothing: tables, caches, stores of objects, lists of texts; and keys that everybody may have.
const OPEN: &str = "cache sort primary foreign partition row object bucket idempotency idempotence message msg routing group hash \
    dedup dedupe deduplication index idx lookup public pub publishable unique composite natural surrogate map dict item entry \
    feature flag translation locale metric label tag range shard lock queue job task event record document doc node order cursor \
    page pagination query search filter blob asset image file upload etag correlation trace request session context state data field \
    column attribute property setting json xml path url uri site anon vapid host known batch build layer artifact snapshot version \
    commit content chunk digest checksum memo memoization redis store storage s3 gcs registry schema topic kafka stream rate limit \
    throttle user tenant id of by for in per old new source src dst dest target from to parent child start end next last first \
    deleted final project issue release menu option choice answer form input button widget component theme style css class variable \
    param parameter template slot block module params args body payload meta metadata props info config options section panel tab \
    screen route nav region zone country city lang language currency category type kind status level role account customer member \
    person employee contact company org organization team workspace space folder drive album photo picture video track song playlist \
    product sku article post comment thread channel room board card ticket case campaign ad segment cohort alert rule check test run \
    workflow pipeline stage deploy cluster pod container worker device sensor trie tree heap list array vector matrix pair tuple \
    enum const value facet grouping join link relation ref reference entity resource collection table view database db cell chart \
    plot series axis legend tile geo place location address zip fingerprint thumb thumbnail avatar icon cover banner preview poster \
    visitor guest viewer reader writer author owner creator assignee reviewer approver participant subscriber follower friend \
    contract invoice payment transaction transfer shipment parcel tracking booking reservation seat game match player score round \
    quest mission";

/// What has keys and is no service.
const OTHERS: &str = "api db database private secret access encryption encrypt encrypted encrypting decryption signing sign master \
    authentication authorization app application client consumer shared preshared storage account service server admin root session crypto \
    crypt cipher symmetric asymmetric deploy deployment webhook license licence activation registration subscription recovery vault unseal \
    seal wallet priv privat security token bot integration instrumentation ingest ingestion write transaction merchant partner developer live \
    prod production cookie network wifi bearer credential credentials elliptic hashing salt cert certificate signature decrypt provisioning \
    pairing telemetry logging maps stream weather captcha fred look looker lighton circle together fireworks stability polygon alpaca unleash \
    braze iterable bandwidth intercom linear segment sentry notion canva trello box square block render replicate pusher fixer flow";

/// Services whose name stands before other things in hexadecimal: what they build, trace, and whose tenant one is.
const TRACED: &str = "datadog dd newrelic relic honeycomb sentry dynatrace elastic elasticsearch instana lightstep splunk github gitlab \
    bitbucket docker jenkins circleci travis travisci buildkite npm pypi rubygems nuget vercel netlify azure aws amazon gcp google gcloud \
    firebase supabase mongodb couchbase artifactory jfrog jira confluence atlassian minio plaid shopify dockerhub apns fcm ceph \
    translator adyen klarna fedex usps okta auth0 clerk workday greenhouse salesforce zendesk hubspot neptune mlflow solana mainnet";

/// Words that end in what a key is called, and are none.
const WORDS: &str = "monkey turkey donkey hockey jockey whiskey lackey mickey hotkey passkey latchkey turnkey flunkey smokey hokey pokey jokey \
    malarkey lowkey offkey midkey ankey rickey dickey mackey starkey sharkey keykey hickey funkey junkey";

/// Words that end the name of a key and of what opens like one.
const LAST: &[&[u8]] = &[
    b"key",
    b"keys",
    b"pat",
    b"api",
    b"auth",
    b"authentication",
    b"oauth",
    b"cred",
    b"tokens",
];

/// Those of them whose values may look like hashes, which are never called so.
const HASHED: &[&[u8]] = &[b"pat", b"oauth"];

/// Secrets of which a name may say more than the lists know.
const CORES: &[&[u8]] = &[
    b"secret",
    b"secrets",
    b"token",
    b"tokens",
    b"password",
    b"passwd",
    b"pwd",
    b"passphrase",
    b"apikey",
    b"credential",
    b"credentials",
];

/// What a list of secrets holds of them that is none.
const ABOUT: &[&[u8]] = &[
    b"user", b"account", b"sub", b"jti", b"kid", b"sha", b"id", b"name", b"session", b"owner", b"type",
];

/// What the value at `value` is, whose `name` the lists do not know.
pub(super) fn find(walk: &Walk<'_>, name: Name, text: &[u8], value: usize) -> Option<Judged> {
    let s = walk.s;
    if matches!(at(s, value), b'[' | b'{') {
        return several(walk, text, value);
    }
    let start = opening(s, value).map_or(value, |(start, ..)| start);
    // In `using cache key=x` the words before it say whose it is.
    let alone = name.quote != 0 || !text.eq_ignore_ascii_case(b"key");
    // The value is asked first: few are drawn by chance.
    let class = look(s, start)
        .and_then(|look| {
            let known = is_long(s, start) || matches!(look, Look::Short | Look::Uuid);
            class(walk.policy, text, look, alone && known)
        })
        .or_else(|| with(walk, text, value))
        .or_else(|| bundled(s, text, start))
        .or_else(|| listed(walk, name, text, value))?;
    judged(walk.policy, class)
}

/// The same of an option or an element, whose text begins at `start`.
pub(super) fn of_text(policy: &Policy, name: &[u8], s: &[u8], start: usize) -> Option<Judged> {
    let end = run_to(s, start, SET, LONGEST);
    let look = look(s, start).or_else(|| look(s.get(..end).filter(|_| at(s, end) == b'<')?, start))?;
    judged(policy, class(policy, name, look, false)?)
}

/// A list of them, by its first: `tokens = ["<random>", ..]`.
fn several(walk: &Walk<'_>, name: &[u8], value: usize) -> Option<Judged> {
    let s = walk.s;
    let inside = gap(s, value + 1);
    // Each may have a name of its own: `tokens = [ci: "<random>"]`, `"tokens":{"ci":"<random>"}`.
    let named = opening(s, inside).map_or_else(
        || run_to(s, inside, set::WORD | set::DASH, 48),
        |(text, quote, level)| closing(s, text, quote, level) + level + 1,
    );
    let sign = gap(s, named);
    let labelled = at(s, sign) == b':' || s.get(sign..)?.starts_with(b"=>");
    let from = if labelled {
        gap(s, sign + 1 + usize::from(at(s, sign) == b'='))
    } else {
        inside
    };
    let (start, quote, level) = opening(s, from)?;
    let first = s.get(start..closing(s, start, quote, level))?;
    let hash = first.len() >= 32 && first.iter().all(|b| sets(*b) & set::HEX != 0) && mixed(first);
    let one = name.strip_suffix(b"s").or(name.strip_suffix(b"S"))?;
    let judged = walk
        .policy
        .judge(one)
        .filter(|judged| !judged.weak && judged.end == judged.words)?;
    (hash || is_drawn(s, start)).then_some(judged)
}

fn judged(policy: &Policy, class: Class) -> Option<Judged> {
    Some(Judged {
        verdict: policy.class(class)?,
        weak: false,
        line: false,
        owned: false,
        words: 1,
        end: 1,
    })
}

/// What a value drawn by chance is under this name, of which the lists do not know enough.
fn class(policy: &Policy, name: &[u8], look: Look, long: bool) -> Option<Class> {
    let words = Words::split(name);
    let n = words.len();
    let word = |k: usize| words.glued(k, k + 1);
    let listed = |list: &str, word: &[u8]| list.split_ascii_whitespace().any(|one| one.as_bytes() == word);
    let roles = |k: usize| policy.roles(word(k));
    // What says which one it is: `acme_key_prod`.
    let tail = (1..n)
        .rev()
        .take_while(|k| roles(*k) & role::VALUE != 0 && !LAST.contains(&word(*k)))
        .count();
    let last = n.checked_sub(tail + 1)?;
    let alone = match look {
        Look::Drawn => is_service(policy, word(0)),
        Look::Short | Look::Uuid => is_owner(policy, word(0)) && !listed(TRACED, word(0)),
        _ => false,
    };
    if n == 1 && long && alone {
        return Some(Class::Key);
    }
    let owned = |until: usize| {
        (0..until).all(|k| !listed(OPEN, word(k)) && roles(k) & (role::META | role::ASK | role::NO_TOKEN) == 0)
    };
    let fits = match look {
        Look::Drawn => LAST.contains(&word(last)),
        Look::Hash | Look::Short => HASHED.contains(&word(last)),
        Look::Uuid => false,
        Look::Wild => matches!(word(last), b"key" | b"keys" | b"salt"),
    };
    if fits {
        let owned = word(last) == b"api" || owned(last);
        return (last > 0 && word(last - 1).len() >= 2 && owned).then_some(Class::Key);
    }
    if look != Look::Drawn {
        return None;
    }
    let glued = word(last).strip_suffix(b"key").or(word(last).strip_suffix(b"apikey"));
    if let Some(owner) = glued
        && owner.len() >= 3
        && owned(last)
        && !listed(WORDS, word(last))
        && !listed(OPEN, owner)
        && !policy.knows(word(last))
    {
        return Some(Class::Key);
    }
    let core = (0..n).find(|k| CORES.contains(&word(*k)))?;
    let about = |k: usize| {
        roles(k) & (role::META | role::ASK | role::NO_TOKEN) != 0 || listed(OPEN, word(k)) || ABOUT.contains(&word(k))
    };
    let more = core + 1 < n && (0..n).all(|k| k == core || !about(k));
    more.then_some(if word(core).starts_with(b"tok") {
        Class::Token
    } else {
        Class::Key
    })
}

impl Policy {
    /// What a value drawn by chance is under this name, which says too little by itself: `acme_key`.
    pub(crate) fn suspects(&self, name: &str) -> Option<Verdict> {
        self.class(class(self, name.as_bytes(), Look::Drawn, false)?)
    }

    /// Whether all of a value looks drawn by chance.
    pub(crate) fn is_key(text: &str) -> bool {
        let text = text.as_bytes();
        run_to(text, 0, SET, LONGEST) == text.len() && is_drawn(text, 0)
    }
}

/// Whether `key` is that of a service, in a query to one: `https://api.acme.com/v1/users?key=<random>`.
pub(super) fn is_queried(walk: &Walk<'_>, name: Name, value: usize) -> bool {
    let s = walk.s;
    if !matches!(before(s, name.start), b'?' | b'&') {
        return false;
    }
    let lead = s.get(name.start.saturating_sub(URL)..name.start).unwrap_or_default();
    let Some(host) = memchr::memmem::rfind(lead, b"://") else {
        return false;
    };
    let url = lead.get(host..).unwrap_or_default();
    let hash = || url.ends_with(b"/api?") && look(s, value) == Some(Look::Hash);
    let api = [&b"://api."[..], b"/api/", b"/api?", b".api.", b"-api."]
        .iter()
        .any(|api| memchr::memmem::find(url, api).is_some());
    api && !url.iter().any(|b| *b <= b' ') && (is_drawn(s, value) || hash())
}

/// Whether an owner stands before a key whose keys say what something is.
pub(super) fn is_open(words: &[u8]) -> bool {
    let words = Words::split(words);
    (0..words.len()).any(|k| {
        let word = words.glued(k, k + 1);
        OPEN.split_ascii_whitespace().any(|open| open.as_bytes() == word)
    })
}

/// Whether this is the name of a service, and nothing else, or of a key whose owner nobody tells: `cohere=<random>`.
fn is_service(policy: &Policy, word: &[u8]) -> bool {
    let other = OTHERS.split_ascii_whitespace().any(|other| other.as_bytes() == word);
    word == b"key" || policy.roles(word) & role::KEY != 0 && word.len() >= 4 && !other
}

/// Whether this is the name of a service, and no word for anything else.
pub(super) fn is_owner(policy: &Policy, word: &[u8]) -> bool {
    let mut lower = [0; 24];
    let Some(lower) = lower.get_mut(..word.len()) else {
        return false;
    };
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    lower != b"key" && is_service(policy, lower)
}

/// What is called like a secret behind the word `With`, if it is given a string: `fieldWithPassword = "x1y2z3"`. Without one, the
/// word asks.
fn with(walk: &Walk<'_>, text: &[u8], value: usize) -> Option<Class> {
    let s = walk.s;
    let from = memchr::memmem::rfind(text, b"With").filter(|from| *from > 0)?;
    let (start, ..) = opening(s, value)?;
    let end = run_to(s, start, set::ALNUM | set::UNDER | set::DASH, LONGEST);
    let string = s.get(start..end)?;
    let judged = walk.policy.judge(text.get(from + 4..)?).filter(|judged| !judged.weak)?;
    (string.len() >= 8 && mixed(string) || string.len() >= 16 && !string.contains(&b'_'))
        .then_some(judged.verdict.class)
}

/// A login for a server of gems, by the name that is made of its address: `BUNDLE_GEMS__ACME__COM=bob:x`.
fn bundled(s: &[u8], text: &[u8], start: usize) -> Option<Class> {
    let host = text.strip_prefix(b"BUNDLE_")?;
    memchr::memmem::find(host, b"__")?;
    let user = run_to(s, start, set::ALNUM | set::UNDER | set::DASH, LONGEST);
    (user > start && at(s, user) == b':' && at(s, user + 1) > b' ' && at(s, user + 1) != b'/')
        .then_some(Class::Credential)
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
    use super::super::drawn::{ALNUM, HEX, LOWER, drawn};
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
                "acme_key={}",
                "acmeKey: \"{}\"",
                "acmekey = '{}'",
                "binance_api={}",
                "acme_key_prod={}",
                "secret_of_acme={}",
                "<acme-key>{}</acme-key>",
                "deploy --acme-key {} now",
                "get(\"acme_key\", \"{}\")",
                "acme token - '{}'",
                "tokens[\"acme\"] = \"{}\"",
                "secrets['acme'] = '{}'",
            ] {
                let shown = shown(&text.replace("{}", &key));
                assert_eq!(shown, text.replace("{}", "[redacted]"), "{key}");
            }
        }
    }

    #[test]
    fn a_service_alone_names_a_key_longer_than_any_id() {
        for seed in 1..30 {
            let (key, id) = (drawn(ALNUM, 40, seed), drawn(ALNUM, 24, seed));
            for text in ["cohere={}", "cohere: '{}'", "{\"cohere\":\"{}\"}", "{'key': '{}'}"] {
                assert_eq!(
                    shown(&text.replace("{}", &key)),
                    text.replace("{}", "[redacted]"),
                    "{key}"
                );
                assert_eq!(shown(&text.replace("{}", &id)), text.replace("{}", &id));
            }
            let (key, blob, id) = (drawn(LOWER, 32, seed), drawn(LOWER, 28, seed), drawn(LOWER, 20, seed));
            let text = "{\"key\":\"{}\"}";
            assert_eq!(shown(&text.replace("{}", &key)), text.replace("{}", "[redacted]"));
            for name in [blob, format!("avatar-small-{id}"), format!("bafybei{key}")] {
                assert_eq!(shown(&text.replace("{}", &name)), text.replace("{}", &name));
            }
        }
    }

    #[test]
    fn a_login_for_a_server_of_gems_goes_by_its_address() {
        for text in ["BUNDLE_GEMS__ACME__COM={}", "BUNDLE_GEMS__ACME__COM: \"{}\""] {
            assert_eq!(
                shown(&text.replace("{}", "bob:x9y8z7")),
                text.replace("{}", "[redacted]")
            );
        }
        for text in [
            "BUNDLE_WITHOUT: \"development:test\"",
            "BUNDLE_MIRROR__ACME__COM: https://mirror.example",
            "BUNDLE_BUILD__ACME: \"--with-zlib\"",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_list_of_tokens_goes_by_its_first() {
        let (one, two) = (drawn(ALNUM, 24, 3), drawn(HEX, 40, 4));
        for (text, expected) in [
            (format!("tokens = [\"{one}\", \"b\"]"), "tokens = [redacted]".to_owned()),
            (format!("tokens: [ci: '{two}']"), "tokens: [redacted]".to_owned()),
            (
                format!("{{\"tokens\":{{\"ci\":\"{two}\"}},\"n\":1}}"),
                "{\"tokens\":\"[redacted]\",\"n\":1}".to_owned(),
            ),
        ] {
            assert_eq!(shown(&text), expected);
        }
        for text in [
            "tokens = [\"a\", \"b\"]",
            "tokens: [12, 14]",
            "{\"tokens\":{\"prompt\":12}}",
        ] {
            assert_eq!(shown(text), text);
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
            format!("acme_key={hash} acmekey={hash} cohere={hash}"),
            format!("user_key={word} node_key={word} menuKey: {word} next_token={word} secret_name={word}"),
            "metabase_key: users.email metabase_key=42 stripe_key: /v1/charges".to_owned(),
            "gpgkey=https://acme.example/keys/acme.asc".to_owned(),
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
