//! Values as a call gives them.

use crate::render::{Fields, How, Sink, Slot};

/// What takes a value. With [`At`] it is passed in registers, which a whole sink is not.
#[derive(Debug)]
pub struct To<'a>(pub(crate) &'a mut Fields, pub(crate) &'a How<'a>);

/// Under which name.
#[derive(Clone, Copy, Debug)]
pub struct At<'a>(pub(crate) &'a Slot);

impl<'a> To<'a> {
    #[inline]
    pub(crate) fn sink(self, At(slot): At<'a>) -> Sink<'a> {
        self.0.sink(slot, *self.1)
    }
}

/// A value on its way into a record.
pub trait Value {
    /// Writes it.
    fn put(&self, to: To<'_>, at: At<'_>);

    /// Strings that are at hand need no code of theirs to be read.
    #[inline(always)]
    fn given(&self) -> Given<'_>
    where
        Self: Sized,
    {
        Given::Value(self)
    }
}

/// A value, or the string that it is.
#[derive(Clone, Copy)]
pub enum Given<'a> {
    /// A string, which none of its own code needs to write.
    Text(&'a str),
    /// Anything else.
    Value(&'a dyn Value),
}

impl std::fmt::Debug for Given<'_> {
    /// Without the value, which is not redacted yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Given::Text(_) => "Text(..)",
            Given::Value(_) => "Value(..)",
        })
    }
}
