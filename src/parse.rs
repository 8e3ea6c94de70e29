//! A line read back, strictly: what the trail did not write is refused.

use crate::record::Record;

/// Why a line is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    what: &'static str,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for ParseError {}

/// Reads a record's line, without its LF. Says nothing about the chain.
pub(crate) fn record(_line: &[u8]) -> Result<Record, ParseError> {
    Err(ParseError { what: "not a record" })
}
