//! What was measured of a trail's life, by clocks that nobody can set: as the state file keeps it.

use std::time::Duration;

use serde_json::Value;

use super::header::NUMBER_END;
use crate::base64url;
use crate::clock::Boot;

/// The time of a trail's life that some clock measured: never more than has passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// In all, in whole microseconds.
    pub(crate) total: Duration,
    /// The machine's start that this was written in, and how long ago that was.
    pub(crate) boot: Option<Boot>,
    /// What went last by its age.
    pub(crate) batch: Option<Batch>,
}

/// Files of one day of the trail's life, which went together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    /// The day that they were closed in, counted from 0.
    pub(crate) day: u64,
    /// The 24 hours that they count for begin here.
    pub(crate) begun: Duration,
}

impl Measured {
    /// Goes on from what the newest header says, where that is more. The state is of the run that wrote it, or of a later one.
    pub(super) fn at_least(self, micros: u64) -> Measured {
        let more = Duration::from_micros(micros).saturating_sub(self.total);
        Measured {
            total: self.total + more,
            // A state that says less was written in the header's run, and so in the same start of the machine.
            boot: self.boot.map(|boot| Boot {
                up: boot.up + more,
                ..boot
            }),
            ..self
        }
    }

    /// At a start of the program: the time since this was written counts where the machine has been up for all of it.
    pub(super) fn go_on(self, boot: Option<Boot>) -> Measured {
        let passed = Boot::between(self.boot, boot).unwrap_or_default();
        Measured {
            total: whole(self.total + passed),
            boot,
            ..self
        }
    }

    /// As it stands in the state file.
    pub(super) fn json(&self) -> String {
        let mut text = format!("{{\"micros\":{}", micros(self.total));
        if let Some(Boot { id, up }) = self.boot {
            let id = base64url::text(&id.to_be_bytes());
            text.push_str(&format!(",\"boot\":{{\"id\":\"{id}\",\"micros\":{}}}", micros(up)));
        }
        if let Some(Batch { day, begun }) = self.batch {
            text.push_str(&format!(",\"batch\":{{\"day\":{day},\"micros\":{}}}", micros(begun)));
        }
        text.push('}');
        text
    }

    pub(super) fn from_json(value: &Value) -> Option<Measured> {
        let span = |value: &Value| Some(Duration::from_micros(number(value.get("micros")?)?));
        Some(Measured {
            total: span(value)?,
            boot: match value.get("boot") {
                None => None,
                Some(boot) => Some(Boot {
                    id: u128::from_be_bytes(base64url::parse(boot.get("id")?.as_str()?.as_bytes())?),
                    up: span(boot)?,
                }),
            },
            batch: match value.get("batch") {
                None => None,
                Some(batch) => Some(Batch {
                    day: number(batch.get("day")?)?,
                    begun: span(batch)?,
                }),
            },
        })
    }
}

/// In numbers that every JSON reader sees exactly: 285 years are enough.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).map_or(NUMBER_END - 1, |micros| micros.min(NUMBER_END - 1))
}

pub(super) fn whole(span: Duration) -> Duration {
    Duration::from_micros(micros(span))
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|number| *number < NUMBER_END)
}
