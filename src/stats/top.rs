//! Statistics as JSON for who looks at them, and not for who adds them up: of names only those that occur most.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::durations::Durations;
use super::ranking::Ranking;
use super::routes::{Route, Routes};
use super::{Activity, Stats, Table, json};

/// The first names of each kind; see [`Stats::top`] and [`Activity::top`].
#[derive(Debug)]
#[must_use = "it is there to be serialized"]
pub struct Top<'a, T = Stats> {
    whole: &'a T,
    names: usize,
}

impl Stats {
    /// The same to be written for people and programs that look at it, with only so many event names, users, addresses and routes:
    /// those with the most records. How many different ones there are stands beside them, and what the others come to.
    ///
    /// All of it (`Serialize` of the statistics themselves) may be 400,000 names, and has what is needed to add them up; this has
    /// not, and cannot be read back.
    pub fn top(&self, names: usize) -> Top<'_> {
        Top { whole: self, names }
    }
}

impl Activity {
    /// The same to be written for people and programs that look at it, with only so many event names, addresses and sessions:
    /// those with the most records. How many different ones there are stands beside them, and what the others come to.
    pub fn top(&self, names: usize) -> Top<'_, Activity> {
        Top { whole: self, names }
    }
}

impl Serialize for Top<'_, Activity> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.whole.with_names(out, |table| Names::of(table, self.names))
    }
}

impl Serialize for Top<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let sums = &self.whole.0;
        let names = |table: &Table<u64>, out: &mut S::SerializeStruct, name| {
            out.serialize_field(name, &Names::of(table, self.names))
        };
        let mut fields = out.serialize_struct("Stats", 18)?;
        fields.serialize_field("records", &sums.records)?;
        fields.serialize_field("own_records", &sums.own_records)?;
        fields.serialize_field("first", &sums.first.map(|time| time.to_string()))?;
        fields.serialize_field("last", &sums.last.map(|time| time.to_string()))?;
        fields.serialize_field("flagged", &sums.flagged)?;
        fields.serialize_field("failures", &sums.failures)?;
        fields.serialize_field("failed_logins", &sums.failed_logins)?;
        fields.serialize_field("by_category", &json::Counts(&json::category_names(), &sums.by_category))?;
        fields.serialize_field("by_severity", &json::Counts(&json::severity_names(), &sums.by_severity))?;
        fields.serialize_field("by_outcome", &json::Counts(&json::outcome_names(), &sums.by_outcome))?;
        names(&sums.by_event, &mut fields, "by_event")?;
        names(&sums.by_user, &mut fields, "by_user")?;
        names(&sums.by_ip, &mut fields, "by_ip")?;
        fields.serialize_field("by_route", &Places(self.whole.by_route().top(self.names)))?;
        fields.serialize_field("durations", &Figures(&sums.durations))?;
        fields.serialize_field("by_day", &sums.by_day)?;
        fields.serialize_field("gaps", &sums.gaps)?;
        fields.serialize_field("skipped", &sums.skipped)?;
        fields.end()
    }
}

/// The first of a ranking.
struct Names<'a>(Ranking<'a>);

impl Names<'_> {
    fn of(table: &Table<u64>, names: usize) -> Names<'_> {
        Names(Ranking::of_table(table).top(names))
    }
}

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Names(ranking) = self;
        let mut fields = out.serialize_struct("Names", 4)?;
        fields.serialize_field("distinct", &ranking.distinct().count)?;
        fields.serialize_field("exact", &ranking.distinct().exact)?;
        fields.serialize_field("other", &ranking.other())?;
        fields.serialize_field("names", &Listed(|| ranking.iter().copied()))?;
        fields.end()
    }
}

/// The first routes.
struct Places(Routes);

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Places(routes) = self;
        let listed = || {
            routes.iter().map(|route| {
                let name = [route.method.as_deref().unwrap_or("-"), " ", &route.route].concat();
                (name, Place(route))
            })
        };
        let mut fields = out.serialize_struct("Routes", 4)?;
        fields.serialize_field("distinct", &routes.distinct().count)?;
        fields.serialize_field("exact", &routes.distinct().exact)?;
        fields.serialize_field("other", &routes.other().as_ref().map(Place))?;
        fields.serialize_field("names", &Listed(listed))?;
        fields.end()
    }
}

struct Place<'a>(&'a Route);

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut fields = out.serialize_struct("Route", 3)?;
        fields.serialize_field("count", &self.0.count)?;
        fields.serialize_field("errors", &self.0.errors)?;
        fields.serialize_field("durations", &Figures(&self.0.durations))?;
        fields.end()
    }
}

/// Durations without what they are computed from.
struct Figures<'a>(&'a Durations);

impl Serialize for Figures<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut fields = out.serialize_struct("Durations", 5)?;
        fields.serialize_field("count", &self.0.count())?;
        fields.serialize_field("avg_ms", &self.0.avg())?;
        fields.serialize_field("p50_ms", &self.0.p50())?;
        fields.serialize_field("p95_ms", &self.0.p95())?;
        fields.serialize_field("max_ms", &self.0.max())?;
        fields.end()
    }
}

/// Pairs as an object, in their order.
struct Listed<F>(F);

impl<F, I, K, V> Serialize for Listed<F>
where
    F: Fn() -> I,
    I: Iterator<Item = (K, V)>,
    K: Serialize,
    V: Serialize,
{
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        for (name, value) in (self.0)() {
            map.serialize_entry(&name, &value)?;
        }
        map.end()
    }
}
