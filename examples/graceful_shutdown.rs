//! A service that ends cleanly when it is told to: SIGTERM or Ctrl-C, then the last records, then the end of the trail.
//!
//! Without this a signal ends the process where it stands: what was only accepted is lost, and the next start says so.
//! `cargo run --example graceful_shutdown`, and then `kill` it.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use tracing_audit::{audit, events};

    // Before the first record: a signal that comes early must not find nobody listening.
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let trail = tracing_audit::init("logs")?;
    trail.record_panics();
    audit!(events::SYSTEM_START);
    println!("recording to {}", trail.dir().display());

    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                audit!(events::DATA_READ, user.id = "alice", resource.id = number);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let signal = signals.forever().next();
        // First the work ends, then the trail: nothing comes behind the end.
        stop.store(true, Ordering::Relaxed);
        audit!(events::SYSTEM_STOP, signal = signal.unwrap_or_default());
    });
    trail.close()?;
    println!("ended cleanly");
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("signals are of Unix");
}
