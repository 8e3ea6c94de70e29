//! Alerts on their way to a webhook and to Alertmanager: what is sent, what happens when nobody answers, and what is never shown.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tracing_audit::{Alertmanager, ErrorKind, Outcome, Trail, Watch, Webhook, audit, events, read};

/// One request: its first line and headers, and its body.
#[derive(Clone, Debug)]
struct Posted {
    head: String,
    body: Value,
}

/// Takes what is posted, and answers with a status that can be changed; 0 never answers.
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    posted: Arc<Mutex<Vec<Posted>>>,
    over: Arc<AtomicBool>,
}

impl Receiver {
    fn new(status: u16) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            status: Arc::new(AtomicU16::new(status)),
            posted: Arc::default(),
            over: Arc::default(),
        };
        let (status, posted, over) = (
            Arc::clone(&receiver.status),
            Arc::clone(&receiver.posted),
            Arc::clone(&receiver.over),
        );
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                if over.load(Ordering::Acquire) {
                    return;
                }
                let stream = stream.unwrap();
                let (status, posted) = (status.load(Ordering::Acquire), Arc::clone(&posted));
                if status == 0 {
                    silent.push(stream);
                    continue;
                }
                take(stream, status, &posted);
            }
        });
        receiver
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Release);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        let _ = TcpStream::connect(self.address);
    }
}

fn take(mut stream: TcpStream, status: u16, posted: &Mutex<Vec<Posted>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    let mut len = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
        head.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; len];
    reader.read_exact(&mut body).unwrap();
    let body = serde_json::from_slice(&body).unwrap();
    let place = if status == 302 {
        "Location: http://127.0.0.1:9/\r\n"
    } else {
        ""
    };
    let answer = format!("HTTP/1.1 {status} X\r\n{place}Content-Length: 0\r\nConnection: close\r\n\r\n");
    // What is known here was answered.
    posted.lock().unwrap().push(Posted { head, body });
    let _ = stream.write_all(answer.as_bytes());
}

fn until(what: &str, so: impl Fn() -> bool) {
    let ends = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < ends, "{what}");
        std::thread::yield_now();
    }
}

fn builder(home: &tempfile::TempDir) -> tracing_audit::Builder {
    let builder = Trail::builder(home.path().join("logs")).watch(Watch::standard());
    builder.detached().mirror(false)
}

/// A broken contract is an alert at once.
fn offend(trail: &Trail, resource: &str) {
    audit!(in: trail, events::SECURITY_CONTRACT_VALIDATION, outcome = Outcome::Failure, user.id = "mallory", resource = resource)
        .synced()
        .unwrap();
}

#[test]
fn a_webhook_gets_each_change_of_an_alert() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(204));
    let hook = Webhook::json(&receiver.url("/hook?token=s3cret"))
        .unwrap()
        .authorization("Bearer t0ken")
        .unwrap();
    let trail = builder(&home).channel(hook).build().unwrap();
    offend(&trail, "orders");
    until("it is raised", || !receiver.posted().is_empty());
    let id = trail.alerts()[0].id.clone();
    trail.acknowledge(&id, "duty@example.org", "looking").unwrap();
    trail.resolve(&id, "duty@example.org", "").unwrap();
    until("it is resolved", || {
        receiver.posted().iter().any(|one| one.body["change"] == "resolved")
    });
    let posted = receiver.posted();
    assert!(posted[0].head.starts_with("POST /hook?token=s3cret HTTP/1.1\r\n"));
    let head = posted[0].head.to_ascii_lowercase();
    assert!(
        head.contains("content-type: application/json") && head.contains("authorization: bearer t0ken"),
        "{head}"
    );
    assert_eq!(posted[0].body["change"], "raised");
    assert_eq!(posted[0].body["alert"]["id"], id);
    assert_eq!(posted[0].body["alert"]["rule"], "contract_violations");
    let last = &posted.last().unwrap().body["alert"];
    assert_eq!(
        (&last["status"], &last["resolved"]["by"]),
        (&"resolved".into(), &"duty@example.org".into())
    );
}

#[test]
fn a_chat_line_mentions_nobody_and_links_nowhere() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(200));
    let trail = builder(&home)
        .channel(Webhook::slack(&receiver.url("/")).unwrap())
        .build()
        .unwrap();
    for _ in 0..5 {
        audit!(in: &trail, events::AUTH_FAILED, user.id = "<!channel> @here <http://x.example|y> [y](http://x.example) www.x.example")
            .synced()
            .unwrap();
    }
    let is_about = |one: &Posted| one.body["text"].as_str().unwrap().contains("channel");
    until("it is raised", || receiver.posted().iter().any(is_about));
    let posted = receiver.posted();
    let text = posted.iter().find(|one| is_about(one)).unwrap().body["text"]
        .as_str()
        .unwrap();
    assert!(
        text.starts_with("raised: ") && text.contains("&lt;!channel&gt;"),
        "{text}"
    );
    for link in ["<", "@here", "://", "](", "www."] {
        assert!(!text.contains(link), "{text}");
    }
}

#[test]
fn alertmanager_gets_labels_that_stay_and_an_end() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(200));
    let channel = Alertmanager::at(&receiver.url("/am/"))
        .unwrap()
        .label("service", "shop")
        .label("1-odd", "x");
    let trail = builder(&home).channel(channel).build().unwrap();
    offend(&trail, "orders");
    until("it is raised", || !receiver.posted().is_empty());
    let first = receiver.posted()[0].clone();
    assert!(
        first.head.starts_with("POST /am/api/v2/alerts HTTP/1.1\r\n"),
        "{}",
        first.head
    );
    let alert = trail.alerts()[0].clone();
    let sent = first.body.as_array().unwrap().clone();
    assert_eq!(sent.len(), 1, "at its first level: {sent:?}");
    let labels = &sent[0]["labels"];
    for (name, value) in [
        ("alertname", "contract_violations"),
        ("severity", "critical"),
        ("priority", "critical"),
        ("type", "contract"),
        ("escalation", "duty"),
        ("alert_id", alert.id.as_str()),
        ("service", "shop"),
        ("_1_odd", "x"),
    ] {
        assert_eq!(labels[name], value, "{labels}");
    }
    assert!(sent[0].get("endsAt").is_none() && sent[0]["startsAt"].as_str().unwrap().ends_with('Z'));

    trail.resolve(&alert.id, "duty@example.org", "fixed").unwrap();
    let ended = |one: &Posted| one.body[0].get("endsAt").is_some();
    until("it is resolved", || receiver.posted().iter().any(ended));
    let last = receiver.posted().into_iter().rev().find(ended).unwrap();
    let levels: Vec<_> = last
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["labels"]["escalation"].clone())
        .collect();
    assert_eq!(levels, ["duty", "on_call", "team", "management"], "every level ends");
    assert_eq!(&last.body[0]["labels"], labels, "an alert is known by its labels");
    assert_eq!(last.body[0]["startsAt"], sent[0]["startsAt"]);
    assert_eq!(last.body[0]["annotations"]["resolved"], "by duty@example.org: fixed");
}

#[test]
fn a_dead_webhook_is_shown_without_its_secret_and_loses_nothing() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(503));
    let hook = Webhook::json(&receiver.url("/hooks/s3cret")).unwrap().named("ops");
    assert!(!format!("{hook:?}").contains("s3cret"), "{hook:?}");
    let builder = builder(&home).channel(hook);
    assert!(!format!("{builder:?}").contains("s3cret"), "{builder:?}");
    let trail = builder.build().unwrap();
    offend(&trail, "orders");
    until("it fails", || trail.status().channels[0].failing_since.is_some());
    let status = trail.status();
    let channel = &status.channels[0];
    assert_eq!(
        (channel.name.as_str(), channel.delivered, channel.failed),
        ("ops", 0, 0)
    );
    assert!(
        channel.last_error.as_ref().unwrap().ends_with("answered 503"),
        "{channel:?}"
    );
    assert!(!format!("{status:?}").contains("s3cret"));
    assert!(
        trail.metrics().contains("\naudit_sink_lag_records{sink=\"ops\"} 1\n"),
        "{}",
        trail.metrics()
    );
    let report = trail.health();
    assert!(
        report.reasons.iter().any(|reason| reason.about == "channel"),
        "{report:?}"
    );
    assert!(!report.to_json().contains("s3cret"));

    // The file goes on, and the alert is a record in it.
    let raised = read(trail.dir())
        .unwrap()
        .filter_map(Result::ok)
        .find(|record| record.event() == "ALERT_RAISED");
    assert!(raised.is_some());
    // Once somebody is there again, it is delivered.
    receiver.answers(200);
    until("it is delivered", || trail.status().channels[0].delivered > 0);
    until("nothing waits", || {
        trail.metrics().contains("\naudit_sink_lag_records{sink=\"ops\"} 0\n")
    });
    assert_eq!(trail.status().channels[0].failing_since, None);
    assert!(receiver.posted().iter().all(|one| one.body["change"] == "raised"));
}

#[test]
fn a_webhook_that_never_answers_holds_up_neither_the_file_nor_the_end() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(0));
    let hook = Webhook::json(&receiver.url("/"))
        .unwrap()
        .timeout(Duration::from_millis(200));
    let trail = builder(&home).channel(hook).build().unwrap();
    offend(&trail, "orders");
    for number in 0..200_u32 {
        audit!(in: &trail, events::DATA_READ, rows = number).written().unwrap();
    }
    until("it gives up", || {
        let said = trail.status().channels[0].last_error.clone();
        said.is_some_and(|said| said.contains("did not answer within 200ms"))
    });
    trail.close().unwrap();
}

#[test]
fn what_a_receiver_cannot_take_at_all_is_counted_and_not_tried_again() {
    for (status, again) in [(422, false), (302, true), (404, true)] {
        let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(status));
        let trail = builder(&home)
            .channel(Webhook::json(&receiver.url("/")).unwrap())
            .build()
            .unwrap();
        offend(&trail, "orders");
        match again {
            false => {
                until("it is given up", || trail.status().channels[0].failed == 1);
                assert_eq!(receiver.posted().len(), 1);
            }
            true => until("it is tried again", || receiver.posted().len() > 1),
        }
    }
}

#[test]
fn what_was_open_at_the_end_is_told_again_at_the_next_start() {
    let (home, receiver) = (tempfile::tempdir().unwrap(), Receiver::new(503));
    let trail = builder(&home)
        .channel(Webhook::json(&receiver.url("/")).unwrap())
        .build()
        .unwrap();
    offend(&trail, "orders");
    until("it fails", || trail.status().channels[0].failing_since.is_some());
    trail.close().unwrap();
    receiver.answers(200);
    let trail = builder(&home)
        .channel(Webhook::json(&receiver.url("/")).unwrap())
        .build()
        .unwrap();
    let is_open = |one: &Posted| one.body["change"] == "open" && one.body["alert"]["rule"] == "contract_violations";
    until("it is told again", || receiver.posted().iter().any(is_open));
    drop(trail);
}

#[test]
fn an_address_that_cannot_work_is_refused_when_it_is_given() {
    for url in [
        "https://hooks.example.org/s3cret",
        "hooks.example.org/s3cret",
        "http://me:s3cret@hooks.example.org/",
    ] {
        for refused in [Webhook::slack(url).err(), Alertmanager::at(url).err()] {
            let error = refused.expect("it is refused");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
