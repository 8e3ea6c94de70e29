//! The JSON object that a proof is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Claim, Content, Proof};
use crate::base64url;
use crate::chain::Head;
use crate::error::{Error, ErrorKind};
use crate::reader::line::SEQ_LIMIT;
use crate::sign::certificate::Certificate;

/// As it is written; what may be left out depends on the kind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    tracing_audit_proof: u64,
    kind: String,
    trail: String,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    rest: Option<String>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    leaf: Option<String>,
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    from: Option<From>,
    path: Vec<String>,
    checkpoint: Signed,
    keys: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    size: u64,
    root: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    header: String,
    notes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    file: u64,
    head: String,
    pk: String,
    sig: String,
}

/// A member that may be absent, but not `null`.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut object = Object {
            tracing_audit_proof: 1,
            kind: self.kind().to_owned(),
            trail: base64url::text(&self.trail),
            seq: None,
            rest: None,
            leaf: None,
            from: None,
            path: self.path.iter().map(|hash| base64url::text(hash)).collect(),
            checkpoint: Signed {
                header: self.header.clone(),
                notes: self.notes.clone(),
            },
            keys: self.keys.iter().map(Line::of).collect(),
        };
        match &self.claim {
            Claim::Record { seq, content } => {
                object.seq = Some(*seq);
                match content {
                    Content::Rest(rest) => object.rest = Some(rest.clone()),
                    Content::Leaf(leaf) => object.leaf = Some(base64url::text(leaf)),
                }
            }
            Claim::Growth { size, root } => {
                object.from = Some(From {
                    size: *size,
                    root: base64url::text(root),
                });
            }
        }
        f.write_str(&serde_json::to_string(&object).map_err(|_| fmt::Error)?)
    }
}

impl Proof {
    fn kind(&self) -> &'static str {
        match self.claim {
            Claim::Record { .. } => "inclusion",
            Claim::Growth { .. } => "consistency",
        }
    }
}

impl FromStr for Proof {
    type Err = Error;

    /// Reads the JSON object in any spelling, but with no key that it does not know, and none twice. Checks nothing else.
    fn from_str(text: &str) -> Result<Proof, Error> {
        #[derive(Deserialize)]
        struct Version {
            tracing_audit_proof: u64,
        }
        let wrong = |what: &dyn fmt::Display| Error::new(ErrorKind::Damaged, format!("this is no proof: {what}"));
        let version: Version = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        if version.tracing_audit_proof != 1 {
            let newer = version.tracing_audit_proof;
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("a proof of version {newer}, and this build knows version 1"),
            )
            .remedy("use a newer build of tracing-audit"));
        }
        let object: Object = serde_json::from_str(text).map_err(|error| wrong(&error))?;
        let hash = |name: &'static str, text: &str| {
            base64url::parse::<32>(text.as_bytes()).ok_or_else(|| wrong(&format!("{name} is no hash")))
        };
        let number = |name: &'static str, number: u64| match number < SEQ_LIMIT {
            true => Ok(number),
            false => Err(wrong(&format!("{name} is too large"))),
        };
        let claim = match (&*object.kind, object.seq, object.rest, object.leaf, object.from) {
            ("inclusion", Some(seq), Some(rest), None, None) => Claim::Record {
                seq: number("seq", seq)?,
                content: Content::Rest(rest),
            },
            ("inclusion", Some(seq), None, Some(leaf), None) => Claim::Record {
                seq: number("seq", seq)?,
                content: Content::Leaf(hash("leaf", &leaf)?),
            },
            ("consistency", None, None, None, Some(from)) => Claim::Growth {
                size: number("size", from.size)?,
                root: hash("root", &from.root)?,
            },
            _ => return Err(wrong(&"its kind and its keys do not go together")),
        };
        Ok(Proof {
            trail: base64url::parse(object.trail.as_bytes()).ok_or_else(|| wrong(&"trail is no trail id"))?,
            claim,
            path: object
                .path
                .iter()
                .map(|text| hash("path", text))
                .collect::<Result<_, _>>()?,
            header: object.checkpoint.header,
            notes: object.checkpoint.notes,
            keys: object
                .keys
                .iter()
                .map(|line| {
                    line.read()
                        .ok_or_else(|| wrong(&"one of keys is no line of audit.keys"))
                })
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Line {
    fn of(certificate: &Certificate) -> Line {
        Line {
            file: certificate.file,
            head: certificate.head.text(),
            pk: base64url::text(&certificate.pk),
            sig: base64url::text(&certificate.sig),
        }
    }

    fn read(&self) -> Option<Certificate> {
        Some(Certificate {
            file: Some(self.file).filter(|file| (1..SEQ_LIMIT).contains(file))?,
            head: Head::parse(&self.head)?,
            pk: base64url::parse(self.pk.as_bytes())?,
            sig: base64url::parse(self.sig.as_bytes())?,
        })
    }
}
