//! Individual agreements, inwards.

use chrono::{DateTime, Utc};
use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_facts::{Author, Fact as _, Info};
use niva_models::PriceUnit;
use niva_names::PlacementId;
use niva_payment_domain::{Agreement, FactKind, Record};
use niva_proto::facts::{author, timestamp};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::{id, interval};

use crate::approval::Approvable;
use crate::placement_fact::{PlacementFact, Said};
use crate::wire::price;

impl PlacementFact for pb::Agreement {
    const FACT: FactKind = FactKind::Agreement;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.agreement_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    const CARRIES: bool = true;

    /// The approval; a correction keeps that of what it corrects, which counts until it is approved itself.
    fn carry(&mut self, before: Option<&Self>) {
        self.approval = before.and_then(|before| before.approval.clone());
    }

    /// A correction of what was approved does not, until it is approved.
    fn counts(&self, info: &Info) -> bool {
        !info.stands() || self.approval.is_none() || self.is_approved(info)
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let approved = self.info().is_some_and(|info| self.is_approved(&info));
        let agreement = agreement(v, self, approved);
        let agreed_by = id::<String>(v, "agreed_by", &self.agreed_by);
        let (agreement, _) = agreement.zip(agreed_by)?;
        Some(Said { days: agreement.days, record: Record::Agreement(agreement) })
    }
}

impl Approvable for pb::Agreement {
    fn approved_revision(&self) -> Option<i64> {
        self.approval.as_ref().map(|approval| approval.revision)
    }

    fn set_approval(&mut self, revision: i64, by: &Author, at: DateTime<Utc>) {
        let (author, approve_time) = (Some(author(by)), Some(timestamp(at)));
        self.approval = Some(pb::agreement::Approval { revision, author, approve_time });
    }
}

/// The days and the price, and what it is per.
pub(crate) fn agreement(v: &mut Violations, given: &pb::Agreement, approved: bool) -> Option<Agreement> {
    let days = interval(v, "valid", given.valid);
    let price = price(v, "price", given.price);
    let unit = match given.unit() {
        pb::PriceUnit::CalendarDay => Some(PriceUnit::CalendarDay),
        pb::PriceUnit::Weekday => Some(PriceUnit::Weekday),
        pb::PriceUnit::Month => Some(PriceUnit::Month),
        pb::PriceUnit::HalfDaySession => Some(PriceUnit::HalfDaySession),
        pb::PriceUnit::CourseSession => Some(PriceUnit::CourseSession),
        pb::PriceUnit::Unspecified | pb::PriceUnit::EveningOrNight | pb::PriceUnit::Period => None,
    };
    let text = "is required: say what the price is per, a calendar day, weekday, month or session";
    v.require(unit.is_some(), "unit", "AGREEMENT_UNIT_UNKNOWN", text);
    Some(Agreement { days: days?, unit: unit?, price: price?, approved })
}
