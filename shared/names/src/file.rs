//! Data files: TOML that is walked by hand and not by serde, so that every problem of a file is found at once, each at
//! its line, with what to do about it.

mod problems;
mod section;
mod source;

pub use problems::{LoadError, Problem, Problems};
pub use section::{Section, Value, boolean, choice, date, key, list, name, number, section, text, wrong};
pub use source::{Documents, Source};

use toml::de::DeTable;

/// Reads the whole of a file with `read`. What is no TOML is reported and not read.
pub fn whole<T>(
    text: &str,
    what: &'static str,
    problems: &mut Problems<'_>,
    read: impl FnOnce(Section<'_>, &mut Problems<'_>) -> Option<T>,
) -> Option<T> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().unwrap_or(0..0);
        problems.add(&at, format!("this is not TOML: {}", error.message()), "");
    }
    if !errors.is_empty() {
        return None;
    }
    read(Section::new(table.get_ref(), 0..0, what), problems)
}
