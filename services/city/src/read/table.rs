//! Cells to values of a type, by the header.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::NaiveDate;

use super::Lost;
use super::text::{Cell, Record, records};
use crate::problem::Problem;
use crate::records::{FileSpec, Row};

/// Reads a file: `parse` makes a record of a line's cells, or `None` after it has reported why not.
pub(super) fn read<T>(
    spec: &'static FileSpec,
    bytes: &[u8],
    problems: &mut Vec<Problem>,
    lost: &mut Lost,
    parse: impl Fn(&mut Cells<'_>) -> Option<T>,
) -> Vec<Row<T>> {
    let mut lines = records(spec.name, bytes, problems).into_iter();
    let Some(header) = lines.next() else {
        problems.push(Problem::new(
            spec.name,
            1,
            1,
            format!("the file is empty: begin with `{}`", spec.columns.join(",")),
        ));
        return Vec::new();
    };
    let order = columns(spec, &header, problems);
    let mut rows = Vec::new();
    for record in lines {
        if record.cells.len() != header.cells.len() {
            let message = format!(
                "{} cells, but the header has {}: add what is missing, or take away what is too much",
                record.cells.len(),
                header.cells.len()
            );
            let column = record.cells.get(header.cells.len()).map_or(1, |cell| cell.column);
            problems.push(Problem::new(spec.name, record.line, column, message));
            lose(spec, &order, &record, lost);
            continue;
        }
        let mut cells = Cells { spec, order: &order, record: &record, problems };
        if let Some(value) = parse(&mut cells) {
            let starts = (0..spec.columns.len()).map(|i| cells.cell(i).map_or(1, |c| c.column)).collect();
            rows.push(Row { value, file: spec, line: record.line, starts });
        } else {
            lose(spec, &order, &record, lost);
        }
    }
    rows
}

/// Every file's first column is its id.
fn lose(spec: &'static FileSpec, order: &[Option<usize>], record: &Record, lost: &mut Lost) {
    if let Some(cell) = order.first().copied().flatten().and_then(|at| record.cells.get(at)) {
        lost.insert((spec.name, cell.text.trim().to_owned()));
    }
}

/// For each column of the file, which cell of a line it is.
fn columns(spec: &FileSpec, header: &Record, problems: &mut Vec<Problem>) -> Vec<Option<usize>> {
    if let [only] = header.cells.as_slice()
        && only.text.contains([';', '\t'])
    {
        problems.push(Problem::new(
            spec.name,
            header.line,
            1,
            "the cells are not parted by commas: save the file with commas",
        ));
        return vec![None; spec.columns.len()];
    }
    let mut order = vec![None; spec.columns.len()];
    for (at, cell) in header.cells.iter().enumerate() {
        let name = cell.text.trim();
        let message = match spec.columns.iter().position(|c| *c == name) {
            None => {
                format!("unknown column `{name}`: take it away; the columns are {}", spec.columns.join(", "))
            }
            Some(i) if order[i].is_some() => format!("column `{name}` stands twice: take one away"),
            Some(i) => {
                order[i] = Some(at);
                continue;
            }
        };
        problems.push(Problem::new(spec.name, header.line, cell.column, message));
    }
    for (name, at) in spec.columns.iter().zip(&order) {
        if at.is_none() {
            problems.push(Problem::new(
                spec.name,
                header.line,
                1,
                format!("column `{name}` is missing: add it"),
            ));
        }
    }
    order
}

/// One line's cells by name. Whoever asks for a value gets `None` once the reason has been reported.
pub(super) struct Cells<'a> {
    spec: &'static FileSpec,
    order: &'a [Option<usize>],
    record: &'a Record,
    problems: &'a mut Vec<Problem>,
}

impl Cells<'_> {
    fn cell(&self, column: usize) -> Option<&Cell> {
        self.order.get(column).copied().flatten().and_then(|at| self.record.cells.get(at))
    }

    fn named(&self, column: &str) -> Option<&Cell> {
        let cell = self.spec.columns.iter().position(|c| *c == column).and_then(|i| self.cell(i))?;
        // Bytes that are no text have been reported already.
        (!cell.text.contains(char::REPLACEMENT_CHARACTER)).then_some(cell)
    }

    /// Reports a problem with a cell.
    pub(super) fn refuse<T>(&mut self, column: &str, message: impl Into<String>) -> Option<T> {
        let at = self.named(column).map_or(1, |cell| cell.column);
        self.problems.push(Problem::new(self.spec.name, self.record.line, at, message));
        None
    }

    /// A value that may be left out: `Some(None)` for an empty cell.
    pub(super) fn optional<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let text = self.named(column)?.text.trim().to_owned();
        if text.is_empty() {
            return Some(None);
        }
        match parse(&text) {
            Ok(value) => Some(Some(value)),
            Err(message) => self.refuse(column, message),
        }
    }

    /// A value that must be there.
    pub(super) fn required<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.optional(column, parse)? {
            Some(value) => Some(value),
            None => self.refuse(column, format!("`{column}` is empty: give it")),
        }
    }
}

/// An opaque id.
pub(super) fn id(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/');
    if text.len() > 64 || !text.chars().all(allowed) {
        return Err(format!("`{text}` is no id: use at most 64 letters a-z, digits and - _ . : /"));
    }
    if looks_like_identity_number(text) {
        // The value is not repeated: it may be a person's.
        return Err("the id has the form of a personal identity number: use an opaque id instead".to_owned());
    }
    Ok(text.to_owned())
}

/// Six or eight digits, maybe a sign, four digits.
fn looks_like_identity_number(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let signs = text.chars().filter(|c| matches!(c, '-' | '.' | '_')).count();
    matches!(digits, 10 | 12) && signs <= 1 && digits + signs == text.len()
}

/// Text as it stands, up to 200 characters.
pub(super) fn words(text: &str) -> Result<String, String> {
    if text.chars().count() > 200 {
        Err("longer than 200 characters: shorten it".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A civil date.
pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let day = if shaped { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None };
    day.filter(|d| d >= &NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(*d))
        .ok_or_else(|| format!("`{text}` is no date: write it as 2024-03-01"))
}

/// A whole number in a range.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> impl FnOnce(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    move |text| {
        let bad = || format!("`{text}` is no whole number from {} to {}", range.start(), range.end());
        text.parse().ok().filter(|n| range.contains(n)).ok_or_else(bad)
    }
}

/// Hours a week: whole hours, and the reason when they are not.
pub(super) fn hours(text: &str) -> Result<u8, String> {
    let fraction = text.split_once(['.', ',']).is_some_and(|(whole, part)| {
        [whole, part].iter().all(|half| !half.is_empty() && half.bytes().all(|b| b.is_ascii_digit()))
    });
    if fraction {
        return Err(format!(
            "`{text}` hours is not whole: hours between two intervals have no price; decide whole hours"
        ));
    }
    whole(1..=40_u8)(text).map_err(|e| format!("{e}: hours a week"))
}

/// A name, or a key.
pub(super) fn name<T: FromStr<Err: Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|e: T::Err| e.to_string())
}

/// `yes` or `no`.
pub(super) fn yes_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("`{text}` is neither `yes` nor `no`")),
    }
}
