//! Rules on the writer's thread: what they find is written into the record before it is chained, and raises alerts.

use std::time::Duration;

use super::own_records::Own;
use super::{Phase, Stuck, Writer};
use crate::alerts::{Act, Entry};
use crate::detect::{AlertType, Figures, Finding, Priority};
use crate::error::Error;
use crate::event::events;
use crate::floor::floor;
use crate::status::{RuleStatus, complain};
use crate::store::push_string;
use crate::sync::Instant;
use crate::trail::Why;

/// Rules look at figures, and alerts are looked after, this often while there is something to do.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// And this often when all is quiet, if a rule of the program's looks at figures.
const FIGURES_EVERY: Duration = Duration::from_secs(10);

/// How long an end waits for what earlier runs left open, and for channels that work.
const LAST_NEWS: Duration = Duration::from_millis(250);

/// Bytes that a finding adds to a record, at most: keys, a reason, a rule's name.
pub(crate) const FLAG: usize = 36 + REASON + 10 + 64 + 1;

/// Bytes of a reason within a record, escapes included.
const REASON: usize = 204;

/// Appends what a rule found, behind the salt.
pub(super) fn flag(out: &mut Vec<u8>, rule: &str, mut reason: &str) {
    out.extend_from_slice(b",\"flagged\":true,\"suspicious_reason\":");
    let begin = out.len();
    loop {
        push_text(out, reason);
        if out.len() - begin <= REASON {
            break;
        }
        // Escapes made it too long.
        out.truncate(begin);
        reason = floor(reason, reason.len() * 3 / 4);
    }
    out.extend_from_slice(b",\"rule\":");
    push_text(out, rule);
}

/// A string; what the standard rules say has nothing to be escaped, and is copied as it is.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\');
    if !text.bytes().all(plain) {
        return push_string(out, text);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

impl Writer {
    /// Lets rules and alerts see how things are, if it is time.
    pub(super) fn watch(&mut self) {
        let news = self.core.alerts.has_earlier();
        if self.phase != Phase::Running || (self.watch_at > self.monotonic && !news) {
            return;
        }
        self.watch_at = self.monotonic + WATCH_EVERY;
        if let Some(past) = self.core.alerts.take_past() {
            self.detector.recall(&past);
        }
        let figures = self.figures();
        self.detector.tick(&figures);
        self.raise();
        let now = self.now;
        let (own, meter) = (&mut self.own, &self.core.meter);
        self.core.alerts.tick(now, &mut |entry, alert| {
            note(own, meter, entry, &alert.rule, alert.count)
        });
        self.core.alerts.repeat();
        for channel in self.core.alerts.channels() {
            self.core.meter.lag(&channel.name, channel.waiting as u64);
        }
        self.show_rules();
    }

    /// When a quiet writer looks after them next.
    pub(super) fn watch_due(&self) -> Option<Duration> {
        if self.phase != Phase::Running {
            return None;
        }
        let passes = self
            .core
            .alerts
            .due()
            .map(|at| self.monotonic + at.since(self.now) + WATCH_EVERY);
        let repeats = self.core.alerts.repeat_at();
        let repeats = repeats.map(|at| self.monotonic + at.saturating_duration_since(Instant::now()));
        let figures = self
            .detector
            .wants_figures()
            .then(|| self.watch_at + FIGURES_EVERY - WATCH_EVERY);
        [passes, repeats, figures].into_iter().flatten().min()
    }

    /// Gives what was found to the alerts, and takes what these record.
    pub(super) fn raise(&mut self) {
        let now = self.now;
        let (own, meter) = (&mut self.own, &self.core.meter);
        self.core.alerts.found(self.detector.found(), now, &mut |entry, alert| {
            note(own, meter, entry, &alert.rule, alert.count);
        });
        self.detector.found().clear();
        for said in self.detector.complaints() {
            complain(&said);
        }
    }

    /// Behind a batch, if anything in it was found.
    pub(super) fn raise_if_any(&mut self) {
        if !self.detector.found().is_empty() || self.detector.has_complaints() {
            self.raise();
        }
    }

    /// What the trail says about itself that somebody should look at.
    pub(super) fn watch_own(&mut self, own: &Own) {
        if self.detector.watches_the_trail() && own.is_suspicion() {
            let finding = Finding::new(AlertType::Trail, "the files are not as the trail left them: run verify")
                .priority(Priority::Critical)
                .key("trail", "tamper");
            self.detector.add(finding, self.now);
        }
    }

    /// What somebody did about an alert, and the record of it on the disk.
    pub(super) fn respond(&mut self, act: Act, id: &str, why: &Why) -> Result<Result<(), Error>, Stuck> {
        self.raise();
        let entry = match self.core.alerts.respond(act, id, &why.by, &why.reason, self.now) {
            Ok(entry) => entry,
            Err(error) => return Ok(Err(error)),
        };
        self.own.push_back(Own::alert(entry));
        self.build_batches(false)?;
        self.sync_and_wait(false)?;
        Ok(Ok(()))
    }

    /// At an end: what waits to be raised is raised, whatever is not known of earlier runs.
    pub(super) fn last_alerts(&mut self) {
        self.core.alerts.settle(Instant::now() + LAST_NEWS);
        self.raise_if_any();
        self.raise();
    }

    /// Behind an end: channels that work have a moment.
    pub(super) fn last_news(&self, over: bool) {
        self.core.alerts.end(LAST_NEWS, over);
    }

    fn figures(&self) -> Figures {
        let mut figures = Figures::at(self.now.into());
        figures.lost = self.core.queue.flow().lost.iter().flat_map(|lost| lost.count).sum();
        figures.write_errors = self.core.meter.troubles().iter().map(|(_, count)| count).sum();
        let since = self.core.board.look().fault_since;
        figures.stuck_for = since.map(|since| self.monotonic.saturating_sub(since));
        #[cfg(feature = "system")]
        if let Some(seen) = self.core.system.seen() {
            seen.tell(&mut figures);
        }
        figures
    }

    fn show_rules(&self) {
        self.core
            .board
            .write(|notice| RuleStatus::update(&mut notice.rules, self.detector.figures()));
    }
}

/// Puts the record of an alert where the writer's own records wait; counts one that was raised.
fn note(own: &mut std::collections::VecDeque<Own>, meter: &crate::meter::Meter, entry: Entry, rule: &str, count: u64) {
    if let (true, 1, Some(priority)) = (entry.event == events::ALERT_RAISED, count, entry.priority) {
        meter.alert(rule, priority.as_str());
    }
    own.push_back(Own::alert(entry));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_has_its_keys_in_order_and_its_bound_whatever_the_reason_is() {
        for reason in [
            "5 failed logins",
            &"\u{1}".repeat(200),
            &"\"".repeat(150),
            &"é".repeat(100),
            "",
        ] {
            let mut out = Vec::new();
            flag(&mut out, &"r".repeat(64), reason);
            assert!(out.len() <= FLAG, "{}", out.len());
            let text = format!("{{\"x\":1{}}}", String::from_utf8(out).unwrap());
            let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
            assert_eq!(members["flagged"], true);
            assert!(reason.starts_with(members["suspicious_reason"].as_str().unwrap()));
            assert_eq!(members["rule"], "r".repeat(64));
        }
    }
}
