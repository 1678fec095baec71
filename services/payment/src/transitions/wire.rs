//! Transitions to work, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, Outcome, Record, Transition, TransitionTo, check_transition};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::{date, optional_date};

use crate::placement_fact::{PlacementFact, Said};
use crate::wire::refuse;

impl PlacementFact for pb::Transition {
    const FACT: FactKind = FactKind::Transition;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.transition_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let transition = transition(v, self)?;
        let days = Interval::between(transition.job_start, transition.support_end)?;
        Some(Said { days, record: Record::Transition(transition) })
    }
}

pub(crate) fn transition(v: &mut Violations, given: &pb::Transition) -> Option<Transition> {
    let job_start = date(v, "job_start", given.job_start);
    let support_end = optional_date(v, "support_end", given.support_end);
    let to = match given.to() {
        pb::transition::To::Work => Some(TransitionTo::Work),
        pb::transition::To::Studies => Some(TransitionTo::Studies),
        pb::transition::To::Unspecified => None,
    };
    v.require(to.is_some(), "to", "FIELD_REQUIRED", "is required; say whether to work or to studies");
    let outcome = match &given.outcome {
        Some(pb::transition::Outcome::Left(true)) => Some(Some(Outcome::Left)),
        Some(pb::transition::Outcome::ReturnDate(day)) => {
            date(v, "return_date", Some(*day)).map(|day| Some(Outcome::Returned(day)))
        }
        Some(pb::transition::Outcome::Left(false)) | None => Some(None),
    };
    let (job_start, to) = (job_start?, to?);
    let transition = Transition { job_start, to, support_end: support_end?, outcome: outcome? };
    match check_transition(0, &transition) {
        Ok(()) => Some(transition),
        Err(error) => {
            refuse(v, error.field().trim_start_matches("transitions[0]."), &error);
            None
        }
    }
}
