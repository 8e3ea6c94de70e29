//! What a crash keeps, chosen by tests.

/// What a crash keeps of what was not synced. Each question is asked once for each change or sector.
pub(crate) trait Luck {
    fn keeps(&mut self) -> bool;
}

/// All of it: the process died and the machine did not.
pub(crate) struct All;
/// None of it.
pub(crate) struct Nothing;
/// What the numbers say: a small generator, so that a seed names a crash.
pub(crate) struct Dice(pub(crate) u64);

impl Luck for All {
    fn keeps(&mut self) -> bool {
        true
    }
}

impl Luck for Nothing {
    fn keeps(&mut self) -> bool {
        false
    }
}

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

impl Luck for Dice {
    fn keeps(&mut self) -> bool {
        self.next() & 1 == 0
    }
}
