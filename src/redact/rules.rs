//! What the program says about redaction: a value, compiled later into a policy.

use super::{Class, Found, Policy, Shape, Treatment};

/// Which values are secret, and what is written in their place.
///
/// # The standard policy
///
/// *By name*: every class of [`Class`] but [`Class::Contact`] is masked. Names are compared by words, whatever their spelling
/// (`api_key`, `apiKey`, `X-API-Key`, `user[api_key]`, `apikey2`), so `author`, `token_count` and `monkey` stay, as do names *about* a
/// secret (`password_changed_at`, `has_password`, `token_type`, `api_key_prefix`, `key_id`). The same names count inside texts: nested
/// JSON, query strings, header lines, `Debug` output, connection strings.
///
/// What stands behind such a name in a text and only speaks of a secret stays: `auth=success`, `password: (none)`, `token=${TOKEN}`.
///
/// *By shape*: every shape of [`Shape`] but [`Shape::Email`] is masked, wherever it stands.
///
/// The record's own `session_id`, `user_id`, `username`, `ip` and e-mail addresses stay: they say who acted. The presets hash some of them,
/// [`Redaction::strict`] hashes them all but the address of the peer.
///
/// # What it cannot know
///
/// A secret without a telling name and form: `note = "the code is hunter2"`, or a key behind nothing but the name of its service. Wrap such
/// values in [`Secret`](crate::Secret), or add the name.
///
/// ```
/// use tracing_audit::{Redaction, Treatment};
///
/// let redaction = Redaction::standard()
///     .field("employee number", Treatment::Mask)
///     .field("api_key", Treatment::Prefix(8));
/// assert_eq!(redaction.preview("employeeNumber", "4711").as_deref(), Some("[redacted]"));
/// assert_eq!(redaction.preview("url", "ftp://ann:x@host/").as_deref(), Some("ftp://ann:[redacted]@host/"));
/// assert_eq!(redaction.preview("author", "Ann").as_deref(), Some("Ann"));
/// ```
#[derive(Clone, Debug)]
pub struct Redaction {
    base: Base,
    classes: Vec<(Class, Treatment)>,
    fields: Vec<(String, Treatment)>,
    shapes: Vec<(Shape, Treatment)>,
}

#[derive(Clone, Copy, Debug)]
enum Base {
    None,
    Standard,
}

impl Default for Redaction {
    fn default() -> Self {
        Self::standard()
    }
}

impl Redaction {
    /// The names and shapes described above. The default.
    pub const fn standard() -> Self {
        Self {
            base: Base::Standard,
            classes: Vec::new(),
            fields: Vec::new(),
            shapes: Vec::new(),
        }
    }

    /// The standard policy, and who acted only as keyed hashes: `session_id`, `user_id`, `username`, and
    /// e-mail addresses, telephone numbers, names and postal addresses by name; e-mail addresses also inside texts.
    pub fn strict() -> Self {
        Self::standard()
            .class(Class::Contact, Treatment::Hash)
            .shape(Shape::Email, Treatment::Hash)
            .field("session_id", Treatment::Hash)
            .field("user_id", Treatment::Hash)
            .field("username", Treatment::Hash)
    }

    /// Nothing by name or shape; wrapped values are still redacted. For trails that hold no text from outside.
    pub const fn none() -> Self {
        Self {
            base: Base::None,
            classes: Vec::new(),
            fields: Vec::new(),
            shapes: Vec::new(),
        }
    }

    /// Says what happens to a field: adds a name, or overrides what the policy says of it.
    ///
    /// The name matches as whole words in any spelling, also within longer names (`badge` matches `user.badge_no`,
    /// not `badge_count`); with [`Treatment::Keep`] only as the whole name. Of several that match, the whole name counts, then
    /// the last given.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, treatment: Treatment) -> Self {
        self.fields.push((name.into(), treatment));
        self
    }

    /// Says what happens to all names of a class.
    #[must_use]
    pub fn class(mut self, class: Class, treatment: Treatment) -> Self {
        self.classes.push((class, treatment));
        self
    }

    /// Says what happens to a shape inside texts.
    #[must_use]
    pub fn shape(mut self, shape: Shape, treatment: Treatment) -> Self {
        self.shapes.push((shape, treatment));
        self
    }

    /// Everything this policy does not keep, for status and configuration: `class card`, `field badge`, `shape jwt`, each with
    /// its treatment.
    pub fn rules(&self) -> Vec<(String, Treatment)> {
        let mut rules = Vec::new();
        for (class, treatment) in Class::ALL.iter().zip(self.classes()) {
            // The class of added names and the one of wrapped values have no names of their own.
            if treatment != Treatment::Keep && !matches!(class, Class::Custom | Class::Type) {
                rules.push((format!("class {class}"), treatment));
            }
        }
        rules.extend(
            self.fields()
                .map(|(name, treatment)| (format!("field {name}"), treatment)),
        );
        for (shape, treatment) in Shape::ALL.iter().zip(self.shapes()) {
            if treatment != Treatment::Keep {
                rules.push((format!("shape {shape}"), treatment));
            }
        }
        rules
    }

    /// What a record would hold for a field of this name and text; `None` if the field would be left out.
    ///
    /// For trying a policy out: it compiles the policy anew, and has no key, so hashes show as `[redacted]`.
    pub fn preview(&self, name: &str, value: &str) -> Option<String> {
        let policy = Policy::compile(self, None);
        let mut out = String::new();
        match policy.name(name) {
            Some(verdict) if verdict.treatment == Treatment::Drop => return None,
            Some(verdict) => policy.treat(verdict, value, &mut out),
            None if policy.text(value, &mut out, &mut Found::default()) => {}
            None => out.push_str(value),
        }
        Some(out)
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, Treatment)> {
        self.fields.iter().map(|(name, treatment)| (name.as_str(), *treatment))
    }

    pub(super) fn classes(&self) -> [Treatment; Class::COUNT] {
        let mut all = [self.base.treatment(); Class::COUNT];
        let contact = std::iter::once((Class::Contact, Treatment::Keep));
        for (class, treatment) in contact.chain(self.classes.iter().copied()) {
            if let Some(slot) = all.get_mut(class as usize) {
                *slot = treatment;
            }
        }
        all
    }

    pub(super) fn shapes(&self) -> [Treatment; Shape::COUNT] {
        let mut all = [self.base.treatment(); Shape::COUNT];
        let email = std::iter::once((Shape::Email, Treatment::Keep));
        for (shape, treatment) in email.chain(self.shapes.iter().copied()) {
            if let Some(slot) = all.get_mut(shape as usize) {
                *slot = treatment;
            }
        }
        all
    }
}

impl Base {
    const fn treatment(self) -> Treatment {
        match self {
            Self::None => Treatment::Keep,
            Self::Standard => Treatment::Mask,
        }
    }
}
