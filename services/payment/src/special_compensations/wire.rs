//! Special compensation, inwards.

use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_facts::Info;
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, Record, Special, check_special};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::{date, interval};

use crate::placement_fact::{PlacementFact, Said};
use crate::wire::{price, refuse};

/// The longest purpose, in characters.
const MAX_PURPOSE: usize = 500;

impl PlacementFact for pb::SpecialCompensation {
    const FACT: FactKind = FactKind::Special;
    const ALONE: bool = false;
    const CARRIES: bool = true;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.special_compensation_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    /// The decision; a correction keeps that of what it corrects.
    fn carry(&mut self, before: Option<&Self>) {
        self.decision = before.and_then(|before| before.decision.clone());
    }

    /// What is granted does, and what takes it back.
    fn counts(&self, info: &Info) -> bool {
        !info.stands() || decided(self, info).is_some_and(|decision| decision.granted)
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let days = interval(v, "valid", self.valid);
        let amount = price(v, "amount", self.amount);
        let applied_on = date(v, "apply_date", self.apply_date);
        let length = self.purpose.trim().chars().count();
        let text = "is required: say why it is needed, in 1 to 500 characters";
        v.require((1..=MAX_PURPOSE).contains(&length), "purpose", "PURPOSE_MISSING", text);
        let special = Special { days: days?, amount: amount?, applied_on: applied_on? };
        if let Err(error) = check_special(0, &special) {
            let field = if error.reason() == "PERIOD_OPEN" { "valid" } else { "apply_date" };
            refuse(v, field, &error);
            return None;
        }
        Some(Said { days: special.days, record: Record::Special(special) })
    }
}

/// What was decided of this revision.
pub(super) fn decided<'a>(
    special: &'a pb::SpecialCompensation,
    info: &Info,
) -> Option<&'a pb::special_compensation::Decision> {
    special.decision.as_ref().filter(|decision| decision.revision == info.revision)
}
