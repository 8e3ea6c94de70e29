//! Where each record comes from: what somebody says by hand, and what the headers of the trail's files say.

use std::path::Path;

use crate::error::Error;
use crate::formats::Origin;
use crate::io::RealDisk;
use crate::reader::walk::Walk;
use crate::store::Identity;

#[derive(Debug)]
pub(super) struct Origins {
    /// Of records that no file is known to hold.
    said: Origin,
    /// Behind which record each begins, in rising order.
    headers: Vec<(u64, Origin)>,
}

impl Origins {
    /// The same for all records.
    pub(super) fn said(origin: &Origin) -> Origins {
        Origins {
            said: origin.clone(),
            headers: Vec::new(),
        }
    }

    /// As the headers say, but for what is said by hand. A run's files say the same, so only what changes is kept.
    pub(super) fn of(dir: &Path, said: &Origin) -> Result<Origins, Error> {
        let files = Walk::begin(RealDisk::shared(), dir)?.into_stock()?.files;
        let mut origins = Origins::said(said);
        for live in files {
            let origin = said.over(live.header.who);
            if origins.headers.last().is_none_or(|(_, before)| *before != origin) {
                origins.headers.push((live.header.prev.seq, origin));
            }
        }
        Ok(origins)
    }

    pub(super) fn of_record(&self, seq: u64) -> &Origin {
        let behind = self.headers.partition_point(|(first, _)| *first < seq);
        let header = behind.checked_sub(1).and_then(|at| self.headers.get(at));
        header.map_or(&self.said, |(_, origin)| origin)
    }
}

impl Origin {
    /// This, and what a header says of all that this does not say. A service and its version are said together.
    fn over(&self, header: Identity) -> Origin {
        let (service, version) = match &self.service {
            Some(service) => (Some(service.clone()), self.version.clone()),
            None => (header.service, self.version.clone().or(header.version)),
        };
        Origin {
            host: self.host.clone().or(header.host),
            service,
            version,
            pid: self.pid.or(Some(header.pid).filter(|pid| *pid != 0)),
        }
    }
}
