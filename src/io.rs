//! The one seam to the disk.
//!
//! Everything the trail does to files goes through [`Disk`] and [`DiskFile`], so that a disk in memory can lose what was
//! not synced, and so that no other file opens a path in another way. What every opened file keeps:
//! it is a regular file, the last part of its name was not a symbolic link, opening it did not wait, and it is closed in
//! programs that this one starts.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clock::Micros;

pub(crate) use patient::patient;

#[cfg(feature = "gzip")]
pub(crate) mod gzip;
#[cfg(test)]
mod luck;
#[cfg(test)]
pub(crate) mod mem;
mod patient;

/// A file system, as far as a trail needs one.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// The path without symbolic links, `.` and `..`; it must exist.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Makes one directory for this user alone (0700), whatever the umask.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a file for this user alone (0600), whatever the umask, and opens it for appending. Fails if the name is taken.
    fn open_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for appending and reading.
    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for reading.
    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens a file for appending and reading; makes it (0600) where it is missing.
    fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// The names in a directory that begin so, in no order. Names that are not UTF-8 are nobody's here.
    fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>>;
    /// What stands behind a name; a symbolic link is not followed.
    fn stat(&self, path: &Path) -> io::Result<Stat>;
    /// Gives a file another name in one step; a file of that name is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// Makes the names of a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Bytes that this user may still put on the disk of a directory.
    fn free(&self, _: &Path) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// An open file. Shared: one thread may write while another syncs.
pub(crate) trait DiskFile: fmt::Debug + Send + Sync {
    /// Appends; may write less than was given.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Reads from a position; 0 at the end.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Makes everything written so far durable.
    fn sync_data(&self) -> io::Result<()>;
    fn truncate(&self, len: u64) -> io::Result<()>;
    fn stat(&self) -> io::Result<Stat>;
    /// Takes the operating system's lock on the file; `false` if another open file has it.
    fn try_lock(&self) -> io::Result<bool>;
    /// The same for a lock that several may have at once, and that keeps the other kind out.
    fn try_lock_shared(&self) -> io::Result<bool>;
    fn unlock(&self) -> io::Result<()>;
}

/// What the file system knows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) kind: FileKind,
    pub(crate) len: u64,
    /// With `ino` it names the file for as long as it exists. Both are 0 where the system has no such thing.
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    /// How many names it has; 0 for an open file whose name was removed.
    pub(crate) nlink: u64,
    /// Permission bits.
    pub(crate) mode: u32,
    pub(crate) modified: Micros,
    /// When anything of it last changed, by a clock that no program sets for a file; 0 where the system has no such thing.
    pub(crate) changed: Micros,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    File,
    Dir,
    Link,
    /// A pipe, a device, a socket.
    Other,
}

impl FileKind {
    /// What it is, in an error message.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            FileKind::File => "a file",
            FileKind::Dir => "a directory",
            FileKind::Link => "a symbolic link",
            FileKind::Other => "a pipe, a socket or a device",
        }
    }
}

impl Stat {
    /// Whether both are the same file.
    pub(crate) fn same(&self, other: &Stat) -> bool {
        (self.dev, self.ino) == (other.dev, other.ino)
    }
}

/// The reason why a path that is no regular file was not opened.
pub(crate) fn not_a_file(kind: FileKind) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("it is {}, not a file", kind.noun()),
    )
}

/// Writes all of it, or says why not; part of it may have been written then.
pub(crate) fn write_all(file: &dyn DiskFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads a file whole. A longer one than `limit` is an error, so that a wrong file cannot fill the memory.
pub(crate) fn read_all(file: &dyn DiskFile, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match file.read_at(bytes.len() as u64, &mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(read) => bytes.extend_from_slice(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if bytes.len() > limit {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it is longer than {limit} bytes"),
            ));
        }
    }
}

/// Puts a file of these bytes under a name, durably and in one step: the name has the old bytes or the new ones.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let tmp = with_suffix(path, ".tmp");
    match disk.unlink(&tmp) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = disk.open_new(&tmp)?;
    write_all(&*file, bytes)?;
    file.sync_data()?;
    disk.rename(&tmp, path)?;
    match path.parent() {
        Some(dir) => disk.sync_dir(dir),
        None => Ok(()),
    }
}

/// The path with something behind its last name: `logs` and `.keys` are `logs.keys`.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RealDisk;

impl RealDisk {
    pub(crate) fn shared() -> Arc<dyn Disk> {
        patient(Arc::new(RealDisk))
    }

    fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
        let file = Self::careful(options)
            .open(path)
            .map_err(|error| explain(path, error))?;
        let kind = kind_of(file.metadata()?.file_type());
        if kind != FileKind::File {
            return Err(not_a_file(kind));
        }
        Ok(file)
    }

    /// Neither follows a link nor waits for the other end of a pipe. (Close-on-exec is the library's own doing.)
    fn careful(options: &mut OpenOptions) -> &mut OpenOptions {
        #[cfg(unix)]
        {
            use rustix::fs::OFlags;
            use std::os::unix::fs::OpenOptionsExt as _;
            let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
            options.custom_flags(flags.bits().cast_signed()).mode(0o600);
        }
        options
    }
}

impl Disk for RealDisk {
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        // The umask may have taken bits away that are needed.
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        Ok(())
    }

    fn open_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        // What was just made is a file.
        let file = Self::careful(OpenOptions::new().read(true).append(true).create_new(true))
            .open(path)
            .map_err(|error| explain(path, error))?;
        if let Err(error) = private(&file) {
            // Nobody has it yet.
            let _ = fs::remove_file(path);
            return Err(error);
        }
        Ok(Arc::new(RealFile(file)))
    }

    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(RealFile(Self::open(
            path,
            OpenOptions::new().read(true).append(true),
        )?)))
    }

    fn open_read(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(RealFile(Self::open(path, OpenOptions::new().read(true))?)))
    }

    fn open_lock(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        match self.open_new(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.open_append(path),
            other => other,
        }
    }

    fn list(&self, dir: &Path, prefix: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            if let Ok(name) = entry?.file_name().into_string()
                && name.starts_with(prefix)
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        fs::symlink_metadata(path).map(|meta| stat_of(&meta))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        // Elsewhere a directory cannot be opened; docs/FORMAT.md promises power cuts for Unix only.
        #[cfg(unix)]
        File::open(dir)?.sync_all()?;
        #[cfg(not(unix))]
        let _ = dir;
        Ok(())
    }

    #[cfg(unix)]
    fn free(&self, dir: &Path) -> io::Result<u64> {
        let room = rustix::fs::statvfs(dir)?;
        Ok(room.f_bavail.saturating_mul(room.f_frsize))
    }
}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut &self.0, bytes)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.0, into, at);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.0, into, at);
        #[cfg(not(any(unix, windows)))]
        {
            let mut file = &self.0;
            io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
            io::Read::read(&mut file, into)
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn stat(&self) -> io::Result<Stat> {
        self.0.metadata().map(|meta| stat_of(&meta))
    }

    fn try_lock(&self) -> io::Result<bool> {
        locked(self.0.try_lock())
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        locked(self.0.try_lock_shared())
    }

    fn unlock(&self) -> io::Result<()> {
        self.0.unlock()
    }
}

fn locked(tried: Result<(), fs::TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

/// Gives a new file exactly the bits 0600, whatever the umask took away.
fn private(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// "Too many levels of symbolic links" and "no such device or address" say little: name what stands there.
fn explain(path: &Path, error: io::Error) -> io::Error {
    match fs::symlink_metadata(path).map(|meta| kind_of(meta.file_type())) {
        Ok(FileKind::File) | Err(_) => error,
        Ok(_) if error.kind() == io::ErrorKind::AlreadyExists => error,
        Ok(kind) => not_a_file(kind),
    }
}

fn kind_of(kind: fs::FileType) -> FileKind {
    if kind.is_file() {
        FileKind::File
    } else if kind.is_dir() {
        FileKind::Dir
    } else if kind.is_symlink() {
        FileKind::Link
    } else {
        FileKind::Other
    }
}

fn stat_of(meta: &fs::Metadata) -> Stat {
    #[cfg(unix)]
    let (dev, ino, nlink, mode, changed) = {
        use std::os::unix::fs::MetadataExt as _;
        let changed = meta.ctime().saturating_mul(1_000_000) + meta.ctime_nsec() / 1_000;
        (meta.dev(), meta.ino(), meta.nlink(), meta.mode() & 0o7777, changed)
    };
    #[cfg(not(unix))]
    let (dev, ino, nlink, mode, changed) = (0, 0, 1, 0o600, 0);
    Stat {
        kind: kind_of(meta.file_type()),
        len: meta.len(),
        dev,
        ino,
        nlink,
        mode,
        modified: meta.modified().map_or(Micros(0), Micros::from),
        changed: Micros(changed),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn files_and_directories_are_for_this_user_alone_whatever_the_umask() {
        // A umask is the whole process's, so a child has it.
        for umask in ["000", "777"] {
            let test = "io::tests::under_a_umask";
            let status = std::process::Command::new("sh")
                .args(["-c", &format!("umask {umask} && exec \"$0\" --exact {test} --ignored")])
                .arg(std::env::current_exe().unwrap())
                .env("TRACING_AUDIT_TEST_DIR", tempfile::tempdir().unwrap().path())
                .status();
            assert!(status.unwrap().success(), "umask {umask}");
        }
    }

    #[test]
    #[ignore = "run by the test above, under a umask"]
    fn under_a_umask() {
        let dir = std::env::var_os("TRACING_AUDIT_TEST_DIR").unwrap();
        let inner = with_suffix(Path::new(&dir), ".logs");
        RealDisk.create_dir(&inner).unwrap();
        drop(RealDisk.open_new(&inner.join("f")).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let modes = (mode(&inner), mode(&inner.join("f")));
        fs::remove_dir_all(&inner).unwrap();
        assert_eq!(modes, (0o700, 0o600));
    }

    #[test]
    fn a_name_that_is_no_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("file"), b"x").unwrap();
        symlink(at("file"), at("link")).unwrap();
        symlink(at("nowhere"), at("dangling")).unwrap();
        fs::create_dir(at("dir")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        for (name, noun) in [
            ("link", "symbolic link"),
            ("dangling", "symbolic link"),
            ("dir", "directory"),
            ("pipe", "pipe"),
        ] {
            for error in [
                RealDisk.open_read(&at(name)).err(),
                RealDisk.open_append(&at(name)).err(),
            ] {
                let text = error.unwrap().to_string();
                assert!(text.contains(noun), "{name}: {text}");
            }
            assert_eq!(
                RealDisk.open_new(&at(name)).unwrap_err().kind(),
                io::ErrorKind::AlreadyExists
            );
        }
        assert!(
            RealDisk
                .open_read(Path::new("/dev/null"))
                .unwrap_err()
                .to_string()
                .contains("device")
        );
    }

    #[test]
    fn a_wrong_file_cannot_fill_the_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let file = RealDisk.open_read(&path).unwrap();
        assert_eq!(read_all(&*file, 1000).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
