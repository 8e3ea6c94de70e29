//! That a record is in a tree, and that one tree goes on from another (RFC 6962, sections 2.1.1 and 2.1.2; checked as in
//! RFC 9162, sections 2.1.3.2 and 2.1.4.2).
//!
//! A proof is a list of subtrees' roots. Each subtree covers leaves that stand together, no two cover the same one, and the
//! tree of some leaves alone is the subtree itself. So one pass over the leaves in their order makes any proof, and what
//! was pruned is known by the peaks that are left of it.

use super::{Hash, Range, node};
use crate::chain::Leaf;

/// The largest power of two below `size`, which is above one.
fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// Leaves from one index up to another.
pub(crate) type Span = (u64, u64);

/// The subtrees that prove leaf `index` in a subtree, as the proof lists them: from the leaf up.
pub(super) fn path_spans(index: u64, (mut from, mut to): Span) -> Vec<Span> {
    let mut spans = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        match index < middle {
            true => {
                spans.push((middle, to));
                to = middle;
            }
            false => {
                spans.push((from, middle));
                from = middle;
            }
        }
    }
    spans.reverse();
    spans
}

/// The subtrees that prove that a tree of `new` goes on from one of `old`; both are above zero.
fn consistency_spans(old: u64, new: u64) -> Vec<Span> {
    let (mut from, mut to) = (0, new);
    let mut spans = Vec::new();
    // Whether the subtree in hand is the old tree whole, whose root the verifier has.
    let mut whole = true;
    while to - from > 1 && old != to {
        let middle = from + split(to - from);
        match old <= middle {
            true => {
                spans.push((middle, to));
                to = middle;
            }
            false => {
                spans.push((from, middle));
                from = middle;
                whole = false;
            }
        }
    }
    if !whole {
        spans.push((from, to));
    }
    spans.reverse();
    spans
}

/// Makes a proof from leaves that are given in their order.
#[derive(Debug)]
pub(crate) struct Prover {
    spans: Vec<(Span, Range)>,
    next: u64,
}

/// What stands in a proof lies before the oldest leaf that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pruned;

impl Prover {
    /// For leaf `index` in a tree of `size`. `before` is the tree of all leaves that are not left.
    pub(crate) fn inclusion(index: u64, size: u64, before: &Range) -> Result<Prover, Pruned> {
        match index < size && index >= before.size() {
            true => Prover::of(path_spans(index, (0, size)), before),
            false => Err(Pruned),
        }
    }

    /// For a tree of `new` that goes on from one of `old`.
    pub(crate) fn consistency(old: u64, new: u64, before: &Range) -> Result<Prover, Pruned> {
        match old <= new && old >= before.size() {
            true if old == 0 => Prover::of(Vec::new(), before),
            true => Prover::of(consistency_spans(old, new), before),
            false => Err(Pruned),
        }
    }

    fn of(spans: Vec<Span>, before: &Range) -> Result<Prover, Pruned> {
        let begin = |span: Span| Some((span, known(span, before)?));
        Ok(Prover {
            spans: spans.into_iter().map(begin).collect::<Option<_>>().ok_or(Pruned)?,
            next: before.size(),
        })
    }

    /// The next leaf. Those behind the tree change nothing.
    pub(crate) fn push(&mut self, leaf: Leaf) {
        let at = self.next;
        self.next += 1;
        for ((from, to), range) in &mut self.spans {
            if (*from..*to).contains(&at) {
                range.push(leaf);
                return;
            }
        }
    }

    /// The proof; `None` if leaves are missing at the end.
    pub(crate) fn finish(self) -> Option<Vec<Hash>> {
        let root = |((from, to), range): (Span, Range)| (range.size() == to - from).then(|| range.root());
        self.spans.into_iter().map(root).collect()
    }
}

/// The part of a span that lies before the leaves that are left; `None` if the peaks do not give it.
fn known((from, to): Span, before: &Range) -> Option<Range> {
    let mut at = 0;
    let mut inside = Vec::new();
    let mut size = 0;
    for (peak, bit) in before.peaks().iter().zip(bits(before.size())) {
        let end = at + bit;
        if end > from && at < to {
            // A peak that reaches out of the span is of no use for it.
            (at >= from && end <= to).then_some(())?;
            inside.push(*peak);
            size += bit;
        }
        at = end;
    }
    Range::of(size, inside)
}

/// The one bits of a number, the greatest first.
pub(super) fn bits(number: u64) -> impl Iterator<Item = u64> {
    (0..64)
        .rev()
        .map(|bit| 1_u64 << bit)
        .filter(move |bit| number & bit != 0)
}

/// Whether a leaf is in a tree.
pub(crate) fn is_included(leaf: &Leaf, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut first, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if first & 1 == 1 || first == last {
            hash = node(sibling, &hash);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree with root `new_root` goes on from the one with root `old_root`.
pub(crate) fn is_consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == Range::default().root();
    }
    let mut path = path.iter();
    let begin = match old.is_power_of_two() {
        true => *old_root,
        false => match path.next() {
            Some(first) => *first,
            None => return false,
        },
    };
    let (mut first, mut last) = (old - 1, new - 1);
    while first & 1 == 1 {
        first >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (begin, begin);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if first & 1 == 1 || first == last {
            old_hash = node(sibling, &old_hash);
            new_hash = node(sibling, &new_hash);
            while first & 1 == 0 && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node(&new_hash, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ROOTS, by_definition, hex, leaves};
    use super::*;
    use crate::chain::leaf;

    fn many(count: u32) -> Vec<Leaf> {
        (0..count).map(|n| leaf(&n.to_le_bytes())).collect()
    }

    fn tree(leaves: &[Leaf]) -> Range {
        let mut range = Range::default();
        leaves.iter().for_each(|leaf| range.push(*leaf));
        range
    }

    fn prove(prover: Result<Prover, Pruned>, left: &[Leaf]) -> Result<Vec<Hash>, Pruned> {
        let mut prover = prover?;
        left.iter().for_each(|leaf| prover.push(*leaf));
        Ok(prover.finish().unwrap())
    }

    /// Paths as RFC 6962 defines them, on the published leaves.
    #[test]
    fn the_published_proofs_come_out() {
        let leaves = leaves();
        let root = |size: usize| hex(ROOTS[size]);
        let part = |from: usize, to: usize| by_definition(&leaves[from..to]);
        let none = Range::default();
        // RFC 6962, section 2.1.3, in its letters: a..j are the leaves' hashes, g h i j the nodes above them, k l above those.
        let path = prove(Prover::inclusion(0, 7, &none), &leaves[..7]).unwrap();
        assert_eq!(path, [leaves[1], part(2, 4), part(4, 7)]);
        let path = prove(Prover::inclusion(6, 7, &none), &leaves[..7]).unwrap();
        assert_eq!(path, [part(4, 6), part(0, 4)]);
        let path = prove(Prover::consistency(3, 7, &none), &leaves[..7]).unwrap();
        assert_eq!(path, [leaves[2], leaves[3], part(0, 2), part(4, 7)]);
        let path = prove(Prover::consistency(4, 7, &none), &leaves[..7]).unwrap();
        assert_eq!(path, [part(4, 7)]);
        let path = prove(Prover::consistency(6, 7, &none), &leaves[..7]).unwrap();
        assert_eq!(path, [part(4, 6), leaves[6], part(0, 4)]);
        assert!(is_consistent(6, &root(6), 7, &root(7), &path));
    }

    /// Those that others hold their verifiers against. To them nothing goes on from no leaf at all; here everything does.
    #[test]
    fn published_probes_hold_or_fail_as_they_should() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/merkle_probes.txt");
        let text = std::fs::read_to_string(path).unwrap();
        let mut held = [0, 0];
        for probe in text.lines().filter(|line| !line.starts_with('#')) {
            let [kind, first, size, old, root, path, holds] = probe.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{probe}")
            };
            let hash = |text: &str| (text.len() == 64).then(|| hex(text));
            let hashes: Option<Vec<Hash>> = path.split(',').filter(|one| *one != "-").map(hash).collect();
            let sizes = (first.parse::<u64>(), size.parse::<u64>());
            let found = match (sizes, hash(old), hash(root), hashes) {
                ((Ok(first), Ok(size)), Some(old), Some(root), Some(path)) => match kind {
                    "inclusion" => is_included(&old, first, size, &path, &root),
                    _ => first > 0 && is_consistent(first, &old, size, &root, &path),
                },
                _ => false,
            };
            assert_eq!(found, holds == "yes", "{probe}");
            held[usize::from(found)] += 1;
        }
        assert_eq!(held, [184, 11]);
    }

    #[test]
    fn every_leaf_of_every_tree_can_be_proven_and_nothing_else() {
        let all = many(33);
        for size in 1..=all.len() {
            let left = &all[..size];
            let root = by_definition(left);
            for (at, leaf) in left.iter().enumerate() {
                let path = prove(Prover::inclusion(at as u64, size as u64, &Range::default()), left).unwrap();
                let holds = |leaf, at, size, path: &[Hash]| is_included(leaf, at, size, path, &root);
                assert!(holds(leaf, at as u64, size as u64, &path), "{at} of {size}");
                assert!(!holds(&[9; 32], at as u64, size as u64, &path));
                assert!(!holds(leaf, at as u64 + 1, size as u64, &path) || size == 1);
                let longer = [&path[..], &[[0; 32]]].concat();
                assert!(!holds(leaf, at as u64, size as u64, &longer));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!holds(leaf, at as u64, size as u64, shorter));
                    for bad in 0..path.len() {
                        let mut path = path.clone();
                        path[bad][7] ^= 4;
                        assert!(!holds(leaf, at as u64, size as u64, &path));
                    }
                }
            }
        }
    }

    #[test]
    fn every_tree_goes_on_from_every_smaller_one_and_from_no_other() {
        let all = many(33);
        for new in 0..=all.len() {
            for old in 0..=new {
                let (old_root, new_root) = (by_definition(&all[..old]), by_definition(&all[..new]));
                let path = prove(
                    Prover::consistency(old as u64, new as u64, &Range::default()),
                    &all[..new],
                )
                .unwrap();
                let holds =
                    |old_root, new_root, path: &[Hash]| is_consistent(old as u64, old_root, new as u64, new_root, path);
                assert!(holds(&old_root, &new_root, &path), "{old} to {new}");
                if old > 0 {
                    assert!(!holds(&[9; 32], &new_root, &path) && !holds(&old_root, &[9; 32], &path));
                }
                assert!(!holds(&old_root, &new_root, &[&path[..], &[[0; 32]]].concat()));
                for bad in 0..path.len() {
                    let mut path = path.clone();
                    path[bad][7] ^= 4;
                    assert!(!holds(&old_root, &new_root, &path), "{old} to {new}, {bad}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_after_a_prune_can_be_proven_and_the_rest_is_refused() {
        let all = many(40);
        for pruned in 0..all.len() {
            let before = tree(&all[..pruned]);
            let left = &all[pruned..];
            let root = by_definition(&all);
            for (at, leaf) in all.iter().enumerate() {
                let path = prove(Prover::inclusion(at as u64, 40, &before), left);
                match at < pruned {
                    true => assert_eq!(path, Err(Pruned)),
                    false => assert!(
                        is_included(leaf, at as u64, 40, &path.unwrap(), &root),
                        "{at}, {pruned}"
                    ),
                }
            }
            for old in 0..=all.len() {
                let path = prove(Prover::consistency(old as u64, 40, &before), left);
                let old_root = by_definition(&all[..old]);
                match old < pruned {
                    true => assert_eq!(path, Err(Pruned)),
                    false => assert!(
                        is_consistent(old as u64, &old_root, 40, &root, &path.unwrap()),
                        "{old}, {pruned}"
                    ),
                }
            }
        }
    }

    #[test]
    fn leaves_that_are_missing_at_the_end_make_no_proof() {
        let mut prover = Prover::inclusion(0, 4, &Range::default()).unwrap();
        many(3).into_iter().for_each(|leaf| prover.push(leaf));
        assert_eq!(prover.finish(), None);
    }
}
