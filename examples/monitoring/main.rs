//! A service that is watched: it serves requests on loopback, records them, and answers to Prometheus at `/metrics` and to whoever
//! asks how it is at `/health`. A thread of its own makes the requests, so that there is something to see.
//!
//! ```sh
//! cargo run --example monitoring --features system,webhook -- --listen 127.0.0.1:9464 --alertmanager http://127.0.0.1:9093
//! prometheus --config.file examples/monitoring/prometheus/prometheus.yml
//! prometheus-alertmanager --config.file examples/monitoring/alertmanager/alertmanager.yml
//! ```
//!
//! `--requests N` makes so many and then none; without it some hundred a second come without end. `POST /verify` verifies the files, `POST /ask` puts a
//! question to the trail, `GET /alerts` lists what is open, `POST /resolve` takes all of it on and ends it, `POST /stop` ends the
//! service. A program of yours has a web framework in place of `serve`; the rest is the same.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

mod serve;
mod traffic;

use std::error::Error;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use tracing_audit::{Alertmanager, Outcome, Resources, Trail, Watch, Webhook, audit, events, verify};

use serve::{Answer, Request};

fn main() -> Result<(), Box<dyn Error>> {
    let known = ["--listen", "--alertmanager", "--webhook", "--exporter", "--requests"];
    if let Some(word) = std::env::args()
        .skip(1)
        .step_by(2)
        .find(|word| !known.contains(&word.as_str()))
    {
        eprintln!(
            "{word:?} is no option; there are {}, each with a value",
            known.join(", ")
        );
        std::process::exit(2);
    }
    let option = |name: &str| {
        let mut arguments = std::env::args().skip_while(move |argument| argument != name);
        arguments.nth(1)
    };
    let dir = std::env::var("AUDIT_LOGS_DIR").unwrap_or_else(|_| "logs".into());
    let mut builder = Trail::builder(&dir)
        .service("shop", env!("CARGO_PKG_VERSION"))
        .mirror(false)
        .watch(Watch::standard())
        .top_users(20)
        .top_ips(20)
        .top_endpoints(20)
        .top_reasons(20)
        .resources(Resources::default())
        .on_alert(|change, alert| println!("alert {change}: {alert}"));
    if let Some(url) = option("--alertmanager") {
        builder = builder.channel(Alertmanager::at(&url)?.label("service", "shop"));
    }
    if let Some(url) = option("--webhook") {
        builder = builder.channel(Webhook::slack(&url)?);
    }
    let trail = builder.build()?;
    // The same figures go to a recorder of the `metrics` facade, if the program has one.
    #[cfg(feature = "prometheus")]
    if let Some(address) = option("--exporter") {
        tracing_audit::prometheus::install(address.parse::<std::net::SocketAddr>()?)?;
    }

    let listener = TcpListener::bind(option("--listen").as_deref().unwrap_or("127.0.0.1:9464"))?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    let requests = option("--requests").map(|number| number.parse::<u64>()).transpose()?;
    let client = std::thread::spawn(move || traffic::run(address, requests));

    serve::run(&listener, |request| {
        let began = Instant::now();
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/metrics") => Some(Answer::text(200, trail.metrics())),
            ("GET", "/health") => {
                let report = trail.health();
                Some(Answer::json(report.status_code(), report.to_json()))
            }
            ("GET", "/alerts") => Some(Answer::json(
                200,
                serde_json::to_string(&trail.alerts()).unwrap_or_default(),
            )),
            ("POST", "/resolve") => Some(resolve(&trail)),
            ("POST", "/verify") => Some(checked(&trail)),
            ("POST", "/ask") => Some(asked(&trail)),
            ("POST", "/stop") => None,
            _ => Some(work(request, began)),
        }
    })?;
    trail.close()?;
    client.join().map_err(|_| "the client panicked")??;
    println!("ended");
    Ok(())
}

fn resolve(trail: &Trail) -> Answer {
    let open = trail.alerts();
    for alert in &open {
        let done = trail
            .acknowledge(&alert.id, "duty@example.org", "looking")
            .and_then(|()| trail.resolve(&alert.id, "duty@example.org", "blocked at the gateway"));
        if let Err(error) = done {
            return Answer::text(500, format!("{error}\n"));
        }
    }
    Answer::text(200, format!("{}\n", open.len()))
}

/// With the key line where the trail is sealed or signed: `Verify::key`.
fn checked(trail: &Trail) -> Answer {
    match verify(trail.dir()).and_then(|report| trail.verified(&report).map(|()| report)) {
        Ok(report) => Answer::text(200, format!("{}\n", report.verdict())),
        Err(error) => Answer::text(500, format!("{error}\n")),
    }
}

fn asked(trail: &Trail) -> Answer {
    let answer = trail.query("auditor@example.org").limit(100).entries();
    match answer {
        Ok(found) => Answer::text(200, format!("{}\n", found.filter_map(Result::ok).count())),
        Err(error) => Answer::text(500, format!("{error}\n")),
    }
}

/// The service itself: each request is a record, and what it does another.
fn work(request: &Request, began: Instant) -> Answer {
    let (user, ip) = (request.header("x-user"), request.header("x-client"));
    let (route, status, body) = decide(request, user, ip);
    let outcome = match status {
        200..400 => Outcome::Success,
        401 | 403 => Outcome::Denied,
        429 => Outcome::Blocked,
        400..500 => Outcome::Failure,
        _ => Outcome::Error,
    };
    // What a slow neighbour would add.
    let took = began.elapsed() + Duration::from_millis(request.number("x-slow"));
    audit!(
        events::API_REQUEST,
        outcome = outcome,
        method = &request.method,
        route = route,
        status_code = status,
        duration_ms = took,
        request_bytes = request.body.len(),
        response_bytes = body.len(),
        user.id = user,
        ip = ip
    );
    Answer::text(status, body)
}

fn decide(request: &Request, user: &str, ip: &str) -> (&'static str, u16, String) {
    let what = request.header("x-what");
    let took = Duration::from_micros(200 + request.number("x-number") % 800);
    let unless = |wrong: &str, otherwise: Outcome| if what == wrong { otherwise } else { Outcome::Success };
    let place = request.path.split('/').nth(1).unwrap_or_default();
    match (request.method.as_str(), place) {
        ("POST", "login") if what == "wrong" => {
            audit!(events::AUTH_FAILED, username = user, ip = ip, reason = "wrong_password");
            ("/login", 401, "no\n".into())
        }
        ("POST", "login") => {
            audit!(events::AUTH_LOGIN, user.id = user, ip = ip);
            audit!(events::SESSION_START, user.id = user, ip = ip);
            ("/login", 200, "welcome\n".into())
        }
        ("POST", "token") => {
            let good = unless("expired", Outcome::Failure);
            let status = if good == Outcome::Success { 200 } else { 401 };
            audit!(
                events::AUTH_TOKEN_VALIDATION,
                outcome = good,
                user.id = user,
                ip = ip,
                duration_ms = took
            );
            ("/token", status, "checked\n".into())
        }
        ("GET", "books") => {
            let access = unless("foreign", Outcome::Denied);
            let reason = if access == Outcome::Success {
                "owner"
            } else {
                "not_owner"
            };
            audit!(
                events::SECURITY_ACCESS_VALIDATION,
                outcome = access,
                user.id = user,
                ip = ip,
                reason = reason
            );
            if access == Outcome::Denied {
                return ("/books/{id}", 403, "not yours\n".into());
            }
            audit!(events::DATA_READ, user.id = user, ip = ip, resource.type = "book", duration_ms = took);
            let length = 100 + (request.number("x-number") % 5_000) as usize;
            ("/books/{id}", 200, "x".repeat(length))
        }
        ("PUT", "books") => {
            let clean = Outcome::Success;
            audit!(
                events::DATA_SANITIZATION,
                outcome = clean,
                user.id = user,
                duration_ms = took
            );
            let valid = unless("invalid", Outcome::Failure);
            audit!(
                events::DATA_VALIDATION,
                outcome = valid,
                user.id = user,
                ip = ip,
                duration_ms = took
            );
            audit!(
                events::SECURITY_CONTRACT_VALIDATION,
                outcome = valid,
                user.id = user,
                reason = "schema"
            );
            match valid {
                Outcome::Success => ("/books/{id}", 200, "saved\n".into()),
                _ => ("/books/{id}", 422, "no\n".into()),
            }
        }
        ("GET", "search") => match what {
            "often" => {
                audit!(events::SECURITY_RATE_LIMIT, user.id = user, ip = ip);
                ("/search", 429, "later\n".into())
            }
            _ => ("/search", 200, "found\n".into()),
        },
        ("POST", "admin") => {
            match what {
                "override" => audit!(events::ADMIN_OVERRIDE, user.id = user, ip = ip, duration_ms = took),
                "quota" => audit!(events::QUOTA_EXCEEDED, user.id = user, ip = ip),
                "agent" => audit!(events::AUTH_AGENT, outcome = Outcome::Success, user.id = user, ip = ip),
                "scan" => audit!(events::SECURITY_VULNERABILITY, user.id = user),
                "patch" => audit!(events::SECURITY_PATCH, outcome = Outcome::Success, user.id = user),
                "odd" => audit!(events::SECURITY_SUSPICIOUS_ACTIVITY, ip = ip),
                "incident" => audit!(events::SECURITY_INCIDENT, ip = ip),
                _ => audit!(events::ADMIN_ACTION, user.id = user, ip = ip),
            };
            ("/admin", 200, "done\n".into())
        }
        _ => ("/", 500, "what?\n".into()),
    }
}
