//! Weekly schedules, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_payment_domain::{Record, Schedule, ScheduleFrom};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::date;

use crate::facts::{PlacementFact, Said};

impl PlacementFact for pb::Schedule {
    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: String) {
        self.schedule_id = id;
    }

    /// No two schedules begin on one day; each holds until the next.
    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let schedule = schedule(v, self)?;
        let (days, record) = (Interval::day(schedule.from), Some(Record::Schedule(schedule)));
        Some(Said { days, subject: "", record })
    }
}

/// A schedule and its first day.
pub(crate) fn schedule(v: &mut Violations, given: &pb::Schedule) -> Option<ScheduleFrom> {
    let from = date(v, "valid_from", given.valid_from);
    let sessions = sessions(v, given.week.as_ref());
    Some(ScheduleFrom { from: from?, schedule: sessions? })
}

/// No week at all is one without sessions: it ends those before it.
fn sessions(v: &mut Violations, week: Option<&pb::WeeklySchedule>) -> Option<Schedule> {
    let week = week.copied().unwrap_or_default();
    let days = [week.monday, week.tuesday, week.wednesday, week.thursday, week.friday];
    let sessions = days.map(|n| u8::try_from(n).ok().filter(|n| *n <= 2));
    let fits = sessions.iter().all(Option::is_some) && days.iter().sum::<i32>() <= 8;
    let text =
        format!("{days:?} sessions from Monday to Friday: 0 to 2 a day and at most 8 a week can be decided");
    v.require(fits, "week", "SCHEDULE_OUT_OF_RANGE", text);
    fits.then(|| Schedule { sessions: sessions.map(Option::unwrap_or_default) })
}
