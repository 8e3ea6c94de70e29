//! Integration tests: one binary, a module a subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test stops at the first thing that is wrong"
)]

mod allocations;
mod capture_matrix;
#[cfg(feature = "cli")]
mod cli;
mod context;
mod draft;
mod errors;
mod floors;
mod hand;
#[cfg(feature = "subscriber")]
mod init;
mod layer;
mod lifecycle;
mod macro_syntax;
mod macro_values;
#[cfg(feature = "prometheus")]
mod prometheus;
mod reader;
mod schema;
mod secrets;
mod tamper;
mod verify;
