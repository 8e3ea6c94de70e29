//! Rows and columns that fit the terminal.

use std::io::{self, IsTerminal as _, Write};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

use crate::out::{Harmless, paint};

/// Rows under their names. On a terminal, cells are broken between words, and then behind marks, so that a row fits; where that
/// does not do, each row becomes a block of lines, a cell each. Elsewhere a row is one line.
#[derive(Debug)]
pub(crate) struct Rows {
    names: Vec<String>,
    right: Vec<usize>,
    rows: Vec<(&'static str, Vec<String>)>,
    width: Option<usize>,
    /// Whether the names stand above the rows.
    pub(crate) headed: bool,
}

/// Before the first column.
const MARGIN: usize = 1;

/// Between two.
const GAP: usize = 2;

impl Rows {
    pub(crate) fn under<'a>(names: impl IntoIterator<Item = &'a str>) -> Rows {
        Rows {
            names: names.into_iter().map(|name| Harmless(name).to_string()).collect(),
            right: Vec::new(),
            rows: Vec::new(),
            width: width(),
            headed: true,
        }
    }

    /// Columns of numbers.
    pub(crate) fn right(mut self, columns: &[usize]) -> Rows {
        self.right = columns.to_vec();
        self
    }

    pub(crate) fn add<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.add_painted("", cells);
    }

    /// A row in a colour.
    pub(crate) fn add_painted<T: AsRef<str>>(&mut self, colour: &'static str, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter().map(|cell| Harmless(cell.as_ref()).to_string());
        self.rows.push((colour, cells.collect()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        match self.widths() {
            Some(widths) => {
                if self.headed {
                    self.print_row(out, "", &self.names, &widths)?;
                }
                self.rows
                    .iter()
                    .try_for_each(|(colour, cells)| self.print_row(out, colour, cells, &widths))
            }
            None => self
                .rows
                .iter()
                .try_for_each(|(colour, cells)| self.print_block(out, colour, cells)),
        }
    }

    /// How wide each column is; `None` if they have no room beside each other.
    fn widths(&self) -> Option<Vec<usize>> {
        let widest = |measure: fn(&str) -> usize| -> Vec<usize> {
            let of_column = |at: usize| {
                let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(at));
                let cells = cells.map(|cell| measure(cell)).max().unwrap_or(0);
                // A name is not broken.
                cells.max(self.names.get(at).map_or(0, |name| name.width()))
            };
            (0..self.names.len()).map(of_column).collect()
        };
        let mut widths = widest(UnicodeWidthStr::width);
        let Some(all) = self.width else { return Some(widths) };
        let room = all.saturating_sub(MARGIN + GAP * widths.len().saturating_sub(1));
        let by_words = widest(|cell| longest(cell, |letter| letter == ' '));
        let by_marks = widest(|cell| longest(cell, |letter| !letter.is_alphanumeric()));
        for least in [by_words, by_marks] {
            narrow(&mut widths, &least, room);
        }
        (widths.iter().sum::<usize>() <= room).then_some(widths)
    }

    fn print_row(&self, out: &mut impl Write, colour: &str, cells: &[String], widths: &[usize]) -> io::Result<()> {
        let cells: Vec<Vec<&str>> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| broken(cell, *width))
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let mut text = " ".repeat(MARGIN);
            for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
                let part = cell.get(line).copied().unwrap_or_default();
                let pad = " ".repeat(width.saturating_sub(part.width()));
                match self.right.contains(&at) {
                    true => text.extend([&pad, part]),
                    false => text.extend([part, &pad]),
                }
                text.push_str(&" ".repeat(GAP));
            }
            print_line(out, colour, text.trim_end())?;
        }
        Ok(())
    }

    /// A cell a line, and a line between two rows. What is empty is left out.
    fn print_block(&self, out: &mut impl Write, colour: &str, cells: &[String]) -> io::Result<()> {
        let names = self.names.iter().map(|name| name.width()).max().unwrap_or(0);
        let all = self.width.unwrap_or(usize::MAX);
        let room = all.saturating_sub(MARGIN + names + GAP).max(10);
        for (name, cell) in self.names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            for (line, part) in broken(cell, room).into_iter().enumerate() {
                let name = if line == 0 { name } else { "" };
                let pad = " ".repeat(names + GAP - name.width());
                print_line(out, colour, &format!("{:MARGIN$}{name}{pad}{part}", ""))?;
            }
        }
        writeln!(out)
    }
}

fn print_line(out: &mut impl Write, colour: &str, line: &str) -> io::Result<()> {
    match colour {
        "" => writeln!(out, "{line}"),
        _ => writeln!(out, "{colour}{line}{}", paint::PLAIN),
    }
}

/// Takes from the widest columns, none of them below its least, until all have room or nothing is left to take.
fn narrow(widths: &mut [usize], least: &[usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let wider = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        match wider.max_by_key(|(width, _)| **width) {
            Some((width, _)) => *width -= 1,
            None => return,
        }
    }
}

/// The width of the longest part that is not broken, if it may be broken behind these letters.
fn longest(cell: &str, ends: impl Fn(char) -> bool) -> usize {
    let parts = cell.split_inclusive(&ends);
    parts.map(|part| part.trim_end().width()).max().unwrap_or(0)
}

/// A cell in lines of no more than this width: broken at a space, else behind a mark, else anywhere.
fn broken(cell: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = cell;
    while rest.width() > width {
        let (mut fits, mut taken) = (0, 0);
        for (at, letter) in rest.char_indices() {
            taken += letter.width().unwrap_or(0);
            if taken > width {
                break;
            }
            fits = at + letter.len_utf8();
        }
        // One letter at least, however narrow.
        let fits = fits.max(rest.chars().next().map_or(0, char::len_utf8));
        let (front, behind) = rest.split_at(fits);
        let end = match behind.starts_with(' ') {
            true => Some(fits),
            false => front.rfind(' ').filter(|at| *at > 0).or_else(|| {
                front
                    .rfind(|letter: char| !letter.is_alphanumeric() && letter.is_ascii())
                    .map(|at| at + 1)
            }),
        };
        let (line, next) = rest.split_at(end.unwrap_or(fits));
        lines.push(line.trim_end());
        rest = next.trim_start_matches(' ');
    }
    lines.push(rest);
    lines
}

/// A line of prose or of a list, so that it fits the terminal: first its widest gap closes, then it is broken.
pub(crate) fn fitted(line: &str) -> Vec<String> {
    fitted_to(line, width())
}

fn fitted_to(line: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width.filter(|width| line.width() > *width) else {
        return vec![line.to_owned()];
    };
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (margin, text) = line.split_at(indent);
    let mut text = text.to_owned();
    let too_much = line.width() - width;
    if let Some(at) = text.find("   ") {
        let gap = text
            .get(at..)
            .map_or(0, |rest| rest.len() - rest.trim_start_matches(' ').len());
        let closed = too_much.min(gap - GAP);
        text.replace_range(at..at + closed, "");
    }
    let room = width.saturating_sub(indent).max(10);
    let lines = broken(&text, room).into_iter();
    lines.map(|part| format!("{margin}{part}")).collect()
}

/// How wide the terminal is; `None` where there is none.
pub(crate) fn width() -> Option<usize> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok();
    // A terminal that does not know says 0.
    let columns = size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
    Some(columns.unwrap_or(80).max(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(width: Option<usize>, rows: &[[&str; 4]]) -> Vec<String> {
        let mut table = Rows::under(["SEQ", "TIME", "EVENT", "USER"]).right(&[0]);
        table.width = width;
        rows.iter().for_each(|row| table.add(row));
        let mut out = Vec::new();
        table.print(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    const ROW: [&str; 4] = ["7", "2026-11-20 08:15:30Z", "SECURITY_PERMISSION_DENIED", "日本 ähm"];

    #[test]
    fn a_row_fits_and_loses_no_letter_at_any_width() {
        for width in (20..100).map(Some).chain([None]) {
            let lines = printed(width, &[ROW]);
            assert!(
                lines.iter().all(|line| line.width() <= width.unwrap_or(usize::MAX)),
                "{width:?}: {lines:#?}"
            );
            let shown: String = lines.concat().split_whitespace().collect();
            let mut letters: Vec<char> = shown.chars().collect();
            let mut given: Vec<char> = (ROW.concat() + "SEQTIMEEVENTUSER").replace(' ', "").chars().collect();
            letters.sort_unstable();
            given.sort_unstable();
            assert_eq!(letters, given, "{width:?}: {lines:#?}");
        }
        assert_eq!(printed(None, &[ROW]).len(), 2);
        assert_eq!(printed(Some(90), &[ROW]).len(), 2);
    }

    #[test]
    fn cells_are_broken_between_words_and_else_behind_marks() {
        assert_eq!(
            printed(Some(44), &[ROW]),
            [
                " SEQ  TIME        EVENT                 USER",
                "   7  2026-11-20  SECURITY_PERMISSION_  日本",
                "      08:15:30Z   DENIED                ähm",
            ]
        );
    }

    #[test]
    fn a_list_closes_its_gap_before_it_is_broken() {
        let line = format!("  {:<48}{}", "DATA_READ", 4181);
        assert_eq!(fitted_to(&line, Some(30)), [format!("  {:<24}{}", "DATA_READ", 4181)]);
        assert_eq!(fitted_to("one two three four", Some(10)), ["one two", "three four"]);
    }
}
