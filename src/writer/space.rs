//! Room on the disk: looked at now and then, said when a step is entered or left, and made where that was asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::own_records::Own;
use super::{Stuck, Writer};
use crate::config::Act;
use crate::guard::drop_guarded;
use crate::status::complain;
use crate::store::retain::Keep;
use crate::sync;

/// How often room is looked at while records come.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Writer {
    /// Looks at the room there is, and does what the settings say.
    pub(super) fn watch_the_disk(&mut self) -> Result<(), Stuck> {
        if self.monotonic < self.space_at {
            return Ok(());
        }
        self.space_at = self.monotonic + LOOK_EVERY;
        self.hold_the_trail()?;
        self.keep_a_reserve();
        let Ok(free) = self.disk.free(&self.home.dir) else {
            return Ok(());
        };
        let before = self.core.board.look().disk_tier;
        let tier = self.space.tier(free, before);
        self.core.board.write(|notice| {
            notice.disk_free = Some(free);
            notice.disk_tier = tier;
        });
        let step = self.space.step(tier).cloned();
        if tier != before {
            self.own.push_back(Own::disk(tier, before, free, step.as_ref()));
            let dir = self.home.dir.display();
            match &step {
                Some((below, action)) if tier > before => match &action.0 {
                    Act::Ignore => {}
                    Act::Warn | Act::Prune => {
                        complain(&format_args!(
                            "the disk of {dir} has {free} bytes left, less than {below}"
                        ));
                    }
                    Act::Callback(call) => {
                        // However long it takes: the writer does not wait for it.
                        let call = Arc::clone(call);
                        let called = move || drop_guarded(catch_unwind(AssertUnwindSafe(|| call(tier, free))));
                        let _ = sync::spawn("audit-disk", called);
                    }
                },
                _ => complain(&format_args!("the disk of {dir} has more room again: {free} bytes")),
            }
        }
        match step {
            Some((_, action)) if matches!(action.0, Act::Prune) => self.make_room(),
            _ => Ok(()),
        }
    }

    /// Removes the oldest closed file.
    fn make_room(&mut self) -> Result<(), Stuck> {
        let notice = self.core.board.look();
        self.prune(&Keep {
            bytes: Some((notice.other_bytes + notice.file_bytes).saturating_sub(1)),
            ..Keep::default()
        })?;
        Ok(())
    }
}
