//! A line of `audit.keys`: the key of a file, certified by the key of the file before it, and the first by the root.

use super::{PublicKey, SecretKey, Signature, verify};
use crate::base64url;
use crate::chain::Head;

/// Lines are no longer; a longer one is none.
pub(crate) const LONGEST: usize = 512;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) file: u64,
    /// Behind that file's header.
    pub(crate) head: Head,
    /// The key of the file.
    pub(crate) pk: PublicKey,
    pub(crate) sig: Signature,
}

impl Certificate {
    /// Certifies a file's key under the key before it.
    pub(crate) fn sign(under: &SecretKey, trail: &[u8; 16], file: u64, head: Head, pk: PublicKey) -> Certificate {
        let sig = under.sign(&message(trail, file, &head, &pk));
        Certificate { file, head, pk, sig }
    }

    /// Whether it was certified under this key.
    pub(crate) fn is_under(&self, key: &PublicKey, trail: &[u8; 16]) -> bool {
        verify(key, &message(trail, self.file, &self.head, &self.pk), &self.sig)
    }

    /// The line, without its LF.
    pub(crate) fn text(&self) -> String {
        format!(
            "{{\"file\":{},\"head\":\"{}\",\"pk\":\"{}\",\"sig\":\"{}\"}}",
            self.file,
            self.head.text(),
            base64url::text(&self.pk),
            base64url::text(&self.sig)
        )
    }

    /// Reads a line without its LF, in its one spelling.
    pub(crate) fn parse(line: &[u8]) -> Option<Certificate> {
        let line = std::str::from_utf8(line).ok().filter(|line| line.len() <= LONGEST)?;
        let (file, rest) = line.strip_prefix("{\"file\":")?.split_once(",\"head\":\"")?;
        let (head, rest) = rest.split_once("\",\"pk\":\"")?;
        let (pk, sig) = rest.split_once("\",\"sig\":\"")?;
        let certificate = Certificate {
            file: file.parse().ok().filter(|file| (1..1 << 53).contains(file))?,
            head: Head::parse(head)?,
            pk: base64url::parse(pk.as_bytes())?,
            sig: base64url::parse(sig.strip_suffix("\"}")?.as_bytes())?,
        };
        (certificate.text() == line).then_some(certificate)
    }
}

/// What is signed: `"tracing-audit/1 file" ‖ trail id ‖ le64(F) ‖ head ‖ pk`.
fn message(trail: &[u8; 16], file: u64, head: &Head, pk: &PublicKey) -> Vec<u8> {
    [b"tracing-audit/1 file", &trail[..], &file.to_le_bytes(), &head.0, pk].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_in_its_one_spelling_and_holds_under_its_key_alone() {
        let (root, key) = (SecretKey::from_bytes(&[1; 32]), SecretKey::from_bytes(&[2; 32]));
        let line = Certificate::sign(&root, &[7; 16], 3, Head([5; 32]), key.public());
        let text = line.text();
        assert_eq!(Certificate::parse(text.as_bytes()).unwrap(), line);
        assert!(line.is_under(&root.public(), &[7; 16]));
        assert!(!line.is_under(&key.public(), &[7; 16]) && !line.is_under(&root.public(), &[8; 16]));
        for change in [
            |line: &mut Certificate| line.file = 4,
            |line: &mut Certificate| line.head = Head([6; 32]),
            |line: &mut Certificate| line.pk[0] ^= 1,
        ] {
            let mut changed = line.clone();
            change(&mut changed);
            assert!(!changed.is_under(&root.public(), &[7; 16]));
        }
        for other in [
            text.replace(":3,", ":03,"),
            text.replace(":3,", ":+3,"),
            text.replace(",\"pk\"", ", \"pk\""),
            format!("{text} "),
            text.replace("\"}", "\",\"x\":1}"),
            text.replace("\"}", "A\"}"),
        ] {
            assert_ne!(other, text);
            assert_eq!(Certificate::parse(other.as_bytes()), None, "{other}");
        }
    }
}
