//! Rows and columns, and their layout for people.

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, CellAlignment, ContentArrangement};

use crate::domain::visible;

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

    /// The table for people: borderless, aligned by display width, wrapped
    /// into `width` columns when one is given; the header is bold when
    /// `color`. Ends with a newline; empty when there are no rows.
    #[must_use]
    pub(super) fn for_people(&self, width: Option<u16>, color: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut table = comfy_table::Table::new();
        table.load_style(NOTHING);
        // Both calls keep comfy-table from looking at the terminal itself.
        table.force_no_tty();
        if color {
            table.enforce_styling();
        }
        if let Some(width) = width.filter(|width| *width > 0) {
            table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
        }
        table.set_header(
            self.columns
                .iter()
                .map(|column| comfy_table::Cell::new(column.name).add_attribute(Attribute::Bold)),
        );
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| comfy_table::Cell::new(cell.shown())));
        }
        let last = self.columns.len().saturating_sub(1);
        for (at, (column, laid_out)) in self.columns.iter().zip(table.column_iter_mut()).enumerate()
        {
            laid_out.set_padding((0, if at == last { 0 } else { 2 }));
            laid_out.set_cell_alignment(match column.align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        table.trim_fmt() + "\n"
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
    use unicode_width::UnicodeWidthStr;

    fn posts() -> Table {
        let mut table =
            Table::new([("id", Align::Left), ("tries", Align::Right), ("caption", Align::Left)]);
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

    #[test]
    fn only_the_header_is_bold_and_only_with_colour() {
        let text = posts().for_people(None, true);
        let (header, rows) = text.split_once('\n').unwrap();
        assert!(header.contains("\x1b[1m"), "{header:?}");
        assert!(!rows.contains('\x1b'), "{rows:?}");
    }

    #[test]
    fn an_empty_table_prints_nothing() {
        assert_eq!(Table::new([("id", Align::Left)]).for_people(Some(80), true), "");
    }

    #[test]
    fn wide_and_combining_characters_keep_the_next_column_aligned() {
        let mut table = Table::new([("name", Align::Left), ("n", Align::Left)]);
        for name in ["日本語", "e\u{301}te\u{301}", "plain"] {
            table.push([name.into(), "X".into()]);
        }
        let text = table.for_people(None, false);
        let starts: Vec<usize> =
            text.lines().skip(1).map(|line| line.split('X').next().unwrap().width()).collect();
        assert_eq!(starts, [8, 8, 8], "{text}");
    }

    #[test]
    fn lines_fit_the_terminal_unless_it_is_absurdly_narrow() {
        let mut table = posts();
        table.push(["0198".into(), 1_i64.into(), "word ".repeat(60).into()]);
        for width in [0, 20, 40, 80, 1000] {
            let text = table.for_people(Some(width), false);
            assert!(text.contains("0198"), "width {width}: {text}");
            if width >= 40 {
                assert!(text.lines().all(|line| line.width() <= width.into()), "{text}");
            }
        }
    }

    #[test]
    fn wrapping_never_cuts_inside_a_grapheme() {
        let family = "👨\u{200d}👩\u{200d}👧";
        let mut table = Table::new([("caption", Align::Left)]);
        table.push([family.repeat(9).into()]);
        let text = table.for_people(Some(21), false);
        assert_eq!(text.matches(family).count(), 9, "{text}");
    }

    #[test]
    fn a_cell_cannot_forge_a_row_or_an_escape_sequence() {
        let mut table = Table::new([("caption", Align::Left)]);
        table.push(["a\n0199 forged\x1b[2J\u{202e}".into()]);
        let text = table.for_people(None, false);
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    }
}
