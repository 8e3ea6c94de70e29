//! From values to the bytes of a line.
//!
//! A value is redacted, cut and written as JSON once, when it arrives ([`Sink`]), into the text of a [`Fields`]; a
//! record being built has one, so has every captured span and every `AuditContext`. [`rest`] then copies the pieces in
//! the order of the keys. What a name means and how it is treated is decided once per call site ([`Slot`]).

mod decimal;
mod fields;
mod given;
mod head;
mod line;
mod long;
mod members;
mod nested;
mod pen;
mod redaction;
pub(crate) mod salt;
mod serialize;
mod sink;
mod slot;
mod squeeze;
mod stage;
#[cfg(test)]
mod tests;
mod texts;
mod transcribe;
mod written;

pub(crate) use fields::Fields;
pub use given::{At, Given, To, Value};
pub(crate) use line::{Name, What, rest};
pub(crate) use pen::Text;
pub(crate) use salt::Salts;
pub(crate) use sink::Sink;
pub(crate) use slot::Slot;
pub(crate) use stage::Stage;
pub(crate) use texts::{Slots, Texts};

pub(crate) use crate::redact::Policy;

/// How long things may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of one value, after redaction and before escaping.
    pub(crate) value: usize,
    /// Bytes of one line, frame included.
    pub(crate) line: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            value: 8 * 1024,
            line: 64 * 1024,
        }
    }
}

/// What a value needs to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) limits: Limits,
}
