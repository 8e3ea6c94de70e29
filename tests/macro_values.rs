//! What `audit!` records.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tracing_audit::{
    Category, ErrorKind, EventType, Hashed, Masked, Outcome, Redaction, Secret, Severity, Treatment, audit, events,
    testing,
};

#[derive(serde::Serialize)]
struct Role {
    name: &'static str,
    password: &'static str,
}

#[test]
fn a_field_stands_under_the_name_it_was_given_in_every_form() {
    let audit = testing::capture().unwrap();
    let (count, text) = (7, "a text");
    struct Request {
        id: &'static str,
        r#type: &'static str,
    }
    let request = Request {
        id: "r-1",
        r#type: "GET",
    };
    audit!(
        events::DATA_READ,
        count,
        %text,
        ?request.r#type,
        user.id = 7,
        enduser.role = %"editor",
        "any name" = ?text,
        "r#raw" = 1,
        { concat!("const", ".name") } = true,
        resource.type = "book",
        r#match.r#fn = 1.5,
        request.id,
        "{text} {}: {last}",
        1 + 1,
        last = count,
    );
    let record = audit.one(events::DATA_READ);
    assert_eq!(record.user_id(), Some("7"));
    assert_eq!(record.request_id(), Some("r-1"));
    assert_eq!(record.resource_type(), Some("book"));
    assert_eq!(record.message(), Some("a text 2: 7"));
    assert_eq!(
        serde_json::Value::Object(record.metadata().unwrap().clone()),
        json!({
            "count": 7,
            "text": "a text",
            "request.type": "GET",
            "enduser.role": "editor",
            "any name": "a text",
            "r#raw": 1,
            "const.name": true,
            "match.fn": 1.5,
        })
    );
}

#[test]
fn values_are_evaluated_once_and_in_the_order_written() {
    let audit = testing::capture().unwrap();
    let order = RefCell::new(Vec::new());
    let note = |name: &'static str| {
        order.borrow_mut().push(name);
        name
    };
    let stated = |name| {
        note(name);
        Some(Outcome::Denied)
    };
    audit!(
        parent: { note("parent"); None::<tracing::span::Id> },
        in: { note("in"); audit.trail() },
        { note("event"); events::DATA_READ },
        first = note("first"),
        outcome = stated("outcome"),
        second = %note("second"),
        third = ?note("third"),
        severity = { note("severity"); Severity::High },
        "{} {}",
        note("message"),
        note("end"),
    );
    assert_eq!(
        *order.borrow(),
        [
            "parent", "in", "event", "first", "outcome", "second", "third", "severity", "message", "end"
        ]
    );
    let record = audit.one(events::DATA_READ);
    assert_eq!(record.outcome(), Outcome::Denied);
    assert_eq!(record.severity(), Severity::High);
}

#[test]
fn an_absent_value_is_an_absent_field() {
    let audit = testing::capture().unwrap();
    audit!(
        events::DATA_READ,
        user_id = None::<u64>,
        username = Some("alice"),
        port = None::<u16>,
        error = None::<std::fmt::Error>,
        outcome = None,
    );
    let record = audit.one(events::DATA_READ);
    assert_eq!(record.user_id(), None);
    assert_eq!(record.username(), Some("alice"));
    assert_eq!(record.error(), None);
    assert_eq!(record.metadata(), None);
    assert_eq!(record.outcome(), Outcome::Unknown);
}

#[test]
fn our_own_types_and_times_are_values_too() {
    let audit = testing::capture().unwrap();
    audit!(
        events::SYSTEM_CONFIG_CHANGE,
        was = Outcome::Denied,
        level = &Severity::High,
        of = events::AUTH_LOGIN,
        kind = Category::Auth,
        since = SystemTime::UNIX_EPOCH,
        timeout = Duration::from_millis(1_500),
        duration_ms = Duration::from_micros(2_500),
    );
    let record = audit.one(events::SYSTEM_CONFIG_CHANGE);
    assert_eq!(record.duration_ms(), Some(2.5));
    assert_eq!(
        serde_json::Value::Object(record.metadata().unwrap().clone()),
        json!({
            "was": "denied",
            "level": "high",
            "of": "AUTH_LOGIN",
            "kind": "auth",
            "since": "1970-01-01T00:00:00.000000Z",
            "timeout": "1.5s",
        })
    );
}

#[test]
fn what_is_stated_wins_over_the_event_and_what_is_not_comes_from_it() {
    const MINE: EventType = EventType::new("MACRO_TEST", Category::Data, Severity::High);
    let audit = testing::capture().unwrap();
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    audit!(MINE);
    audit!(
        MINE,
        outcome = &"x".parse::<u8>(),
        severity = Severity::Low,
        occurred = then
    );
    audit!(events::AUTH_LOGIN);
    audit!(events::SECURITY_PERMISSION_DENIED);
    let records = audit.records();
    assert_eq!(
        (records[0].category(), records[0].severity()),
        (Category::Data, Severity::High)
    );
    assert_eq!((records[0].outcome(), records[0].occurred()), (Outcome::Unknown, None));
    assert_eq!(
        (records[1].outcome(), records[1].severity()),
        (Outcome::Failure, Severity::Low)
    );
    assert_eq!(records[1].occurred(), Some(then));
    assert_eq!(records[2].outcome(), Outcome::Success);
    assert_eq!(records[3].outcome(), Outcome::Denied);
}

#[test]
fn an_error_tells_its_causes_and_any_other_value_its_json() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("cannot read the port")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let audit = testing::capture().unwrap();
    let boxed: Box<dyn std::error::Error + Send + Sync> = Outer("x".parse::<u16>().unwrap_err()).into();
    audit!(events::SYSTEM_ERROR, error = boxed, cause = *boxed, role = ["reader"]);
    let record = audit.one(events::SYSTEM_ERROR);
    let told = "cannot read the port: invalid digit found in string";
    assert_eq!(record.error(), Some(told));
    assert_eq!(
        serde_json::Value::Object(record.metadata().unwrap().clone()),
        json!({ "cause": told, "role": ["reader"] })
    );
}

#[test]
fn a_secret_is_redacted_by_its_name_by_its_type_and_inside_of_values() {
    let audit = testing::capture().unwrap();
    let role = Role {
        name: "editor",
        password: "hunter2",
    };
    audit!(
        events::USER_UPDATE,
        password = "hunter2",
        neutral = Secret(&"hunter2"),
        masked = Masked(&"hunter2"),
        hashed = Hashed(&"hunter2"),
        new = &role,
        old = ?Secret(&"hunter2"),
        "the new role has Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.hunter2hunter2hunter2hunter2hunter2h",
    );
    let record = audit.one(events::USER_UPDATE);
    assert_eq!(record.new().unwrap()["name"], role.name);
    let line = audit.trail().recent().join("\n");
    assert!(!line.contains("hunter2"), "{line}");
    let _ = role.password;
}

#[test]
fn a_call_within_a_value_is_recorded_and_a_circle_of_calls_ends() {
    struct Circle;
    impl std::fmt::Display for Circle {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            let _ = audit!(events::DATA_READ, circle = %Circle);
            f.write_str("round")
        }
    }
    let audit = testing::capture().unwrap();
    assert!(audit!(events::DATA_READ, circle = %Circle).accepted().is_ok());
    let records = audit.records();
    assert!((2..=8).contains(&records.len()), "{}", records.len());
    assert!(
        records
            .iter()
            .all(|record| record.metadata().unwrap()["circle"] == "round")
    );
}

#[test]
fn a_value_that_panics_is_marked_and_the_rest_is_recorded() {
    struct Broken;
    impl std::fmt::Debug for Broken {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no Debug today")
        }
    }
    let audit = testing::capture().unwrap();
    audit!(events::DATA_READ, before = 1, broken = ?Broken, after = 2, "{:?}", Broken);
    let record = audit.one(events::DATA_READ);
    assert_eq!(record.message(), Some("<panicked>"));
    assert_eq!(
        serde_json::Value::Object(record.metadata().unwrap().clone()),
        json!({ "before": 1, "broken": "<panicked>", "after": 2 })
    );
}

#[test]
fn one_site_serves_trails_with_different_policies() {
    fn record(trail: &tracing_audit::Trail) {
        audit!(in: trail, events::DATA_READ, flavour = "al", password = "hunter2");
    }
    let hiding =
        |builder: tracing_audit::Builder| builder.redaction(Redaction::default().field("flavour", Treatment::Mask));
    let (plain, other) = (testing::capture().unwrap(), testing::capture_with(hiding).unwrap());
    for _ in 0..3 {
        record(plain.trail());
        record(other.trail());
    }
    for record in plain.records() {
        assert_eq!(record.metadata().unwrap()["flavour"], "al");
        assert_ne!(record.metadata().unwrap()["password"], "hunter2");
    }
    for record in other.records() {
        assert_ne!(record.metadata().unwrap()["flavour"], "al");
        assert_ne!(record.metadata().unwrap()["password"], "hunter2");
    }
    assert_eq!((plain.records().len(), other.records().len()), (3, 3));
}

#[test]
fn a_call_after_the_end_says_so() {
    let audit = testing::capture().unwrap();
    audit.trail().clone().close().unwrap();
    let receipt = audit!(events::DATA_READ);
    assert_eq!(receipt.accepted().unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_call_in_the_last_moments_of_a_thread_is_recorded() {
    struct Last(tracing_audit::Trail, &'static str);
    impl Drop for Last {
        fn drop(&mut self) {
            let _entered = tracing_audit::AuditContext::new().tenant("t-1").enter();
            audit!(in: self.0, events::DATA_DELETE, by_macro = self.1, "the last of {}", self.1);
            self.0.draft(events::DATA_DELETE).field("by_draft", self.1).emit();
        }
    }
    thread_local! {
        static BEFORE: RefCell<Option<Last>> = const { RefCell::new(None) };
        static AFTER: RefCell<Option<Last>> = const { RefCell::new(None) };
    }
    let audit = testing::capture().unwrap();
    let trail = audit.trail().clone();
    std::thread::spawn(move || {
        // Whichever goes first, the thread's other values or ours.
        BEFORE.set(Some(Last(trail.clone(), "before")));
        audit!(in: trail, events::DATA_READ);
        AFTER.set(Some(Last(trail, "after")));
    })
    .join()
    .unwrap();
    let deleted = audit
        .records()
        .into_iter()
        .filter(|record| record.event() == "DATA_DELETE");
    let told: Vec<_> = deleted.map(|record| record.metadata().unwrap().clone()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
}

/// Numbers to Rust, and not to JSON.
#[test]
fn a_number_given_as_text_is_spelled_as_json_spells_it() {
    let audit = testing::capture().unwrap();
    for text in [
        "+5", "007", "00", "+0", "5", "1.50", ".5", "1e3", "-0", "+1.5", "1_000", "0x10", "inf", "NaN", " 5",
    ] {
        audit!(events::API_REQUEST, duration_ms = text, status_code = text, request_bytes = %text);
    }
    let records = audit.records();
    assert_eq!(records.len(), 15, "every line reads back");
    let shown: Vec<Option<f64>> = records.iter().take(8).map(|record| record.duration_ms()).collect();
    assert_eq!(shown, [5.0, 7.0, 0.0, 0.0, 5.0, 1.5, 0.5, 1000.0].map(Some));
}

#[test]
fn a_map_that_repeats_one_name_costs_no_more_than_it_should() {
    struct Same(usize);
    impl serde::Serialize for Same {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            to.collect_map((0..self.0).map(|number| ("a", number)))
        }
    }
    let audit = testing::capture().unwrap();
    audit!(events::DATA_READ, few = Same(12), many = Same(1_200));
    let record = &audit.records()[0];
    let few = record.metadata().unwrap()["few"].as_object().unwrap();
    assert_eq!(few.len(), 12, "every entry has a name of its own: {few:?}");
}
