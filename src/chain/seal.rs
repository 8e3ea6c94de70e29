//! Seals: what ends a commit in the keyed modes, under keys that are gone soon after (docs/FORMAT.md, "Trust modes").

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Head;
use crate::base64url;
use crate::secret::SecretBytes;

/// A seal as it stands in a line.
pub(crate) type Seal = [u8; 32];

/// Bytes of `,"tag":"<22>","seal":"<43>"}`.
pub(crate) const SEALED_FRAME: usize = super::FRAME - 1 + 9 + 43 + 2;

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of one block's length cannot be refused: shorter ones are filled up with zeros.
    let mut block = zeroize::Zeroizing::new([0; 64]);
    if let Some(begin) = block.first_chunk_mut::<32>() {
        *begin = *key;
    }
    let mut mac = Hmac::<Sha256>::new(&(*block).into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A key from a key; what it is made in is wiped.
fn derive(key: &SecretBytes, parts: &[&[u8]]) -> SecretBytes {
    let derived = zeroize::Zeroizing::new(mac(key.expose(), parts));
    SecretBytes::new(*derived)
}

/// What the keys of a run are made from. The one of the next run follows from it, and not the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) SecretBytes);

impl Seed {
    /// The seed of the run after this one.
    pub(crate) fn next(&self) -> Seed {
        Seed(derive(&self.0, &[b"tracing-audit/1 seed"]))
    }

    /// The key of the first commit of run `run`, whose seed this is.
    pub(crate) fn first_key(&self, trail: &[u8; 16], run: u64) -> CommitKey {
        let parts: [&[u8]; 3] = [b"tracing-audit/1 run", trail, &run.to_le_bytes()];
        CommitKey {
            key: derive(&self.0, &parts),
            run,
            index: 0,
        }
    }
}

/// The key of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitKey {
    key: SecretBytes,
    run: u64,
    index: u64,
}

impl CommitKey {
    /// Which commit of the run it seals, from 0.
    pub(crate) fn index(&self) -> u64 {
        self.index
    }

    /// Moves to the key of the next commit. The one before is wiped.
    pub(crate) fn advance(&mut self) {
        self.key = derive(&self.key, &[b"tracing-audit/1 next"]);
        self.index += 1;
    }

    /// The seal over the head behind a commit's last line.
    pub(crate) fn seal(&self, head: &Head) -> Seal {
        let key = derive(&self.key, &[b"tracing-audit/1 mac"]);
        let parts: [&[u8]; 4] = [&[0x04], &self.run.to_le_bytes(), &self.index.to_le_bytes(), &head.0];
        mac(key.expose(), &parts)
    }

    /// Whether this is the seal over that head, in constant time.
    pub(crate) fn fits(&self, head: &Head, seal: &Seal) -> bool {
        use subtle::ConstantTimeEq as _;
        self.seal(head).ct_eq(seal).into()
    }
}

impl Head {
    /// Appends the frame of a line that ends a commit: `,"tag":"<22>","seal":"<43>"}`.
    pub(crate) fn push_sealed_frame(&self, out: &mut Vec<u8>, seal: &Seal) {
        out.extend_from_slice(b",\"tag\":\"");
        base64url::push(out, self.tag());
        out.extend_from_slice(b"\",\"seal\":\"");
        base64url::push(out, seal);
        out.extend_from_slice(b"\"}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64url;

    fn hex(text: &str) -> [u8; 32] {
        let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        std::array::from_fn(|at| byte(2 * at))
    }

    /// The values of docs/FORMAT.md, "Values for the keyed modes".
    #[test]
    fn keys_and_seals_are_those_of_the_format() {
        let seed = Seed(SecretBytes::new(std::array::from_fn(|at| at as u8)));
        let next = hex("8c458992e455e1a14a52c02b8afcf64f89a682745d49f4b82624d4ad9ffd941d");
        assert_eq!(seed.next().0.expose(), &next);
        let mut key = seed.first_key(&[0x10; 16], 1);
        let head = |text| Head(hex(text));
        for (index, at, seal) in [
            (
                0,
                "fe13ba463ef315a65ce2ee510213221ad91659c7dba90d7fe676235427a92f0a",
                "5XtvvTnVNNdaMxg_W4lfid4oJ4r5CJqrclfUmfYxmqQ",
            ),
            (
                1,
                "42e4474a73f6ed8ff29989dcbf4162429b2936c110fdb031765edbf4461f95eb",
                "cZdoSHFMTonUVB3pf7mQ5jXOxtnMWhm40PFp_Kjp-QM",
            ),
        ] {
            assert_eq!(key.index(), index);
            assert_eq!(base64url::text(&key.seal(&head(at))), seal, "commit {index}");
            key.advance();
        }
    }

    /// RFC 4231, cases 1 to 4: the ones whose keys are no longer than ours.
    #[test]
    fn the_mac_is_hmac_sha_256() {
        let count: [u8; 25] = std::array::from_fn(|at| at as u8 + 1);
        let cases: [(&[u8], &[u8], &str); 4] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &count,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
        ];
        for (short, message, code) in cases {
            let mut key = [0; 32];
            key[..short.len()].copy_from_slice(short);
            let (begin, end) = message.split_at(message.len() / 2);
            assert_eq!(mac(&key, &[begin, end]), hex(code));
        }
    }

    #[test]
    fn another_run_index_or_head_makes_another_seal() {
        let seed = Seed(SecretBytes::new([7; 32]));
        let (key, head) = (seed.first_key(&[1; 16], 1), Head([2; 32]));
        let seal = key.seal(&head);
        assert!(key.fits(&head, &seal));
        assert!(!key.fits(&Head([3; 32]), &seal));
        assert!(!seed.first_key(&[1; 16], 2).fits(&head, &seal));
        assert!(!seed.first_key(&[2; 16], 1).fits(&head, &seal));
        let mut next = key.clone();
        next.advance();
        assert!(!next.fits(&head, &seal));
        assert!(format!("{key:?} {seed:?}").contains("***"), "no key is printed");
    }
}
