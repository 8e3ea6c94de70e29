//! Panics as records: a hook that records, waits for the disk, and goes on to the hook that was there before.
//!
//! A hook that panics ends the process, and one that waits for what its own thread holds never returns. So this one runs
//! no code of the program's: the panic's text is there already, and nothing is shown to other layers. Every lock and
//! every wait that it meets has an end.

use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Once, Weak};
use std::time::Duration;

use crate::draft::Draft;
use crate::event::events;
use crate::mirror::Hush;
use crate::outcome::Outcome;
use crate::sync::Mutex;
use crate::trail::{Ask, Core, Trail};

/// How long a panic waits for the disk, at most.
const PATIENCE: Duration = Duration::from_secs(1);

/// The trails that record panics.
static TRAILS: Mutex<Vec<Weak<Core>>> = Mutex::new(Vec::new());

static INSTALLED: Once = Once::new();

impl Trail {
    /// Records every panic of the process from now on: a panic hook that writes a `SYSTEM_ERROR` with the panic's text as
    /// `error` and its place as `location`, waits until all that was accepted is on the disk, at most a second, and calls
    /// the hook that was there before. With `panic = "abort"` nothing else would wait for it.
    ///
    /// The text is redacted like any other value. Panics that are caught are recorded too. The hook does not keep the trail
    /// running, and does nothing when that has ended. Called by a thread that is panicking, this does nothing.
    pub fn record_panics(&self) {
        if std::thread::panicking() {
            return;
        }
        {
            let mut trails = TRAILS.lock();
            trails.retain(|trail| trail.upgrade().is_some_and(|core| core.id() != self.core().id()));
            trails.push(Arc::downgrade(self.core().arc()));
        }
        INSTALLED.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                record(info);
                before(info);
            }));
        });
    }
}

fn record(info: &PanicHookInfo<'_>) {
    // Held by `record_panics` alone, for a moment.
    let Some(trails) = TRAILS.try_lock_for(PATIENCE) else {
        return;
    };
    let cores: Vec<Arc<Core>> = trails.iter().filter_map(Weak::upgrade).collect();
    drop(trails);
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text");
    let place = info.location().map(ToString::to_string);
    let _hush = Hush::begin();
    for core in cores {
        Draft::of(Arc::clone(&core), events::SYSTEM_ERROR)
            .outcome(Outcome::Error)
            .message("the program panicked")
            .field("error", text)
            .field("location", &place)
            .emit();
        // It is written later, or not at all, if the disk takes longer than that.
        let _ = core.ask(Ask::Sync, PATIENCE.min(core.progress.wait_limit()));
    }
}
