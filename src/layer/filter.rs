//! A filter that lets pass what the layer looks at.

use std::sync::Arc;

use tracing_core::subscriber::Interest;
use tracing_core::{LevelFilter, Metadata};
use tracing_subscriber::layer::{Context, Filter};

use crate::layer::TARGET;
use crate::layer::capture::{self, EVENTS};
use crate::trail::{Core, Trail};

/// Keeps from the layer what it would ignore. Made by [`Trail::filter`].
#[derive(Clone, Debug)]
pub struct AuditFilter {
    core: Arc<Core>,
}

impl Trail {
    /// A filter for [`layer`](Trail::layer): `trail.layer().with_filter(trail.filter())`.
    ///
    /// The layer records the same with it and without. It is for what call sites cost that nobody audits, where
    /// another layer's own filter opens DEBUG or TRACE for some targets, or where this layer is the only or the
    /// innermost one:
    ///
    /// | | `debug!` nobody wants | `info!` others want | span with two fields |
    /// |---|---|---|---|
    /// | without, beside filters that stay at INFO, or a global filter | 0 | ≤ 2 ns | ≤ 35 ns |
    /// | without, beside a filter that opens DEBUG somewhere | 13 ns | 4 ns | ≤ 35 ns |
    /// | with it, beside any | 0 | ≤ 10 ns | ≤ 110 ns |
    ///
    /// It needs a [`Registry`](tracing_subscriber::Registry) at the root (`fmt().finish()` has none that takes
    /// filters) and is one of the 64 filters that a registry can hold.
    pub fn filter(&self) -> AuditFilter {
        AuditFilter {
            core: Arc::clone(self.core().arc()),
        }
    }
}

impl AuditFilter {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let core = &self.core;
        // Any span may be the one that an error came in, or stand between a child and its parent.
        let plain = match metadata.is_span() {
            true => *metadata.level() <= core.span_level,
            false => *metadata.level() <= EVENTS && (metadata.target() == TARGET || is_ending(metadata)),
        };
        plain || capture::rule(core, metadata).is_some()
    }
}

/// Whether it is shaped like what `#[instrument(err)]` and `ret` send: it then says how a span ended.
pub(crate) fn is_ending(metadata: &Metadata<'_>) -> bool {
    let fields = metadata.fields();
    fields.len() == 1
        && fields
            .iter()
            .next()
            .is_some_and(|field| matches!(field.name(), "error" | "return"))
}

impl<S> Filter<S> for AuditFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.wants(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        crate::canary::look_again();
        Some(capture::hint(&self.core))
    }
}
