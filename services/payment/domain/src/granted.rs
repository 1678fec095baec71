//! What is granted on each day.

use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::GrantScope;

use crate::fact::Grant;
use crate::facts::{Granted, Known};
use crate::revisions::Revisions;

/// The grant of each day with the scope that it has then.
pub(crate) fn grants(grants: &Revisions<Grant>) -> Timeline<Known<'_, Granted<'_>>> {
    let valid = Timeline::layered(grants.standing().map(|grant| (grant.value.valid, grant)));
    let pieces = valid.spans().iter().flat_map(|(days, grant)| {
        let scopes = grant.value.scopes.iter().map(|(from, scope)| (Interval::from(*from), *scope));
        let scopes = std::iter::once((Interval::from(NaiveDate::MIN), GrantScope::default())).chain(scopes);
        let district = &grant.value.district;
        let pieces = Timeline::layered(scopes);
        let pieces =
            pieces.within(*days).map(|(days, scope)| (days, grant.with(Granted { district, scope: *scope })));
        pieces.collect::<Vec<_>>()
    });
    Timeline::layered(pieces)
}
