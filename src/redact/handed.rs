//! What is handed to a function by its place, so that no name says what it is: the password of a connection,
//! `connect("db", "bob", "x")`, of a login, and the words of a wallet, `fromPhrase("..")`.

use super::list::is_odd;
use super::look::{Look, look};
use super::marks::{closing, gap, opening};
use super::protocol;
use super::series::{Part, part};
use super::shapes::{at, is_random, set, sets};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Bytes of the name of a function that are looked at.
const NAME: usize = 48;
/// Bytes behind the bracket in which a string begins.
const STRINGS: usize = 160;
/// Arguments that are looked at.
const MOST: usize = 8;

/// What takes the name of a user and a password behind it, or says how that went.
const LOGINS: [&str; 3] = ["login", "signin", "authenticate"];

/// What takes the two and nothing else.
const PAIRS: [&str; 9] = [
    "basic_auth",
    "credential",
    "credentials",
    "basicauth",
    "passwordauthentication",
    ".auth",
    "usernamepassword",
    "usernameandpassword",
    "principalsecret",
];

/// What connects to something, and which argument the password is, from zero.
const CONNECTIONS: [(&str, usize); 39] = [
    ("mysqli_real_connect", 3),
    ("mysqli_change_user", 2),
    ("real_connect", 2),
    ("mysqli_connect", 2),
    ("mysql_connect", 2),
    ("networkcredential", 1),
    ("webcredentials", 1),
    ("directoryentry", 2),
    ("jwt.sign", 1),
    ("jwt.encode", 1),
    ("jwt.verify", 1),
    ("jwt.decode", 1),
    ("hmac.new", 0),
    ("oci_connect", 1),
    ("oci_pconnect", 1),
    ("oci_new_connect", 1),
    ("cx_oracle.connect", 1),
    ("oracledb.connect", 1),
    ("cubrid_connect", 4),
    ("pg.connect", 5),
    ("pg.db", 5),
    ("pdo", 2),
    ("mysqli", 2),
    ("maxdb", 2),
    ("ldap_bind", 2),
    ("imap_open", 2),
    ("ftp_login", 2),
    ("ssh2_auth_password", 2),
    ("ldap_exop_passwd", 3),
    ("getconnection", 2),
    ("drivermanagerdatasource", 2),
    ("connect", 2),
    ("pconnect", 2),
    ("connection", 2),
    ("change_user", 1),
    ("createhmac", 1),
    ("createcipheriv", 1),
    ("createdecipheriv", 1),
    ("hash_hmac", 2),
];

/// What makes a wallet of the words of a mnemonic.
const WALLETS: [&str; 5] = [
    "phrase",
    "mnemonic",
    "mnemonictoaccount",
    "mnemonictoseed",
    "mnemonictoseedsync",
];

/// The secret among the arguments behind the bracket at `open`.
pub(super) fn find(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    // Most functions are given no string.
    let rest = s.get(open..(open + STRINGS).min(s.len()))?;
    memchr::memchr3(b'"', b'\'', b'`', rest)?;
    let head = s.get(open.saturating_sub(NAME)..open)?;
    // `mysqli_connect ("h", "bob", "x")`
    let apart = head.last() == Some(&b' ');
    let head = head.strip_suffix(b" ").unwrap_or(head);
    let part = |b: &&u8| sets(**b) & (set::WORD | set::DOT) != 0;
    let len = head.iter().rev().take_while(part).count();
    let name = head.get(head.len() - len..)?;
    let is = |word: &str| ends_with(name, word);
    if name.is_empty() {
        return None;
    }
    let span = if let Some((word, place)) = CONNECTIONS.iter().find(|(word, _)| is(word)) {
        let any = *word == "connect" || *word == "connection";
        connection(walk, open, *place, any).filter(|_| !any || !apart)?
    } else if apart {
        return None;
    } else if PAIRS.iter().any(|word| is(word)) {
        credentials(s, open)?
    } else if LOGINS.iter().any(|word| is(word)) {
        credentials(s, open).filter(|span| is_password(walk, *span))?
    } else if WALLETS.iter().any(|word| is(word)) {
        let (start, quote, level) = opening(s, gap(s, open + 1))?;
        let end = closing(s, start, quote, level);
        protocol::words(s, start).filter(|words| *words >= end)?;
        (start, end)
    } else {
        return None;
    };
    walk.hit(Shape::Pair, Class::Credential, span)
}

/// Whether a name ends in a word, in letters of either case.
fn ends_with(name: &[u8], word: &str) -> bool {
    name.len()
        .checked_sub(word.len())
        .and_then(|at| name.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case(word.as_bytes()))
}

/// The password among the arguments of what connects. Where any function may be called so, what stands there must look like one.
fn connection(walk: &Walk<'_>, open: usize, place: usize, any: bool) -> Option<(usize, usize)> {
    let (all, closed) = arguments(walk.s, open);
    // Without an address: `source.getConnection("bob", "x")`.
    let (place, any) = match all.get(place) {
        None if place == 2 && all.len() == 2 && closed => (1, true),
        _ => (place, any),
    };
    let password = *all.get(place)?;
    let span = (password.start, password.end);
    let strings = all.iter().take(place).filter(|part| part.quoted).count();
    let sure = !any || strings == place && is_password(walk, span);
    (password.quoted && span.1 > span.0 && sure).then_some(span)
}

/// The arguments up to the closing bracket, and whether it was found.
fn arguments(s: &[u8], open: usize) -> (Vec<Part>, bool) {
    let mut all = Vec::new();
    let mut from = gap(s, open + 1);
    while all.len() < MOST {
        let Some(argument) = part(s, from, true) else { break };
        all.push(argument);
        match at(s, argument.next) {
            b',' => from = gap(s, argument.next + 1),
            end => return (all, end == b')'),
        }
    }
    (all, false)
}

/// The last of the strings that are handed to something that takes the name of a user and a password: `Credential("bob", "x")`.
fn credentials(s: &[u8], open: usize) -> Option<(usize, usize)> {
    let (all, _) = arguments(s, open);
    let count = all.iter().take(4).take_while(|part| part.quoted).count();
    let last = all.get(count.checked_sub(1)?)?;
    (count > 1 && last.end > last.start).then_some((last.start, last.end))
}

/// Whether what is known by its place alone looks like a password, and like nothing that identifies.
fn is_password(walk: &Walk<'_>, (start, end): (usize, usize)) -> bool {
    let text = walk.s.get(start..end).unwrap_or_default();
    let known = matches!(look(walk.s, start), Some(Look::Uuid | Look::Hash | Look::Short));
    is_odd(walk.policy, text) && !known && !is_place(text) && !is_numbered(text)
}

/// Whether it is an address, a host or a path: `203.0.113.7:22`, `db1.example.com`, `topic/2`.
fn is_place(text: &[u8]) -> bool {
    let all = |set: u16| text.iter().all(|b| sets(*b) & set != 0);
    let has = |b: u8| text.contains(&b);
    let address = all(set::ANY_HEX | set::DOT | set::COLON | set::SLASH) && (has(b'.') || has(b':'));
    let name = |part: &[u8]| part.len() > 1 && part.iter().all(u8::is_ascii_alphabetic);
    let text_of = text.split(|b| *b == b':').next().unwrap_or_default();
    let last = text_of.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let host = all(set::ALNUM | set::DASH | set::DOT | set::COLON) && has(b'.') && name(last);
    let path = has(b'/') && all(set::WORD | set::DASH | set::DOT | set::SLASH | set::COLON) && !is_random(text);
    address || host || path
}

/// Whether it is a name of several parts in small letters, some with a number: `client-1`, `on_click_2`.
fn is_numbered(text: &[u8]) -> bool {
    let part = |part: &[u8]| {
        let letters = part.iter().take_while(|b| b.is_ascii_lowercase()).count();
        part.iter().skip(letters).all(u8::is_ascii_digit)
    };
    let parted = |b: &u8| matches!(b, b'-' | b'_' | b'.');
    text.iter().any(parted) && text.split(parted).all(part)
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    #[test]
    fn a_password_goes_that_is_known_by_its_place_alone() {
        for text in [
            "pymysql.connect('localhost', 'root', '{}')",
            "mysqli_connect(\"h\", \"bob\", \"{}\", \"shop\")",
            "$db = new PDO($dsn, 'bob', '{}');",
            "oci_connect(\"bob\", \"{}\")",
            "ldap_bind($link, \"cn=bob\", \"{}\")",
            "DriverManager.getConnection(\"jdbc:x\", \"bob\", \"{}\")",
            "pg.connect(None, 'localhost', 5432, None, 'bob', '{}')",
            "new NetworkCredential(\"bob\", \"{}\")",
            "source.getConnection(\"bob\", \"{}\")",
            "request.get(url).auth('bob', '{}')",
            "loginWithUsernamePassword('bob', '{}', done)",
            "crypto.createHmac('sha256', '{}')",
            "new NetworkCredential(\"bob\", \"{}\", \"DOMAIN\")",
            "new DirectoryEntry(\"LDAP://h\", \"bob\", \"{}\", kind)",
            "new PDO(\"mysql:host=h\", \"bob\", \"{}\", [PDO::X => 1])",
            "pymysql.connect('h', 'bob', '{}', charset='utf8')",
            "mysqli_connect(\"h\", \"bob\", \"{}\", $cfg[\"db\"])",
            "mysqli_connect (\"h\", \"bob\", \"{}\", \"shop\")",
            "DriverManager.getConnection(url(), \"bob\", \"{}\")",
            "client.get(url).basic_auth(\"bob\", Some(\"{}\"))",
            "jwt.sign(payload, '{}')",
            "hmac.new(b\"{}\", text, sha256)",
            "client.login(\"bob\", \"{}\")",
        ] {
            let shown = shown(&text.replace("{}", "Blue42Moon"));
            assert_eq!(shown, text.replace("{}", "[redacted]"));
        }
    }

    #[test]
    fn the_words_of_a_wallet_go() {
        let words = ["legal", "winner", "thank", "year"].join(" ");
        let words = format!("{words} {words} {words}");
        for text in ["Wallet.fromPhrase(\"{}\")", "mnemonicToAccount('{}')"] {
            assert_eq!(shown(&text.replace("{}", &words)), text.replace("{}", "[redacted]"));
        }
        let text = "matchPhrase(\"the quick brown fox\")";
        assert_eq!(shown(text), text);
    }

    #[test]
    fn what_is_handed_to_another_function_stays() {
        for text in [
            "connect('clicked', 'button', 'on_save')",
            "socket.connect(\"h\", 8443, \"tls1\")",
            "mysqli_connect($host, $user, $pw)",
            "getConnection(\"orders\", \"eu-1\", retries)",
            "signal.connect(a, b, c)",
            "router.bind('a', 'b', 'route_17')",
            "oauth('google', 'callback2')",
            "crypto.createHmac('sha256', key)",
            "getConnection(\"orders\", \"primary\")",
            "Login(\"bob\", \"203.0.113.7\")",
            "Login(\"bob\", \"db1.example.com\")",
            "FailedLogin(\"bob\", ip, \"ssh\")",
            "record_signin(\"alice\", \"123e4567-e89b-42d3-a456-426614174000\")",
            "signal.connect(\"clicked\",\"button1\",\"on_click_2\")",
            "mqtt.connect(\"h\",\"client-1\",\"topic/2\")",
            "pool.getConnection(\"shard-7\",\"replica-2\")",
            "jwt.sign(payload, key)",
            "login (\"bob\", \"Blue42Moon\")",
            "connect(\"db1\", \"123e4567-e89b-42d3-a456-426614174000\")",
        ] {
            assert_eq!(shown(text), text);
        }
    }
}
