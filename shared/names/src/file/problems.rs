use std::{fmt, ops::Range};

/// One thing that is wrong in a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Line and column, both from 1; `None` when the file itself cannot be read.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub what: String,
    /// What to do about it; may be empty.
    pub to_do: String,
}

impl Problem {
    /// A problem of the file as a whole.
    #[must_use]
    pub fn unplaced(file: &str, what: String) -> Self {
        Self { file: file.to_owned(), at: None, what, to_do: String::new() }
    }
}

/// `file:line:column: what is wrong; what to do`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.what)?;
        if self.to_do.is_empty() { Ok(()) } else { write!(f, "; {}", self.to_do) }
    }
}

/// Data files that were refused: every problem of every file, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct LoadError {
    /// In order of file and place.
    pub problems: Vec<Problem>,
}

impl LoadError {
    /// A single problem.
    #[must_use]
    pub fn one(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// Gathers what is wrong in one file.
#[derive(Debug)]
pub struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    list: Vec<(usize, String, String)>,
}

impl<'a> Problems<'a> {
    /// None yet, of a file with this name and text.
    #[must_use]
    pub const fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, list: Vec::new() }
    }

    /// Adds what is wrong at a place of the text, and what to do about it.
    pub fn add(&mut self, at: &Range<usize>, what: impl Into<String>, to_do: impl Into<String>) {
        self.list.push((at.start, what.into(), to_do.into()));
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many were found so far: to see whether a part was read without any.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The line of a place, from 1.
    #[must_use]
    pub fn line(&self, at: &Range<usize>) -> usize {
        self.place(at.start).0
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count();
        (before.matches('\n').count() + 1, column + 1)
    }

    /// All of them, in order of place.
    #[must_use]
    pub fn into_list(mut self) -> Vec<Problem> {
        let mut list = std::mem::take(&mut self.list);
        list.sort();
        list.into_iter()
            .map(|(at, what, to_do)| Problem {
                file: self.file.to_owned(),
                at: Some(self.place(at)),
                what,
                to_do,
            })
            .collect()
    }
}
