//! What is the program's, and may do anything.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops what is the program's: its end may panic, and so may the end of what it then throws.
pub(crate) fn drop_guarded<T>(value: T) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        std::mem::forget(again);
    }
}
