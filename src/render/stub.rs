//! Stands in for `redact` until it is there.
#[derive(Debug, Default)]
pub(crate) struct Policy;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    Keep,
    Mask,
    Hash,
    Sha256,
    Prefix(u8),
    Drop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    Credential,
    Card,
    Custom,
    Type,
}
impl Class {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Class::Credential => "credential",
            Class::Card => "card",
            Class::Custom => "custom",
            Class::Type => "type",
        }
    }
    pub(crate) const ALL: &'static [Class] = &[Class::Credential, Class::Card, Class::Custom, Class::Type];
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u8
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) treatment: Treatment,
    pub(crate) class: Class,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) escape: bool,
    pub(crate) suspicious: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Found(u32);
impl Found {
    pub(crate) const fn bits(&self) -> u32 {
        self.0
    }
}

static TABLE: [u8; 256] = {
    let mut t = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        if b < 0x20 || b == b'"' || b == b'\\' || b == 0x7f || b == 0xc2 || b == 0xd8 || b == 0xe2 || b == 0xef {
            t[i] |= 1;
        }
        if b == b'=' || b == b':' {
            t[i] |= 2;
        }
        i += 1;
    }
    t
};

impl Policy {
    pub(crate) fn name(&self, name: &str) -> Option<Verdict> {
        let lower = name.to_ascii_lowercase();
        let of = |treatment| {
            Some(Verdict {
                treatment,
                class: Class::Credential,
            })
        };
        if lower.contains("password") || lower.contains("secret") || lower == "pin" {
            return of(Treatment::Mask);
        }
        if lower.contains("hash_me") {
            return of(Treatment::Hash);
        }
        if lower.contains("drop_me") {
            return of(Treatment::Drop);
        }
        if lower.contains("prefix_me") {
            return of(Treatment::Prefix(8));
        }
        None
    }
    #[inline]
    pub(crate) fn scan(&self, bytes: &[u8]) -> Scan {
        let mut seen = 0;
        let mut digits = 0;
        for b in bytes {
            seen |= TABLE[usize::from(*b)];
            digits += usize::from(b.is_ascii_digit());
        }
        Scan {
            escape: seen & 1 != 0,
            suspicious: seen & 2 != 0 || digits >= 13,
        }
    }
    pub(crate) fn text(&self, text: &str, out: &mut String, found: &mut Found) -> bool {
        let mut changed = false;
        let card = "4111111111111111";
        let mut rest = text;
        loop {
            let a = rest.find(card).map(|at| (at, card.len(), Class::Card));
            let b = rest.find("password: ").map(|at| {
                let from = at + 10;
                let len = rest[from..].find([' ', ',', '}', ')']).unwrap_or(rest.len() - from);
                (from, len, Class::Credential)
            });
            let Some((at, len, class)) = [a, b].into_iter().flatten().min_by_key(|x| x.0) else {
                break;
            };
            out.push_str(&rest[..at]);
            out.push_str("[redacted]");
            found.0 |= class.bit();
            changed = true;
            rest = &rest[at + len..];
        }
        out.push_str(rest);
        changed
    }
    pub(crate) fn treat(&self, verdict: Verdict, text: &str, out: &mut String) {
        match verdict.treatment {
            Treatment::Keep => out.push_str(text),
            Treatment::Mask | Treatment::Drop => out.push_str("[redacted]"),
            Treatment::Hash | Treatment::Sha256 => {
                out.push_str("hmac:");
                out.push_str(&text.len().to_string())
            }
            Treatment::Prefix(_) => out.push_str(&text[..text.len().min(8)]),
        }
    }
}

pub(crate) const MARK_DROP: &str = "\0tracing-audit drop";
pub(crate) const MARK_MASK: &str = "\0tracing-audit mask";
pub(crate) const MARK_HASH: &str = "\0tracing-audit hash";
pub(crate) const REDACTED: &str = "[redacted]";
pub(crate) fn inside<R>(f: impl FnOnce() -> R) -> R {
    f()
}
