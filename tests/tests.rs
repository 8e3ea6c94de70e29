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

mod alerts;
mod allocations;
mod attacks;
mod capture_matrix;
mod changes;
#[cfg(feature = "webhook")]
mod channels;
mod child;
#[cfg(feature = "cli")]
mod cli;
#[cfg(feature = "cli")]
mod cli_ask;
#[cfg(feature = "cli")]
mod cli_evidence;
#[cfg(feature = "cli")]
mod cli_key;
#[cfg(feature = "cli")]
mod cli_proof;
mod clock;
mod context;
mod detect;
mod draft;
mod erasure;
mod errors;
mod exits;
#[cfg(feature = "export")]
mod export;
#[cfg(feature = "export")]
mod export_formats;
mod floors;
#[cfg(unix)]
mod fork;
mod hand;
mod health;
mod hold;
#[cfg(feature = "subscriber")]
mod init;
mod keyed;
mod layer;
mod lifecycle;
mod macro_syntax;
mod macro_values;
mod metrics;
#[cfg(feature = "prometheus")]
mod prometheus;
#[cfg(feature = "sign")]
mod proof;
mod query;
mod reader;
mod schema;
mod secrets;
mod stats;
mod summary;
mod tamper;
mod verify;
mod written;
