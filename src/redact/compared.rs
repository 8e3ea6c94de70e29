//! Secrets that something is compared with: `"x" == password`, `password.equals("x")`, `"x".equals(password)`.

use super::list::is_odd;
use super::marks::{closing, gap, opening};
use super::pair::{Name, name};
use super::policy::Judged;
use super::shapes::{at, before, run_to, set};
use super::text::{Hit, Walk};

/// Methods that compare.
const METHODS: [&[u8]; 4] = [b".equals", b".equalsIgnoreCase", b".contentEquals", b".__eq__"];
/// Bytes before a method in which a string begins.
const STRING: usize = 96;

/// The string before the signs at `sep`, which compare it with what is called like a secret.
pub(super) fn before_sign(walk: &mut Walk<'_>, string: Name, sep: usize) -> Option<Hit> {
    let s = walk.s;
    if string.quote == 0 || !(at(s, sep + 1) == b'=' || before(s, sep) == b'!') {
        return None;
    }
    let mut from = sep + 1;
    while from < sep + 3 && at(s, from) == b'=' {
        from += 1;
    }
    let judged = named(walk, gap(s, from))?;
    taken(walk, &judged, (string.start, string.end))
}

/// The string that the method before the bracket at `open` compares.
pub(super) fn method(walk: &mut Walk<'_>, open: usize) -> Option<Hit> {
    let s = walk.s;
    if !matches!(before(s, open), b's' | b'e' | b'_') {
        return None;
    }
    let called = name(s, open, walk.floor).filter(|name| name.quote == 0)?;
    let text = s.get(called.start..called.end)?;
    let owner = METHODS.iter().find_map(|method| text.strip_suffix(*method))?;
    if !owner.is_empty() {
        let judged = sure(walk, owner)?;
        let (start, quote, level) = opening(s, gap(s, open + 1))?;
        return taken(walk, &judged, (start, closing(s, start, quote, level)));
    }
    let quote = before(s, called.start);
    // `user.getPassword().equals("x")`
    if quote == b')' && before(s, called.start - 1) == b'(' {
        let getter = name(s, called.start - 2, walk.floor).filter(|name| name.quote == 0)?;
        let judged = sure(walk, s.get(getter.start..getter.end)?)?;
        let (start, quote, level) = opening(s, gap(s, open + 1))?;
        return taken(walk, &judged, (start, closing(s, start, quote, level)));
    }
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = called.start - 1;
    let lead = s.get(end.saturating_sub(STRING).max(walk.floor.min(end))..end)?;
    let start = end - lead.len() + lead.iter().rposition(|b| *b == quote)? + 1;
    let judged = named(walk, gap(s, open + 1))?;
    taken(walk, &judged, (start, end))
}

/// What is called like a secret at `i`.
fn named(walk: &Walk<'_>, i: usize) -> Option<Judged> {
    let end = run_to(walk.s, i, set::WORD | set::DOT | set::DOLLAR, 64);
    sure(walk, walk.s.get(i..end)?)
}

/// The verdict on a name that says all of it.
fn sure(walk: &Walk<'_>, name: &[u8]) -> Option<Judged> {
    let judged = walk.policy.judge(name)?;
    (!judged.weak && judged.end == judged.words).then_some(judged)
}

fn taken(walk: &mut Walk<'_>, judged: &Judged, (start, end): (usize, usize)) -> Option<Hit> {
    let text = walk.s.get(start..end)?;
    // What is no word: one may ask whether a token is a `comma`.
    if !is_odd(walk.policy, text) {
        return None;
    }
    walk.policy.shape(super::Shape::Pair, judged.verdict.class)?;
    walk.treated(judged.verdict, (start, end))
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    #[test]
    fn what_a_password_is_compared_with_goes() {
        for text in [
            "if \"{}\" == password {",
            "if ('{}' !== user.password) {",
            "if (password.equals(\"{}\")) {",
            "if (\"{}\".equals(password)) {",
            "if (user.getPassword().equals(\"{}\")) {",
        ] {
            let shown = shown(&text.replace("{}", "Blue42Moon"));
            assert_eq!(shown, text.replace("{}", "[redacted]"));
        }
    }

    #[test]
    fn what_anything_else_is_compared_with_stays() {
        for text in [
            "if \"Blue42Moon\" == name {",
            "if \"comma\" == token {",
            "if (name.equals(\"Blue42Moon\")) {",
            "if (\"Blue42Moon\".equals(name)) {",
            "if (token.equals(\"comma\")) {",
            "if (user.getName().equals(\"Blue42Moon\")) {",
        ] {
            assert_eq!(shown(text), text);
        }
    }
}
