//! Keys: the one for hashed values, and what a state file keeps secret of a keyed trail.

mod hash;
mod source;

pub(crate) use hash::{KeyFile, hash_key};
pub use source::KeySource;
pub(crate) use source::{Secrets, Stored, key_of, line_id};
