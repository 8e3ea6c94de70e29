//! What the shapes and texts are measured by. Tokens are put together at run time: no line of this file is one.

use super::drawn::{ALNUM, DIGITS, HEX, LOWER, UPPER, URL64, body};
use super::{Found, Policy, Redaction};

/// What the standard policy makes of a text.
pub(super) fn shown(text: &str) -> String {
    let policy = Policy::compile(&Redaction::standard(), None);
    let (mut out, mut found) = (String::new(), Found::default());
    let changed = policy.text(text, &mut out, &mut found);
    assert_eq!(changed, !(found == Found::default()));
    assert_eq!(
        changed,
        policy.scan(text.as_bytes()).suspicious,
        "scan and text disagree on {text:?}"
    );
    if changed { out } else { text.to_owned() }
}

/// Five groups of five.
fn licence(seed: u64) -> String {
    let group = |k| body(UPPER, 5, seed * 7 + k);
    [0, 1, 2, 3, 4].map(group).join("-")
}

/// Tokens of providers, put together from prefix and body.
pub(super) fn tokens(seed: u64) -> Vec<(&'static str, String)> {
    let t = |prefix: &str, set: &str, n: usize| format!("{prefix}{}", body(set, n, seed));
    let uuid = || {
        let h = body(HEX, 32, seed);
        format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
    };
    let jwt = |head: &str| {
        format!(
            "{head}{}.eyJ{}.{}",
            body(ALNUM, 30, seed),
            body(ALNUM, 50, seed + 1),
            body(URL64, 43, seed + 2)
        )
    };
    vec![
        ("aws access key id", t("AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        (
            "aws temporary key id",
            t("ASIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        ),
        ("google api key", t("AIza", URL64, 35)),
        ("google oauth", t("ya29.", URL64, 60)),
        ("google client secret", t("GOCSPX-", URL64, 28)),
        ("alibaba", t("LTAI", ALNUM, 20)),
        ("github classic", t("ghp_", ALNUM, 36)),
        ("github oauth", t("gho_", ALNUM, 36)),
        ("github user", t("ghu_", ALNUM, 36)),
        ("github server", t("ghs_", ALNUM, 36)),
        ("github refresh", t("ghr_", ALNUM, 36)),
        (
            "github fine grained",
            format!("{}_{}", t("github_pat_", ALNUM, 22), body(ALNUM, 59, seed)),
        ),
        ("gitlab", t("glpat-", URL64, 20)),
        ("gitlab runner", t("glrt-", URL64, 20)),
        (
            "gitlab routable",
            format!("{}.01.{}", t("glpat-", URL64, 27), body(LOWER, 9, seed)),
        ),
        ("bitbucket", t("ATBB", ALNUM, 32)),
        ("atlassian", t("ATATT3", URL64, 180)),
        ("npm", t("npm_", ALNUM, 36)),
        ("pypi", t(concat!("pypi-", "AgEIcHlwaS5vcmc"), URL64, 70)),
        ("rubygems", t("rubygems_", HEX, 48)),
        ("crates.io", t("cio", ALNUM, 32)),
        ("docker", t("dckr_pat_", URL64, 27)),
        ("licence", licence(seed)),
        ("numbered", format!("{}-{}", 1 + seed % 20, body(ALNUM, 64, seed))),
        ("uuid of a provider", format!("sk_{}", uuid())),
        ("server", t("dvc_server_", URL64, 24)),
        ("agent", t("ddapp_", ALNUM, 34)),
        ("web token, encoded twice", t("ZXlK", ALNUM, 80)),
        (
            "slack bot",
            format!(
                "{}-{}-{}",
                t("xoxb-", DIGITS, 12),
                body(DIGITS, 12, seed),
                body(ALNUM, 24, seed)
            ),
        ),
        (
            "slack user",
            format!(
                "{}-{}-{}",
                t("xoxp-", DIGITS, 12),
                body(DIGITS, 12, seed),
                body(HEX, 32, seed)
            ),
        ),
        (
            "slack app",
            format!(
                "{}-{}-{}",
                t("xapp-1-A", UPPER, 10),
                body(DIGITS, 13, seed),
                body(HEX, 64, seed)
            ),
        ),
        (
            "discord bot",
            format!(
                "{}.{}.{}",
                t("MTA", ALNUM, 23),
                body(ALNUM, 6, seed),
                body(URL64, 38, seed)
            ),
        ),
        (
            "telegram bot",
            format!("{}:{}", t("1", DIGITS, 9), format_args!("AA{}", body(URL64, 33, seed))),
        ),
        ("stripe live", t("sk_live_", ALNUM, 24)),
        ("stripe restricted", t("rk_live_", ALNUM, 99)),
        ("stripe hook", t("whsec_", ALNUM, 32)),
        ("square", t("sq0atp-", URL64, 22)),
        ("shopify", t("shpat_", HEX, 32)),
        ("twilio", t("SK", HEX, 32)),
        ("sendgrid", format!("{}.{}", t("SG.", URL64, 22), body(URL64, 43, seed))),
        ("mailgun", t("key-", LOWER, 32)),
        (
            "mailgun new",
            format!(
                "{}-{}-{}",
                body(HEX, 32, seed),
                body(HEX, 8, seed),
                body(HEX, 8, seed + 1)
            ),
        ),
        ("mailchimp", format!("{}-us{}", body(HEX, 32, seed), 1 + seed % 20)),
        ("brevo", format!("{}-{}", t("xkeysib-", HEX, 64), body(ALNUM, 16, seed))),
        ("digitalocean", t("dop_v1_", HEX, 64)),
        ("heroku", format!("HRKU-{}", uuid())),
        ("databricks", t("dapi", HEX, 32)),
        ("vault service", t("hvs.", URL64, 90)),
        ("vault batch", t("hvb.", URL64, 140)),
        ("vault old", t("s.", ALNUM, 24)),
        (
            "terraform",
            format!("{}.atlasv1.{}", body(ALNUM, 14, seed), body(URL64, 67, seed)),
        ),
        ("doppler", t("dp.pt.", ALNUM, 43)),
        ("linear", t("lin_api_", ALNUM, 40)),
        ("notion", t("ntn_", ALNUM, 46)),
        ("notion old", t("secret_", ALNUM, 43)),
        (
            "openai",
            format!("{}T3BlbkFJ{}", t("sk-", ALNUM, 20), body(ALNUM, 20, seed)),
        ),
        ("openai project", t("sk-proj-", URL64, 120)),
        ("anthropic", t("sk-ant-api03-", URL64, 93)),
        ("hugging face", t("hf_", ALNUM, 34)),
        ("groq", t("gsk_", ALNUM, 52)),
        ("replicate", t("r8_", ALNUM, 37)),
        ("perplexity", t("pplx-", ALNUM, 48)),
        (
            "cloudflare origin",
            format!("{}-{}", t("v1.0-", HEX, 24), body(HEX, 146, seed)),
        ),
        ("age", t("AGE-SECRET-KEY-1", UPPER, 58)),
        ("1password", t("ops_eyJ", ALNUM, 250)),
        ("new relic", t("NRAK-", UPPER, 27)),
        ("new relic licence", format!("{}NRAL", body(HEX, 36, seed))),
        ("grafana cloud", t("glc_", ALNUM, 40)),
        (
            "grafana service",
            format!("{}_{}", t("glsa_", ALNUM, 32), body(HEX, 8, seed)),
        ),
        ("planetscale", t("pscale_tkn_", URL64, 43)),
        ("postman", format!("{}-{}", t("PMAK-", HEX, 24), body(HEX, 34, seed))),
        (
            "dynatrace",
            format!("{}.{}", t("dt0c01.", UPPER, 24), body(UPPER, 64, seed)),
        ),
        ("airtable", format!("{}.{}", t("pat", ALNUM, 14), body(HEX, 64, seed))),
        ("sentry", t("sntryu_", HEX, 64)),
        ("sonarqube", t("sqp_", HEX, 40)),
        ("pulumi", t("pul-", HEX, 40)),
        ("supabase", t("sbp_", HEX, 40)),
        (
            "tailscale",
            format!("{}-{}", t("tskey-auth-", ALNUM, 11), body(ALNUM, 32, seed)),
        ),
        ("figma", t("figd_", URL64, 43)),
        ("hubspot", format!("pat-na1-{}", uuid())),
        ("plaid", format!("access-production-{}", uuid())),
        ("easypost", t("EZAK", ALNUM, 54)),
        ("shippo", t("shippo_live_", HEX, 40)),
        (
            "azure client secret",
            format!("{}8Q~{}", body(ALNUM, 3, seed), body(URL64, 34, seed)),
        ),
        ("openshift", t("sha256~", URL64, 43)),
        ("jfrog", t("AKCp", ALNUM, 69)),
        ("buildkite", t("bkua_", HEX, 40)),
        ("typeform", t("tfp_", URL64, 48)),
        ("jwt", jwt("eyJ")),
        ("aws other key id", t("A3T", UPPER, 17)),
        ("aws bedrock", t("ABSK", ALNUM, 60)),
        ("aws appsync", t("da2-", LOWER, 26)),
        ("aws marketplace", format!("amzn.mws.{}", uuid())),
        ("akamai", format!("{}-{}", t("akab-", LOWER, 16), body(LOWER, 16, seed))),
        ("clickhouse", t("4b1d", ALNUM, 38)),
        (
            "github with a web token",
            format!(
                "{}.eyJ{}.{}",
                t("ghs_1_eyJ", ALNUM, 30),
                body(ALNUM, 40, seed),
                body(ALNUM, 40, seed + 1)
            ),
        ),
        ("pypi of another kind", t("pypi-", URL64, 160)),
        ("artifactory reference", t("cmVmd", ALNUM, 59)),
        (
            "slack of digits only",
            format!("{}-{}", t("xoxb-", DIGITS, 12), body(DIGITS, 12, seed)),
        ),
        ("stripe short", t("rk_test_", ALNUM, 10)),
        ("square short", t("EAAA", URL64, 24)),
        ("flutterwave public", format!("{}-X", t("FLWPUBK_TEST-", HEX, 32))),
        (
            "sendgrid short",
            format!("{}.{}", t("SG.", URL64, 16), body(URL64, 24, seed)),
        ),
        (
            "1password account",
            format!(
                "A3-{}-{}-{}-{}-{}-{}",
                body(UPPER, 6, seed),
                body(UPPER, 6, seed + 1),
                body(UPPER, 5, seed + 2),
                body(UPPER, 5, seed + 3),
                body(UPPER, 5, seed + 4),
                body(UPPER, 5, seed + 5)
            ),
        ),
        (
            "dynatrace in lower case",
            format!("{}.{}", t("dt0c01.", LOWER, 24), body(LOWER, 64, seed)),
        ),
        ("new relic browser", t("NRBR-", HEX, 19)),
        (
            "hugging face of letters",
            t("hf_", ALNUM, 34).replace(|c: char| c.is_ascii_digit(), "q"),
        ),
        ("xai", t("xai-", URL64, 80)),
        (
            "facebook application",
            format!("{}|{}", t("1", DIGITS, 14), body(URL64, 27, seed)),
        ),
        ("instagram", t("IGQVJ", URL64, 120)),
        (
            "docker swarm",
            format!("{}-{}", t("SWMTKN-1-", LOWER, 50), body(LOWER, 25, seed)),
        ),
        ("nats seed", t("SU", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 56)),
        ("paseto", t("v4.local.", URL64, 80)),
        ("paserk", t("k4.secret.", URL64, 60)),
        ("ntlm", t(concat!("TlRMTVNT", "UAA"), ALNUM, 60)),
        ("pem in base64", t(concat!("LS0tLS1CRUdJ", "TiBSU0Eg"), ALNUM, 200)),
        ("der in base64", t(concat!("MIIEvQI", "BADAN"), ALNUM, 200)),
        ("web token in base64", t("ZXlKaGJH", ALNUM, 120)),
        ("mailchimp mandrill", t("md-", ALNUM, 22)),
        ("fernet", t("gAAAAAB", URL64, 120)),
        ("google hmac", t("GOOG1E", UPPER, 55)),
        ("login with amazon", t("Atza|", URL64, 120)),
        (
            "vercel blob",
            format!("{}_{}", t("vercel_blob_rw_", ALNUM, 16), body(ALNUM, 30, seed)),
        ),
        ("cursor", t("key_", HEX, 64)),
        ("firecrawl", t("fc-", HEX, 32)),
        ("e2b", t("e2b_", HEX, 40)),
        ("spnego", t("YII", ALNUM, 120)),
        (
            "account of a network",
            format!("{}-{}", t("1", DIGITS, 9), body(ALNUM, 40, seed)),
        ),
        ("hook of a language", t("lin_wh_", ALNUM, 32)),
        ("private key of a builder", t("bpk-", HEX, 32)),
        ("link shortener", t("dub_", ALNUM, 24)),
        ("kept keys", t("aks_", HEX, 64)),
        ("keys of an emulator", t("LSIA", UPPER, 16)),
        (
            "licence of an account",
            format!(
                "1PRK-{}",
                [1, 2, 3, 4, 5, 6, 7, 8].map(|k| body(UPPER, 5, seed + k)).join("-")
            ),
        ),
        ("uuid of an interface", format!("rh-api-{}", uuid())),
        ("new relic in small letters", t("NRAK-", LOWER, 27)),
        (
            "dialogue",
            format!("{}.{}", t("VF.DM.", HEX, 24), body(ALNUM, 16, seed)),
        ),
        ("tracker", t("sct_rw_acme_", ALNUM, 80)),
        (
            "dropbox",
            format!("{}AAAAAAAAAA{}", body(ALNUM, 12, seed), body(ALNUM, 42, seed + 1)),
        ),
    ]
}

/// Texts in which a secret may stand, with a blank for it.
const FRAMES: &[&str] = &[
    "{}",
    "rotated {} today",
    "key={}",
    "(see {})",
    "{\"note\":\"{}\"}",
    "a,{},b",
    "got '{}'.",
    "https://example.com/x?k={}&y=1",
    "line one\n{}\nline three",
    "{\\\"note\\\":\\\"{}\\\"}",
    "Some(\"{}\")",
    "x-header: {}",
    "[{}]",
    "<a>{}</a>",
    "{};",
    "Zürich {} ok",
];

#[test]
fn provider_tokens_are_found_in_any_text() {
    let (mut all, mut missed) = (0, Vec::new());
    for seed in 1..20 {
        for (name, token) in tokens(seed) {
            for frame in FRAMES {
                all += 1;
                let text = frame.replace("{}", &token);
                let out = shown(&text);
                let secret = &token[token.len() / 2..];
                if out.contains(secret) || !out.contains("[redacted]") {
                    missed.push((name, frame, out));
                }
            }
        }
    }
    println!(
        "{} of {all} tokens in texts missed: {:#?}",
        missed.len(),
        missed.iter().take(8).collect::<Vec<_>>()
    );
    assert!(
        missed.len() * 200 <= all,
        "{} of {all}: {:#?}",
        missed.len(),
        missed.iter().take(12).collect::<Vec<_>>()
    );
}

#[test]
fn what_stands_around_a_token_stays() {
    let token = &tokens(3)[6].1;
    for frame in FRAMES {
        assert_eq!(
            shown(&frame.replace("{}", token)),
            frame.replace("{}", "[redacted]"),
            "{frame}"
        );
    }
}

/// Values that are no secrets.
fn harmless() -> Vec<String> {
    let mut all: Vec<String> = [
        "d670460b4b4aece5915caf5c68d12f560a9fe3e4", "0a9fe3e", "550e8400-e29b-41d4-a716-446655440000", "12345678-1234-4123-8123-123456789012",
        "00000000-0000-4000-8000-000000000000", "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "2024-05-06T07:08:09.123456Z", "2024-05-06 07:08:09,123",
        "1714979289123", "1714979289123456", "1714979289123456789", "1714979289", "203.0.113.77", "2001:db8::8a2e:370:7334", "::1",
        "192.168.100.200:8080", "1.2.3-rc.4+build.5", "v0.3.23", "00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "ORD-2024-000123456789",
        "+49 30 901820", "+1 (555) 123-4567", "555-123-4567", "4111111111111112", "4111 1111 1111 1112", "DE89370400440532013001",
        // Articles, and identifiers of distributed systems, with the check digit of a card.
        "4001357240039", "502383694085920868", "4222 5655 0526 7130", "6304 9338 7843 2798", "6304-7070-7484-7995",
        // Names of secrets where nothing secret follows.
        "sudo: bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/ls", "chpasswd[32366]: pam_unix(chpasswd:chauthtok): no user",
        "install dbus-user-session:amd64 1.14", "id ed32:b795:feaa:e65c:9dbe:1946:72d4:6b0e", "user,token,password,session",
        "token, 2faAnd1234567890abcdef", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUI",
        "GB29 NWBK 6016 1331 9268 18", "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "hmac:abc123:AbCdEfGhIjKlMnOpQrStUv",
        "QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "aGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0IHdpdGhvdXQgY29udGV4dA==",
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
        "curl/8.5.0", "/api/v1/books/42", "/api/v1/books/42?page=2&sort=title", "https://example.com:8443/a/b?x=1#frag",
        "https://medium.com/@author/some-post-1234", "user-000123", "AUTH_LOGIN", "SECURITY_SUSPICIOUS_ACTIVITY",
        "git@github.com:owner/repo.git", "ann@example.com", "C:\\Users\\ann\\notes.txt", "Basic auth is disabled",
        "bearer of bad news", "Bearer token missing", "the passage was closed: no compass", "author: Ann, authority: none",
        "token_count=42 max_tokens: 4096", "{\"token_type\":\"bearer\",\"expires_in\":3600}", "password_changed_at=2024-05-06",
        "has_password=true key_id=abc123def", "primary_key: 42, foreign_key: 43", "tests: 12 passed; 0 failed",
        "SELECT id, name FROM users WHERE id = 42 AND author = 'Ann'", "std::io::Error::new(ErrorKind::Other)", "10:20:30 up 4 days",
        "unexpected token: }", "password: required", "Invalid password: must contain a digit", "session_id=abc-123 user_id=7",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGfakefakefakefakefakefakefakefakefakefake ann@host",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQw\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----", "step 1 - do it -- then stop", "-5 degrees",
        "Content-Type: application/json; charset=utf-8", "ratio 16:9, time 12:30", "a=b c=d e=f", "price: 4.99 EUR", "{\"a\":[1,2,3],\"b\":null}",
        "eyJust a word", "s.this_is_a_method_name_only", "key-value", "sk-learn", "glpat-short", "AKIAsmall", "hf_transfer",
    ]
    .map(String::from)
    .into();
    for seed in 1..200 {
        all.push(body(HEX, 40, seed));
        all.push(body(HEX, 64, seed));
        all.push(body(HEX, 7 + seed as usize % 9, seed));
        let h = body(HEX, 32, seed);
        all.push(format!(
            "{}-{}-{}-{}-{}",
            &h[..8],
            &h[8..12],
            &h[12..16],
            &h[16..20],
            &h[20..]
        ));
        all.push(format!(
            "user {}-{}-{}-{}-{} logged in",
            &h[..8],
            &h[8..12],
            &h[12..16],
            &h[16..20],
            &h[20..]
        ));
        all.push(h);
    }
    all
}

#[test]
fn harmless_values_stay() {
    let hit: Vec<_> = harmless()
        .into_iter()
        .filter(|text| shown(text) != *text)
        .map(|t| (shown(&t), t))
        .collect();
    assert!(hit.is_empty(), "{hit:#?}");
}

#[test]
fn ids_times_and_hashes_stay_whatever_they_are_called() {
    for seed in 1..40 {
        let (sha, id, long) = (body(HEX, 40, seed), body(ALNUM, 24, seed), body(ALNUM, 34, seed));
        for text in [
            format!("image token-service-{sha} of fix-token-refresh-{sha}"),
            format!("user_{long} read file_{long} of evt_test_{long}, see /deploys/deploy_{id}"),
            format!("admin_{id} gave key_{id} away"),
            format!("closed session_id: s-{seed} and ended session_id: {sha}"),
            format!("project_key: {id}, old_key: {id}, startAfterKey={id}"),
            format!("backup acme_prod_20261128T0{}Z is there", 14_000 + seed),
            format!("{id}: {long}"),
        ] {
            assert_eq!(shown(&text), text);
        }
    }
    // Padding of base64, which is no separator.
    let text = "nonce MOQDdFipkFyth71MdKYPw1== used by bob";
    assert_eq!(shown(text), text);
}

#[test]
fn random_values_are_rarely_hit() {
    let mut hits = Vec::new();
    let all = 4_000;
    for seed in 1..=all / 4 {
        for text in [
            body(HEX, 20 + seed as usize % 45, seed),
            body(URL64, 8 + seed as usize % 60, seed),
            body(ALNUM, 8 + seed as usize % 60, seed),
            body(DIGITS, 6 + seed as usize % 18, seed),
        ] {
            if shown(&text) != text {
                hits.push(text);
            }
        }
    }
    assert!(
        hits.len() as u64 * 100 <= all,
        "{} of {all}: {:?}",
        hits.len(),
        &hits[..hits.len().min(20)]
    );
}

mod properties {
    use proptest::prelude::*;

    use super::super::{Found, Policy, Redaction, Treatment};
    use super::{URL64, body, tokens};

    /// Pieces from which adversaries, and loggers, build texts.
    const PIECES: &[&str] = &[
        "password",
        "token",
        "api key",
        "Authorization",
        "Cookie",
        "pin",
        "author",
        "user",
        "card number",
        "secret",
        "=",
        ":",
        ": ",
        "=>",
        " = ",
        "\"",
        "\\\"",
        "\\\\\\\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ",",
        ", ",
        ";",
        "&",
        "?",
        " ",
        "\n",
        "\\n",
        "hunter2",
        "Bearer ",
        "Basic ",
        "[redacted]",
        "None",
        "null",
        "Some(",
        "://",
        "@",
        "bob",
        "-",
        "--",
        " -p",
        "mysql",
        "-----BEGIN PRIVATE KEY-----",
        "-----END ",
        "4111 ",
        "1111 1111 1111",
        "DE89",
        "370400440532013000",
        "eyJ",
        ".",
        "%5B",
        "%",
        "<",
        ">",
        "</",
        "é",
        "密码",
        "\\",
        "\\u003d",
        "|",
        "#",
        "*",
        "…",
        "hmac:abcdef:",
        "219-09-9998",
        "name",
        "value",
        "+",
        "~",
        "Q~",
        "A3-",
        "`",
        "\u{7f}",
        "\t",
        "Set-Cookie",
        "password: ",
        "secret=",
        ";pwd=",
    ];

    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            12 => prop::sample::select(PIECES).prop_map(str::to_owned),
            2 => (8usize..40, 1u64..1000).prop_map(|(n, seed)| body(URL64, n, seed)),
            1 => (0usize..80, 1u64..50).prop_map(|(k, seed)| tokens(seed).swap_remove(k).1),
            2 => any::<String>(),
            1 => "[ -~]{0,12}",
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    fn policies() -> [Policy; 4] {
        let hash = Redaction::strict().field("user", Treatment::Hash);
        let prefix = Redaction::standard()
            .class(crate::redact::Class::Key, Treatment::Prefix(4))
            .class(crate::redact::Class::Token, Treatment::Prefix(2));
        let prefix = prefix.shape(super::super::Shape::Token, Treatment::Prefix(6));
        let sha = Redaction::standard().class(crate::redact::Class::Credential, Treatment::Sha256);
        let key = || crate::redact::HashKey::new(crate::secret::SecretBytes::new([7; 32]));
        [
            Policy::compile(&Redaction::standard(), None),
            Policy::compile(&hash, Some(key())),
            Policy::compile(&prefix, None),
            Policy::compile(&sha, None),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn redacting_twice_changes_nothing_more(text in texts()) {
            for policy in policies() {
                let (mut once, mut twice) = (String::new(), String::new());
                let changed = policy.text(&text, &mut once, &mut Found::default());
                let suspicious = policy.scan(text.as_bytes()).suspicious;
                prop_assert_eq!(changed, suspicious, "text and scan disagree");
                if changed {
                    let again = policy.text(&once, &mut twice, &mut Found::default());
                    prop_assert!(!again, "{:?}\n once {:?}\n twice {:?}", text, once, twice);
                }
            }
        }

        #[test]
        fn json_stays_json(text in texts(), key in prop::sample::select(&["a", "password", "pin", "x"][..]), number in any::<i64>()) {
            let policy = Policy::compile(&Redaction::standard(), None);
            let json = serde_json::json!({ "a": text, key: [number, 1.5], "n": { "api_key": format!("k{text}"), "ok": true, "pin": number }, "end": "end" });
            for depth in 0..3 {
                let text = (0..depth).fold(json.to_string(), |text, _| serde_json::json!({ "body": text }).to_string());
                let mut out = String::new();
                prop_assert!(policy.text(&text, &mut out, &mut Found::default()));
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(&out);
                prop_assert!(parsed.is_ok(), "{}\n {}", text, out);
                let mut inner = parsed.unwrap();
                for _ in 0..depth {
                    let body = inner["body"].as_str().unwrap().to_owned();
                    let next = serde_json::from_str(&body);
                    prop_assert!(next.is_ok(), "{}", body);
                    inner = next.unwrap();
                }
                prop_assert_eq!(&inner["end"], "end");
                prop_assert_eq!(&inner["n"]["api_key"] == "[redacted]", true, "{}", inner);
            }
        }

        /// The sieve clears hashes in hexadecimal without the walk, which must have found nothing either.
        #[test]
        fn a_hash_that_the_sieve_lets_through_has_nothing_to_redact(hash in "[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}") {
            let policy = Policy::compile(&Redaction::standard(), None);
            let walked = super::super::text::Walk::new(&policy, hash.as_bytes()).next().is_some();
            prop_assert!(!walked || policy.scan(hash.as_bytes()).suspicious, "{}", hash);
        }

        #[test]
        fn any_bytes_can_be_scanned(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let policy = Policy::compile(&Redaction::standard(), None);
            let scan = policy.scan(&bytes);
            let escape = bytes.iter().any(|b| !(b' '..=b'~').contains(b) || matches!(b, b'"' | b'\\'));
            prop_assert_eq!(scan.escape, escape);
        }
    }
}

/// Figures, for a release build: `cargo test --release --lib figures -- --ignored --nocapture`. The instructions of a call:
/// `FIGURE=uuid valgrind --tool=callgrind --toggle-collect='*one_*' <the test binary> figures::calls --ignored`, over 1000.
mod figures {
    use std::hint::black_box;
    use std::time::Instant;

    use super::super::scan::Scan;
    use super::super::{Found, Policy, Redaction, Verdict};

    const VALUES: &[(&str, &str)] = &[
        ("id", "user-000123"),
        ("method", "GET"),
        ("name", "alice"),
        ("address", "203.0.113.77"),
        ("uuid", "550e8400-e29b-41d4-a716-446655440000"),
        ("path", "/api/v1/books/42"),
        ("event", "AUTH_LOGIN"),
        ("long event", "SECURITY_SUSPICIOUS_ACTIVITY"),
        ("mail", "alice.smith@example.com"),
        ("message", "user opened the book list"),
        ("sentence", "the report was sent to three of five readers"),
        ("commit", "d670460b4b4aece5915caf5c68d12f560a9fe3e4"),
        ("time", "2024-05-06T07:08:09.123456Z"),
        ("url", "https://example.com/api/v1/books/42?page=2"),
        (
            "agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0",
        ),
    ];

    const TEXTS: &[(&str, &str)] = &[
        (
            "logfmt",
            "level=info ts=2024-05-06T07:08:09Z caller=auth.go:42 msg=\"login ok\" user=alice ip=203.0.113.77 \
             password=hunter2 token=abcdefghijklmnopqrstuvwxyz0123456789 path=/api/v1/login status=200 duration=12ms",
        ),
        (
            "json",
            "{\"user\":\"alice\",\"password\":\"hunter2\",\"roles\":[\"admin\",\"dev\"],\"meta\":{\"ip\":\"203.0.113.77\",\
             \"agent\":\"curl/8.5.0\",\"api_key\":\"abcdefghijklmnop\"},\"note\":\"nothing to see here, move along\"}",
        ),
        (
            "prose",
            "The scheduled export of the monthly report finished after 12 minutes: 4,211 rows in 3 files were written to \
             the archive, two rows were skipped because their author had been removed meanwhile; see job 8841 for more.",
        ),
    ];

    #[inline(never)]
    fn one_scan(policy: &Policy, s: &[u8]) -> Scan {
        policy.scan(s)
    }

    #[inline(never)]
    fn one_name(policy: &Policy, s: &str) -> Option<Verdict> {
        policy.name(s)
    }

    #[inline(never)]
    fn one_text(policy: &Policy, s: &str, out: &mut String) -> bool {
        policy.text(s, out, &mut Found::default())
    }

    fn time(mut f: impl FnMut()) -> f64 {
        let rounds = if cfg!(debug_assertions) { 100 } else { 100_000 };
        (0..7)
            .map(|_| {
                let start = Instant::now();
                (0..rounds).for_each(|_| f());
                start.elapsed().as_nanos() as f64 / f64::from(rounds)
            })
            .fold(f64::MAX, f64::min)
    }

    #[test]
    #[ignore = "figures"]
    fn figures() {
        let policy = Policy::compile(&Redaction::standard(), None);
        for (what, value) in VALUES {
            let ns = time(|| {
                black_box(one_scan(black_box(&policy), black_box(value.as_bytes())));
            });
            println!(
                "scan {what:12} {:3} bytes {ns:7.1} ns {:?}",
                value.len(),
                policy.scan(value.as_bytes())
            );
        }
        for name in [
            "user_id",
            "http.request.header.content_type",
            "accessToken",
            "resource",
            "password_reset_token",
            "unexceptional",
        ] {
            let ns = time(|| {
                black_box(one_name(black_box(&policy), black_box(name)));
            });
            println!("name {name:32} {ns:7.1} ns {:?}", policy.name(name).map(|v| v.class));
        }
        for (what, text) in TEXTS {
            let mut out = String::new();
            let ns = time(|| {
                black_box(one_text(black_box(&policy), black_box(text), &mut out));
            });
            let scan = time(|| {
                black_box(one_scan(black_box(&policy), black_box(text.as_bytes())));
            });
            println!("text {what:8} {} bytes {ns:7.1} ns, scan {scan:7.1} ns", text.len());
        }
    }

    /// Calls for callgrind, which counts between entry and exit of the toggled function.
    #[test]
    #[ignore = "figures"]
    fn calls() {
        let policy = Policy::compile(&Redaction::standard(), None);
        let which = std::env::var("FIGURE").unwrap();
        let mut out = String::with_capacity(1000);
        for _ in 0..1000 {
            if let Some((_, value)) = VALUES.iter().find(|(what, _)| *what == which) {
                black_box(one_scan(black_box(&policy), black_box(value.as_bytes())));
            } else if let Some((_, text)) = TEXTS.iter().find(|(what, _)| *what == which) {
                black_box(one_text(black_box(&policy), black_box(text), &mut out));
            } else {
                black_box(one_name(black_box(&policy), black_box(&which)));
            }
        }
    }
}
