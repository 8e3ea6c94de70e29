//! What a verifier remembers of its last good run, so that the next one demands that the trail still holds it
//! (docs/FORMAT.md, "Verify").

use std::io;
use std::path::Path;

use serde_json::Value;

use crate::base64url;
use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::io::{self as disk_io, Disk};
use crate::store::{Point, TrailId};
use crate::verify::header::number;

/// The end of a trail as it was last found good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    pub(crate) trail: TrailId,
    pub(crate) point: Point,
}

impl Memory {
    /// What the file says; `None` if there is none yet.
    pub(crate) fn load(disk: &dyn Disk, path: &Path) -> Result<Option<Memory>, Error> {
        const LONGEST: usize = 4_096;
        let bytes = match disk.open_read(path).and_then(|file| disk_io::read_all(&*file, LONGEST)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read what the verifier remembers", path, error)),
        };
        let memory = serde_json::from_slice::<Value>(&bytes)
            .ok()
            .and_then(|value| memory(&value));
        match memory {
            Some(memory) => Ok(Some(memory)),
            // To go on without would be to forget.
            None => Err(Error::new(ErrorKind::Damaged, "this is not what a verifier remembers")
                .at(path)
                .remedy("put the file back from a copy, or remove it to begin anew")),
        }
    }

    /// Stores it in one step.
    pub(crate) fn store(&self, disk: &dyn Disk, path: &Path) -> Result<(), Error> {
        let Memory { trail, point } = self;
        let text = format!(
            "{{\"tracing_audit_verifier\":1,\"trail\":\"{trail}\",\"seq\":{},\"head\":\"{}\"}}\n",
            point.seq,
            point.head.text()
        );
        disk_io::replace(disk, path, text.as_bytes())
            .map_err(|error| Error::io("store what the verifier remembers", path, error))
    }
}

fn memory(value: &Value) -> Option<Memory> {
    if value.get("tracing_audit_verifier")?.as_u64()? != 1 {
        return None;
    }
    Some(Memory {
        trail: TrailId(base64url::parse(value.get("trail")?.as_str()?.as_bytes())?),
        point: Point {
            seq: number(value.get("seq")?)?,
            head: Head::parse(value.get("head")?.as_str()?)?,
        },
    })
}
