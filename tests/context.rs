//! Who acts and in which request, said explicitly.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tracing_audit::{AuditContext, Redaction, Treatment, audit, events, testing};

/// Polls a future that waits for nothing but its own next poll.
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut task = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut task) {
            return done;
        }
    }
}

/// Gives way once.
async fn pause() {
    let mut paused = false;
    poll_fn(|_| {
        if std::mem::replace(&mut paused, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[test]
fn a_records_own_fields_win_over_the_context_and_the_context_over_the_spans() {
    let audit = testing::capture().unwrap();
    let span = tracing::info_span!("request", user_id = "span", ip = "192.0.2.1", request_id = "r-span").entered();
    let context = AuditContext::new().user_id("context").ip("192.0.2.2").tenant("t-1");
    let entered = context.enter();
    audit!(events::DATA_READ, user_id = "own");
    audit!(parent: None, events::DATA_UPDATE);
    drop(entered);
    audit!(events::DATA_DELETE);
    drop(span);
    let read = audit.one(events::DATA_READ);
    assert_eq!(read.user_id(), Some("own"));
    assert_eq!(read.ip(), Some("192.0.2.2"));
    assert_eq!(read.tenant(), Some("t-1"));
    assert_eq!(read.request_id(), Some("r-span"));
    let update = audit.one(events::DATA_UPDATE);
    assert_eq!((update.user_id(), update.request_id()), (Some("context"), None));
    let delete = audit.one(events::DATA_DELETE);
    assert_eq!((delete.user_id(), delete.tenant()), (Some("span"), None));
}

#[test]
fn an_inner_context_wins_and_guards_may_go_in_any_order() {
    let audit = testing::capture().unwrap();
    let outer = AuditContext::new().user_id("alice").tenant("t-1").enter();
    let inner = AuditContext::new().user_id("bob").user_id("carol").enter();
    audit!(events::DATA_READ, which = "both");
    drop(outer);
    audit!(events::DATA_READ, which = "inner");
    drop(inner);
    audit!(events::DATA_READ, which = "none");
    let told: Vec<(Option<String>, Option<String>)> = audit
        .records()
        .iter()
        .map(|record| (record.user_id().map(String::from), record.tenant().map(String::from)))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        told,
        [(text("carol"), text("t-1")), (text("carol"), text("t-1")), (None, None)]
    );
}

#[test]
fn a_scoped_future_is_in_its_context_at_every_poll_and_nowhere_else() {
    let audit = testing::capture().unwrap();
    let work = |name: &'static str| async move {
        audit!(events::DATA_READ, name, step = 1);
        pause().await;
        audit!(events::DATA_READ, name, step = 2);
        struct Last(&'static str);
        impl Drop for Last {
            fn drop(&mut self) {
                audit!(events::DATA_DELETE, name = self.0);
            }
        }
        let _last = Last(name);
        pause().await;
    };
    let mut task = Context::from_waker(Waker::noop());
    let _outer = AuditContext::new().tenant("t-1").enter();
    let mut alice = Box::pin(AuditContext::new().user_id("alice").scope(work("alice")));
    let mut bob = Box::pin(AuditContext::new().user_id("bob").scope(work("bob")));
    for _ in 0..2 {
        assert!(alice.as_mut().poll(&mut task).is_pending());
        assert!(bob.as_mut().poll(&mut task).is_pending());
        assert_eq!(format!("{:?}", AuditContext::current()), "AuditContext {tenant}");
    }
    // Dropped before it ended: what it records then is still said by the same.
    drop(alice);
    drop(bob);
    let records = audit.records();
    assert_eq!(records.len(), 6);
    for record in records {
        assert_eq!(record.user_id(), record.metadata().unwrap()["name"].as_str());
        assert_eq!(record.tenant(), Some("t-1"));
    }
}

#[test]
fn a_context_is_carried_to_another_thread_and_into_another_future() {
    let audit = testing::capture().unwrap();
    let _outer = AuditContext::new().user_id("alice").enter();
    let _inner = AuditContext::new().request_id("r-1").enter();
    let carried = AuditContext::current().action("export");
    let trail = audit.trail().clone();
    std::thread::spawn(move || {
        assert_eq!(format!("{:?}", AuditContext::current()), "AuditContext {}");
        finish(carried.scope(async {
            pause().await;
            audit!(in: &trail, events::DATA_EXPORT);
        }));
        let _entered = carried.enter();
        audit!(in: &trail, events::DATA_READ);
    })
    .join()
    .unwrap();
    for event in [events::DATA_EXPORT, events::DATA_READ] {
        let record = audit.one(event);
        assert_eq!(record.user_id(), Some("alice"));
        assert_eq!(record.request_id(), Some("r-1"));
        assert_eq!(record.action(), Some("export"));
    }
}

#[test]
fn a_context_shows_names_only_and_every_trail_redacts_it_for_itself() {
    let context = AuditContext::new().user_id("alice").path("/login?password=hunter2");
    assert!(!format!("{context:?} {:?}", context.enter()).contains("alice"));
    let hiding =
        |builder: tracing_audit::Builder| builder.redaction(Redaction::default().field("user_id", Treatment::Mask));
    let (plain, other) = (testing::capture().unwrap(), testing::capture_with(hiding).unwrap());
    let _entered = context.enter();
    for _ in 0..2 {
        audit!(in: plain.trail(), events::DATA_READ);
        audit!(in: other.trail(), events::DATA_READ);
    }
    assert!(plain.records().iter().all(|record| record.user_id() == Some("alice")));
    assert!(other.records().iter().all(|record| record.user_id() != Some("alice")));
    for trail in [plain.trail(), other.trail()] {
        assert!(!trail.recent().join("\n").contains("hunter2"));
    }
}
