//! What `audit!` accepts, what it refuses, and what it says then.

#[test]
fn every_syntax_compiles_and_every_refusal_explains_itself() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
