//! What was found of the records of a batch, until the alerts have it: a few words each, their texts one behind another, so that a
//! flood of findings is no flood of allocations.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Map, Value};

use super::finding::{REASON, kept_key};
use super::hours::Hours;
use super::limit::{Limit, Verdict, words};
use super::seen::{Seen, Who};
use super::watch::{Share, Watch};
use super::{AlertType, Finding, Priority};
use crate::clock::Micros;
use crate::floor::floor;

/// What a rule says of whatever it finds.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    rule: u16,
    kind: AlertType,
    priority: Priority,
    window: Duration,
    passes: bool,
    /// What stands around a number.
    before: &'static str,
    behind: Cow<'static, str>,
    context: Context,
}

/// What else an alert says, made into members when one is raised.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Context {
    Nothing,
    Limit(Limit),
    Percent(u32),
    Seconds(Duration),
    Hours(Hours),
    Given(Map<String, Value>),
}

/// What a finding is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About<'a> {
    Nobody,
    Who(Who),
    Named(&'static str, &'a str),
}

/// What was found of the records of a batch.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Of the rules, by their numbers.
    names: Vec<String>,
    found: Vec<Found>,
    text: String,
    end: usize,
    /// Where those of the last record begin, and how many of these are new.
    last: usize,
    fresh: usize,
}

#[derive(Clone, Debug)]
struct Found {
    rule: u16,
    kind: AlertType,
    priority: Priority,
    passes: bool,
    raises: bool,
    key_kind: &'static str,
    window: Duration,
    at: Micros,
    /// Its key from here to where the reason begins, and where that ends.
    begin: usize,
    key: usize,
    reason: usize,
    context: Context,
}

/// One finding, and its texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    found: &'a Found,
    pub(crate) rule: &'a str,
    pub(crate) key: &'a str,
    pub(crate) reason: &'a str,
}

impl Charge {
    pub(super) fn new(rule: &str, kind: AlertType, priority: Priority) -> Charge {
        Charge {
            rule: Watch::number(rule),
            kind,
            priority,
            window: Duration::from_secs(15 * 60),
            passes: false,
            before: "",
            behind: Cow::Borrowed(""),
            context: Context::Nothing,
        }
    }

    /// Words without a number.
    pub(super) fn words(self, words: impl Into<Cow<'static, str>>) -> Charge {
        self.around("", words)
    }

    /// Words around a number.
    pub(super) fn around(mut self, before: &'static str, behind: impl Into<Cow<'static, str>>) -> Charge {
        (self.before, self.behind) = (before, behind.into());
        self
    }

    /// So many of something within the limit's time.
    pub(super) fn limit(mut self, limit: Limit, what: &str) -> Charge {
        (self.window, self.context) = (limit.span, Context::Limit(limit));
        self.around("", format!(" {what} within {}", limit.words()))
    }

    /// So many percent of something within the time.
    pub(super) fn share(mut self, share: Share, what: &str) -> Charge {
        (self.window, self.context) = (share.span, Context::Percent(share.percent));
        let words = words(share.span);
        self.around("", format!(" % of {what} within {words} are errors"))
    }

    /// What it says of a number.
    pub(super) fn say(&self, number: u32, text: &mut String) {
        text.push_str(self.before);
        text.push_str(itoa::Buffer::new().format(number));
        text.push_str(&self.behind);
    }

    /// What it says where there is none.
    pub(super) fn said(&self, text: &mut String) {
        text.push_str(&self.behind);
    }

    pub(super) fn window(mut self, window: Duration) -> Charge {
        self.window = window;
        self
    }

    pub(super) fn context(mut self, context: Context) -> Charge {
        self.context = context;
        self
    }

    /// It ends by itself.
    pub(super) fn passing(mut self) -> Charge {
        self.passes = true;
        self
    }
}

impl Context {
    pub(crate) fn members(&self) -> Map<String, Value> {
        let one = |name: &str, value: Value| Map::from_iter([(name.to_owned(), value)]);
        match self {
            Context::Nothing => Map::new(),
            Context::Limit(limit) => Map::from_iter([
                ("threshold".to_owned(), limit.count.into()),
                ("window_seconds".to_owned(), limit.span.as_secs_f64().into()),
            ]),
            Context::Percent(percent) => one("threshold_percent", (*percent).into()),
            Context::Seconds(over) => one("threshold_seconds", over.as_secs_f64().into()),
            Context::Hours(hours) => one("hours", hours.to_string().into()),
            Context::Given(members) => members.clone(),
        }
    }
}

impl Findings {
    /// With the rules of these names beside the standard ones.
    pub(super) fn new<'a>(own: impl Iterator<Item = &'a str>) -> Findings {
        let names = Watch::RULES.into_iter().chain(own).map(str::to_owned);
        Findings {
            names: names.collect(),
            ..Findings::default()
        }
    }

    /// What comes next is found of another record.
    #[inline]
    pub(super) fn next_record(&mut self) {
        (self.last, self.fresh) = (self.found.len(), 0);
    }

    /// Whether anything was found of the last record.
    #[inline]
    pub(super) fn any_of_last(&self) -> bool {
        self.found.len() > self.last
    }

    /// How many of the last record's were not said just before.
    pub(super) fn fresh(&self) -> usize {
        self.fresh
    }

    /// What a window's verdict comes to.
    #[inline]
    pub(super) fn verdict(&mut self, seen: &Seen<'_>, charge: &Charge, verdict: Verdict, about: About<'_>) {
        match verdict {
            Verdict::Calm => {}
            Verdict::Reached(count) => self.fresh_of(seen, charge, about, |text| charge.say(count, text)),
            Verdict::Still(count) => self.push(seen, charge, about, |text| charge.say(count, text)),
        }
    }

    /// One that was not said just before, in these words.
    pub(super) fn fresh_of(
        &mut self,
        seen: &Seen<'_>,
        charge: &Charge,
        about: About<'_>,
        say: impl FnOnce(&mut String),
    ) {
        self.fresh += 1;
        self.push(seen, charge, about, say);
    }

    fn push(&mut self, seen: &Seen<'_>, charge: &Charge, about: About<'_>, say: impl FnOnce(&mut String)) {
        let key_kind = match about {
            About::Nobody => "",
            About::Who(who) => {
                self.text.push_str(&kept_key(&seen.named(who)));
                who.kind()
            }
            About::Named(kind, key) => {
                self.text.push_str(&kept_key(key));
                kind
            }
        };
        let key = self.text.len();
        say(&mut self.text);
        let reason = self.text.get(key..).map_or(0, |reason| floor(reason, REASON).len());
        self.text.truncate(key + reason);
        self.found.push(Found {
            rule: charge.rule,
            kind: charge.kind,
            priority: charge.priority,
            passes: charge.passes,
            raises: true,
            key_kind,
            window: charge.window,
            at: seen.occurred(),
            begin: self.end,
            key,
            reason: self.text.len(),
            context: charge.context.clone(),
        });
        self.end = self.text.len();
    }

    /// What a rule says in words of its own, or what there is no record of.
    pub(crate) fn add(&mut self, rule: &str, finding: Finding, at: Micros) {
        let known = self.names.iter().position(|name| name == rule);
        let rule = known.unwrap_or_else(|| {
            self.names.push(rule.to_owned());
            self.names.len() - 1
        });
        self.fresh += 1;
        self.text.push_str(&finding.key);
        let key = self.text.len();
        self.text.push_str(&finding.reason);
        self.found.push(Found {
            rule: rule as u16,
            kind: finding.kind,
            priority: finding.priority,
            passes: finding.passes,
            raises: finding.raises,
            key_kind: finding.key_kind,
            window: finding.window,
            at,
            begin: self.end,
            key,
            reason: self.text.len(),
            context: Context::Given(finding.context),
        });
        self.end = self.text.len();
    }

    /// Takes a copy of one that others hold.
    pub(crate) fn copy(&mut self, said: Said<'_>) {
        let Said {
            found,
            rule,
            key,
            reason,
        } = said;
        let finding = Finding {
            kind: found.kind,
            priority: found.priority,
            reason: Cow::Owned(reason.to_owned()),
            key_kind: found.key_kind,
            key: key.to_owned(),
            window: found.window,
            context: found.context.members(),
            passes: found.passes,
            raises: found.raises,
        };
        self.add(rule, finding, found.at);
    }

    /// Puts the gravest of the last record's first; of two that are as grave the earlier rule's stays first. The numbers of
    /// the rules that found something.
    pub(super) fn sort_last(&mut self) -> impl Iterator<Item = usize> {
        let last = self.found.get_mut(self.last..).unwrap_or_default();
        last.sort_by_key(|found| std::cmp::Reverse(found.priority));
        last.iter().map(|found| usize::from(found.rule))
    }

    /// The gravest of the last record's.
    pub(crate) fn gravest(&self) -> Option<Said<'_>> {
        self.found.get(self.last).map(|found| self.said(found))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Said<'_>> {
        self.found.iter().map(|found| self.said(found))
    }

    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.text.clear();
        (self.last, self.fresh, self.end) = (0, 0, 0);
    }

    fn said<'a>(&'a self, found: &'a Found) -> Said<'a> {
        let text = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        Said {
            found,
            rule: self.names.get(usize::from(found.rule)).map_or("", String::as_str),
            key: text(found.begin, found.key),
            reason: text(found.key, found.reason),
        }
    }
}

impl Said<'_> {
    pub(crate) fn kind(&self) -> AlertType {
        self.found.kind
    }

    pub(crate) fn priority(&self) -> Priority {
        self.found.priority
    }

    pub(crate) fn key_kind(&self) -> &'static str {
        self.found.key_kind
    }

    pub(crate) fn window(&self) -> Duration {
        self.found.window
    }

    /// Whether it ends by itself.
    pub(crate) fn passes(&self) -> bool {
        self.found.passes
    }

    pub(crate) fn raises(&self) -> bool {
        self.found.raises
    }

    /// The record's own time.
    pub(crate) fn at(&self) -> Micros {
        self.found.at
    }

    pub(crate) fn context(&self) -> Map<String, Value> {
        self.found.context.members()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_its_own_texts_and_the_gravest_of_a_record_is_told() {
        let mut findings = Findings::new(["mine"].into_iter());
        let at = Micros(7);
        findings.add(
            "failed_logins",
            Finding::new(AlertType::Authentication, "five").key("user", "alice"),
            at,
        );
        findings.next_record();
        assert!(!findings.any_of_last() && findings.gravest().is_none());
        let low = Finding::new(AlertType::Custom, "odd").priority(Priority::Low);
        findings.add("mine", low.clone().key("port", "2222"), at);
        findings.add("unheard_of", low.priority(Priority::High), at);
        assert_eq!(findings.sort_last().collect::<Vec<_>>(), [14, 13]);
        let gravest = findings.gravest().unwrap();
        assert_eq!((gravest.rule, gravest.key, gravest.reason), ("unheard_of", "", "odd"));
        let mut copy = Findings::default();
        findings.iter().for_each(|said| copy.copy(said));
        for findings in [&findings, &copy] {
            let said: Vec<_> = findings.iter().map(|said| (said.rule, said.key, said.reason)).collect();
            assert_eq!(
                said,
                [
                    ("failed_logins", "alice", "five"),
                    ("unheard_of", "", "odd"),
                    ("mine", "2222", "odd")
                ]
            );
        }
        findings.clear();
        assert!(findings.is_empty() && findings.gravest().is_none());
    }
}
