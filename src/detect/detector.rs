//! All rules of a trail, one after another.

use std::fmt;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::rules::{Address, Contract, Deletes, Errors, Limits, Logins, Losses, Reads, Slow};
use super::seen::{Class, Classes, Hashes, Seen, Sight};
use super::watch::{
    BULK_DELETES, DATA_ACCESS, FAILED_LOGINS, RAPID_READS, RATE_LIMITS, SUCCESS_AFTER_FAILURES, SUSPICIOUS_IP,
    TRAIL_FAILURES,
};
use super::windows::Windows;
use super::{Brief, Figures, Finding, Findings, Past, Rule, Said, Watch};
use crate::brief;
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};
use crate::guard::drop_guarded;

/// A rule that takes longer for one record is slow.
const SLOW: Duration = Duration::from_millis(1);

/// Records that are looked at together, so that the processor waits once for what it needs of all of them.
pub(crate) const AHEAD: usize = 32;

/// It is said of one that was slow so often, and for one record in a hundred: a busy machine stops any thread now and then.
const SLOW_OFTEN: u64 = 3;

/// What a rule has done.
#[derive(Clone, Debug)]
pub(crate) struct RuleFigures<'a> {
    pub(crate) name: &'a str,
    pub(crate) on: bool,
    pub(crate) findings: u64,
    pub(crate) keys: usize,
    pub(crate) evicted: u64,
    pub(crate) bytes: usize,
    pub(crate) slow: u64,
    pub(crate) longest: Duration,
}

/// The rules of a trail and what they remember. Lives on the writer's thread.
pub(crate) struct Detector {
    hashes: Hashes,
    classes: Classes,
    /// What is known of records to come, from the one with this ticket on.
    ahead: Vec<Sight>,
    ahead_from: u64,
    /// The hashes by which these are looked up, and then where they are found.
    places: Vec<(Table, u64)>,
    logins: Option<Logins>,
    reads: Option<Reads>,
    deletes: Option<Deletes>,
    limits: Option<Limits>,
    contract: Option<Contract>,
    errors: Option<Errors>,
    slow: Option<Slow>,
    address: Option<Address>,
    losses: Option<Losses>,
    own: Vec<Own>,
    watch: Watch,
    /// Of the standard rules, in the order of their names.
    findings: [u64; Watch::RULES.len()],
    found: Findings,
    complaints: Vec<String>,
}

/// A table of windows.
#[derive(Clone, Copy)]
enum Table {
    Users,
    Addresses,
    Reads,
    Deletes,
    Limits,
}

/// A rule of the program's.
struct Own {
    /// Gone once it has panicked.
    rule: Option<Box<dyn Rule>>,
    name: String,
    sees_records: bool,
    asked: u64,
    complained: bool,
    findings: u64,
    slow: u64,
    longest: Duration,
}

impl Detector {
    pub(crate) fn new(watch: &Watch, rules: Vec<Box<dyn Rule>>) -> Result<Detector, Error> {
        watch.check()?;
        let mut own: Vec<Own> = Vec::new();
        for rule in rules {
            let name = rule.name().to_owned();
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            let fits = (1..=64).contains(&name.len()) && name.bytes().all(plain);
            if !fits || Watch::RULES.contains(&name.as_str()) || own.iter().any(|known| known.name == name) {
                return Err(
                    Error::new(ErrorKind::Config, format!("{name:?} cannot be the name of a rule"))
                        .remedy("use 1 to 64 of a-z, 0-9 and _, and a name that no other rule has"),
                );
            }
            own.push(Own {
                sees_records: rule.sees_records(),
                rule: Some(rule),
                name,
                asked: 0,
                complained: false,
                findings: 0,
                slow: 0,
                longest: Duration::ZERO,
            });
        }
        Ok(Detector::of(watch, own))
    }

    fn of(watch: &Watch, own: Vec<Own>) -> Detector {
        Detector {
            hashes: Hashes::default(),
            classes: Classes::new(),
            ahead: Vec::with_capacity(AHEAD),
            ahead_from: 0,
            places: Vec::with_capacity(2 * AHEAD),
            logins: Logins::new(watch),
            reads: Reads::new(watch),
            deletes: Deletes::new(watch),
            limits: Limits::new(watch),
            contract: Contract::new(watch),
            errors: Errors::new(watch),
            slow: Slow::new(watch),
            address: Address::new(watch),
            losses: Losses::new(watch),
            found: Findings::new(own.iter().map(|own| own.name.as_str())),
            own,
            watch: watch.clone(),
            findings: [0; Watch::RULES.len()],
            complaints: Vec::new(),
        }
    }

    /// Without rules.
    pub(crate) fn idle() -> Detector {
        Detector::of(&Watch::none(), Vec::new())
    }

    /// Whether a rule of the program's looks at figures.
    pub(crate) fn wants_figures(&self) -> bool {
        !self.own.is_empty()
    }

    /// Whether there is nothing to be done for a record.
    pub(crate) fn is_idle(&self) -> bool {
        let standard = self.watch.clone().without(TRAIL_FAILURES);
        standard == Watch::none() && !self.own.iter().any(|own| own.sees_records)
    }

    /// Whether this record has been looked at ahead.
    #[inline]
    pub(crate) fn knows(&self, ticket: u64) -> bool {
        ticket.wrapping_sub(self.ahead_from) < self.ahead.len() as u64
    }

    /// Looks at records that will be shown soon, the first of which has this ticket: at [`AHEAD`] of them at most. Nothing is
    /// counted, and they need not come: what is needed for them is brought near, all at once, since a table of a million
    /// keys is far away.
    pub(crate) fn look_ahead<'a>(&mut self, first: u64, records: impl Iterator<Item = (&'a brief::Brief, &'a [u8])>) {
        let mut views: [Option<Brief<'a>>; AHEAD] = [None; AHEAD];
        let mut near = 0;
        for (view, (brief, rest)) in views.iter_mut().zip(records) {
            // Their texts were written by another processor.
            near ^= Seen::new(*view.insert(Brief::new(brief, rest)), Sight::default(), &self.hashes).touch();
        }
        // The hashes of all of them first: so many loads at once are only under way where nothing else is done between.
        self.ahead.clear();
        self.ahead_from = first;
        self.places.clear();
        for view in views.iter().flatten() {
            let class = self.classes.class(view);
            let seen = Seen::new(*view, Sight::new(class), &self.hashes);
            if class != Class::default() {
                let near = |table, hash: Option<u64>| hash.map(|hash| (table, hash));
                let logins = self
                    .logins
                    .as_ref()
                    .map(|logins| logins.hashes(&seen))
                    .unwrap_or_default();
                let places = [
                    near(Table::Users, logins.0),
                    near(Table::Addresses, logins.1),
                    near(Table::Reads, self.reads.as_ref().and_then(|reads| reads.hash(&seen))),
                    near(
                        Table::Deletes,
                        self.deletes.as_ref().and_then(|deletes| deletes.hash(&seen)),
                    ),
                    near(
                        Table::Limits,
                        self.limits.as_ref().and_then(|limits| limits.hash(&seen)),
                    ),
                ];
                self.places.extend(places.into_iter().flatten());
            }
            self.ahead.push(seen.sight());
        }
        let logins = self.logins.as_ref().map(Logins::tables);
        let tables = [
            logins.map(|[users, _]| users),
            logins.map(|[_, addresses]| addresses),
            self.reads.as_ref().map(Reads::table),
            self.deletes.as_ref().and_then(Deletes::table),
            self.limits.as_ref().map(Limits::table),
        ];
        let table = |table: Table| tables.get(table as usize).copied().flatten();
        for (of, hash) in &self.places {
            near ^= table(*of).map_or(0, |table| table.touch(*hash));
        }
        for (of, hash) in &mut self.places {
            *hash = table(*of).map_or(0, |table| table.near(*hash) as u64);
        }
        for (of, place) in &self.places {
            near ^= table(*of).map_or(0, |table| table.touch_body(*place as usize));
        }
        black_box(near);
    }

    /// Looks at the record with this ticket; what was found waits with the findings, the gravest first.
    #[inline]
    pub(crate) fn judge(&mut self, ticket: u64, brief: &brief::Brief, rest: &[u8]) -> bool {
        let view = Brief::new(brief, rest);
        let known = self.ahead.get(ticket.wrapping_sub(self.ahead_from) as usize);
        let sight = known.copied().unwrap_or_else(|| Sight::new(self.classes.class(&view)));
        let seen = Seen::new(view, sight, &self.hashes);
        let found = &mut self.found;
        found.next_record();
        if sight.class != Default::default() {
            if let Some(logins) = &mut self.logins {
                logins.judge(&seen, found);
            }
            if let Some(reads) = &mut self.reads {
                reads.judge(&seen, found);
            }
            if let Some(deletes) = &mut self.deletes {
                deletes.judge(&seen, found);
            }
            if let Some(limits) = &mut self.limits {
                limits.judge(&seen, found);
            }
            if let Some(contract) = &self.contract {
                contract.judge(&seen, found);
            }
        }
        if let Some(errors) = &mut self.errors {
            errors.judge(&seen, found);
        }
        if let Some(slow) = &mut self.slow {
            slow.judge(&seen, found);
        }
        for own in self.own.iter_mut().filter(|own| own.sees_records) {
            own.judge(&seen, found, &mut self.complaints);
        }
        if let Some(address) = &mut self.address {
            address.judge(&seen, found);
        }
        if !found.any_of_last() {
            return false;
        }
        self.count();
        true
    }

    #[cold]
    fn count(&mut self) {
        let (standard, own) = (&mut self.findings, &mut self.own);
        for rule in self.found.sort_last() {
            if let Some(findings) = standard.get_mut(rule) {
                *findings += 1;
            } else if let Some(own) = own.get_mut(rule - standard.len()) {
                own.findings += 1;
            }
        }
    }

    /// What is to be known of earlier runs, which end before this time; `None` where no window is on.
    pub(crate) fn past(&self, now: Micros) -> Option<Past> {
        let windows = [
            FAILED_LOGINS,
            SUCCESS_AFTER_FAILURES,
            RAPID_READS,
            DATA_ACCESS,
            BULK_DELETES,
            RATE_LIMITS,
        ];
        let spans = windows.into_iter().filter_map(|rule| self.watch.limit(rule));
        let reach = spans.map(|limit| limit.span).max()?;
        Some(Past::new(now, reach))
    }

    /// Fills the windows with what earlier runs saw. What reaches a limit only together with records of this run was found by
    /// nobody yet: it waits with the findings, though there is no record left to flag.
    pub(crate) fn recall(&mut self, past: &Past) {
        let mut found = Findings::new(std::iter::empty());
        for arrival in past.arrivals.iter().rev() {
            let view = Brief::new(&arrival.brief, &past.text);
            let seen = Seen::new(view, Sight::new(arrival.class), &self.hashes);
            if let Some(logins) = self.logins.as_mut().filter(|_| seen.is(Class::FAILED)) {
                logins.judge(&seen, &mut found);
            }
            if let Some(reads) = &mut self.reads {
                reads.judge(&seen, &mut found);
            }
            if let Some(deletes) = self.deletes.as_mut().filter(|_| seen.is(Class::DELETE)) {
                deletes.count(&seen, &mut found);
            }
            if let Some(limits) = &mut self.limits {
                limits.judge(&seen, &mut found);
            }
            // What was calm then and is part of what was said since is not said again.
            if !arrival.flagged && found.fresh() > 0 {
                self.found.next_record();
                found.iter().for_each(|said| self.found.copy(said));
                self.count();
            }
            found.clear();
        }
    }

    /// Shows all rules how things are; what was found waits with the findings.
    pub(crate) fn tick(&mut self, figures: &Figures) {
        let at = Micros::from(figures.now);
        self.found.next_record();
        if let Some(finding) = self.losses.as_mut().and_then(|losses| losses.tick(figures)) {
            self.found.add(TRAIL_FAILURES, finding, at);
        }
        for own in &mut self.own {
            if let Some(finding) = own.guarded(&mut self.complaints, |rule| rule.tick(figures)) {
                self.found.add(&own.name, finding, at);
            }
        }
        if self.found.any_of_last() {
            self.count();
        }
    }

    /// The trail itself has found something.
    pub(crate) fn add(&mut self, finding: Finding, at: Micros) {
        self.found.add(TRAIL_FAILURES, finding, at);
    }

    /// Whether the trail's own failures are to raise alerts.
    pub(crate) fn watches_the_trail(&self) -> bool {
        self.losses.is_some()
    }

    /// What was found and is not yet given on.
    pub(crate) fn found(&mut self) -> &mut Findings {
        &mut self.found
    }

    /// The gravest of what was found of the last record.
    pub(crate) fn gravest(&self) -> Option<Said<'_>> {
        self.found.gravest()
    }

    /// What is to be said on standard error.
    pub(crate) fn complaints(&mut self) -> std::vec::Drain<'_, String> {
        self.complaints.drain(..)
    }

    pub(crate) fn has_complaints(&self) -> bool {
        !self.complaints.is_empty()
    }

    /// Of the rules that are on, or were: always the same ones, in the same order.
    pub(crate) fn figures(&self) -> impl Iterator<Item = RuleFigures<'_>> {
        let on = Watch::RULES.into_iter().zip(self.findings);
        let standard = on.filter(|(rule, _)| self.watch.has(rule)).map(|(name, findings)| {
            let mut figures = RuleFigures {
                name,
                on: true,
                findings,
                keys: 0,
                evicted: 0,
                bytes: 0,
                slow: 0,
                longest: Duration::ZERO,
            };
            for table in self.tables(name).into_iter().flatten() {
                figures.keys += table.keys();
                figures.evicted += table.evicted();
                figures.bytes += table.bytes();
            }
            figures
        });
        let own = self.own.iter().map(|own| RuleFigures {
            name: &own.name,
            on: own.rule.is_some(),
            findings: own.findings,
            keys: 0,
            evicted: 0,
            bytes: 0,
            slow: own.slow,
            longest: own.longest,
        });
        standard.chain(own)
    }

    /// The tables of a rule. One that two rules share counts for one of them.
    fn tables(&self, rule: &str) -> [Option<&Windows>; 2] {
        let one = |table| [table, None];
        match rule {
            SUCCESS_AFTER_FAILURES if self.watch.has(FAILED_LOGINS) => [None; 2],
            FAILED_LOGINS | SUCCESS_AFTER_FAILURES => match &self.logins {
                Some(logins) => logins.tables().map(Some),
                None => [None; 2],
            },
            RAPID_READS if self.watch.has(DATA_ACCESS) => [None; 2],
            RAPID_READS | DATA_ACCESS => one(self.reads.as_ref().map(Reads::table)),
            BULK_DELETES => one(self.deletes.as_ref().and_then(Deletes::table)),
            RATE_LIMITS => one(self.limits.as_ref().map(Limits::table)),
            SUSPICIOUS_IP => one(self.address.as_ref().map(Address::table)),
            _ => [None; 2],
        }
    }
}

impl Own {
    fn judge(&mut self, seen: &Seen<'_>, found: &mut Findings, complaints: &mut Vec<String>) {
        if let Some(finding) = self.guarded(complaints, |rule| rule.judge(seen.record())) {
            found.add(&self.name, finding, seen.occurred());
        }
    }

    /// Asks the rule, if it is still on. One that panics is not asked again.
    fn guarded<T>(&mut self, complaints: &mut Vec<String>, ask: impl FnOnce(&mut dyn Rule) -> Option<T>) -> Option<T> {
        let rule = self.rule.as_deref_mut()?;
        let began = Instant::now();
        let said = catch_unwind(AssertUnwindSafe(|| ask(rule)));
        let took = began.elapsed();
        self.asked += 1;
        self.longest = self.longest.max(took);
        if took >= SLOW {
            self.slow += 1;
            if !self.complained && self.slow >= SLOW_OFTEN && self.slow * 100 >= self.asked {
                self.complained = true;
                complaints.push(format!(
                    "the rule {} took {took:?} for one record, and not for the first time; it runs on the writer's thread, and records wait for it",
                    self.name
                ));
            }
        }
        said.unwrap_or_else(|panic| {
            complaints.push(format!("the rule {} panicked, and is switched off", self.name));
            drop_guarded(panic);
            drop_guarded(self.rule.take());
            None
        })
    }
}

impl fmt::Debug for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detector")
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
