//! Weekly schedules, inwards.

use niva_kit::Violations;
use niva_kit::wire::read::date;
use niva_payment_domain::{Schedule, ScheduleFrom};
use niva_proto::payment::v1 as pb;

/// A schedule and its first day.
pub(crate) fn schedule(
    v: &mut Violations,
    field: &str,
    period: Option<&pb::SchedulePeriod>,
) -> Option<ScheduleFrom> {
    let period = v.required(field, period)?;
    v.nested(field, |v| {
        let from = date(v, "valid_from", period.valid_from);
        let sessions = sessions(v, period.schedule.as_ref());
        Some(ScheduleFrom { from: from?, schedule: sessions? })
    })
}

/// No schedule at all is one without sessions: it ends those before it.
fn sessions(v: &mut Violations, week: Option<&pb::WeeklySchedule>) -> Option<Schedule> {
    let week = week.copied().unwrap_or_default();
    let days = [week.monday, week.tuesday, week.wednesday, week.thursday, week.friday];
    let sessions = days.map(|n| u8::try_from(n).ok().filter(|n| *n <= 2));
    let fits = sessions.iter().all(Option::is_some) && days.iter().sum::<i32>() <= 8;
    let text =
        format!("{days:?} sessions from Monday to Friday: 0 to 2 a day and at most 8 a week can be decided");
    v.require(fits, "schedule", "SCHEDULE_OUT_OF_RANGE", text);
    fits.then(|| Schedule { sessions: sessions.map(Option::unwrap_or_default) })
}
