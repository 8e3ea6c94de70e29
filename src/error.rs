use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong, in a message that names the path and the remedy.
///
/// One opaque type for the crate; ask [`kind`](Error::kind) what to do about it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    source: Option<io::Error>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused a call; [`source`](std::error::Error::source) has its reason.
    Io,
    /// Another process, or another trail of this one, holds the directory.
    Locked,
    /// A setting is unknown, out of range, or contradicts another.
    Config,
    /// A key or the state file is missing, unreadable or not what it should be.
    Key,
    /// A file of the trail is damaged, or is not a trail's.
    Damaged,
    /// A file was written by a newer format, or needs a feature this build lacks.
    Unsupported,
    /// What was asked for cannot be proven: not yet, or not any more.
    Unproven,
    /// No trail runs in this process that could take the record.
    NoTrail,
    /// The queue was full and the record was shed; the trail says so in an `AUDIT_GAP`.
    Shed,
    /// The queue stayed full and the record went to the emergency sink instead; the trail says so in an `AUDIT_GAP`.
    Diverted,
    /// The trail has ended, and takes no more records.
    Closed,
    /// The wait was longer than the limit set by `Builder::wait_limit`. The record may still arrive.
    Timeout,
    /// A wait on the writer's own thread would never end, and is refused.
    WouldDeadlock,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            source: None,
        }))
    }

    /// An operating-system error while doing `what` (such as "open the trail directory") to `path`.
    pub(crate) fn io(what: &str, path: impl AsRef<Path>, source: io::Error) -> Error {
        Error(Box::new(Inner {
            kind: ErrorKind::Io,
            message: format!("cannot {what}"),
            path: Some(path.as_ref().to_owned()),
            source: Some(source),
        }))
    }

    /// The same where nobody knows the path.
    #[cfg(feature = "export")]
    pub(crate) fn nameless_io(what: &str, source: io::Error) -> Error {
        let mut error = Error::io(what, "", source);
        error.0.path = None;
        error
    }

    /// Names the file or directory the error is about.
    pub(crate) fn at(mut self, path: impl AsRef<Path>) -> Error {
        self.0.path = Some(path.as_ref().to_owned());
        self
    }

    /// Adds what the user can do about it.
    pub(crate) fn remedy(mut self, remedy: &str) -> Error {
        self.0.message.push_str("; ");
        self.0.message.push_str(remedy);
        self
    }

    /// What kind of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file or directory the error is about.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The operating system's reason, if it was one.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        self.0.source.as_ref().map(io::Error::kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            message, path, source, ..
        } = &*self.0;
        // The remedy stands behind the path and the reason, so that it is the last thing read.
        let (what, remedy) = message.split_once("; ").unwrap_or((message, ""));
        f.write_str(what)?;
        if let Some(path) = path {
            write!(f, " ({})", path.display())?;
        }
        if let Some(source) = source {
            write!(f, ": {source}")?;
        }
        if !remedy.is_empty() {
            write!(f, "; {remedy}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_path_the_reason_and_the_remedy() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let error = Error::io("open the trail directory", "/var/log/x", denied).remedy("give it to the service's user");
        let text = error.to_string();
        assert!(
            text.starts_with("cannot open the trail directory (/var/log/x): "),
            "{text}"
        );
        assert!(text.ends_with("; give it to the service's user"), "{text}");
        assert_eq!(error.path(), Some(Path::new("/var/log/x")));
    }
}
