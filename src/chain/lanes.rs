//! SHA-256 over the few forms that the chain has, two leaves at a time.
//!
//! One SHA-256 is a chain of dependent rounds that leaves most of the processor idle. Two lines do not depend on each
//! other: compressing a block of the one, then a block of the other, lets an out-of-order core run both at once
//! (231 ns a line instead of 320 for 600 bytes with SHA-NI), in safe code and without knowing the processor.

use sha2::block_api::compress256;

use super::Leaf;

type State = [u32; 8];
type Block = [u8; 64];

const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The leaves of two contents: SHA-256 of 0x00 and each.
pub(super) fn pair(one: &[u8], two: &[u8]) -> [Leaf; 2] {
    // Short ones have no block of their own to put beside another.
    let (Some((one_head, one_rest)), Some((two_head, two_rest))) = (one.split_first_chunk(), two.split_first_chunk())
    else {
        return [single(one), single(two)];
    };
    let (mut first, mut second) = (START, START);
    compress256(&mut first, &[behind_zero(one_head)]);
    compress256(&mut second, &[behind_zero(two_head)]);
    let (one_blocks, one_rest) = one_rest.as_chunks();
    let (two_blocks, two_rest) = two_rest.as_chunks();
    let together = one_blocks.len().min(two_blocks.len());
    let (one_beside, one_alone) = one_blocks.split_at(together);
    let (two_beside, two_alone) = two_blocks.split_at(together);
    for (one, two) in one_beside.iter().zip(two_beside) {
        compress256(&mut first, std::slice::from_ref(one));
        compress256(&mut second, std::slice::from_ref(two));
    }
    compress256(&mut first, one_alone);
    compress256(&mut second, two_alone);
    let (mut one_last, mut two_last) = ([[0; 64]; 2], [[0; 64]; 2]);
    let one_last = padded(&mut one_last, one_rest, one.len());
    let two_last = padded(&mut two_last, two_rest, two.len());
    // One block or two: the first ones side by side, what is left after them.
    if let ([one, one_more @ ..], [two, two_more @ ..]) = (one_last, two_last) {
        compress256(&mut first, std::slice::from_ref(one));
        compress256(&mut second, std::slice::from_ref(two));
        compress256(&mut first, one_more);
        compress256(&mut second, two_more);
    }
    [digest(first), digest(second)]
}

/// The leaf of one content.
pub(super) fn single(content: &[u8]) -> Leaf {
    let mut state = START;
    let mut last = [[0; 64]; 2];
    match content.split_first_chunk() {
        Some((head, rest)) => {
            compress256(&mut state, &[behind_zero(head)]);
            let (blocks, rest) = rest.as_chunks();
            compress256(&mut state, blocks);
            compress256(&mut state, padded(&mut last, rest, content.len()));
        }
        None => {
            let mut all = [0; 64];
            put(&mut all, 1, content);
            let all = all.get(..=content.len()).unwrap_or_default();
            compress256(&mut state, padded(&mut last, all, content.len()));
        }
    }
    digest(state)
}

/// SHA-256 of 0x02, the head before, the number and the leaf: 73 bytes in two blocks.
pub(super) fn link(head: &Leaf, seq: u64, leaf: &Leaf) -> Leaf {
    let mut blocks = [[0; 64]; 2];
    let flat = blocks.as_flattened_mut();
    put(flat, 0, &[0x02]);
    put(flat, 1, head);
    put(flat, 33, &seq.to_le_bytes());
    put(flat, 41, leaf);
    put(flat, 73, &[0x80]);
    put(flat, 120, &(73_u64 * 8).to_be_bytes());
    let mut state = START;
    compress256(&mut state, &blocks);
    digest(state)
}

/// SHA-256 of 0x01 and two nodes, for two such pairs at once.
pub(super) fn nodes(one: [&Leaf; 2], two: [&Leaf; 2]) -> [Leaf; 2] {
    let (one, two) = (node_blocks(one), node_blocks(two));
    let (mut first, mut second) = (START, START);
    for (one, two) in one.iter().zip(&two) {
        compress256(&mut first, std::slice::from_ref(one));
        compress256(&mut second, std::slice::from_ref(two));
    }
    [digest(first), digest(second)]
}

/// 65 bytes in two blocks.
fn node_blocks([left, right]: [&Leaf; 2]) -> [Block; 2] {
    let mut blocks = [[0; 64]; 2];
    let flat = blocks.as_flattened_mut();
    put(flat, 0, &[0x01]);
    put(flat, 1, left);
    put(flat, 33, right);
    put(flat, 65, &[0x80]);
    put(flat, 120, &(65_u64 * 8).to_be_bytes());
    blocks
}

/// The first block: 0x00 and the first bytes.
fn behind_zero(head: &[u8; 63]) -> Block {
    let mut block = [0; 64];
    let (_, to) = block.split_at_mut(1);
    to.copy_from_slice(head);
    block
}

/// `rest` (less than a block) with 0x80, zeros and the length in bits of 0x00 and the content: one block, or two.
fn padded<'a>(blocks: &'a mut [Block; 2], rest: &[u8], content: usize) -> &'a [Block] {
    let count = if rest.len() < 56 { 1 } else { 2 };
    let flat = blocks.as_flattened_mut();
    put(flat, 0, rest);
    put(flat, rest.len(), &[0x80]);
    put(flat, count * 64 - 8, &((content as u64 + 1) * 8).to_be_bytes());
    blocks.get(..count).unwrap_or_default()
}

/// Copies `bytes` to `at`; they fit, by the arithmetic of the callers.
fn put(to: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(to) = to.get_mut(at..at + bytes.len()) {
        to.copy_from_slice(bytes);
    }
}

fn digest(state: State) -> Leaf {
    let mut leaf = [0; 32];
    for (to, from) in leaf.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *to = from.to_be_bytes();
    }
    leaf
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn plain(prefix: u8, content: &[u8]) -> Leaf {
        Sha256::new_with_prefix([prefix])
            .chain_update(content)
            .finalize()
            .into()
    }

    #[test]
    fn two_lanes_and_one_hash_what_sha256_hashes_at_every_length() {
        let bytes: Vec<u8> = (0..400_u32).map(|at| (at * 7) as u8).collect();
        for length in 0..bytes.len() {
            let other = (length * 5 + 3) % bytes.len();
            let contents = [&bytes[..length], &bytes[bytes.len() - other..]];
            let expected = contents.map(|content| plain(0x00, content));
            assert_eq!(pair(contents[0], contents[1]), expected, "{length} beside {other}");
            assert_eq!(single(contents[0]), expected[0]);
        }
    }

    #[test]
    fn nodes_are_the_hashes_of_two_nodes_behind_their_prefix() {
        let leaves = [1, 2, 3, 4].map(|byte: u8| plain(0x00, &[byte]));
        let [a, b, c, d] = &leaves;
        let expected = [[a, b], [c, d]].map(|[left, right]| plain(0x01, &[left.as_slice(), right].concat()));
        assert_eq!(nodes([a, b], [c, d]), expected);
    }

    #[test]
    fn a_link_is_the_hash_of_head_number_and_leaf() {
        let (head, leaf) = (plain(0x00, b"head"), plain(0x00, b"leaf"));
        let content = [head.as_slice(), &77_u64.to_le_bytes(), &leaf].concat();
        assert_eq!(link(&head, 77, &leaf), plain(0x02, &content));
    }
}
