//! What messages of several resources have in common.

use niva_calendar::NaiveDate;
use niva_choice_domain::near;
use niva_kit::Violations;
use niva_kit::wire::read;
use niva_names::ServiceCatalogue;
use niva_proto::common::v1 as common;

/// Longest name, in characters.
const MAX_NAME: usize = 200;

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
