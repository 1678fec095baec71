//! Weekly schedules, inwards.

use niva_base::Violations;
use niva_calendar::{Interval, NaiveDate};
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, Record, Schedule, ScheduleFrom, check_schedule};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::date;

use crate::placement_fact::{PlacementFact, Said, Told};
use crate::wire::refuse;

impl PlacementFact for pb::Schedule {
    const FACT: FactKind = FactKind::WeeklySchedule;
    const OF_CASE: bool = true;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.schedule_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    /// No two schedules begin on one day; each holds until the next.
    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let schedule = schedule(v, self)?;
        Some(Said { days: Interval::day(schedule.from), record: Record::Schedule(schedule) })
    }

    /// Whether as many sessions are granted, and the model lets them be decided.
    fn fits(&self, v: &mut Violations, told: &Told<'_>) {
        let Some(ScheduleFrom { from, schedule }) = schedule(&mut Violations::new(), self) else { return };
        let granted = told.case.and_then(|case| case.scope(from));
        let terms = told.catalogue.on(told.service, from).map(|m| m.terms);
        if let Err(error) = check_schedule(0, schedule, granted.as_ref(), terms) {
            refuse(v, "week", &error);
        }
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
    let sessions = days.map(|n| u8::try_from(n).ok());
    let fits = sessions.iter().all(Option::is_some);
    let text = format!("{days:?} are no numbers of sessions from Monday to Friday");
    v.require(fits, "week", "SCHEDULE_OUT_OF_RANGE", text);
    fits.then(|| Schedule { sessions: sessions.map(Option::unwrap_or_default) })
}
