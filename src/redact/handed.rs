//! What is handed to a function by its place, so that no name says what it is: the password of a connection,
//! `connect("db", "bob", "x")`, of a login, and the words of a wallet, `fromPhrase("..")`.

use super::list::is_odd;
use super::look::{Look, look};
use super::marks::{closing, gap, opening};
use super::protocol;
use super::shapes::{at, run_to, set, sets};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Bytes of the name of a function that are looked at.
const NAME: usize = 48;
/// Bytes behind the bracket in which a string begins.
const STRINGS: usize = 160;
/// Arguments that are looked at.
const MOST: usize = 8;

/// What takes the name of a user and a password behind it.
const PAIRS: [&str; 13] = [
    "login",
    "signin",
    "authenticate",
    "basic_auth",
    "credential",
    "credentials",
    "basicauth",
    "passwordauthentication",
    "directoryentry",
    ".auth",
    "usernamepassword",
    "usernameandpassword",
    "principalsecret",
];

/// What connects to something, and which argument the password is, from zero.
const CONNECTIONS: [(&str, usize); 26] = [
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

/// An argument: its text, and whether it stands in quotes.
type Argument = (usize, usize, bool);

/// The secret among the arguments behind the bracket at `open`.
pub(super) fn find(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    // Most functions are given no string.
    let rest = s.get(open..(open + STRINGS).min(s.len()))?;
    memchr::memchr3(b'"', b'\'', b'`', rest)?;
    let head = s.get(open.saturating_sub(NAME)..open)?;
    let part = |b: &&u8| sets(**b) & (set::WORD | set::DOT) != 0;
    let len = head.iter().rev().take_while(part).count();
    let name = head.get(head.len() - len..)?;
    let is = |word: &str| ends_with(name, word);
    if name.is_empty() {
        return None;
    }
    let span = if PAIRS.iter().any(|word| is(word)) {
        credentials(s, open)?
    } else if let Some((word, place)) = CONNECTIONS.iter().find(|(word, _)| is(word)) {
        connection(walk, open, *place, *word == "connect" || *word == "connection")?
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
    let s = walk.s;
    let all = arguments(s, open)?;
    // Without an address: `source.getConnection("bob", "x")`.
    let (place, any) = match all.get(place) {
        None if place == 2 && all.len() == 2 => (1, true),
        _ => (place, any),
    };
    let (start, end, quoted) = *all.get(place)?;
    let text = s.get(start..end)?;
    let strings = all.iter().take(place).filter(|(.., quoted)| *quoted).count();
    let is_plain = || !matches!(look(s, start), Some(Look::Uuid | Look::Hash | Look::Short));
    let sure = !any || strings == place && is_odd(walk.policy, text) && is_plain();
    (quoted && end > start && sure).then_some((start, end))
}

/// The arguments up to the closing bracket.
fn arguments(s: &[u8], open: usize) -> Option<Vec<Argument>> {
    let mut all = Vec::new();
    let mut from = gap(s, open + 1);
    while all.len() < MOST {
        let next = if let Some((start, quote, level)) = opening(s, from) {
            let end = closing(s, start, quote, level);
            all.push((start, end, true));
            gap(s, end + level + 1)
        } else {
            // A word, or something that is worked out.
            let end = run_to(s, from, set::WORD | set::DOT | set::DOLLAR | set::COLON, 64);
            if end == from {
                return None;
            }
            all.push((from, end, false));
            gap(s, end)
        };
        match at(s, next) {
            b',' => from = gap(s, next + 1),
            // What is done with the string itself: `"x".toCharArray()`.
            b')' | b'.' => return Some(all),
            _ => return None,
        }
    }
    None
}

/// The last of what is handed to something that takes the name of a user and a password: `NetworkCredential("bob", "x")`.
fn credentials(s: &[u8], open: usize) -> Option<(usize, usize)> {
    let mut last = None;
    let mut from = open + 1;
    for count in 0..4 {
        let (start, quote, level) = opening(s, from)?;
        let end = closing(s, start, quote, level);
        let next = gap(s, end + level + 1);
        if at(s, next) != b',' {
            return (count > 0 && matches!(at(s, next), b')' | b'.') && end > start).then_some((start, end));
        }
        last = Some((start, end));
        from = gap(s, next + 1);
        if opening(s, from).is_none() && count > 0 {
            break;
        }
    }
    last.filter(|(start, end)| end > start)
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
            "connect(\"db1\", \"123e4567-e89b-42d3-a456-426614174000\")",
        ] {
            assert_eq!(shown(text), text);
        }
    }
}
