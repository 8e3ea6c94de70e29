//! A piece, line by line: everything that can be done without knowing what came before it, on any thread.

use crate::chain::{self, Leaf};
use crate::reader::line::{self, Flaw, Sealed};
use crate::reader::piece::Piece;
use crate::verify::deep;
use crate::verify::own::Own;

/// What a piece holds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) records: Vec<Scanned>,
    /// Lines that cannot be records, in order; neighbours with the same flaw are one entry.
    pub(crate) flawed: Vec<Flawed>,
    /// The trail's own records, each with its line.
    pub(crate) own: Vec<(u32, Own)>,
    /// The seals of the records, each with its line.
    pub(crate) seals: Vec<(u32, Sealed)>,
    /// Records that are spelled as no trail spells them, each with its line, and why.
    pub(crate) odd: Vec<(u32, String)>,
    /// Lines that end in an LF.
    pub(crate) lines: u32,
    /// Bytes behind the last LF.
    pub(crate) tail: u64,
    /// Where the piece begins in the file, and how long it is.
    pub(crate) at: u64,
    pub(crate) bytes: u64,
}

/// A scanned record: what the fold needs of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanned {
    pub(crate) seq: u64,
    pub(crate) leaf: Leaf,
    pub(crate) tag: [u8; 16],
    /// Of what an erasure left, the number of the record that ordered it, and the leaf is the one that the line names; else 0.
    pub(crate) erased: u64,
    /// Which line of its piece, from 0.
    pub(crate) line: u32,
    /// Where the line ends within its piece, LF included.
    pub(crate) end: u32,
}

/// Lines that follow one another and have the same flaw.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flawed {
    pub(crate) line: u32,
    pub(crate) count: u32,
    pub(crate) flaw: Flaw,
    /// Where the last of them ends within the piece.
    pub(crate) end: u64,
    /// The number of a line that has the form of a record's all the same, else 0; such a line stands alone.
    pub(crate) seq: u64,
    /// Up to which number such a line states that all was synced.
    pub(crate) proof: u64,
}

/// A piece of nothing but flaws must not take more memory than its bytes did.
const FLAWS: usize = 4_096;

impl Scan {
    /// `deep` asks of each record how it is spelled.
    pub(crate) fn of(piece: &Piece, deep: bool) -> Scan {
        let bytes = piece.bytes.filled();
        let mut scan = Scan {
            at: piece.at,
            bytes: bytes.len() as u64 + piece.too_long,
            ..Scan::default()
        };
        if piece.too_long > 0 {
            scan.lines = 1;
            scan.flaw(Flaw::TooLong, piece.too_long, None);
            return scan;
        }
        // Nearly always the whole piece is clean, and its lines need not be looked at one by one.
        let cut = if line::all_plain(bytes) {
            line::cut
        } else {
            line::cut_unchecked
        };
        scan.records.reserve(bytes.len() / 512);
        let mut waiting: Option<(usize, &[u8])> = None;
        let mut begin = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line = bytes.get(begin..end).unwrap_or_default();
            begin = end + 1;
            scan.lines += 1;
            match cut(line) {
                Ok(cut) => {
                    if let Some(own) = line::own_name(cut.rest).and_then(|name| Own::read(name, cut.seq, cut.rest)) {
                        scan.own.push((scan.lines - 1, own));
                    }
                    scan.seals.extend(cut.seal.map(|seal| (scan.lines - 1, seal)));
                    let erased = line::tombstone(cut.rest);
                    if deep && let Some(why) = deep::oddity(line, erased.is_some()) {
                        scan.odd.push((scan.lines - 1, why));
                    }
                    scan.records.push(Scanned {
                        seq: cut.seq,
                        leaf: erased.map_or(Leaf::default(), |(leaf, _)| leaf),
                        tag: cut.tag,
                        erased: erased.map_or(0, |(_, by)| by),
                        line: scan.lines - 1,
                        end: begin as u32,
                    });
                    if erased.is_some() {
                        continue;
                    }
                    let place = scan.records.len() - 1;
                    match waiting.take() {
                        None => waiting = Some((place, cut.rest)),
                        Some((other, rest)) => {
                            let [first, second] = chain::leaves(rest, cut.rest);
                            scan.leaf(other, first);
                            scan.leaf(place, second);
                        }
                    }
                }
                Err(flaw @ (Flaw::Frame | Flaw::Rest)) => match line::form(line) {
                    None => scan.flaw(flaw, begin as u64, None),
                    Some((seq, rest)) => {
                        let own = line::own_name(rest).and_then(|name| Own::read(name, seq, rest));
                        scan.flaw(flaw, begin as u64, Some((seq, own.map_or(0, |own| own.proof(seq)))));
                    }
                },
                Err(flaw) => scan.flaw(flaw, begin as u64, None),
            }
        }
        if let Some((place, rest)) = waiting {
            scan.leaf(place, chain::leaf(rest));
        }
        scan.tail = (bytes.len() - begin) as u64;
        scan
    }

    fn leaf(&mut self, place: usize, leaf: [u8; 32]) {
        if let Some(record) = self.records.get_mut(place) {
            record.leaf = leaf;
        }
    }

    /// The line just counted has a flaw; `form` is what it says for all that: its number, and what it states was synced.
    fn flaw(&mut self, flaw: Flaw, end: u64, form: Option<(u64, u64)>) {
        let line = self.lines - 1;
        let full = self.flawed.len() >= FLAWS;
        let (seq, proof) = form.unwrap_or((0, 0));
        match self.flawed.last_mut() {
            Some(last) if full || (last.flaw == flaw && last.line + last.count == line && last.seq + seq == 0) => {
                last.count += 1;
                last.end = end;
                last.proof = last.proof.max(proof);
            }
            _ => self.flawed.push(Flawed {
                line,
                count: 1,
                flaw,
                end,
                seq,
                proof,
            }),
        }
    }
}
