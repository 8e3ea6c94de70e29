//! A record as the standard rules see it: what kind it is, and whom it is about.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::windows::Verdict;
use super::{Brief, Finding};
use crate::brief::{self, EventId};
use crate::clock::Micros;
use crate::event::{Category, EventType, events};
use crate::outcome::Outcome;

/// What a record may be, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Class(u16);

impl Class {
    pub(super) const FAILED: Class = Class(1);
    pub(super) const LOGIN: Class = Class(2);
    pub(super) const READ: Class = Class(4);
    /// To data, of whatever kind.
    pub(super) const ACCESS: Class = Class(8);
    pub(super) const DELETE: Class = Class(16);
    pub(super) const LIMIT: Class = Class(32);
    pub(super) const CONTRACT: Class = Class(64);
    pub(super) const SUSPICIOUS: Class = Class(128);

    const fn and(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    /// By the event alone: what it is if it went well, and if it did not.
    fn of(name: &str, category: Category) -> (Class, Class) {
        let login = events::AUTH_LOGIN.name();
        let both = |class: Class| (class, class);
        match name {
            _ if name == login => (Class::LOGIN, Class::FAILED),
            _ if name == events::AUTH_FAILED.name() => (Class::default(), Class::FAILED),
            _ if name == events::SECURITY_RATE_LIMIT.name() => both(Class::LIMIT),
            _ if name == events::SECURITY_CONTRACT_VALIDATION.name() => (Class::default(), Class::CONTRACT),
            _ if name == events::SECURITY_SUSPICIOUS_ACTIVITY.name() => both(Class::SUSPICIOUS),
            _ if name == events::USER_DELETE.name() => both(Class::DELETE),
            _ if matches!(category, Category::Data | Category::File) => match name.rsplit('_').next() {
                Some("READ" | "EXPORT") => both(Class::ACCESS.and(Class::READ)),
                Some("DELETE" | "DELETED") => both(Class::ACCESS.and(Class::DELETE)),
                Some("CONSENT" | "VALIDATION" | "SANITIZATION") => both(Class::default()),
                _ => both(Class::ACCESS),
            },
            _ => both(Class::default()),
        }
    }
}

/// The classes of all events, found by number.
#[derive(Debug)]
pub(super) struct Classes {
    table: Vec<(Class, Class)>,
    own: HashMap<(u16, u8), (Class, Class)>,
}

impl Classes {
    pub(super) fn new() -> Classes {
        Classes {
            table: EventType::all()
                .map(|event| Class::of(event.name(), event.category()))
                .collect(),
            own: HashMap::new(),
        }
    }

    #[inline]
    pub(super) fn class(&mut self, view: &Brief<'_>) -> Class {
        let brief = view.brief;
        let EventId(event) = brief.event;
        let known = self.table.get(usize::from(event)).copied();
        let (well, ill) = match known {
            Some(classes) => classes,
            None if brief.event == EventId::OTHER => Class::of(view.event(), brief.category),
            None => *self
                .own
                .entry((event, brief.category as u8))
                .or_insert_with(|| Class::of(brief.event.label(), brief.category)),
        };
        match brief.outcome {
            Outcome::Failure | Outcome::Denied | Outcome::Blocked | Outcome::Error => ill,
            _ => well,
        }
    }
}

/// Whom a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    User,
    Ip,
}

impl Who {
    /// As the kind of a key.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Who::User => "user",
            Who::Ip => "ip",
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Who::User => "user",
            Who::Ip => "address",
        }
    }
}

/// What a rule found of a record.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) rule: Cow<'static, str>,
    pub(crate) finding: Finding,
    /// The record's own time.
    pub(crate) at: Micros,
    /// It was not said just before.
    pub(super) fresh: bool,
}

impl Found {
    pub(crate) fn new(rule: impl Into<Cow<'static, str>>, finding: Finding, at: Micros) -> Found {
        Found {
            rule: rule.into(),
            finding,
            at,
            fresh: true,
        }
    }
}

/// A record, and what is worked out about it at most once.
pub(super) struct Seen<'a> {
    view: Brief<'a>,
    class: Class,
    hasher: &'a RandomState,
    user: OnceCell<Option<u64>>,
    ip: OnceCell<Option<u64>>,
}

impl<'a> Seen<'a> {
    #[inline]
    pub(super) fn new(view: Brief<'a>, class: Class, hasher: &'a RandomState) -> Seen<'a> {
        Seen {
            view,
            class,
            hasher,
            user: OnceCell::new(),
            ip: OnceCell::new(),
        }
    }

    pub(super) fn is(&self, class: Class) -> bool {
        self.class.0 & class.0 != 0
    }

    pub(super) fn record(&self) -> &Brief<'a> {
        &self.view
    }

    pub(super) fn occurred(&self) -> Micros {
        self.view.brief.occurred
    }

    pub(super) fn time(&self) -> Micros {
        self.view.brief.time
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.view.brief.outcome
    }

    pub(super) fn duration_us(&self) -> u32 {
        self.view.brief.duration_us
    }

    pub(super) fn event_id(&self) -> EventId {
        self.view.brief.event
    }

    pub(super) fn user(&self) -> Cow<'a, str> {
        self.view.user().unwrap_or_default()
    }

    pub(super) fn ip(&self) -> Cow<'a, str> {
        self.view.ip().unwrap_or_default()
    }

    pub(super) fn user_hash(&self) -> Option<u64> {
        *self.user.get_or_init(|| self.hash(self.view.brief.user))
    }

    pub(super) fn ip_hash(&self) -> Option<u64> {
        // Apart from a user of the same name, where both are in one table.
        *self
            .ip
            .get_or_init(|| self.hash(self.view.brief.ip).map(|hash| hash ^ 0x5555_5555_5555_5555))
    }

    /// The user; else the address.
    pub(super) fn who(&self) -> Option<(u64, Who)> {
        let user = self.user_hash().map(|hash| (hash, Who::User));
        user.or_else(|| self.ip_hash().map(|hash| (hash, Who::Ip)))
    }

    /// The address; else the user.
    pub(super) fn from(&self) -> Option<(u64, Who)> {
        let ip = self.ip_hash().map(|hash| (hash, Who::Ip));
        ip.or_else(|| self.user_hash().map(|hash| (hash, Who::User)))
    }

    pub(super) fn named(&self, who: Who) -> Cow<'a, str> {
        match who {
            Who::User => self.user(),
            Who::Ip => self.ip(),
        }
    }

    /// What a window's verdict comes to.
    pub(super) fn found(
        &self,
        rule: &'static str,
        verdict: Verdict,
        say: impl FnOnce(u32) -> Finding,
    ) -> Option<Found> {
        let count = verdict.count()?;
        let mut found = self.fresh(rule, say(count));
        found.fresh = matches!(verdict, Verdict::Reached(_));
        Some(found)
    }

    pub(super) fn fresh(&self, rule: impl Into<Cow<'static, str>>, finding: Finding) -> Found {
        Found::new(rule, finding, self.occurred())
    }

    fn hash(&self, slice: brief::Slice) -> Option<u64> {
        self.view.raw(slice).map(|text| self.hasher.hash_one(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_what_the_table_calls_them_and_own_types_go_by_their_last_word() {
        let class = |name: &str, category| Class::of(name, category);
        let access = Class::ACCESS;
        for (name, category, well, ill) in [
            ("AUTH_LOGIN", Category::Auth, Class::LOGIN, Class::FAILED),
            ("AUTH_FAILED", Category::Auth, Class::default(), Class::FAILED),
            (
                "DATA_READ",
                Category::Data,
                access.and(Class::READ),
                access.and(Class::READ),
            ),
            (
                "DATA_EXPORT",
                Category::Data,
                access.and(Class::READ),
                access.and(Class::READ),
            ),
            ("DATA_UPDATE", Category::Data, access, access),
            ("DATA_VALIDATION", Category::Data, Class::default(), Class::default()),
            (
                "FILE_DELETE",
                Category::File,
                access.and(Class::DELETE),
                access.and(Class::DELETE),
            ),
            ("USER_DELETE", Category::User, Class::DELETE, Class::DELETE),
            (
                "ORDER_DELETE",
                Category::Data,
                access.and(Class::DELETE),
                access.and(Class::DELETE),
            ),
            ("ORDER_DELETE", Category::Custom, Class::default(), Class::default()),
            (
                "SECURITY_CONTRACT_VALIDATION",
                Category::Security,
                Class::default(),
                Class::CONTRACT,
            ),
        ] {
            assert_eq!(class(name, category), (well, ill), "{name}");
        }
        let mut deletes = EventType::all().filter(|event| {
            let (class, _) = Class::of(event.name(), event.category());
            class.0 & Class::DELETE.0 != 0
        });
        assert_eq!(
            deletes.by_ref().map(EventType::name).collect::<Vec<_>>(),
            ["USER_DELETE", "DATA_DELETE", "FILE_DELETE"]
        );
    }
}
