//! OCSF 1.8.0, the newest version whose compiled schema could be held against what is written here (scripts/exports).
//!
//! That version has no place for the attestation of a record. Its nearest is `raw_data` with `raw_data_hash`: the line, byte for
//! byte, and its SHA-256. Leaf, tag and seal stand in `unmapped`.
//!
//! What a class requires and a record does not say is `Unknown`, as the schema asks. Nothing is guessed.

pub(crate) mod class;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Micros;
use crate::event::{Category, events};
use crate::formats::ocsf::class::{Activity, Attribute, Class};
use crate::formats::{self, Entry, Object, Origin, PRODUCT, set, table};
use crate::outcome::Outcome;
use crate::record::Key;
use crate::severity::Severity;

pub(crate) const VERSION: &str = "1.8.0";

const UNKNOWN: &str = "Unknown";

/// The methods that the schema's enumeration has.
const METHODS: [&str; 9] = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
];

/// The record as an event.
pub(crate) fn event(entry: &Entry<'_>, origin: &Origin) -> Object {
    let (class, activity) = table::of(entry.record).ocsf;
    let mut made = Event {
        entry,
        origin,
        class,
        at: Map::new(),
        profiles: Vec::new(),
    };
    made.classify(activity);
    made.judge();
    made.what();
    made.who();
    made.whence();
    made.request();
    made.describe();
    made.attest();
    made.remain();
    made.at
}

struct Event<'a, 'e> {
    entry: &'e Entry<'a>,
    origin: &'e Origin,
    class: &'static Class,
    at: Object,
    profiles: Vec<&'static str>,
}

impl<'a> Event<'a, '_> {
    fn put(&mut self, path: &str, value: impl Into<Value>) {
        set(&mut self.at, path, value);
    }

    fn is(&self, class: &'static Class) -> bool {
        self.class.uid == class.uid
    }

    /// Notes that an attribute is there by this profile.
    fn profile(&mut self, name: &'static str) {
        if !self.profiles.contains(&name) {
            self.profiles.push(name);
        }
    }

    /// Whether an alert that is there already is told again, with a greater count.
    fn is_counted(&self) -> bool {
        let record = self.entry.record;
        let count = record.metadata().and_then(|metadata| metadata.get("count")?.as_u64());
        record.event_type() == Some(events::ALERT_RAISED) && count.is_some_and(|count| count > 1)
    }

    fn classify(&mut self, activity: Activity) {
        let (class, event) = (self.class, self.entry.record.event());
        let method = self.entry.peek(Key::Method).unwrap_or_default().to_ascii_uppercase();
        let (id, name) = match (activity, class.by_method) {
            (Activity::Known(id, ""), _) => (id, event),
            (Activity::Known(1, _), _) if self.is_counted() => (2, "Update"),
            (Activity::Known(id, name), _) => (id, name),
            (Activity::ByMethod, by_method) => match by_method.map_or(0, |id| id(&method)) {
                0 => (0, UNKNOWN),
                id => (id, class.activity(id).unwrap_or(method.as_str())),
            },
        };
        let caption = match id {
            0 => UNKNOWN,
            99 => "Other",
            _ => name,
        };
        self.put("class_uid", class.uid);
        self.put("class_name", class.caption);
        self.put("category_uid", class.category.0);
        self.put("category_name", class.category.1);
        self.put("activity_id", id);
        self.put("activity_name", name);
        self.put("type_uid", class.uid * 100 + u32::from(id));
        self.put("type_name", format!("{}: {caption}", class.caption));
    }

    /// Severity, status, and what a control did.
    fn judge(&mut self) {
        let record = self.entry.record;
        let (id, name) = match record.head.severity {
            Severity::Low => (2, "Low"),
            Severity::Medium => (3, "Medium"),
            Severity::High => (4, "High"),
            Severity::Critical => (5, "Critical"),
        };
        self.put("severity_id", id);
        self.put("severity", name);
        let (id, name) = match record.head.outcome {
            // Of a finding it is how far people are with it.
            _ if self.is(&class::DETECTION_FINDING) => match self.at.get("activity_id").and_then(Value::as_u64) {
                Some(1) => (1, "New"),
                Some(2) => (2, "In Progress"),
                Some(3) => (4, "Resolved"),
                _ => (0, UNKNOWN),
            },
            Outcome::Success => (1, "Success"),
            Outcome::Failure | Outcome::Denied | Outcome::Blocked | Outcome::Error => (2, "Failure"),
            Outcome::Cancelled => (99, "cancelled"),
            Outcome::Unknown => (0, UNKNOWN),
        };
        self.put("status_id", id);
        self.put("status", name);
        let limited = record.event_type() == Some(events::SECURITY_RATE_LIMIT);
        let (id, name) = match record.head.outcome {
            Outcome::Denied => (26, "Unauthorized"),
            Outcome::Blocked if limited => (25, "Rejected"),
            Outcome::Blocked => (2, "Blocked"),
            _ => return,
        };
        self.profile("security_control");
        self.put("action_id", 2);
        self.put("action", "Denied");
        self.put("disposition_id", id);
        self.put("disposition", name);
    }

    /// What the class is about.
    fn what(&mut self) {
        let entry = self.entry;
        match self.class.uid {
            1001 | 6006 => self.file(),
            1008 => {
                self.put("log_name", "audit");
                self.put("log_provider", PRODUCT);
                self.put("log_type_id", 2);
                self.put("log_type", "Application");
            }
            2004 => self.finding(),
            3001 => {
                let target = self.target();
                self.put("user", target);
            }
            3002 => {
                self.put("service.name", self.origin.service.as_deref().unwrap_or(UNKNOWN));
                self.put("service.version", self.origin.version.as_deref());
            }
            3004 => self.entity(),
            6001 => {
                let resource = self
                    .resource()
                    .unwrap_or_else(|| Map::from_iter([("name".to_owned(), UNKNOWN.into())]));
                self.put("web_resources", json!([resource]));
            }
            6002 => {
                let named = match entry.record.event_type() {
                    Some(events::SECURITY_PATCH) => entry.text(Key::Resource),
                    _ => None,
                };
                match named {
                    Some(name) => self.put("app.name", name),
                    None => {
                        self.put("app.name", self.origin.service.as_deref().unwrap_or(UNKNOWN));
                        self.put("app.version", self.origin.version.as_deref());
                    }
                }
            }
            6003 => {
                self.put("api.operation", entry.text(Key::Action).unwrap_or(entry.record.event()));
                self.put("api.request.uid", entry.peek(Key::RequestId));
                let resource = self.resource();
                self.put("resources", resource.map(|resource| json!([resource])));
            }
            _ => {}
        }
    }

    /// The thing it was done to, if it has a name or an id.
    fn resource(&self) -> Option<Object> {
        let entry = self.entry;
        entry.peek(Key::Resource).or(entry.peek(Key::ResourceId))?;
        let mut resource = Map::new();
        set(&mut resource, "name", entry.text(Key::Resource));
        set(&mut resource, "uid", entry.text(Key::ResourceId));
        set(&mut resource, "type", entry.text(Key::ResourceType));
        Some(resource)
    }

    /// The account that was changed: the resource; without one, of what people do to their own account, who did it.
    fn target(&self) -> Object {
        let (entry, mut user) = (self.entry, Map::new());
        set(&mut user, "uid", entry.text(Key::ResourceId));
        set(&mut user, "name", entry.text(Key::Resource));
        if user.is_empty() && entry.record.head.category == Category::Auth {
            user = self.user();
        }
        match user.is_empty() {
            true => set(&mut user, "name", UNKNOWN),
            false => set(&mut user, "type", entry.text(Key::ResourceType)),
        }
        user
    }

    /// Who did it; empty if nobody knows.
    fn user(&self) -> Object {
        let mut user = Map::new();
        set(&mut user, "uid", self.entry.text(Key::UserId));
        set(&mut user, "name", self.entry.text(Key::Username));
        user
    }

    fn file(&mut self) {
        let entry = self.entry;
        let path = entry.text(Key::Resource);
        let id = entry.text(Key::ResourceId);
        let last = path
            .or(id)
            .and_then(|path| path.rsplit(['/', '\\']).find(|name| !name.is_empty()));
        self.put("file.name", last.unwrap_or(UNKNOWN));
        self.put("file.path", path);
        self.put("file.uid", id);
        self.put("file.type_id", 0);
        self.put("file.type", UNKNOWN);
    }

    fn finding(&mut self) {
        let entry = self.entry;
        // All records of one alert are one finding, which the last of them closes.
        let alert = |name: &str| match entry.record.category() {
            Category::Alert => entry.record.metadata()?.get(name)?.as_str(),
            _ => None,
        };
        let uid = alert("id").map_or_else(|| entry.uid(), ToOwned::to_owned);
        self.put("finding_info.uid", uid);
        let raised = entry.record.event_type() == Some(events::ALERT_RAISED);
        let said = if raised { entry.peek(Key::Message) } else { None };
        self.put("finding_info.title", said.unwrap_or(entry.title()));
        self.put("finding_info.desc", entry.text(Key::SuspiciousReason));
        if let Some(rule) = entry.text(Key::Rule).or(alert("rule")) {
            self.put(
                "finding_info.analytic",
                json!({"name": rule, "type_id": 1, "type": "Rule"}),
            );
        }
        self.put("is_alert", true);
        let resource = self.resource();
        self.put("resources", resource.map(|resource| json!([resource])));
        let address = entry.peek(Key::Ip).and_then(formats::address);
        if let Some((ip, port)) = address {
            entry.take(Key::Ip);
            let mut source = json!({"ip": ip.to_string()});
            if let (Some(port), Value::Object(source)) = (port, &mut source) {
                set(source, "port", port);
            }
            self.put("evidences", json!([{"src_endpoint": source}]));
        }
    }

    fn entity(&mut self) {
        let entry = self.entry;
        let mut entity = Map::new();
        set(&mut entity, "uid", entry.text(Key::ResourceId));
        set(&mut entity, "name", entry.text(Key::Resource));
        if entity.is_empty() {
            set(&mut entity, "name", UNKNOWN);
        }
        let kind = entry.text(Key::ResourceType);
        let (id, kind) = match (entry.record.head.category, kind) {
            (Category::User, kind) => (2, kind.unwrap_or("User")),
            (_, Some(kind)) => (99, kind),
            (_, None) => (0, UNKNOWN),
        };
        set(&mut entity, "type_id", id);
        set(&mut entity, "type", kind);
        if let Some(new) = entry.take(Key::New) {
            let mut result = entity.clone();
            set(&mut result, "data", new.clone());
            self.put("entity_result", result);
        }
        set(&mut entity, "data", entry.take(Key::Old).cloned());
        self.put("entity", entity);
    }

    /// Who did it, with their session.
    fn who(&mut self) {
        let user = self.user();
        let session = self.entry.text(Key::SessionId);
        if self.is(&class::AUTHENTICATION) {
            let mut user = user.clone();
            if user.is_empty() {
                set(&mut user, "name", UNKNOWN);
            }
            self.put("user", user);
            self.put("session.uid", session);
            self.factors();
            return;
        }
        self.factors();
        let native = self.class.has(Attribute::Actor);
        let known = !user.is_empty() || session.is_some();
        if known {
            self.put("actor.user", (!user.is_empty()).then_some(user));
            self.put("actor.session.uid", session);
        } else if native {
            self.put("actor.app_name", self.origin.service.as_deref().unwrap_or(UNKNOWN));
        }
        if known && !native {
            self.profile("host");
        }
    }

    fn factors(&mut self) {
        if !self.class.has(Attribute::Factors) {
            return;
        }
        let Some(factor) = self.entry.text(Key::Mfa) else {
            return;
        };
        let (id, name) = match factor.to_ascii_lowercase().as_str() {
            "sms" => (1, "SMS"),
            "phone" | "call" => (3, "Phone Call"),
            "biometric" => (4, "Biometric"),
            "push" => (5, "Push Notification"),
            "hardware" | "hardware_token" => (6, "Hardware Token"),
            "otp" | "totp" | "hotp" => (7, "OTP"),
            "email" => (8, "Email"),
            "u2f" => (9, "U2F"),
            "webauthn" | "passkey" | "fido2" => (10, "WebAuthn"),
            _ => (99, factor),
        };
        self.put("auth_factors", json!([{"factor_type_id": id, "factor_type": name}]));
    }

    /// From where, and on which machine.
    fn whence(&mut self) {
        let entry = self.entry;
        if self.class.has(Attribute::Source) {
            match entry.peek(Key::Ip).map(|text| (text, formats::address(text))) {
                Some((_, Some((ip, port)))) => {
                    self.put("src_endpoint.ip", ip.to_string());
                    self.put("src_endpoint.port", port);
                    entry.take(Key::Ip);
                }
                Some((name, None)) => {
                    self.put("src_endpoint.name", name);
                    entry.take(Key::Ip);
                }
                None if self.is(&class::API_ACTIVITY) || self.is(&class::FILE_HOSTING) => {
                    self.put("src_endpoint.name", UNKNOWN);
                }
                None => {}
            }
        }
        let host = self.origin.host.as_deref();
        let native = self.class.has(Attribute::Device);
        if host.is_some() || self.is(&class::FILE_ACTIVITY) {
            self.put("device.hostname", host.unwrap_or(UNKNOWN));
            self.put("device.type_id", 0);
            self.put("device.type", UNKNOWN);
            if !native {
                self.profile("host");
            }
        }
    }

    fn request(&mut self) {
        let entry = self.entry;
        if self.class.has(Attribute::Trace)
            && let Some(id) = entry.text(Key::TraceId)
        {
            // A span needs its beginning and its end, which a record need not know.
            self.put("trace.uid", id);
            self.profile("trace");
        }
        if !self.class.has(Attribute::Http) {
            self.put("status_code", entry.count(Key::StatusCode).map(|code| code.to_string()));
            return;
        }
        let method = entry.peek(Key::Method).map(str::to_ascii_uppercase);
        if let Some(method) = method.filter(|method| METHODS.contains(&method.as_str())) {
            entry.take(Key::Method);
            self.put("http_request.http_method", method);
        }
        if let Some(path) = entry.text(Key::Path) {
            let (path, query) = formats::split_path(path);
            self.put("http_request.url.path", path);
            self.put("http_request.url.query_string", query);
        }
        self.put("http_request.user_agent", entry.text(Key::UserAgent));
        self.put("http_request.uid", entry.peek(Key::RequestId));
        self.put("http_request.length", entry.count(Key::RequestBytes));
        if let Some(code) = entry.count(Key::StatusCode) {
            self.put("http_response.code", code);
            self.put("http_response.length", entry.count(Key::ResponseBytes));
        }
        if self.is(&class::HTTP_ACTIVITY) && !self.at.contains_key("http_request") {
            self.put("http_request", Map::new());
        }
    }

    /// When, how long, and in which words.
    fn describe(&mut self) {
        let entry = self.entry;
        self.put("time", millis(entry.happened()));
        if let Some(duration) = entry.record.duration_ms() {
            self.put("duration", duration as u64);
            // The schema counts whole milliseconds.
            if duration.fract() == 0.0 {
                entry.take(Key::DurationMs);
            }
        }
        self.put("message", entry.text(Key::Message));
        match entry.text(Key::Reason) {
            Some(reason) => self.put("status_detail", reason),
            None => self.put("status_detail", entry.text(Key::Error)),
        }
    }

    /// Where the record is from, and what ties it there.
    fn attest(&mut self) {
        let (entry, origin) = (self.entry, self.origin);
        self.put("metadata.version", VERSION);
        self.put("metadata.product.name", origin.service());
        self.put("metadata.product.version", origin.version());
        self.put("metadata.product.vendor_name", PRODUCT);
        self.put("metadata.uid", entry.uid());
        self.put("metadata.sequence", entry.record.head.seq);
        self.put("metadata.event_code", entry.record.event());
        self.put("metadata.log_name", "audit");
        self.put("metadata.log_provider", PRODUCT);
        self.put("metadata.log_level", entry.record.head.severity.as_str());
        self.put("metadata.logged_time", millis(entry.record.head.time));
        self.put("metadata.correlation_uid", entry.text(Key::RequestId));
        self.put("metadata.tenant_uid", entry.text(Key::Tenant));
        if entry.record.get("truncated").is_some() {
            self.put("metadata.is_truncated", true);
        }
        if !self.profiles.is_empty() {
            let profiles = std::mem::take(&mut self.profiles);
            self.put("metadata.profiles", profiles);
        }
        if let Some(line) = entry.line {
            self.put("raw_data", line);
            self.put("raw_data_size", line.len() as u64);
            let hash = formats::hex(&Sha256::digest(line.as_bytes()));
            self.put(
                "raw_data_hash",
                json!({"algorithm_id": 3, "algorithm": "SHA-256", "value": hash}),
            );
        }
    }

    /// What the class has no place for.
    fn remain(&mut self) {
        let entry = self.entry;
        let mut rest = Map::new();
        set(&mut rest, "category", entry.record.head.category.as_str());
        set(&mut rest, "outcome", entry.record.head.outcome.as_str());
        if let Some(frame) = &entry.frame {
            set(&mut rest, "leaf", frame.leaf.as_str());
            set(&mut rest, "tag", frame.tag.as_str());
            set(&mut rest, "seal", frame.seal.as_deref());
        }
        for (name, value) in entry.rest() {
            rest.insert(name.to_owned(), value.clone());
        }
        self.put("unmapped", rest);
        self.observe();
    }

    /// What analysts look for, beside where it stands.
    fn observe(&mut self) {
        const OBSERVED: [(&str, u8, &str); 5] = [
            ("src_endpoint.ip", 2, "IP Address"),
            ("user.uid", 31, "User Object: uid"),
            ("user.name", 4, "User Name"),
            ("actor.user.uid", 31, "User Object: uid"),
            ("actor.user.name", 4, "User Name"),
        ];
        let mut found = Vec::new();
        for (path, id, kind) in OBSERVED {
            let mut names = path.split('.');
            let first = names.next().and_then(|name| self.at.get(name));
            let value = names.try_fold(first, |value, name| value.map(|value| value.get(name)));
            if let Some(value) = value
                .flatten()
                .and_then(Value::as_str)
                .filter(|value| *value != UNKNOWN)
            {
                found.push(json!({"name": path, "type_id": id, "type": kind, "value": value}));
            }
        }
        if !found.is_empty() {
            self.put("observables", found);
        }
    }
}

/// Milliseconds since 1970, in which OCSF counts.
fn millis(at: Micros) -> i64 {
    at.0.div_euclid(1_000)
}
