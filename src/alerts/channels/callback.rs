use std::io;

use super::{Alert, AlertChange, Channel};

/// A function of the program's.
pub(crate) struct Callback<F>(pub(crate) F);

impl<F: FnMut(AlertChange, &Alert) + Send + 'static> Channel for Callback<F> {
    fn name(&self) -> &str {
        "callback"
    }

    fn deliver(&mut self, change: AlertChange, alert: &Alert) -> io::Result<()> {
        (self.0)(change, alert);
        Ok(())
    }
}
