use std::fmt;

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column: the number of the character in the line, from 1.
    pub column: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(file: &str, line: u32, column: u32, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, column, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// Why a city is refused: all problems, in order of file, line and column. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CityErrors {
    /// The problems.
    pub problems: Vec<Problem>,
}

impl fmt::Display for CityErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        let count = self.problems.len();
        write!(f, "{count} problem{}: nothing was imported", if count == 1 { "" } else { "s" })
    }
}
