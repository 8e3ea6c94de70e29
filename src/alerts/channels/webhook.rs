use std::fmt;
use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use super::post::Place;
use super::{Alert, AlertChange, Channel};
use crate::error::Error;

/// A [`Channel`] that posts JSON to an address, for each change of an alert: plain HTTP, so to a relay on this host or in a network
/// of one's own.
///
/// ```
/// use tracing_audit::{Trail, Webhook};
///
/// let builder = Trail::builder("logs").channel(Webhook::slack("http://127.0.0.1:8065/hooks/zwb3k1x8")?);
/// # Ok::<(), tracing_audit::Error>(())
/// ```
///
/// The address may hold a token: neither `Debug` nor an error nor the status shows more of it than its host and port. An answer
/// other than 2xx is a failure, tried again unless it is 400, 413, 415 or 422; no redirect is followed, no proxy of the
/// environment used. No answer within 5 s is a failure, too.
pub struct Webhook {
    name: String,
    place: Place,
    template: Box<Template>,
}

type Template = dyn Fn(AlertChange, &Alert) -> Value + Send;

impl Webhook {
    /// Posts `{"change":"raised","alert":{..}}`, with the members of [`Alert`].
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for an address that is not `http://host..`, or has a user's name in it.
    pub fn json(url: &str) -> Result<Webhook, Error> {
        Webhook::template(url, |change, alert| json!({"change": change.as_str(), "alert": alert}))
    }

    /// Posts `{"text":".."}`, as Slack, Mattermost and others read it. Nothing in it mentions anybody or links anywhere, whatever
    /// stands in the alert.
    ///
    /// # Errors
    /// As [`json`](Webhook::json).
    pub fn slack(url: &str) -> Result<Webhook, Error> {
        Webhook::template(url, |change, alert| json!({"text": text(change, alert)}))
    }

    /// Posts what a function makes of it. It is called on the channel's thread, again for each attempt.
    ///
    /// # Errors
    /// As [`json`](Webhook::json).
    pub fn template(
        url: &str,
        template: impl Fn(AlertChange, &Alert) -> Value + Send + 'static,
    ) -> Result<Webhook, Error> {
        Ok(Webhook {
            name: "webhook".to_owned(),
            place: Place::new(url, "")?,
            template: Box::new(template),
        })
    }

    /// What it is called in status and metrics, at most 64 bytes. Default: `webhook`.
    pub fn named(mut self, name: &str) -> Webhook {
        self.name = super::short(name);
        self
    }

    /// Sends a header `Authorization` of this value.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if it cannot stand in a header.
    pub fn authorization(mut self, value: &str) -> Result<Webhook, Error> {
        self.place.authorization(value)?;
        Ok(self)
    }

    /// How long an answer may take. Default: 5 s.
    pub fn timeout(mut self, limit: Duration) -> Webhook {
        self.place.patience(limit);
        self
    }
}

impl Channel for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, change: AlertChange, alert: &Alert) -> io::Result<()> {
        self.place.send(&(self.template)(change, alert))
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// One line, as chat programs show it.
fn text(change: AlertChange, alert: &Alert) -> String {
    let mut said = String::new();
    for letter in format!("{change}: {alert}").chars() {
        match letter {
            '&' => said.push_str("&amp;"),
            '<' => said.push_str("&lt;"),
            '>' => said.push_str("&gt;"),
            // A mention, once the next letter follows at once.
            '@' => said.push_str("@\u{200b}"),
            letter => said.push(letter),
        }
    }
    // Nor is anything a link: of an address, of Markdown, of a name that begins as the addresses of sites do.
    said.replace("://", ":\u{200b}//")
        .replace("](", "]\u{200b}(")
        .replace("www.", "www\u{200b}.")
}
