//! The rules of choice, pure: values in, values out.
//!
//! A person with a [`Grant`] ranks units in a [`Wish`]; a [`Unit`] with a free place makes an [`Offer`]; a yes orders a
//! [`Placement`], which is started, given notice and ended. [`capacity`] tells whether a place is free on every day
//! that it is wanted. A transition consumes its state and answers the next one or a [`Refusal`]; nothing here reads a
//! clock, so every rule takes `today`.

pub mod capacity;
mod grants;
mod occupancy;
mod offers;
mod placements;
mod providers;
mod refusal;
mod units;
mod wishes;

pub use grants::Grant;
pub use occupancy::{OccupancyDay, occupancy};
pub use offers::{Acceptance, Offer, OfferChange, OfferState, Opening};
pub use placements::{Around, Beside, Dates, Placement, PlacementState};
pub use providers::Provider;
pub use refusal::Refusal;
pub use units::{Periods, Unit, UnitChange, UnitTerms};
pub use wishes::{MAX_UNITS, Wish};

use niva_calendar::{NaiveDate, plus_days};

/// How many days ahead a date may lie: two years. What is further away is a slip of the pen.
const MAX_DAYS_AHEAD: i64 = 731;

/// The day itself, unless it is too far ahead of `today`.
///
/// # Errors
/// [`Refusal::DateTooFar`].
pub fn near(day: NaiveDate, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    let latest = plus_days(today, MAX_DAYS_AHEAD);
    if day > latest { Err(Refusal::DateTooFar { day, latest }) } else { Ok(day) }
}
