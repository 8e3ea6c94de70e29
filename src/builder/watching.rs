//! What the builder is told of rules and alerts.

use std::fmt;

use super::Builder;
use crate::alerts::channels::Callback;
use crate::alerts::{Alert, AlertChange, Channel};
use crate::detect::{Rule, Watch};
use crate::status::Source;

/// Rules and channels of the program's own, in the order in which they came.
#[derive(Default)]
pub(super) struct Watching {
    pub(super) rules: Vec<Box<dyn Rule>>,
    pub(super) channels: Vec<Box<dyn Channel>>,
}

impl Builder {
    /// Which of the standard rules are on, and from where on they find something. Default: [`Watch::none`]. Rules cost the
    /// writer some cache misses a record, and most of a microsecond a record in which one finds something (`cargo bench --bench
    /// watch`); they run nowhere on the caller's thread.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path().join("logs");
    /// use tracing_audit::{Trail, Watch};
    ///
    /// let trail = Trail::builder(&dir).watch(Watch::standard()).detached().build()?;
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn watch(mut self, watch: Watch) -> Builder {
        self.settings.rules.put(watch, Source::Code);
        self
    }

    /// Adds a [`Rule`] of your own to the standard ones.
    pub fn rule(mut self, rule: impl Rule) -> Builder {
        self.watching.rules.push(Box::new(rule));
        self
    }

    /// Hands alerts out on a [`Channel`], such as [`Console`](crate::Console). Several may be added; each has a thread of its own,
    /// which begins with the first piece of news.
    pub fn channel(mut self, channel: impl Channel) -> Builder {
        self.watching.channels.push(Box::new(channel));
        self
    }

    /// Calls a function with each change of an alert, on a thread of its own: to lock an account, to send a mail. A panic in it
    /// is counted, and one that never returns holds up nothing but itself. It may record, and wait for its records; a handle of the
    /// trail in it would keep the trail from ending.
    ///
    /// ```
    /// use tracing_audit::{AlertChange, Trail, Watch};
    ///
    /// # fn lock_account(_: &str) {}
    /// Trail::builder("logs").watch(Watch::standard()).on_alert(|change, alert| {
    ///     if change == AlertChange::Raised && alert.rule == "failed_logins" && alert.key_kind == "user" {
    ///         lock_account(&alert.key);
    ///     }
    /// });
    /// ```
    pub fn on_alert(self, tell: impl FnMut(AlertChange, &Alert) + Send + 'static) -> Builder {
        self.channel(Callback(tell))
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules: Vec<&str> = self.rules.iter().map(|rule| rule.name()).collect();
        let channels: Vec<&str> = self.channels.iter().map(|channel| channel.name()).collect();
        f.debug_struct("Watching")
            .field("rules", &rules)
            .field("channels", &channels)
            .finish()
    }
}
