use std::io::{self, Write as _};

use super::{Alert, AlertChange, Channel};

/// A [`Channel`] to standard error, a line for each change: `tracing-audit alert raised: 12-3 high failed_logins ip ..`. What a
/// terminal would act on is escaped.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Console;

impl Console {
    /// Standard error.
    pub const fn stderr() -> Console {
        Console
    }
}

impl Channel for Console {
    fn name(&self) -> &str {
        "console"
    }

    fn deliver(&mut self, change: AlertChange, alert: &Alert) -> io::Result<()> {
        io::stderr().write_all(format!("tracing-audit alert {change}: {alert}\n").as_bytes())
    }
}
