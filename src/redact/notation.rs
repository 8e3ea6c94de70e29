//! What programming languages, YAML and system logs put between a name and its value.

use super::Shape;
use super::marks::{blanks, closing, gap, opening, slashes};
use super::pair::{Name, name};
use super::policy::Verdict;
use super::shapes::{at, before, mixed, run_to, set, sets};
use super::text::Walk;

/// The cell behind the comma at `comma`, and the one before it, if they may be a name and a secret: `dbPassword,<random>,`. In a row
/// of names nothing is random.
pub(super) fn cells(s: &[u8], comma: usize, floor: usize) -> Option<((usize, usize), (usize, usize))> {
    let start = comma + 1;
    if !at(s, start).is_ascii_alphanumeric() || sets(at(s, start + 15)) & set::TOKEN68 == 0 {
        return None;
    }
    let end = run_to(s, start, set::TOKEN68, 256);
    let closed = matches!(at(s, end), b',' | b';' | b'\n' | b'\r' | 0);
    if !closed || end - start < 16 || !mixed(s.get(start..end)?) {
        return None;
    }
    let name = name(s, comma, floor)?;
    let opened = matches!(before(s, name.start), b',' | b';' | b'\n' | b' ' | 0);
    opened.then_some(((name.start, name.end), (start, end)))
}

/// Types of text, as declarations name them between a name and its value.
const TYPES: [&[u8]; 7] = [
    b"string",
    b"String",
    b"str",
    b"bytes",
    b"text",
    b"SecretString",
    b"wstring",
];

pub(super) fn is_type(text: &[u8]) -> bool {
    TYPES.contains(&text)
}

/// Whether a type and an equals sign stand at `i`.
pub(super) fn declared(s: &[u8], i: usize) -> bool {
    if !matches!(at(s, i), b'&' | b'a'..=b'z' | b'S') {
        return false;
    }
    let lead = |i: usize, word: &[u8]| {
        if s.get(i..).is_some_and(|rest| rest.starts_with(word)) {
            i + word.len()
        } else {
            i
        }
    };
    let start = lead(lead(i, b"&"), b"'static ");
    let end = run_to(s, start, set::ALNUM, 16);
    let equals = end + blanks(s, end);
    s.get(start..end).is_some_and(is_type) && at(s, equals) == b'=' && at(s, equals + 1) != b'='
}

/// Whether the object from `open` to `end` says what a field is like, and holds nothing of it: `{"type": "string"}`.
pub(super) fn is_schema(s: &[u8], open: usize, end: usize) -> bool {
    const KINDS: [&[u8]; 6] = [b"string", b"number", b"integer", b"boolean", b"object", b"array"];
    const HOLDS: [&[u8]; 6] = [b"value", b"default", b"const", b"enum", b"example", b"pattern"];
    let string = |i: usize| {
        let (start, quote, level) = opening(s, gap(s, i))?;
        let close = closing(s, start, quote, level);
        Some((s.get(start..close)?, gap(s, close + level + 1)))
    };
    let Some((b"type", colon)) = string(open + 1).filter(|_| at(s, open) == b'{') else {
        return false;
    };
    let kind = string(colon + 1).filter(|(kind, _)| at(s, colon) == b':' && KINDS.contains(kind));
    let text = s.get(open..end).unwrap_or_default();
    kind.is_some() && !HOLDS.iter().any(|word| memchr::memmem::find(text, word).is_some())
}

/// The name in front of the type that begins at `i`.
pub(super) fn declaration(s: &[u8], i: usize, floor: usize) -> Option<Name> {
    let head = s.get(floor.min(i)..i)?;
    let head = head.strip_suffix(b"'static ").unwrap_or(head);
    let head = head.strip_suffix(b"&").unwrap_or(head).trim_ascii_end();
    let head = head.strip_suffix(b":").unwrap_or(head);
    let end = floor.min(i) + head.len();
    if end == i { None } else { name(s, end, floor) }
}

/// Whether a name is that of a process in a system log, `passwd[4711]`.
pub(super) fn is_process(text: &[u8]) -> bool {
    let Some(head) = text.strip_suffix(b"]") else {
        return false;
    };
    let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    digits > 0
        && head
            .get(..head.len() - digits)
            .is_some_and(|head| head.ends_with(b"[") && head.len() > 1)
}

/// Where the first line of a YAML block begins whose `|` or `>` stands at `i`, behind what it is set in by, and how far that is.
pub(super) fn block_start(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let mut at_ = i + 1;
    while at_ < i + 3 && matches!(at(s, at_), b'-' | b'+' | b'0'..=b'9') {
        at_ += 1;
    }
    at_ += blanks(s, at_);
    at_ += usize::from(at(s, at_) == b'\r');
    if at(s, at_) != b'\n' {
        return None;
    }
    while matches!(at(s, at_ + 1), b'\n') {
        at_ += 1;
    }
    let indent = blanks(s, at_ + 1);
    Some((at_ + 1 + indent, indent))
}

/// The lines of a YAML block whose `|` or `>` stands at `i`, without the blanks before the first.
pub(super) fn block(s: &[u8], i: usize) -> Option<(usize, usize)> {
    let (start, indent) = block_start(s, i)?;
    let mut end = start;
    loop {
        let rest = s.get(end..)?;
        end += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        // The next line belongs to it if it is set in as far.
        if end == s.len() || indent == 0 || blanks(s, end + 1) < indent {
            break;
        }
        end += 1;
    }
    (end > start).then_some((start, end))
}

/// The verdict on the text whose quote opens at `i`, as PHP writes a member: `s:8:"password";s:1:"x";`.
pub(super) fn serialized(walk: &Walk<'_>, i: usize) -> Option<Verdict> {
    let s = walk.s;
    let length = |end: usize| {
        let head = s.get(end.saturating_sub(12)..end)?.strip_suffix(b":")?;
        let digits = head.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        head.get(..head.len() - digits)?
            .ends_with(b"s:")
            .then(|| end - digits - 3)
    };
    let level = slashes(s, i);
    let sign = length(i - level)?;
    let member = name(s, sign.checked_sub(1).filter(|sign| at(s, *sign) == b';')?, walk.floor)?;
    length(member.start.checked_sub(1 + member.level)?)?;
    let judged = walk.policy.judge(s.get(member.start..member.end)?)?;
    walk.policy.shape(Shape::Pair, judged.verdict.class)?;
    Some(judged.verdict)
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    #[test]
    fn what_says_what_a_field_is_like_stays() {
        for text in [
            "{\"password\": {\"type\": \"string\", \"description\": \"of the database\"}}",
            "{\\\"api_key\\\":{\\\"type\\\":\\\"string\\\"}}",
        ] {
            assert_eq!(shown(text), text);
        }
        for text in [
            "{\"password\":{\"type\":\"string\",\"value\":\"x9y8\"}}",
            "{\"password\":{\"type\":\"x9y8\"}}",
        ] {
            assert_eq!(shown(text), "{\"password\":\"[redacted]\"}");
        }
    }

    #[test]
    fn a_value_is_found_behind_a_type_in_a_block_and_in_a_cell() {
        for (text, expected) in [
            ("var dbToken string = \"abc\"", "var dbToken string = \"[redacted]\""),
            (
                "let token: &'static str = \"abc\";",
                "let token: &'static str = \"[redacted]\";",
            ),
            (
                "const apiKey: string = 'abc'; n",
                "const apiKey: string = '[redacted]'; n",
            ),
            ("let name: &str = \"abc\"", "let name: &str = \"abc\""),
            ("password: string", "password: [redacted]"),
            ("API_TOKEN :::= \"abc\"", "API_TOKEN :::= \"[redacted]\""),
            ("api_token: |\n  abc\n  def\nx: 1", "api_token: |\n  [redacted]\nx: 1"),
            ("api_token: >-\n  abc", "api_token: >-\n  [redacted]"),
            ("api_token: |", "api_token: |"),
            ("dbPassword,k3x9q2m8v7n1z5c4b6l0,x", "dbPassword,[redacted],x"),
            ("id,k3x9q2m8v7n1z5c4b6l0,x", "id,k3x9q2m8v7n1z5c4b6l0,x"),
            ("password,user,email_of_the_owner", "password,user,email_of_the_owner"),
            ("PWD=hunter2 PWD=/home/bob", "PWD=[redacted] PWD=/home/bob"),
            (
                "passwd[17]: hunter2 password[0]=hunter2",
                "passwd[17]: hunter2 password[0]=[redacted]",
            ),
            ("Password(\"abc\")", "Password(\"[redacted]\")"),
            ("Err(ApiKey(\"abc\")), n: 1", "Err(ApiKey(\"[redacted]\")), n: 1"),
            ("Credentials(\"bob\", \"abc\") x", "Credentials([redacted]) x"),
            ("Token(Some(\"abc\"))", "Token([redacted])"),
            ("set_password('abc');", "set_password('[redacted]');"),
            (
                "InvalidToken(\"abc\") UserId(\"abc\") get_secret(\"a/b\")",
                "InvalidToken(\"abc\") UserId(\"abc\") get_secret(\"a/b\")",
            ),
            (
                "api_key \"abc\"; name \"abc\";",
                "api_key \"[redacted]\"; name \"abc\";",
            ),
            ("Unexpected token 'abc';", "Unexpected token 'abc';"),
            ("your password is: Abc12345.", "your password is: [redacted]."),
            ("the password is incorrect", "the password is incorrect"),
            ("curl -u \":abcd\" h", "curl -u \":[redacted]\" h"),
            ("curl --user  'bob:abcd' h", "curl --user  'bob:[redacted]' h"),
            ("curl -u bob:'a b' h", "curl -u bob:'[redacted]' h"),
            ("curl -u \"{bob}\":\"{abcd}\" h", "curl -u \"{bob}\":\"[redacted]\" h"),
            ("curl -u abcdefghij: h", "curl -u [redacted]: h"),
            ("docker login -u bob -p abcd h", "docker login -u bob -p [redacted] h"),
            ("docker run -p 8080:80 x", "docker run -p 8080:80 x"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    /// By the thread's own time, which other work on the machine does not stretch.
    #[cfg(unix)]
    #[test]
    fn a_text_twice_as_long_takes_no_more_than_a_few_times_as_long() {
        let time = |text: &str| {
            let now = || {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
                std::time::Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
            };
            let runs = (0..5).map(|_| {
                let start = now();
                shown(text);
                now() - start
            });
            runs.min().unwrap()
        };
        let check = |lead: &str, piece: &str| {
            let text = lead.to_owned() + &piece.repeat(60_000 / piece.len());
            let (half, whole) = (time(&text[..text.len() / 4]), time(&text));
            // Quadratic would be sixteen times, of tens of milliseconds.
            assert!(
                whole < half * 10 + std::time::Duration::from_millis(20),
                "{lead:?} {piece:?} {half:?} {whole:?}"
            );
        };
        for piece in [
            "password,",
            "password '",
            "a'b\"",
            "Token(",
            "Token(\"a\",(",
            "token is ",
            "token: |\n  ",
            "x,a1b2c3d4e5f6a7b8,",
            "(\"password\",",
            "name=\"password\"\n\n",
            "\"value\":[",
            "%2525253D",
            "password: “",
            "a,password\n1,x\n",
            "\"a,",
            "a,password\n",
            "(password) VALUES (",
            "(a,password) values (1,x),",
            "\"columns\":[\"password\"],[[",
            "x:5432:",
            "x:5432:a:b:",
            "secret a1b2c3d4e5f6g7h8 ",
            "sk_a1b2c3d4e5f6g7h8",
            "a/b@//",
            "a:b@tcp(",
            "$2b$a$",
            "$argon2id$v=1,a=",
            "s:1:\"password\";s:1:\"",
            "login a password ",
            "<a name=\"password\">",
            "password=\"\"\"",
            "password\ninput_value=",
            "Token { value: ",
            "\"loc\":[\"password\"],\"input\":",
            "[\"password\",[",
            ",\"password\",[",
            "get(\"password\",[",
            "get(\"password\",{}",
            "{\"d\":\"aaaaaaaaaaaaaaaaaaaa\",",
            "\"kty\",\"d\":\"aaaaaaaaaaaaaaaaaaaa\",",
            "code=a1B2c3D4e5F6g7H8&",
            "state=abcdef&code=a1B2c3D4e5F6g7H8&",
            "kind: Secret data:{",
            "kind: Secret\ndata:\n a: b\n",
            "data:{",
            " -a",
            " -pw x",
            "htpasswd -b ",
            "smbclient -U a%",
            "/reset/a1b2c3d4e5f6a7b8c9d0",
            "id/pw(a/",
            "pwd(Hunter22",
            "password of bob is ",
            "password for bob: ",
            "PASS a1b2c3d4\n",
            "AUTH PLAIN YWJj\n",
            "AUTH\r\n$4\r\n",
            "334 UGFzc3dvcmQ6\n",
            "mnemonic abc abc abc ",
            "MIIEowIBAAKCAQEAx5mQ8nVYHjr0xqXy8hYp1Zc0ZLl5K8Vb2N1pF7dT9sG3\n",
            "a1B2\n-----END RSA PRIVATE KEY-----\n",
            "wrong password 'a1b2c3d4e5",
            "password;a1b2c3d4\n",
            "pbkdf2_sha256$1$",
            "WIFI:P:",
            "identified with a by ",
            ",${password",
            ",${pwd",
            "%3D,${password",
            "+---",
            "--,",
            "-->",
            "--a=",
            "$(token=",
            "password=$(",
            "Cookie: $(",
            "Cookie: digest $(",
            "Cookie: |\n $(",
            "Cookie: self.",
            "password=this.",
            "Authorization: invalid ",
            "Cookie: unexpected ",
            "--login(https://",
            "scrypt:",
            "scrypt:$",
            "pbkdf2_sha",
            "$1$",
            "\"password\":{\"type\":\"string\"",
            " <password><![CDATA[",
        ] {
            check("", piece);
        }
        for (lead, piece) in [
            ("id,password\n", "\\"),
            ("id,password\n1,", "\\"),
            ("password\ttoken\n", "\\"),
        ] {
            check(lead, piece);
        }
    }
}
