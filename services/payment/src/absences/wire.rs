//! Absences, inwards.

use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::interval;

use crate::facts::{PlacementFact, Said};

impl PlacementFact for pb::Absence {
    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: String) {
        self.absence_id = id;
    }

    /// It pays nothing and takes nothing by itself.
    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        Some(Said { days: interval(v, "days", self.days)?, subject: "", record: None })
    }
}
