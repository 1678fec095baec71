//! What messages of several resources have in common.

use chrono::{DateTime, Utc};
use niva_base::{OpError, Violations};
use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::near;
use niva_names::ServiceCatalogue;
use niva_proto::common::v1 as common;
use niva_rpc::wire::read;
use prost_types::Timestamp;

/// Longest name, in characters.
const MAX_NAME: usize = 200;

/// Which facts a list tells of, beside what it is filtered by.
pub(crate) struct Listed {
    /// Whose newest revision became known at this time or later.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Withdrawn ones too.
    pub(crate) withdrawn: bool,
}

impl Listed {
    pub(crate) fn read(since: Option<&Timestamp>, withdrawn: bool) -> Result<Self, OpError> {
        let mut v = Violations::new();
        let since = read::timestamp(&mut v, "recorded_since", since);
        Ok(Self { since: v.finish_with(since)?, withdrawn })
    }
}

/// Days, if they are given; without a last day they have no end.
pub(crate) fn optional_days(
    v: &mut Violations,
    field: &str,
    value: Option<common::DateInterval>,
) -> Option<Option<Interval>> {
    value.map_or(Some(None), |days| read::interval(v, field, Some(days)).map(Some))
}

/// An id that the caller gives, or that the service has made for a new fact.
pub(crate) fn id_or<I: From<String> + Clone>(
    v: &mut Violations,
    field: &str,
    value: &str,
    made: Option<&I>,
) -> Option<I> {
    let id = read::optional_id(v, field, value)?;
    v.required(field, id.or_else(|| made.cloned()))
}

/// What messages are read against.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) city: &'a ServiceCatalogue,
    pub(crate) today: NaiveDate,
}

impl Reader<'_> {
    /// Name shown to people.
    pub(crate) fn name(v: &mut Violations, field: &str, value: &str) -> Option<String> {
        let value = v.text(field, value)?;
        let sound = value.chars().count() <= MAX_NAME && !value.chars().any(char::is_control);
        let words = format!("is no name: give at most {MAX_NAME} characters on one line");
        v.require(sound, field, "NAME_INVALID", words).then_some(value)
    }

    /// A day not too far ahead; `Some(None)` when it is not given.
    pub(crate) fn optional_day(
        self,
        v: &mut Violations,
        field: &str,
        value: Option<common::Date>,
    ) -> Option<Option<NaiveDate>> {
        let Some(day) = read::optional_date(v, field, value)? else { return Some(None) };
        match near(day, self.today) {
            Ok(day) => Some(Some(day)),
            Err(refusal) => {
                v.add(field, refusal.reason(), refusal.to_string());
                None
            }
        }
    }

    /// A day not too far ahead.
    pub(crate) fn day(
        self,
        v: &mut Violations,
        field: &str,
        value: Option<common::Date>,
    ) -> Option<NaiveDate> {
        let day = self.optional_day(v, field, value)?;
        v.required(field, day)
    }
}
