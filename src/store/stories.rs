//! One test for each crash story of docs/FORMAT.md, section 17, and for each way in which a start can find a trail changed.

use super::sample::*;
use super::*;
use crate::io::mem::MemDisk;

fn begun() -> Writer {
    let disk = MemDisk::new();
    Writer::start(&disk, noon()).unwrap()
}

#[test]
fn a_trail_that_was_closed_goes_on_where_it_ended() {
    let mut first = begun();
    first.record("a").unwrap();
    let disk = first.stop().unwrap();
    let second = Writer::start(&disk, noon()).unwrap();
    assert_eq!(
        (
            second.header.cause,
            second.header.clean,
            second.header.file,
            second.header.run
        ),
        (Cause::Start, true, 2, 2)
    );
    assert!(second.opened.found.is_empty());
    let disk = second.stop().unwrap();
    let verdict = judge(&disk);
    assert_eq!(verdict.tampered, Vec::<String>::new());
    assert!(verdict.clean);
    assert_eq!(verdict.records.len(), 5);
}
