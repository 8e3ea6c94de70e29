//! The one table of names: what other conventions call the keys of a record.
//!
//! A name is compared by its words: `user.id`, `user_id`, `userId`, `User-Id` and `USER_ID` are the same two words.
//! Sources: the OpenTelemetry semantic conventions, the Elastic Common Schema, what tower-http, axum and actix record,
//! and the field names of the audit systems whose users should feel at home.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::record::{Key, Kind};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Key(Key),
    /// The event's name.
    Event,
    Severity,
    Outcome,
    /// `status`: a number is a response's status code, a word an outcome. tower-http means the one, audit logs the other.
    Status,
}

/// The key that a field of this name fills. The keys that only the trail writes are never found.
#[cfg(test)]
pub(crate) fn key(name: &str) -> Option<Key> {
    match meaning(name)? {
        Meaning::Key(key) => Some(key),
        _ => None,
    }
}

/// The key of this name, or what else the name says.
pub(crate) fn meaning(name: &str) -> Option<Meaning> {
    static TABLE: OnceLock<HashMap<&'static str, Meaning>> = OnceLock::new();
    let mut words = [0; LONGEST];
    let words = words_of(name, &mut words)?;
    TABLE.get_or_init(table).get(words).copied()
}

/// Longer names mean nothing here.
const LONGEST: usize = 48;

fn table() -> HashMap<&'static str, Meaning> {
    let own = Key::ALL
        .iter()
        .filter(|key| key.kind() != Kind::Own)
        .map(|key| (key.as_str(), Meaning::Key(*key)));
    let aliases = ALIASES
        .iter()
        .flat_map(|(meaning, names)| names.iter().map(|name| (*name, *meaning)));
    own.chain(aliases).collect()
}

/// The name as lower-case words joined by `_`; `None` if it is longer than any name of the table.
fn words_of<'a>(name: &str, space: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    let mut len = 0;
    let mut push = |byte: u8| -> Option<()> {
        *space.get_mut(len)? = byte;
        len += 1;
        Some(())
    };
    let bytes = name.as_bytes();
    let mut before = b'_';
    for (at, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii_uppercase() {
            // `userId`, and the last capital of `HTTPMethod`: a word begins.
            let lower_follows = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            let begins = before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && lower_follows);
            if begins {
                push(b'_')?;
            }
        }
        match byte {
            b'.' | b'-' | b' ' | b':' | b'/' => push(b'_')?,
            _ => push(byte.to_ascii_lowercase())?,
        }
        before = byte;
    }
    std::str::from_utf8(space.get(..len)?).ok()
}

static ALIASES: &[(Meaning, &[&str])] = &[
    (
        Meaning::Event,
        &["event", "event_name", "event_type", "audit_event", "audit_event_type"],
    ),
    (
        Meaning::Severity,
        &[
            "severity",
            "event_severity",
            "audit_severity",
            "severity_text",
            "severity_level",
        ],
    ),
    (Meaning::Outcome, &["outcome", "event_outcome", "audit_outcome"]),
    (Meaning::Status, &["status"]),
    (
        Meaning::Key(Key::UserId),
        &[
            "user",
            "user_uid",
            "userid",
            "usr_id",
            "enduser_id",
            "enduser",
            "actor",
            "actor_id",
            "principal",
            "principal_id",
        ],
    ),
    (
        Meaning::Key(Key::Username),
        &[
            "user_name",
            "enduser_name",
            "actor_name",
            "principal_name",
            "preferred_username",
            "login_name",
        ],
    ),
    (Meaning::Key(Key::SessionId), &["sessionid", "session_uid"]),
    (
        Meaning::Key(Key::Ip),
        &[
            "ip_address",
            "ip_addr",
            "ipaddress",
            "client_address",
            "client_ip",
            "client_ip_address",
            "client_addr",
            "source_address",
            "source_ip",
            "source_addr",
            "src_ip",
            "src_addr",
            "remote_ip",
            "remote_addr",
            "remote_address",
            "peer_addr",
            "peer_address",
            "peer_ip",
            "net_peer_ip",
            "net_sock_peer_addr",
            "network_peer_address",
            "http_client_ip",
            "caller_ip",
            "sourceip",
            "clientip",
        ],
    ),
    (
        Meaning::Key(Key::UserAgent),
        &[
            "user_agent_original",
            "http_user_agent",
            "useragent",
            "http_request_header_user_agent",
        ],
    ),
    (
        Meaning::Key(Key::Tenant),
        &[
            "tenant_id",
            "organization_id",
            "organization",
            "organisation_id",
            "organisation",
            "org_id",
            "org",
        ],
    ),
    (Meaning::Key(Key::ApiKeyPrefix), &["apikey_prefix"]),
    (Meaning::Key(Key::Action), &["event_action"]),
    (Meaning::Key(Key::Resource), &["resource_name"]),
    (Meaning::Key(Key::ResourceType), &["resource_kind"]),
    (Meaning::Key(Key::ResourceId), &["resource_uid"]),
    (Meaning::Key(Key::Old), &["old_value", "old_values", "old_state"]),
    (Meaning::Key(Key::New), &["new_value", "new_values", "new_state"]),
    (
        Meaning::Key(Key::Method),
        &["http_method", "http_request_method", "request_method"],
    ),
    (
        Meaning::Key(Key::Route),
        &["http_route", "matched_path", "endpoint", "match_path"],
    ),
    (
        Meaning::Key(Key::Path),
        &[
            "url_path",
            "uri",
            "http_uri",
            "http_path",
            "http_target",
            "request_path",
            "request_uri",
            "uri_path",
            "http_request_path",
        ],
    ),
    (
        Meaning::Key(Key::StatusCode),
        &[
            "http_status_code",
            "http_response_status_code",
            "response_status_code",
            "http_status",
            "response_status",
            "response_code",
        ],
    ),
    (
        Meaning::Key(Key::DurationMs),
        &[
            "latency_ms",
            "elapsed_ms",
            "elapsed_milliseconds",
            "response_time_ms",
            "response_time",
            "took_ms",
        ],
    ),
    (
        Meaning::Key(Key::RequestBytes),
        &[
            "http_request_body_size",
            "http_request_body_bytes",
            "http_request_size",
            "http_request_bytes",
            "request_size",
            "http_request_content_length",
        ],
    ),
    (
        Meaning::Key(Key::ResponseBytes),
        &[
            "http_response_body_size",
            "http_response_body_bytes",
            "http_response_size",
            "http_response_bytes",
            "response_size",
            "http_response_content_length",
        ],
    ),
    (
        Meaning::Key(Key::BodySha256),
        &[
            "body_hash",
            "request_body_sha256",
            "request_body_hash",
            "http_request_body_sha256",
        ],
    ),
    (
        Meaning::Key(Key::RequestId),
        &[
            "requestid",
            "x_request_id",
            "http_request_id",
            "http_request_header_x_request_id",
            "req_id",
            "correlation_id",
            "x_correlation_id",
            "correlationid",
        ],
    ),
    (Meaning::Key(Key::TraceId), &["otel_trace_id", "traceid", "trace_uid"]),
    (Meaning::Key(Key::SpanId), &["otel_span_id", "spanid", "span_uid"]),
    (Meaning::Key(Key::Mfa), &["mfa_method", "mfa_type", "second_factor"]),
    (
        Meaning::Key(Key::Reason),
        &["event_reason", "denial_reason", "deny_reason", "failure_reason"],
    ),
    (Meaning::Key(Key::Message), &["msg", "description"]),
    (
        Meaning::Key(Key::Error),
        &["err", "error_message", "error_type", "exception", "exception_message"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_convention_fill_the_key_they_mean() {
        for (key, names) in [
            (
                Key::UserId,
                "user_id user.id userId userID UserId enduser.id user-id USER_ID user",
            ),
            (Key::Username, "username user.name userName user_name"),
            (Key::SessionId, "session_id session.id sessionId sessionID"),
            (
                Key::Ip,
                "ip source.ip client.ip client.address source.address ipAddress IPAddress remote_addr net.peer.ip network.peer.address",
            ),
            (
                Key::UserAgent,
                "user_agent user_agent.original userAgent User-Agent http.user_agent",
            ),
            (Key::Tenant, "tenant tenant_id organization.id organizationId org.id"),
            (Key::Action, "action event.action"),
            (Key::ResourceType, "resource.type resourceType resource_type"),
            (Key::ResourceId, "resource.id resourceId resource_id"),
            (Key::Old, "old old_value oldValue oldValues"),
            (Key::New, "new newValue new_values"),
            (Key::Method, "method http.method http.request.method HTTPMethod"),
            (Key::Route, "route http.route matched_path endpoint"),
            (Key::Path, "path url.path uri http.target"),
            (
                Key::StatusCode,
                "status_code statusCode http.status_code http.response.status_code",
            ),
            (
                Key::DurationMs,
                "duration_ms durationMs latency_ms elapsed_ms responseTime",
            ),
            (
                Key::RequestBytes,
                "request_bytes http.request.body.size http.request.body.bytes",
            ),
            (Key::ResponseBytes, "response_bytes http.response.body.size"),
            (
                Key::RequestId,
                "request_id requestId http.request.id x-request-id X-Correlation-ID correlation_id",
            ),
            (Key::TraceId, "trace_id trace.id traceId TraceID"),
            (Key::SpanId, "span_id span.id spanId"),
            (Key::Reason, "reason event.reason"),
            (
                Key::Error,
                "error err error.message error.type exception.message errorMessage",
            ),
            (Key::Message, "message description"),
        ] {
            for name in names.split(' ') {
                assert_eq!(super::key(name), Some(key), "{name}");
            }
        }
    }

    #[test]
    fn what_says_the_event_its_weight_and_its_end_is_no_key() {
        for (meaning, names) in [
            (Meaning::Event, "event event.name eventType event_type audit.event"),
            (Meaning::Severity, "severity event.severity"),
            (Meaning::Outcome, "outcome event.outcome"),
            (Meaning::Status, "status Status"),
        ] {
            for name in names.split(' ') {
                assert_eq!(super::meaning(name), Some(meaning), "{name}");
                assert_eq!(super::key(name), None, "{name}");
            }
        }
    }

    #[test]
    fn a_key_of_the_trail_cannot_be_named() {
        for key in Key::ALL {
            let found = super::key(key.as_str());
            assert_eq!(found, (key.kind() != Kind::Own).then_some(*key), "{key:?}");
        }
        for name in [
            "",
            "_",
            "seq",
            "Seq",
            "tag",
            "red.acted",
            "user__id",
            "event.duration",
            "latency",
            "url.full",
            "über",
            "author",
        ] {
            assert_eq!(super::key(name), None, "{name}");
        }
        assert_eq!(super::key(&"x".repeat(500)), None);
    }

    #[test]
    fn no_name_stands_twice_in_the_table_and_each_is_spelt_in_words() {
        let mut seen: HashMap<&str, Meaning> = HashMap::new();
        for (meaning, names) in ALIASES {
            for name in *names {
                assert_eq!(seen.insert(name, *meaning), None, "{name}");
                assert_eq!(
                    Key::from_str(name).filter(|key| key.kind() != Kind::Own),
                    None,
                    "{name} is a key"
                );
                let mut space = [0; LONGEST];
                assert_eq!(words_of(name, &mut space), Some(*name));
            }
        }
    }
}
