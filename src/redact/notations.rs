//! The notations in which programs write a name and its value, each with look-alikes that stay as they are.

use super::samples::shown;

/// Text, and what is left of it; nothing behind the bar if all of it.
pub(super) fn check(table: &str) {
    let mut wrong = Vec::new();
    for line in table.trim().lines() {
        let (text, expected) = line.split_once('¦').unwrap();
        let unescape = |text: &str| {
            text.replace("␤", "\n")
                .replace("␍", "\r")
                .replace("␉", "\t")
                .replace("␛", "\u{1b}")
                .replace("␣", "\u{200b}")
        };
        let (text, expected) = (unescape(text), unescape(expected));
        let expected = if expected.is_empty() { &text } else { &expected };
        let got = shown(&text);
        if got != *expected {
            wrong.push(format!("\n  text {text:?}\n  want {expected:?}\n  got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn the_second_of_a_pair_goes_when_the_first_names_it() {
    check(
        r#"
("password", "S")¦("password", "[redacted]")
[("user", "bob"), ("password", "S")]¦[("user", "bob"), ("password", "[redacted]")]
[["password","S"]]¦[["password","[redacted]"]]
[["user","bob"],["api_key","S"],["x",1]]¦[["user","bob"],["api_key","[redacted]"],["x",1]]
{"body":"[[\"password\",\"S\"]]"}¦{"body":"[[\"password\",\"[redacted]\"]]"}
('password', 'S')¦('password', '[redacted]')
(b'password', b'S')¦(b'password', b'[redacted]')
[("pin", 1234)]¦[("pin", "[redacted]")]
[["pin","123456"]]¦[["pin","[redacted]"]]
(password, hunter2)¦(password, [redacted])
[(user, bob), (password, hunter2)]¦[(user, bob), (password, [redacted])]
(␤    "password",␤    "S",␤)¦(␤    "password",␤    "[redacted]",␤)
("password", Some("S"))¦("password", "[redacted]")
{{"password", "S"}, {"user", "bob"}}¦{{"password", "[redacted]"}, {"user", "bob"}}
Header("Authorization", "Bearer S")¦Header("Authorization", "Bearer [redacted]")
headers.insert("x-api-key", "S")¦headers.insert("x-api-key", "[redacted]")
["password","hunter2!"]¦["password","[redacted]"]
["mysql","--password","S"]¦["mysql","--password","[redacted]"]
"mysql" "--password" "S"¦"mysql" "--password" "[redacted]"
["user","bob","password","S3cr3tVal"]¦["user","bob","password","[redacted]"]
curl_setopt($c, CURLOPT_PROXYPASSWORD, "S3cr3tVal");¦curl_setopt($c, CURLOPT_PROXYPASSWORD, "[redacted]");
apikey("S3cr3tVal")¦apikey("[redacted]")
["--output", "x", "--verbose", "y"]¦
get_secret("prod/db/main1")¦
("path", "/x")¦
["password","email"]¦
["password","email","token"]¦
{"fields":["token","secret"]}¦
INSERT INTO users (password, email) VALUES (?, ?)¦
SELECT (password, created_at) FROM users¦
("password", "username")¦
("cert", POINTER(X509))¦
t.equal(token, offsets[i][1])¦
("passphrase", false)¦
config.get("password", "changeme")¦
(secret, please)¦
(password, sha256)¦
("pass", "fail")¦
("password", "Enter your password")¦
t("password", "Your password")¦
"#,
    );
}

#[test]
fn what_is_encoded_is_read_and_replaced_where_it_stands() {
    check(
        r#"
next=%2Fcb%3Ftoken%3DS&x=1¦next=%2Fcb%3Ftoken%3D[redacted]&x=1
next=%2Fcb%3Ftoken%3DS%26x%3D1¦next=%2Fcb%3Ftoken%3D[redacted]%26x%3D1
next=%252Fcb%253Ftoken%253DS%2526x%253D1¦next=%252Fcb%253Ftoken%253D[redacted]%2526x%253D1
/redirect/%2Fcb%3Ftoken%3DS¦/redirect/%2Fcb%3Ftoken%3D[redacted]
https%3A%2F%2Fu%3AS%40h¦https%3A%2F%2Fu%3A[redacted]%40h
pass%77ord=S¦pass%77ord=[redacted]
pass%2577ord%253DS¦pass%2577ord%253D[redacted]
data=%7B%22password%22%3A%22S%22%2C%22a%22%3A1%7D¦data=%7B%22password%22%3A%22[redacted]%22%2C%22a%22%3A1%7D
{"pass\u0077ord":"S","a":1}¦{"pass\u0077ord":"[redacted]","a":1}
{"p\u0069n":1234,"a":1}¦{"p\u0069n":"[redacted]","a":1}
{"pass\u0077ord":["a","S"],"b":1}¦{"pass\u0077ord":"[redacted]","b":1}
{"pass\u0077ord":{"a":"S"},"b":1}¦{"pass\u0077ord":"[redacted]","b":1}
{"a":"{\"pass\\u0077ord\":\"S\"}"}¦{"a":"{\"pass\\u0077ord\":\"[redacted]\"}"}
{"a":"{\u0022password\u0022:\u0022S\u0022,\u0022b\u0022:1}"}¦{"a":"{\u0022password\u0022:\u0022[redacted]\u0022,\u0022b\u0022:1}"}
{"url":"/x?a=1\u0026token\u003dS\u0026b=2"}¦{"url":"/x?a=1\u0026token\u003d[redacted]\u0026b=2"}
{"pass\u0000word":"S"}¦{"pass\u0000word":"[redacted]"}
{"user\"password":"S"}¦{"user\"password":"[redacted]"}
"https:\/\/u:S@h\/"¦"https:\/\/u:[redacted]@h\/"
&quot;password&quot;:&quot;S&quot;,&quot;a&quot;:1¦&quot;password&quot;:&quot;[redacted]&quot;,&quot;a&quot;:1
<a href="/x?a=1&amp;token&#61;S&amp;b=2">¦<a href="/x?a=1&amp;token&#61;[redacted]&amp;b=2">
ｐassword＝S¦ｐassword＝[redacted]
密码：S¦密码：[redacted]
pass␣word=S a¦pass␣word=[redacted] a
password: “S S” a¦password: “[redacted]” a
␛[3mpassword␛[0m␛[2m=␛[0m"S" ␛[3ma␛[0m=1¦␛[3mpassword␛[0m␛[2m=␛[0m"[redacted]" ␛[3ma␛[0m=1
q=100%25&next=%2Fhome%3Ftab%3D1¦
/files/Annual%20Report%20%28final%29.pdf¦
{"a":"caf\u00e9 \u003cb\u003e bold \u003c\/b\u003e"}¦
C:\users\new\token\file.txt¦
Tom &amp; Jerry &lt;tom@example.com&gt;¦
author%3DAnn%26token_count%3D5¦
它说：你好，世界。作者：安¦
"#,
    );
}

#[test]
fn a_value_on_the_next_line_is_the_value() {
    check(
        r#"
password:␤  S¦password:␤  [redacted]
password:␍␤S␍␤user: bob¦password:␍␤[redacted]␍␤user: bob
"password"␤  : "S"¦"password"␤  : "[redacted]"
{"password":␤"S","a":1}¦{"password":␤"[redacted]","a":1}
{"a":"{\"password\":\n  \"S\"}"}¦{"a":"{\"password\":\n  \"[redacted]\"}"}
{"pin":␤ 1234␤}¦{"pin":␤ "[redacted]"␤}
password =␤    "S"¦password =␤    "[redacted]"
db:␤  password:␤    hunter2␤  host: h¦db:␤  password:␤    [redacted]␤  host: h
passwords:␤  - hunter2¦passwords:␤  - [redacted]
password␤: hunter2¦password␤: [redacted]
Enter the password:␤hunter22␤$¦Enter the password:␤[redacted]␤$
Password:␤Last login: Mon Oct 7¦
PASSWORD=␤USER=bob¦
password:␤username: bob¦
credentials:␤  username: bob¦
Username:␤Password:␤Login¦
Password␤========␤How to reset it¦
Password␤: The password of the user.¦
Secrets:␤  keep them in a vault␤¦
the following need a token:␤  upload, delete¦
Invalid token:␤   |␤12 | let x¦
"#,
    );
}

#[test]
fn json_in_json_is_read_at_any_depth() {
    let mut text = r#"{"user":"bob","password":"S3cr3t","a":{"pin":1234}}"#.to_owned();
    for depth in 0..10 {
        let out = shown(&text);
        assert!(
            !out.contains("S3cr3t") && !out.contains("1234") && out.contains("bob"),
            "{depth}: {out}"
        );
        let mut value: serde_json::Value = serde_json::from_str(&out).unwrap();
        for _ in 0..depth {
            value = serde_json::from_str(value["b"].as_str().unwrap()).unwrap();
        }
        assert_eq!(value["password"], "[redacted]");
        text = serde_json::json!({ "b": text }).to_string();
    }
}

#[test]
fn a_label_and_its_content_belong_together_in_either_order() {
    check(
        r#"
{"value":"S","name":"password"}¦{"value":"[redacted]","name":"password"}
{"value":"S","type":"text","name":"db_password"}¦{"value":"[redacted]","type":"text","name":"db_password"}
{"name":"password","value":"S"}¦{"name":"password","value":"[redacted]"}
{"key":"api_key","value":"S"}¦{"key":"api_key","value":"[redacted]"}
{"a":"{\"value\":\"S\",\"name\":\"password\"}"}¦{"a":"{\"value\":\"[redacted]\",\"name\":\"password\"}"}
Pair { value: "S", name: "password" }¦Pair { value: "[redacted]", name: "password" }
<input value="S" name="password"/>¦<input value="[redacted]" name="password"/>
{"field":"password","old":"R","new":"S"}¦{"field":"password","old":"[redacted]","new":"[redacted]"}
{"attribute":"password","old_value":"R","new_value":"S"}¦{"attribute":"password","old_value":"[redacted]","new_value":"[redacted]"}
{"op":"replace","path":"/password","value":"S"}¦{"op":"replace","path":"/password","value":"[redacted]"}
{"name":"password","note":{"value":"a"},"value":"S"}¦{"name":"password","note":{"value":"a"},"value":"[redacted]"}
[{"name":"password"},{"value":"a"}]¦
<input name="password"/><input value="a"/>¦
KeyValue { key: Static("password"), value: String(Owned("S")) }¦KeyValue { key: Static("password"), value: [redacted] }
{"k":"password","v":"S"}¦{"k":"password","v":"[redacted]"}
{"value":"S","name":"author"}¦
{"name":"author","value":"Ann"}¦
{"field":"email","old":"a","new":"b"}¦
{"value":"a"},{"name":"password"}¦
<option value="a" name="b">password</option>¦
"#,
    );
}

#[test]
fn the_part_of_a_form_goes_by_its_name() {
    check(
        r#"
--x␍␤Content-Disposition: form-data; name="password"␍␤␍␤S␍␤--x--¦--x␍␤Content-Disposition: form-data; name="password"␍␤␍␤[redacted]␍␤--x--
name="password"␍␤␍␤S␍␤¦name="password"␍␤␍␤[redacted]␍␤
name="password"␤Content-Type: text/plain␤␤S␤--x¦name="password"␤Content-Type: text/plain␤␤[redacted]␤--x
name="token"␍␤␍␤S␍␤T␍␤--x¦name="token"␍␤␍␤[redacted]␍␤--x
{"body":"name=\"password\"\r\n\r\nS\r\n--x"}¦{"body":"name=\"password\"\r\n\r\n[redacted]\r\n--x"}
name="author"␍␤␍␤Ann␍␤¦
<input name="password">␤␤text¦
"#,
    );
}

#[test]
fn arrows_tabs_and_folded_lines_part_names_from_values() {
    check(
        r#"
password -> hunter2¦password -> [redacted]
password => hunter2¦password => [redacted]
password: hunter1 -> hunter2¦password: [redacted] -> [redacted]
password: "a" => "b", x¦password: "[redacted]" => "[redacted]", x
password␉hunter2␤user␉bob¦password␉[redacted]␤user␉bob
Cookie: a=b;␍␤ c=d␍␤Host: h¦Cookie: [redacted]␍␤Host: h
headers:␤  Cookie: a=b␤  Accept: x¦headers:␤  Cookie: [redacted]␤  Accept: x
password <- "S"¦password <- "[redacted]"
password: !!str S¦password: !!str [redacted]
password: &a S¦password: &a [redacted]
password: |␤␤  S¦password: |␤␤  [redacted]
**password**: S¦**password**: [redacted]
*Password:* S¦*Password:* [redacted]
password -> String¦
fn token() -> Result<(), Error>¦
fn start(sid: [redacted]) -> bool¦
this->token->value()¦
user␉password␉email¦
password␉email¦
"#,
    );
}

#[test]
fn the_credentials_of_a_url_go_in_every_form_of_it() {
    check(
        r#"
//u:S@h/¦//u:[redacted]@h/
src="//u:S@h/x"¦src="//u:[redacted]@h/x"
https://S:x-oauth-basic@h/¦https://[redacted]:x-oauth-basic@h/
https://a1b2c3d4e5f6a7b8c9d0@h/x¦https://[redacted]@h/x
https://a1b2c3d4e5f6a7b8c9d0:@h/x¦https://[redacted]:@h/x
ssh://git@h/x¦
https://ann@example.com/x¦
https://medium.com/@author/some-post-1234¦
// TODO: ask bob@example.com¦
//cdn.example.com:8080/a@2.1.0/b.js¦
"#,
    );
}

#[test]
fn a_card_number_is_one_as_a_floating_point_number() {
    check(
        r#"
4111111111111111.0¦[redacted]
{"n":4111111111111111.0,"a":1}¦{"n":"[redacted]","a":1}
{"n":4111111111111111,"a":1}¦{"n":"[redacted]","a":1}
4111111111111111.05¦
4111111111111112.0¦
"#,
    );
}

mod properties {
    use proptest::prelude::*;

    use super::shown;

    /// Texts in which `§` is a name and `¤` its value.
    const NOTATIONS: &[&str] = &[
        "§=¤",
        "§: ¤",
        "§:¤",
        "§ = \"¤\"",
        "a=1&§=¤&b=2",
        "/x?a=1&§=¤#top",
        "{\"§\":\"¤\"}",
        "{\"a\":1,\"§\":\"¤\",\"b\":[2]}",
        "{'§': '¤'}",
        "Login { §: \"¤\", id: 1 }",
        "Some(Login { §: Some(\"¤\") })",
        "(\"§\", \"¤\")",
        "[(\"§\", \"¤\"), (\"a\", \"b\")]",
        "[[\"a\",\"b\"],[\"§\",\"¤\"]]",
        "(§, ¤)",
        "{\"name\":\"§\",\"value\":\"¤\"}",
        "{\"value\":\"¤\",\"name\":\"§\"}",
        "{\"field\":\"§\",\"old\":\"¤\",\"new\":\"¤\"}",
        "<§>¤</§>",
        "<x §=\"¤\"/>",
        "<add key=\"§\" value=\"¤\"/>",
        "§:\n  ¤\nb: 2",
        "§:\r\n¤\r\n",
        "{\"§\":\n  \"¤\"}",
        "name=\"§\"\r\n\r\n¤\r\n--x",
        "§ -> ¤",
        "§ => ¤",
        "§: x -> ¤",
        "--§ ¤",
        "--§=¤",
        "https://u:¤@h/x",
        "//u:¤@h/x",
        "export §=¤",
        "user=bob;§=¤;x=1",
    ];

    /// Names whose letters all notations leave as they are.
    const NAMES: &[&str] = &[
        "password",
        "api_key",
        "clientSecret",
        "db-password",
        "accessToken",
        "PASSWD",
    ];

    fn percent(text: &str, all: bool) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() && !all || matches!(b, b'_' | b'-' | b'.' | b'~');
        text.bytes()
            .map(|b| {
                if plain(b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect()
    }

    fn wrapped(text: &str, way: u8) -> String {
        match way {
            0 => serde_json::json!({ "a": 1, "body": text, "end": "end" }).to_string(),
            1 => format!("next={}&end=1", percent(text, false)),
            2 => format!("{:?}", Some(text)),
            3 => serde_json::json!([text, "end"]).to_string().replace('/', "\\/"),
            4 => text
                .replace('&', "&amp;")
                .replace('"', "&quot;")
                .replace('<', "&lt;")
                .replace('>', "&gt;"),
            5 => serde_json::json!({ "body": text })
                .to_string()
                .replace("\\\"", "\\u0022")
                .replace('=', "\\u003d"),
            6 => format!("Request {{ body: {text:?}, id: 7 }}"),
            7 => percent(text, true),
            8 => format!("2024-05-06T07:08:09Z info handled {text}"),
            _ => serde_json::json!({ "b": serde_json::json!({ "c": text }).to_string() }).to_string(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_planted_secret_survives_in_no_notation(
            notation in prop::sample::select(NOTATIONS),
            name in prop::sample::select(NAMES),
            ways in prop::collection::vec(0u8..10, 0..4),
            secret in "[A-Za-z0-9_~+.]{3}[0-9][A-Za-z][A-Za-z0-9_~+.-]{4,16}[A-Za-z0-9]",
        ) {
            let bare = notation.replace('§', name).replace('¤', &secret);
            let text = ways.iter().fold(bare, |text, way| wrapped(&text, *way));
            let out = shown(&text);
            let half = &secret[secret.len() / 2..];
            prop_assert!(!out.contains(half) && !out.contains(&percent(half, true)), "{}\n {}", text, out);
        }

        #[test]
        fn what_names_no_secret_comes_back_as_it_was(
            notation in prop::sample::select(NOTATIONS),
            name in prop::sample::select(&["author", "path", "token_count", "passenger", "user_id", "title"][..]),
            ways in prop::collection::vec(0u8..10, 0..4),
            value in "[a-z]{2,8}",
        ) {
            // The password of a URL has no name.
            prop_assume!(!notation.contains('@'));
            let bare = notation.replace('§', name).replace('¤', &value);
            let text = ways.iter().fold(bare, |text, way| wrapped(&text, *way));
            prop_assert_eq!(shown(&text), text);
        }
    }
}

#[test]
fn a_quote_written_twice_does_not_end_a_text_of_sql() {
    check(
        r#"
UPDATE u SET password='abc''S' WHERE id=1¦UPDATE u SET password='[redacted]' WHERE id=1
UPDATE u SET password='', name='bob''s' WHERE id=1¦
"#,
    );
}

#[test]
fn a_type_called_like_a_secret_hides_its_first_member() {
    check(
        r#"
Token { value: "S" }¦Token { value: "[redacted]" }
Some(ApiKey { inner: "S" })¦Some(ApiKey { inner: "[redacted]" })
Login { id: 1, token: Token { value: "S", kind: Plain } }¦Login { id: 1, token: [redacted] }
Token { kind: Ident, text: "a" }¦
Setting { value: "a" }¦
InvalidToken { value: "a" }¦
"#,
    );
}

#[test]
fn what_a_validator_was_given_goes_with_the_name_it_gives() {
    check(
        r#"
{"loc":["body","password"],"msg":"String should have at least 8 characters","input":"S"}¦{"loc":["body","password"],"msg":"String should have at least 8 characters","input":"[redacted]"}
{"field":"password","rejectedValue":"S","message":"size"}¦{"field":"password","rejectedValue":"[redacted]","message":"size"}
{"code":"too_small","path":["user","password"],"received":"S"}¦{"code":"too_small","path":["user","password"],"received":"[redacted]"}
"password" with value "S" fails to match the pattern¦"password" with value "[redacted]" fails to match the pattern
{"context":{"label":"password","value":"S","key":"password"}}¦{"context":{"label":"password","value":"[redacted]","key":"password"}}
user.password␤  String too short [type=short, input_value='S', input_type=str]¦user.password␤  String too short [type=short, input_value='[redacted]', input_type=str]
{"op":"add","path":"/users/0/credentials/token","value":"S"}¦{"op":"add","path":"/users/0/credentials/token","value":"[redacted]"}
{"op":"add","path":"/users/0/title","value":"a"}¦
{"path":"/var/lib/token.json","value":"a"}¦
{"loc":["body","title"],"input":"a"}¦
title␤  String too short [type=short, input_value='a', input_type=str]¦
"title" with value "a" fails to match the pattern¦
"#,
    );
}

#[test]
fn logins_are_read_in_the_forms_of_their_programs() {
    check(
        r#"
bob:S@tcp(db:3306)/shop¦bob:[redacted]@tcp(db:3306)/shop
dsn "root:S@unix(/tmp/mysql.sock)/shop" ok¦dsn "root:[redacted]@unix(/tmp/mysql.sock)/shop" ok
scott/S@//db:1521/orcl¦scott/[redacted]@//db:1521/orcl
ran: sqlplus scott/S@orcl¦ran: sqlplus scott/[redacted]@orcl
localhost:5432:shop:bob:S¦localhost:5432:shop:bob:[redacted]
*:*:*:bob:S␤db:5433:a:b:S¦*:*:*:bob:[redacted]␤db:5433:a:b:[redacted]
machine h=1 login bob password S¦machine h=1 login bob password [redacted]
machine h login bob^x password S¦machine h login bob^x password [redacted]
machine h␤  login bob␤  password S␤machine i¦machine h␤  login bob␤  password [redacted]␤machine i
psexec \\\\10.0.0.7 -u admin -p S cmd¦psexec \\\\10.0.0.7 -u admin -p [redacted] cmd
c = new NetworkCredential("bob", "S");¦c = new NetworkCredential("bob", "[redacted]");
x.Credentials = new NetworkCredential("bob", "S");¦x.Credentials = new NetworkCredential("bob", "[redacted]");
new DirectoryEntry("LDAP://h", "bob", "S")¦new DirectoryEntry("LDAP://h", "bob", "[redacted]")
get(url, HTTPBasicAuth("bob", "S"))¦get(url, HTTPBasicAuth([redacted]))
the default password for the user "bob" is "Sesame"¦the default password for the user "bob" is "[redacted]"
{"n":"the password is \"Sesame\" now"}¦{"n":"the password is \"[redacted]\" now"}
buildConfigField 'String' , 'API_KEY' , '"a1b2c3d4"'¦buildConfigField 'String' , 'API_KEY' , '[redacted]'
echo "the password is 'Secret123'"¦echo "the password is '[redacted]'"
secret key:k3X9q2M8v7N1z5C4b6L0 ok¦secret key:[redacted] ok
e8f6:5433:e97c:1315:f814:06d1:82c8:2fbf␤2fa3:f451:6f39:03e1:7497:89fd:26a9:20da¦
["mysql","-uroot","-pS"]¦["mysql","-uroot","-p[redacted]"]
["curl","-u","bob:S","https://h"]¦["curl","-u","bob:[redacted]","https://h"]
a:1:{s:8:"password";s:1:"S";}¦a:1:{s:8:"password";s:1:"[redacted]";}
{"p":"a:1:{s:8:\"password\";s:1:\"S\";}"}¦{"p":"a:1:{s:8:\"password\";s:1:\"[redacted]\";}"}
<property name="password">S</property>¦<property name="password">[redacted]</property>
<entry key="db.password">S</entry>¦<entry key="db.password">[redacted]</entry>
password = """␤S␤"""␤a = 1¦password = """␤[redacted]␤"""␤a = 1
root:$6$saltsalt$aG3vN1pQx0dO4bL6tY8rW2eK5jH7mC9z:18000:0¦root:[redacted]:18000:0
cost $2b$12$abcdefghijklmnopqrstuuKJ8Z5v0nYk3J9Q1mXy2WcVbTqLrS6eO2.¦cost [redacted]
h=$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG x¦h=[redacted] x
12:5432:a:b¦
src/main.rs:12:5:error: cannot¦
mail bob/al@example.com¦
user/repo@main //x¦
<property name="title">a</property>¦
<input name="password">a¦
a:1:{s:5:"title";s:1:"a";}¦
docker run -p "8080:80"¦
costs $6$ or $1$¦
"#,
    );
}

#[test]
fn remarks_and_programs_stay() {
    check(
        r#"
pass: 12¦
tests: pass: 12, fail: 0¦
session: closed¦
cookie: accepted¦
pin: 5 connected¦
let token = tokens.next();¦
self.password = hash_password(raw)¦
if token[:1] in single_quoted:¦
<a accesskey="p" href="a.html">¦
token = Token(abc)¦token = [redacted]
password=abc(def)¦password=[redacted]
"#,
    );
}
