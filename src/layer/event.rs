//! An event becomes a record.

use std::cell::{Cell, RefCell};

use tracing_core::{Event, Metadata};
use tracing_log::NormalizeEvent as _;

use crate::draft::{self, Depth, Parent, Statement};
use crate::event::{self, Category, EventType};
use crate::layer::capture::{self, EVENTS};
use crate::layer::filter::is_ending;
use crate::layer::plan::Sort;
use crate::layer::visit::EventVisitor;
use crate::layer::{AuditLayer, CUSTOM, SITE, TARGET};
use crate::mirror;
use crate::render::{Name, Stage};
use crate::severity::Severity;
use crate::span::{self, Ending};
use crate::trail::Core;

impl AuditLayer {
    /// The first look at an event: most are not ours, and must cost next to nothing.
    #[inline]
    pub(crate) fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let target = metadata.target();
        if target == TARGET {
            self.audit_event(event);
        } else if is_ending(metadata) && self.ends_span(event) {
            // It said how the span ended.
        } else if target == "log" && event.is_log() {
            self.log_record(event);
        } else if !self.core.capture.is_empty() {
            self.captured_event(event);
        }
    }

    fn audit_event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let too_verbose = *metadata.level() > EVENTS;
        if too_verbose || mirror::is_mirror(metadata) || (is_ending(metadata) && self.ends_span(event)) {
            return;
        }
        remember(metadata);
        self.record_event(event, None);
    }

    fn captured_event(&self, event: &Event<'_>) {
        if let Sort::Event(Some(of)) = self.plans.sort(&self.core, event.metadata()) {
            self.record_event(event, Some(of));
        }
    }

    /// A record of the `log` crate, as `tracing-log` hands it on: what it is stands in its fields.
    fn log_record(&self, event: &Event<'_>) {
        let Some(metadata) = event.normalized_metadata() else {
            return;
        };
        let rule = capture::rule(&self.core, &metadata).map(|rule| rule.event);
        let ours = metadata.target() == TARGET && *metadata.level() <= EVENTS;
        // With `tracing/log-always` every event comes back as a `log` record.
        if (ours || rule.is_some()) && !mirror::is_from_here(&metadata) && !is_echo(&metadata) {
            self.record_event(event, if ours { None } else { rule });
        }
    }

    /// Whether it is `err`'s or `ret`'s event of an audit span, and then takes it for that.
    fn ends_span(&self, event: &Event<'_>) -> bool {
        // An event with another parent is not this span's.
        if !event.is_contextual() || *event.metadata().level() > self.core.span_level.max(EVENTS) {
            return false;
        }
        let Some(place) = span::current_audit(self.scope) else {
            return false;
        };
        match event.metadata().fields().field("error") {
            Some(_) => self.span_failed(place, event),
            None => span::note(place, Ending::RETURNED),
        }
        true
    }

    fn record_event(&self, event: &Event<'_>, rule: Option<EventType>) {
        let core = &*self.core;
        let Some(_depth) = Depth::enter() else {
            let _ = core.count_reentrant(rule.unwrap_or(CUSTOM).severity());
            return;
        };
        let _inside = self.inside();
        let mut stage = Stage::take();
        let how = core.how();
        let named = self.plans.with(core, event.metadata(), |plan| {
            let mut visitor = EventVisitor {
                plan,
                fields: &mut stage.fields,
                how,
                named: None,
            };
            event.record(&mut visitor);
            visitor.named
        });
        let named = match rule.filter(|rule| *rule != CUSTOM).or(named) {
            Some(named) => Named::Type(named),
            None => {
                let said = Said::of(stage.fields.event(), core);
                self.name(&mut stage, said, event.metadata().name())
            }
        };
        let parent = match event.parent() {
            Some(id) => Parent::Span(id),
            None if event.is_root() => Parent::None,
            None => Parent::Current,
        };
        // Without the mirror: the other layers have seen the event itself.
        draft::accept(core, &mut stage, &named.statement(), parent);
        stage.give();
    }

    /// What was said, if it is a name, else what `fallback` names, else `CUSTOM`; what was said and is no name then
    /// stands in `metadata`.
    pub(crate) fn name(&self, stage: &mut Stage, said: Said, fallback: &str) -> Named {
        match said {
            Said::Name(named) => named,
            Said::Nothing => Named::of(fallback, &self.core).unwrap_or(Named::Type(CUSTOM)),
            Said::NoName(said) => {
                self.core.count_unknown_event(&said);
                if let Some(slot) = SITE.plan(&self.core).get(2) {
                    stage.fields.sink(slot, self.core.how()).str(&said);
                }
                Named::Type(CUSTOM)
            }
        }
    }
}

/// What an event is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    Type(EventType),
    /// A valid name that no type declares.
    Text(Short),
}

/// What a field `event`, or `audit`, said.
#[derive(Debug)]
pub(crate) enum Said {
    Nothing,
    Name(Named),
    NoName(String),
}

impl Said {
    pub(crate) fn of(said: Option<&str>, core: &Core) -> Said {
        match said {
            None => Said::Nothing,
            Some(said) => Named::of(said, core).map_or_else(|| Said::NoName(said.to_owned()), Said::Name),
        }
    }
}

impl Named {
    /// The type of this name, or the name itself where it is a valid one. The trail's own names are nobody else's.
    fn of(name: &str, core: &Core) -> Option<Named> {
        let at = Short::place(name);
        let known = NAMES.try_with(|names| {
            let names = names.try_borrow().ok()?;
            let (known, meaning) = names.get(at)?.as_ref()?;
            known.is(name).then(|| meaning.named(known))
        });
        match known {
            Ok(Some(named)) => named,
            _ => Named::look_up(name, at, core),
        }
    }

    /// The type of this name, if it was looked up lately.
    #[inline]
    pub(crate) fn recall(name: &str) -> Option<EventType> {
        let at = Short::place(name);
        NAMES
            .try_with(|names| match names.try_borrow().ok()?.get(at)?.as_ref()? {
                (known, Meaning::Type(event)) if known.is(name) => Some(*event),
                _ => None,
            })
            .ok()
            .flatten()
    }

    #[cold]
    fn look_up(name: &str, at: usize, core: &Core) -> Option<Named> {
        let short = Short::of(name)?;
        let meaning = Meaning::of(name);
        if matches!(meaning, Meaning::Itself) {
            core.count_unknown_event(name);
        }
        let _ = NAMES.try_with(|names| {
            if let Ok(mut names) = names.try_borrow_mut()
                && let Some(slot) = names.get_mut(at)
            {
                *slot = Some((short, meaning));
            }
        });
        meaning.named(&short)
    }

    pub(crate) fn statement(&self) -> Statement<'_> {
        match self {
            Named::Type(event) => Statement::of(*event),
            Named::Text(name) => Statement {
                event: Name::Text(name.as_str()),
                category: Category::of_name(name.as_str()),
                usual: Severity::Medium,
                severity: None,
                outcome: None,
                occurred: None,
            },
        }
    }
}

/// What a name means.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    Type(EventType),
    Itself,
    Nothing,
}

impl Meaning {
    fn named(self, name: &Short) -> Option<Named> {
        match self {
            Meaning::Type(event) => Some(Named::Type(event)),
            Meaning::Itself => Some(Named::Text(*name)),
            Meaning::Nothing => None,
        }
    }

    fn of(name: &str) -> Meaning {
        match EventType::from_name(name) {
            Some(event) if event::own_name(event.name().as_bytes()) => Meaning::Nothing,
            Some(event) => Meaning::Type(event),
            None if event::own_name(name.as_bytes()) => Meaning::Nothing,
            None if event::valid_name(name.as_bytes()) => Meaning::Itself,
            None => Meaning::Nothing,
        }
    }
}

/// A name as long as a name may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    bytes: [u8; Short::LONGEST],
    len: u8,
}

impl Short {
    const LONGEST: usize = 64;

    fn of(name: &str) -> Option<Short> {
        let mut bytes = [0; Short::LONGEST];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Short {
            bytes,
            len: name.len() as u8,
        })
    }

    fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }

    #[inline]
    fn is(&self, name: &str) -> bool {
        self.bytes.get(..usize::from(self.len)) == Some(name.as_bytes())
    }

    /// Where a name is kept. Names have a word of their own at the end more often than at the beginning.
    #[inline]
    fn place(name: &str) -> usize {
        let last = name.as_bytes().last_chunk::<4>().copied().unwrap_or_default();
        let mixed = (u32::from_le_bytes(last) ^ name.len() as u32).wrapping_mul(0x9E37_79B9);
        (mixed >> 27) as usize % NAMES_KEPT
    }
}

impl std::fmt::Debug for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

const NAMES_KEPT: usize = 32;

thread_local! {
    /// The last names and their meanings: looking a name up in the tables takes longer than all the rest.
    static NAMES: RefCell<[Option<(Short, Meaning)>; NAMES_KEPT]> = const { RefCell::new([None; NAMES_KEPT]) };
    /// Where the thread's last event under target `audit` stands in the source.
    static LAST: Cell<Option<(&'static str, u32)>> = const { Cell::new(None) };
}

fn remember(metadata: &'static Metadata<'static>) {
    let _ = LAST.try_with(|last| last.set(metadata.file().zip(metadata.line())));
}

/// Whether a `log` record is what `tracing/log-always` made of the event before: it comes from the same line.
fn is_echo(metadata: &Metadata<'_>) -> bool {
    let last = LAST.try_with(Cell::get).ok().flatten();
    last.is_some_and(|(file, line)| metadata.file() == Some(file) && metadata.line() == Some(line))
}
