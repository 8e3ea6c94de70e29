//! Where an answer stopped.

use std::fmt;
use std::str::FromStr;

use super::Order;
use crate::error::{Error, ErrorKind};

/// Where an answer stopped: the next page begins behind it, however much the trail has grown.
///
/// As text it is short, and safe in a URL; what it says is nobody's business but the trail's. It means something for the trail
/// that it is of alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    order: Order,
    seq: u64,
}

impl Cursor {
    pub(super) fn new(order: Order, seq: u64) -> Cursor {
        Cursor { order, seq }
    }

    /// Which way it goes: the order of the answer that it is of.
    pub fn order(self) -> Order {
        self.order
    }

    /// The last record that was given.
    pub(super) fn seq(self) -> u64 {
        self.seq
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.order {
            Order::Newest => 'n',
            Order::Oldest => 'o',
        };
        write!(f, "{way}{}", self.seq)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Cursor, Error> {
        let read = || {
            let (order, digits) = match text.split_at_checked(1)? {
                ("n", digits) => (Order::Newest, digits),
                ("o", digits) => (Order::Oldest, digits),
                _ => return None,
            };
            let cursor = Cursor::new(order, digits.parse().ok()?);
            (cursor.to_string() == text).then_some(cursor)
        };
        read().ok_or_else(|| {
            Error::new(ErrorKind::Config, "the cursor is none that an answer gave")
                .remedy("give it as it was, or leave it out to begin anew")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        for cursor in [Cursor::new(Order::Newest, 1), Cursor::new(Order::Oldest, u64::MAX)] {
            assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        }
        for text in [
            "",
            "n",
            "7",
            "n-7",
            "n+7",
            "n07",
            "x7",
            "n7 ",
            "ñ7",
            "n18446744073709551616",
        ] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
