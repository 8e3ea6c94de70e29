//! SHIM until branch proof.
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::chain::Head;
use crate::secret::SecretBytes;

#[derive(Clone, Debug)]
pub(crate) struct Seed(SecretBytes);

#[derive(Clone, Debug)]
pub(crate) struct CommitKey(SecretBytes);

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "shim")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl Seed {
    pub(crate) fn new(bytes: [u8; 32]) -> Seed {
        Seed(SecretBytes::new(bytes))
    }
    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
    pub(crate) fn next(&self) -> Seed {
        Seed::new(mac(self.expose(), &[b"tracing-audit/1 seed"]))
    }
    pub(crate) fn run_key(&self, trail: &[u8; 16], run: u64) -> CommitKey {
        CommitKey(SecretBytes::new(mac(
            self.expose(),
            &[b"tracing-audit/1 run", trail, &run.to_le_bytes()],
        )))
    }
}

impl CommitKey {
    pub(crate) fn next(&self) -> CommitKey {
        CommitKey(SecretBytes::new(mac(self.0.expose(), &[b"tracing-audit/1 next"])))
    }
    pub(crate) fn seal(&self, run: u64, commit: u64, head: &Head) -> [u8; 32] {
        let key = SecretBytes::new(mac(self.0.expose(), &[b"tracing-audit/1 mac"]));
        mac(key.expose(), &[&[0x04], &run.to_le_bytes(), &commit.to_le_bytes(), &head.0])
    }
}

/// SHIM
#[derive(Clone)]
pub struct KeyLine {
    pub(crate) trail: [u8; 16],
    pub(crate) run: u64,
    pub(crate) head: Head,
    pub(crate) word: SecretBytes,
}

impl std::fmt::Display for KeyLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::base64url::text;
        write!(
            f,
            "tracing-audit-key 1 {} {} {} {}",
            text(&self.trail),
            self.run,
            self.head.text(),
            text(self.word.expose())
        )
    }
}

impl std::fmt::Debug for KeyLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyLine(***)")
    }
}
