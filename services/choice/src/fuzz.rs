//! Bytes from outside, as far as they get before anything is looked up: for fuzzing, and in no build of the product.

use niva_calendar::NaiveDate;
use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1 as pb;
use niva_rpc::fuzz::{Broken, accepted, look, read, reads_again};

use crate::wire::Reader;
use crate::{grants, offers, placements, providers, units, wishes};

/// Requests, and what the feed tells: the first byte says which. What is accepted is kept, and reads the same.
///
/// # Errors
/// It reads otherwise.
pub fn requests(data: &[u8], city: &ServiceCatalogue, today: NaiveDate) -> Result<(), Broken> {
    let Some((which, bytes)) = data.split_first() else { return Ok(()) };
    let reader = Reader { city, today };
    match which % 10 {
        0 => read(bytes, |given: pb::Unit| {
            let unit = |v: &mut _, given: &_| reader.unit(v, given, Some(&"made".into()));
            reads_again(|v| unit(v, &given), units::wire::message, unit)
        }),
        1 => read(bytes, |given: pb::Placement| {
            let placement = |v: &mut _, given: &_| reader.placement(v, given, Some(&"made".into()));
            reads_again(|v| placement(v, &given), placements::wire::message, placement)
        }),
        2 => read(bytes, |given: pb::Provider| {
            let provider = |v: &mut _, given: &_| providers::wire::provider(v, given, Some(&"made".into()));
            reads_again(|v| provider(v, &given), providers::wire::message, provider)
        }),
        3 => look(bytes, |given| reader.offer(Some(&given))),
        4 => look(bytes, |given| wishes::wire::read(Some(&given))),
        5 => look(bytes, |asked| reader.change(&asked)),
        6 => look(bytes, |asked| reader.capacity_change(&asked)),
        7 => look(bytes, |given: pb::Offer| offers::wire::state(given.state)),
        8 => look(bytes, |given: pb::Placement| placements::wire::state(given.state)),
        _ => look(bytes, |event: AssessmentFeedEvent| accepted(|v| grants::wire::grant(v, &event))),
    }
}
