//! A checkpoint as a note that other people's witnesses can read and cosign: C2SP `tlog-checkpoint`, signed as C2SP
//! `signed-note` (<https://c2sp.org/tlog-checkpoint>, <https://c2sp.org/signed-note>).

use sha2::{Digest as _, Sha256};

use super::{PublicKey, SecretKey, Signature, verify};
use crate::base64url;
use crate::chain::Head;
use crate::merkle::Hash;

/// What a checkpoint states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) trail: [u8; 16],
    /// The size of the tree, which is the number of its last record.
    pub(crate) seq: u64,
    pub(crate) root: Hash,
    pub(crate) file: u64,
    /// Behind that record.
    pub(crate) head: Head,
    /// The key that signs the next checkpoint of the file.
    pub(crate) next: PublicKey,
}

impl Checkpoint {
    /// The note's text, which is what is signed: origin, size and root, and three lines of our own.
    pub(crate) fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\nfile {}\nhead {}\nnext {}\n",
            self.origin(),
            self.seq,
            base64(&self.root),
            self.file,
            self.head.text(),
            base64url::text(&self.next)
        )
    }

    /// The log's name: `tracing-audit/<trail>`.
    pub(crate) fn origin(&self) -> String {
        format!("tracing-audit/{}", base64url::text(&self.trail))
    }

    pub(crate) fn sign(&self, key: &SecretKey) -> Signature {
        key.sign(self.text().as_bytes())
    }

    pub(crate) fn is_signed(&self, key: &PublicKey, signature: &Signature) -> bool {
        verify(key, self.text().as_bytes(), signature)
    }

    /// The note with its signature, as witnesses exchange it.
    pub(crate) fn note(&self, key: &PublicKey, signature: &Signature) -> String {
        let origin = self.origin();
        let signed = [&key_id(&origin, key)[..], signature].concat();
        format!("{}\n\u{2014} {origin} {}\n", self.text(), base64(&signed))
    }

    /// Reads a note's text and the signature of the log itself, which is to be checked with its key; other signatures are
    /// passed over.
    pub(crate) fn parse(note: &str) -> Option<(Checkpoint, [u8; 4], Signature)> {
        let (text, signatures) = note.split_once("\n\n")?;
        let mut lines = text.split('\n');
        let origin = lines.next()?;
        let checkpoint = Checkpoint {
            trail: base64url::parse(origin.strip_prefix("tracing-audit/")?.as_bytes())?,
            seq: lines.next()?.parse().ok().filter(|seq| *seq < 1 << 53)?,
            root: unbase64(lines.next()?)?,
            file: lines.next()?.strip_prefix("file ")?.parse().ok()?,
            head: Head::parse(lines.next()?.strip_prefix("head ")?)?,
            next: base64url::parse(lines.next()?.strip_prefix("next ")?.as_bytes())?,
        };
        // In the one spelling: it is what is signed.
        if format!("{text}\n") != checkpoint.text() {
            return None;
        }
        let lines = signatures.strip_suffix('\n')?.split('\n');
        let lines: Vec<&str> = lines
            .map(|line| line.strip_prefix("\u{2014} "))
            .collect::<Option<_>>()?;
        let mut named = lines.iter().filter_map(|line| line.split_once(' '));
        let (_, ours) = named.find(|(name, _)| *name == origin)?;
        let ours = unbase64::<68>(ours)?;
        let (id, signature) = ours.split_first_chunk::<4>()?;
        Some((checkpoint, *id, signature.try_into().ok()?))
    }
}

/// The verifier's key of a log, in the form that witnesses are configured with: `<name>+<key id>+<key>`.
pub(crate) fn verifier_key(trail: &[u8; 16], key: &PublicKey) -> String {
    let name = format!("tracing-audit/{}", base64url::text(trail));
    let id = u32::from_be_bytes(key_id(&name, key));
    format!("{name}+{id:08x}+{}", base64(&[&[ED25519][..], key].concat()))
}

/// The algorithm's byte in keys and key ids.
const ED25519: u8 = 0x01;

/// The first four bytes of `SHA-256(name ‖ LF ‖ 0x01 ‖ key)`.
pub(crate) fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::new_with_prefix(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key)
        .finalize()
        .into();
    hash.first_chunk().copied().unwrap_or_default()
}

/// Base64 of RFC 4648, section 4, with padding, as notes have it.
fn base64(bytes: &[u8]) -> String {
    let mut text: String = base64url::text(bytes)
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

fn unbase64<const N: usize>(text: &str) -> Option<[u8; N]> {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|letter| match letter {
            '+' => '-',
            '/' => '_',
            '-' | '_' => '?',
            other => other,
        })
        .collect();
    let bytes = base64url::parse(plain.as_bytes())?;
    (base64(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            trail: [0x10; 16],
            seq: 1234,
            root: [0xfb; 32],
            file: 3,
            head: Head([4; 32]),
            next: [5; 32],
        }
    }

    #[test]
    fn a_note_reads_back_and_is_checked_by_its_key() {
        let key = SecretKey::from_bytes(&[1; 32]);
        let signature = checkpoint().sign(&key);
        let note = checkpoint().note(&key.public(), &signature);
        let (read, id, signed) = Checkpoint::parse(&note).unwrap();
        assert_eq!((&read, signed), (&checkpoint(), signature));
        assert_eq!(id, key_id(&read.origin(), &key.public()));
        assert!(read.is_signed(&key.public(), &signed));
        assert!(!read.is_signed(&SecretKey::from_bytes(&[2; 32]).public(), &signed));
        // A witness adds its own line.
        let cosigned = format!("{note}\u{2014} witness.example {}\n", base64(&[0; 76]));
        assert_eq!(Checkpoint::parse(&cosigned).unwrap().0, checkpoint());
        for (from, to) in [
            ("1234", "01234"),
            ("+/v7", "-_v7"),
            ("file 3", "file 03"),
            ("\n\n", "\nmore\n\n"),
            ("\n\u{2014}", "\nmore\n\u{2014}"),
            ("\u{2014}", "-"),
        ] {
            let changed = note.replace(from, to);
            assert_ne!(changed, note, "{from}");
            assert_eq!(Checkpoint::parse(&changed), None, "{from}");
        }
    }

    /// The key and the note that the documentation of Go's `sumdb/note` has as its example.
    #[test]
    fn a_note_that_others_signed_is_checked_as_they_check_it() {
        let key: [u8; 33] = unbase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let key: PublicKey = key[1..].try_into().unwrap();
        assert_eq!(key_id("PeterNeumann", &key), [0xc7, 0x4f, 0x20, 0xa3]);
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signed: [u8; 68] =
            unbase64("x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=")
                .unwrap();
        assert_eq!(signed[..4], key_id("PeterNeumann", &key));
        assert!(verify(&key, text.as_bytes(), signed[4..].try_into().unwrap()));
        assert!(verifier_key(&[0x10; 16], &key).ends_with("+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
    }
}
