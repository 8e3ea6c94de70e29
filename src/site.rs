//! Names known when compiled, and what they mean to each trail.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::OnceLock;

use crate::render::{How, Slot, Slots};
use crate::trail::Core;

/// The names of one call site, in the order of its values.
///
/// It is a `static` with names only. What a name means (its key, its redaction) is worked out once per trail: the first
/// trail's plan is kept here, where reading it takes no lock; plans for further trails are kept per thread.
pub struct Site {
    names: &'static [Name],
    first: OnceLock<Plan>,
}

/// One name of a [`Site`].
#[derive(Debug)]
pub struct Name {
    text: &'static str,
    /// Written as an identifier, so that an `r#` is not part of the name.
    ident: bool,
}

impl Name {
    /// The name of a message.
    pub const MESSAGE: Name = Name::text("message");

    /// A name from identifiers and points.
    pub const fn ident(text: &'static str) -> Name {
        Name { text, ident: true }
    }

    /// A name as it is.
    pub const fn text(text: &'static str) -> Name {
        Name { text, ident: false }
    }

    fn slot(&self, core: &Core) -> Slot {
        if self.ident && self.text.contains("r#") {
            let plain: Vec<&str> = self
                .text
                .split('.')
                .map(|part| part.strip_prefix("r#").unwrap_or(part))
                .collect();
            return Slot::for_event(&plain.join("."), &core.policy);
        }
        Slot::for_event(self.text, &core.policy)
    }
}

/// The slots of a site's names, for one trail.
#[derive(Debug)]
pub(crate) struct Plan {
    rules: Rules,
    slots: Slots,
}

/// A plan in use.
pub(crate) enum Planned<'a> {
    First(&'a Plan),
    Other(Rc<Plan>),
}

thread_local! {
    static OTHERS: RefCell<Others> = const { RefCell::new(HashMap::with_hasher(BuildHasherDefault::new())) };
}

/// By the site's address and the trail's number.
type Others = HashMap<(usize, u32), Rc<Plan>, BuildHasherDefault<AddressHasher>>;

/// Plans kept per thread for other than a site's first trail; when full, all are forgotten and made again.
const OTHERS_KEPT: usize = 1_024;

impl Site {
    /// A site with these names.
    pub const fn new(names: &'static [Name]) -> Site {
        Site {
            names,
            first: OnceLock::new(),
        }
    }

    /// What the names mean to this trail, in their order.
    #[inline]
    pub(crate) fn plan(&self, core: &Core) -> Planned<'_> {
        let first = self.first.get_or_init(|| self.make(core));
        if first.fits(core) {
            Planned::First(first)
        } else {
            Planned::Other(self.other(core))
        }
    }

    #[cold]
    fn other(&self, core: &Core) -> Rc<Plan> {
        // A site is a static with a lock inside, so that its address is its own and lasts.
        let place = (std::ptr::from_ref(self).addr(), core.id());
        let known = OTHERS.try_with(|others| {
            others
                .try_borrow()
                .ok()?
                .get(&place)
                .filter(|plan| plan.fits(core))
                .cloned()
        });
        if let Ok(Some(plan)) = known {
            return plan;
        }
        let plan = Rc::new(self.make(core));
        let _ = OTHERS.try_with(|others| {
            if let Ok(mut others) = others.try_borrow_mut() {
                if others.len() >= OTHERS_KEPT {
                    others.clear();
                }
                others.insert(place, Rc::clone(&plan));
            }
        });
        plan
    }

    fn make(&self, core: &Core) -> Plan {
        Plan {
            rules: core.rules(),
            slots: Slots::new(self.names.iter().map(|name| name.slot(core)).collect()),
        }
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names.iter().map(|name| name.text)).finish()
    }
}

impl Plan {
    #[inline]
    fn fits(&self, core: &Core) -> bool {
        self.rules == core.rules()
    }
}

impl Deref for Planned<'_> {
    type Target = Slots;

    #[inline]
    fn deref(&self) -> &Slots {
        match self {
            Planned::First(plan) => &plan.slots,
            Planned::Other(plan) => &plan.slots,
        }
    }
}

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

/// Each with the slot it has under these rules.
type Names = HashMap<Box<str>, (Rules, Rc<Slot>)>;

/// Names kept per thread that came at run time. They may come from outside, so there may be any number.
const NAMES_KEPT: usize = 256;

/// What a name that comes at run time means to a trail.
pub(crate) fn slot(name: &str, core: &Core) -> Rc<Slot> {
    let known = NAMES.try_with(|names| {
        let names = names.try_borrow().ok()?;
        let (rules, slot) = names.get(name)?;
        (*rules == core.rules()).then(|| Rc::clone(slot))
    });
    if let Ok(Some(slot)) = known {
        return slot;
    }
    let slot = Rc::new(Slot::for_event(name, &core.policy));
    let _ = NAMES.try_with(|names| {
        if let Ok(mut names) = names.try_borrow_mut() {
            if names.len() >= NAMES_KEPT {
                names.clear();
            }
            names.insert(name.into(), (core.rules(), Rc::clone(&slot)));
        }
    });
    slot
}

/// Whose redaction was applied. A trail keeps its policy for life; were it to change, its version would join here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    trail: u32,
}

impl Core {
    #[inline]
    pub(crate) fn rules(&self) -> Rules {
        Rules { trail: self.id() }
    }

    /// What this trail's values need to be taken.
    #[inline]
    pub(crate) fn how(&self) -> How<'_> {
        How {
            policy: &self.policy,
            limits: self.limits,
        }
    }
}

/// Multiplies and folds: keys are addresses and small numbers of our own making.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, part: u32) {
        self.write_u64(u64::from(part));
    }

    fn write_u64(&mut self, part: u64) {
        self.0 = (self.0.rotate_left(5) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_usize(&mut self, part: usize) {
        self.write_u64(part as u64);
    }
}
