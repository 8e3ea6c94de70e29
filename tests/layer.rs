//! What the layer makes of a program's own events and spans.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tracing::field::Empty;
use tracing::{Instrument as _, Level, Span, debug, debug_span, error, info, info_span, instrument, warn};
use tracing_audit::testing::{self, Captured};
use tracing_audit::{Audited as _, Capture, Category, Outcome, Record, Severity, Trail, audit, events};
use tracing_subscriber::prelude::*;

fn capture() -> Captured {
    testing::capture().unwrap()
}

fn only(audit: &Captured) -> Record {
    let mut records = audit.records();
    assert_eq!(records.len(), 1, "{records:#?}");
    records.remove(0)
}

// ---- events -----------------------------------------------------------------------------------------------------------

#[test]
fn an_event_under_target_audit_becomes_a_record_of_the_type_it_names() {
    let audit = capture();
    info!(target: "audit", event = "USER_DELETE", user_id = 7, client.address = %"192.0.2.1", rows = 3, "gone: {}", 7);
    let record = only(&audit);
    assert_eq!(record.event(), "USER_DELETE");
    assert_eq!(record.category(), Category::User);
    assert_eq!(record.severity(), Severity::High);
    assert_eq!(record.outcome(), Outcome::Unknown);
    assert_eq!(record.user_id(), Some("7"));
    assert_eq!(record.ip(), Some("192.0.2.1"));
    assert_eq!(record.message(), Some("gone: 7"));
    assert_eq!(record.metadata().unwrap()["rows"], 3);
}

#[test]
fn the_severity_is_the_types_or_the_fields_and_never_the_levels() {
    let audit = capture();
    error!(target: "audit", event = "AUTH_LOGIN");
    info!(target: "audit", event = "AUTH_LOGIN", severity = "critical", outcome = "denied");
    let records = audit.records();
    assert_eq!(records[0].severity(), Severity::Low);
    assert_eq!(records[1].severity(), Severity::Critical);
    assert_eq!(records[1].outcome(), Outcome::Denied);
}

#[test]
fn aliases_and_spellings_name_the_type_they_mean() {
    let audit = capture();
    info!(target: "audit", event = "login_failed");
    info!(target: "audit", event = %"data-access");
    info!(name: "SESSION_START", target: "audit", user_id = 1);
    let names: Vec<_> = audit.records().iter().map(|record| record.event().to_owned()).collect();
    assert_eq!(names, ["AUTH_FAILED", "DATA_READ", "SESSION_START"]);
}

#[test]
fn a_name_that_no_type_declares_is_kept_if_it_is_one_and_is_custom_otherwise() {
    let audit = capture();
    for _ in 0..2 {
        info!(target: "audit", event = "AUTH_PASSKEY");
        info!(target: "audit", event = "Ärger im Lager");
        info!(target: "audit", event = "AUDIT_STOP");
        info!(target: "audit", event = "alert_resolved");
        info!(target: "audit", "no name at all");
        info!(target: "audit", event = %"X".repeat(65));
    }
    let records = audit.records();
    for record in records.chunks(6).flat_map(|half| &half[1..]) {
        assert_eq!((record.event(), record.category()), ("CUSTOM", Category::Custom));
        assert_eq!(record.severity(), Severity::Medium);
    }
    for half in records.chunks(6) {
        assert_eq!((half[0].event(), half[0].category()), ("AUTH_PASSKEY", Category::Auth));
        assert_eq!(half[0].severity(), Severity::Medium);
        let named = |at: usize| half[at].metadata().and_then(|all| all.get("unknown_event")).cloned();
        assert_eq!(named(1), Some("Ärger im Lager".into()));
        assert_eq!(named(2), Some("AUDIT_STOP".into()));
        assert_eq!(named(3), Some("alert_resolved".into()));
        assert_eq!(named(4), None);
        assert_eq!(named(5), Some("X".repeat(65).into()));
    }
}

#[test]
fn only_the_target_audit_itself_is_ours() {
    let audit = capture();
    info!(target: "audit::store", event = "DATA_READ");
    info!(target: "auditor", event = "DATA_READ");
    info!(event = "DATA_READ");
    debug!(target: "audit", event = "DATA_READ");
    assert_eq!(audit.records(), []);
}

#[test]
fn what_is_too_verbose_is_ignored_even_where_another_layer_opens_it() {
    // The captured stack has no filter at all, so that everything reaches the layer.
    let audit = capture();
    debug!(target: "audit", event = "DATA_READ", "ignored");
    let outer = info_span!("outer", user_id = "alice").entered();
    let between = debug_span!("between", user_id = "mallory", request_id = "r").entered();
    let inner = info_span!("inner", method = "GET").entered();
    info!(target: "audit", event = "DATA_READ");
    drop((inner, between));
    let stray = debug_span!(parent: None, "stray", user_id = "mallory").entered();
    info!(target: "audit", event = "DATA_READ");
    drop((stray, outer));
    let records = audit.records();
    assert_eq!(records.len(), 2);
    assert_eq!(
        (records[0].user_id(), records[0].method()),
        (Some("alice"), Some("GET"))
    );
    assert_eq!(records[0].request_id(), None);
    assert_eq!(records[1].user_id(), Some("alice"));
}

#[test]
fn a_span_level_opens_more_verbose_spans() {
    let audit = testing::capture_with(|builder| builder.span_level(Level::DEBUG)).unwrap();
    let request = debug_span!("request", user_id = "alice").entered();
    info!(target: "audit", event = "DATA_READ");
    debug!(target: "audit", event = "DATA_READ");
    drop(request);
    assert_eq!(only(&audit).user_id(), Some("alice"));
}

#[test]
fn log_records_under_target_audit_become_records() {
    let audit = capture();
    let log = |target: &str, level, line| {
        tracing_log::format_trace(
            &log::Record::builder()
                .target(target)
                .level(level)
                .module_path(Some("shop::orders"))
                .file(Some("orders.rs"))
                .line(Some(line))
                .args(format_args!("order {} paid", 17))
                .build(),
        )
        .unwrap();
    };
    let who = info_span!("request", user_id = "alice").entered();
    log("audit", log::Level::Info, 1);
    log("audit", log::Level::Debug, 2);
    log("shop", log::Level::Info, 3);
    drop(who);
    let record = only(&audit);
    assert_eq!(record.event(), "CUSTOM");
    assert_eq!(record.message(), Some("order 17 paid"));
    assert_eq!(record.user_id(), Some("alice"));
    assert_eq!(record.metadata(), None);
}

#[test]
fn what_log_always_makes_of_an_event_is_not_recorded_again() {
    let audit = capture();
    let echo = |module: &str, file: &str, line| {
        let record = log::Record::builder()
            .target("audit")
            .level(log::Level::Info)
            .module_path(Some(module))
            .file(Some(file))
            .line(Some(line))
            .args(format_args!("echo"))
            .build();
        tracing_log::format_trace(&record).unwrap();
    };
    #[rustfmt::skip]
    let line = { info!(target: "audit", event = "DATA_READ"); line!() };
    echo(module_path!(), file!(), line);
    echo("tracing_audit::mirror", "mirror.rs", 1);
    assert_eq!(only(&audit).event(), "DATA_READ");
}

// ---- span context -----------------------------------------------------------------------------------------------------

#[derive(Debug)]
#[allow(dead_code, reason = "shown by Debug")]
struct NewUser {
    name: &'static str,
    password: &'static str,
}

#[instrument]
fn register(user_id: u32, old: NewUser, username: NewUser, message: &str, error: &str) {
    info!(target: "audit", event = "USER_CREATE");
}

#[test]
fn only_identity_and_request_names_come_from_spans() {
    let audit = capture();
    let new = || NewUser {
        name: "bob",
        password: "hunter2",
    };
    let agent = "Mozilla/5.0 (X11; Linux x86_64)";
    let request = info_span!(
        "request",
        http.request.method = "POST",
        user_agent = agent,
        request_id = %"r-1",
        book = 7,
        old = "x",
        metadata = "y",
    );
    request.in_scope(|| register(7, new(), new(), "m", "e"));
    let record = only(&audit);
    assert_eq!(record.user_id(), Some("7"));
    assert_eq!(record.method(), Some("POST"));
    assert_eq!(record.user_agent(), Some(agent));
    assert_eq!(record.request_id(), Some("r-1"));
    assert_eq!(record.username(), None, "a struct by its Debug text may hold anything");
    assert_eq!(
        (record.old(), record.message(), record.get("error"), record.metadata()),
        (None, None, None, None)
    );
}

#[test]
fn an_own_field_wins_over_the_spans_and_an_inner_span_over_an_outer() {
    let audit = capture();
    let outer = info_span!("outer", user_id = "outer", tenant = "t", route = "/").entered();
    let inner = info_span!("inner", user_id = "inner", route = "/books").entered();
    audit!(events::DATA_READ, route = "/own");
    drop((inner, outer));
    let record = only(&audit);
    assert_eq!(
        (record.user_id(), record.tenant(), record.route()),
        (Some("inner"), Some("t"), Some("/own"))
    );
}

#[test]
fn what_a_parent_or_grandparent_records_later_is_seen() {
    let audit = capture();
    let request = info_span!("request", user_id = Empty, session_id = Empty).entered();
    let handler = info_span!("handler", method = "GET").entered();
    let query = info_span!("query", resource = "books").entered();
    info!(target: "audit", event = "DATA_READ");
    request.record("user_id", "alice");
    info!(target: "audit", event = "DATA_READ");
    request.record("user_id", "bob");
    audit!(events::DATA_READ);
    handler.record("method", "POST");
    audit!(events::DATA_READ);
    drop((query, handler, request));
    let seen: Vec<_> = audit
        .records()
        .iter()
        .map(|record| (record.user_id().map(str::to_owned), record.method().map(str::to_owned)))
        .collect();
    let said = |user: Option<&str>, method: &str| (user.map(str::to_owned), Some(method.to_owned()));
    assert_eq!(
        seen,
        [
            said(None, "GET"),
            said(Some("alice"), "GET"),
            said(Some("bob"), "GET"),
            said(Some("bob"), "POST")
        ]
    );
}

#[test]
fn an_explicit_parent_or_none_is_honoured() {
    let audit = capture();
    let alice = info_span!("request", user_id = "alice");
    let bob = info_span!("request", user_id = "bob").entered();
    info!(target: "audit", parent: &alice, { event = "DATA_READ" }, "x");
    info!(target: "audit", parent: None, { event = "DATA_READ" }, "x");
    audit!(parent: &alice, events::DATA_READ);
    audit!(parent: None, events::DATA_READ);
    let child = info_span!(parent: &alice, "child", method = "GET").entered();
    audit!(events::DATA_READ);
    drop(child);
    let root = info_span!(parent: None, "root").entered();
    audit!(events::DATA_READ);
    drop((root, bob));
    let users: Vec<_> = audit
        .records()
        .iter()
        .map(|record| record.user_id().map(str::to_owned))
        .collect();
    let said = |user: &str| Some(user.to_owned());
    assert_eq!(users, [said("alice"), None, said("alice"), None, said("alice"), None]);
}

#[test]
fn a_span_without_fields_of_its_own_passes_its_parents_on() {
    let audit = capture();
    let request = info_span!("request", user_id = "alice");
    let task = request.in_scope(|| info_span!("task"));
    drop(request);
    // Elsewhere, where the request was never entered.
    let dispatch = audit.dispatch();
    std::thread::spawn(move || {
        tracing::dispatcher::with_default(&dispatch, || {
            task.in_scope(|| info_span!("inner").in_scope(|| audit!(events::DATA_READ)));
        });
    })
    .join()
    .unwrap();
    assert_eq!(only(&audit).user_id(), Some("alice"));
}

#[test]
fn spans_are_left_in_any_order_and_entered_more_than_once() {
    let audit = capture();
    let a = info_span!("a", user_id = "a");
    let b = info_span!("b", user_id = "b");
    let [first, second, again] = [a.clone().entered(), b.entered(), a.entered()];
    audit!(events::DATA_READ);
    drop(first);
    audit!(events::DATA_READ);
    drop(again);
    audit!(events::DATA_READ);
    drop(second);
    audit!(events::DATA_READ);
    let users: Vec<_> = audit
        .records()
        .iter()
        .map(|record| record.user_id().map(str::to_owned))
        .collect();
    // Of two entries of one span the last goes first, as in the registry.
    assert_eq!(
        users,
        [Some("a".to_owned()), Some("b".to_owned()), Some("b".to_owned()), None]
    );
}

#[test]
fn a_guard_that_was_forgotten_lends_nothing_once_its_span_is_closed() {
    let audit = capture();
    let stale = info_span!("stale", user_id = "mallory");
    std::mem::forget(stale.enter());
    drop(stale);
    audit!(events::DATA_READ);
    assert_eq!(only(&audit).user_id(), None);
}

#[test]
fn one_span_is_entered_on_many_threads_while_it_records() {
    let audit = capture();
    let request = info_span!("request", user_id = Empty, request_id = "r");
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (dispatch, request) = (audit.dispatch(), &request);
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    for round in 0..200 {
                        request.in_scope(|| {
                            let child = info_span!("child", session_id = worker).entered();
                            request.record("user_id", worker * 1_000 + round);
                            audit!(events::DATA_READ);
                            drop(child);
                        });
                    }
                });
            });
        }
    });
    let records = audit.records();
    assert_eq!(records.len(), 800);
    assert!(
        records
            .iter()
            .all(|record| record.request_id() == Some("r") && record.user_id().is_some())
    );
    // A thread's own children never get another one's fields.
    assert!(records.iter().all(|record| record.session_id().is_some()));
}

#[test]
fn ten_thousand_spans_are_open_at_once_and_none_is_mixed_up() {
    let audit = capture();
    let spans: Vec<Span> = (0..10_000).map(|user| info_span!("request", user_id = user)).collect();
    for (user, span) in spans.iter().enumerate().step_by(997) {
        span.in_scope(|| audit!(events::DATA_READ, resource = user));
    }
    drop(spans);
    // Ids are used again; what the old spans said is not.
    let fresh: Vec<Span> = (0..10_000).map(|_| info_span!("request", user_id = Empty)).collect();
    for span in fresh.iter().step_by(997) {
        span.in_scope(|| audit!(events::DATA_DELETE));
    }
    let records = audit.records();
    for record in records.iter().filter(|record| record.event() == "DATA_READ") {
        assert_eq!(record.user_id(), record.resource());
    }
    assert!(
        records
            .iter()
            .filter(|record| record.event() == "DATA_DELETE")
            .all(|record| record.user_id().is_none())
    );
    assert_eq!(records.len(), 22);
}

#[test]
fn two_trails_in_one_process_do_not_mix() {
    let one = capture();
    let first = info_span!("first", user_id = "one").entered();
    let two = capture();
    {
        // The same ids, in another subscriber.
        let second = info_span!("second", session_id = "two").entered();
        audit!(events::DATA_READ);
        audit!(in: one.trail(), events::DATA_READ);
        drop(second);
    }
    assert_eq!((only(&two).user_id(), only(&two).session_id()), (None, Some("two")));
    assert_eq!((only(&one).user_id(), only(&one).session_id()), (Some("one"), None));
    drop(two);
    drop(first);
}

#[test]
fn two_layers_of_one_trail_in_one_stack_record_once() {
    let audit = capture();
    let stack = tracing_subscriber::registry()
        .with(audit.trail().layer())
        .with(audit.trail().layer());
    tracing::subscriber::with_default(stack, || {
        let request = info_span!("request", user_id = "alice").entered();
        info!(target: "audit", event = "DATA_READ");
        audit!(events::DATA_READ);
        drop(request);
        info_span!("work", audit = "DATA_UPDATE").in_scope(|| {});
    });
    let records = audit.records();
    assert_eq!(records.len(), 3, "{records:#?}");
    assert_eq!(records[0].user_id(), Some("alice"));
    assert_eq!(records[1].user_id(), Some("alice"));
}

// ---- audit spans ------------------------------------------------------------------------------------------------------

#[derive(Debug, PartialEq)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

#[instrument(fields(audit = "USER_DELETE", user.id = %id, audit.rows = 3, book = 1), err)]
fn delete(id: u32, fails: bool) -> Result<(), Refused> {
    if fails { Err(Refused) } else { Ok(()) }
}

#[instrument(fields(audit = "USER_DELETE"), err, ret)]
async fn delete_async(fails: bool, polls: u32) -> Result<u32, Refused> {
    YieldNow(polls).await;
    if fails { Err(Refused) } else { Ok(7) }
}

#[instrument(fields(audit = "USER_DELETE"), err)]
async fn delete_async_without_ret() -> Result<u32, Refused> {
    Ok(7)
}

/// Is pending so many times.
struct YieldNow(u32);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn poll_once<F: Future>(future: &mut Pin<Box<F>>) {
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

#[test]
fn an_audit_span_becomes_one_record_when_it_closes() {
    let audit = capture();
    delete(7, false).unwrap();
    let record = only(&audit);
    assert_eq!(record.event(), "USER_DELETE");
    assert_eq!(record.severity(), Severity::High);
    assert_eq!(record.outcome(), Outcome::Success);
    assert_eq!(record.user_id(), Some("7"));
    assert!(record.duration_ms().is_some_and(|took| took >= 0.0));
    assert_eq!(record.metadata().unwrap()["rows"], 3);
    assert_eq!(
        record.metadata().unwrap().len(),
        1,
        "a field without `audit.` is none of ours"
    );
}

#[test]
fn the_outcome_of_an_audit_span_follows_from_what_was_seen() {
    let audit = capture();
    let mut expected = Vec::new();
    let mut expect = |outcome: Outcome| expected.push(outcome);

    delete(7, true).unwrap_err();
    expect(Outcome::Failure);

    let _ = catch_unwind(|| info_span!("work", audit = "DATA_UPDATE").in_scope(|| panic!("as planned")));
    expect(Outcome::Error);

    block_on(delete_async(false, 3)).unwrap();
    expect(Outcome::Success);
    block_on(delete_async(true, 3)).unwrap_err();
    expect(Outcome::Failure);
    // Dropped half-way, and finished without a word: nobody can tell the one from the other.
    poll_once(&mut Box::pin(delete_async(false, 3)));
    expect(Outcome::Unknown);
    block_on(delete_async_without_ret()).unwrap();
    expect(Outcome::Unknown);

    let span = info_span!("work", audit = "DATA_UPDATE", outcome = Empty);
    span.in_scope(|| {});
    span.record("outcome", "denied");
    drop(span);
    expect(Outcome::Denied);

    let span = info_span!("work", audit = "DATA_UPDATE", error = Empty);
    span.record("error", "no such row");
    drop(span);
    expect(Outcome::Failure);

    let never_entered = info_span!("work", audit = "DATA_UPDATE");
    drop(never_entered);
    expect(Outcome::Unknown);

    let outcomes: Vec<_> = audit.records().iter().map(Record::outcome).collect();
    assert_eq!(outcomes, expected);
    assert_eq!(audit.records()[0].get("error"), Some(&"refused".into()));
    assert_eq!(audit.records()[7].get("error"), Some(&"no such row".into()));
}

#[test]
fn a_childs_error_is_not_the_parents_failure() {
    let audit = capture();
    #[instrument(err)]
    fn helper() -> Result<(), Refused> {
        Err(Refused)
    }
    info_span!("work", audit = "DATA_UPDATE").in_scope(|| {
        let _ = helper();
        info_span!(parent: None, "elsewhere").in_scope(|| error!(error = "not mine"));
        error!("with a message, and two",);
        error!(error = "two fields", other = 1);
    });
    assert_eq!(only(&audit).outcome(), Outcome::Success);
}

#[test]
fn a_panic_that_began_outside_is_not_the_spans() {
    struct AuditsWhenDropped;
    impl Drop for AuditsWhenDropped {
        fn drop(&mut self) {
            info_span!("cleanup", audit = "DATA_DELETE").in_scope(|| {});
        }
    }
    let audit = capture();
    let _ = catch_unwind(|| {
        let _cleanup = AuditsWhenDropped;
        panic!("as planned");
    });
    assert_eq!(only(&audit).outcome(), Outcome::Success);
}

#[test]
fn a_span_under_target_audit_gives_one_record_and_not_two() {
    let audit = capture();
    #[instrument(target = "audit", name = "USER_DELETE", err, ret)]
    fn delete(user_id: u32) -> Result<u32, Refused> {
        Err(Refused)
    }
    delete(7).unwrap_err();
    let record = only(&audit);
    assert_eq!((record.event(), record.outcome()), ("USER_DELETE", Outcome::Failure));
    assert_eq!(record.user_id(), Some("7"));
}

#[test]
fn an_audit_field_may_be_filled_later_or_never() {
    let audit = capture();
    let span = info_span!("work", audit = Empty, user_id = "alice");
    span.in_scope(|| audit!(events::DATA_READ));
    drop(span);
    assert_eq!(
        only(&audit).event(),
        "DATA_READ",
        "a field that stays empty makes no record"
    );

    let span = info_span!("work", audit = Empty, audit.reason = Empty, user_id = "alice");
    span.record("audit.reason", "why not");
    span.record("audit", "DATA_UPDATE");
    span.record("audit.reason", "because");
    drop(span);
    let record = audit.one(events::DATA_UPDATE);
    assert_eq!((record.user_id(), record.reason()), (Some("alice"), Some("because")));
    assert_eq!(record.metadata(), None);
}

#[test]
fn what_an_audit_span_keeps_for_itself_is_in_no_other_record() {
    let audit = capture();
    let span = info_span!(
        "work",
        audit = "DATA_UPDATE",
        audit.old = 1,
        user_id = "alice",
        outcome = "denied",
        severity = "critical"
    );
    span.in_scope(|| info!(target: "audit", event = "DATA_READ"));
    drop(span);
    let inner = audit.one(events::DATA_READ);
    assert_eq!((inner.user_id(), inner.old()), (Some("alice"), None));
    assert_eq!((inner.outcome(), inner.severity()), (Outcome::Unknown, Severity::Low));
    let outer = audit.one(events::DATA_UPDATE);
    assert_eq!(
        (outer.outcome(), outer.severity()),
        (Outcome::Denied, Severity::Critical)
    );
    assert_eq!(outer.old(), Some(&1.into()));
}

#[test]
fn an_audit_span_has_the_context_it_was_opened_in() {
    let audit = capture();
    let request = info_span!("request", user_id = Empty, tenant = "t").entered();
    let context = tracing_audit::AuditContext::new().session_id("s");
    let span = {
        let _entered = context.enter();
        info_span!("work", audit = "DATA_UPDATE")
    };
    request.record("user_id", "alice");
    let stranger = tracing_audit::AuditContext::new().session_id("stranger").enter();
    drop(span);
    drop((stranger, request));
    let record = only(&audit);
    assert_eq!(
        (record.session_id(), record.user_id(), record.tenant()),
        (Some("s"), Some("alice"), Some("t"))
    );
}

// ---- audited futures --------------------------------------------------------------------------------------------------

#[test]
fn an_audited_future_tells_success_failure_cancellation_and_panic_apart() {
    let audit = capture();
    async fn work(polls: u32, result: Result<u32, Refused>) -> Result<u32, Refused> {
        YieldNow(polls).await;
        result
    }
    assert_eq!(block_on(work(2, Ok(7)).audited(events::USER_DELETE)), Ok(7));
    assert_eq!(
        block_on(work(0, Err(Refused)).audited(events::USER_DELETE)),
        Err(Refused)
    );
    poll_once(&mut Box::pin(work(2, Ok(7)).audited(events::USER_DELETE)));
    let panics = async {
        YieldNow(1).await;
        if true {
            panic!("as planned");
        }
    };
    let panicked = catch_unwind(AssertUnwindSafe(|| block_on(panics.audited(events::USER_DELETE))));
    assert!(panicked.is_err());
    block_on(async { 17 }.audited_as(events::USER_DELETE, |output| {
        if *output > 9 {
            Outcome::Blocked
        } else {
            Outcome::Success
        }
    }));
    drop(work(0, Ok(1)).audited(events::USER_DELETE));
    let outcomes: Vec<_> = audit.records().iter().map(Record::outcome).collect();
    use Outcome::{Blocked, Cancelled, Error, Failure, Success};
    assert_eq!(
        outcomes,
        [Success, Failure, Cancelled, Error, Blocked],
        "never polled is never begun"
    );
    assert!(audit.records().iter().all(|record| record.duration_ms().is_some()));
}

#[test]
fn a_cancelled_future_still_knows_whose_it_was() {
    let audit = capture();
    let request = info_span!("request", user_id = "alice");
    // As tower-http does: the span is entered around each poll, and not around the drop.
    let mut future = Box::pin(YieldNow(3).audited(events::DATA_EXPORT));
    request.in_scope(|| poll_once(&mut future));
    drop(future);
    drop(request);
    let mut future = Box::pin(
        YieldNow(3)
            .audited(events::DATA_READ)
            .instrument(info_span!("request", user_id = "bob")),
    );
    poll_once(&mut future);
    drop(future);
    assert_eq!(audit.one(events::DATA_EXPORT).user_id(), Some("alice"));
    assert_eq!(audit.one(events::DATA_READ).user_id(), Some("bob"));
}

// ---- capture ----------------------------------------------------------------------------------------------------------

#[test]
fn code_that_knows_nothing_of_the_trail_is_captured_by_rules() {
    let audit = testing::capture_with(|builder| {
        builder
            .capture(Capture::target("app::admin").as_event(events::ADMIN_ACTION))
            .capture(Capture::target("db").span("delete").as_event(events::DATA_DELETE))
            .capture(Capture::target("legacy").level(Level::DEBUG))
            .capture(Capture::target("named").name("login").as_event(events::AUTH_LOGIN))
    })
    .unwrap();
    info!(target: "app::admin", user_id = "root", verb = "drop");
    warn!(target: "app::admin::users", "below");
    info!(target: "app::administration", "not below");
    debug!(target: "app::admin", "too verbose");
    info_span!(target: "db", "delete", resource = "books").in_scope(|| info!(target: "db", "an event"));
    info_span!(target: "db", "select", resource = "books").in_scope(|| {});
    debug!(target: "legacy::x", event = "USER_UPDATE", "old code");
    debug!(target: "legacy", "untyped");
    info!(name: "login", target: "named", "x");
    info!(name: "logout", target: "named", "x");
    let names: Vec<_> = audit.records().iter().map(|record| record.event().to_owned()).collect();
    assert_eq!(
        names,
        [
            "ADMIN_ACTION",
            "ADMIN_ACTION",
            "DATA_DELETE",
            "USER_UPDATE",
            "CUSTOM",
            "AUTH_LOGIN"
        ]
    );
    let records = audit.records();
    assert_eq!(records[0].user_id(), Some("root"));
    assert_eq!(records[0].metadata().unwrap()["verb"], "drop");
    assert_eq!(
        (records[2].resource(), records[2].outcome()),
        (Some("books"), Outcome::Success)
    );
}

// ---- other layers -----------------------------------------------------------------------------------------------------

/// Notes what it sees: level, target, name (if it was given one) and fields.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Seen {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Text(String);
        impl tracing::field::Visit for Text {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }
        let metadata = event.metadata();
        let mut text = Text(format!("{} {}", metadata.level(), metadata.target()));
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }
}

#[test]
fn other_layers_see_the_record_redacted_and_events_once() {
    let audit = capture();
    let seen = Seen::default();
    let stack = tracing_subscriber::registry()
        .with(seen.clone())
        .with(audit.trail().layer());
    tracing::subscriber::with_default(stack, || {
        audit!(
            events::AUTH_LOGIN,
            user.id = "alice",
            source.ip = "192.0.2.1",
            password = "hunter2",
            "hello \"you\"\n"
        );
        audit!(events::USER_ROLE_CHANGE);
        audit!(
            events::SECURITY_INCIDENT,
            outcome = Outcome::Blocked,
            resource = "vault"
        );
        info!(target: "audit", event = "DATA_READ");
        info_span!("work", audit = "DATA_UPDATE").in_scope(|| {});
    });
    assert_eq!(
        seen.take(),
        [
            r#"INFO audit message=hello "you"\n event=AUTH_LOGIN outcome="success" user_id=alice ip=192.0.2.1"#,
            r#"WARN audit event=USER_ROLE_CHANGE outcome="unknown""#,
            r#"ERROR audit event=SECURITY_INCIDENT outcome="blocked" resource=vault"#,
            r#"INFO audit event="DATA_READ""#,
        ]
    );
    assert_eq!(audit.records().len(), 5, "the mirror itself is no record");
}

#[test]
fn a_trail_without_a_mirror_shows_nothing() {
    let audit = testing::capture_with(|builder| builder.mirror(false)).unwrap();
    let seen = Seen::default();
    let stack = tracing_subscriber::registry()
        .with(seen.clone())
        .with(audit.trail().layer());
    tracing::subscriber::with_default(stack, || audit!(events::AUTH_LOGIN));
    assert_eq!(seen.take(), [""; 0]);
    assert_eq!(audit.records().len(), 1);
}

#[test]
fn the_filter_changes_nothing_that_is_recorded() {
    let run = |filtered: bool| {
        let audit = testing::capture_with(|builder| builder.capture(Capture::target("db").as_event(events::DATA_READ)))
            .unwrap();
        let (layer, filter) = (audit.trail().layer(), audit.trail().filter());
        let stack = tracing_subscriber::registry()
            .with(filtered.then(|| audit.trail().layer().with_filter(filter)))
            .with((!filtered).then_some(layer));
        tracing::subscriber::with_default(stack, || {
            tracing::callsite::rebuild_interest_cache();
            let request = info_span!("request", user_id = "alice").entered();
            info!(target: "audit", event = "AUTH_LOGIN");
            info!(target: "db", "captured");
            info!("not ours");
            delete(7, true).unwrap_err();
            audit!(events::AUTH_LOGOUT);
            drop(request);
        });
        audit
            .records()
            .iter()
            .map(|record| format!("{} {} {:?}", record.event(), record.outcome(), record.user_id()))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(true), run(false));
    assert_eq!(run(true).len(), 4);
}

thread_local! {
    static FUSE: Cell<u32> = const { Cell::new(0) };
}

/// Records itself while it is written.
struct Recursive;

impl fmt::Debug for Recursive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FUSE.set(FUSE.get() + 1);
        assert!(FUSE.get() < 100, "recursed");
        audit!(events::DATA_READ, value = ?Recursive);
        info!(target: "audit", event = "DATA_UPDATE", value = ?Recursive);
        f.write_str("recursive")
    }
}

#[test]
fn a_value_that_records_itself_is_bounded() {
    let audit = capture();
    audit!(events::DATA_CREATE, value = ?Recursive);
    audit.one(events::DATA_CREATE);
    let _span = info_span!("request", user_id = ?Recursive);
    audit!(events::DATA_DELETE);
    audit.one(events::DATA_DELETE);
}

#[test]
fn a_filter_that_is_reloaded_is_told_of_and_taken_back() {
    use tracing_subscriber::{EnvFilter, registry, reload};
    let home = tempfile::tempdir().unwrap();
    let trail = Trail::builder(home.path().join("logs")).detached().build().unwrap();
    let (filter, handle) = reload::Layer::new(EnvFilter::new("info"));
    let _stack = registry().with(filter).with(trail.layer()).set_default();
    let told = || {
        // The writer asks behind a commit, hence before the next one but one.
        for _ in 0..3 {
            audit!(in: &trail, events::DATA_READ).written().unwrap();
        }
        trail.flush().unwrap();
        trail.status().capture.len()
    };
    assert_eq!(told(), 0);
    handle.modify(|filter| *filter = EnvFilter::new("warn")).unwrap();
    assert_eq!(told(), 2, "events and spans");
    handle.modify(|filter| *filter = EnvFilter::new("info")).unwrap();
    assert_eq!(told(), 0);
}
