//! One thing that is wrong with a request, and how many of them are told.

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field: `placements[3].start_date`.
    pub field: String,
    /// For a person: what is wrong and what to do.
    pub description: String,
    /// For programs: `END_BEFORE_START`.
    pub reason: &'static str,
}

/// Bytes of violations that are told. They travel in HTTP headers: base64 makes a third more of them, and a client that
/// reads less than it gets learns of nothing at all (ours reads several times as much).
const TOLD_BYTES: usize = 48 * 1024;
/// Violations that the message has in words; the details have all of them.
const IN_WORDS: usize = 3;

/// The first violations in words, and how many more there are.
pub(crate) fn in_words(violations: &[Violation]) -> String {
    let mut words: Vec<_> = violations
        .iter()
        .take(IN_WORDS)
        .map(|v| {
            if v.field.is_empty() { v.description.clone() } else { format!("{}: {}", v.field, v.description) }
        })
        .collect();
    if violations.len() > IN_WORDS {
        words.push(format!("and {} more", violations.len() - IN_WORDS));
    }
    words.join("; ")
}

/// As many violations as can be told, and the number of the others under the reason `MORE_ERRORS`.
pub(crate) fn told(violations: &[Violation]) -> Vec<Violation> {
    let mut bytes = 0;
    let fits = |v: &&Violation| {
        bytes += v.field.len() + v.description.len() + v.reason.len();
        bytes <= TOLD_BYTES
    };
    let mut told: Vec<_> = violations.iter().take_while(fits).cloned().collect();
    if let more @ 1.. = violations.len() - told.len() {
        let description = format!("{more} more errors: correct these and call again to see them");
        told.push(Violation { field: String::new(), description, reason: "MORE_ERRORS" });
    }
    told
}
