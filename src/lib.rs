#![doc = include_str!("../README.md")]
mod base64url;
mod brief;
mod clock;
mod error;
mod event;
mod floor;
mod guard;
mod names;
mod origin;
mod outcome;
mod record;
mod severity;
mod trust;

mod chain;
mod detect;
#[cfg(feature = "export")]
mod formats;
mod key_line;
#[cfg_attr(
    not(feature = "sign"),
    allow(dead_code, reason = "only mode signed grows trees and proves by them")
)]
mod merkle;
mod parse;
mod redact;
mod render;
mod secret;
#[cfg(feature = "sign")]
mod sign;

#[cfg(feature = "sign")]
mod evidence;
#[cfg(feature = "export")]
mod export;
mod io;
mod key;
mod keyring;
#[cfg(feature = "sign")]
mod proof;
mod query;
mod queue;
mod reader;
mod stats;
mod store;
mod summary;
mod sync;
mod verify;

mod alerts;
mod builder;
mod canary;
mod config;
pub mod context;
mod health;
mod meter;
mod receipt;
mod recent;
mod site;
mod status;
#[cfg_attr(not(feature = "system"), path = "system/absent.rs")]
mod system;
mod trail;
mod writer;

mod draft;
mod init;
mod inquiry;
mod layer;
mod macros;
mod mirror;
mod panic_hook;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod span;
pub mod testing;

pub use alerts::{Alert, AlertChange, AlertHistory, AlertStatus, Alerts, Channel, Console, Escalation, Response};
#[cfg(feature = "webhook")]
pub use alerts::{Alertmanager, Webhook};
pub use builder::Builder;
pub use clock::Clock;
pub use config::{DiskAction, DiskSpace, Durability, Emergency, OnFull, Retention, Rotation};
pub use context::AuditContext;
pub use detect::{AlertType, Brief, Figures, Finding, Priority, Rule, Watch};
pub use draft::Draft;
pub use error::{Error, ErrorKind};
pub use event::{Category, EventType, events};
#[cfg(feature = "sign")]
pub use evidence::{Evidence, Findings};
#[cfg(feature = "export")]
pub use export::{Export, Exported, Format, Row};
pub use health::{HealthReason, HealthReport};
pub use init::init;
pub use inquiry::TrailQuery;
pub use key::KeySource;
pub use key_line::KeyLine;
pub use keyring::{Keyring, RunsKey};
pub use layer::{AuditFilter, AuditLayer, Audited, AuditedFuture, Capture, ToOutcome};
pub use outcome::Outcome;
#[cfg(feature = "sign")]
pub use proof::{Fact, Proof, Proven};
pub use query::{Cursor, Found, FoundLines, Order, Query};
pub use reader::{Entries, Follow, Lines, read};
pub use receipt::Receipt;
pub use record::Record;
pub use redact::{Class, Redaction, Shape, Treatment};
pub use secret::{Hashed, Masked, Secret};
pub use severity::Severity;
pub use stats::{
    Activity, DayStats, Distinct, Durations, Gaps, Ranking, Route, Routes, Session, Sessions, Skipped, Stats, Top,
    admin_actions, sessions, suspicious, user_activity,
};
pub use status::{ChannelStatus, Counts, DiskTier, Health, RuleStatus, Setting, Source, Status};
pub use summary::Summary;
#[cfg(feature = "system")]
pub use system::{Resources, System};
pub use trail::{Hold, Trail};
pub use trust::Trust;
pub use verify::{Anchor, Fault, FaultKind, Report, Verdict, Verify, verify};

#[doc(hidden)]
pub use macros::private as __private;
