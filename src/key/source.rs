//! What protects the secrets that a keyed trail must keep for its next run: nothing but the file's permissions, a key from
//! the environment, or what the program calls (a key service, a TPM).

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::base64url;
use crate::error::{Error, ErrorKind};
use crate::secret::SecretBytes;

/// What a state file keeps secret: the seed of the next run, and in mode `signed` the key that signs the next file's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Secrets {
    pub(crate) seed: SecretBytes,
    pub(crate) sk: Option<SecretBytes>,
}

/// The same as it stands in the state file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Stored {
    Plain(Arc<Secrets>),
    Wrapped(Vec<u8>),
}

type Wrong = Box<dyn std::error::Error + Send + Sync>;
type Call = Arc<dyn Fn(&[u8]) -> Result<Vec<u8>, Wrong> + Send + Sync>;

/// Where the secrets come from that a trail in mode `sealed` or `signed` keeps for its next run. They cannot seal what is on
/// the disk already; whoever has them can write the next run in the trail's name.
///
/// ```
/// use tracing_audit::KeySource;
///
/// let state_file = KeySource::state_file(); // the default: in `<dir>.keys/state`, for this user alone
/// let environment = KeySource::environment("SHOP_AUDIT_KEY"); // wrapped there under a key from the environment
/// let service = KeySource::wrapped(
///     |secret| Ok(secret.iter().map(|byte| byte ^ 0x55).collect()), // in earnest: what a key service makes of it
///     |wrapped| Ok(wrapped.iter().map(|byte| byte ^ 0x55).collect()),
/// );
/// # let _ = (state_file, environment, service);
/// ```
#[derive(Clone)]
pub struct KeySource(Kind);

#[derive(Clone)]
enum Kind {
    StateFile,
    Environment(String),
    Wrapped { wrap: Call, unwrap: Call },
}

impl KeySource {
    /// In the state file as they are, protected by its permissions. The default.
    pub const fn state_file() -> KeySource {
        KeySource(Kind::StateFile)
    }

    /// In the state file, encrypted under the key in this environment variable: 32 random bytes as 43 characters of
    /// base64url (`openssl rand 32 | basenc --base64url | tr -d =`).
    pub fn environment(variable: impl Into<String>) -> KeySource {
        KeySource(Kind::Environment(variable.into()))
    }

    /// In the state file as `wrap` makes them, which `unwrap` undoes: a key service, a TPM. At most 64 bytes go in, and at
    /// most 16 KiB come out. `unwrap` is called once at a start; `wrap` at a start, and in mode `signed` for each new file,
    /// on the writer's thread, so that it should not take long.
    pub fn wrapped<W, U>(wrap: W, unwrap: U) -> KeySource
    where
        W: Fn(&[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
        U: Fn(&[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    {
        KeySource(Kind::Wrapped {
            wrap: Arc::new(wrap),
            unwrap: Arc::new(unwrap),
        })
    }

    /// The secrets as the state file of this trail keeps them.
    pub(crate) fn store(&self, secrets: &Arc<Secrets>, trail: &[u8; 16]) -> Result<Stored, Error> {
        Ok(match &self.0 {
            Kind::StateFile => Stored::Plain(Arc::clone(secrets)),
            Kind::Environment(variable) => {
                let sealed = encrypt(&key_in(variable)?, &secrets.bytes(), trail);
                Stored::Wrapped(
                    sealed.map_err(|why| refused(&why).remedy("make the system's random numbers available"))?,
                )
            }
            Kind::Wrapped { wrap, .. } => {
                let wrapped = wrap(&secrets.bytes()).map_err(|error| refused_by("wrap", &*error))?;
                if wrapped.is_empty() || wrapped.len() > LONGEST {
                    let why = format!("`wrap` gave {} bytes, and not 1 to {LONGEST}", wrapped.len());
                    return Err(refused(&why).remedy("see what the program gives KeySource::wrapped"));
                }
                Stored::Wrapped(wrapped)
            }
        })
    }

    /// The secrets of what a state file of this trail keeps.
    pub(crate) fn open(&self, stored: &Stored, trail: &[u8; 16]) -> Result<Arc<Secrets>, Error> {
        let wrapped = match stored {
            // Kept so by an earlier start; the next state is stored as it is asked for now.
            Stored::Plain(secrets) => return Ok(Arc::clone(secrets)),
            Stored::Wrapped(wrapped) => wrapped,
        };
        let bytes = match &self.0 {
            Kind::StateFile => {
                return Err(refused("they are wrapped, and nothing says how to unwrap them")
                    .remedy("name the same KeySource as before, or set AUDIT_STATE_KEY"));
            }
            Kind::Environment(variable) => decrypt(&key_in(variable)?, wrapped, trail).ok_or_else(|| {
                refused(&format!(
                    "the key in the environment variable {variable} is not the one they were wrapped under"
                ))
                .remedy("set it to the key of before")
            })?,
            Kind::Wrapped { unwrap, .. } => {
                Zeroizing::new(unwrap(wrapped).map_err(|error| refused_by("unwrap", &*error))?)
            }
        };
        Secrets::parse(&bytes).map(Arc::new).ok_or_else(|| {
            refused(&format!(
                "what was unwrapped has {} bytes, and not 32 or 64",
                bytes.len()
            ))
            .remedy("see that `unwrap` undoes what `wrap` did")
        })
    }
}

/// What a wrapped form may have.
const LONGEST: usize = 16 << 10;

impl Default for KeySource {
    fn default() -> KeySource {
        KeySource::state_file()
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::StateFile => f.write_str("state file"),
            Kind::Environment(variable) => write!(f, "environment: {variable}"),
            Kind::Wrapped { .. } => f.write_str("wrapped by the program"),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySource({self})")
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stored::Plain(_) => "Plain(***)",
            Stored::Wrapped(_) => "Wrapped(***)",
        })
    }
}

impl Secrets {
    /// The seed, and behind it the key: what is wrapped.
    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(64));
        bytes.extend_from_slice(self.seed.expose());
        if let Some(sk) = &self.sk {
            bytes.extend_from_slice(sk.expose());
        }
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<Secrets> {
        let (seed, sk) = bytes.split_first_chunk::<32>()?;
        let sk = match sk {
            [] => None,
            sk => Some(SecretBytes::new(*<&[u8; 32]>::try_from(sk).ok()?)),
        };
        Some(Secrets {
            seed: SecretBytes::new(*seed),
            sk,
        })
    }
}

/// The id of a key line by its last word: six characters that tell it from others and nothing about it.
pub(crate) fn line_id(word: &[u8; 32]) -> String {
    let mut id = match Hmac::<Sha256>::new_from_slice(word) {
        Ok(mac) => base64url::text(&mac.chain_update("tracing-audit/1 kid").finalize().into_bytes()),
        Err(_) => String::new(),
    };
    id.truncate(6);
    id
}

fn key_in(variable: &str) -> Result<SecretBytes, Error> {
    match std::env::var_os(variable).filter(|text| !text.is_empty()) {
        Some(text) => key_of(variable, text),
        None => Err(refused(&format!("the environment variable {variable} is not set")).remedy(KEY)),
    }
}

const KEY: &str = "set it to 32 random bytes as 43 characters of base64url";

/// The key that this environment variable was set to.
pub(crate) fn key_of(variable: &str, text: OsString) -> Result<SecretBytes, Error> {
    let text = Zeroizing::new(text.into_encoded_bytes());
    match base64url::parse(text.trim_ascii()) {
        Some(key) => Ok(SecretBytes::new(key)),
        None => Err(refused(&format!("the environment variable {variable} holds no key")).remedy(KEY)),
    }
}

/// A nonce of 24 random bytes, the ciphertext, and a tag of 16 over it and the trail's id (XChaCha20-Poly1305).
fn encrypt(key: &SecretBytes, secret: &[u8], trail: &[u8; 16]) -> Result<Vec<u8>, String> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| format!("there are no random numbers: {error}"))?;
    let mut sealed = [nonce.as_slice(), secret].concat();
    let text = sealed.get_mut(NONCE..).unwrap_or_default();
    let tag = XChaCha20Poly1305::new(key.expose().into())
        .encrypt_inout_detached(&XNonce::from(nonce), &bound_to(trail), text.into())
        .map_err(|_| "they are too long".to_owned())?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

fn decrypt(key: &SecretBytes, sealed: &[u8], trail: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
    let (text, tag) = rest.split_last_chunk::<16>()?;
    let mut text = Zeroizing::new(text.to_vec());
    XChaCha20Poly1305::new(key.expose().into())
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            &bound_to(trail),
            text.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .ok()?;
    Some(text)
}

const NONCE: usize = 24;

/// What a wrapped form belongs to: one that was copied from another trail does not open.
fn bound_to(trail: &[u8; 16]) -> Vec<u8> {
    [b"tracing-audit/1 wrap".as_slice(), trail].concat()
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Key, format!("cannot use the trail's secrets, as {why}"))
}

fn refused_by(call: &str, error: &dyn std::error::Error) -> Error {
    refused(&format!("`{call}` said: {error}")).remedy("see what the program gives KeySource::wrapped")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIL: [u8; 16] = [0x10; 16];

    fn secrets(sk: bool) -> Arc<Secrets> {
        Arc::new(Secrets {
            seed: SecretBytes::new([1; 32]),
            sk: sk.then(|| SecretBytes::new([2; 32])),
        })
    }

    fn refusal(opened: Result<Arc<Secrets>, Error>) -> String {
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Key);
        assert!(error.to_string().contains("; "), "{error}");
        error.to_string()
    }

    #[test]
    fn secrets_come_back_from_every_source_and_are_nowhere_to_be_read() {
        // A variable that every process has is no key.
        let source = KeySource::environment("PATH");
        assert!(
            source
                .store(&secrets(false), &TRAIL)
                .unwrap_err()
                .to_string()
                .contains("PATH holds no key")
        );
        let flip = |bytes: &[u8]| Ok(bytes.iter().map(|byte| !byte).collect());
        for source in [KeySource::state_file(), KeySource::wrapped(flip, flip)] {
            for sk in [false, true] {
                let stored = source.store(&secrets(sk), &TRAIL).unwrap();
                assert_eq!(source.open(&stored, &TRAIL).unwrap(), secrets(sk));
                assert!(format!("{source:?} {stored:?}").len() < 60);
            }
        }
    }

    #[test]
    fn a_wrapped_secret_opens_with_its_key_in_its_trail_alone() {
        let (key, other) = (SecretBytes::new([7; 32]), SecretBytes::new([8; 32]));
        let sealed = encrypt(&key, &secrets(true).bytes(), &TRAIL).unwrap();
        assert_eq!(sealed.len(), 24 + 64 + 16);
        assert_ne!(
            sealed,
            encrypt(&key, &secrets(true).bytes(), &TRAIL).unwrap(),
            "no nonce comes twice"
        );
        assert_eq!(
            Secrets::parse(&decrypt(&key, &sealed, &TRAIL).unwrap()),
            Some(Secrets {
                seed: SecretBytes::new([1; 32]),
                sk: Some(SecretBytes::new([2; 32])),
            })
        );
        assert!(decrypt(&other, &sealed, &TRAIL).is_none());
        assert!(decrypt(&key, &sealed, &[0x11; 16]).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(decrypt(&key, &changed, &TRAIL).is_none());
            assert!(decrypt(&key, &sealed[..at], &TRAIL).is_none());
        }
    }

    #[test]
    fn what_cannot_be_unwrapped_is_an_error_that_says_why() {
        let wrapped = Stored::Wrapped(vec![1, 2, 3]);
        assert!(refusal(KeySource::state_file().open(&wrapped, &TRAIL)).contains("AUDIT_STATE_KEY"));
        let unset = KeySource::environment("TRACING_AUDIT_NO_SUCH_VARIABLE");
        assert!(refusal(unset.open(&wrapped, &TRAIL)).contains("TRACING_AUDIT_NO_SUCH_VARIABLE is not set"));
        let down = KeySource::wrapped(|_| Err("no quorum".into()), |_| Err("no quorum".into()));
        assert!(refusal(down.open(&wrapped, &TRAIL)).contains("no quorum"));
        assert!(
            down.store(&secrets(false), &TRAIL)
                .unwrap_err()
                .to_string()
                .contains("no quorum")
        );
        let short = KeySource::wrapped(|_| Ok(Vec::new()), |_| Ok(vec![0; 33]));
        assert!(refusal(short.open(&wrapped, &TRAIL)).contains("33 bytes"));
        assert!(
            short
                .store(&secrets(false), &TRAIL)
                .unwrap_err()
                .to_string()
                .contains("0 bytes")
        );
    }
}
