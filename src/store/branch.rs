//! The live branch: the files that count, found by walking `prev_file` back from the newest header.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::path::PathBuf;

use super::Home;
use super::content;
use super::header::{Header, KeptFrom, Point, TrailId, Unreadable};
use super::holes;
use super::lines::{Lines, Piece};
use super::names::{self, Form, Name};
use crate::chain::Head;
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile, Stat};

/// A file of the live branch.
#[derive(Clone, Debug)]
pub(crate) struct LiveFile {
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
    /// Behind the header.
    pub(crate) head: Head,
    /// Bytes of the header with its LF: where the records begin.
    pub(crate) body_at: u64,
    /// On the disk, when the branch was walked.
    pub(crate) len: u64,
    /// What the file system knew of it then.
    pub(crate) stat: Stat,
    /// The last record of it that is live; what stands behind is superseded. `None` for the newest file: to its end.
    pub(crate) live_to: Option<u64>,
}

impl LiveFile {
    pub(crate) fn number(&self) -> u64 {
        self.header.file
    }

    /// The same file, compressed if it is plain, and plain if it is compressed.
    pub(crate) fn in_other_form(&self) -> LiveFile {
        let name = self.name.with(match self.name.form {
            Form::Gzip => Form::Plain,
            _ => Form::Gzip,
        });
        LiveFile {
            name,
            path: self.path.with_file_name(name.to_string()),
            ..self.clone()
        }
    }

    /// The point behind the header.
    pub(crate) fn begin(&self) -> Point {
        Point {
            seq: self.header.prev.seq,
            head: self.head,
        }
    }
}

/// A file with a name of ours that is not on the branch.
#[derive(Clone, Debug)]
pub(crate) struct Stray {
    pub(crate) name: Name,
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    pub(crate) why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has not one byte, and says nothing.
    Empty,
    /// It has no first line, or one that is no header; why not.
    Unreadable(&'static str),
    /// Its first line is from a newer build: what it says.
    Unsupported(String),
    /// It is compressed, which this build cannot read, and the plain file is not there.
    Compressed,
    /// The branch does not come through this number.
    Superseded(u64),
    /// Another file has the same number.
    Twin(u64),
    /// It belongs to another trail.
    OtherTrail(TrailId),
    /// It belongs to the trail in whose place this one was begun.
    Replaced,
}

/// Why the first line of a file that has no LF is none.
const CUT_SHORT: &str = "its first line has no end";

/// No header has so many bytes.
const HEADER: u64 = 64 << 10;

impl Stray {
    /// Whether nothing but a part of a header is there.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.why == Why::Unreadable(CUT_SHORT) && self.len < HEADER
    }
}

/// Where the walk back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// There is no file to walk from.
    Nothing,
    /// At the first file of a trail.
    Genesis,
    /// At a file that goes on from this one, which is not there: right only where retention left it so.
    Behind { file: u64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Branch {
    /// Oldest first.
    pub(crate) live: Vec<LiveFile>,
    pub(crate) start: Start,
    /// Where that is not the begin: what is there of the files before, which are among the strays too.
    pub(crate) behind: Vec<LiveFile>,
    /// In the order of their names.
    pub(crate) strays: Vec<Stray>,
    /// What recovery had set aside.
    pub(crate) torn: Vec<Name>,
    /// The greatest number of any header of the trail; 0 for none.
    pub(crate) greatest: u64,
}

impl Branch {
    pub(crate) fn newest(&self) -> Option<&LiveFile> {
        self.live.last()
    }

    /// The live file with this number, and the one after it.
    pub(crate) fn find(&self, number: u64) -> Option<(&LiveFile, Option<&LiveFile>)> {
        let at = self.live.iter().position(|file| file.number() == number)?;
        Some((self.live.get(at)?, self.live.get(at + 1)))
    }

    /// Whether the branch begins where it should: at a genesis, or where retention left it.
    pub(crate) fn begins_right(&self, kept_from: Option<KeptFrom>) -> bool {
        match self.start {
            Start::Nothing | Start::Genesis => true,
            Start::Behind { .. } => kept_from.is_some_and(|kept| {
                self.find(kept.file)
                    .is_some_and(|(file, _)| file.header.prev == kept.prev)
            }),
        }
    }

    /// What this build cannot read, if anything: as an error that names it.
    pub(crate) fn unsupported(&self) -> Option<Error> {
        self.strays.iter().find_map(|stray| match &stray.why {
            Why::Unsupported(what) => Some(
                Error::new(
                    ErrorKind::Unsupported,
                    format!("cannot read a file of the trail, as {what}"),
                )
                .at(&stray.path)
                .remedy("use the newer build that wrote it"),
            ),
            Why::Compressed => Some(
                Error::new(
                    ErrorKind::Unsupported,
                    match cfg!(feature = "gzip") {
                        true => "a writer needs the plain form of a file of the trail, and only its gzip form is there",
                        false => "cannot read a compressed file of the trail, as this build has no feature `gzip`",
                    },
                )
                .at(&stray.path)
                .remedy(match cfg!(feature = "gzip") {
                    true => "decompress it beside where it is (gunzip)",
                    false => "decompress it beside where it is (gunzip), or use a build that has the feature",
                }),
            ),
            _ => None,
        })
    }
}

/// Finds the live branch, for who must leave compressed files alone. `trail` is the trail to follow where the directory holds files of several; the state
/// file names it. Without it, the trail with the most files is followed.
///
/// Files may vanish (retention) and appear (rotation) meanwhile: a file that is gone when it is opened is not reported. One
/// header is held per file, and nothing else.
///
/// # Errors
/// A name of ours that is no regular file or may not be read; a file of a newer format; a compressed file.
pub(crate) fn walk(disk: &dyn Disk, home: &Home, trail: Option<TrailId>) -> Result<Branch, Error> {
    supported(survey(disk, home, trail, None)?)
}

/// The same for readers: a compressed file is one like any other, if this build can read it. Where both forms of a file are
/// there and both have a valid header, it is the plain one; who reads its lines knows better ([`packed`]).
///
/// # Errors
/// As for [`walk`]; a compressed file without the feature `gzip` alone.
pub(crate) fn read(disk: &dyn Disk, home: &Home, trail: Option<TrailId>) -> Result<Branch, Error> {
    supported(gather(disk, home, trail, None, cfg!(feature = "gzip"))?)
}

/// The compressed form of a file that is there plain, if it is of the same header.
pub(crate) fn packed(disk: &dyn Disk, home: &Home, live: &LiveFile) -> Result<Option<LiveFile>, Error> {
    let name = live.name.with(Form::Gzip);
    Ok(match look(disk, name.path(&home.dir), name)? {
        Some(Seen::Header(packed)) if packed.head == live.head => Some(LiveFile {
            live_to: live.live_to,
            ..*packed
        }),
        _ => None,
    })
}

fn supported(branch: Branch) -> Result<Branch, Error> {
    match branch.unsupported() {
        Some(error) => Err(error),
        None => Ok(branch),
    }
}

/// The same for the writer, who can go on beside files that this build cannot read; they are among the strays. `replaced` is
/// the trail in whose place `trail` was begun, where the state file says so: `trail` may then have no file yet.
pub(crate) fn survey(
    disk: &dyn Disk,
    home: &Home,
    trail: Option<TrailId>,
    replaced: Option<TrailId>,
) -> Result<Branch, Error> {
    gather(disk, home, trail, replaced, false)
}

/// `packed` says whether compressed files are looked into, or strays.
fn gather(
    disk: &dyn Disk,
    home: &Home,
    trail: Option<TrailId>,
    replaced: Option<TrailId>,
    packed: bool,
) -> Result<Branch, Error> {
    // While files go, a listing and what is opened after it do not fit. Look again, but not for ever.
    let mut tries = 4;
    loop {
        tries -= 1;
        let names = names::list(disk, &home.dir)?;
        let mut vanished = false;
        let mut seen = Vec::new();
        for name in names.iter().filter(|name| name.form == Form::Plain) {
            match look(disk, name.path(&home.dir), *name)? {
                Some(found) => seen.push(found),
                None => vanished = true,
            }
        }
        if packed {
            vanished |= look_into_packed(disk, home, &names, &mut seen)?;
        }
        if !vanished || tries == 0 {
            let left_out = if packed {
                Vec::new()
            } else {
                compressed(disk, home, &names)
            };
            return Ok(sort(&names, seen, left_out, trail, replaced));
        }
    }
}

/// The file of a trail with this number, whether the branch comes through it or not.
pub(super) fn numbered(disk: &dyn Disk, home: &Home, trail: TrailId, number: u64) -> Result<Option<LiveFile>, Error> {
    for name in names::list(disk, &home.dir)?
        .into_iter()
        .filter(|name| name.form == Form::Plain)
    {
        if let Some(Seen::Header(file)) = look(disk, name.path(&home.dir), name)?
            && file.header.trail == trail
            && file.number() == number
        {
            return Ok(Some(*file));
        }
    }
    Ok(None)
}

/// Looks into compressed files where the plain form has no header that this build knows of, and puts them in its place. Tells
/// whether one was gone.
fn look_into_packed(disk: &dyn Disk, home: &Home, names: &[Name], seen: &mut Vec<Seen>) -> Result<bool, Error> {
    let mut vanished = false;
    for name in names.iter().filter(|name| name.form == Form::Gzip) {
        let plain = name.with(Form::Plain);
        let place = seen.iter().position(|seen| seen.name() == plain);
        let says_nothing =
            |seen: &Seen| matches!(seen, Seen::Not(stray) if matches!(stray.why, Why::Empty | Why::Unreadable(_)));
        if place
            .and_then(|place| seen.get(place))
            .is_some_and(|plain| !says_nothing(plain))
        {
            continue;
        }
        match look(disk, name.path(&home.dir), *name)? {
            None => vanished = true,
            Some(found) => {
                // An empty one is nothing, whatever stands beside it.
                let empty = matches!(&found, Seen::Not(stray) if stray.why == Why::Empty);
                match place.and_then(|place| seen.get_mut(place)) {
                    Some(_) if empty => {}
                    Some(plain) => *plain = found,
                    None => seen.push(found),
                }
            }
        }
    }
    Ok(vanished)
}

/// What the first line of a file says.
enum Seen {
    Header(Box<LiveFile>),
    Not(Stray),
}

impl Seen {
    fn name(&self) -> Name {
        match self {
            Seen::Header(live) => live.name,
            Seen::Not(stray) => stray.name,
        }
    }
}

/// `None` if the file is gone.
fn look(disk: &dyn Disk, path: PathBuf, name: Name) -> Result<Option<Seen>, Error> {
    let failed = |error: io::Error| {
        let remedy = match error.kind() {
            io::ErrorKind::InvalidInput => "move it out of the trail's directory",
            _ => "make it readable for the user that runs this program",
        };
        Error::io("read a file of the trail", &path, error).remedy(remedy)
    };
    let file = match content::open(disk, &path, name.form) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let stat = file.stat().map_err(failed)?;
    let len = stat.len;
    let first = match len {
        0 => Ok(Err(Why::Empty)),
        _ => first_line(&*file),
    };
    let first = match first {
        Err(error) if name.form == Form::Gzip && content::is_bad(&error) => Err(Why::Unreadable(content::NO_MEMBER)),
        other => other.map_err(failed)?,
    };
    let why = match first {
        Ok((header, head, body_at)) => {
            return Ok(Some(Seen::Header(Box::new(LiveFile {
                name,
                path,
                header,
                head,
                body_at,
                len,
                stat,
                live_to: None,
            }))));
        }
        Err(why) => why,
    };
    Ok(Some(Seen::Not(Stray { name, path, len, why })))
}

fn first_line(file: &dyn DiskFile) -> io::Result<Result<(Header, Head, u64), Why>> {
    let mut lines = Lines::first(file);
    Ok(match lines.next()? {
        Piece::End => Err(Why::Empty),
        Piece::Unfinished { .. } => Err(Why::Unreadable(CUT_SHORT)),
        Piece::TooLong { .. } => Err(Why::Unreadable("its first line is too long")),
        Piece::Line { text, .. } => match Header::parse(text) {
            Ok((header, head)) => Ok((header, head, text.len() as u64 + 1)),
            Err(Unreadable::Damaged(why)) => Err(Why::Unreadable(why)),
            Err(Unreadable::Unsupported(what)) => Err(Why::Unsupported(what)),
        },
    })
}

fn sort(
    names: &[Name],
    seen: Vec<Seen>,
    mut strays: Vec<Stray>,
    trail: Option<TrailId>,
    replaced: Option<TrailId>,
) -> Branch {
    let mut files = Vec::new();
    for seen in seen {
        match seen {
            Seen::Header(file) => files.push(*file),
            Seen::Not(stray) => strays.push(stray),
        }
    }
    let trail = trail.filter(|_| replaced.is_some()).or_else(|| choose(&files, trail));
    let replaced = replaced_by(&files, trail, replaced);
    let mut by_number: HashMap<u64, LiveFile> = HashMap::with_capacity(files.len());
    for file in files {
        let number = file.number();
        if Some(file.header.trail) != trail {
            let why = match replaced.contains(&file.header.trail) {
                true => Why::Replaced,
                false => Why::OtherTrail(file.header.trail),
            };
            strays.push(stray(file, why));
            continue;
        }
        match by_number.entry(number) {
            Entry::Vacant(place) => {
                place.insert(file);
            }
            // The first by name stays: a copy has the later name.
            Entry::Occupied(_) => strays.push(stray(file, Why::Twin(number))),
        }
    }
    let greatest = by_number.keys().copied().max().unwrap_or(0);
    let mut live = Vec::new();
    let mut start = Start::Nothing;
    let (mut next, mut live_to) = (Some(greatest), None);
    while let Some(number) = next {
        let Some(mut file) = by_number.remove(&number) else {
            if !live.is_empty() {
                start = Start::Behind { file: number };
            }
            break;
        };
        file.live_to = live_to;
        live_to = Some(file.header.prev.seq);
        next = file.header.prev_file;
        start = Start::Genesis;
        live.push(file);
    }
    live.reverse();
    let behind = match (start, live.first()) {
        (Start::Behind { file }, Some(oldest)) => holes::behind(&by_number, oldest, file),
        _ => Vec::new(),
    };
    strays.extend(by_number.into_values().map(|file| {
        let number = file.number();
        stray(file, Why::Superseded(number))
    }));
    strays.sort_by_key(|stray| stray.name);
    let torn = |name: &&Name| matches!(name.form, Form::Torn(_));
    Branch {
        live,
        start,
        behind,
        strays,
        torn: names.iter().filter(torn).copied().collect(),
        greatest,
    }
}

fn stray(file: LiveFile, why: Why) -> Stray {
    let LiveFile { name, path, len, .. } = file;
    Stray { name, path, len, why }
}

/// Compressed files whose plain form is not there.
fn compressed(disk: &dyn Disk, home: &Home, names: &[Name]) -> Vec<Stray> {
    let alone = |name: &&Name| name.form == Form::Gzip && names.binary_search(&name.with(Form::Plain)).is_err();
    let stray = |name: &Name| {
        let path = name.path(&home.dir);
        let len = disk.stat(&path).map_or(0, |stat| stat.len);
        Stray {
            name: *name,
            path,
            len,
            why: Why::Compressed,
        }
    };
    names.iter().filter(alone).map(stray).collect()
}

/// The trails in whose place this one was begun, and the ones before those.
fn replaced_by(files: &[LiveFile], trail: Option<TrailId>, replaced: Option<TrailId>) -> Vec<TrailId> {
    let (mut trails, mut looked) = (Vec::from_iter(replaced), 0);
    let mut of = trail;
    while let Some(trail) = of {
        let headers = files.iter().filter(|file| file.header.trail == trail);
        let before = headers.filter_map(|file| Some(file.header.replaces?.trail));
        trails.extend(before);
        // Whatever headers say, no trail is looked at for ever.
        looked += 1;
        of = trails.get(looked - 1).copied().filter(|_| looked <= files.len());
    }
    trails.retain(|replaced| Some(*replaced) != trail);
    trails
}

/// The trail to follow: the one asked for if it has a file here, else the one with the most, or the newest of these; but none
/// that another one here was begun in place of.
fn choose(files: &[LiveFile], asked: Option<TrailId>) -> Option<TrailId> {
    let mut trails: HashMap<TrailId, (usize, Micros)> = HashMap::new();
    for file in files {
        let (count, opened) = trails.entry(file.header.trail).or_default();
        *count += 1;
        *opened = file.header.opened.max(*opened);
    }
    let replaced: Vec<TrailId> = files
        .iter()
        .filter_map(|file| Some(file.header.replaces?.trail))
        .collect();
    match asked {
        Some(asked) if trails.contains_key(&asked) => Some(asked),
        _ => trails
            .into_iter()
            .max_by_key(|(id, weight)| (!replaced.contains(id), *weight, *id))
            .map(|(id, _)| id),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::io::mem::MemDisk;
    use crate::store::sample::{self, DIR, Writer, home, noon};

    fn three_files() -> MemDisk {
        let mut writer = Writer::start(&MemDisk::new(), noon()).unwrap();
        for _ in 0..2 {
            writer.record("x").unwrap();
            writer.rotate(noon()).unwrap();
        }
        writer.stop().unwrap()
    }

    fn numbers(branch: &Branch) -> Vec<u64> {
        branch.live.iter().map(LiveFile::number).collect()
    }

    #[test]
    fn files_are_in_the_order_of_their_headers_whatever_their_names() {
        let disk = three_files();
        let (one, three) = ("/logs/audit-2026-11-20.jsonl", "/logs/audit-2026-11-20.part0003.jsonl");
        let (first, last) = (disk.get(one).unwrap(), disk.get(three).unwrap());
        disk.put(one, &last);
        disk.put(three, &first);
        let branch = walk(&disk, &home(), None).unwrap();
        assert_eq!((numbers(&branch), branch.start), (vec![1, 2, 3], Start::Genesis));
        assert_eq!(
            branch.live.iter().map(|file| file.live_to).collect::<Vec<_>>(),
            [Some(2), Some(4), None]
        );
        assert!(branch.strays.is_empty());
    }

    #[test]
    fn what_is_not_on_the_branch_says_why() {
        let disk = three_files();
        let copy = disk.get("/logs/audit-2026-11-20.part0002.jsonl").unwrap();
        for (name, data) in [
            ("audit-2026-11-21.jsonl", b"".to_vec()),
            ("audit-2026-11-22.jsonl", b"{\"tracing_audit\":1,".to_vec()),
            ("audit-2026-11-23.jsonl", b"hello\n".to_vec()),
            ("audit-2026-11-24.jsonl", copy),
            (
                "audit-2026-11-25.jsonl",
                three_files().get("/logs/audit-2026-11-20.jsonl").unwrap(),
            ),
        ] {
            disk.put(Path::new(DIR).join(name), &data);
        }
        let branch = walk(&disk, &home(), None).unwrap();
        assert_eq!(numbers(&branch), [1, 2, 3]);
        let why: Vec<&Why> = branch.strays.iter().map(|stray| &stray.why).collect();
        let [
            Why::Empty,
            Why::Unreadable(_),
            Why::Unreadable(_),
            Why::Twin(2),
            Why::OtherTrail(other),
        ] = why[..]
        else {
            panic!("{why:?}");
        };
        // Asked for by name, the other trail is the one that is followed.
        assert_eq!(numbers(&walk(&disk, &home(), Some(*other)).unwrap()), [1]);
    }

    #[test]
    fn a_branch_that_lacks_its_beginning_is_right_only_where_retention_says_so() {
        let disk = three_files();
        let whole = walk(&disk, &home(), None).unwrap();
        disk.remove("/logs/audit-2026-11-20.jsonl");
        let branch = walk(&disk, &home(), None).unwrap();
        assert_eq!(
            (numbers(&branch), branch.start),
            (vec![2, 3], Start::Behind { file: 1 })
        );
        let kept = KeptFrom {
            file: 2,
            prev: whole.live[1].header.prev,
        };
        assert!(branch.begins_right(Some(kept)) && !branch.begins_right(None));
        assert!(!branch.begins_right(Some(KeptFrom { file: 3, ..kept })));
        assert!(!branch.begins_right(Some(KeptFrom {
            prev: Point::GENESIS,
            ..kept
        })));
    }

    /// A disk on which retention is faster than the reader: names are listed that are gone when they are opened.
    #[derive(Debug)]
    struct Vanishing {
        disk: MemDisk,
        listings: AtomicU32,
        ghosts: u32,
    }

    impl Disk for Vanishing {
        fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>> {
            let mut names = self.disk.list(dir, prefix)?;
            if self.listings.fetch_add(1, Ordering::Relaxed) < self.ghosts {
                names.push("audit-2026-11-19.jsonl".to_owned());
            }
            Ok(names)
        }
        fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
            self.disk.canonical(path)
        }
        fn create_dir(&self, path: &Path) -> io::Result<()> {
            self.disk.create_dir(path)
        }
        fn open_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
            self.disk.open_new(path)
        }
        fn open_append(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
            self.disk.open_append(path)
        }
        fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
            self.disk.open_read(path)
        }
        fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
            self.disk.open_lock(path)
        }
        fn stat(&self, path: &Path) -> io::Result<Stat> {
            self.disk.stat(path)
        }
        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.disk.rename(from, to)
        }
        fn unlink(&self, path: &Path) -> io::Result<()> {
            self.disk.unlink(path)
        }
        fn sync_dir(&self, dir: &Path) -> io::Result<()> {
            self.disk.sync_dir(dir)
        }
    }

    #[test]
    fn a_file_that_goes_while_the_branch_is_walked_is_not_reported() {
        for ghosts in [1, 3, u32::MAX] {
            let disk = Vanishing {
                disk: three_files(),
                listings: AtomicU32::new(0),
                ghosts,
            };
            let branch = walk(&disk, &sample::home(), None).unwrap();
            assert_eq!((numbers(&branch), branch.strays.len()), (vec![1, 2, 3], 0));
            assert!(disk.listings.load(Ordering::Relaxed) <= 4, "it must not go on for ever");
        }
    }
}
