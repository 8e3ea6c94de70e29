//! The alerts that a running trail has had.

use crate::alerts::{AlertHistory, Alerts};
use crate::error::Error;
use crate::trail::Trail;

impl Trail {
    /// Reads from the files which alerts there were, those that are over too. Who asked is recorded as `AUDIT_READ` before anything is
    /// read. [`alerts`](Trail::alerts) has those that are open, from memory.
    ///
    /// ```
    /// # let home = tempfile::tempdir().unwrap();
    /// # let trail = tracing_audit::Trail::builder(home.path().join("logs")).detached().build()?;
    /// use tracing_audit::{AlertStatus, Alerts};
    ///
    /// let resolved = Alerts::new().status(AlertStatus::Resolved).key("203.0.113.7");
    /// for alert in trail.alert_history("auditor@example.org", &resolved)?.alerts {
    ///     println!("{alert}");
    /// }
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`TrailQuery::entries`](crate::TrailQuery::entries).
    pub fn alert_history(&self, actor: impl Into<String>, which: &Alerts) -> Result<AlertHistory, Error> {
        let records = self.query(actor).matching(which.query()).entries()?;
        Ok(which.of(records))
    }
}
