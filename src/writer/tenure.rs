//! Whether this process holds the trail: looked at before anything is written, and before anybody is told that it is safe.
//!
//! Whoever removes the lock files of a running trail, or moves its directories away, lets another process in. So a lock that
//! was lost is taken anew before the next byte is written; if another process has it, all that is held waits in memory.
//! What was acknowledged before stood in the files while the lock was held, where the other process found it.

use std::time::Duration;

use super::{Stuck, Writer};
use crate::error::{Error, ErrorKind};
use crate::meter::Trouble;
use crate::store::lock::Look;
use crate::store::{Lock, Opening, Wish, rival};

/// What is known of the locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tenure {
    #[default]
    Held,
    /// Nobody could look lately; said once.
    Unseen,
    /// Lost, and not yet taken anew.
    Lost,
}

impl Writer {
    /// Before a sync and a rotation: looks at both locks, and takes anew what was lost. The open file may have gone with its
    /// directory; then the trail goes on in another one.
    pub(super) fn hold_the_trail(&mut self) -> Result<(), Stuck> {
        match self.hold_the_locks()? {
            true => self.look_after_the_file(),
            false => Ok(()),
        }
    }

    /// Before a file is begun: the same for the locks alone; whether they were taken anew.
    pub(super) fn hold_the_locks(&mut self) -> Result<bool, Stuck> {
        let look = self.lock.as_ref().map(|lock| lock.watch().look(&*self.disk));
        self.hold(look)
    }

    /// Before a commit: one look, at the lock of the directory.
    pub(super) fn hold_the_directory(&mut self) -> Result<bool, Stuck> {
        match self.lock.as_ref().map(Lock::look_at_dir) {
            // What is not known of the other one stays so.
            Some(Look::Held) if self.tenure != Tenure::Lost => Ok(false),
            look => self.hold(look),
        }
    }

    fn hold(&mut self, look: Option<Look>) -> Result<bool, Stuck> {
        match (look, self.tenure) {
            (None, _) | (_, Tenure::Lost) => {
                self.tenure = Tenure::Lost;
                self.take_anew()?;
            }
            (Some(Look::Lost(error)), _) => {
                self.tenure = Tenure::Lost;
                self.mention(Trouble::Tamper, &error);
                self.take_anew()?;
            }
            (Some(Look::Unknown(error)), Tenure::Held) => {
                self.tenure = Tenure::Unseen;
                self.mention(Trouble::Tamper, &error);
                return Ok(false);
            }
            (Some(Look::Unknown(_)), Tenure::Unseen) => return Ok(false),
            (Some(Look::Held), _) => {
                self.tenure = Tenure::Held;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes directories that are gone, and takes the locks in them. Who was here meanwhile is gone on behind at the next turn.
    fn take_anew(&mut self) -> Result<(), Stuck> {
        match self.rival()? {
            false => Ok(()),
            true => {
                let error = Error::new(
                    ErrorKind::Locked,
                    "another process has gone on with the trail meanwhile",
                )
                .at(&self.home.dir)
                .remedy("the trail goes on behind what that wrote");
                Err(self.note(Trouble::Tamper, error))
            }
        }
    }

    /// At the beginning of a turn, if they were lost.
    pub(super) fn come_back(&mut self) -> Result<(), Stuck> {
        if self.tenure != Tenure::Lost {
            return Ok(());
        }
        match self.rival()? {
            false => self.look_after_the_file(),
            true => self.join(),
        }
    }

    /// Takes the locks; whether somebody else was here meanwhile.
    fn rival(&mut self) -> Result<bool, Stuck> {
        let opening = Opening {
            lock_wait: Duration::ZERO,
            now: self.now,
            boot: None,
            host: self.who.host.clone().unwrap_or_default(),
            wish: Wish::default(),
        };
        let taken = self.home.make_again(&*self.disk).and_then(|()| match &mut self.lock {
            Some(lock) => lock.renew(&opening),
            none => Lock::take(&self.disk, &self.home, &opening).map(|lock| *none = Some(lock)),
        });
        let rival = taken.and_then(|()| rival::was_here(&*self.disk, &self.home, &self.state, self.run_id));
        match rival {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.tenure = Tenure::Held;
                self.tenure_works();
                // It may have gone with its directory.
                self.state_due = true;
                self.sync_at = Some(self.monotonic);
                Ok(false)
            }
            Err(error) => Err(self.note(Trouble::Tamper, error)),
        }
    }
}
