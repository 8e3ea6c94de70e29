//! Integration tests.

mod capture_matrix;
#[cfg(feature = "cli")]
mod cli;
mod context;
mod draft;
mod hand;
mod layer;
mod macro_syntax;
mod macro_values;
mod reader;
mod tamper;
mod verify;
