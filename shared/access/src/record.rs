//! The record of a call: who asked for what, of whom, and what came of it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// Ids that one record names at most, of persons and of placements each; the rest is counted. No page of the contract
/// has more.
const MAX_NAMED: usize = 5_000;
/// The longest id that is named; no service takes a longer one.
const MAX_ID: usize = 128;

/// What the audit trail keeps of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When it came, by the machine's clock.
    pub time: DateTime<Utc>,
    /// The token's subject; empty where nobody knows who called.
    pub subject: String,
    /// The role that opened the method; empty where none did.
    pub role: String,
    /// What the call reached: `city`, `districts:Farsta`, `provider:p1`; empty where no role opened the method.
    pub scope: String,
    /// `/niva.payment.v1.RunService/CreatePaymentRun`; `unknown` for what no contract has.
    pub method: String,
    /// What the caller said that it was for, if anything.
    pub purpose: String,
    /// What came of it: `OK`, or the name of the status.
    pub code: String,
    /// Why it was refused, if it was.
    pub reason: String,
    /// The trace that it belongs to, where traces are taken.
    pub trace_id: String,
    /// Calls that it stands for: 1, but for those that were refused in a flood.
    pub calls: i64,
    /// Whom it was about.
    pub about: About,
}

/// Whom a call was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Persons, by id.
    pub persons: BTreeSet<String>,
    /// Placements, by id, where a message told nothing else of whose they are.
    pub placements: BTreeSet<String>,
    /// How many more there were.
    pub left_out: i64,
}

impl About {
    /// Whether nobody is named.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.persons.is_empty() && self.placements.is_empty() && self.left_out == 0
    }

    /// A person.
    pub fn person(&mut self, id: &str) {
        self.left_out += named(&mut self.persons, id);
    }

    /// Somebody's placement.
    pub fn placement(&mut self, id: &str) {
        self.left_out += named(&mut self.placements, id);
    }

    /// Without what callers may have sent where an id belongs: identity numbers are in no record, and what is not
    /// printable is no id.
    pub(crate) fn of_ids(mut self) -> Self {
        let is_id = |id: &String| !is_like_a_number(id) && !id.chars().any(char::is_control);
        self.persons.retain(is_id);
        self.placements.retain(is_id);
        self
    }

    pub(crate) fn and(mut self, other: &Self) -> Self {
        other.persons.iter().for_each(|id| self.person(id));
        other.placements.iter().for_each(|id| self.placement(id));
        self.left_out += other.left_out;
        self
    }
}

/// How many were left out: none or one.
fn named(ids: &mut BTreeSet<String>, id: &str) -> i64 {
    if ids.contains(id) {
        return 0;
    }
    let fits = ids.len() < MAX_NAMED && id.len() <= MAX_ID;
    if fits {
        ids.insert(id.to_owned());
    }
    i64::from(!fits)
}

/// Ten or twelve digits, with or without a separator before the last four.
pub(crate) fn is_like_a_number(word: &str) -> bool {
    let bare: String = word.trim().chars().filter(|c| !matches!(c, '-' | '+' | ' ')).collect();
    matches!(bare.len(), 10 | 12) && bare.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_bounded_and_says_what_it_leaves_out() {
        let mut about = About::default();
        (0..MAX_NAMED + 3).for_each(|n| about.person(&n.to_string()));
        about.person("0");
        about.placement(&"x".repeat(MAX_ID + 1));
        assert_eq!((about.persons.len(), about.placements.len(), about.left_out), (MAX_NAMED, 0, 4));
    }

    #[test]
    fn what_reads_like_an_identity_number_or_is_no_id_is_in_no_record() {
        let mut about = About::default();
        let separated = format!("{}-{}", "0".repeat(6), "1".repeat(4));
        for id in ["person-1", &separated, &"2".repeat(12), "7", "a\0b"] {
            about.person(id);
        }
        let kept: Vec<String> = about.of_ids().persons.into_iter().collect();
        assert_eq!(kept, ["7", "person-1"]);
    }
}
