use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::durations::Durations;
use super::fields::Fields;
use super::packed::{Bytes, Packed};
use super::table::{AsCount, Distinct, Table, Tally};
use crate::outcome::Outcome;

/// Stands for a method that the records do not say.
const NONE: &str = "-";

/// What is kept for a route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RouteTally {
    count: u64,
    errors: u64,
    durations: Durations,
}

impl Tally for RouteTally {
    fn absorb(&mut self, other: &RouteTally) {
        self.count.absorb(&other.count);
        self.errors.absorb(&other.errors);
        self.durations.absorb(&other.durations);
    }

    fn weight(&self) -> usize {
        self.durations.weight() + 48
    }
}

impl Packed for RouteTally {
    fn pack(&self, out: &mut Vec<u8>) {
        self.count.pack(out);
        self.errors.pack(out);
        self.durations.pack(out);
    }

    fn absorb_packed(&mut self, from: &mut Bytes<'_>) -> Option<()> {
        self.count.absorb_packed(from)?;
        self.errors.absorb_packed(from)?;
        self.durations.absorb_packed(from)
    }
}

impl AsCount for RouteTally {
    fn as_count(&self) -> u64 {
        self.count
    }
}

/// Takes in a record that says where a request went.
pub(super) fn add(routes: &mut Table<RouteTally>, outcome: Outcome, fields: &Fields<'_>) {
    let Some(place) = fields.place() else { return };
    // A method is one word, and `-` where there is none.
    let method = fields
        .method
        .as_deref()
        .filter(|method| !method.is_empty() && !method.contains(' '));
    let name = [method.unwrap_or(NONE), " ", place].concat();
    routes.change(&name, |tally| {
        tally.count.absorb(&1);
        let failed = outcome == Outcome::Error || fields.status_code.is_some_and(|status| status >= 500);
        tally.errors.absorb(&u64::from(failed));
        if let Some(ms) = fields.duration_ms {
            tally.durations.add(ms);
        }
    });
}

/// What was asked of a route.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Route {
    /// The request's method, where the records say it.
    pub method: Option<String>,
    /// The matched route, or the path where the records have no route.
    pub route: String,
    /// How many records.
    pub count: u64,
    /// How many of them have the outcome `error` or a status of 500 or more.
    pub errors: u64,
    /// How long they took, where they say so.
    pub durations: Durations,
}

impl Route {
    fn new(name: &str, tally: RouteTally) -> Route {
        let (method, route) = name.split_once(' ').unwrap_or((NONE, name));
        Route {
            method: (method != NONE).then(|| method.to_owned()),
            route: route.to_owned(),
            count: tally.count,
            errors: tally.errors,
            durations: tally.durations,
        }
    }
}

/// Routes: the most used first, those with the same count by name. Read it as a slice.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Routes {
    routes: Vec<Route>,
    other: RouteTally,
    distinct: Distinct,
}

impl Routes {
    pub(super) fn of(table: &Table<RouteTally>) -> Routes {
        let mut kept = table.kept();
        super::table::by_count(&mut kept.names, |tally| tally.count);
        Routes {
            distinct: kept.distinct(),
            routes: kept
                .names
                .into_iter()
                .map(|(name, tally)| Route::new(name, tally.clone()))
                .collect(),
            other: kept.other,
        }
    }

    /// The first so many of them; the others are added to [`other`](Routes::other).
    pub fn top(mut self, count: usize) -> Routes {
        for route in self.routes.split_off(count.min(self.routes.len())) {
            self.other.absorb(&RouteTally {
                count: route.count,
                errors: route.errors,
                durations: route.durations,
            });
        }
        self
    }

    /// What was asked of those that are not listed: `None` where all are.
    pub fn other(&self) -> Option<Route> {
        (self.other.count > 0).then(|| Route::new("other", self.other.clone()))
    }

    /// How many different ones there are, listed or not. Where durations differ much, fewer than 100,000 fit, and an estimate is
    /// the coarser for it.
    pub fn distinct(&self) -> Distinct {
        self.distinct
    }
}

impl Deref for Routes {
    type Target = [Route];

    fn deref(&self) -> &[Route] {
        &self.routes
    }
}

impl IntoIterator for Routes {
    type Item = Route;
    type IntoIter = std::vec::IntoIter<Route>;

    fn into_iter(self) -> Self::IntoIter {
        self.routes.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::stats::table::BYTES;

    /// Whoever chooses paths and how long they take.
    #[test]
    fn routes_with_many_different_durations_stay_within_their_limit() {
        let mut routes = Table::<RouteTally>::default();
        let line = |path: u32, ms: f64| {
            let line = format!(
                "{{\"seq\":1,\"time\":\"2026-11-20T08:00:00.000000Z\",\"event\":\"API_REQUEST\",\"category\":\"api\",\
                 \"severity\":\"low\",\"outcome\":\"success\",\"path\":\"/{path}\",\"duration_ms\":{ms:?},\
                 \"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}}"
            );
            line.parse::<Record>().unwrap()
        };
        // As many buckets as there are, for so many routes that three times the limit would be needed.
        let bytes = 3_841 * 24;
        let routes_needed = u32::try_from(3 * BYTES / bytes).unwrap();
        let filler = {
            let mut durations = Durations::default();
            (0..60 * 64).for_each(|step| durations.add((f64::from(step) / 64.0 - 20.0).exp2()));
            durations
        };
        for path in 0..routes_needed {
            let record = line(path, 1.5);
            add(&mut routes, record.outcome(), &Fields::of(&record.line()));
            routes.change(&format!("- /{path}"), |tally| tally.durations.absorb(&filler));
        }
        let listed = Routes::of(&routes);
        assert!(!listed.distinct().exact && listed.len() > 50, "{}", listed.len());
        let held: usize = listed.iter().map(|route| route.durations.weight()).sum();
        assert!(held <= BYTES, "{held}");
        let other = listed.other().unwrap();
        assert_eq!(
            listed.iter().map(|route| route.count).sum::<u64>() + other.count,
            u64::from(routes_needed)
        );
    }
}
