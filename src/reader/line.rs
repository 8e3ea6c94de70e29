//! One line: what can be said of it from its bytes alone.

use crate::base64url;
use crate::chain::Leaf;
use crate::reader::piece::LONGEST;

/// A record's line, cut into its parts. Its tag is not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut<'a> {
    pub(crate) seq: u64,
    /// What the leaf is made of: everything between `{"seq":N,` and the frame.
    pub(crate) rest: &'a [u8],
    pub(crate) tag: [u8; 16],
    /// What ends a commit in the keyed modes. Not yet believed either.
    pub(crate) seal: Option<Sealed>,
}

/// A seal, if it is in its one spelling.
pub(crate) type Sealed = Option<[u8; 32]>;

/// Why a line cannot be a record's, whatever the chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Flaw {
    Empty,
    TooLong,
    /// A byte below 0x20.
    Control(u8),
    NotUtf8,
    /// Does not begin with `{"seq":N,` in the one spelling.
    Seq,
    /// Behind its number stands neither a record nor a tombstone.
    Rest,
    /// Does not end in `,"tag":"<22>"}`, canonically spelled.
    Frame,
    /// Ends in a seal, in a file whose header promises none.
    Sealed,
    /// A header where a record should stand.
    Header,
}

impl Flaw {
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Flaw::Empty => "the line is empty",
            Flaw::TooLong => "the line is longer than 16 MiB",
            Flaw::Control(0) => "a NUL byte in the line",
            Flaw::Control(b'\r') => "a carriage return in the line",
            Flaw::Control(_) => "a control character in the line",
            Flaw::NotUtf8 => "the line is not UTF-8",
            Flaw::Seq => "the line does not begin with a record's number",
            Flaw::Rest => "behind the line's number stands neither a time nor what an erasure leaves",
            Flaw::Frame => "the line does not end in a tag",
            Flaw::Sealed => "a sealed line in a file without seals",
            Flaw::Header => "a header inside a file",
        }
    }
}

/// The first bytes of every file: magic, and the version of the format.
pub(crate) const MAGIC: &[u8] = b"{\"tracing_audit\":";

const SEQ: &[u8] = b"{\"seq\":";
const TIME: &[u8] = b"\"time\":\"";
const TAG: &[u8] = b",\"tag\":\"";
const END: &[u8] = b"\"}";

/// Numbers stay exact in every JSON reader.
pub(crate) const SEQ_LIMIT: u64 = 1 << 53;

/// Cuts a line (without its LF) that obeys the rules for every line.
pub(crate) fn cut(line: &[u8]) -> Result<Cut<'_>, Flaw> {
    if line.len() > LONGEST {
        return Err(Flaw::TooLong);
    }
    let Some(numbered) = line.strip_prefix(SEQ) else {
        return Err(match line {
            [] => Flaw::Empty,
            line if line.starts_with(MAGIC) => Flaw::Header,
            _ => Flaw::Seq,
        });
    };
    let (seq, content) = number(numbered).ok_or(Flaw::Seq)?;
    let content = content.strip_prefix(b",").ok_or(Flaw::Seq)?;
    let Frame {
        content: rest,
        tag,
        seal,
    } = frame(content).ok_or(Flaw::Frame)?;
    match rest.starts_with(TIME) || tombstone(rest).is_some() {
        true => Ok(Cut { seq, rest, tag, seal }),
        false => Err(Flaw::Rest),
    }
}

/// What a line ends in, and what stands before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) content: &'a [u8],
    pub(crate) tag: [u8; 16],
    pub(crate) seal: Option<Sealed>,
}

/// Cuts a frame off a line, by its length: one that ends in a seal where that form is there, punctuation and letters. The
/// tag must have its one spelling.
pub(crate) fn frame(line: &[u8]) -> Option<Frame<'_>> {
    let (line, seal) = sealed(line.strip_suffix(END)?)?;
    let (content, tag) = line.split_last_chunk::<22>()?;
    Some(Frame {
        content: content.strip_suffix(TAG)?,
        tag: tag_bytes(tag)?,
        seal,
    })
}

/// What stands before a seal, and the seal, where there is one.
fn sealed(line: &[u8]) -> Option<(&[u8], Option<Sealed>)> {
    const SEAL: &[u8] = b"\",\"seal\":\"";
    let seal = line
        .split_last_chunk::<43>()
        .filter(|(front, seal)| front.ends_with(SEAL) && seal.iter().all(|byte| six(*byte) != NONE));
    match seal {
        None => Some((line, None)),
        Some((front, seal)) => Some((front.strip_suffix(SEAL)?, Some(base64url::parse::<32>(seal)))),
    }
}

/// Number and rest of a plain line that has the form of a record's, though it cannot be one: its tag or what it says is
/// spelled as no trail spells it.
pub(crate) fn form(line: &[u8]) -> Option<(u64, &[u8])> {
    let (seq, content) = number(line.strip_prefix(SEQ)?)?;
    let letters = |text: &[u8]| text.iter().all(|byte| six(*byte) != NONE);
    let (content, _) = sealed(content.strip_prefix(b",")?.strip_suffix(END)?)?;
    let (rest, tag) = content.split_last_chunk::<22>()?;
    Some((seq, rest.strip_suffix(TAG).filter(|_| letters(tag))?))
}

/// The same for a line of which nothing is known.
pub(crate) fn cut_unchecked(line: &[u8]) -> Result<Cut<'_>, Flaw> {
    plain(line)?;
    cut(line)
}

/// The rules for every line: UTF-8 and no byte below 0x20.
pub(crate) fn plain(line: &[u8]) -> Result<(), Flaw> {
    if let Some(control) = line.iter().find(|byte| **byte < 0x20) {
        return Err(Flaw::Control(*control));
    }
    std::str::from_utf8(line).map(drop).map_err(|_| Flaw::NotUtf8)
}

/// The same for many lines with their LFs.
pub(crate) fn all_plain(lines: &[u8]) -> bool {
    // Without an early exit within a chunk, so that a whole vector of bytes is looked at at once.
    let control = |chunk: &[u8]| {
        chunk
            .iter()
            .fold(false, |any, byte| any | ((*byte < 0x20) & (*byte != b'\n')))
    };
    !lines.chunks(4_096).any(control) && std::str::from_utf8(lines).is_ok()
}

/// What stands in a tombstone, the remains of an erased record: its leaf, and the number of the record that ordered it.
pub(crate) fn tombstone(rest: &[u8]) -> Option<(Leaf, u64)> {
    let leaf = rest.strip_prefix(b"\"erased\":\"")?;
    let (leaf, by) = leaf.split_at_checked(43)?;
    let by = by.strip_prefix(b"\",\"by\":")?;
    let (by, []) = number(by)? else { return None };
    Some((base64url::parse(leaf)?, by))
}

/// The number of a line that begins as a record's.
pub(crate) fn seq(line: &[u8]) -> Option<u64> {
    let (seq, behind) = number(line.strip_prefix(SEQ)?)?;
    behind.starts_with(b",").then_some(seq)
}

/// A decimal number from 1 to 2^53 - 1 without a leading zero, and what follows it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(digits)?;
    if digits.len() > 16 || matches!(digits, [] | [b'0', ..]) {
        return None;
    }
    let value = digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    (value < SEQ_LIMIT).then_some((value, rest))
}

/// 22 characters of base64url: six bits each, `NONE` for any other byte.
static SIX: [u8; 256] = {
    let mut table = [NONE; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while at < alphabet.len() {
        table[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    table
};

const NONE: u8 = 0xff;

fn six(letter: u8) -> u8 {
    SIX.get(usize::from(letter)).copied().unwrap_or(NONE)
}

/// The tag with this spelling; a second spelling of the same bytes is refused.
pub(crate) fn tag_bytes(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 22] = text.try_into().ok()?;
    let (mut value, mut bad) = (0_u128, 0);
    let (last, most) = text.split_last()?;
    for letter in most {
        let six = six(*letter);
        bad |= six;
        value = value << 6 | u128::from(six & 63);
    }
    let six = six(*last);
    bad |= six;
    // 22 characters hold 132 bits: the last four stand for nothing and must be zero.
    (bad & 0xc0 == 0 && six & 15 == 0).then(|| (value << 2 | u128::from(six >> 4)).to_be_bytes())
}

/// What a record of the trail itself says, if the line is one: its name. The trail's own names cannot be written by
/// anyone else, and its records have no `occurred`, so the name stands at a fixed place.
pub(crate) fn own_name(rest: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"\",\"event\":\"AUDIT_";
    let (time, behind) = rest.strip_prefix(TIME)?.split_at_checked(27)?;
    let name = behind.strip_prefix(NAME)?;
    let end = name.iter().take(64).position(|byte| *byte == b'"')?;
    // No time has a quote in it.
    name.get(..end).filter(|_| !time.contains(&b'"'))
}
