//! Paths for many leaves at once, which share what was shown before.
//!
//! The path of a leaf, held against a root that is known, proves the roots of the subtrees to its right, too. So the next leaf
//! needs no more than the path within the one of these that has it, and is proven as soon as that is read: in memory for one
//! path, at about one hash for each leaf of a row.

use std::collections::HashMap;

use super::proof::{Span, bits, is_included, path_spans};
use super::{Hash, Range, node};
use crate::chain::Leaf;

/// The subtrees to the right of the last leaf, with what is known of them; the nearest is the last.
#[derive(Clone, Debug)]
struct Right<T>(Vec<(Span, T)>);

impl<T> Right<T> {
    /// Takes out the subtree that has a leaf, and those before it. `None` if the leaf is not to the right.
    fn enter(&mut self, index: u64) -> Option<(Span, T)> {
        loop {
            let (span, known) = self.0.pop()?;
            if span.1 > index {
                return (span.0 <= index).then_some((span, known));
            }
        }
    }

    /// Adds what stands to the right of a leaf on its path.
    fn leave(&mut self, index: u64, path: impl DoubleEndedIterator<Item = (Span, T)>) {
        self.0.extend(path.rev().filter(|((from, _), _)| *from > index));
    }
}

/// A tree with a root that is known, of which leaves are proven from left to right.
#[derive(Debug)]
pub(crate) struct Known {
    right: Right<Hash>,
    /// The leaf whose turn it is, the subtree that has it, and its root.
    next: Option<(u64, Span, Hash)>,
}

impl Known {
    pub(crate) fn of(size: u64, root: Hash) -> Known {
        let right = Right(vec![((0, size), root)]);
        Known { right, next: None }
    }

    /// Turns to a leaf, and tells how many hashes its path has. `None` if the tree has no such leaf, or it does not stand to
    /// the right of the one before.
    pub(crate) fn turn_to(&mut self, index: u64) -> Option<usize> {
        let (span, root) = self.right.enter(index)?;
        self.next = Some((index, span, root));
        Some(path_spans(index, span).len())
    }

    /// Whether this is the leaf whose turn it is.
    pub(crate) fn take(&mut self, leaf: &Leaf, path: &[Hash]) -> bool {
        let Some((index, span, root)) = self.next.take() else {
            return false;
        };
        let (from, to) = span;
        if !is_included(leaf, index - from, to - from, path, &root) {
            return false;
        }
        let spans = path_spans(index, span);
        self.right.leave(index, spans.into_iter().zip(path.iter().copied()));
        true
    }
}

/// Makes the paths that [`Known`] takes, from all leaves of the tree in their order.
#[derive(Debug)]
pub(crate) struct Paths {
    size: u64,
    tree: Range,
    wanted: HashMap<Span, Option<Hash>>,
    /// What is still to be told.
    told: Right<()>,
}

impl Paths {
    /// For these leaves, which rise, in a tree of `size`. `before` is the tree of all leaves that are not left.
    pub(crate) fn new(size: u64, before: &Range, leaves: impl Iterator<Item = u64>) -> Paths {
        let mut paths = Paths {
            size,
            tree: before.clone(),
            wanted: HashMap::new(),
            told: Right(vec![((0, size), ())]),
        };
        let mut right = paths.told.clone();
        for index in leaves {
            for span in steps(&mut right, index).unwrap_or_default() {
                paths.wanted.insert(span, None);
            }
        }
        let mut end = 0;
        for (peak, leaves) in before.peaks().iter().zip(bits(before.size())) {
            note(&mut paths.wanted, (end, end + leaves), peak);
            end += leaves;
        }
        paths
    }

    /// The next leaf of the tree.
    pub(crate) fn push(&mut self, leaf: Leaf) {
        if self.tree.size() == self.size {
            return;
        }
        let wanted = &mut self.wanted;
        self.tree.push_noting(leaf, |span, root| note(wanted, span, root));
        if self.tree.size() < self.size {
            return;
        }
        // What is left on the right edge has a root, too, and is not perfect.
        let peaks: Vec<(Hash, u64)> = self.tree.peaks().iter().copied().zip(bits(self.size)).collect();
        let (mut from, mut right) = (self.size, None);
        for (peak, leaves) in peaks.into_iter().rev() {
            from -= leaves;
            let root = right.map_or(peak, |right| node(&peak, &right));
            note(&mut self.wanted, (from, self.size), &root);
            right = Some(root);
        }
    }

    /// The root, if all leaves were there.
    pub(crate) fn root(&self) -> Option<Hash> {
        (self.tree.size() == self.size).then(|| self.tree.root())
    }

    /// The path of the next leaf that was asked for. `None` if something of it is not known.
    pub(crate) fn path(&mut self, index: u64) -> Option<Vec<Hash>> {
        let spans = steps(&mut self.told, index)?;
        // Nobody asks for one a second time.
        spans.iter().map(|span| self.wanted.remove(span)?).collect()
    }
}

/// The subtrees on the path of the next leaf.
fn steps(right: &mut Right<()>, index: u64) -> Option<Vec<Span>> {
    let (span, ()) = right.enter(index)?;
    let spans = path_spans(index, span);
    right.leave(index, spans.iter().map(|span| (*span, ())));
    Some(spans)
}

fn note(wanted: &mut HashMap<Span, Option<Hash>>, span: Span, root: &Hash) {
    if let Some(known) = wanted.get_mut(&span) {
        *known = Some(*root);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::by_definition;
    use super::*;
    use crate::chain::leaf;

    fn many(count: u32) -> Vec<Leaf> {
        (0..count).map(|n| leaf(&n.to_le_bytes())).collect()
    }

    fn paths(all: &[Leaf], pruned: usize, chosen: &[u64]) -> Option<Vec<Vec<Hash>>> {
        let mut before = Range::default();
        all[..pruned].iter().for_each(|leaf| before.push(*leaf));
        let mut paths = Paths::new(all.len() as u64, &before, chosen.iter().copied());
        all[pruned..].iter().for_each(|leaf| paths.push(*leaf));
        assert_eq!(paths.root().unwrap(), by_definition(all));
        chosen.iter().map(|index| paths.path(*index)).collect()
    }

    /// Every choice of leaves of every small tree.
    #[test]
    fn every_choice_of_leaves_is_proven_leaf_by_leaf_and_no_other_leaf_is() {
        for size in 1..=9_u64 {
            let all = many(size as u32);
            let root = by_definition(&all);
            for choice in 0..1_u32 << size {
                let chosen: Vec<u64> = (0..size).filter(|index| choice >> index & 1 == 1).collect();
                let paths = paths(&all, 0, &chosen).unwrap();
                let mut known = Known::of(size, root);
                for (index, path) in chosen.iter().zip(&paths) {
                    assert_eq!(known.turn_to(*index), Some(path.len()));
                    assert!(
                        known.take(&all[*index as usize], path),
                        "{index} of {chosen:?} in {size}"
                    );
                }
                assert!(known.turn_to(size).is_none());
                for wrong in 0..chosen.len() {
                    let mut known = Known::of(size, root);
                    for (place, (index, path)) in chosen.iter().zip(&paths).enumerate() {
                        known.turn_to(*index).unwrap();
                        if place < wrong {
                            assert!(known.take(&all[*index as usize], path));
                            continue;
                        }
                        assert!(!known.take(&[9; 32], path));
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn a_changed_hash_is_seen_at_the_leaf_whose_path_has_it() {
        let all = many(21);
        let chosen = [2, 3, 4, 11, 20];
        let paths = paths(&all, 0, &chosen).unwrap();
        for (bad, path) in paths.iter().enumerate() {
            for at in 0..path.len() {
                let mut known = Known::of(21, by_definition(&all));
                for (place, index) in chosen.iter().enumerate().take(bad + 1) {
                    let mut path = paths[place].clone();
                    if place == bad {
                        path[at][5] ^= 2;
                    }
                    known.turn_to(*index).unwrap();
                    assert_eq!(known.take(&all[*index as usize], &path), place < bad);
                }
            }
        }
    }

    #[test]
    fn a_row_of_leaves_costs_about_one_hash_each() {
        let all = many(1_000);
        let row: Vec<u64> = (300..800).collect();
        let hashes: usize = paths(&all, 0, &row).unwrap().iter().map(Vec::len).sum();
        assert!(hashes < 500 + 20, "{hashes}");
        let everything: Vec<u64> = (0..1_000).collect();
        let hashes: usize = paths(&all, 0, &everything).unwrap().iter().map(Vec::len).sum();
        assert_eq!(hashes, 999);
    }

    #[test]
    fn what_is_left_after_a_prune_has_its_paths_and_the_rest_has_none() {
        let all = many(23);
        for pruned in 0..all.len() {
            for first in 0..all.len() as u64 {
                let chosen: Vec<u64> = (first..(first + 4).min(23)).collect();
                let found = paths(&all, pruned, &chosen);
                if first < pruned as u64 {
                    continue;
                }
                let mut known = Known::of(23, by_definition(&all));
                for (index, path) in chosen.iter().zip(found.unwrap()) {
                    known.turn_to(*index).unwrap();
                    assert!(known.take(&all[*index as usize], &path), "{index} behind {pruned}");
                }
            }
        }
    }

    #[test]
    fn no_leaf_is_proven_twice_or_before_another() {
        let all = many(8);
        let mut known = Known::of(8, by_definition(&all));
        let path = &paths(&all, 0, &[4]).unwrap()[0];
        known.turn_to(4).unwrap();
        assert!(known.take(&all[4], path));
        assert!(!known.take(&all[4], path), "it is nobody's turn");
        assert_eq!(known.turn_to(4), None);
        assert_eq!(Known::of(8, [0; 32]).turn_to(8), None);
        let mut known = Known::of(8, by_definition(&all));
        known.turn_to(4).unwrap();
        known.take(&all[4], path);
        assert_eq!(known.turn_to(3), None);
    }
}
