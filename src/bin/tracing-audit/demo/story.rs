//! What happens in the demo: habits, an attack, an outage.
//!
//! People log in at their hours from their address, work, and log out. In one night somebody guesses passwords from one address
//! until one of them fits, looks around, is denied, and takes data away. On one afternoon a store behind the service fails for
//! twelve minutes. Names are numbers, and addresses those that RFC 5737 keeps for documents.

use std::time::Duration;

use tracing_audit::{EventType, Outcome, Receipt, Trail, events};

/// A story of so many days.
#[derive(Debug)]
pub(crate) struct Story {
    dice: Dice,
    people: Vec<Person>,
    records: u64,
    days: u64,
}

#[derive(Debug)]
struct Person {
    id: u64,
    role: Role,
    /// The hour at which they begin, in UTC.
    begins: u64,
    ip: String,
    agent: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Reader,
    Editor,
    Admin,
}

impl Role {
    fn may(self, method: &str) -> bool {
        match (method, self) {
            ("GET", _) | (_, Role::Admin) => true,
            ("DELETE", _) | (_, Role::Reader) => false,
            (_, Role::Editor) => true,
        }
    }
}

/// One thing that happens.
#[derive(Debug)]
pub(crate) struct Event {
    /// Since midnight.
    pub(crate) at: Duration,
    what: EventType,
    outcome: Outcome,
    user: Option<u64>,
    ip: String,
    agent: &'static str,
    session: Option<u64>,
    request: u64,
    more: More,
}

#[derive(Debug)]
enum More {
    Nothing,
    Reason(&'static str),
    Call {
        method: &'static str,
        route: &'static str,
        status: u16,
        took: Duration,
        id: Option<u64>,
    },
    Role {
        of: u64,
        old: &'static str,
        new: &'static str,
    },
    Export {
        rows: u64,
    },
    System(&'static str),
}

const AGENTS: [&str; 3] = ["Firefox", "Chromium", "curl"];
const ATTACKER: &str = "203.0.113.66";
const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;

/// Route, method, event, usual milliseconds, and how often.
const CALLS: [(&str, &str, EventType, u64, u64); 7] = [
    ("/documents", "GET", events::API_REQUEST, 18, 30),
    ("/documents/{id}", "GET", events::DATA_READ, 9, 40),
    ("/documents/{id}", "PUT", events::DATA_UPDATE, 31, 12),
    ("/documents", "POST", events::DATA_CREATE, 42, 8),
    ("/documents/{id}", "DELETE", events::DATA_DELETE, 22, 2),
    ("/search", "GET", events::API_REQUEST, 85, 7),
    ("/files/{id}", "GET", events::FILE_READ, 64, 6),
];

impl Story {
    pub(crate) fn new(seed: u64, records: u64, days: u64) -> Story {
        let mut dice = Dice(seed);
        let people = (1..=(records / 250).clamp(8, 2_000)).map(|id| Person {
            id,
            role: match id % 20 {
                0 => Role::Admin,
                1..=6 => Role::Editor,
                _ => Role::Reader,
            },
            begins: 6 + dice.below(8),
            ip: format!(
                "{}.{}",
                if id % 2 == 0 { "192.0.2" } else { "198.51.100" },
                1 + id / 2 % 250
            ),
            agent: AGENTS.get(dice.below(3) as usize).copied().unwrap_or("curl"),
        });
        Story {
            people: people.collect(),
            dice,
            records,
            days,
        }
    }

    /// What happens on a day before this time of it, in its order. All days together have exactly the records that were asked for.
    pub(crate) fn day(&mut self, day: u64, end: Duration) -> Vec<Event> {
        let share = |days: u64| self.records * days / self.days;
        let goal = (share(day + 1) - share(day)) as usize;
        let mut events = Vec::with_capacity(goal);
        if day == self.days * 2 / 3 {
            self.attack(&mut events);
            events.retain(|event| event.at < end);
        }
        events.truncate(goal);
        // Sessions until the day is full: the last one may be cut short, as the day of a story may.
        while events.len() < goal {
            self.session(&mut events, end);
            events.truncate(goal);
        }
        if day + 2 == self.days || self.days == 1 {
            self.outage(&mut events);
        }
        events.sort_by_key(|event| event.at);
        events
    }

    fn session(&mut self, events: &mut Vec<Event>, end: Duration) {
        let who = self.dice.below(self.people.len() as u64) as usize;
        let Some(person) = self.people.get(who) else { return };
        let dice = &mut self.dice;
        let (session, id) = (dice.next(), person.id);
        let end = end.as_micros() as u64;
        let hours = person.begins * HOUR + dice.below(9 * HOUR);
        // A day that is not over yet has what there is of it.
        let mut at = if hours < end { hours } else { dice.below(end) };
        let (ip, agent) = (person.ip.clone(), person.agent);
        let mut add = |dice: &mut Dice, at: u64, what: EventType, outcome: Outcome, more: More| {
            events.push(Event {
                at: Duration::from_micros(at),
                what,
                outcome,
                user: Some(id),
                ip: ip.clone(),
                agent,
                session: Some(session),
                request: dice.next(),
                more,
            });
        };
        if dice.one_in(12) {
            add(
                dice,
                at,
                events::AUTH_FAILED,
                Outcome::Failure,
                More::Reason("wrong password"),
            );
            at += 5_000_000 + dice.below(20_000_000);
        }
        add(dice, at, events::AUTH_LOGIN, Outcome::Success, More::Nothing);
        for _ in 0..5 + dice.below(40) {
            at += 400_000 + dice.below(45_000_000);
            let mut call = dice.call();
            // Few try what they know they may not.
            while !person.role.may(call.1) && !dice.one_in(30) {
                call = dice.call();
            }
            let (route, method, what, usual, _) = call;
            let may = person.role.may(method);
            let took = Duration::from_micros(usual * 400 + dice.below(usual * 1_200));
            let (outcome, status) = match may {
                true => (Outcome::Success, if method == "POST" { 201 } else { 200 }),
                false => (Outcome::Denied, 403),
            };
            let id = route.contains("{id}").then(|| 1 + dice.below(5_000));
            let what = if may { what } else { events::SECURITY_PERMISSION_DENIED };
            let call = More::Call {
                method,
                route,
                status,
                took,
                id,
            };
            add(dice, at, what, outcome, call);
        }
        if person.role == Role::Admin && dice.one_in(3) {
            at += MINUTE;
            let change = More::Role {
                of: 1 + dice.below(200),
                old: "reader",
                new: "editor",
            };
            add(dice, at, events::USER_ROLE_CHANGE, Outcome::Success, change);
        }
        if dice.one_in(2) {
            add(dice, at + MINUTE, events::AUTH_LOGOUT, Outcome::Success, More::Nothing);
        }
        events.retain(|event| event.at.as_micros() < end.into());
    }

    /// Ten past two at night: passwords are guessed, and one fits.
    fn attack(&mut self, events: &mut Vec<Event>) {
        let mut at = 2 * HOUR + 10 * MINUTE;
        let session = self.dice.next();
        let mut add = |dice: &mut Dice, at: u64, what, outcome, user, session, more| {
            events.push(Event {
                at: Duration::from_micros(at),
                what,
                outcome,
                user: Some(user),
                ip: ATTACKER.to_owned(),
                agent: "curl",
                session,
                request: dice.next(),
                more,
            });
        };
        let dice = &mut self.dice;
        for user in 1..=8 {
            for _ in 0..5 {
                at += 1_000_000 + dice.below(2_000_000);
                let why = More::Reason("wrong password");
                add(dice, at, events::AUTH_FAILED, Outcome::Failure, user, None, why);
            }
            if user != 7 {
                let why = More::Reason("five failures");
                add(dice, at + 1_000, events::AUTH_LOCKED, Outcome::Blocked, user, None, why);
            }
        }
        let in_it = Some(session);
        at += 4_000_000;
        add(dice, at, events::AUTH_LOGIN, Outcome::Success, 7, in_it, More::Nothing);
        for _ in 0..12 {
            at += 300_000 + dice.below(900_000);
            let call = More::Call {
                method: "GET",
                route: "/admin/users",
                status: 403,
                took: Duration::from_millis(3),
                id: None,
            };
            let denied = events::SECURITY_PERMISSION_DENIED;
            add(dice, at, denied, Outcome::Denied, 7, in_it, call);
        }
        at += 20_000_000;
        let rows = More::Export { rows: 48_211 };
        add(dice, at, events::DATA_EXPORT, Outcome::Success, 7, in_it, rows);
    }

    /// From two in the afternoon on, for twelve minutes: what is asked for fails, and slowly.
    fn outage(&mut self, events: &mut [Event]) {
        let during = |at: Duration| (14 * HOUR..14 * HOUR + 12 * MINUTE).contains(&(at.as_micros() as u64));
        let mut said = false;
        for event in events.iter_mut().filter(|event| during(event.at)) {
            let More::Call { status, took, .. } = &mut event.more else {
                continue;
            };
            if !said {
                said = true;
                event.what = events::SYSTEM_ERROR;
                event.more = More::System("the document store does not answer");
                (event.user, event.session) = (None, None);
            } else {
                (*status, *took) = (503, Duration::from_millis(5_000 + self.dice.below(900)));
                event.what = events::API_ERROR;
            }
            event.outcome = Outcome::Error;
        }
    }
}

impl Event {
    /// Whether a rule may find something of it: nobody in the story reads or removes enough at once.
    pub(crate) fn may_be_found(&self) -> bool {
        self.what == events::AUTH_FAILED || self.what == events::AUTH_LOGIN
    }

    pub(crate) fn emit(&self, trail: &Trail) -> Receipt {
        trail.record(self.what, |draft| {
            let mut draft = draft
                .outcome(self.outcome)
                .request_id(format_args!("{:016x}", self.request));
            if let Some(user) = self.user {
                draft = draft
                    .user_id(format_args!("u-{user:04}"))
                    .username(format_args!("user{user:04}"))
                    .ip(&self.ip)
                    .user_agent(self.agent);
            }
            if let Some(session) = self.session {
                draft = draft.session_id(format_args!("s-{session:016x}"));
            }
            match &self.more {
                More::Nothing => draft,
                More::Reason(reason) => draft.reason(reason),
                More::Call {
                    method,
                    route,
                    status,
                    took,
                    id,
                } => {
                    let draft = draft.method(method).route(route).status_code(*status).duration(*took);
                    match id {
                        Some(id) => draft
                            .path(route.replace("{id}", &id.to_string()))
                            .resource_type("document")
                            .resource_id(id),
                        None => draft.path(route),
                    }
                }
                More::Role { of, old, new } => draft
                    .resource_type("user")
                    .resource_id(format_args!("u-{of:04}"))
                    .old(old)
                    .new(new),
                More::Export { rows } => draft.resource_type("document").field("rows", rows),
                More::System(message) => draft.message(message),
            }
        })
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed, the same story.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn call(&mut self) -> (&'static str, &'static str, EventType, u64, u64) {
        let all: u64 = CALLS.iter().map(|call| call.4).sum();
        let mut at = self.below(all);
        for call in CALLS {
            match at.checked_sub(call.4) {
                Some(left) => at = left,
                None => return call,
            }
        }
        CALLS[0]
    }
}
