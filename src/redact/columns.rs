//! Tables: the names stand in a row of their own, and the values in rows behind it. `INSERT INTO t (a, password) VALUES (..)`, CSV behind
//! its header, and `{"columns":[..],"rows":[[..]]}`.
//!
//! A table is read once, where its names end; what is secret in its rows is queued, and the walk then goes over the rows as over any text.

use super::Shape;
use super::label::line_break;
use super::marks::{balanced, closing, gap, opening, run};
use super::policy::Verdict;
use super::shapes::{at, before, reads};
use super::text::{Hit, Walk};

/// Bytes that a row of names takes at most.
const NAMES: usize = 1024;
/// Columns that are told apart.
const MOST: usize = 128;
/// The longest name of a column.
const LONGEST: usize = 48;

/// What the policy says of each column.
type Columns = Vec<Option<Verdict>>;

impl Walk<'_> {
    /// The columns of `names`, if one of them at least names a secret.
    fn columns<'n>(&self, names: impl Iterator<Item = &'n [u8]>) -> Option<Columns> {
        let verdict = |name: &[u8]| {
            let judged = self.policy.judge(name)?;
            self.policy
                .shape(Shape::Pair, judged.verdict.class)
                .map(|_| judged.verdict)
        };
        let columns: Columns = names.take(MOST).map(verdict).collect();
        columns.iter().any(Option::is_some).then_some(columns)
    }

    /// Queues the cell of a table at `start..end`, without its quotes, unless it is bound later.
    fn cell(&mut self, verdict: Verdict, start: usize, end: usize, json: bool) {
        let s = self.s;
        let (from, to, quotes) = match opening(s, start) {
            Some((text, quote, level)) => (text, closing(s, text, quote, level), None),
            None => (start, end, json.then(|| before_quote(s, start))),
        };
        let text = s.get(from..to).unwrap_or_default();
        let bound = matches!(text.first(), Some(b'$' | b':' | b'@')) && text.len() < 24 && from == start;
        if !bound {
            self.text(verdict, from, to, quotes);
        }
    }

    /// Queues what is not empty, and not done.
    fn text(&mut self, verdict: Verdict, start: usize, end: usize, quotes: Option<usize>) {
        let text = self.s.get(start..end).unwrap_or_default();
        let nothing = [&b"null"[..], b"default", b"?", b"%s"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(text));
        if !text.is_empty() && !nothing && start >= self.floor && !self.policy.is_done(verdict, text) {
            self.queue.push_back(Hit {
                start,
                end,
                verdict,
                quotes,
                next: end,
                shape: true,
            });
        }
    }

    /// Where the next cell of a row in brackets ends: at a comma, or at the bracket that closes the row.
    fn cell_end(&self, mut i: usize) -> usize {
        let s = self.s;
        while let Some(&b) = s.get(i) {
            match b {
                b',' | b')' | b']' => break,
                b'(' | b'[' | b'{' => i = balanced(s, i),
                b'\'' | b'"' | b'`' => {
                    let level = run_back(s, i);
                    i = closing(s, i + 1, b, level) + level + 1;
                }
                _ => i += 1,
            }
        }
        i.min(s.len())
    }

    /// The rows in brackets from `i` on, `(..), (..)`; where they end.
    fn rows(&mut self, columns: &Columns, mut i: usize, open: u8) -> usize {
        let json = open == b'[';
        while at(self.s, i) == open {
            let mut from = i + 1;
            let mut column = 0;
            loop {
                from = gap(self.s, from);
                let end = self.cell_end(from);
                if let Some(Some(verdict)) = columns.get(column) {
                    let text = self.s.get(from..end).unwrap_or_default().trim_ascii_end();
                    self.cell(*verdict, from, from + text.len(), json);
                }
                column += 1;
                i = end + 1;
                if at(self.s, end) != b',' {
                    break;
                }
                from = end + 1;
            }
            let comma = gap(self.s, i);
            if at(self.s, comma) != b',' {
                break;
            }
            i = gap(self.s, comma + 1);
        }
        i
    }

    /// The rows of a statement of SQL, at its word `VALUES`.
    pub(super) fn values(&mut self, i: usize) {
        let s = self.s;
        let rows = gap(s, i + b"values".len());
        let head = s.get(..i).unwrap_or_default().trim_ascii_end();
        if i < self.tables || !reads(s, i, b"values") || at(s, rows) != b'(' || head.last() != Some(&b')') {
            return;
        }
        let names = head
            .get(head.len().saturating_sub(NAMES)..head.len() - 1)
            .unwrap_or_default();
        let names = names
            .get(names.iter().rposition(|b| *b == b'(').map_or(names.len(), |k| k + 1)..)
            .unwrap_or_default();
        let columns = self.columns(names.split(|b| *b == b','));
        if let Some(columns) = columns {
            self.tables = self.rows(&columns, rows, b'(');
        }
    }

    /// The rows of `{"columns":["id","password"],"rows":[[1,"x"]]}`; the value of the first member begins at `i`.
    pub(super) fn lists(&mut self, name: &[u8], i: usize) {
        let s = self.s;
        let named = [
            &b"columns"[..],
            b"fields",
            b"headers",
            b"header",
            b"names",
            b"keys",
            b"cols",
        ]
        .contains(&name);
        if !named || i < self.tables || at(s, i) != b'[' {
            return;
        }
        let list = s.get(i + 1..(i + NAMES).min(s.len())).unwrap_or_default();
        let Some(len) = list.iter().position(|b| matches!(b, b']' | b'[' | b'{')) else {
            return;
        };
        let columns = self.columns(list.get(..len).unwrap_or_default().split(|b| *b == b','));
        // Another member, whose value is a list of lists.
        let close = i + 1 + len;
        let ahead = s.get(close..(close + 64).min(s.len())).unwrap_or_default();
        let rows = ahead.iter().position(|b| *b == b'[').map(|k| gap(s, close + k + 1));
        if let (Some(columns), Some(rows), b']') = (columns, rows, at(s, close)) {
            self.tables = self.rows(&columns, rows, b'[');
        }
    }

    /// The lines of a table whose first line is cut by `separator`, which stands at `i` for the first time; whether there are any with a secret.
    pub(super) fn lines(&mut self, i: usize, separator: u8) -> bool {
        let s = self.s;
        if i < self.tables {
            return false;
        }
        let lead = s.get(i.saturating_sub(LONGEST)..i).unwrap_or_default();
        let quoted = lead.last() == Some(&b'"');
        let name = lead.get(..lead.len() - usize::from(quoted)).unwrap_or_default();
        let len = name.iter().rev().take_while(|b| is_header(**b)).count();
        let start = (i - len).saturating_sub(2 * usize::from(quoted));
        if quoted && at(s, start) != b'"' {
            return false;
        }
        // The letter of an escaped line break is not the name's.
        let start = start + usize::from(before(s, start) == b'\\' && at(s, start) == b'n');
        if !matches!(before(s, start), 0 | b'\n' | b'\r' | b'n' | b'"' | b'\'' | b'`') || start == i {
            return false;
        }
        let head = s.get(start..(start + NAMES).min(s.len())).unwrap_or_default();
        let Some(end) = head
            .iter()
            .position(|b| !(is_header(*b) || *b == b'"' || *b == separator))
        else {
            return false;
        };
        let head = head.get(..end).unwrap_or_default();
        let Some(mut row) = line_break(s, start + end) else {
            return false;
        };
        let names = || head.split(|b| *b == separator).map(|name| name.trim_ascii());
        let word = |name: &[u8]| {
            name.iter().any(u8::is_ascii_alphabetic)
                && name.iter().filter(|b| **b == b' ').count() < 3
                && name.len() <= LONGEST
        };
        if !names().all(word) {
            return false;
        }
        let Some(columns) = self.columns(names()) else {
            return false;
        };
        // A name and its value, and on the next line another two.
        let second = names().nth(1).is_some_and(|name| self.policy.knows(name));
        if columns.len() == 2 && matches!(columns.first(), Some(Some(_))) && !second {
            return false;
        }
        while let Some((cells, next)) = self.line(row, separator, columns.len()) {
            for (verdict, (from, to)) in columns.iter().zip(cells) {
                if let Some(verdict) = verdict {
                    let whole = s
                        .get(from..to)
                        .is_some_and(|cell| cell.len() > 1 && cell.ends_with(b"\"") && cell.starts_with(b"\""));
                    if whole {
                        self.text(*verdict, from + 1, to - 1, None);
                    } else {
                        self.cell(*verdict, from, to, false);
                    }
                }
            }
            self.tables = next;
            row = next;
        }
        !self.queue.is_empty()
    }

    /// The cells of the line at `i`, if there are as many as wanted, and where the next one begins.
    fn line(&self, i: usize, separator: u8, wanted: usize) -> Option<(Vec<(usize, usize)>, usize)> {
        let s = self.s;
        let mut cells = Vec::with_capacity(wanted);
        let (mut from, mut at_) = (i, i);
        loop {
            if at_ == from
                && let Some((text, quote, level)) = opening(s, at_).filter(|(_, quote, _)| *quote == b'"')
            {
                at_ = closing(s, text, quote, level) + level + 1;
                // Written twice, it stands for itself.
                while level == 0 && at(s, at_) == quote {
                    at_ = closing(s, at_ + 1, quote, level) + 1;
                }
                continue;
            }
            let b = at(s, at_);
            let end = if b == 0 || matches!(b, b'"' | b'`') {
                Some(at_)
            } else {
                line_break(s, at_)
            };
            if end.is_some() || b == separator {
                cells.push((from, at_.min(s.len())));
                from = at_ + 1;
            }
            if let Some(next) = end {
                return (cells.len() == wanted && at_ > i).then_some((cells, next.max(at_ + 1)));
            }
            if cells.len() > wanted {
                return None;
            }
            // Of a run of backslashes the first says what it leads to.
            at_ += run(s, at_, b'\\').max(1);
        }
    }
}

/// Bytes of the names of columns.
fn is_header(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' ') || b >= 0x80
}

/// The backslashes before the quote at `i`.
fn run_back(s: &[u8], i: usize) -> usize {
    s.get(..i)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|b| **b == b'\\')
        .count()
}

/// The backslashes that a quote needs where a number of JSON stands: as many as the next quote before it has.
fn before_quote(s: &[u8], i: usize) -> usize {
    let lead = s.get(i.saturating_sub(NAMES)..i).unwrap_or_default();
    let from = i - lead.len();
    lead.iter()
        .rposition(|b| *b == b'"')
        .map_or(0, |k| run_back(s, from + k))
}

#[cfg(test)]
mod tests {
    use super::super::samples::shown;

    #[test]
    fn the_cells_below_a_sensitive_name_go() {
        for (text, expected) in [
            (
                "INSERT INTO users (name, password) VALUES ('bob', 'S3'), ('a''l', 'x, y'); SELECT 1",
                "INSERT INTO users (name, password) VALUES ('bob', '[redacted]'), ('a''l', '[redacted]'); SELECT 1",
            ),
            (
                "insert into `u` (`id`,`pin`,`email`) values (1,1234,'a@b.c')",
                "insert into `u` (`id`,`pin`,`email`) values (1,[redacted],'a@b.c')",
            ),
            (
                "INSERT INTO u (a, password) VALUES (1, crypt('S3', gen_salt('bf')))",
                "INSERT INTO u (a, password) VALUES (1, [redacted])",
            ),
            ("INSERT INTO u (a, password) VALUES (?, ?)", ""),
            (
                "INSERT INTO u (a, password) VALUES ($1, $2), (:a, :password), (1, NULL)",
                "",
            ),
            ("INSERT INTO u (a, title) VALUES (1, 'S3')", ""),
            (
                "{\"columns\":[\"id\",\"password\"],\"rows\":[[1,\"S3\"],[2,null],[3,12]],\"n\":1}",
                "{\"columns\":[\"id\",\"password\"],\"rows\":[[1,\"[redacted]\"],[2,null],[3,\"[redacted]\"]],\"n\":1}",
            ),
            (
                "{\"body\":\"{\\\"columns\\\":[\\\"id\\\",\\\"pin\\\"],\\\"rows\\\":[[1,1234]]}\"}",
                "{\"body\":\"{\\\"columns\\\":[\\\"id\\\",\\\"pin\\\"],\\\"rows\\\":[[1,\\\"[redacted]\\\"]]}\"}",
            ),
            ("{\"columns\":[\"id\",\"title\"],\"rows\":[[1,\"S3\"]]}", ""),
            ("{\"fields\":[\"id\",\"password\"],\"sort\":[\"id\"]}", ""),
            (
                "id,name,password\n1,bob,S3\n2,\"a, l\",\"x\"\"y\"\n",
                "id,name,password\n1,bob,[redacted]\n2,\"a, l\",\"[redacted]\"\n",
            ),
            ("name\tpassword\nbob\tS3\nal\t", "name\tpassword\nbob\t[redacted]\nal\t"),
            (
                "{\"csv\":\"id,password\\n1,S3\\n2,S4\",\"n\":1}",
                "{\"csv\":\"id,password\\n1,[redacted]\\n2,[redacted]\",\"n\":1}",
            ),
            ("id,password\n", ""),
            ("id,password\nno such line", ""),
            ("id,title\n1,S3", ""),
            ("user,token,password,session", ""),
        ] {
            let expected = if expected.is_empty() { text } else { expected };
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
