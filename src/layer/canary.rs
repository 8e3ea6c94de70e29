//! What the writer asks a subscriber: would an INFO event and an INFO span reach the layer?

use std::cell::Cell;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tracing_core::callsite::{Callsite, Identifier};
use tracing_core::dispatcher::WeakDispatch;
use tracing_core::field::FieldSet;
use tracing_core::metadata::Kind;
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Level, LevelFilter, Metadata};

use crate::canary::Canary;

const NAME: &str = "tracing_audit::canary";

/// The canary of one layer.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The layer's number.
    layer: u32,
    /// The subscriber it is in; as a rule just one.
    subscriber: Mutex<Option<WeakDispatch>>,
}

impl Ask {
    pub(crate) fn new(layer: u32) -> Arc<Ask> {
        Arc::new(Ask {
            layer,
            subscriber: Mutex::new(None),
        })
    }

    /// The layer is part of this subscriber now.
    pub(crate) fn installed(&self, dispatch: &Dispatch) {
        *self.subscriber.lock() = Some(dispatch.downgrade());
    }
}

impl Canary for Ask {
    fn ask(&self) -> Option<Vec<String>> {
        let dispatch = self.subscriber.lock().as_ref().and_then(WeakDispatch::upgrade)?;
        let mut found = Vec::new();
        let limit = tracing::level_filters::STATIC_MAX_LEVEL;
        if limit < LevelFilter::INFO {
            found.push(format!(
                "tracing is compiled with max_level_{limit}: events and spans below that do not exist; audit! is not \
                 affected; find the crate that sets the feature with `cargo tree -e features -i tracing`"
            ));
        }
        if !self.sees(&dispatch, event_canary()) {
            found.push(
                "a filter keeps INFO events under target `audit` from the layer; audit! is not affected; give that \
                 filter to the layer it is meant for, with `with_filter`, or add the directive `audit=info`"
                    .to_owned(),
            );
        }
        let span = span_canary();
        if !self.sees(&dispatch, span) {
            found.push(format!(
                "a filter keeps INFO spans under target `{}` from the layer, so that records lack their context \
                 and spans with a field `audit` make none; give that filter to the layer it is meant for, with `with_filter`, \
                 or use audit! and an AuditContext",
                span.target()
            ));
        }
        Some(found)
    }
}

impl Ask {
    /// Does what the macros of `tracing` do before they send: asks once for the call site and, if it depends, for the
    /// call. Nothing is sent.
    fn sees(&self, dispatch: &Dispatch, metadata: &'static Metadata<'static>) -> bool {
        forget();
        let interest = dispatch.register_callsite(metadata);
        if interest.is_never() || !self.was_reached() {
            return false;
        }
        if interest.is_always() {
            return true;
        }
        forget();
        dispatch.enabled(metadata) && self.was_reached()
    }

    fn was_reached(&self) -> bool {
        REACHED
            .try_with(|reached| reached.get() == Some(self.layer))
            .unwrap_or(false)
    }
}

thread_local! {
    /// The layer that was asked about a canary last.
    static REACHED: Cell<Option<u32>> = const { Cell::new(None) };
}

fn forget() {
    let _ = REACHED.try_with(|reached| reached.set(None));
}

/// A layer was asked whether it wants this.
#[inline]
pub(crate) fn note(layer: u32, metadata: &Metadata<'_>) {
    if metadata.name() == NAME {
        let _ = REACHED.try_with(|reached| reached.set(Some(layer)));
    }
}

/// Not zero-sized, for two statics of no size may have one address, which is all that tells call sites apart.
struct Site(
    #[expect(dead_code, reason = "gives it an address of its own")] u8,
    fn() -> &'static Metadata<'static>,
);

static EVENT: Site = Site(1, event_canary);
static SPAN: Site = Site(2, span_canary);

impl Callsite for Site {
    fn set_interest(&self, _: Interest) {}

    fn metadata(&self) -> &Metadata<'_> {
        (self.1)()
    }
}

fn event_canary() -> &'static Metadata<'static> {
    static METADATA: Metadata<'static> = Metadata::new(
        NAME,
        "audit",
        Level::INFO,
        None,
        None,
        None,
        FieldSet::new(&["message"], Identifier(&EVENT)),
        Kind::EVENT,
    );
    &METADATA
}

/// A span as the program's own ones: its target is the name of the program's crate, as far as its file tells.
fn span_canary() -> &'static Metadata<'static> {
    static METADATA: OnceLock<Metadata<'static>> = OnceLock::new();
    METADATA.get_or_init(|| {
        // Metadata is static; this is one short text in the life of a process.
        let target: &'static str = Box::leak(program().into_boxed_str());
        let fields = FieldSet::new(&[], Identifier(&SPAN));
        Metadata::new(NAME, target, Level::INFO, None, None, None, fields, Kind::SPAN)
    })
}

fn program() -> String {
    let file = std::env::current_exe().ok();
    let stem = file
        .as_deref()
        .and_then(std::path::Path::file_stem)
        .map(|stem| stem.to_string_lossy());
    let name = stem.as_deref().unwrap_or("main");
    // What cargo makes for tests and benches has a hash behind its name.
    let name = match name.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        _ => name,
    };
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::prelude::*;
    use tracing_subscriber::{EnvFilter, registry};

    use super::*;
    use crate::{canary, testing};

    /// What the writer would be told; on a thread under no subscriber, as the writer is.
    fn told(dispatch: &Dispatch, trail: &crate::Trail) -> Vec<String> {
        let _kept = dispatch.clone();
        let trail = trail.core().id();
        std::thread::spawn(move || canary::ask(trail).unwrap()).join().unwrap()
    }

    #[test]
    fn the_canary_says_what_is_hidden_and_nothing_where_nothing_is() {
        // Not `capture`, whose own subscriber would see everything.
        let dir = tempfile::tempdir().unwrap();
        let trail = crate::Trail::builder(dir.path().join("logs"))
            .detached()
            .build()
            .unwrap();
        let own = format!("{}=info", program());
        for (directives, hidden) in [
            ("info", &[][..]),
            ("debug", &[]),
            ("off", &["events under target `audit`", "spans under target"]),
            ("warn", &["events under target `audit`", "spans under target"]),
            ("warn,audit=info", &["spans under target"]),
            (&own, &["events under target `audit`"]),
            (&format!("{own},audit=info"), &[]),
        ] {
            let above = Dispatch::new(registry().with(trail.layer()).with(EnvFilter::new(directives)));
            let found = told(&above, &trail);
            assert_eq!(found.len(), hidden.len(), "{directives}: {found:?}");
            assert!(
                found.iter().zip(hidden).all(|(found, hidden)| found.contains(hidden)),
                "{directives}: {found:?}"
            );
            drop(above);
            let below = Dispatch::new(registry().with(EnvFilter::new(directives)).with(trail.layer()));
            assert_eq!(told(&below, &trail), found, "{directives}");
        }
    }

    #[test]
    fn the_canary_sees_through_per_layer_filters_and_wrappers() {
        let audit = testing::capture().unwrap();
        let trail = audit.trail();
        macro_rules! quiet {
            () => {
                tracing_subscriber::fmt::layer()
                    .with_writer(std::io::sink)
                    .with_filter(LevelFilter::OFF)
            };
        }
        for dispatch in [
            Dispatch::new(registry().with(quiet!()).with(trail.layer())),
            Dispatch::new(registry().with(trail.layer()).with(quiet!())),
            Dispatch::new(
                registry()
                    .with(quiet!())
                    .with(trail.layer().with_filter(trail.filter())),
            ),
            Dispatch::new(registry().with(Some(trail.layer().boxed()))),
            Dispatch::new(
                tracing_subscriber::fmt()
                    .with_writer(std::io::sink)
                    .finish()
                    .with(trail.layer()),
            ),
        ] {
            assert_eq!(told(&dispatch, trail), [""; 0]);
        }
    }

    #[test]
    fn where_no_subscriber_is_left_nothing_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let trail = crate::Trail::builder(dir.path().join("logs"))
            .detached()
            .build()
            .unwrap();
        let id = trail.core().id();
        assert_eq!(canary::ask(id), None);
        drop(Dispatch::new(registry().with(trail.layer())));
        assert_eq!(canary::ask(id), None);
    }
}
