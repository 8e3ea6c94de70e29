//! A new file for an export, which gets its name when all of it is there.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::Time;
use crate::error::{Error, ErrorKind};
use crate::io::{Disk, DiskFile, RealDisk};
use crate::store::names;

/// Has a file written, and gives it its name.
pub(super) fn put<T>(
    path: &Path,
    ending: &str,
    write: impl FnOnce(Appended) -> io::Result<T>,
) -> Result<(PathBuf, T), Error> {
    let place = Place::of(path, ending)?;
    let disk = RealDisk::shared();
    if !names::list(&*disk, &place.dir)?.is_empty() {
        return Err(
            Error::new(ErrorKind::Config, "the export would go among the files of a trail")
                .at(&place.dir)
                .remedy("choose another directory"),
        );
    }
    let (draft, file) = Draft::make(&*disk, &place)?;
    let wrong = |error| Error::io("write the export", &draft.path, error);
    let written = write(Appended(Arc::clone(&file))).map_err(wrong)?;
    file.sync_data().map_err(wrong)?;
    let path = place.take(&*disk, &draft.path)?;
    disk.sync_dir(&place.dir)
        .map_err(|error| Error::io("make the name of the export durable", &path, error))?;
    Ok((path, written))
}

/// Where the file will stand.
struct Place {
    dir: PathBuf,
    name: OsString,
    /// What stands behind an automatic name; a name that somebody chose has none other to go to.
    ending: Option<String>,
}

impl Place {
    fn of(path: &Path, ending: &str) -> Result<Place, Error> {
        if path.is_dir() {
            // 2026-11-27T12:00:00.123456Z
            let mut stem = names::PREFIX.to_owned() + "export-";
            let now = Time::default().micros().to_string();
            let (now, _) = now.split_once('.').unwrap_or((&now, ""));
            stem.extend(now.chars().filter(|letter| !matches!(letter, '-' | ':')));
            stem.push('Z');
            return Ok(Place {
                dir: path.to_owned(),
                name: stem.into(),
                ending: Some(ending.to_owned()),
            });
        }
        let Some(name) = path.file_name() else {
            return Err(Error::new(ErrorKind::Config, "an export needs a directory, or the name of a file").at(path));
        };
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let place = Place {
            dir: dir.unwrap_or(Path::new(".")).to_owned(),
            name: name.to_owned(),
            ending: None,
        };
        // Whoever looks into it later takes it for that of a trail.
        fs::read_dir(&place.dir).map_err(|error| Error::io("open the directory for the export", &place.dir, error))?;
        // Better now than behind a million records. Whether it is still free is asked again at the end.
        match fs::symlink_metadata(path) {
            Ok(_) => Err(taken(path)),
            Err(_) => Ok(place),
        }
    }

    /// Gives the draft its name, and replaces nothing.
    fn take(&self, disk: &dyn Disk, draft: &Path) -> Result<PathBuf, Error> {
        let mut turn = 1_u32;
        loop {
            let mut name = self.name.clone();
            if let Some(ending) = &self.ending {
                if turn > 1 {
                    name.push(format!("-{turn}"));
                }
                name.push(format!(".{ending}"));
            }
            let path = self.dir.join(name);
            match give(disk, draft, &path) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && self.ending.is_some() => turn += 1,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(taken(&path)),
                Err(error) => return Err(Error::io("give the export its name", &path, error)),
            }
        }
    }
}

/// A second name and then no first one: `rename` would replace what is there.
fn give(disk: &dyn Disk, draft: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Ok(()) => disk.unlink(draft),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // A file system without second names: between the look and the new name somebody may take it.
        Err(_) => match fs::symlink_metadata(path) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => disk.rename(draft, path),
        },
    }
}

fn taken(path: &Path) -> Error {
    Error::new(
        ErrorKind::Config,
        "there is such a file already; an export replaces nothing",
    )
    .at(path)
}

/// The file before it has its name. What is left of it is removed.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn make(disk: &dyn Disk, place: &Place) -> Result<(Draft, Arc<dyn DiskFile>), Error> {
        let mut turn = 0_u32;
        loop {
            let mut name = OsString::from(".");
            name.push(&place.name);
            name.push(format!(".{}-{turn}.part", std::process::id()));
            let path = place.dir.join(name);
            match disk.open_new(&path) {
                Ok(file) => return Ok((Draft { path }, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => turn += 1,
                Err(error) => return Err(Error::io("make a file for the export", &path, error)),
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is gone where it has its name.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file at its end.
pub(super) struct Appended(Arc<dyn DiskFile>);

impl Write for Appended {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
