//! Refusals of the rules as errors of the contract.

use niva_base::{OpError, Violations};
use niva_choice_domain::Refusal;
use niva_names::Id;

/// A refusal of the rules: about a field of the request, or about how things stand.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` passes")]
pub(crate) fn refused(refusal: Refusal) -> OpError {
    match field_of(&refusal) {
        "" => OpError::precondition(refusal.reason(), refusal.to_string()),
        field => OpError::invalid(field, refusal.reason(), refusal.to_string()),
    }
}

/// Adds refusals of one field.
pub(crate) fn violations(v: &mut Violations, field: &str, wrong: &[Refusal]) {
    for refusal in wrong {
        v.add(field, refusal.reason(), refusal.to_string());
    }
}

/// Refuses to correct what a fact is about.
pub(crate) fn fixed(field: &str, was: &str, is: &str) -> Result<(), OpError> {
    if was == is {
        return Ok(());
    }
    let words = format!(
        "is {was}: a correction does not change what the fact is about; withdraw it and record another"
    );
    Err(OpError::invalid(field, "SUBJECT_FIXED", words))
}

/// The error that an id is in use.
pub(crate) fn id_taken(kind: &str, id: &impl Id) -> OpError {
    OpError::already_exists("ID_TAKEN", format!("there is a {kind} {id} already: choose another id"))
}

/// The field that a refusal of dates is about.
pub(crate) const fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::StartBeforeOrder { .. } => "actual_start",
        Refusal::NoticeBeforeOrder { .. } => "notice_date",
        Refusal::EndBeforeStart { .. } | Refusal::EndWithoutStart { .. } => "end_date",
        Refusal::StartTooLate { .. } | Refusal::StartInPast { .. } | Refusal::OutsideGrant { .. } => {
            "ordered_start"
        }
        Refusal::RegimeNotAllowed(_) => "regime",
        Refusal::SubjectFixed { field, .. } => field,
        Refusal::AnswerByPassed { .. } => "answer_by",
        Refusal::UnitUnknown(_) | Refusal::WrongService { .. } => "unit_id",
        _ => "",
    }
}
