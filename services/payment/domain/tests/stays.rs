//! How a day is spent, by the rules as they are written, for the oracle.

use niva_calendar::{Month, NaiveDate};
use niva_models::ServiceTerms;
use niva_payment_domain::{Outcome, PlacementFacts, Transition, TransitionTo};

/// How a day of full compensation is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    Usual,
    AtWork,
    Unvisited,
    Undecided,
    Gone,
    Away,
}

pub(crate) fn stay(f: &PlacementFacts<'_>, terms: &ServiceTerms, day: NaiveDate) -> Stay {
    match transition(f, terms, day) {
        Stay::Usual if away(f, terms, day) => Stay::Away,
        found => found,
    }
}

fn transition(f: &PlacementFacts<'_>, terms: &ServiceTerms, day: NaiveDate) -> Stay {
    let Some(t) = &terms.transition else { return Stay::Usual };
    let begun = f.transitions.iter().map(|known| known.value);
    let begun = begun.filter(|x| (t.studies || x.to == TransitionTo::Work) && x.job_start <= day);
    let Some(x) = begun.max() else { return Stay::Usual };
    if supported(&x, t.max_months, day) {
        let of_month =
            |visit: &NaiveDate| Month::of(*visit) == Month::of(day) && supported(&x, t.max_months, *visit);
        let visited = f.visits.iter().any(|known| of_month(&known.value));
        return if visited || !t.monthly_visit { Stay::AtWork } else { Stay::Unvisited };
    }
    match x.outcome {
        None => Stay::Undecided,
        Some(Outcome::Returned(on)) if day >= on => Stay::Usual,
        Some(_) => Stay::Gone,
    }
}

fn supported(x: &Transition, max_months: u16, day: NaiveDate) -> bool {
    let months = chrono::Months::new(u32::from(max_months));
    x.job_start <= day
        && x.support_end.is_none_or(|end| day <= end)
        && day < x.job_start.checked_add_months(months).unwrap()
        && !matches!(x.outcome, Some(Outcome::Returned(on)) if day >= on)
}

/// Whether the person has been away for more days in a row than the model pays for.
fn away(f: &PlacementFacts<'_>, terms: &ServiceTerms, day: NaiveDate) -> bool {
    let Some(most) = terms.parameters.absence_days else { return false };
    let (mut on, mut days) = (day, 0);
    while f.absences.iter().any(|known| known.value.contains(on)) {
        days += 1;
        on = on.pred_opt().unwrap();
    }
    days > most
}
