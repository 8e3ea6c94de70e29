use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// What a trail's files can prove, and against whom (docs/FORMAT.md, section 14). Trust only rises within a trail:
/// `Chained < Sealed < Signed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trust {
    /// Accidents and naive edits show. Whoever can write the files can recompute the chain.
    #[default]
    Chained,
    /// Every commit ends in a seal under a key that is gone once the commit is on the disk. Who comes later, even with
    /// every right on the machine, cannot change what was sealed before; who has the key line can tell.
    Sealed,
    /// Sealed, with checkpoints signed by Ed25519 over a Merkle tree of the records: what a public key line proves. Needs
    /// the feature `sign`.
    Signed,
}

impl Trust {
    /// The spelling in a header: `chained`, `sealed` or `signed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Trust::Chained => "chained",
            Trust::Sealed => "sealed",
            Trust::Signed => "signed",
        }
    }

    /// Reads the spelling of a header.
    pub(crate) fn parse(word: &str) -> Option<Trust> {
        [Trust::Chained, Trust::Sealed, Trust::Signed]
            .into_iter()
            .find(|trust| trust.as_str() == word)
    }

    /// Whether commits end in a seal.
    pub(crate) fn is_keyed(self) -> bool {
        self >= Trust::Sealed
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Trust {
    type Err = Error;

    fn from_str(text: &str) -> Result<Trust, Error> {
        Trust::parse(&text.to_ascii_lowercase()).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("{text:?} is no trust mode")).remedy("use chained, sealed or signed")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_has_an_order_and_one_spelling() {
        assert!(Trust::Chained < Trust::Sealed && Trust::Sealed < Trust::Signed);
        for trust in [Trust::Chained, Trust::Sealed, Trust::Signed] {
            assert_eq!(trust.to_string().parse::<Trust>().unwrap(), trust);
            assert_eq!(Trust::parse(trust.as_str()), Some(trust));
        }
        assert_eq!("SEALED".parse::<Trust>().unwrap(), Trust::Sealed);
        assert_eq!(Trust::parse("SEALED"), None);
        assert!(
            "none"
                .parse::<Trust>()
                .unwrap_err()
                .to_string()
                .contains("chained, sealed or signed")
        );
    }
}
