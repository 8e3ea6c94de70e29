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
mod cli_conditions;
#[cfg(feature = "cli")]
mod cli_evidence;
#[cfg(feature = "cli")]
mod cli_key;
#[cfg(feature = "cli")]
mod cli_proof;
#[cfg(all(feature = "cli", unix))]
mod cli_terminal;
mod clock;
mod context;
mod detect;
mod draft;
mod erasure;
mod errors;
mod every_key;
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
#[cfg(target_os = "linux")]
mod hostile;
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
#[cfg(feature = "export")]
mod readers;
mod schema;
mod secrets;
mod stats;
mod summary;
mod tamper;
mod verify;
mod written;
