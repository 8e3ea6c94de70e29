//! Integration tests.

mod layer;
mod macro_syntax;
mod verify;
