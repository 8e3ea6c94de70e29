//! JSON to a place on the network, within a time, without saying where that is: its address may be a secret.

use std::fmt;
use std::io;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue, Uri};

use crate::error::{Error, ErrorKind};

/// The longest that a place may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where alerts are posted to.
pub(super) struct Place {
    agent: Agent,
    uri: Uri,
    /// Scheme, host and port: all that is shown of it.
    shown: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    patience: Duration,
}

impl Place {
    /// `path` is what comes behind the address that was given.
    pub(super) fn new(url: &str, path: &str) -> Result<Place, Error> {
        // Nothing of the text is said again: a token may be anywhere in it.
        let wrong = |what: &str, remedy: &str| Error::new(ErrorKind::Config, what).remedy(remedy);
        let whole = format!("{}{path}", url.trim_end_matches('/'));
        let given = if path.is_empty() { url } else { &whole };
        let plain = "use an address such as http://127.0.0.1:9093";
        let uri: Uri = given
            .parse()
            .map_err(|_| wrong("the address that alerts are to go to is no URL", plain))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(wrong(
                    "alerts go out over plain HTTP, and the address asks for TLS",
                    "let a relay on this host, or Alertmanager, speak to it",
                ));
            }
            _ => return Err(wrong("the address that alerts are to go to is not HTTP", plain)),
        }
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        let Some(authority) = authority else {
            return Err(wrong("the address that alerts are to go to names no host", plain));
        };
        if authority.as_str().contains('@') {
            return Err(wrong(
                "the address that alerts are to go to has a user's name in it",
                "give what proves who you are with authorization",
            ));
        }
        let shown = format!("http://{authority}");
        Ok(Place {
            agent: agent(PATIENCE),
            uri,
            shown,
            headers: Vec::new(),
            patience: PATIENCE,
        })
    }

    pub(super) fn patience(&mut self, patience: Duration) {
        self.patience = patience.max(Duration::from_millis(1));
        self.agent = agent(self.patience);
    }

    /// A header that says who we are; a value that cannot stand in a header is refused.
    pub(super) fn authorization(&mut self, value: &str) -> Result<(), Error> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            Error::new(
                ErrorKind::Config,
                "what is to stand in the header Authorization cannot stand there",
            )
            .remedy("use visible ASCII, such as Bearer and a token")
        })?;
        value.set_sensitive(true);
        self.headers.push((HeaderName::from_static("authorization"), value));
        Ok(())
    }

    /// Sends it, and looks at what the other side says.
    pub(super) fn send(&self, body: &Value) -> io::Result<()> {
        let mut request = self
            .agent
            .post(self.uri.clone())
            .header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = request.send(body.to_string()).map_err(|error| self.said(error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let kind = match status.as_u16() {
            // It is about what was sent, and will be the same next time.
            400 | 413 | 415 | 422 => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        Err(io::Error::new(
            kind,
            format!("{} answered {}", self.shown, status.as_u16()),
        ))
    }

    /// An error without the address.
    fn said(&self, error: ureq::Error) -> io::Error {
        let (kind, what) = match error {
            ureq::Error::Timeout(_) => (
                io::ErrorKind::TimedOut,
                format!("did not answer within {:?}", self.patience),
            ),
            ureq::Error::HostNotFound => (io::ErrorKind::NotFound, "is no host that is known".to_owned()),
            // Of the system, or of nobody who knows the address.
            ureq::Error::Io(error) if error.raw_os_error().is_some() => {
                (io::ErrorKind::Other, format!("cannot be reached: {error}"))
            }
            _ => (
                io::ErrorKind::Other,
                "cannot be reached, or does not speak HTTP".to_owned(),
            ),
        };
        io::Error::new(kind, format!("{} {what}", self.shown))
    }
}

fn agent(patience: Duration) -> Agent {
    // No redirect is followed, for the answer could send an alert anywhere, and nothing is read from the environment.
    Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("tracing-audit/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_being_shown() {
        for url in [
            "https://hooks.example.org/s3cret",
            "http://user:s3cret@example.org/",
            "s3cret",
            "ftp://example.org/s3cret",
            "http:///s3cret",
            "http://exa mple.org/s3cret",
        ] {
            let error = Place::new(url, "").expect_err("this cannot be used");
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        let mut place = Place::new("http://example.org:81/services/s3cret?token=s3cret", "").unwrap();
        place.authorization("Bearer s3cret").unwrap();
        assert!(place.authorization("line\nfeed").is_err());
        assert_eq!(format!("{place:?}"), "http://example.org:81");
    }
}
