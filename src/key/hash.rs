//! The key for keyed hashes: `<keys>/hash.key`, 32 random bytes, beside the trail and never in it.

use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::io::{Disk, FileKind, replace};
use crate::secret::SecretBytes;

const SIZE: u64 = 32;

/// The key, and whether it was made just now. A key made for a trail that has files is a lost key: `AUDIT_KEY`.
#[derive(Debug)]
pub(crate) struct KeyFile {
    pub(crate) key: SecretBytes,
    pub(crate) created: bool,
}

/// Reads the key in this directory; makes it where there is none. Only the holder of the trail's lock may call this: two
/// makers would make two keys.
pub(crate) fn hash_key(disk: &dyn Disk, keys: &Path) -> Result<KeyFile, Error> {
    let path = keys.join("hash.key");
    match disk.stat(&path) {
        Ok(stat) if stat.kind != FileKind::File => Err(wrong(&path, format!("it is {}", stat.kind.noun()))
            .remedy("put a file of 32 random bytes in its place, or remove it for a new key")),
        Ok(stat) if stat.mode & 0o077 != 0 => Err(wrong(&path, format!("others may use it (mode {:04o})", stat.mode))
            .remedy("take that from them (chmod 600), and think about who may have read it")),
        Ok(stat) if stat.len != SIZE => Err(wrong(&path, format!("it has {} bytes and not 32", stat.len)).remedy(
            "put the right key back, or remove it for a new one, by which nothing is found that was hashed before",
        )),
        Ok(_) => read(disk, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(disk, &path),
        Err(error) => Err(unreadable(&path, error)),
    }
}

fn read(disk: &dyn Disk, path: &Path) -> Result<KeyFile, Error> {
    let mut key = Zeroizing::new([0; SIZE as usize]);
    let mut at = 0;
    let file = disk.open_read(path).map_err(|error| unreadable(path, error))?;
    while let Some(rest) = key.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match file.read_at(at as u64, rest) {
            Ok(0) => return Err(unreadable(path, io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => at += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(path, error)),
        }
    }
    Ok(KeyFile {
        key: SecretBytes::new(*key),
        created: false,
    })
}

fn create(disk: &dyn Disk, path: &Path) -> Result<KeyFile, Error> {
    let mut key = Zeroizing::new([0; SIZE as usize]);
    getrandom::fill(&mut *key).map_err(|error| wrong(path, format!("there are no random numbers: {error}")))?;
    replace(disk, path, &*key).map_err(|error| {
        Error::io("make the key for hashed values", path, error)
            .remedy("make the key directory writable for the user that runs this program")
    })?;
    Ok(KeyFile {
        key: SecretBytes::new(*key),
        created: true,
    })
}

fn wrong(path: &Path, why: String) -> Error {
    Error::new(
        ErrorKind::Key,
        format!("cannot use the key for hashed values, as {why}"),
    )
    .at(path)
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    wrong(path, format!("it cannot be read: {error}"))
        .remedy("make it readable for the user that runs this program, and for nobody else")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::RealDisk;
    use crate::io::mem::{Dice, MemDisk};

    #[test]
    fn a_key_is_made_once_and_read_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let made = hash_key(&RealDisk, dir.path()).unwrap();
        let read = hash_key(&RealDisk, dir.path()).unwrap();
        assert!(made.created && !read.created);
        assert_eq!(made.key, read.key);
        assert_ne!(*made.key.expose(), [0; 32]);
        assert_eq!(format!("{made:?}"), "KeyFile { key: ***, created: true }");
    }

    #[test]
    fn a_crash_while_a_key_is_made_leaves_a_key_or_none() {
        for death in 0..8 {
            for seed in 0..40 {
                let disk = MemDisk::new();
                disk.die_after(death);
                let made = hash_key(&disk, Path::new("/")).ok();
                let left = disk.crash(&mut Dice(seed));
                let found = hash_key(&left, Path::new("/")).unwrap();
                if let Some(made) = made {
                    assert_eq!(made.key, found.key, "a key that was used must not be lost");
                }
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_cannot_be_trusted_is_refused_with_the_remedy() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hash.key");
        let refusal = || {
            let error = hash_key(&RealDisk, dir.path()).unwrap_err();
            assert_eq!((error.kind(), error.path()), (ErrorKind::Key, Some(&*path)));
            error.to_string()
        };
        hash_key(&RealDisk, dir.path()).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(refusal().contains("mode 0640"));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, [1; 31]).unwrap();
        assert!(refusal().contains("31 bytes and not 32"));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(refusal().contains("a directory"));
        std::fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink("/dev/urandom", &path).unwrap();
        assert!(refusal().contains("symbolic link"));
    }
}
