//! Secrets in the paths of links: `/reset-password/<token>`, `/magic-link/<token>`, `/invite/<token>`.

use super::shapes::{at, before, is_random, run_to, set};
use super::text::{Hit, Walk};
use super::{Class, Shape};

/// Segments behind which a token stands, glued; behind the first sort also a UUID is one.
const TOKENS: &str = "resetpassword passwordreset resetpw resetpasswords passwordresets recoverpassword passwordrecovery forgotpassword \
    forgotpasswords newpassword setpassword setuppassword createpassword changepassword magiclink magiclinks magic magiclogin magiclogins \
    passwordless verifyemail emailverify emailverification verifyaccount accountverification confirmemail emailconfirm emailconfirmation \
    confirmaccount accountconfirmation activateaccount accountactivation unlockaccount invite acceptinvite acceptinvitation loginlink \
    onetimelogin onetimesecret logintoken autologin signinlink resettoken invitetoken accesstoken authtoken verificationtoken";
const OTHERS: &str = "reset recover recovery verify verification confirm confirmation confirmations activate activation activations unlock \
    invitation invitations invites join unsubscribe optout token tokens register registration claim otp sso feed calendar \
    hooks webhook resetemail changeemail";

/// The shortest token.
const SHORTEST: usize = 16;
/// The longest segment that names one.
const LONGEST: usize = 24;

/// The token in the path behind the slash at `i`.
pub(super) fn find(walk: &mut Walk<'_>, i: usize) -> Option<Hit> {
    let s = walk.s;
    if !before(s, i).is_ascii_lowercase() || !at(s, i + 1).is_ascii_alphanumeric() {
        return None;
    }
    let mut start = i + 1;
    // Behind the number of the user.
    let first = run_to(s, start, set::URL64, 256);
    let number = s.get(start..first)?;
    let word = number.len() > 4 && number.iter().all(u8::is_ascii_lowercase);
    if number.len() <= 12 && at(s, first) == b'/' && !word {
        start = first + 1;
    }
    let end = run_to(s, start, set::URL64 | set::EQUALS, 256);
    let text = s.get(start..end)?;
    if text.len() < SHORTEST {
        return None;
    }
    let head = s.get(i.saturating_sub(LONGEST + 1)..i)?;
    let letter = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_');
    let len = head.iter().rev().take_while(|b| letter(b)).count();
    // The path goes on before it, or begins there.
    if !matches!(before(s, i - len), b'/' | 0 | b' ' | b'"') {
        return None;
    }
    let mut name = [0; LONGEST];
    let mut glued = 0;
    for b in head.get(head.len() - len..)?.iter().filter(|b| b.is_ascii_alphabetic()) {
        *name.get_mut(glued)? = b.to_ascii_lowercase();
        glued += 1;
    }
    let name = name.get(..glued)?;
    let has = |list: &str| list.split_ascii_whitespace().any(|word| word.as_bytes() == name);
    let sure = has(TOKENS);
    if !sure && !has(OTHERS) {
        return None;
    }
    let closed = matches!(
        at(s, end),
        0..=b' '
            | b'/'
            | b'?'
            | b'#'
            | b'"'
            | b'\''
            | b'<'
            | b'>'
            | b')'
            | b']'
            | b','
            | b'&'
            | b'\\'
            | b'.'
            | b'}'
            | b'`'
    );
    let file = at(s, end) == b'.' && at(s, end + 1).is_ascii_alphanumeric();
    if !closed || file || !is_token(text, sure) {
        return None;
    }
    walk.hit(Shape::Token, Class::Token, (start, end))
}

/// Whether a segment looks drawn by chance; one that is a UUID may be the number of something.
fn is_token(text: &[u8], uuid: bool) -> bool {
    let mixed = |part: &[u8]| part.len() >= 6 && super::shapes::mixed(part);
    let mut parts = text.split(|b| matches!(b, b'-' | b'_'));
    let shaped = || [8, 13, 18, 23].iter().all(|k| text.get(*k) == Some(&b'-'));
    let is_uuid = text.len() == 36 && shaped();
    if is_uuid {
        return uuid;
    }
    // Without one of the ten digits they are still told by their capitals.
    let humps = text
        .windows(2)
        .filter(|two| two.iter().all(u8::is_ascii_alphabetic))
        .filter(|two| matches!(two, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    text.len() >= SHORTEST && (parts.any(mixed) && is_random(text) || text.len() >= 20 && humps.count() >= 5)
}
