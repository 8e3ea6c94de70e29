use std::time::Duration;

/// How far a record must have come before emitting it returns.
///
/// Emitting never fails for it: who wants to fail asks the [`Receipt`](crate::Receipt).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// In the queue. The default for all severities; `high` and `critical` are synced at once all the same, without
    /// the caller waiting for it.
    #[default]
    Buffered,
    /// In the file: survives the end of the process.
    Written,
    /// On the disk: survives a power cut.
    Synced,
}

/// What happens to a record when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnFull {
    /// It is lost, and counted in an `AUDIT_GAP`. The default for `low` and `medium`.
    Shed,
    /// The caller waits this long for room; then it goes to the [emergency sink](crate::Emergency), and an `AUDIT_GAP`
    /// counts it as diverted, or as lost if there is no room either. The default for `high` and `critical`, with 50 ms.
    Block(Duration),
}

impl OnFull {
    pub(crate) const DEFAULT: [OnFull; 4] = {
        let block = OnFull::Block(Duration::from_millis(50));
        [OnFull::Shed, OnFull::Shed, block, block]
    };
}

impl std::fmt::Display for Durability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Durability::Buffered => "buffered",
            Durability::Written => "written",
            Durability::Synced => "synced",
        })
    }
}

impl std::fmt::Display for OnFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OnFull::Shed => f.pad("shed"),
            OnFull::Block(limit) => write!(f, "block {limit:?}"),
        }
    }
}
