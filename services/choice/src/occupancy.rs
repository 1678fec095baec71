//! What stands around a placement or an offer: who holds the places of its unit, and what else the person has.

use niva_base::OpError;
use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Around, Grant, Offer, Placement, Unit};
use niva_names::{OfferId, PlacementId, ServiceInfo};
use niva_store::Tx;

use crate::offers::store::open_at;
use crate::placements::store::holding;

/// What a placement is told among, with its person's grants and its unit held.
pub(crate) struct Surroundings {
    pub(crate) unit: Unit,
    pub(crate) occupied: Vec<Interval>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) others: Vec<Placement>,
}

impl Surroundings {
    pub(crate) fn around<'a>(&'a self, service: &'a ServiceInfo) -> Around<'a> {
        let Self { unit, occupied, grants, others } = self;
        Around { service, unit, occupied, grants, others }
    }
}

/// Whose place is not counted.
#[derive(Clone, Copy)]
pub(crate) enum Except<'a> {
    Nobody,
    Offer(&'a OfferId),
    Placement(&'a PlacementId),
}

/// Places held at a unit on `from` or later by all except one offer or placement. The unit must be held.
pub(crate) async fn occupied(
    tx: &Tx<'_>,
    unit: &Unit,
    from: NaiveDate,
    today: NaiveDate,
    except: Except<'_>,
) -> Result<Vec<Interval>, OpError> {
    let units = [&unit.unit_id];
    let placed = holding(tx, &units, from.min(today)).await?;
    let counts = |p: &&Placement| !matches!(except, Except::Placement(id) if *id == p.placement_id);
    let placed = placed.iter().filter(counts);
    let mut occupied: Vec<_> = placed.map(Placement::occupies).collect();
    let offered = open_at(tx, &units).await?;
    let counts = |o: &&Offer| !matches!(except, Except::Offer(id) if *id == o.offer_id);
    let offered = offered.iter().filter(counts);
    occupied.extend(offered.filter_map(|o| o.occupies(today)));
    Ok(occupied)
}
