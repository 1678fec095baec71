//! A fact that a second person approves as it stands.

use chrono::{DateTime, Utc};
use niva_access::Scope;
use niva_base::OpError;
use niva_facts::{Author, Fact, Info, Refused, Telling};
use niva_payment_domain::check_second_person;

/// A fact that a second person approves as it stands. The approval is a revision of its own.
pub(crate) trait Approvable: Fact {
    /// The revision that was approved last, which is the approval's own.
    fn approved_revision(&self) -> Option<i64>;

    /// Says who has approved it, when, and in which revision.
    fn set_approval(&mut self, revision: i64, author: &Author, at: DateTime<Utc>);

    /// Refuses to approve what needs no second person.
    fn check_needs_approval(&self) -> Result<(), OpError> {
        Ok(())
    }

    /// Whether it stands approved.
    fn is_approved(&self, info: &Info) -> bool {
        self.approved_revision() == Some(info.revision)
    }
}

/// The revision that approves a fact whose newest is `newest`; whoever calls looks at its authors before. Errors are looked for in
/// this order: FACT_WITHDRAWN, REVISION_NOT_NEWEST, that no approval is needed, ALREADY_APPROVED.
pub(crate) fn approval<M: Approvable>(
    fact: &M,
    newest: &Info,
    expected: i64,
    told: Telling,
) -> Result<Info, OpError> {
    let info = newest.happened(told)?;
    if expected != newest.revision {
        return Err(Refused::RevisionNotNewest { expected, newest: newest.revision }.into());
    }
    fact.check_needs_approval()?;
    if fact.is_approved(newest) {
        let kind = M::KIND.replace('_', " ");
        let words = format!("the {kind} is approved as it stands: there is nothing to do");
        let error = OpError::precondition("ALREADY_APPROVED", words);
        return Err(error.with("revision", newest.revision));
    }
    Ok(info)
}

/// Refuses whoever is one of the authors: who decides is another person. `SAME_PERSON`.
pub(crate) fn second_person(authors: &[String], scope: &Scope) -> Result<(), OpError> {
    authors.iter().try_for_each(|author| {
        check_second_person(author, &scope.author().subject)
            .map_err(|error| OpError::denied(error.reason(), error.to_string()))
    })
}
