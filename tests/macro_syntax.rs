//! What `audit!` accepts, what it refuses, and what it says then.

use std::process::Command;

/// The compiler whose wording the expected messages have.
const SPOKEN: &str = "rustc 1.95.";

#[test]
fn every_syntax_compiles_and_every_refusal_explains_itself() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = String::from_utf8(Command::new(rustc).arg("-V").output().unwrap().stdout).unwrap();
    if version.starts_with(SPOKEN) {
        cases.compile_fail("tests/ui/fail/*.rs");
    } else {
        println!("{version} words its errors in its own way: the refusals are checked with {SPOKEN}* only");
    }
}
