//! Values that must not be printed: key bytes, and the wrappers by which a caller marks a value as secret.

use std::cell::Cell;
use std::fmt;

use serde::{Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// What stands in place of a secret, everywhere.
pub(crate) const REDACTED: &str = "[redacted]";

/// Newtype-struct names under which our own serializer recognises the wrappers. The NUL keeps them
/// apart from any name that Rust source can give a struct.
pub(crate) const MARK_DROP: &str = "\0tracing-audit drop";
/// See [`MARK_DROP`].
pub(crate) const MARK_MASK: &str = "\0tracing-audit mask";
/// See [`MARK_DROP`].
pub(crate) const MARK_HASH: &str = "\0tracing-audit hash";

/// A value that never reaches the trail: its field is left out of the record and only its name is
/// listed in `redacted`.
///
/// `Debug`, `Display` and any foreign serializer see `[redacted]`. The value itself stays reachable
/// for the program as `.0`.
///
/// ```
/// let pin = tracing_audit::Secret("4711");
/// assert_eq!(format!("{pin} {pin:?}"), "[redacted] [redacted]");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Secret<T>(pub T);

/// A value written as `[redacted]`: the field stays in the record, its value does not.
///
/// `Debug`, `Display` and any foreign serializer see the same text.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Masked<T>(pub T);

/// A value written as a keyed hash of its string form, `hmac:<key id>:<22 characters>`: equal values
/// of one trail and key give equal text, so records can be joined without the value.
///
/// Without a key in the trail, and for `Debug`, `Display` and any foreign serializer, it is
/// `[redacted]`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hashed<T>(pub T);

macro_rules! redacted {
    ($($name:ident => $mark:ident),+ $(,)?) => {$(
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(REDACTED)
            }
        }

        impl<T> fmt::Display for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(REDACTED)
            }
        }

        impl<T> From<T> for $name<T> {
            fn from(value: T) -> Self {
                Self(value)
            }
        }

        impl<T: Serialize> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if INSIDE.try_with(Cell::get).unwrap_or(false) && is_ours::<S>() {
                    serializer.serialize_newtype_struct($mark, &self.0)
                } else {
                    serializer.serialize_str(REDACTED)
                }
            }
        }
    )+};
}

redacted!(Secret => MARK_DROP, Masked => MARK_MASK, Hashed => MARK_HASH);

thread_local! {
    /// True while our own serializer is the one that asks.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// True for serializers of this crate and adapters around them (`#[serde(flatten)]`, tagged enums).
///
/// The flag alone would not do: a `Serialize` that renders a part of itself with `serde_json` while
/// ours is at work (`#[serde(with = "json string")]`) would get the value in clear. Type names are
/// only promised for diagnosis; should they change, the wrappers turn opaque, which is the safe side.
fn is_ours<S>() -> bool {
    std::any::type_name::<S>().contains(concat!(env!("CARGO_CRATE_NAME"), "::"))
}

/// Runs `f` with the wrappers showing their mark and value to serializers of this crate; nests, and
/// ends with a panic too.
pub(crate) fn inside<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            let _ = INSIDE.try_with(|inside| inside.set(self.0));
        }
    }
    // A thread that is being torn down has no flag left: the wrappers then stay opaque.
    let _restore = Restore(INSIDE.try_with(|inside| inside.replace(true)).unwrap_or(false));
    f()
}

/// A 32-byte key: wiped when dropped, compared in constant time, never printed.
#[derive(Clone)]
pub(crate) struct SecretBytes([u8; 32]);

impl SecretBytes {
    pub(crate) const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Login {
        user: &'static str,
        password: Secret<&'static str>,
        pin: Masked<u32>,
        email: Hashed<String>,
    }

    fn login() -> Login {
        Login {
            user: "ann",
            password: Secret("hunter2"),
            pin: Masked(4711),
            email: Hashed("ann@example.com".into()),
        }
    }

    #[test]
    fn a_wrapped_value_prints_nowhere() {
        let l = login();
        let shown = format!(
            "{:?} {} {:?} {} {:?} {}",
            l.password, l.password, l.pin, l.pin, l.email, l.email
        );
        assert_eq!(shown, ["[redacted]"; 6].join(" "));
        // An alternate or padded format is no way round it.
        assert!(!format!("{:#?} {:>40}", l.password, l.pin).contains("hunter"));
        assert_eq!(format!("{:?}", SecretBytes::new([7; 32])), "***");
    }

    #[test]
    fn a_foreign_serializer_sees_the_placeholder() {
        let text = serde_json::to_string(&login()).unwrap();
        let mask = "\"[redacted]\"";
        assert_eq!(
            text,
            format!("{{\"user\":\"ann\",\"password\":{mask},\"pin\":{mask},\"email\":{mask}}}")
        );
    }

    /// A writer of ours makes the serializer's type one of ours; serde_json then writes a newtype
    /// struct as its content.
    struct Own(Vec<u8>);
    impl std::io::Write for Own {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn ours(value: &impl Serialize) -> String {
        let mut own = serde_json::Serializer::new(Own(Vec::new()));
        value.serialize(&mut own).unwrap();
        String::from_utf8(own.into_inner().0).unwrap()
    }

    #[test]
    fn our_serializer_sees_the_value_only_inside() {
        let see = || ours(&login().password);
        assert_eq!(see(), "\"[redacted]\"");
        assert_eq!(inside(see), "\"hunter2\"");
        assert_eq!(inside(|| (inside(see), see())).1, "\"hunter2\"");
        assert_eq!(see(), "\"[redacted]\"");
    }

    #[test]
    fn a_foreign_serializer_called_by_ours_sees_the_placeholder() {
        assert_eq!(
            inside(|| serde_json::to_string(&login().password).unwrap()),
            "\"[redacted]\""
        );
    }

    #[test]
    fn a_panic_inside_closes_the_door() {
        let broken = std::panic::catch_unwind(|| inside(|| panic!("user code")));
        assert!(broken.is_err());
        assert_eq!(ours(&Secret(1)), "\"[redacted]\"");
    }

    #[test]
    fn another_thread_is_outside() {
        let seen = inside(|| std::thread::spawn(|| ours(&Secret(1))).join().unwrap());
        assert_eq!(seen, "\"[redacted]\"");
    }

    #[test]
    fn keys_compare_by_content() {
        assert_eq!(SecretBytes::new([1; 32]), SecretBytes::new([1; 32]));
        assert_ne!(SecretBytes::new([1; 32]), SecretBytes::new([2; 32]));
    }
}
