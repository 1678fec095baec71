//! What stands around a placement or an offer: who holds the places of its unit, and what else the person has.

use niva_base::OpError;
use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Around, Grant, Placement, Unit};
use niva_names::ServiceInfo;
use niva_store::Tx;

use crate::offers::store::open_at;
use crate::placements::store::holding;

/// What a placement is told among, with its person's grants and its unit held.
pub(crate) struct Surroundings {
    pub(crate) unit: Unit,
    pub(crate) taken: Vec<Interval>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) others: Vec<Placement>,
}

impl Surroundings {
    pub(crate) fn around<'a>(&'a self, service: &'a ServiceInfo) -> Around<'a> {
        let Self { unit, taken, grants, others } = self;
        Around { service, unit, taken, grants, others }
    }
}

/// Places held at a unit on `from` or later by all but one offer or placement. The unit must be held.
pub(crate) async fn taken(
    tx: &Tx<'_>,
    unit: &Unit,
    from: NaiveDate,
    today: NaiveDate,
    but: Option<&str>,
) -> Result<Vec<Interval>, OpError> {
    let units = [unit.unit_id.as_str()];
    let placed = holding(tx, &units, from.min(today)).await?;
    let placed = placed.iter().filter(|p| Some(p.placement_id.as_str()) != but);
    let mut taken: Vec<_> = placed.map(Placement::occupies).collect();
    let offered = open_at(tx, &units).await?;
    let offered = offered.iter().filter(|o| Some(o.offer_id.as_str()) != but);
    taken.extend(offered.filter_map(|o| o.occupies(today)));
    Ok(taken)
}
