use std::cell::RefCell;

use crate::render::Fields;

/// Scratch of one thread: taken and given back, so that a call within a call takes another.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) fields: Fields,
    pub(crate) line: Vec<u8>,
}

thread_local! {
    // Boxes: they move in and out, and a stage is hundreds of bytes.
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
