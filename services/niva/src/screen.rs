//! What people see: money, tables, lines on stdout.

use std::io::Write;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, presets};
use console::Term;
use niva_money::Ore;

/// No-break space: an amount never breaks over two lines.
const SPACE: char = '\u{a0}';

/// An amount for people, exact: `−12 345 678,90 kr`.
pub(crate) fn kronor(amount: Ore) -> String {
    let ore = amount.0.unsigned_abs();
    let sign = if amount.0 < 0 { "−" } else { "" };
    format!("{sign}{},{:02}{SPACE}kr", grouped(ore / 100), ore % 100)
}

/// A count for people: `3 719`.
pub(crate) fn count(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(SPACE);
        }
        text.push(digit);
    }
    text
}

/// Width up to which a cell is never broken: a date, a state, a unit.
const WHOLE: usize = 12;

/// A table with a header; the columns in `right` are set to the right. On a terminal it is no wider than that: cells break
/// over lines. Elsewhere (a file, a pipe) each row is one line.
pub(crate) fn table(header: &[&str], right: &[usize], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    let rule = LineStyle::new('─', '─', '─', '─');
    table.load_style(presets::NOTHING.header_separator(rule)).set_header(header.iter().copied());
    if let Some((_, columns)) = Term::stdout().size_checked() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
    }
    let mut widths: Vec<usize> = header.iter().map(|name| name.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row) {
            *width = (*width).max(cell.chars().count());
        }
        table.add_row(row);
    }
    for (at, (column, width)) in table.column_iter_mut().zip(widths).enumerate() {
        column.set_padding((0, 1));
        if right.contains(&at) {
            // Figures, dates and states stay whole; what is long breaks.
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        } else if width <= WHOLE {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.trim_fmt()
}

/// Writes to stdout. That nobody reads it any more (`niva … | head`) is no failure.
pub(crate) fn show(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes to stderr.
pub(crate) fn tell(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use niva_money::Ore;

    use super::{count, kronor};

    #[test]
    fn money_is_exact_and_grouped() {
        let plain = |ore| kronor(Ore(ore)).replace('\u{a0}', " ");
        assert_eq!(plain(0), "0,00 kr");
        assert_eq!(plain(1_234_567_890), "12 345 678,90 kr");
        assert_eq!(plain(-930_005), "−9 300,05 kr");
        assert_eq!(plain(i64::MIN), "−92 233 720 368 547 758,08 kr");
        assert_eq!(count(3_719).replace('\u{a0}', " "), "3 719");
    }
}
