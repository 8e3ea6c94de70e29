//! Integration tests.

mod capture_matrix;
mod context;
mod draft;
mod hand;
mod layer;
mod macro_syntax;
mod macro_values;
mod tamper;
mod verify;
