//! Integration tests.

mod macro_syntax;
