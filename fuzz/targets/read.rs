//! The reader gives records or says what is damaged, whatever the files are, and comes to an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tracing_audit_fuzz::Laid;

fuzz_target!(|data: &[u8]| {
    let laid = Laid::new(data);
    let Ok(all) = tracing_audit::read(&laid.dir) else {
        return;
    };
    let mut numbers = Vec::new();
    for record in all.take(10_000) {
        match record {
            Ok(record) => {
                let _ = (record.to_string(), record.time());
                numbers.push(record.seq());
            }
            Err(damage) => drop(damage.to_string()),
        }
    }
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    let last: Vec<u64> = tracing_audit::read(&laid.dir)
        .and_then(|all| all.last(3))
        .map(|last| last.flatten().map(|record| record.seq()).collect())
        .unwrap_or_default();
    assert!(last.iter().all(|seq| numbers.contains(seq)), "{last:?} of {numbers:?}");
});
