//! What is in the directory, as far as first lines tell.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::io::{Disk, DiskFile, FileKind};
use crate::reader::piece::{Buffer, LONGEST, Pieces};
use crate::store::content::{self, NO_MEMBER, is_bad};
use crate::store::names::{Form, Name};
use crate::store::{Point, TrailId, Trust};
use crate::verify::fold::{Fold, Seals};
use crate::verify::header::{Header, Invalid};
use crate::verify::pass::Open;
use crate::verify::report::Verdict;
use crate::verify::scan::Scan;

/// The files of a directory.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// With a valid header, in the order of their names.
    pub(crate) valid: Vec<Found>,
    /// Not empty, and without one.
    pub(crate) unreadable: Vec<Unreadable>,
    /// Those among them that have a valid header and were set apart.
    unsealed: Vec<Found>,
    /// Files that this build must leave alone, or cannot open; why.
    pub(crate) refused: Vec<(String, String)>,
    pub(crate) empty: Vec<String>,
    /// What recoveries set aside.
    pub(crate) torn: Vec<String>,
    pub(crate) lock_file: bool,
    /// Plain files that are there compressed, too.
    pub(crate) twins: BTreeSet<String>,
    /// A file was gone before it was opened: a writer is pruning, and the look must be taken again.
    pub(crate) vanished: bool,
}

/// Which form to look at of files that are there plain and compressed, by the plain names. One that is not listed is looked
/// at plain.
pub(crate) type Forms = BTreeMap<String, Choice>;

/// A form, and why it is that one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// The plain one does not verify. This is its header, if that is valid.
    Compressed(Option<Box<Header>>),
    /// Neither does the compressed one.
    Plain,
}

impl Choice {
    /// Whether a file's compressed form is to be looked at.
    pub(crate) fn is_compressed(forms: &Forms, plain: &str) -> bool {
        matches!(forms.get(plain), Some(Choice::Compressed(_)))
    }
}

/// A file with a valid header.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) form: Form,
    pub(crate) header: Header,
    /// Where the header ends, LF included.
    pub(crate) body_at: u64,
    pub(crate) len: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) form: Form,
    pub(crate) len: u64,
    pub(crate) why: &'static str,
    /// Its first line has no line feed, as while a file is begun.
    pub(crate) begun: bool,
}

impl Survey {
    /// Looks at every file with a trail file's name, those apart that are known to fail.
    ///
    /// Of files that are there plain and compressed, at the form that is chosen.
    pub(crate) fn of(
        disk: &dyn Disk,
        dir: &Path,
        failing: &BTreeMap<String, String>,
        forms: &Forms,
    ) -> Result<Survey, Error> {
        let mut names = disk.list(dir, "").map_err(|error| cannot_list(dir, error))?;
        names.sort_unstable();
        let mut survey = Survey {
            lock_file: names.iter().any(|name| name == ".lock"),
            ..Survey::default()
        };
        let ours: Vec<Name> = names.iter().filter_map(|name| Name::parse(name)).collect();
        // A great many files may be there.
        let parsed: HashSet<Name> = ours.iter().copied().collect();
        for name in ours {
            if let Some(why) = failing.get(&name.to_string()) {
                survey.refused.push((name.to_string(), why.clone()));
                continue;
            }
            match name.form {
                Form::Plain => {
                    let twin = parsed.contains(&name.with(Form::Gzip));
                    if !twin || !Choice::is_compressed(forms, &name.to_string()) {
                        survey.look(disk, dir, name);
                    }
                    if twin {
                        survey.twins.insert(name.to_string());
                    }
                }
                // While a file is being compressed both are there, and the plain one is the file, if it verifies.
                Form::Gzip => {
                    let plain = name.with(Form::Plain);
                    if !parsed.contains(&plain) || Choice::is_compressed(forms, &plain.to_string()) {
                        survey.look(disk, dir, name);
                    } else {
                        survey.look_at_kind(disk, dir, name);
                    }
                }
                Form::Torn(_) => survey.torn.push(name.to_string()),
            }
        }
        Ok(survey)
    }

    /// Takes the newest files of a keyed trail from the valid ones if nothing in them is sealed: a crash leaves such, and
    /// anyone can make one. They must not decide which files count.
    pub(crate) fn set_unsealed_apart(&mut self, disk: &dyn Disk, named: Option<TrailId>) {
        let Some(trail) = self.trail(named) else { return };
        loop {
            let ours = self.valid.iter().enumerate();
            let ours = || ours.clone().filter(|(_, found)| found.header.trail == trail);
            let Some(newest) = ours().map(|(_, found)| found.header.file).max() else {
                return;
            };
            let keyed = |found: &Found| found.header.file == newest && found.header.trust != Trust::Chained;
            let sealed = |found: &Found| {
                let file = content::open(disk, &found.path, found.form)?;
                is_sealed(file, found)
            };
            let mut newest = ours()
                .filter(|(_, found)| keyed(found))
                .map(|(place, found)| (place, sealed(found)));
            let Some((place, sealed)) = newest.find(|(_, sealed)| !matches!(sealed, Ok(true))) else {
                return;
            };
            match sealed {
                Ok(_) => {
                    let found = self.valid.remove(place);
                    self.unreadable.push(Unreadable {
                        name: found.name.clone(),
                        path: found.path.clone(),
                        form: found.form,
                        len: found.len,
                        why: "no line in it is sealed",
                        begun: false,
                    });
                    self.unsealed.push(found);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.vanished = true;
                    return;
                }
                Err(error) => {
                    let name = self.valid.remove(place).name;
                    self.refused.push((name, format!("it cannot be read: {error}")));
                }
            }
        }
    }

    /// Even what is not looked into must be a file.
    fn look_at_kind(&mut self, disk: &dyn Disk, dir: &Path, name: Name) {
        match disk.open_read(&name.path(dir)).and_then(|file| file.stat()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.vanished = true,
            Err(error) => self.refuse(name.to_string(), &error),
            Ok(stat) if stat.kind != FileKind::File => self.refuse_kind(name.to_string(), stat.kind),
            Ok(_) => {}
        }
    }

    fn refuse(&mut self, name: String, error: &io::Error) {
        self.refused.push((name, format!("it cannot be opened: {error}")));
    }

    fn refuse_kind(&mut self, name: String, kind: FileKind) {
        self.refused.push((name, format!("it is {}, not a file", kind.noun())));
    }

    fn look(&mut self, disk: &dyn Disk, dir: &Path, name: Name) {
        let path = name.path(dir);
        let form = name.form;
        let name = name.to_string();
        let first = content::open(disk, &path, form).and_then(|file| {
            let mut stat = file.stat()?;
            // An empty file is nothing, whatever its form.
            if stat.kind != FileKind::File || stat.len == 0 {
                return Ok((stat, None));
            }
            let line = first_line(&*file)?;
            if form == Form::Gzip {
                stat.len = content::packed_len(disk, &path)?;
            }
            Ok((stat, line))
        });
        match first {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.vanished = true,
            // The bytes are at fault, and not the disk.
            Err(error) if form == Form::Gzip && is_bad(&error) => self.unreadable.push(Unreadable {
                name,
                path,
                form,
                len: 0,
                why: NO_MEMBER,
                begun: false,
            }),
            Err(error) => self.refuse(name, &error),
            Ok((stat, _)) if stat.kind != FileKind::File => self.refuse_kind(name, stat.kind),
            Ok((stat, _)) if stat.len == 0 => self.empty.push(name),
            Ok((stat, line)) => {
                let read = match &line {
                    Some(line) => Header::read(line),
                    None => Err(Invalid::Unreadable("its first line has no end")),
                };
                match read {
                    Ok(header) => self.valid.push(Found {
                        name,
                        path,
                        form,
                        header,
                        body_at: line.map_or(0, |line| line.len() as u64 + 1),
                        len: stat.len,
                    }),
                    Err(Invalid::Unsupported(what)) => self.refused.push((name, format!("it is of {what}"))),
                    Err(Invalid::Unreadable(why)) => self.unreadable.push(Unreadable {
                        name,
                        path,
                        form,
                        len: stat.len,
                        why,
                        begun: line.is_none(),
                    }),
                }
            }
        }
    }

    /// What a missing file or end means: with files that this build must leave alone, nothing can be said of it.
    pub(crate) fn gone(&self) -> Verdict {
        match self.refused.is_empty() {
            true => Verdict::Tampered,
            false => Verdict::Unreadable,
        }
    }

    /// A file that was begun and in which nothing was written. Of two forms, the one that was settled on tells.
    pub(crate) fn begun(&self) -> Option<&str> {
        self.empty.first().map(String::as_str)
    }

    /// Whether there is no trail file at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.valid.is_empty() && self.unreadable.is_empty() && self.refused.is_empty() && self.empty.is_empty()
    }

    /// The files that are there in two forms and of which the other form must be looked at, for the one in hand does not
    /// verify (docs/FORMAT.md, "Compression"): the plain one, or the compressed one if the plain one's header is valid.
    /// `verifies` says whether a file with a valid header does.
    pub(crate) fn reconsider(&self, forms: &Forms, verifies: impl Fn(&Found) -> bool) -> Forms {
        let mut others = Forms::new();
        let valid: HashMap<&str, &Found> = self.valid.iter().map(|found| (&*found.name, found)).collect();
        let empty: HashSet<&str> = self.empty.iter().map(String::as_str).collect();
        let refused: HashSet<&str> = self.refused.iter().map(|(name, _)| &**name).collect();
        // Though they may have been set apart.
        let apart: HashMap<&str, &Found> = self.unsealed.iter().map(|found| (&*found.name, found)).collect();
        let header = |name: &str| valid.get(name).or(apart.get(name)).map(|found| &found.header);
        for plain in &self.twins {
            let packed = format!("{plain}.gz");
            let valid = |name: &str| valid.get(name).copied();
            let choice = match forms.get(plain) {
                None if refused.contains(&**plain) || valid(plain).is_some_and(&verifies) => continue,
                None => Choice::Compressed(header(plain).cloned().map(Box::new)),
                Some(Choice::Compressed(header)) => {
                    let same = |found: &&Found| header.as_deref().is_none_or(|header| *header == found.header);
                    let good = valid(&packed).filter(same).is_some_and(&verifies);
                    if good || (header.is_none() && !empty.contains(&*packed)) {
                        continue;
                    }
                    Choice::Plain
                }
                Some(Choice::Plain) => continue,
            };
            others.insert(plain.clone(), choice);
        }
        others
    }

    /// The trail that most files are of; the one named, if any file is.
    pub(crate) fn trail(&self, named: Option<TrailId>) -> Option<TrailId> {
        let mut counts: HashMap<TrailId, usize> = HashMap::new();
        for found in &self.valid {
            *counts.entry(found.header.trail).or_default() += 1;
        }
        if let Some(named) = named.filter(|named| counts.contains_key(named)) {
            return Some(named);
        }
        let mut most: Option<(usize, TrailId)> = None;
        for found in &self.valid {
            let count = counts.get(&found.header.trail).copied().unwrap_or_default();
            if most.is_none_or(|(known, _)| count > known) {
                most = Some((count, found.header.trail));
            }
        }
        most.map(|(_, trail)| trail)
    }
}

/// Whether the chain reaches a line with a seal, whatever that is worth.
fn is_sealed(file: Arc<dyn DiskFile>, found: &Found) -> io::Result<bool> {
    let start = Point {
        seq: found.header.prev.seq,
        head: found.header.head,
    };
    let mut fold = Fold::new(start, found.body_at, None, None, Seals::Any);
    let mut pieces = Pieces::new(file, found.body_at, found.len);
    let mut buffer = Buffer::default();
    while let Some(piece) = pieces.next(buffer)? {
        fold.take(Scan::of(&piece, false));
        if let Some(sealed) = fold.reaches_a_seal() {
            return Ok(sealed);
        }
        buffer = piece.bytes;
    }
    Ok(false)
}

/// Opens a file of the directory when its turn comes.
#[derive(Debug)]
pub(crate) struct Later {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) path: PathBuf,
    pub(crate) form: Form,
}

impl Open for Later {
    fn open(&self) -> io::Result<Arc<dyn DiskFile>> {
        content::open(&*self.disk, &self.path, self.form)
    }
}

/// The first line without its LF; `None` if there is no LF within the length of the longest line.
fn first_line(file: &dyn DiskFile) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut chunk = vec![0; 4_096];
    loop {
        let read = match file.read_at(line.len() as u64, &mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let fresh = chunk.get(..read).unwrap_or_default();
        if let Some(end) = memchr::memchr(b'\n', fresh) {
            line.extend_from_slice(fresh.get(..end).unwrap_or_default());
            return Ok(Some(line));
        }
        line.extend_from_slice(fresh);
        if read == 0 || line.len() > LONGEST {
            return Ok(None);
        }
    }
}

fn cannot_list(dir: &Path, error: io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "run it as the user that writes the trail, or as root",
        _ => "",
    };
    let error = Error::io("open the trail directory", dir, error);
    match remedy {
        "" => error,
        remedy => error.remedy(remedy),
    }
}
