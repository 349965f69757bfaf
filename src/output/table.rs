//! Rows and columns, and their layout for people.

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, CellAlignment};
use unicode_width::UnicodeWidthStr;

use crate::domain::escape::ellipsis;
use crate::domain::visible;

/// Between two columns.
const GAP: u16 = 2;

/// A column is not made narrower than this.
const NARROWEST: usize = 10;

/// Data as rows: for `table`, `tsv` and `csv`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// One cell per column.
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The header, also of CSV files: stable, lower case.
    pub name: &'static str,
    pub align: Align,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    /// Left; cut with `…` when the terminal is too narrow. For long texts
    /// that `show` gives in full, never for ids.
    Cut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Text from anywhere; escaped when shown.
    Text(String),
    Number(i64),
    /// A time as this program wrote it.
    Time(String),
}

impl Table {
    /// A table without rows; `columns` are the headers and their alignments.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = (&'static str, Align)>) -> Self {
        let columns = columns.into_iter().map(|(name, align)| Column { name, align }).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row: one cell per column.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        let row: Vec<Cell> = row.into_iter().collect();
        debug_assert_eq!(row.len(), self.columns.len(), "one cell per column");
        self.rows.push(row);
    }

    /// The table for people: borderless and aligned by display width, one line
    /// per row; the header is bold when `color`. Where it is wider than
    /// `width`, columns that may be cut are; what still does not fit is left
    /// to the terminal to wrap. Ends with a newline; empty without rows.
    #[must_use]
    pub(super) fn for_people(&self, width: Option<u16>, color: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        let widths = self.widths(&rows, width.filter(|width| *width > 0));
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING);
        // Both keep comfy-table from looking at the terminal itself.
        table.force_no_tty();
        if color {
            table.enforce_styling();
            table.style_text_only();
        }
        table.set_header(
            self.columns
                .iter()
                .map(|column| comfy_table::Cell::new(column.name).add_attribute(Attribute::Bold)),
        );
        for row in &rows {
            table.add_row(row.iter().zip(&widths).map(|(cell, width)| ellipsis(cell, *width)));
        }
        let last = self.columns.len().saturating_sub(1);
        for (at, (column, laid_out)) in self.columns.iter().zip(table.column_iter_mut()).enumerate()
        {
            laid_out.set_padding((0, if at == last { 0 } else { GAP }));
            laid_out.set_cell_alignment(match column.align {
                Align::Left | Align::Cut => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        table.trim_fmt() + "\n"
    }

    /// The width of each column: what it needs, less where it may be cut and
    /// the whole would not fit into `limit`.
    fn widths(&self, rows: &[Vec<String>], limit: Option<u16>) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.columns.iter().map(|column| column.name.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        let gaps = usize::from(GAP) * widths.len().saturating_sub(1);
        let limit = limit.map_or(usize::MAX, |limit| usize::from(limit).saturating_sub(gaps));
        while widths.iter().sum::<usize>() > limit {
            let cuttable = widths
                .iter_mut()
                .zip(&self.columns)
                .filter(|(width, column)| column.align == Align::Cut && **width > NARROWEST);
            match cuttable.max_by_key(|(width, _)| **width) {
                Some((widest, _)) => *widest -= 1,
                None => break,
            }
        }
        widths
    }
}

impl Cell {
    /// The cell's text, escaped: never more than one line.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => visible(text).into_owned(),
            Self::Number(number) => number.to_string(),
            Self::Time(time) => time.clone(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    /// Nothing is an empty cell.
    fn from(cell: Option<T>) -> Self {
        cell.map_or_else(|| Self::Text(String::new()), Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posts() -> Table {
        let mut table =
            Table::new([("id", Align::Left), ("tries", Align::Right), ("caption", Align::Cut)]);
        table.push(["0198c2f4".into(), 3_i64.into(), "New menu".into()]);
        table.push(["0198".into(), 12_i64.into(), Cell::from(None::<String>)]);
        table
    }

    #[test]
    fn columns_are_aligned_and_borderless_without_trailing_blanks() {
        assert_eq!(
            posts().for_people(None, false),
            "id        tries  caption\n0198c2f4      3  New menu\n0198         12\n"
        );
    }

    /// Only the header is bold, and only with colour.
    #[test]
    fn only_coloured_header_is_bold() {
        let text = posts().for_people(None, true);
        let (header, rows) = text.split_once('\n').unwrap();
        assert!(header.contains("\x1b[1mid\x1b[0m"), "{header:?}");
        assert!(header.ends_with("\x1b[1mcaption\x1b[0m"), "{header:?}");
        assert!(!rows.contains('\x1b'), "{rows:?}");
    }

    #[test]
    fn an_empty_table_prints_nothing() {
        assert_eq!(Table::new([("id", Align::Left)]).for_people(Some(80), true), "");
    }

    /// Wide and combining characters keep the next column aligned.
    #[test]
    fn wide_characters_keep_columns_aligned() {
        let mut table = Table::new([("name", Align::Left), ("n", Align::Left)]);
        for name in ["日本語", "e\u{301}te\u{301}", "plain"] {
            table.push([name.into(), "X".into()]);
        }
        let text = table.for_people(None, false);
        let starts: Vec<usize> =
            text.lines().skip(1).map(|line| line.split('X').next().unwrap().width()).collect();
        assert_eq!(starts, [8, 8, 8], "{text}");
    }

    /// A row is one line that fits the terminal, unless that is absurdly
    /// narrow.
    #[test]
    fn row_is_one_line_that_fits() {
        let mut table = posts();
        table.push(["0198".into(), 1_i64.into(), "日本語 word ".repeat(60).into()]);
        for width in [0, 1, 20, 40, 80, 1000] {
            let text = table.for_people(Some(width), false);
            assert_eq!(text.lines().count(), 4, "{width}: {text}");
            assert!(text.contains("0198c2f4"), "ids are never cut: {text}");
            if width >= 40 {
                assert!(text.lines().all(|line| line.width() <= width.into()), "{text}");
            }
        }
        let whole = table.for_people(None, false);
        assert!(!whole.contains('…'), "piped output is whole: {whole}");
    }

    #[test]
    fn the_widest_column_is_cut_first() {
        let mut table = Table::new([("account", Align::Cut), ("caption", Align::Cut)]);
        table.push(["a".repeat(15).into(), "b".repeat(50).into()]);
        let text = table.for_people(Some(40), false);
        assert!(text.contains(&"a".repeat(15)), "{text}");
        assert!(text.contains(&format!("{}…", "b".repeat(22))), "{text}");
    }

    #[test]
    fn a_cut_never_falls_inside_a_grapheme() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let mut table = Table::new([("caption", Align::Cut)]);
        table.push([family.repeat(9).into()]);
        let text = table.for_people(Some(12), false);
        assert_eq!(text.lines().nth(1), Some(format!("{}…", family.repeat(5)).as_str()));
    }

    /// A cell cannot forge a row or an escape sequence.
    #[test]
    fn cell_forges_no_row_or_escape() {
        let mut table = Table::new([("caption", Align::Left)]);
        table.push(["a\n0199 forged\x1b[2J\u{202e}".into()]);
        let text = table.for_people(None, false);
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    }
}
