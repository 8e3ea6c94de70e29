//! Where captured spans live: one table for the process, keyed by span id and scope.
//!
//! Not the registry's extensions: those box what is stored (an allocation a span), cost a lock and a hash look-up for
//! every event, and need a registry. Not a map behind sharded locks either: opening, entering and closing a span would
//! take three locks, which is more than the whole budget. Here an id hashes to a bucket of four nodes; opening takes
//! the one lock of a free node, while entering and closing only load and store the bucket's ids.
//!
//! Invariants:
//! - A node is taken under its lock, while its id is 0, and its id is stored last (release), so whoever finds the id
//!   (acquire) finds everything else. The one who closes the span stores 0; ids of live spans of a scope are unique.
//! - No code of the user's runs under a node's lock, and no second lock is taken under it. It is held for as long as a
//!   few hundred bytes take to move, and is a spin lock: giving a lock of `std` or `parking_lot` back costs as much as
//!   taking it, a fifth of all that a span may cost.
//! - Tables only grow: when a bucket is full, the next level, twice as large, takes the span. Nodes and the buffers
//!   inside are reused, so that a steady state allocates nothing.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use spin::mutex::{SpinMutex, SpinMutexGuard};

use crate::render::Fields;

/// Whose spans: every `AuditLayer` has a scope of its own, since two subscribers may give out the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The trail's number in the process.
    pub(crate) trail: u32,
    /// The layer's number in the process.
    pub(crate) layer: u32,
}

/// Where a node is. Valid while its span is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Place {
    pub(crate) const NONE: Place = Place(u32::MAX);

    pub(crate) fn some(self) -> Option<Place> {
        (self != Place::NONE).then_some(self)
    }

    fn at(level: usize, bucket: usize, way: usize) -> Place {
        Place(((level as u32) << INDEX_BITS) | ((bucket * WAYS + way) as u32))
    }
}

/// What a span is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// More verbose than we look: as if it did not exist.
    Transparent,
    /// Has nothing to say, but stands below one that has.
    Link,
    /// Has fields that enter records.
    Captured,
    /// Becomes a record when it closes.
    Audit,
}

/// The context of one span, and its place in the tree.
#[derive(Debug)]
pub(crate) struct Node {
    layer: AtomicU32,
    kind: AtomicU8,
    /// The nearest node, this one or above, that has a context.
    seat: AtomicU32,
    /// The seat of the parent.
    parent: AtomicU32,
    parent_id: AtomicU64,
    root: AtomicU32,
    /// The nearest landing above; see `context`.
    landing: AtomicU32,
    /// Seats above.
    depth: AtomicU32,
    /// Changes whenever the node is taken and, in a root, whenever a span of its tree records something.
    epoch: AtomicU64,
    /// What happened to an audit span; see `Ending`.
    pub(crate) ending: AtomicU32,
    body: SpinMutex<Body>,
}

/// What a node's lock guards.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// The span's own values.
    pub(crate) own: Option<Box<Fields>>,
    /// Merged with all above, in landings only.
    pub(crate) memo: Option<Box<Fields>>,
    pub(crate) memo_at: u64,
    /// Of an audit span: what becomes the record.
    pub(crate) audit: Option<Box<super::Audit>>,
}

impl Node {
    pub(crate) fn kind(&self) -> Kind {
        match self.kind.load(Ordering::Relaxed) {
            0 => Kind::Transparent,
            1 => Kind::Link,
            2 => Kind::Captured,
            _ => Kind::Audit,
        }
    }

    pub(crate) fn seat(&self) -> Place {
        Place(self.seat.load(Ordering::Relaxed))
    }

    pub(crate) fn parent(&self) -> Option<(Place, u64)> {
        let place = Place(self.parent.load(Ordering::Relaxed)).some()?;
        Some((place, self.parent_id.load(Ordering::Relaxed)))
    }

    pub(crate) fn root(&self) -> Place {
        Place(self.root.load(Ordering::Relaxed))
    }

    pub(crate) fn landing(&self) -> Option<Place> {
        Place(self.landing.load(Ordering::Relaxed)).some()
    }

    pub(crate) fn depth(&self) -> u32 {
        self.depth.load(Ordering::Relaxed)
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Says that something was recorded in the tree of this root.
    pub(crate) fn advance(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// `None` only in a forked child whose parent held the lock at the fork: it is held for nanoseconds.
    #[inline]
    pub(crate) fn body(&self) -> Option<SpinMutexGuard<'_, Body>> {
        self.body.try_lock().or_else(|| self.body_held())
    }

    #[cold]
    fn body_held(&self) -> Option<SpinMutexGuard<'_, Body>> {
        let end = Instant::now() + PATIENCE;
        loop {
            for _ in 0..64 {
                std::hint::spin_loop();
                if let Some(body) = self.body.try_lock() {
                    return Some(body);
                }
            }
            if Instant::now() > end {
                return None;
            }
            std::thread::yield_now();
        }
    }
}

/// Where a new span stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) kind: Kind,
    /// The parent's own place, if it has one.
    pub(crate) parent: Place,
}

/// Nodes in a bucket.
const WAYS: usize = 4;
/// Buckets of the first level.
const FIRST: usize = 256;
/// Levels, each twice as large as the one before: four million open spans.
const LEVELS: usize = 12;
const INDEX_BITS: u32 = 27;

struct Bucket {
    ids: [AtomicU64; WAYS],
    nodes: [Node; WAYS],
}

type Level = Box<[Bucket]>;

/// The first level, apart from the others: as a rule there are no others.
static TABLE: OnceLock<Level> = OnceLock::new();
static MORE: [OnceLock<Level>; LEVELS - 1] = [const { OnceLock::new() }; LEVELS - 1];

/// Whether there are others.
static GROWN: AtomicBool = AtomicBool::new(false);

const PATIENCE: Duration = Duration::from_millis(200);

/// A node is a landing every so many steps.
pub(crate) const STRIDE: u32 = 8;

/// Takes a node for a span that opens, and lets `fill` move its values in. `None` if millions of spans are open.
#[inline]
pub(crate) fn open(scope: Scope, id: u64, stand: Stand, mut fill: impl FnMut(&mut Body)) -> Option<Place> {
    let hash = hash(scope, id);
    let buckets = TABLE.get_or_init(|| make(0));
    open_at(0, buckets, hash, scope, id, stand, &mut fill).or_else(|| open_further(hash, scope, id, stand, &mut fill))
}

#[inline]
fn open_at(
    level: usize,
    buckets: &'static Level,
    hash: usize,
    scope: Scope,
    id: u64,
    stand: Stand,
    fill: &mut impl FnMut(&mut Body),
) -> Option<Place> {
    let index = hash & (buckets.len() - 1);
    let bucket = buckets.get(index)?;
    for (way, (held, node)) in bucket.ids.iter().zip(&bucket.nodes).enumerate() {
        if held.load(Ordering::Relaxed) != 0 {
            continue;
        }
        let Some(mut body) = node.body.try_lock() else { continue };
        if held.load(Ordering::Acquire) != 0 {
            continue;
        }
        let place = Place::at(level, index, way);
        node.place(place, scope, stand);
        fill(&mut body);
        held.store(id, Ordering::Release);
        return Some(place);
    }
    None
}

#[cold]
fn open_further(hash: usize, scope: Scope, id: u64, stand: Stand, fill: &mut impl FnMut(&mut Body)) -> Option<Place> {
    GROWN.store(true, Ordering::Release);
    MORE.iter().enumerate().find_map(|(above, level)| {
        let buckets = level.get_or_init(|| make(above + 1));
        open_at(above + 1, buckets, hash, scope, id, stand, fill)
    })
}

/// A node, and where the id of its span stands. Kept, it saves the way to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) place: Place,
    pub(crate) node: &'static Node,
    id: &'static AtomicU64,
}

impl Found {
    /// The id of the span that has the node now; 0 if none has.
    #[inline]
    pub(crate) fn held(self) -> u64 {
        self.id.load(Ordering::Acquire)
    }

    /// The span has closed: gives the node back.
    #[inline]
    pub(crate) fn close(self) {
        self.id.store(0, Ordering::Release);
    }
}

/// The node of an open span.
#[inline]
pub(crate) fn find(scope: Scope, id: u64) -> Option<Found> {
    let hash = hash(scope, id);
    let found = find_at(0, TABLE.get()?, hash, scope, id);
    if found.is_some() || !GROWN.load(Ordering::Acquire) {
        return found;
    }
    find_further(hash, scope, id)
}

#[inline]
fn find_at(level: usize, buckets: &'static Level, hash: usize, scope: Scope, id: u64) -> Option<Found> {
    let index = hash & (buckets.len() - 1);
    let bucket = buckets.get(index)?;
    for (way, (held, node)) in bucket.ids.iter().zip(&bucket.nodes).enumerate() {
        if held.load(Ordering::Acquire) == id && node.layer.load(Ordering::Relaxed) == scope.layer {
            return Some(Found {
                place: Place::at(level, index, way),
                node,
                id: held,
            });
        }
    }
    None
}

#[cold]
fn find_further(hash: usize, scope: Scope, id: u64) -> Option<Found> {
    let mut made = MORE.iter().map_while(OnceLock::get).enumerate();
    made.find_map(|(above, buckets)| find_at(above + 1, buckets, hash, scope, id))
}

/// The node at a place, and the id it holds now: 0 if its span has closed.
#[inline]
pub(crate) fn at(place: Place) -> Option<(&'static Node, u64)> {
    let found = found_at(place)?;
    Some((found.node, found.held()))
}

/// The node at a place, whether or not its span is open.
#[inline]
pub(crate) fn found_at(place: Place) -> Option<Found> {
    let index = (place.0 & ((1 << INDEX_BITS) - 1)) as usize;
    let level = (place.0 >> INDEX_BITS) as usize;
    let buckets = match level.checked_sub(1) {
        None => TABLE.get()?,
        Some(above) => MORE.get(above)?.get()?,
    };
    let bucket = buckets.get(index / WAYS)?;
    Some(Found {
        place,
        node: bucket.nodes.get(index % WAYS)?,
        id: bucket.ids.get(index % WAYS)?,
    })
}

impl Node {
    #[inline]
    fn place(&self, place: Place, scope: Scope, stand: Stand) {
        let above = stand.parent.some().and_then(|parent| at(at(parent)?.0.seat()));
        let has_context = matches!(stand.kind, Kind::Captured | Kind::Audit);
        let parent_seat = above.map_or(Place::NONE, |(node, _)| node.seat());
        let relaxed = Ordering::Relaxed;
        self.layer.store(scope.layer, relaxed);
        self.kind.store(stand.kind as u8, relaxed);
        self.seat
            .store(if has_context { place.0 } else { parent_seat.0 }, relaxed);
        self.parent.store(parent_seat.0, relaxed);
        self.ending.store(0, relaxed);
        match above {
            Some((node, id)) => {
                let landing = if node.is_landing() {
                    node.seat()
                } else {
                    Place(node.landing.load(relaxed))
                };
                self.parent_id.store(id, relaxed);
                self.root.store(node.root.load(relaxed), relaxed);
                self.landing.store(landing.0, relaxed);
                self.depth.store(node.depth() + 1, relaxed);
            }
            None => {
                self.parent_id.store(0, relaxed);
                self.root.store(place.0, relaxed);
                self.landing.store(Place::NONE.0, relaxed);
                self.depth.store(0, relaxed);
            }
        }
        // Only the holder of the lock gets here, and nobody records in a tree whose root is not open yet.
        self.epoch.store(self.epoch.load(relaxed) + 1, Ordering::Release);
    }

    fn is_landing(&self) -> bool {
        let depth = self.depth();
        depth > 0 && depth.is_multiple_of(STRIDE)
    }
}

#[inline]
fn hash(scope: Scope, id: u64) -> usize {
    let mixed = (id ^ (u64::from(scope.layer) << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as usize
}

#[cold]
fn make(level: usize) -> Level {
    let node = || Node {
        layer: AtomicU32::new(0),
        kind: AtomicU8::new(0),
        seat: AtomicU32::new(Place::NONE.0),
        parent: AtomicU32::new(Place::NONE.0),
        parent_id: AtomicU64::new(0),
        root: AtomicU32::new(Place::NONE.0),
        landing: AtomicU32::new(Place::NONE.0),
        depth: AtomicU32::new(0),
        epoch: AtomicU64::new(0),
        ending: AtomicU32::new(0),
        body: SpinMutex::new(Body::default()),
    };
    (0..FIRST << level)
        .map(|_| Bucket {
            ids: [const { AtomicU64::new(0) }; WAYS],
            nodes: std::array::from_fn(|_| node()),
        })
        .collect()
}
