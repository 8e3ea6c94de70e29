//! How the trail is, and what others found of it.

use super::{Core, Trail};
use crate::error::{Error, ErrorKind};
use crate::health::{HealthReport, Signs};
use crate::status::Health;
use crate::verify::Report;

impl Trail {
    /// How the trail is, and why: healthy, degraded, warning, critical or ended. Meant for `/health`, and cheap enough to be asked
    /// every second.
    ///
    /// ```
    /// # let audit = tracing_audit::testing::capture()?;
    /// # let trail = audit.trail();
    /// let report = trail.health();
    /// let (code, body) = (report.status_code(), report.to_json());
    /// assert_eq!(code, 200);
    /// assert!(body.starts_with(r#"{"status":"#));
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    pub fn health(&self) -> HealthReport {
        let core = self.core();
        let reasons = core.signs().reasons();
        HealthReport {
            health: reasons.first().map_or(Health::Healthy, |worst| worst.health),
            reasons,
            time: core.time.micros().into(),
            uptime: core.time.monotonic().saturating_sub(core.built),
            trail: core.board.look().trail,
            service: core.who.service.clone(),
            version: core.who.version.clone(),
            host: core.who.host.clone(),
            #[cfg(feature = "system")]
            system: core.system.seen(),
        }
    }

    /// Tells the trail what a verification of its files found. It shows in `audit_verify_ok` and in [`health`](Trail::health) until
    /// the next one. A trail does not verify itself: whoever runs [`verify`](fn@crate::verify) now and then, with the key line where
    /// there is one, hands the report in.
    ///
    /// ```
    /// # let audit = tracing_audit::testing::capture()?;
    /// # let trail = audit.trail();
    /// trail.verified(&tracing_audit::verify(trail.dir())?)?;
    /// assert!(trail.metrics().contains("audit_verify_ok 1"));
    /// # Ok::<(), tracing_audit::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the report is of another trail.
    pub fn verified(&self, report: &Report) -> Result<(), Error> {
        let core = self.core();
        let own = core.board.look().trail;
        if let Some(other) = report.trail().filter(|trail| *trail != own) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("the report is of the trail {other}, and this one is {own}"),
            )
            .at(report.dir())
            .remedy("verify the directory of this trail"));
        }
        let (verdict, now) = (report.verdict(), core.time.micros());
        core.board.write(|notice| notice.verified = Some((verdict, now)));
        Ok(())
    }
}

impl Core {
    /// What there is to judge its health by.
    pub(crate) fn signs(&self) -> Signs {
        let notice = self.board.look();
        let flow = self.queue.flow();
        self.meter.lost(&flow.lost);
        let (lost_at, lost) = self.meter.losses();
        let (now, monotonic) = (self.time.micros(), self.time.monotonic());
        let bad = notice.verified.filter(|(verdict, _)| !verdict.is_good());
        Signs {
            ended: notice.ended || self.is_elsewhere(),
            fault: notice.fault.map(|fault| {
                let since = notice.fault_since.unwrap_or(monotonic);
                (fault, monotonic.saturating_sub(since))
            }),
            not_verified: bad.map(|(verdict, _)| verdict),
            disk: (notice.disk_tier, notice.disk_free),
            lost: (lost, lost_at.map(|at| now.since(at))),
            alerts: self.alerts.active(),
            channels: self.failing_channels(),
            rules_off: {
                let off = notice.rules.iter().filter(|rule| !rule.on);
                off.map(|rule| rule.name.clone()).collect()
            },
            queue: (flow.bytes, self.queue.limit()),
            capture: notice.capture.unwrap_or_default(),
            above: self.above(),
        }
    }

    /// Each with what it last said.
    fn failing_channels(&self) -> Vec<(String, String)> {
        let channels = self.alerts.channels().into_iter();
        let failing = channels.filter(|channel| channel.failing_since.is_some());
        failing
            .map(|channel| (channel.name, channel.last_error.unwrap_or_default()))
            .collect()
    }

    /// Figures of the machine that are above their limits.
    #[cfg(feature = "system")]
    fn above(&self) -> Vec<(&'static str, f64, f64)> {
        let (Some(limits), Some(seen)) = (&self.resources, self.system.seen()) else {
            return Vec::new();
        };
        let figures = [
            ("cpu", seen.cpu_percent, limits.cpu),
            ("memory", seen.memory_percent, limits.memory),
            ("disk", seen.disk_percent, limits.disk),
        ];
        let above = figures
            .into_iter()
            .filter_map(|(what, seen, limit)| Some((what, seen?, limit)));
        above.filter(|(_, seen, limit)| seen >= limit).collect()
    }

    #[cfg(not(feature = "system"))]
    fn above(&self) -> Vec<(&'static str, f64, f64)> {
        Vec::new()
    }
}
