//! Records in a row, as they are named on the command line: `4`, `4..9`, `4..`.

use std::fmt;
use std::str::FromStr;

/// From one to another, both included; without an end, all from there on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
}

impl FromStr for Row {
    type Err = String;

    fn from_str(text: &str) -> Result<Row, String> {
        let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number of a record"));
        let (from, to) = match text.split_once("..") {
            Some((from, "")) => (number(from)?, None),
            Some((from, to)) => (number(from)?, Some(number(to)?)),
            None => (number(text)?, Some(number(text)?)),
        };
        match to.is_some_and(|to| to < from) {
            true => Err("the first number is above the last".to_owned()),
            false => Ok(Row { from, to }),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) if to == self.from => write!(f, "{to}"),
            Some(to) => write!(f, "{}..{to}", self.from),
            None => write!(f, "{}..", self.from),
        }
    }
}

/// So many records, in words.
pub(crate) fn records(count: u64) -> String {
    match count {
        1 => "1 record".to_owned(),
        _ => format!("{count} records"),
    }
}
