//! Actual premises costs, inwards.

use chrono::{DateTime, Utc};
use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_facts::{Author, Fact as _, Info};
use niva_names::PlacementId;
use niva_payment_domain::{FactKind, PremisesCost, Record};
use niva_proto::facts::{author, timestamp};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::interval;

use crate::approval::Approvable;
use crate::placement_fact::{PlacementFact, Said, Told};
use crate::wire::price;

impl PlacementFact for pb::PremisesCost {
    const FACT: FactKind = FactKind::PremisesCost;
    const CARRIES: bool = true;

    fn placement_id(&self) -> &str {
        &self.placement_id
    }

    fn set_fact_id(&mut self, id: Self::Id) {
        self.premises_cost_id = id.into();
    }

    fn set_placement_id(&mut self, id: PlacementId) {
        self.placement_id = id.into();
    }

    /// The approval, and what was judged of what is told again as it was.
    fn carry(&mut self, before: Option<&Self>) {
        self.approval = before.and_then(|before| before.approval.clone());
        self.over_limit = before.is_some_and(|before| before.over_limit);
        self.counting_revision = before.map_or(0, |before| before.counting_revision);
    }

    /// By the limit of the day on which it is told: a new one changes nothing that was told before.
    fn judge(&mut self, before: Option<&Self>, told: &Told<'_>) {
        let limit =
            told.city.service(told.service.as_str()).ok().and_then(|service| service.premises_limit_sek);
        let ore = self.per_month.map_or(0, |money| money.ore);
        self.over_limit = limit.is_some_and(|sek| ore > i64::from(sek) * 100);
        let newest = before.and_then(|before| Some((before, before.info()?)));
        self.counting_revision = match newest.filter(|_| self.over_limit) {
            Some((before, info)) if paid(before, &info) => info.revision,
            Some((before, _)) => before.counting_revision,
            None => 0,
        };
    }

    /// A correction that nobody has approved does not, while an earlier revision is paid.
    fn counts(&self, info: &Info) -> bool {
        !info.stands() || self.counting_revision == 0 || paid(self, info)
    }

    fn read(&self, v: &mut Violations, _: Option<NaiveDate>) -> Option<Said> {
        let approved = !self.over_limit || self.info().is_some_and(|info| self.is_approved(&info));
        let cost = premises_cost(v, self, approved)?;
        Some(Said { days: cost.days, record: Record::PremisesCost(cost) })
    }
}

/// Whether a revision needs no second person, or has one.
fn paid(cost: &pb::PremisesCost, info: &Info) -> bool {
    !cost.over_limit || cost.is_approved(info)
}

impl Approvable for pb::PremisesCost {
    fn approved_revision(&self) -> Option<i64> {
        self.approval.as_ref().map(|approval| approval.revision)
    }

    fn set_approval(&mut self, revision: i64, by: &Author, at: DateTime<Utc>) {
        let (author, approve_time) = (Some(author(by)), Some(timestamp(at)));
        self.counting_revision = 0;
        self.approval = Some(pb::premises_cost::Approval { revision, author, approve_time });
    }

    fn check_needs_approval(&self) -> Result<(), OpError> {
        if self.over_limit {
            return Ok(());
        }
        let words =
            "the premises cost is within the city's limit and is paid as it stands: there is nothing to do";
        Err(OpError::precondition("APPROVAL_NOT_NEEDED", words))
    }
}

/// The days, and the cost.
pub(crate) fn premises_cost(
    v: &mut Violations,
    given: &pb::PremisesCost,
    approved: bool,
) -> Option<PremisesCost> {
    let days = interval(v, "valid", given.valid);
    let per_month = price(v, "per_month", given.per_month);
    Some(PremisesCost { days: days?, per_month: per_month?, approved })
}
