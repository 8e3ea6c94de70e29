//! Ten fields and a message inside two spans, with values from a pool of 1,024.

use std::io::BufRead;
use std::path::Path;

use tracing::info_span;

pub(crate) struct Values {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) ip: String,
    pub(crate) session_id: String,
    pub(crate) resource: String,
    pub(crate) action: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) duration_ms: f64,
    pub(crate) password: String,
}

pub(crate) struct Pool(Vec<Values>);

impl Pool {
    pub(crate) fn new() -> Pool {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let values = (0..1_024).map(|_| {
            let number = random();
            Values {
                user_id: format!("user-{:06}", number % 1_000_000),
                username: format!("name.{:05}", number % 100_000),
                ip: format!("203.0.113.{}", number % 256),
                session_id: format!("{:016x}", random()),
                resource: format!("/api/v1/books/{}", number % 10_000),
                action: ["read", "update", "create", "delete"][number as usize % 4],
                outcome: ["success", "failure", "denied"][number as usize % 3],
                duration_ms: (number % 1_000_000) as f64 / 1_000.0,
                password: format!("pw-{:08x}", number as u32),
            }
        });
        Pool(values.collect())
    }

    pub(crate) fn at(&self, at: u64) -> &Values {
        &self.0[at as usize % self.0.len()]
    }
}

pub(crate) fn inside_two_spans<R>(work: impl FnOnce() -> R) -> R {
    let session = info_span!(
        "session",
        user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    );
    let _session = session.enter();
    let request = info_span!(
        "request",
        method = "POST",
        path = "/api/v1/books",
        request_id = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    );
    let _request = request.enter();
    work()
}

/// Lines and bytes of the event of the workload, over all files of a directory.
pub(crate) fn count_lines(dir: &Path) -> (u64, u64) {
    let (mut lines, mut bytes) = (0, 0);
    for entry in std::fs::read_dir(dir).expect("the directory written to") {
        let path = entry.expect("an entry").path();
        if !path.is_file() {
            continue;
        }
        for line in std::io::BufReader::new(std::fs::File::open(path).expect("a file")).split(b'\n') {
            let line = line.expect("a line");
            if memchr::memmem::find(&line, b"AUTH_LOGIN").is_some() {
                lines += 1;
                bytes += line.len() as u64 + 1;
            }
        }
    }
    (lines, bytes)
}
