//! Redaction: what of a record is secret, and what is written instead.
//!
//! It happens on the caller's thread, before a record is queued: a secret reaches no buffer, file, sink,
//! metric or alert. Three questions are asked of every field, cheapest first:
//!
//! 1. *Its type*: [`Secret`](crate::Secret), [`Masked`](crate::Masked), [`Hashed`](crate::Hashed).
//! 2. *Its name* ([`names`]): decided once per call site; also for members of nested JSON and for every
//!    `name=value`, `name: value`, header line or connection string inside a text.
//! 3. *Its shape* ([`shapes`]): keys with a known prefix, card numbers with their check digit, and so on.
//!
//! A value passes [`Policy::scan`] first. Its sieve ([`scan`]) answers most values in some forty
//! instructions; only what it holds back is walked by [`text`]. Everything is linear in the input: matchers
//! look a bounded distance back, and forward only over what they then consume.

mod asked;
mod assigned;
mod bare;
mod beside;
mod columns;
mod command;
mod compared;
mod found;
mod handed;
mod hit;
mod items;
mod label;
mod link;
mod list;
mod login;
mod look;
mod manifest;
mod marks;
mod names;
mod near;
mod notation;
mod owner;
mod pair;
mod plain;
mod plainly;
mod policy;
mod protocol;
mod remark;
mod rules;
mod said;
mod scan;
mod seen;
mod series;
mod shapes;
mod split;
mod text;
mod value;
mod words;

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod drawn;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod notations;
#[cfg(test)]
mod samples;

use std::fmt;

pub(crate) use found::Found;
pub(crate) use policy::{HashKey, Policy, Verdict};
pub use rules::Redaction;

/// What happens to a value that is sensitive.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// Written as it is.
    Keep,
    /// `[redacted]`.
    Mask,
    /// A keyed hash, `hmac:<key id, 6>:<22 characters>`: equal values of one key stay equal. Without a key,
    /// `[redacted]`.
    Hash,
    /// The SHA-256 of the value in hexadecimal. For bodies and other long values only: short ones are
    /// found again by trying.
    Sha256,
    /// The first so many characters and `…`. A value that is not longer is `[redacted]`.
    Prefix(u8),
    /// The field is left out of the record and its name listed in `redacted`; inside a text, `[redacted]`.
    Drop,
}

impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Mask => f.write_str("mask"),
            Self::Hash => f.write_str("hash"),
            Self::Sha256 => f.write_str("sha256"),
            Self::Prefix(n) => write!(f, "prefix({n})"),
            Self::Drop => f.write_str("drop"),
        }
    }
}

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What sort of secret was found. `audit_redactions_total` counts by it.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Class { $($(#[$doc])* $name,)+ }

        impl Class {
            /// All classes, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// The number of classes.
            pub const COUNT: usize = Self::ALL.len();

            /// The name in snake case, as in metrics and the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

classes! {
    /// Passwords, passphrases, one-time codes, connection strings, `Authorization` and Basic credentials.
    Credential = "credential",
    /// Access, refresh, session and provider tokens, signatures.
    Token = "token",
    /// API keys, signing and encryption keys, shared secrets.
    Key = "key",
    /// Cookies.
    Cookie = "cookie",
    /// Identifiers of sessions, other than the record's own `session_id`.
    Session = "session",
    /// Card numbers, their codes, expiry and track data.
    Card = "card",
    /// Bank accounts.
    Bank = "bank",
    /// Social security, tax, passport and licence numbers.
    GovernmentId = "government_id",
    /// JSON web tokens.
    Jwt = "jwt",
    /// Private key blocks.
    Pem = "pem",
    /// The password part of a URL.
    UrlPassword = "url_password",
    /// E-mail addresses, telephone numbers and the like; not in the standard policy.
    Contact = "contact",
    /// Medical records, diagnoses, biometrics.
    Health = "health",
    /// A name that the program or its configuration added.
    Custom = "custom",
    /// A value wrapped in `Secret`, `Masked` or `Hashed`.
    Type = "type",
}

impl Class {
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u8
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident = $text:literal => $class:ident,)+) => {
        /// A form by which a secret is recognised in a text whatever its name.
        #[non_exhaustive]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Shape { $($(#[$doc])* $name,)+ }

        impl Shape {
            /// All shapes, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// The number of shapes.
            pub const COUNT: usize = Self::ALL.len();

            /// The name in snake case, as in the configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What it counts as.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }
        }
    };
}

shapes! {
    /// `name=value`, `name: value`, `"name":"value"` and the like, by name.
    Pair = "pair" => Credential,
    /// Tokens of clouds, forges and services that start or are built in a known way.
    Token = "token" => Token,
    /// JSON web tokens.
    Jwt = "jwt" => Jwt,
    /// `Bearer …`, `Basic …`, `curl -u user:password`, `--password …`.
    Authorization = "authorization" => Credential,
    /// PEM, OpenSSH, PGP and PuTTY private keys.
    PrivateKey = "private_key" => Pem,
    /// `scheme://user:password@host`.
    UrlPassword = "url_password" => UrlPassword,
    /// 12 to 19 digits with a known issuer and a right check digit.
    Card = "card" => Card,
    /// International bank account numbers with right length and check digits.
    Iban = "iban" => Bank,
    /// United States social security numbers, `ddd-dd-dddd`.
    Ssn = "ssn" => GovernmentId,
    /// E-mail addresses; off in the standard policy.
    Email = "email" => Contact,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
