//! What the tests of this module share.

use crate::render::Policy;

pub(super) fn policy() -> Policy {
    Policy
}
