//! The Merkle tree over a trail's records: RFC 6962, section 2.1, over leaves that are leaf hashes already
//! (docs/FORMAT.md, "Merkle tree").
//!
//! A tree is kept as its compact range: the roots of the perfect subtrees from left to right, one for each one bit of its
//! size. That is enough to grow it and to know its root, and enough to prove what came later after the leaves are gone.

#[cfg(feature = "sign")]
pub(crate) mod paths;
#[cfg(feature = "sign")]
pub(crate) mod proof;

use sha2::{Digest as _, Sha256};

use crate::chain::{Leaf, nodes};

/// A leaf, a node or a root.
pub(crate) type Hash = Leaf;

/// The parent of two nodes.
pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new_with_prefix([0x01])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// A tree of some size, without its leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    size: u64,
    peaks: Vec<Hash>,
}

impl Range {
    /// The tree of this size with these peaks, from left to right; `None` if it has not so many.
    pub(crate) fn of(size: u64, peaks: Vec<Hash>) -> Option<Range> {
        (peaks.len() == size.count_ones() as usize).then_some(Range { size, peaks })
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its perfect subtrees, from left to right.
    pub(crate) fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf.
    pub(crate) fn push(&mut self, leaf: Leaf) {
        self.push_noting(leaf, |_, _| {});
    }

    /// Appends a leaf, and gives every perfect subtree that it completes, itself included: the leaves and the root.
    fn push_noting(&mut self, leaf: Leaf, mut note: impl FnMut((u64, u64), &Hash)) {
        let (mut right, mut leaves) = (leaf, 1);
        let end = self.size + 1;
        note((self.size, end), &right);
        while self.size & leaves != 0 {
            let Some(left) = self.peaks.pop() else { break };
            right = node(&left, &right);
            leaves <<= 1;
            note((end - leaves, end), &right);
        }
        self.peaks.push(right);
        self.size = end;
    }

    /// Appends many leaves, level by level and two nodes at a time: in less time than one after the other takes. Leaves the
    /// vector empty, and its room for the next ones.
    pub(crate) fn append(&mut self, leaves: &mut Vec<Leaf>) {
        let (mut size, count) = (self.size, leaves.len() as u64);
        let mut left_over = Vec::new();
        // In place: the parents of a level stand where its first half stood.
        let level = leaves;
        while !level.is_empty() || size > 0 {
            if size & 1 == 1 && !level.is_empty() {
                // The last peak is this level's, and has a sister now.
                level.splice(..0, self.peaks.pop());
            } else if level.is_empty() {
                // What is left of the peaks stands.
                break;
            }
            if level.len() % 2 == 1 {
                left_over.extend(level.pop());
            }
            for at in 0..level.len().div_ceil(4) {
                let four = level.get(4 * at..).unwrap_or_default();
                let (first, second) = match four {
                    [a, b, c, d, ..] => {
                        let [first, second] = nodes([a, b], [c, d]);
                        (first, Some(second))
                    }
                    [a, b, ..] => (node(a, b), None),
                    _ => break,
                };
                for (to, parent) in level
                    .iter_mut()
                    .skip(2 * at)
                    .zip([Some(first), second].into_iter().flatten())
                {
                    *to = parent;
                }
            }
            level.truncate(level.len() / 2);
            size >>= 1;
        }
        self.peaks.extend(left_over.into_iter().rev());
        self.size += count;
    }

    /// The root: of nothing it is the hash of nothing.
    pub(crate) fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Sha256::digest([]).into(),
            Some(last) => peaks.fold(*last, |right, left| node(left, &right)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::chain::leaf;

    pub(crate) fn hex(text: &str) -> Hash {
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    }

    /// The eight leaves that Certificate Transparency's implementations are tested with.
    pub(crate) fn leaves() -> Vec<Leaf> {
        let inputs: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
            ],
        ];
        inputs.iter().map(|input| leaf(input)).collect()
    }

    /// Their published roots, by size.
    pub(crate) const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The definition, as RFC 6962 has it.
    pub(crate) fn by_definition(leaves: &[Leaf]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    #[test]
    fn roots_are_the_published_ones() {
        let mut range = Range::default();
        assert_eq!(range.root(), hex(ROOTS[0]));
        for (leaf, root) in leaves().into_iter().zip(&ROOTS[1..]) {
            range.push(leaf);
            assert_eq!(range.root(), hex(root), "size {}", range.size());
        }
    }

    #[test]
    fn a_tree_grown_leaf_by_leaf_is_the_one_of_the_definition_and_goes_on_from_its_peaks() {
        let leaves: Vec<Leaf> = (0..70_u32).map(|n| leaf(&n.to_le_bytes())).collect();
        let mut range = Range::default();
        for size in 0..=leaves.len() {
            assert_eq!(range.root(), by_definition(&leaves[..size]), "size {size}");
            let mut again = Range::of(range.size(), range.peaks().to_vec()).unwrap();
            assert_eq!(again, range);
            if let Some(leaf) = leaves.get(size) {
                again.push(*leaf);
                range.push(*leaf);
            }
            assert_eq!(again.root(), range.root());
        }
        assert!(Range::of(5, vec![[0; 32]; 3]).is_none());
    }

    #[test]
    fn many_leaves_at_once_make_the_tree_that_they_make_one_by_one() {
        let leaves: Vec<Leaf> = (0..300_u32).map(|n| leaf(&n.to_le_bytes())).collect();
        for begin in 0..40 {
            for count in (0..40).chain([100, 127, 128, 129, 255]) {
                let (mut one_by_one, mut at_once) = (Range::default(), Range::default());
                at_once.append(&mut leaves[..begin].to_vec());
                let mut more = leaves[begin..begin + count].to_vec();
                at_once.append(&mut more);
                leaves[..begin + count].iter().for_each(|leaf| one_by_one.push(*leaf));
                assert_eq!(at_once, one_by_one, "{count} behind {begin}");
                assert!(more.is_empty());
            }
        }
    }
}
