//! Rows for other programs: TSV for the shell, CSV for spreadsheets.

use std::io;

use super::{Cell, Table};

/// One line per row, cells separated by tabs, no header. Tabs and line breaks
/// inside a cell are escaped like in every other sink.
pub(super) fn tsv(table: &Table) -> String {
    let mut text = String::new();
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(Cell::shown).collect();
        text += &cells.join("\t");
        text.push('\n');
    }
    text
}

/// RFC 4180 with a header. A text that begins with `=`, `+`, `-`, `@` or a tab
/// gets a leading `'`: spreadsheets would run it as a formula.
pub(super) fn csv(table: &Table) -> io::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| column.name))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(defused))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn defused(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t']) => {
            format!("'{}", cell.shown())
        }
        _ => cell.shown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Align;

    fn table(cells: &[&str]) -> Table {
        let mut table = Table::new([("n", Align::Right), ("text", Align::Left)]);
        for cell in cells {
            table.push([(-5_i64).into(), (*cell).into()]);
        }
        table
    }

    /// TSV has one line per row and no header.
    #[test]
    fn tsv_has_lines_and_no_header() {
        assert_eq!(tsv(&table(&["a", ""])), "-5\ta\n-5\t\n");
        let hostile = tsv(&table(&["a\tb\nc\rd"]));
        assert_eq!((hostile.lines().count(), hostile.matches('\t').count()), (1, 1), "{hostile:?}");
    }

    #[test]
    fn csv_has_a_header_even_without_rows() {
        assert_eq!(csv(&table(&[])).unwrap(), "n,text\n");
        assert_eq!(csv(&table(&["a,\"b\""])).unwrap(), "n,text\n-5,\"a,\"\"b\"\"\"\n");
    }

    #[test]
    fn csv_defuses_formulas_but_not_numbers() {
        for cell in ["=cmd", "+1", "-1", "@SUM", "\tx"] {
            let text = csv(&table(&[cell])).unwrap();
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(&record[0], "-5");
            assert!(record[1].starts_with('\''), "{cell:?}: {text}");
        }
        assert_eq!(csv(&table(&["a=b"])).unwrap(), "n,text\n-5,a=b\n");
    }
}
