//! What is known of a trail from outside its host: that a record had a head (docs/FORMAT.md, "Anchors").

use std::fmt;
use std::str::FromStr;

use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::reader::line::SEQ_LIMIT;

/// A scraper may read number and head at different moments; so far apart they may be.
pub(crate) const SKEW: u64 = 1 << 17;

/// A record's number and its head, or the first 48 bits of it, kept away from the trail's host.
///
/// As text `<seq>:<head>`, the head as 43 characters, or as the decimal number that the gauge `audit_chain_head48` shows.
/// Of the 48 bits some record within 131,072 numbers of the given one must have them.
///
/// In mode `chained` 48 bits are no proof against someone who has time to compute.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    pub(crate) seq: u64,
    pub(crate) head: Known,
}

/// What is known of a head.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Whole(Head),
    /// As a big-endian number.
    First48(u64),
}

impl Anchor {
    /// An anchor as the gauges `audit_chain_seq` and `audit_chain_head48` show it.
    pub fn of_gauges(seq: u64, head48: u64) -> Anchor {
        Anchor {
            seq,
            head: Known::First48(head48),
        }
    }

    /// The record's number.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether a record is the one that is meant.
    pub(crate) fn holds(&self, seq: u64, head: &Head) -> bool {
        match &self.head {
            Known::Whole(known) => self.seq == seq && known == head,
            Known::First48(known) => self.seq.abs_diff(seq) <= SKEW && head48(head) == *known,
        }
    }

    /// The numbers among which it is to be found.
    pub(crate) fn span(&self) -> (u64, u64) {
        match self.head {
            Known::Whole(_) => (self.seq, self.seq),
            Known::First48(_) => (self.seq.saturating_sub(SKEW), self.seq.saturating_add(SKEW)),
        }
    }
}

fn head48(head: &Head) -> u64 {
    let [a, b, c, d, e, f, ..] = head.0;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

impl FromStr for Anchor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Anchor, Error> {
        let wrong = || {
            Error::new(ErrorKind::Config, format!("{text:?} is no anchor"))
                .remedy("give <seq>:<head>, the head as 43 characters or as the number of audit_chain_head48")
        };
        let (seq, head) = text.trim().split_once(':').ok_or_else(wrong)?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // The one spelling alone: no sign, no leading zero.
        let number: Option<u64> = seq.parse().ok();
        let seq = number.filter(|number| number.to_string() == seq && *number < SEQ_LIMIT);
        let head = match digits(head) && head.len() < 43 {
            true => head.parse().ok().filter(|head| *head < 1 << 48).map(Known::First48),
            false => Head::parse(head).map(Known::Whole),
        };
        Ok(Anchor {
            seq: seq.filter(|seq| *seq > 0).ok_or_else(wrong)?,
            head: head.ok_or_else(wrong)?,
        })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.head {
            Known::Whole(head) => write!(f, "{}:{}", self.seq, head.text()),
            Known::First48(head) => write!(f, "{}:{head}", self.seq),
        }
    }
}

impl fmt::Debug for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Anchor({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_reads_back_as_it_is_written() {
        let whole = Anchor {
            seq: 7,
            head: Known::Whole(Head([9; 32])),
        };
        for anchor in [whole, Anchor::of_gauges(7, 73_548_216_038_390)] {
            assert_eq!(anchor.to_string().parse::<Anchor>().unwrap(), anchor);
        }
        for wrong in [
            "",
            "7",
            "7:",
            "0:1",
            "07:1",
            "7:281474976710656",
            "x:1",
            "7:AAAA",
            "9007199254740992:1",
        ] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }

    /// The figure of docs/FORMAT.md, "Values for the keyed modes".
    #[test]
    fn the_first_48_bits_hold_for_numbers_nearby() {
        let mut head = [0; 32];
        head[..6].copy_from_slice(&[0x42, 0xe4, 0x47, 0x4a, 0x73, 0xf6]);
        let anchor = Anchor::of_gauges(200_000, 73_548_216_038_390);
        let head = Head(head);
        assert!(anchor.holds(200_000, &head) && anchor.holds(200_000 - SKEW, &head));
        assert!(!anchor.holds(200_001 + SKEW, &head) && !anchor.holds(200_000, &Head([1; 32])));
    }
}
