//! What is wrong with an import.

use std::collections::BTreeSet;

use niva_kit::OpError;
use niva_kit::error::Violation;
use niva_proto::choice::v1 as pb;

/// Errors that are told: a status travels in HTTP headers, which are bounded. The rest is counted.
const MAX_TOLD: usize = 50;

/// What is wrong, by the number of the record.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<(usize, Violation)>,
    records: BTreeSet<usize>,
}

impl Findings {
    pub(super) fn add(&mut self, record: usize, field: &str, reason: &'static str, description: String) {
        self.extend(record, [Violation { field: field.to_owned(), description, reason }]);
    }

    pub(super) fn extend(&mut self, record: usize, found: impl IntoIterator<Item = Violation>) {
        self.found.extend(found.into_iter().map(|violation| (record, violation)));
        self.records.insert(record);
    }

    /// Whether something is wrong with a record.
    pub(super) fn has(&self, record: usize) -> bool {
        self.records.contains(&record)
    }

    /// Nothing wrong, or all of it in the records' order: as many errors as can be told and the number of the others.
    pub(super) fn finish(mut self, records: &[pb::ImportChoiceRequest]) -> Result<(), OpError> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|(record, _)| *record);
        let more = self.found.len().saturating_sub(MAX_TOLD);
        let told = self.found.into_iter().take(MAX_TOLD);
        let mut violations: Vec<_> = told
            .map(|(record, v)| {
                let origin = records.get(record).map(|r| r.origin.as_str()).unwrap_or_default();
                let colon = if origin.is_empty() { "" } else { ": " };
                Violation {
                    field: format!("records[{record}].{}", v.field),
                    description: format!("{origin}{colon}{}", v.description),
                    reason: v.reason,
                }
            })
            .collect();
        if more > 0 {
            let description = format!("{more} more errors: correct these and import again to see them");
            violations.push(Violation { field: "records".to_owned(), description, reason: "MORE_ERRORS" });
        }
        Err(OpError::Invalid(violations))
    }
}
