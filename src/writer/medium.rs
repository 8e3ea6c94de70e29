//! On what kind of file system a trail is.

use std::path::Path;

/// What a file system does not promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// One that keeps what was synced.
    Disk,
    /// One that is gone with the machine or the container.
    Ephemeral(&'static str),
    /// One on which locks and syncs may not mean what they should.
    Network(&'static str),
}

/// Looks at the file system of a directory. Where it cannot tell it says [`Medium::Disk`].
#[cfg(target_os = "linux")]
pub(crate) fn medium(dir: &Path) -> Medium {
    let Ok(statfs) = rustix::fs::statfs(dir) else {
        return Medium::Disk;
    };
    // The type of the field differs between targets; the magic numbers are 32 bits wide.
    #[allow(clippy::unnecessary_cast, reason = "not on every target")]
    match statfs.f_type as u32 {
        0x0102_1994 => Medium::Ephemeral("tmpfs"),
        0x8584_58f6 => Medium::Ephemeral("ramfs"),
        0x794c_7630 => Medium::Ephemeral("overlay"),
        0x6969 => Medium::Network("NFS"),
        0x517b | 0xfe53_4d42 | 0xff53_4d42 => Medium::Network("SMB"),
        0x6573_5546 => Medium::Network("FUSE"),
        0x0102_1997 => Medium::Network("9P"),
        _ => Medium::Disk,
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn medium(_: &Path) -> Medium {
    Medium::Disk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_is_known_as_ephemeral() {
        if Path::new("/dev/shm").exists() {
            assert_eq!(medium(Path::new("/dev/shm")), Medium::Ephemeral("tmpfs"));
        }
        assert_eq!(medium(Path::new("/nowhere/at/all")), Medium::Disk);
    }
}
