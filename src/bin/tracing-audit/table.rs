//! Rows and columns that fit the terminal.

use std::io::{self, IsTerminal as _, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::out::Harmless;

/// Rows under their names. On a terminal, long cells are broken so that a row fits; elsewhere a row is one line.
#[derive(Debug)]
pub(crate) struct Rows {
    table: Table,
}

impl Rows {
    pub(crate) fn under<'a>(names: impl IntoIterator<Item = &'a str>) -> Rows {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(names);
        match width() {
            Some(width) => {
                table
                    .set_content_arrangement(ContentArrangement::Dynamic)
                    .set_width(width);
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        Rows { table }
    }

    /// Columns of numbers.
    pub(crate) fn right(mut self, columns: &[usize]) -> Rows {
        for at in columns {
            if let Some(column) = self.table.column_mut(*at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self
    }

    pub(crate) fn add<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.table
            .add_row(cells.into_iter().map(|cell| Harmless(cell.as_ref()).to_string()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.table.row_count() == 0
    }

    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for line in self.table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// How wide the terminal is; `None` where there is none.
fn width() -> Option<u16> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&out).ok();
    Some(size.map_or(100, |size| size.ws_col).max(40))
}
