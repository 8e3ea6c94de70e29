//! What statistics look at in a line, found in one pass over its members.

use std::borrow::Cow;

use crate::record::Key;
use crate::record::line::Line;

/// The members that are counted by, where the line has them.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    user_id: Option<Cow<'a, str>>,
    username: Option<Cow<'a, str>>,
    pub(super) ip: Option<Cow<'a, str>>,
    pub(super) method: Option<Cow<'a, str>>,
    route: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    pub(super) status_code: Option<u64>,
    pub(super) duration_ms: Option<f64>,
    pub(super) flagged: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of(line: &Line<'a>) -> Fields<'a> {
        let mut fields = Fields::default();
        let Line { text, members, .. } = *line;
        for member in members {
            match member.key {
                Some(Key::UserId) => fields.user_id = member.text(text),
                Some(Key::Username) => fields.username = member.text(text),
                Some(Key::Ip) => fields.ip = member.text(text),
                Some(Key::Method) => fields.method = member.text(text),
                Some(Key::Route) => fields.route = member.text(text),
                Some(Key::Path) => fields.path = member.text(text),
                Some(Key::StatusCode) => fields.status_code = member.raw(text).parse().ok(),
                Some(Key::DurationMs) => fields.duration_ms = member.raw(text).parse().ok(),
                Some(Key::Flagged) => fields.flagged = true,
                _ => {}
            }
        }
        fields
    }

    /// Who did it, as far as the line says.
    pub(super) fn user(&self) -> Option<&str> {
        self.user_id.as_deref().or(self.username.as_deref())
    }

    /// Where a request went: the matched route, or the path where there is none.
    pub(super) fn place(&self) -> Option<&str> {
        self.route.as_deref().or(self.path.as_deref())
    }
}
