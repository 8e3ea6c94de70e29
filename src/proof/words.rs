//! What a proof proves, and what it does not, for people and as JSON.

use std::fmt;

use serde_json::{Value, json};

use super::{Fact, Proven};
use crate::base64url;

/// What nothing that leads to a signed checkpoint can show.
pub(crate) const BEHIND: &str = "Records behind the signed checkpoint are not spoken of.";
pub(crate) const THIEF: &str = "A thief of the keys of a running trail can sign what never was: hold size and root against a \
     checkpoint that was kept elsewhere.";

impl Proven {
    /// What this does not show, a sentence each.
    pub fn limits(&self) -> Vec<&'static str> {
        let mut limits = match &self.fact {
            Fact::Record { json, .. } => {
                let mut limits =
                    vec!["That what the record says is true, and what stands in other records, is not shown."];
                if json.is_none() {
                    limits.push(
                        "The content is not in the proof: who has it can hold it against the hash, and who guesses it, too.",
                    );
                }
                limits
            }
            Fact::Growth { .. } => vec![
                "What the records say is not shown: only that none of the first ones was changed, removed or added since.",
            ],
        };
        limits.extend([BEHIND, THIEF]);
        limits
    }

    /// All of it as one JSON object on one line, hashes in base64url.
    pub fn to_json(&self) -> String {
        let mut object = json!({
            "verdict": "verified",
            "exit_code": 0,
            "trail": self.trail,
            "size": self.size,
            "root": base64url::text(&self.root),
            "checkpoint_key": self.checkpoint_key,
            "limits": self.limits(),
        });
        let fact = match &self.fact {
            Fact::Record { seq, leaf, json } => json!({
                "kind": "inclusion",
                "seq": seq,
                "leaf": base64url::text(leaf),
                "record": json,
            }),
            Fact::Growth { size, root } => json!({
                "kind": "consistency",
                "from": { "size": size, "root": base64url::text(root) },
            }),
        };
        if let (Some(object), Value::Object(fact)) = (object.as_object_mut(), fact) {
            object.extend(fact);
        }
        object.to_string()
    }
}

/// The first line is what is proven.
impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trail, size) = (&self.trail, self.size);
        match &self.fact {
            Fact::Record { seq, leaf, json } => {
                writeln!(
                    f,
                    "verified: record {seq} is one of the {size} that trail {trail} had signed"
                )?;
                if let Some(json) = json {
                    writeln!(f, "record: {json}")?;
                }
                writeln!(f, "leaf: {}", base64url::text(leaf))?;
            }
            Fact::Growth { size: from, root } => {
                writeln!(
                    f,
                    "verified: the {size} records that trail {trail} had signed begin with those {from}, unchanged"
                )?;
                writeln!(f, "from root: {}", base64url::text(root))?;
            }
        }
        writeln!(f, "root: {}", base64url::text(&self.root))?;
        writeln!(f, "signed by: {}", self.checkpoint_key)?;
        self.limits().iter().try_for_each(|limit| writeln!(f, "- {limit}"))
    }
}
