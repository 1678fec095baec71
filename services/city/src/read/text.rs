//! Text to cells (RFC 4180, one line a record), with the place of every cell and every fault of the text.

use crate::problem::Problem;

/// A cell and the place at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: u32,
    pub(super) text: String,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) line: u32,
    pub(super) cells: Vec<Cell>,
}

/// The records of a file; empty lines are none. What is wrong with the text goes to `problems`.
pub(super) fn records(file: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> Vec<Record> {
    let text = decode(file, bytes, problems);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut records = Vec::new();
    for (line, content) in (1_u32..).zip(text.split('\n')) {
        let content = content.strip_suffix('\r').unwrap_or(content);
        if content.is_empty() {
            continue;
        }
        let mut splitter = Splitter { file, line, chars: content.chars().collect(), at: 0, problems };
        records.push(Record { line, cells: splitter.cells() });
    }
    records
}

/// The text, with U+FFFD for bytes that are no UTF-8, each reported at its place.
fn decode(file: &str, bytes: &[u8], problems: &mut Vec<Problem>) -> String {
    let mut text = String::with_capacity(bytes.len());
    let (mut line, mut column) = (1_u32, 1_u32);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            let hex: Vec<String> = chunk.invalid().iter().map(|b| format!("{b:02X}")).collect();
            let message = format!("byte {} is not UTF-8: save the file as UTF-8", hex.join(" "));
            problems.push(Problem::new(file, line, column, message));
            text.push(char::REPLACEMENT_CHARACTER);
            column += 1;
        }
    }
    text
}

struct Splitter<'a> {
    file: &'a str,
    line: u32,
    chars: Vec<char>,
    at: usize,
    problems: &'a mut Vec<Problem>,
}

impl Splitter<'_> {
    fn cells(&mut self) -> Vec<Cell> {
        let mut cells = Vec::new();
        loop {
            let column = self.column();
            let text = if self.peek() == Some('"') { self.quoted() } else { self.bare() };
            cells.push(Cell { column, text });
            if self.peek().is_none() {
                return cells;
            }
            // What stopped the cell is a comma.
            self.at += 1;
        }
    }

    fn bare(&mut self) -> String {
        let mut text = String::new();
        let mut reported = false;
        while let Some(c) = self.peek().filter(|c| *c != ',') {
            if c == '"' && !reported {
                self.problem(
                    self.column(),
                    "a quote inside a cell without quotes: put the whole cell in quotes and double this one",
                );
                reported = true;
            }
            text.push(c);
            self.at += 1;
        }
        text
    }

    fn quoted(&mut self) -> String {
        let opened = self.column();
        let mut text = String::new();
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    self.problem(
                        opened,
                        "the quote that opens here is not closed on its line: close it, or take it away",
                    );
                    return text;
                }
                Some('"') => {
                    self.at += 1;
                    if self.peek() != Some('"') {
                        break;
                    }
                    text.push('"');
                }
                Some(c) => text.push(c),
            }
            self.at += 1;
        }
        if self.peek().is_some_and(|c| c != ',') {
            self.problem(
                self.column(),
                "text after the closing quote: end the cell with a comma, or double quotes inside it",
            );
            while self.peek().is_some_and(|c| c != ',') {
                self.at += 1;
            }
        }
        text
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn column(&self) -> u32 {
        u32::try_from(self.at).unwrap_or(u32::MAX - 1) + 1
    }

    fn problem(&mut self, column: u32, message: &str) {
        self.problems.push(Problem::new(self.file, self.line, column, message));
    }
}
