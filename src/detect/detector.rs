//! All rules of a trail, one after another.

use std::fmt;
use std::hash::RandomState;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::rules::{Address, Contract, Deletes, Errors, Limits, Logins, Losses, Reads, Slow};
use super::seen::{Classes, Found, Seen};
use super::watch::TRAIL_FAILURES;
use super::windows::Windows;
use super::{Brief, Figures, Rule, Watch};
use crate::brief;
use crate::clock::Micros;
use crate::error::{Error, ErrorKind};

/// A rule that takes longer for one record is slow.
const SLOW: Duration = Duration::from_millis(1);

/// It is said of one that was slow so often, and for one record in a hundred: a busy machine stops any thread now and then.
const SLOW_OFTEN: u64 = 3;

/// What a rule has done.
#[derive(Clone, Debug)]
pub(crate) struct RuleFigures {
    pub(crate) name: String,
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
    hasher: RandomState,
    classes: Classes,
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
    found: Vec<Found>,
    complaints: Vec<String>,
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
            hasher: RandomState::new(),
            classes: Classes::new(),
            logins: Logins::new(watch),
            reads: Reads::new(watch),
            deletes: Deletes::new(watch),
            limits: Limits::new(watch),
            contract: Contract::new(watch),
            errors: Errors::new(watch),
            slow: Slow::new(watch),
            address: Address::new(watch),
            losses: Losses::new(watch),
            own,
            watch: watch.clone(),
            findings: [0; Watch::RULES.len()],
            found: Vec::new(),
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

    /// Looks at a record; what was found waits to be drained, the gravest first.
    #[inline]
    pub(crate) fn judge(&mut self, brief: &brief::Brief, rest: &[u8]) -> bool {
        let view = Brief::new(brief, rest);
        let class = self.classes.class(&view);
        let seen = Seen::new(view, class, &self.hasher);
        let found = &mut self.found;
        if class != Default::default() {
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
        if self.found.is_empty() {
            return false;
        }
        self.count();
        true
    }

    #[cold]
    fn count(&mut self) {
        // Of two that are as grave the earlier rule's stays first.
        self.found
            .sort_by_key(|found| std::cmp::Reverse(found.finding.priority));
        for found in &self.found {
            self.findings
                .iter_mut()
                .zip(Watch::RULES)
                .filter(|(_, rule)| *rule == found.rule)
                .for_each(|(count, _)| *count += 1);
            let own = self.own.iter_mut().find(|own| own.name == found.rule);
            if let Some(own) = own {
                own.findings += 1;
            }
        }
    }

    /// Shows all rules how things are; what was found waits to be drained.
    pub(crate) fn tick(&mut self, figures: &Figures) -> bool {
        let at = Micros::from(figures.now);
        if let Some(finding) = self.losses.as_mut().and_then(|losses| losses.tick(figures)) {
            self.found.push(Found::new(TRAIL_FAILURES, finding, at));
        }
        for own in &mut self.own {
            let finding = own.guarded(&mut self.complaints, |rule| rule.tick(figures));
            self.found
                .extend(finding.map(|finding| Found::new(own.name.clone(), finding, at)));
        }
        let any = !self.found.is_empty();
        if any {
            self.count();
        }
        any
    }

    /// Whether the trail's own failures are to raise alerts.
    pub(crate) fn watches_the_trail(&self) -> bool {
        self.losses.is_some()
    }

    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, Found> {
        self.found.drain(..)
    }

    /// The gravest of what was found.
    pub(crate) fn gravest(&self) -> Option<&Found> {
        self.found.first()
    }

    /// What is to be said on standard error.
    pub(crate) fn complaints(&mut self) -> std::vec::Drain<'_, String> {
        self.complaints.drain(..)
    }

    pub(crate) fn has_complaints(&self) -> bool {
        !self.complaints.is_empty()
    }

    /// Of the rules that are on, or were.
    pub(crate) fn figures(&self) -> Vec<RuleFigures> {
        let tables = |rule: &str| -> Vec<&Windows> {
            match rule {
                super::watch::FAILED_LOGINS => self.logins.iter().flat_map(Logins::tables).collect(),
                super::watch::DATA_ACCESS if self.watch.has(super::watch::DATA_ACCESS) => {
                    self.reads.iter().flat_map(Reads::tables).collect()
                }
                super::watch::RAPID_READS if !self.watch.has(super::watch::DATA_ACCESS) => {
                    self.reads.iter().flat_map(Reads::tables).collect()
                }
                super::watch::BULK_DELETES => self.deletes.iter().filter_map(Deletes::tables).collect(),
                super::watch::RATE_LIMITS => self.limits.iter().flat_map(Limits::tables).collect(),
                super::watch::SUSPICIOUS_IP => self.address.iter().flat_map(Address::tables).collect(),
                _ => Vec::new(),
            }
        };
        let on = Watch::RULES
            .iter()
            .zip(self.findings)
            .filter(|(rule, _)| self.watch.has(rule));
        let standard = on.map(|(rule, findings)| {
            let tables = tables(rule);
            RuleFigures {
                name: (*rule).to_owned(),
                on: true,
                findings,
                keys: tables.iter().map(|table| table.keys()).sum(),
                evicted: tables.iter().map(|table| table.evicted()).sum(),
                bytes: tables.iter().map(|table| table.bytes()).sum(),
                slow: 0,
                longest: Duration::ZERO,
            }
        });
        let own = self.own.iter().map(|own| RuleFigures {
            name: own.name.clone(),
            on: own.rule.is_some(),
            findings: own.findings,
            keys: 0,
            evicted: 0,
            bytes: 0,
            slow: own.slow,
            longest: own.longest,
        });
        standard.chain(own).collect()
    }
}

impl Own {
    fn judge(&mut self, seen: &Seen<'_>, found: &mut Vec<Found>, complaints: &mut Vec<String>) {
        let finding = self.guarded(complaints, |rule| rule.judge(seen.record()));
        found.extend(finding.map(|finding| seen.fresh(self.name.clone(), finding)));
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
        said.unwrap_or_else(|_| {
            complaints.push(format!("the rule {} panicked, and is switched off", self.name));
            // Its end may panic, too.
            let rule = self.rule.take();
            let _ = catch_unwind(AssertUnwindSafe(|| drop(rule)));
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
