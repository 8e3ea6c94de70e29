//! A record as the standard rules see it: what kind it is, and whom it is about.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{Brief, member};
use crate::brief::{self, EventId};
use crate::clock::Micros;
use crate::event::{Category, EventType, events};
use crate::origin::Origin;
use crate::outcome::Outcome;

/// How the name of a user stands in a record that has one.
static USERNAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"username\":"));

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

    /// Whether it counts in a window.
    pub(super) fn counts(self) -> bool {
        let counted = Class::FAILED.and(Class::ACCESS).and(Class::DELETE).and(Class::LIMIT);
        self.0 & counted.0 != 0
    }

    /// What it is, of what it may be.
    pub(super) fn by((well, ill): (Class, Class), outcome: Outcome) -> Class {
        match outcome {
            Outcome::Failure | Outcome::Denied | Outcome::Blocked | Outcome::Error => ill,
            _ => well,
        }
    }

    /// By the event alone: what it is if it went well, and if it did not.
    pub(super) fn of(name: &str, category: Category) -> (Class, Class) {
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
        let either = match known {
            Some(classes) => classes,
            None if brief.event == EventId::OTHER => Class::of(view.event(), brief.category),
            None => *self
                .own
                .entry((event, brief.category as u8))
                .or_insert_with(|| Class::of(brief.event.label(), brief.category)),
        };
        Class::by(either, brief.outcome)
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

    /// What is said of each.
    pub(super) fn each<T>(say: impl Fn(Who) -> T) -> [T; 2] {
        [say(Who::User), say(Who::Ip)]
    }

    pub(super) fn of<T>(self, each: &[T; 2]) -> &T {
        let [user, ip] = each;
        match self {
            Who::User => user,
            Who::Ip => ip,
        }
    }
}

/// A hash under a key that no other process has, so that nobody can choose what falls together: SipHash-1-3.
#[derive(Clone, Debug, Default)]
pub(super) struct Hashes(RandomState);

impl Hashes {
    /// One of a text that is a whole by itself.
    #[inline]
    fn of(&self, text: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(text);
        hasher.finish()
    }

    /// One of an address, the same for all of its spellings.
    #[inline]
    pub(super) fn of_address(&self, text: &[u8]) -> u64 {
        match Origin::of(text) {
            None => self.of(text),
            Some(origin) => self.of_origin(origin),
        }
    }

    fn of_origin(&self, origin: Origin<'_>) -> u64 {
        match origin {
            // As if it were spelled plainly.
            Origin::V4(address) => self.of(address.to_string().as_bytes()),
            Origin::V6(address, zone) => {
                let mut hasher = self.0.build_hasher();
                // No text of a line begins with this byte.
                hasher.write(&[0]);
                hasher.write(&address.octets());
                hasher.write(zone.as_bytes());
                hasher.finish()
            }
        }
    }
}

/// A hash that is worked out once, if there is a text to be hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Once(u64);

impl Once {
    const UNKNOWN: Once = Once(0);
    const NOTHING: Once = Once(1);

    fn of(hash: Option<u64>) -> Once {
        // Two of all hashes stand for something else: they go to a neighbour.
        hash.map_or(Once::NOTHING, |hash| Once(hash.max(2)))
    }

    fn hash(self) -> Option<u64> {
        (self.0 > Once::NOTHING.0).then_some(self.0)
    }
}

/// What a record is, and the hashes of whom it is about, as far as that is worked out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sight {
    pub(super) class: Class,
    user: Once,
    ip: Once,
}

impl Sight {
    #[inline]
    pub(super) fn new(class: Class) -> Sight {
        Sight {
            class,
            ..Sight::default()
        }
    }
}

/// A record, and what is worked out about it at most once. Each part is read as it was written, and never all of them together: the
/// processor would have to wait until what was written last has left for the cache.
pub(super) struct Seen<'a> {
    view: Brief<'a>,
    class: Class,
    user: Cell<Once>,
    ip: Cell<Once>,
    hashes: &'a Hashes,
}

impl<'a> Seen<'a> {
    #[inline]
    pub(super) fn new(view: Brief<'a>, sight: Sight, hashes: &'a Hashes) -> Seen<'a> {
        Seen {
            view,
            class: sight.class,
            user: Cell::new(sight.user),
            ip: Cell::new(sight.ip),
            hashes,
        }
    }

    /// What is worked out by now.
    #[inline]
    pub(super) fn sight(&self) -> Sight {
        Sight {
            class: self.class,
            user: self.user.get(),
            ip: self.ip.get(),
        }
    }

    #[inline]
    pub(super) fn is(&self, class: Class) -> bool {
        self.class.0 & class.0 != 0
    }

    pub(super) fn record(&self) -> &Brief<'a> {
        &self.view
    }

    /// When it happened, by its own account; but not later than it came. Who is watched may say when a thing happened, and nothing
    /// of tomorrow may stand beside what happens today.
    pub(super) fn occurred(&self) -> Micros {
        self.view.brief.occurred.min(self.view.brief.time)
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

    #[inline]
    pub(super) fn user_hash(&self) -> Option<u64> {
        if self.user.get() == Once::UNKNOWN {
            let user = self.view.raw(self.view.brief.user);
            self.user.set(Once::of(user.map(|user| self.hashes.of(user))));
        }
        self.user.get().hash()
    }

    #[inline]
    pub(super) fn ip_hash(&self) -> Option<u64> {
        if self.ip.get() == Once::UNKNOWN {
            let address = self.view.raw(self.view.brief.ip);
            // Apart from a user of the same name, where both are in one table.
            let hash = |address| self.hashes.of_address(address) ^ 0x5555_5555_5555_5555;
            self.ip.set(Once::of(address.map(hash)));
        }
        self.ip.get().hash()
    }

    /// The name of a user who has an id as well: who failed had no more than a name. Found by reading the record, where it has one.
    pub(super) fn name_hash(&self) -> Option<u64> {
        USERNAME.find(self.view.rest)?;
        let name = member::raw(self.view.rest, "username").filter(|name| !name.is_empty())?;
        Some(self.hashes.of(name))
    }

    /// The user; else the address.
    #[inline]
    pub(super) fn who(&self) -> Option<(u64, Who)> {
        let user = self.user_hash().map(|hash| (hash, Who::User));
        user.or_else(|| self.ip_hash().map(|hash| (hash, Who::Ip)))
    }

    /// The address; else the user.
    pub(super) fn from(&self) -> Option<(u64, Who)> {
        let ip = self.ip_hash().map(|hash| (hash, Who::Ip));
        ip.or_else(|| self.user_hash().map(|hash| (hash, Who::User)))
    }

    /// By which name its key goes: an address without what does not count.
    pub(super) fn named(&self, who: Who) -> Cow<'a, str> {
        let origin = || Origin::of(self.view.raw(self.view.brief.ip)?);
        match who {
            Who::User => self.view.user(),
            Who::Ip => match origin() {
                Some(origin) => Some(Cow::Owned(origin.to_string())),
                None => self.view.ip(),
            },
        }
        .unwrap_or_default()
    }

    /// Reads where its texts begin: they come from another processor.
    #[inline]
    pub(super) fn touch(&self) -> u64 {
        let first = |slice: brief::Slice| self.view.rest.get(slice.at as usize).copied().unwrap_or(0);
        u64::from(first(self.view.brief.user) ^ first(self.view.brief.ip))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

    use proptest::prelude::*;

    use super::*;

    fn addresses() -> impl Strategy<Value = IpAddr> {
        let near = prop_oneof![Just(0_u16), Just(1), Just(0xFFFF), any::<u16>()];
        prop_oneof![
            any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
            any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from(bits).to_ipv6_mapped())),
            prop::array::uniform8(near).prop_map(|parts| IpAddr::V6(parts.into())),
        ]
    }

    /// All that programs write for one address.
    fn spellings(address: IpAddr, port: u16) -> Vec<String> {
        let wide = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let long = wide.segments().map(|part| format!("{part:04x}")).join(":");
        let bare = wide.segments().map(|part| format!("{part:X}")).join(":");
        let mut all = vec![
            address.to_string(),
            address.to_canonical().to_string(),
            SocketAddr::new(address, port).to_string(),
            SocketAddr::new(address.to_canonical(), port).to_string(),
            SocketAddrV6::new(wide, port, 0, 0).to_string(),
            wide.to_string(),
            wide.to_string().to_uppercase(),
            format!("[{wide}]"),
            format!("[{long}]:{port}"),
        ];
        all.extend([long, bare]);
        all
    }

    fn key(hashes: &Hashes, text: &str) -> u64 {
        hashes.of_address(text.as_bytes())
    }

    proptest! {
        #[test]
        fn every_spelling_of_an_address_is_one_key_and_another_address_is_another(
            one in addresses(), other in addresses(), port: u16, other_port: u16,
        ) {
            let hashes = Hashes::default();
            let plain = key(&hashes, &one.to_canonical().to_string());
            for text in spellings(one, port) {
                prop_assert_eq!(key(&hashes, &text), plain, "{}", text);
                let shown = Origin::of(text.as_bytes()).map_or(text.clone(), |origin| origin.to_string());
                prop_assert_eq!(shown, one.to_canonical().to_string());
            }
            for text in spellings(other, other_port) {
                let same = one.to_canonical() == other.to_canonical();
                prop_assert_eq!(key(&hashes, &text) == plain, same, "{} and {}", text, one);
            }
        }
    }

    #[test]
    fn zones_of_links_are_hosts_of_their_own_and_no_text_has_the_key_of_an_address() {
        let hashes = Hashes::default();
        assert_ne!(key(&hashes, "fe80::1%eth0"), key(&hashes, "fe80::1%eth1"));
        assert_ne!(
            key(&hashes, "2020:2020:2020:2020:2020:2020:2020:2020"),
            key(&hashes, &" ".repeat(16))
        );
    }

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
