//! Integration tests.

mod allocations;
mod capture_matrix;
#[cfg(feature = "cli")]
mod cli;
mod context;
mod draft;
mod errors;
mod floors;
mod hand;
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
