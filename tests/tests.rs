//! Integration tests.

mod capture_matrix;
mod layer;
mod macro_syntax;
mod verify;
