//! Redaction comes to an end on any text, leaves one line of JSON, and lets no planted secret through.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tracing_audit::testing::{Captured, capture};
use tracing_audit::{Secret, Trail, events};

/// As tokens of a well-known provider look; made up.
const TOKEN: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

fn trail() -> &'static Trail {
    static TRAIL: OnceLock<Trail> = OnceLock::new();
    TRAIL.get_or_init(|| {
        let captured: Captured = capture().expect("a directory for temporary files");
        let trail = captured.trail().clone();
        // For as long as the process lives.
        std::mem::forget(captured);
        trail
    })
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (name, value) = text.split_at(text.floor_char_boundary(text.len().min(12)));
    let planted = format!("{value} {TOKEN} {value}");
    let receipt = trail()
        .draft(events::DATA_UPDATE)
        .message(&planted)
        .field(name, &value)
        .field("password", &planted)
        .field("wrapped", &Secret(value.to_owned()))
        .emit();
    let seq = receipt.written().expect("memory does not fill up");
    let recent = trail().recent();
    let begin = format!("{{\"seq\":{seq},");
    let line = recent
        .iter()
        .rfind(|line| line.starts_with(&begin))
        .expect("it was written");
    assert!(
        !line.contains('\n') && line.parse::<tracing_audit::Record>().is_ok(),
        "{line}"
    );
    assert!(!line.contains(TOKEN), "{line}");
});
