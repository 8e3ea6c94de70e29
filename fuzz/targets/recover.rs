//! A start makes nothing look tampered with, and hides no tampering: `verify(recover(x))` is 1 only if `verify(x)` was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_audit::{Durability, Severity, Trail, Verdict, Verify, events};
use tracing_audit_fuzz::Laid;

fuzz_target!(|data: &[u8]| {
    let laid = Laid::new(data);
    let verify = || {
        Verify::new(&laid.dir)
            .threads(1)
            .run()
            .map(|report| (report.verdict(), report.to_string()))
    };
    let Ok((before, said)) = verify() else { return };
    let started = Trail::builder(&laid.dir)
        .detached()
        .durability(Severity::Low, Durability::Synced)
        .build();
    let Ok(trail) = started else {
        assert!(
            before != Verdict::Open && before != Verdict::Consistent,
            "a start that fails: {said}"
        );
        return;
    };
    let seq = trail.draft(events::DATA_READ).emit().synced().expect("it started");
    trail.close().expect("it started");
    let (after, says) = verify().expect("it could be read before");
    match before {
        Verdict::Consistent => assert_eq!(after, Verdict::Consistent, "before: {said}\nafter: {says}"),
        // A file that nobody's header explains stays where it is, and the end stays open.
        Verdict::Open => assert_ne!(after, Verdict::Tampered, "before: {said}\nafter: {says}"),
        Verdict::Tampered => assert_ne!(after, Verdict::Consistent, "before: {said}\nafter: {says}"),
        _ => {}
    }
    let mut records = tracing_audit::read(&laid.dir).expect("it could be read before");
    assert!(
        records.any(|record| record.is_ok_and(|record| record.seq() == seq)),
        "{says}"
    );
});
