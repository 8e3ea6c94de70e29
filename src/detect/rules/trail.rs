//! What goes wrong with the trail itself: records lost, errors while writing.

use std::time::Duration;

use crate::detect::watch::{TRAIL_FAILURES, Watch};
use crate::detect::{AlertType, Figures, Finding, Priority};

/// A file that is not written to for so long is a failure of its own.
const STUCK: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Losses {
    lost: u64,
    write_errors: u64,
}

impl Losses {
    pub(crate) fn new(watch: &Watch) -> Option<Losses> {
        watch.has(TRAIL_FAILURES).then_some(Losses {
            lost: 0,
            write_errors: 0,
        })
    }

    pub(crate) fn tick(&mut self, figures: &Figures) -> Option<Finding> {
        let lost = figures
            .lost
            .saturating_sub(std::mem::replace(&mut self.lost, figures.lost));
        let errors = figures
            .write_errors
            .saturating_sub(std::mem::replace(&mut self.write_errors, figures.write_errors));
        let finding = |reason: String| Finding::new(AlertType::Trail, reason).passing();
        if lost > 0 {
            return Some(
                finding(format!("{lost} records were lost"))
                    .key("trail", "lost")
                    .priority(Priority::Critical),
            );
        }
        if figures.stuck_for.is_some_and(|stuck| stuck >= STUCK) {
            let reason = "records cannot be written".to_owned();
            return Some(finding(reason).key("trail", "stuck").priority(Priority::Critical));
        }
        (errors > 0).then(|| {
            finding(format!("{errors} errors while writing"))
                .key("trail", "errors")
                .priority(Priority::High)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn each_loss_and_each_error_is_said_once() {
        let mut rule = Losses::new(&Watch::standard()).unwrap();
        let mut figures = Figures::at(SystemTime::UNIX_EPOCH);
        assert_eq!(rule.tick(&figures), None);
        figures.lost = 12;
        assert_eq!(rule.tick(&figures).unwrap().reason, "12 records were lost");
        assert_eq!(rule.tick(&figures), None);
        figures.write_errors = 3;
        assert_eq!(rule.tick(&figures).unwrap().key, "errors");
        figures.stuck_for = Some(Duration::from_secs(11));
        assert_eq!(rule.tick(&figures).unwrap().priority, Priority::Critical);
    }
}
