//! The audit trail for `tracing`.
