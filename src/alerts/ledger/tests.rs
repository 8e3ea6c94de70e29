use super::*;
use crate::detect::Finding;

type Found = (&'static str, Finding, Micros);

fn found(key: &str, minute: i64) -> Found {
    let finding = Finding::new(AlertType::Authentication, "five").key("ip", key);
    ("failed_logins", finding, Micros(minute * 60_000_000))
}

fn told(ledger: &mut Ledger, (rule, finding, at): Found) -> Vec<(AlertChange, String, u64, bool)> {
    let mut findings = Findings::default();
    findings.add(rule, finding, at);
    let mut said = Vec::new();
    for found in findings.iter() {
        ledger.found(found, at, &mut |news| {
            said.push((news.change, news.alert.id, news.alert.count, news.entry.is_some()));
        });
    }
    said
}

#[test]
fn one_alert_stands_for_a_key_and_window_and_is_told_again_when_its_count_doubles() {
    let mut ledger = Ledger::new(7, false);
    let changes: Vec<_> = (0..9)
        .flat_map(|minute| told(&mut ledger, found("a", minute)))
        .collect();
    let id = "7-1".to_owned();
    let counted = |count| (AlertChange::Counted, id.clone(), count, true);
    assert_eq!(
        changes,
        [
            (AlertChange::Raised, id.clone(), 1, true),
            counted(2),
            counted(4),
            counted(8)
        ]
    );
    // Another key, and the same key a quarter of an hour after the last one.
    assert_eq!(told(&mut ledger, found("b", 9))[0].1, "7-2");
    assert_eq!(told(&mut ledger, found("a", 23)), []);
    assert_eq!(told(&mut ledger, found("a", 39))[0].1, "7-3");
    // A late one counts where it belongs.
    assert_eq!(told(&mut ledger, found("a", 5)), []);
    let counts: Vec<(String, u64)> = ledger
        .alerts()
        .into_iter()
        .map(|alert| (alert.id, alert.count))
        .collect();
    assert_eq!(counts, [("7-3".into(), 1), ("7-2".into(), 1), ("7-1".into(), 11)]);
}

#[test]
fn no_alert_is_raised_before_what_it_was_raised_for_whatever_the_order_and_the_clock() {
    let mut ledger = Ledger::new(1, false);
    let second = |at: i64| Micros(3_600_000_000 + at * 1_000_000);
    // The writer's clock, and the record's own time: ahead, behind, and ahead of a clock that was set back.
    for (now, own) in [(10, 12), (11, 4), (13, 900), (14, 13), (5, 14), (6, 3_000)] {
        let mut findings = Findings::default();
        let finding = Finding::new(AlertType::Authentication, "five").key("ip", "a");
        findings.add("failed_logins", finding, second(own));
        findings
            .iter()
            .for_each(|found| ledger.found(found, second(now), &mut |_| {}));
    }
    let [alert] = ledger.alerts().try_into().unwrap();
    assert_eq!(alert.count, 6);
    assert!(alert.first <= alert.raised && alert.first <= alert.last, "{alert:?}");
    assert_eq!((alert.first, alert.last), (second(4).into(), second(13).into()));
}

#[test]
fn acknowledging_twice_and_what_is_not_open_are_refused_and_change_nothing() {
    let mut ledger = Ledger::new(1, false);
    told(&mut ledger, found("a", 0));
    let now = Micros(120_000_000);
    ledger
        .respond(Act::Acknowledge, "1-1", "alice", "on it", now)
        .map(drop)
        .unwrap();
    let refusal = |ledger: &mut Ledger, act, id| match ledger.respond(act, id, "bob", "", now) {
        Ok(_) => panic!("this must be refused"),
        Err(error) => error.to_string(),
    };
    assert!(refusal(&mut ledger, Act::Acknowledge, "1-1").contains("acknowledged by alice"));
    assert!(refusal(&mut ledger, Act::Resolve, "1-2").contains("no alert \"1-2\""));
    ledger
        .respond(Act::Resolve, "1-1", "alice", "done", now)
        .map(drop)
        .unwrap();
    assert!(refusal(&mut ledger, Act::Resolve, "1-1").contains("resolved by alice"));
    assert!(refusal(&mut ledger, Act::Acknowledge, "1-1").contains("resolved by alice"));
    assert_eq!(ledger.alerts(), []);
}

#[test]
fn what_passes_ends_by_itself_and_what_somebody_did_does_not() {
    let mut ledger = Ledger::new(1, false);
    told(&mut ledger, found("a", 0));
    let state = Finding::new(AlertType::Resource, "full")
        .passing()
        .window(Duration::from_secs(60));
    told(&mut ledger, ("disk", state, Micros(0)));
    assert_eq!(ledger.due(), Some(Micros(60_000_000)));
    let mut said = Vec::new();
    ledger.tick(Micros(60_000_000), &mut |news| {
        said.push((news.change, news.alert.rule))
    });
    assert_eq!(said, []);
    ledger.tick(Micros(61_000_000), &mut |news| {
        said.push((news.change, news.alert.rule))
    });
    assert_eq!(said, [(AlertChange::Resolved, "disk".to_owned())]);
    said.clear();
    for minute in [4, 6, 7, 16, 70, 80] {
        ledger.tick(Micros(minute * 60_000_000), &mut |news| {
            said.push((news.change, minute.to_string()))
        });
    }
    let escalated = |minute: &str| (AlertChange::Escalated, minute.to_owned());
    assert_eq!(said, [escalated("6"), escalated("16"), escalated("70")]);
    assert_eq!(ledger.active(), [0, 1, 0, 0]);
}

#[test]
fn beyond_the_bound_one_alert_stands_for_all_others() {
    let mut ledger = Ledger::new(1, false);
    for key in 0..OPEN + 100 {
        told(&mut ledger, found(&key.to_string(), 0));
    }
    assert_eq!(ledger.alerts().len(), OPEN + 1);
    let others = ledger
        .alerts()
        .into_iter()
        .find(|alert| alert.key_kind == OTHERS)
        .unwrap();
    assert_eq!(others.count, 100);
    assert!(others.message.contains("10000 alerts are open"), "{}", others.message);
    // Another rule has its own.
    for key in 0..SHARE + 5 {
        let (_, finding, at) = found(&key.to_string(), 0);
        told(&mut ledger, ("grave", finding, at));
    }
    let grave = ledger.alerts().into_iter().filter(|alert| alert.rule == "grave");
    let (named, others): (Vec<_>, Vec<_>) = grave.partition(|alert| alert.key_kind != OTHERS);
    assert_eq!((named.len(), others.len(), others[0].count), (SHARE, 1, 5));
}
