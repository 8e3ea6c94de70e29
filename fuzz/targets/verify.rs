//! The verifier comes to a verdict, the same on one thread and on three, and calls nothing consistent that a reader finds
//! damaged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_audit::{Verdict, Verify};
use tracing_audit_fuzz::Laid;

fuzz_target!(|data: &[u8]| {
    let laid = Laid::new(data);
    let Ok(report) = Verify::new(&laid.dir).threads(1).run() else {
        return;
    };
    let again = Verify::new(&laid.dir)
        .threads(3)
        .run()
        .expect("it could be read before");
    assert_eq!(report.to_json(), again.to_json());
    let _ = report.to_string();
    if report.verdict() == Verdict::Consistent {
        let read = tracing_audit::read(&laid.dir).expect("a consistent trail");
        let count = read.map(|record| record.expect("a consistent trail")).count();
        assert_eq!(count as u64, report.records());
    }
});
