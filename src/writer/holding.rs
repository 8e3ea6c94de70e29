//! Legal hold by a running trail: a record of it, and a file whose header says so (docs/FORMAT.md, "Hold").

use super::own_records::Own;
use super::{Stuck, Writer};
use crate::error::{Error, ErrorKind};
use crate::store::header::Held;
use crate::store::{Holds, hold};
use crate::trail::{Hold, Why};

/// Bytes that a held file takes in a header, at most.
const HELD: u64 = 256;

impl Writer {
    pub(super) fn change_hold(&mut self, what: &Hold, begins: bool, why: &Why) -> Result<Result<(), Error>, Stuck> {
        while self.build_batches(true)? {}
        if begins && self.is_erasing() {
            return Ok(Err(refused("an erasure is under way", "try again when it is done")));
        }
        let (holds, own) = match what {
            Hold::Trail if self.holds.trail == begins => return self.known("the trail", begins),
            Hold::Trail => {
                let holds = Holds {
                    trail: begins,
                    ..self.holds.clone()
                };
                (holds, Own::hold(word(begins), None, &[], why))
            }
            Hold::File(name) => {
                let number = match hold::number(&*self.disk, &self.home, self.trail, &self.holds, name) {
                    Ok(number) => number,
                    Err(error) => return Ok(Err(error)),
                };
                if self.holds.has(number) == begins {
                    return self.known(name, begins);
                }
                let (holds, with) = match self.holds_with(number, begins)? {
                    Ok(changed) => changed,
                    Err(error) => return Ok(Err(error)),
                };
                (holds, Own::hold(word(begins), Some((name, number)), &with, why))
            }
        };
        self.own.push_back(own);
        self.build_batches(false)?;
        self.sync_and_wait(false)?;
        // The next header says so, and that is on the disk before anybody is told.
        let before = std::mem::replace(&mut self.holds, holds);
        self.show_holds();
        let said = self.say_holds()?;
        if said.is_err() && !begins {
            self.holds = before;
            self.show_holds();
        }
        Ok(said)
    }

    /// Begins a file whose header says what is held.
    fn say_holds(&mut self) -> Result<Result<(), Error>, Stuck> {
        self.holds_said = false;
        let said = self.begin_another_file()?;
        self.holds_said = said.is_ok();
        Ok(said)
    }

    /// What is held with this file, or without it, and what comes along.
    fn holds_with(&mut self, number: u64, begins: bool) -> Result<Result<(Holds, Vec<u64>), Error>, Stuck> {
        if !begins {
            let may_go = hold::may_go(&*self.disk, &self.home, self.trail, &self.holds, number);
            return Ok(may_go.map(|()| (self.holds.without(number), Vec::new())));
        }
        let mut whole = hold::whole(&*self.disk, &self.home, self.trail, number);
        if matches!(whole, Ok(None)) {
            if let Err(error) = self.begin_another_file()? {
                return Ok(Err(error));
            }
            whole = hold::whole(&*self.disk, &self.home, self.trail, number);
        }
        let files: Vec<Held> = match whole {
            Ok(Some(files)) => files,
            Ok(None) => return Ok(Err(refused("the file cannot be closed", "try again"))),
            Err(error) => return Ok(Err(error)),
        };
        let with = files
            .iter()
            .map(|held| held.file)
            .filter(|file| *file != number)
            .collect();
        let holds = self.holds.with(files);
        Ok(match holds.files.len() as u64 * HELD > self.max_bytes / 4 {
            true => Err(refused(
                "a header has no room for so many files",
                "hold the whole trail, or raise Rotation::max_bytes",
            )),
            false => Ok((holds, with)),
        })
    }

    /// What is asked for is so already. An earlier attempt may have failed before the disk knew.
    fn known(&mut self, what: &str, begins: bool) -> Result<Result<(), Error>, Stuck> {
        match begins {
            true if self.holds_said => Ok(Ok(())),
            true => self.say_holds(),
            false => Ok(Err(refused(
                &format!("{what} is under none"),
                "see in the trail's status what is held",
            ))),
        }
    }

    /// Whether what speaks against erasing one of these records is a hold.
    pub(super) fn refuse_held(&self, seqs: impl Iterator<Item = u64>) -> Result<(), Error> {
        for seq in seqs {
            let what = match self.holds.file_of(seq) {
                _ if self.holds.trail => "the whole trail is".to_owned(),
                Some(file) => format!("file {file} is"),
                None => continue,
            };
            return Err(Error::new(
                ErrorKind::Config,
                format!("cannot erase record {seq}, as {what} under legal hold"),
            )
            .remedy("release that first, if the law allows it"));
        }
        Ok(())
    }

    pub(super) fn show_holds(&self) {
        self.core.board.write(|notice| {
            notice.hold = self.holds.trail;
            notice.held = self.holds.files.iter().map(|held| held.file).collect();
        });
    }
}

fn word(begins: bool) -> &'static str {
    if begins { "held" } else { "released" }
}

fn refused(why: &str, remedy: &str) -> Error {
    Error::new(ErrorKind::Config, format!("cannot change the legal hold, as {why}")).remedy(remedy)
}
