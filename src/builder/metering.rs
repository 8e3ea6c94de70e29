//! What the builder is told of metrics and of the machine.

use super::Builder;
use crate::config::Settings;
use crate::meter::Tops;
use crate::status::Source;
#[cfg(feature = "system")]
use crate::system::Resources;

impl Builder {
    /// Counts records by user, as `audit_user_events_total{user,event,outcome}`: so many of the busiest users one by one, and all
    /// others as `other`. Default: 0, no user is in a metric; 1,000 at most.
    ///
    /// Whoever reads the metrics then reads who your users are. A value that the redaction touched is counted as `other`. Which
    /// are busy is found out in bounded memory: a name that comes later is listed once it came 16 times, and twice as often as the
    /// least of those listed, one a minute at most. From then on its count is exact, as of when records are written; what came before stays with
    /// `other`, which never falls.
    pub fn top_users(mut self, most: usize) -> Builder {
        self.settings.top_users.put(most, Source::Code);
        self
    }

    /// The same by address, as `audit_ip_events_total{ip,event,outcome}`. Default: 0.
    pub fn top_ips(mut self, most: usize) -> Builder {
        self.settings.top_ips.put(most, Source::Code);
        self
    }

    /// The same by `method` and `route`, as `audit_endpoint_requests_total{endpoint,status}`,
    /// `audit_endpoint_duration_seconds{endpoint}` and `audit_endpoint_slowest_seconds{endpoint}`; and with it
    /// `audit_request_bytes` and `audit_response_bytes`. A `path` is never a label, for it has ids in it. Default: 0.
    pub fn top_endpoints(mut self, most: usize) -> Builder {
        self.settings.top_endpoints.put(most, Source::Code);
        self
    }

    /// The same by `reason`, as `audit_reason_events_total{reason,event,outcome}`: for programs whose reasons are a few fixed
    /// words. Default: 0.
    pub fn top_reasons(mut self, most: usize) -> Builder {
        self.settings.top_reasons.put(most, Source::Code);
        self
    }

    /// Looks at the machine and the process now and then, shows them in [`Trail::health`](crate::Trail::health) and the metrics, and
    /// raises alerts where a limit is passed. Default: nothing is looked at.
    #[cfg(feature = "system")]
    pub fn resources(mut self, resources: Resources) -> Builder {
        self.settings.resources.put(Some(resources), Source::Code);
        self
    }
}

pub(super) fn tops(settings: &Settings) -> Tops {
    Tops {
        users: settings.top_users.value,
        ips: settings.top_ips.value,
        endpoints: settings.top_endpoints.value,
        reasons: settings.top_reasons.value,
    }
}
