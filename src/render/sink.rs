use std::fmt;

use serde::Serialize;

use crate::render::{Fields, How, Slot};

/// Takes one value.
///
/// A panic in the value's own code is caught, what it had written is taken back, and the value is `"<panicked>"`.
#[derive(Debug)]
pub(crate) struct Sink<'a> {
    fields: &'a mut Fields,
    slot: &'a Slot,
    how: How<'a>,
}

impl<'a> Sink<'a> {
    pub(crate) fn new(fields: &'a mut Fields, slot: &'a Slot, how: How<'a>) -> Sink<'a> {
        Sink { fields, slot, how }
    }

    pub(crate) fn str(self, _value: &str) {}
    pub(crate) fn i64(self, _value: i64) {}
    pub(crate) fn u64(self, _value: u64) {}
    pub(crate) fn i128(self, _value: i128) {}
    pub(crate) fn u128(self, _value: u128) {}
    pub(crate) fn f64(self, _value: f64) {}
    pub(crate) fn bool(self, _value: bool) {}
    pub(crate) fn bytes(self, _value: &[u8]) {}
    pub(crate) fn display(self, _value: &dyn fmt::Display) {}
    pub(crate) fn debug(self, _value: &dyn fmt::Debug) {}
    /// The `Debug` text of a span's field: kept only if it is short and flat.
    pub(crate) fn span_debug(self, _value: &dyn fmt::Debug) {}
    /// An error with its causes, joined by `: `.
    pub(crate) fn error(self, _value: &(dyn std::error::Error)) {}
    pub(crate) fn serialize<T: Serialize + ?Sized>(self, _value: &T) {}
    /// Text that should be JSON; if it is not, a string.
    pub(crate) fn json(self, _text: &str) {}
}
