//! Who holds the places of a unit.

use niva_base::OpError;
use niva_calendar::{Interval, NaiveDate};
use niva_choice_domain::{Placement, Unit};
use niva_store::Tx;

use crate::{offers, placements};

/// Places held at a unit on `from` or later by all but one offer or placement. The unit must be held.
pub(crate) async fn taken(
    tx: &Tx<'_>,
    unit: &Unit,
    from: NaiveDate,
    today: NaiveDate,
    but: Option<&str>,
) -> Result<Vec<Interval>, OpError> {
    let units = [unit.unit_id.as_str()];
    let placed = placements::store::holding(tx, &units, from.min(today)).await?;
    let placed = placed.iter().filter(|p| Some(p.placement_id.as_str()) != but);
    let mut taken: Vec<_> = placed.filter_map(Placement::occupies).collect();
    let offered = offers::store::open_at(tx, &units).await?;
    let offered = offered.iter().filter(|o| Some(o.offer_id.as_str()) != but);
    taken.extend(offered.filter_map(|o| o.occupies(today)));
    Ok(taken)
}
