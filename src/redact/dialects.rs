//! What other scanners look for, and what programs write that only looks so. Tokens are put together at run time.

use super::drawn::{ALNUM, DIGITS, HEX, LOWER, UPPER, URL64, body, drawn};
use super::notations::check;
use super::samples::shown;

/// By prefix, alphabet and length.
const TOKENS: &[(&str, &str, usize)] = &[
    ("STS.", ALNUM, 20),
    ("ABSK", ALNUM, 34),
    ("FwoGZXIvYXdz", ALNUM, 200),
    ("FQoDYXdz", ALNUM, 200),
    ("AQoDYXdz", ALNUM, 200),
    ("IQoJb3JpZ2lu", ALNUM, 200),
    ("AVNU_", ALNUM, 300),
    ("akab-", ALNUM, 33),
    ("pplx-", ALNUM, 42),
    ("CFPAT-", URL64, 27),
    ("oak_", ALNUM, 22),
    ("ctp_", ALNUM, 36),
    ("k4.secret.", URL64, 16),
    ("v4.local.", ALNUM, 20),
    ("NRAK-", UPPER, 30),
    ("skapi_prod_", ALNUM, 44),
    ("AIK_CI_", ALNUM, 24),
    ("unkey_", ALNUM, 22),
    ("ALTAK", ALNUM, 21),
    ("AKLT", URL64, 44),
    ("JDC_", UPPER, 28),
    ("cflt", ALNUM, 60),
    ("dbtc_", URL64, 40),
    ("dtn_", HEX, 64),
    ("signkey-prod-", HEX, 64),
    ("as-", ALNUM, 22),
    ("st.", ALNUM, 70),
    ("BBDC-", ALNUM, 36),
    ("SWMKEY-1-", ALNUM, 43),
    ("snyk_uat.", ALNUM, 64),
    ("xoxd-", ALNUM, 120),
    ("oauth:", LOWER, 30),
    ("live_", ALNUM, 30),
    ("cs_", HEX, 40),
    ("bxt_", ALNUM, 36),
    ("AQEyhm", ALNUM, 120),
    ("persona_production_", URL64, 36),
    ("polar_oat_", URL64, 40),
    ("prf_", URL64, 40),
    ("KEY0", UPPER, 54),
    ("eyJrIjoi", ALNUM, 44),
    ("phx_", URL64, 43),
    ("pylf_v1_us_", ALNUM, 40),
    ("waka_", ALNUM, 40),
    ("sk_car_", ALNUM, 20),
    ("ctx7sk-", URL64, 36),
    ("ls__", HEX, 32),
    ("apify_api_", ALNUM, 36),
    ("lbx_", URL64, 43),
    ("lip_", ALNUM, 20),
    ("nyk_", ALNUM, 67),
    ("mergify_application_key_", URL64, 60),
    ("hcaik_", ALNUM, 58),
    ("sk_live_a2V5Xz", ALNUM, 40),
    ("t1.", URL64, 120),
    ("ATAT", URL64, 150),
    ("token-", LOWER, 60),
    ("live_", HEX, 32),
    ("slk_", HEX, 64),
    ("cr-", HEX, 58),
    ("odt_", ALNUM, 32),
    ("key_", HEX, 28),
    ("pk_", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", 41),
    ("AKCp", ALNUM, 33),
    ("R_", HEX, 32),
    ("ddn_", HEX, 64),
    ("figd_", ALNUM, 22),
    ("ser.", ALNUM, 40),
    ("uak_", URL64, 43),
    ("cio_tp_", ALNUM, 32),
    ("csk-", URL64, 48),
    ("hcbic_", LOWER, 58),
    ("ory_at_", URL64, 87),
    ("sandbox-sq0csb-", URL64, 43),
    ("sq0idp-", URL64, 22),
    ("r8_", URL64, 37),
    ("xapt-", ALNUM, 24),
    ("sk-helicone-eu-", LOWER, 32),
];

#[test]
fn tokens_of_more_services_go_in_any_text() {
    let mut missed = Vec::new();
    for seed in 1..=12 {
        for (prefix, set, n) in TOKENS {
            let token = format!("{prefix}{}", drawn(set, *n, seed));
            for frame in [
                "{}",
                "rotated {} today",
                "(see {})",
                "{\"note\":\"{}\"}",
                "https://h.example/x?y={}&z=1",
                "got '{}'.",
            ] {
                let got = shown(&frame.replace("{}", &token));
                if got != frame.replace("{}", "[redacted]") {
                    missed.push(format!("{prefix} {got}"));
                }
            }
        }
        // 16 bytes in base64, and a key behind them.
        let pair = format!("{}==:{}", drawn(ALNUM, 22, seed), drawn(ALNUM, 32, seed + 1));
        assert_eq!(shown(&format!("pat {pair} used")), "pat [redacted] used");
        let zoho = format!("1000.{}.{}", body(HEX, 32, seed), body(HEX, 32, seed + 1));
        assert_eq!(shown(&format!("pat {zoho} used")), "pat [redacted] used");
        let azure = format!("{}JQQJ99AAACAAAA{}", body(ALNUM, 60, seed), body(ALNUM, 12, seed));
        assert_eq!(shown(&format!("pat {azure} used")), "pat [redacted] used");
        let infura = format!("https://mainnet.infura.io/v3/{}", body(HEX, 32, seed));
        assert_eq!(shown(&infura), "https://mainnet.infura.io/v3/[redacted]");
    }
    let all = TOKENS.len() * 12 * 6;
    assert!(missed.len() * 100 <= all, "{} of {all}: {missed:?}", missed.len());
}

#[test]
fn what_begins_like_a_token_and_is_a_name_stays() {
    for seed in 1..40 {
        for text in [
            format!("prod_{}", drawn(ALNUM, 24, seed)),
            "prf_01H455VB4PEX5VSKNKM4FKX9ZZ".to_owned(),
            "tss_update_kernel_stack_64".to_owned(),
            "live_view_socket_connected_2_of_3_ok".to_owned(),
            "token-bucket-limiter-for-tenant-0042".to_owned(),
            "as-built-2024-drawings-final".to_owned(),
            format!("cs_test_{}", body(LOWER, 8, seed)),
            "polar_at_midnight_2024_observations_of_day_9".to_owned(),
            format!("cache-key-{}", drawn(HEX, 32, seed)),
            format!("grid-fc-{}.internal", drawn(HEX, 32, seed)),
            format!("public-key_{}", drawn(HEX, 64, seed)),
        ] {
            assert_eq!(shown(&text), text);
        }
    }
}

#[test]
fn names_and_values_are_read_in_more_notations() {
    check(
        r#"
$apiToken .= "S3cr3tVal"¦$apiToken .= "[redacted]"
<property><name>fs.s3a.secret.key</name><value>S</value></property>¦<property><name>fs.s3a.secret.key</name><value>[redacted]</value></property>
<name>db.password</name>␤  <value>S</value>¦<name>db.password</name>␤  <value>[redacted]</value>
<key>token</key><string>S</string>¦<key>token</key><string>[redacted]</string>
<param-name>apiKey</param-name><param-value>S</param-value>¦<param-name>apiKey</param-name><param-value>[redacted]</param-value>
<name>title</name><value>S</value>¦
<key>CFBundleName</key><string>S</string>¦
app:S3cr3tVal@/books?parseTime=true¦app:[redacted]@/books?parseTime=true
SET PASSWORD FOR bob = 'S3cr3tVal'¦SET PASSWORD FOR bob = '[redacted]'
SET PASSWORD FOR 'bob'@'%' = PASSWORD('S3cr3tVal')¦SET PASSWORD FOR 'bob'@'%' = PASSWORD('[redacted]')
[DEBUG] Using Key=xT1PNSDg6JjzG8fWoLb8¦[DEBUG] Using Key=[redacted]
using key=user:42¦
found an acme secret p7uRQ6fxj/qswvL9e1QfHSSVJpTFYb2ETej2wB here¦found an acme secret [redacted] here
the secret kv/data/app1/x9y8z7w6v5u4t3s2r1¦
"#,
    );
}

#[test]
fn what_programs_hand_on_and_compare_is_no_value() {
    check(
        r#"
const token = await getToken();¦
let mut token = Literal::character(value);¦
password = config.get("password")¦
const password = props.safe(auth, 'password') || '';¦
password = decrypt("S3cr3tVal1")¦password = [redacted]
if token != expected { return Err(..) }¦
if token == other.token {¦
token == S3cr3tVal¦token == [redacted]
api_key=config._api_key,¦
request_cookies=request.COOKIES,¦
as_token: node.as_token,¦
password: my.S3cr3t.words¦password: [redacted]
password: correct.horse.secret¦password: [redacted]
password=form.password¦
password == letmein¦password == [redacted]
question_token: input.parse()?,¦
pub as_token: Token![as],¦
token: token::Paren(span),¦
signature: fn(u32) -> u32¦
separator_token = "~"¦
password = "x"¦password = "[redacted]"
token: EOF¦
token: 17¦
token: 493021¦token: [redacted]
session: 3 active¦
pin: connected¦
pin: 4931¦pin: [redacted]
c717:b50a:2fa0:6c1d¦
"#,
    );
}

#[test]
fn the_rest_of_a_longer_number_is_no_card() {
    for text in ["4142 5628 4365 0267 423", "3567 3662 8163 9183 858"] {
        assert_eq!(shown(text), text);
    }
    assert_eq!(shown("order 1234 4111 1111 1111 1111"), "order 1234 [redacted]");
    assert_eq!(shown("order 1234 3782 822463 10005"), "order 1234 [redacted]");
}

#[test]
fn a_token_behind_the_number_of_its_user_goes_with_it() {
    for seed in 1..40 {
        let (id, hash) = (body(DIGITS, 16, seed), body(HEX, 32, seed));
        for text in ["{}", "got {} today", "the value was {}.", "{\"note\":\"{}\"}"] {
            let token = format!("1/{id}:{hash}");
            assert_eq!(shown(&text.replace("{}", &token)), text.replace("{}", "[redacted]"));
        }
        // A path and a port before a hash; no card begins so.
        let id = format!("1{}", body(DIGITS, 13, seed));
        for text in [
            format!("10/{id}:{hash}"),
            format!("x/1/{id}:{hash}"),
            format!("1/80:{hash}"),
        ] {
            assert_eq!(shown(&text), text);
        }
        // Of a data centre, in whatever letters.
        let key = format!("{}-us{}", body(ALNUM, 32, seed), 1 + seed % 20);
        assert_eq!(shown(&key), "[redacted]");
    }
}

#[test]
fn a_token_of_two_parts_with_a_sign_of_equality_goes_whole() {
    for seed in 1..40 {
        let token = format!(
            "AAAAAAAAAAAAAAAAAAAAA{}={}",
            body(ALNUM, 30, seed),
            body(ALNUM, 50, seed)
        );
        for token in [token.replace('=', "%3D"), token.replace('=', "\\u003d"), token] {
            assert_eq!(shown(&format!("got {token} today")), "got [redacted] today");
        }
    }
}

#[test]
fn what_is_a_key_of_somebody_s_goes_in_logs_of_programs_that_call_services() {
    for seed in 1..40 {
        let key = drawn(ALNUM, 32, seed);
        for text in [
            "[DEBUG] Using acme Key={}",
            "using acme KEY={} for it",
            "Your ACME key is {}, which you will need",
            "GET https://api.acme.example/v1/users?key={}",
            "url := \"https://api.acme.example/v1/users?page=2&key={}\"",
            "todoistKey := \"{}\"",
            "{\"bulbul_key\":\"{}\"}",
        ] {
            assert_eq!(shown(&text.replace("{}", &key)), text.replace("{}", "[redacted]"));
        }
        for text in [
            "using cache key={}",
            "Your idempotency key is {}",
            "the primary key is {}",
            "GET https://acme.example/objects?key={}",
            "{\"project_key\":\"{}\"}",
        ] {
            let text = text.replace("{}", &key);
            assert_eq!(shown(&text), text);
        }
        for text in [
            format!("https://api.acme.example/objects?key={}", body(HEX, 40, seed)),
            "https://api.acme.example/objects?key=550e8400-e29b-41d4-a716-446655440000".to_owned(),
            "https://api.acme.example/objects?key=reports/2026/november.csv".to_owned(),
        ] {
            assert_eq!(shown(&text), text);
        }
    }
}

#[test]
fn a_number_as_long_as_a_card_has_no_further_group() {
    // Its own check digit is wrong; with what follows it would be right.
    for text in [
        "GET /orders/4195808640323957 200",
        "order 4111111111111112 100 items",
        "gid://shop/Order/4906540913062",
    ] {
        assert_eq!(shown(text), text);
    }
    for text in [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "3782 822463 10005",
        "4111111111111111 200",
    ] {
        assert!(shown(text).starts_with("[redacted]"), "{text}");
    }
}

#[test]
fn who_somebody_is_at_a_provider_stays_and_a_session_goes() {
    let (account, user) = (
        format!("AC{}", body(HEX, 32, 7)),
        "S-1-5-21-3623811015-3361044348-30300820-1013",
    );
    for text in [
        format!("account_sid={account}"),
        format!("{{\"AccountSid\":\"{account}\"}}"),
        format!("user_sid: {user}"),
    ] {
        assert_eq!(shown(&text), text);
    }
    for text in ["sid=s3ss10n1d", "{\"connect.sid\":\"s3ss10n1d\"}", "req.sid=s3ss10n1d"] {
        assert!(shown(text).contains("[redacted]"), "{text}");
    }
}

#[test]
fn a_string_that_is_defined_or_handed_over_goes_by_its_name() {
    for (text, expected) in [
        ("#define DB_PASSWORD \"hunter2\"", "#define DB_PASSWORD \"[redacted]\""),
        (
            "#define ACME_API_KEY \"abc\" // x",
            "#define ACME_API_KEY \"[redacted]\" // x",
        ),
        (
            "client.withPassword(\"hunter2\")",
            "client.withPassword(\"[redacted]\")",
        ),
        (".withApiKey(\"abc\")", ".withApiKey(\"[redacted]\")"),
    ] {
        assert_eq!(shown(text), expected);
    }
    for text in [
        "#define TOKEN_COUNT \"5\"",
        "#define VERSION \"1.2\"",
        ".withTokenCount(\"5\")",
        ".withAuthor(\"ann\")",
        "fetch.withCredentials(\"include\")",
    ] {
        assert_eq!(shown(text), text);
    }
}

#[test]
fn a_uuid_that_a_mark_makes_a_key_goes_and_others_stay() {
    let uuid = "279a2e9d-83b3-c416-7e2d-f721593e42a0";
    for text in ["{}", "got {} today", "it was {}.", "{\"note\":\"{}\"}"] {
        let shown = shown(&text.replace("{}", &format!("{uuid}:fx")));
        assert_eq!(shown, text.replace("{}", "[redacted]"));
    }
    for text in [
        format!("{uuid}:fxa"),
        format!("a{uuid}:fx"),
        format!("{uuid}:f"),
        format!("{uuid} fx"),
    ] {
        assert_eq!(shown(&text), text);
    }
}

#[test]
fn keys_of_azure_are_known_by_the_mark_of_their_service() {
    for seed in 1..12 {
        for (mark, before, behind, padding) in [
            ("+AEh", 33, "C", "="),
            ("AIoT", 33, "P", "="),
            ("AzCa", 33, "B", "="),
            ("AzSe", 42, "A", ""),
            ("AzFu", 44, "x", "=="),
            ("+ASt", 76, "k", "=="),
            ("ACDb", 76, "w", "=="),
        ] {
            let key = format!(
                "{}{mark}{behind}{}{padding}",
                body(ALNUM, before, seed),
                body(ALNUM, 5, seed)
            );
            assert_eq!(shown(&format!("got {key}.")), "got [redacted].", "{key}");
            let other = key.replace(mark, "abcd");
            assert_eq!(shown(&format!("sum {other}")), format!("sum {other}"));
        }
    }
}

#[test]
fn a_group_that_fails_its_check_is_no_card_with_three_digits_more() {
    for text in [
        "4111 1111 1111 1112 123",
        "4704 7305 7603 0999 881",
        "4491 3438 0051 1808 247",
        "DE00 6736 1416 7267 1103 00",
    ] {
        assert_eq!(shown(text), text);
    }
    assert_eq!(shown("4111 1111 1111 1111 123"), "[redacted] 123");
    assert_eq!(shown("6212 3456 7890 0000 003"), "[redacted]");
}

#[test]
fn what_a_word_only_tells_goes_and_what_it_asks_stays() {
    check(
        r#"
this is password: Hunter22¦this is password: [redacted]
is Authorization: Bearer abcDEF123abcDEF123¦is Authorization: Bearer [redacted]
no password: Hunter22¦no password: [redacted]
it has password: yes¦
no password: required¦
is token: 17¦
"#,
    );
}

#[test]
fn a_string_in_quotes_that_nobody_escaped_goes_from_the_string_around_it() {
    check(
        r#"
msg="Login { password: "Hunter22" }"¦msg="Login { password: "[redacted]" }"
{"sql":"SET password = "Hunter22""}¦{"sql":"SET password = "[redacted]""}
"a password: "Hunter22"¦"a password: "[redacted]"
{"label":"password: ","b":"x"}¦
["password: ", "hunter2"]¦
prompt("password: ") + "abc"¦
"#,
    );
}

#[test]
fn what_refers_to_a_value_in_a_program_is_one_itself_in_quotes() {
    check(
        r#"
{"password":"this.is.my.Hunter22"}¦{"password":"[redacted]"}
password="$(Hunter22"¦password="[redacted]"
Acc { password: "self.x12345" }¦Acc { password: "[redacted]" }
password = self.password¦
PASS=$(cat /run/secrets/x)¦
token: "$(openssl rand -hex 3)"¦
password: Hunter22 {}¦password: [redacted] {}
password: Password {}¦
"#,
    );
    for kind in ["Password", "ApiKey"] {
        let shown = shown(&format!("{kind}(\n    \"Hunter22\",\n)"));
        assert_eq!(shown, format!("{kind}(\n    \"[redacted]\",\n)"));
    }
}

#[test]
fn a_secret_goes_that_is_told_in_the_notation_of_a_program() {
    check(
        r#"
{:password Hunter22 :port 81}¦{:password [redacted] :port 81}
:password nil, :token required¦
getSecret: () => 'Hunter22'¦getSecret: () => '[redacted]'
onSecret: () => { go() }¦
AWS Secret Access Key [None]: abcDEF123+x/9¦AWS Secret Access Key [None]: [redacted]
password                    = "Hunter22"¦password                    = "[redacted]"
token = 'abcDEF123' | 'abcDEF456'¦token = '[redacted]' | '[redacted]'
api key=Hunter22x¦api key=[redacted]
kind=api key=Hunter22x¦
curl -u Xy7kQ2mZp9Rt4Lw8Bn3V:X https://h.example¦curl -u [redacted] https://h.example
fieldNameWithPassword = "Hunter22"¦fieldNameWithPassword = "[redacted]"
loginWithPassword = true¦
"#,
    );
}

#[test]
fn a_service_alone_names_a_uuid_and_a_hash_of_sixteen_bytes_where_it_makes_none_itself() {
    let uuid = "6f1a5f08-2a5e-4f11-8329-248cb850df03";
    let hash = body(HEX, 32, 7);
    for key in [uuid, hash.as_str()] {
        for text in ["heroku: '{}'", "LASTFM={}", "codecov = \"{}\""] {
            assert_eq!(shown(&text.replace("{}", key)), text.replace("{}", "[redacted]"));
        }
        for text in [
            "datadog: '{}'",
            "GITHUB={}",
            "azure = \"{}\"",
            "heroku app={}",
            "shipment: {}",
        ] {
            assert_eq!(shown(&text.replace("{}", key)), text.replace("{}", key));
        }
    }
    let commit = body(HEX, 40, 7);
    let text = format!("heroku: {commit}");
    assert_eq!(shown(&text), text);
}

#[test]
fn a_password_goes_where_programs_and_settings_write_it_by_other_signs() {
    check(
        r#"
smtps://bob@h.example:Hunter22@smtp.h.example:465¦smtps://bob@h.example:[redacted]@smtp.h.example:465
os.environ.get("PASSWORD") or "Hunter22"¦os.environ.get("PASSWORD") or "[redacted]"
ENV['PASSWORD'] || 'Hunter22'¦ENV['PASSWORD'] || '[redacted]'
token = os.Getenv("TOKEN") ?? "abc123def"¦token = os.Getenv("TOKEN") ?? "[redacted]"
{'password': os.getenv('DB_PASSWORD', 'Hunter22'), 'a': 1}¦{'password': os.getenv('DB_PASSWORD', '[redacted]'), 'a': 1}
SECRET = getenv("OTHER", "Hunter22")¦SECRET = [redacted]
ConvertTo-SecureString -String "Hunter22"¦ConvertTo-SecureString -String "[redacted]"
CREATE USER bob ACCOUNT UNLOCK IDENTIFIED BY Hunter22¦CREATE USER bob ACCOUNT UNLOCK IDENTIFIED BY [redacted]
{:user "a" :password "hunter22" :port 1}¦{:user "a" :password "[redacted]" :port 1}
mapOf("password" to "hunter22")¦mapOf("password" to "[redacted]")
conn.login('bob@h.example', 'hunter22', done)¦conn.login('bob@h.example', '[redacted]', done)
define('DB_PASSWORD', 'admin');¦define('DB_PASSWORD', '[redacted]');
username "bob"␤password "hunter"␤tls on¦username "bob"␤password "[redacted]"␤tls on
passwords:␤  - hunter22␤  - 'b c'␤  - x9 # y␤other: 1¦passwords:␤  - [redacted]␤  - '[redacted]'␤  - [redacted] # y␤other: 1
API_TOKEN=Bearer abcDEF123abcDEF123¦API_TOKEN=Bearer [redacted]
deploy --ask-password https://h.example¦
export API_TOKEN=$token¦
$password = $input;¦
"passwordField": "password", "promptForPass": false¦
secrets:␤- name: a␤- name: b¦
auth=basic user=bob¦
postgresql://{username}:{password}@{host}/x¦
https://<user>:<pass>@h.example¦
secrets = get_secrets(CONFIG["secret_key"], OTHER["secret_key"])¦
# Authentication token: JWT format bearer token¦
order - 'x', id or "abc123def456"¦
"#,
    );
}
