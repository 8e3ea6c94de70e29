use std::cell::RefCell;

use crate::render::{Fields, Text};

/// Scratch of one thread: taken and given back, so that a call within a call takes another.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) fields: Fields,
    pub(crate) line: Text,
}

thread_local! {
    #[expect(clippy::vec_box, reason = "they move in and out, and a stage is hundreds of bytes")]
    static IDLE: RefCell<Vec<Box<Stage>>> = const { RefCell::new(Vec::new()) };
}

/// A thread rarely nests deeper than this; further stages are freed.
const KEPT: usize = 4;

impl Stage {
    /// An empty stage. Works in destructors of thread-locals, too.
    pub(crate) fn take() -> Box<Stage> {
        IDLE.try_with(|idle| idle.try_borrow_mut().ok()?.pop())
            .ok()
            .flatten()
            .unwrap_or_default()
    }

    pub(crate) fn give(mut self: Box<Self>) {
        self.fields.clear();
        self.line.clear();
        let _ = IDLE.try_with(|idle| {
            if let Ok(mut idle) = idle.try_borrow_mut()
                && idle.len() < KEPT
            {
                idle.push(self);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_within_a_call_gets_a_stage_of_its_own_and_all_come_back_empty() {
        let mut outer = Stage::take();
        outer.line.push(b"outer");
        let mut inner = Stage::take();
        assert!(inner.line.is_empty());
        inner.line.push(b"inner");
        inner.give();
        assert_eq!(&outer.line[..], b"outer");
        outer.give();
        for _ in 0..2 * KEPT {
            let stage = Stage::take();
            assert!(stage.line.is_empty() && stage.fields.is_empty());
            std::mem::forget(stage);
        }
    }
}
