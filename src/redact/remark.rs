//! What stands in the place of a value and is none: a remark, a type, a reference to something elsewhere, a count.

use super::Class;
use super::marks::{is_delimiter, slashes};
use super::pair;
use super::policy::{Judged, Policy};
use super::shapes::{at, before, run_to, set, sets};
use super::split::Words;
use super::text::Walk;

/// Values that say there is none.
pub(super) const NOTHING: &[&[u8]] = &[
    b"null",
    b"None",
    b"True",
    b"False",
    b"nil",
    b"undefined",
    b"<nil>",
    b"NULL",
    b"|",
    b"|-",
    b">",
    b">-",
    // `libpam-token:amd64`
    b"amd64",
    b"arm64",
    b"i386",
    b"armhf",
    b"noarch",
];

/// What stands behind the name of a secret in a sentence without being it.
const REMARKS: &str = "required invalid missing incorrect wrong expired mismatch changed failed ok true false yes no none empty unset set \
    must is too not cannot should the a an unknown valid success succeeded denied updated reset enabled disabled present absent \
    unauthorized expected unexpected malformed rejected accepted revoked bad verified sent generated issued loaded created given checked \
    found rotated refreshed granted provided stored skipped optional locked blocked cleared removed deleted added saved needed matched eof";

/// The same behind an option of a command.
const WORDS: &str = "and or for to with from in on has was were will can may option options flag flags argument arguments parameter \
    instead if when by via as are be of at this that which without value";

/// How one may prove who one is, and how that ends: what ordinary words such as `auth` also say.
const METHODS: &str = "basic digest bearer ntlm kerberos negotiate gssapi spnego ldap radius saml oauth oidc openid sso jwt mfa totp hotp otp \
    webauthn fido passkey passkeys sms email phone push password passwords publickey pubkey token tokens key keys apikey certificate cert mtls \
    tls session cookie cookies anonymous anon guest public private internal external local remote builtin native custom default \
    optional forbidden failure error errors pass passed fail skipped pending started starting start begin complete completed done \
    granted allow allowed deny blocked locked timeout aborted cancelled canceled on off any all login logout signin signout user \
    users admin service client server pam plain trust peer ident md5 sha256 scram interactive keyboard hostbased github google \
    gitlab facebook twitter azure okta auth0 cognito firebase keycloak x509";

/// What the pins of a device say.
const LEVELS: &str = "connected disconnected floating high low input output";

/// What a part of an OAuth scope or a permission allows: `token:read`.
const SCOPES: &str = "read write admin create delete update list manage rotate revoke reset view edit get set all * readonly readwrite \
    introspect exchange generate issue full own change verify";

/// What is said in brackets of a value that is not there.
const ABSENT: &str = "none|not set|unset|empty|null|nil|blank|n/a|na|not provided|not given|not shown|not configured|not available|undefined|\
    unknown|default|omitted|missing|no password|absent|elided|private|sensitive|protected|not stored|optional|required";

fn has(list: &str, text: &[u8]) -> bool {
    list.split_ascii_whitespace()
        .any(|word| word.as_bytes().eq_ignore_ascii_case(text))
}

/// Whether this is said of a secret, and is none.
pub(super) fn is_remark(text: &[u8]) -> bool {
    has(REMARKS, text)
}

/// Whether a value without quotes says something about what an ordinary word names: `tests pass: 12`, `session: closed`.
pub(super) fn is_said(judged: &Judged, text: &[u8]) -> bool {
    let number = |most: usize| text.len() <= most && text.iter().all(u8::is_ascii_digit);
    match judged.verdict.class {
        Class::Credential if judged.weak => number(2) || has(LEVELS, text),
        Class::Session => judged.weak && (text.iter().all(u8::is_ascii_lowercase) || number(4)),
        Class::Token => number(3),
        _ => false,
    }
}

/// Whether the value `start..end` behind a colon opens a sentence: `pkcs11: add the flags of tokens`, `PASS: gdb.base/x.exp: ran`. Passwords
/// are words more often than keys are.
pub(super) fn is_sentence(judged: &Judged, name: &[u8], s: &[u8], (start, end): (usize, usize)) -> bool {
    let text = s.get(start..end).unwrap_or_default();
    let letters = |text: &[u8]| {
        !text.is_empty()
            && text
                .iter()
                .all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'\'' | b','))
    };
    let next = s.get(end + 1..(end + 65).min(s.len())).unwrap_or_default();
    let mut next = next.split(|b| *b <= b' ').take(2);
    let (next, third) = (next.next().unwrap_or_default(), next.next().unwrap_or_default());
    let goes_on = at(s, end) == b' ' && !next.is_empty();
    match judged.verdict.class {
        Class::Credential if judged.weak => {
            goes_on && (letters(text) || text.iter().any(|b| matches!(b, b'/' | b':' | b'(')))
        }
        // The name of the program.
        Class::Credential => goes_on && letters(text) && name.ends_with(b"passwd"),
        Class::Key | Class::Token | Class::Session => {
            goes_on && letters(text) && letters(next) && !third.is_empty() && text.len() <= 16
        }
        _ => false,
    }
}

/// Whether it says how one proved who one is, or how that went: `auth=success`, `authentication: mfa`.
pub(super) fn is_outcome(judged: &Judged, name: &[u8], text: &[u8]) -> bool {
    let auth = || name.windows(4).any(|four| four.eq_ignore_ascii_case(b"auth"));
    judged.weak && judged.verdict.class == Class::Credential && auth() && (is_remark(text) || has(METHODS, text))
}

/// Whether it is a part of a scope, behind a colon that nothing parts from it.
pub(super) fn is_scope(text: &[u8]) -> bool {
    text.split(|b| *b == b',').all(|part| has(SCOPES, part))
}

/// Whether brackets at `i` say that there is no value: `(none)`, `<not set>`.
pub(super) fn is_absent(s: &[u8], i: usize) -> bool {
    let close = match at(s, i) {
        b'(' => b')',
        b'[' => b']',
        b'<' => b'>',
        _ => return false,
    };
    let rest = s.get(i + 1..(i + 24).min(s.len())).unwrap_or_default();
    let Some(len) = rest.iter().position(|b| *b == close) else {
        return false;
    };
    let text = rest.get(..len).unwrap_or_default();
    let next = at(s, i + len + 2);
    (is_delimiter(next) || next == b'.') && ABSENT.split('|').any(|word| word.as_bytes().eq_ignore_ascii_case(text))
}

/// Whether a program makes the value at `i`, out of what stands in brackets behind: `new NetworkCredential("x", "y")`.
pub(super) fn is_made(s: &[u8], i: usize) -> bool {
    let rest = s.get(i..(i + 96).min(s.len())).unwrap_or_default();
    let made = [&b"new "[..], b"new-object ", b"New-Object "]
        .iter()
        .find_map(|verb| rest.strip_prefix(*verb));
    made.is_some_and(|rest| {
        let end = run_to(rest, 0, set::WORD | set::DOT, 80);
        at(rest, end) == b'(' && at(rest, 0).is_ascii_uppercase()
    })
}

/// Whether all of it only says where the value comes from, or what to write there: `${DB_PASSWORD}`, `$TOKEN`, `{{ password }}`,
/// `<your password>`.
pub(super) fn is_reference(text: &[u8]) -> bool {
    let name = |text: &[u8], set: u16| {
        (3..=64).contains(&text.len())
            && text.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && text.iter().all(|b| sets(*b) & set != 0)
    };
    let words = |text: &[u8]| {
        (2..=48).contains(&text.len())
            && text.first().is_some_and(u8::is_ascii_alphabetic)
            && text
                .iter()
                .all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'-' | b'_' | b'.'))
    };
    match text {
        // What a shell puts in: the output of a command, and an argument.
        [b'$', b'(', inner @ ..] => {
            let command = inner.split(|b| matches!(b, b' ' | b')')).next().unwrap_or_default();
            let part = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'-' | b'_' | b'.' | b'/');
            !command.is_empty() && command.iter().all(part)
        }
        [b'$', b'0'..=b'9'] => true,
        // What hides it, and what a manual writes.
        [b'.' | b'x' | b'X' | b'-' | b'_' | b'#', ..]
            if text.len() > 2 && text.iter().all(|b| text.first() == Some(b)) =>
        {
            true
        }
        [b'[', inner @ .., b']'] => name(inner, set::UPPER | set::UNDER),
        // A place in a format: `{0}`.
        [b'{', b'0'..=b'9', b'}'] => true,
        // A rule of a grammar: `1*tchar`.
        [b'0'..=b'9', b'*', inner @ ..] => inner.is_empty() || name(inner, set::LOWER | set::UPPER | set::DASH),
        // What is bound later.
        b"?" | b"%s" | b"%v" | b"%d" | b"%@" => true,
        [b':', inner @ ..] => name(inner, set::LOWER | set::UPPER | set::UNDER),
        [b'$', b'{', b'{', inner @ .., b'}', b'}'] | [b'{', b'{', inner @ .., b'}', b'}'] => {
            name(inner.trim_ascii(), set::WORD | set::DOT)
        }
        [b'$' | b'#', b'{', inner @ .., b'}'] => name(inner, set::WORD | set::DOT),
        [b'$', inner @ ..] | [b'%', inner @ .., b'%'] => name(inner, set::UPPER | set::UNDER),
        [b'<', inner @ .., b'>'] => words(inner),
        _ => false,
    }
}

/// Whether it is what a program reads its own state or its environment by. In quotes it is a text like any other.
pub(super) fn is_member_of_root(text: &[u8]) -> bool {
    [&b"this."[..], b"self.", b"process.env.", b"os.environ"]
        .iter()
        .any(|root| text.starts_with(root))
}

/// Whether it is the member of something, called like a secret itself, as programs hand it on: `node.token`, `request.COOKIES`.
pub(super) fn is_member(policy: &Policy, text: &[u8]) -> bool {
    let text = text.strip_suffix(b",").or(text.strip_suffix(b";")).unwrap_or(text);
    let part = |part: &[u8]| !part.is_empty() && part.iter().all(|b| b.is_ascii_alphabetic() || *b == b'_');
    text.len() <= 64
        && memchr::memrchr(b'.', text)
            .is_some_and(|dot| text.get(dot + 1..).is_some_and(|last| policy.judge(last).is_some()))
        && text.split(|b| *b == b'.').all(part)
}

/// The same, of what begins at `i` with two brackets.
pub(super) fn is_template(s: &[u8], i: usize) -> bool {
    let rest = s.get(i..(i + 72).min(s.len())).unwrap_or_default();
    let opened = rest.starts_with(b"{{") || rest.starts_with(b"${{");
    opened && memchr::memmem::find(rest, b"}}").is_some_and(|k| is_reference(rest.get(..k + 2).unwrap_or_default()))
}

/// Types of values, as signatures and declarations name them.
const TYPES: &str = "String str string SecretString SecretStr bytes Bytes CString OsString number boolean bool int integer u8 u16 u32 u64 u128 i32 \
    i64 usize any unknown never object Text text varchar";
/// Types that hold another one.
const HOLDERS: &str = "Option Vec Box Arc Rc Cow Secret SecretBox SecretVec Zeroizing Optional List Union Annotated Promise Maybe Nullable Mutex \
    RwLock Masked Hashed Result Sequence Protected HashMap BTreeMap Map";

/// Whether a type stands at `i`, behind a name and its colon, in a declaration or a signature: `password: Option<String>`,
/// `token: &str)`.
pub(super) fn is_type(s: &[u8], i: usize) -> bool {
    let exact = |list: &str, text: &[u8]| list.split_ascii_whitespace().any(|word| word.as_bytes() == text);
    let borrowed = at(s, i) == b'&';
    let mut from = i + usize::from(borrowed);
    if borrowed && at(s, from) == b'\'' {
        from = run_to(s, from + 1, set::LOWER, 16) + 1;
    }
    if borrowed && s.get(from..).is_some_and(|rest| rest.starts_with(b"mut ")) {
        from += 4;
    }
    if borrowed && at(s, from) == b'[' {
        return true;
    }
    if s.get(from..)
        .is_some_and(|rest| rest.starts_with(b"fn(") || rest.starts_with(b"impl Fn"))
    {
        return true;
    }
    let end = run_to(s, from, set::ALNUM, 24);
    let Some(word) = s.get(from..end) else { return false };
    // `Token![as]`, `token::Paren`
    let lower = word.iter().all(u8::is_ascii_lowercase);
    let path = || lower && at(s, end) == b':' && at(s, end + 1) == b':' && at(s, end + 2).is_ascii_uppercase();
    if word.first().is_some_and(u8::is_ascii_alphabetic) && (at(s, end) == b'!' && at(s, end + 1) == b'[' || path()) {
        return true;
    }
    if matches!(at(s, end), b'<' | b'[') && exact(HOLDERS, word) {
        return true;
    }
    let next = (at(s, end), at(s, end + 1));
    // At the end of a line it may be the default that a tool fills in.
    let closed = matches!(
        next,
        (b',' | b';' | b')' | b'|' | b'>', _) | (b' ', b'}' | b'|' | b'=' | b')')
    );
    exact(TYPES, word) && (closed || borrowed && is_delimiter(next.0))
}

/// Whether what stands behind an option is what the manual calls its value, or goes on with the sentence: `--password <PASSWORD>`,
/// `--token TOKEN`, `the option --password is gone`.
pub(super) fn is_metavariable(policy: &Policy, s: &[u8], (start, end): (usize, usize)) -> bool {
    let text = s.get(start..end).unwrap_or_default();
    let text = text.strip_suffix(b"]").unwrap_or(text);
    let upper = |b: &u8| b.is_ascii_uppercase() || matches!(b, b'_' | b'-');
    let named = || text.len() > 1 && text.iter().all(upper) && policy.knows(text);
    // What `--help` prints behind two blanks or more.
    let typed = || s.get(end..).is_some_and(|rest| rest.starts_with(b"  ")) && has(TYPES, text);
    let opened = matches!(text, [b'<' | b'[' | b'(', b'A'..=b'Z' | b'a'..=b'z', ..]);
    let sign = matches!(text, b"|" | b"||" | b"&&" | b"\\" | b";" | b"..." | b"=");
    let text = text.strip_suffix(b",").or(text.strip_suffix(b".")).unwrap_or(text);
    opened || sign || is_reference(text) || is_remark(text) || has(WORDS, text) || named() || typed()
}

/// Last words of names whose numbers count or measure.
const COUNTS: &str = "bytes size offset count counts counter total sum nanos nanoseconds ns micros us ms millis time timestamp ts duration elapsed \
    latency seq sequence position cursor length len version revision rev hash seed nonce lsn inode ino height epoch index balance \
    amount limit capacity usage free used delta rate ticks cycles instructions";
/// Last words of names that say which one, as a number without quotes.
const NUMBERS: &str = "id ids uid gid pid tid xid oid rid serial snowflake";

/// Whether the digits that begin at `i` are the value of a name that counts, measures or numbers things: `bytes=…`, `"offset":…`.
pub(super) fn is_count(walk: &Walk<'_>, i: usize) -> bool {
    let s = walk.s;
    let head = s.get(..i).unwrap_or_default();
    let quoted = matches!(before(s, i), b'"' | b'\'');
    let lead = if quoted {
        head.get(..i - 1).unwrap_or_default()
    } else {
        head
    };
    let lead = lead
        .get(..lead.len() - slashes(s, lead.len()))
        .unwrap_or_default()
        .trim_ascii_end();
    let Some(sep) = lead
        .len()
        .checked_sub(1)
        .filter(|sep| matches!(at(s, *sep), b':' | b'='))
    else {
        return false;
    };
    let Some(name) = pair::name(s, sep, walk.floor) else {
        return false;
    };
    let words = Words::split(s.get(name.start..name.end).unwrap_or_default());
    let Some(last) = words.len().checked_sub(1) else {
        return false;
    };
    let card = (0..last).any(|k| has("card cards pan payment cc credit debit account", words.glued(k, k + 1)));
    let last = words.glued(last, last + 1);
    !card && (has(COUNTS, last) || !quoted && has(NUMBERS, last))
}
