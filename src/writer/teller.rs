//! The key line: given once, and never to be had again.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::own_records::Own;
use super::{Phase, Writer};
use crate::base64url;
use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::key::{Secrets, line_id};
use crate::key_line::KeyLine;
use crate::secret::SecretBytes;
use crate::status;
use crate::store::state::Keys;
use crate::store::{RunKeys, Untold, random_seed};

/// What is given the key line.
#[derive(Default)]
pub(crate) struct Teller(pub(crate) Option<Take>);

/// What the program does with the line.
pub(crate) type Take = Box<dyn FnOnce(&KeyLine) + Send>;

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller")
    }
}

impl Teller {
    fn tell(self, dir: &std::path::Path, line: &KeyLine) -> Result<(), Error> {
        match self.0 {
            Some(call) => {
                call(line);
                Ok(())
            }
            None => status::say(&format_args!(
                "the key line of the trail in {}, which is not shown again: keep it away from this host, for it proves to \
                 `verify` what was recorded here: {line}",
                dir.display()
            ))
            .map_err(|error| {
                Error::new(ErrorKind::Key, format!("cannot show the key line of the trail on standard error: {error}"))
                    .at(dir)
                    .remedy("let the program take it, with `Builder::key_line`")
            }),
        }
    }
}

impl Writer {
    /// Gives the key line of a trail that is keyed from now on, once that is on the disk; then notes that it was given. Who
    /// dies in between gives the line of the next run, which is as good.
    pub(super) fn tell_key_line(&mut self, keys: &RunKeys, begins_at: Head, teller: Teller) -> Result<(), Error> {
        let Some(untold) = self.state.keys.as_ref().and_then(|keys| keys.untold) else {
            return Ok(());
        };
        let line = KeyLine {
            trail: self.trail.0,
            first_run: self.run,
            head: begins_at,
            key: match untold {
                Untold::Seed => keys.seed.0.clone(),
                Untold::Root(pk) => SecretBytes::new(pk),
            },
        };
        teller.tell(&self.home.dir, &line)?;
        if let Some(keys) = &mut self.state.keys {
            keys.untold = None;
        }
        self.state_due = true;
        self.sync_and_wait(true).map_err(|stuck| self.said(stuck))
    }

    /// Ends the run, and with it the key. The state has the new one once the end is on the disk and not before: until then
    /// the old one holds, whatever the record says.
    ///
    /// `take` is given the new line when it holds. That somebody has it is noted after that alone: who dies before gives it at
    /// the next start.
    pub(crate) fn rotate_key(mut self, take: impl FnOnce(&KeyLine) -> io::Result<()>) -> Result<(), Error> {
        let Some(old) = self.state.keys.clone() else {
            return Err(Error::new(
                ErrorKind::Config,
                "cannot change the key of the trail, as it is chained and has none",
            )
            .at(&self.home.dir)
            .remedy("begin with Builder::trust"));
        };
        let seed = random_seed()?.0;
        let (key, untold, stored) = match &self.signer {
            Some(signer) => {
                let (root, stored) = signer.new_root(&seed)?;
                (SecretBytes::new(root), Untold::Root(root), stored)
            }
            None => {
                let secrets = Arc::new(Secrets {
                    seed: seed.clone(),
                    sk: None,
                });
                let stored = self.key_source.store(&secrets, &self.trail.0)?;
                (seed, Untold::Seed, stored)
            }
        };
        let kid = line_id(key.expose());
        let pk = match untold {
            Untold::Seed => None,
            Untold::Root(root) => Some(base64url::text(&root)),
        };
        self.own
            .push_back(Own::rekeyed(&kid, &old.kid, self.state.next_run, pk.as_deref()));
        self.rekey = Some(Keys {
            stored,
            line: old.line,
            kid,
            untold: Some(untold),
        });
        self.come_to_rest().map_err(|stuck| self.said(stuck))?;
        self.phase = Phase::Over;
        let line = KeyLine {
            trail: self.trail.0,
            first_run: self.state.next_run,
            head: self.written.head,
            key,
        };
        take(&line).map_err(|error| {
            Error::new(
                ErrorKind::Key,
                format!("the trail has a new key, and its line could not be kept: {error}"),
            )
            .at(&self.home.dir)
            .remedy("take it at the next start, which gives it, with `Builder::key_line`")
        })?;
        if let Some(keys) = &mut self.state.keys {
            keys.untold = None;
        }
        // Where this is not noted the next start gives the same line again, which is better than that nobody has it.
        let _ = self.state.store(&*self.disk, &self.home);
        Ok(())
    }
}
