//! Signatures of mode `signed`: Ed25519 (RFC 8032), the lines of `audit.keys`, and checkpoints as signed notes
//! (docs/FORMAT.md, "Trust modes").

pub(crate) mod certificate;
pub(crate) mod note;

use std::fmt;

use ed25519_dalek::Signer as _;

/// A public key as it stands in headers, records and lines.
pub(crate) type PublicKey = [u8; 32];

/// A signature as it stands in records and lines.
pub(crate) type Signature = [u8; 64];

/// A secret key: wiped when dropped, never printed.
#[derive(Clone)]
pub(crate) struct SecretKey(ed25519_dalek::SigningKey);

impl SecretKey {
    pub(crate) fn random() -> Result<SecretKey, getrandom::Error> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        Ok(SecretKey::from_bytes(&bytes))
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> SecretKey {
        SecretKey(ed25519_dalek::SigningKey::from_bytes(bytes))
    }

    /// What [`SecretKey::from_bytes`] takes.
    pub(crate) fn to_bytes(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.0.verifying_key().to_bytes()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether this is the key's signature over the message. Strictly: one signature has one spelling, and weak keys sign nothing.
pub(crate) fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
    }

    /// RFC 8032, section 7.1, tests 1 to 3.
    #[test]
    fn keys_and_signatures_are_those_of_the_standard() {
        for (secret, public, message, signature) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let key = SecretKey::from_bytes(&bytes(secret));
            let message: Vec<u8> = (0..message.len() / 2)
                .map(|at| u8::from_str_radix(&message[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            assert_eq!(key.public(), bytes(public));
            assert_eq!(key.sign(&message), bytes(signature));
            assert!(verify(&bytes(public), &message, &bytes(signature)));
            assert!(!verify(&bytes(public), b"another message", &bytes(signature)));
            for bit in 0..512 {
                let mut signature: Signature = bytes(signature);
                signature[bit / 8] ^= 1 << (bit % 8);
                assert!(!verify(&bytes(public), &message, &signature), "bit {bit}");
            }
        }
    }

    /// A key of small order has signatures that fit many messages.
    #[test]
    fn a_weak_key_signs_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&identity, b"anything", &signature));
    }

    #[test]
    fn a_secret_key_is_printed_nowhere() {
        let key = SecretKey::random().unwrap();
        assert_eq!(format!("{key:?}"), "***");
        assert_eq!(SecretKey::from_bytes(&key.to_bytes()).public(), key.public());
    }
}
