//! Bytes from outside, as far as they get before anything is looked up: for fuzzing, and in no build of the product.
//!
//! It must not panic, whatever it is given, but for what it asserts itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what is asserted here fails by panicking")]

use std::sync::LazyLock;

use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1 as pb;
use prost::Message;

use crate::wire::Reader;
use crate::{grants, offers, placements, providers, units, wishes};

static CITY: LazyLock<ServiceCatalogue> =
    LazyLock::new(|| ServiceCatalogue::shipped().expect("the shipped city"));

/// Requests, and what the feed tells: the first byte says which. What is accepted is kept, and reads the same.
pub fn requests(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let reader = Reader { city: &CITY, today: NaiveDate::from_ymd_opt(2024, 4, 2).expect("a day") };
    match which % 10 {
        0 => read(bytes, |given: pb::Unit| {
            let unit = |given: &_| accepted(|v| reader.unit(v, given, Some(&"made".into())));
            if let Some(read) = unit(&given) {
                assert_eq!(unit(&units::wire::message(&read)).as_ref(), Some(&read));
            }
        }),
        1 => read(bytes, |given: pb::Placement| {
            let placement = |given: &_| accepted(|v| reader.placement(v, given, Some(&"made".into())));
            if let Some(read) = placement(&given) {
                assert_eq!(placement(&placements::wire::message(&read)).as_ref(), Some(&read));
            }
        }),
        2 => read(bytes, |given: pb::Provider| {
            let provider =
                |given: &_| accepted(|v| providers::wire::provider(v, given, Some(&"made".into())));
            if let Some(read) = provider(&given) {
                assert_eq!(provider(&providers::wire::message(&read)).as_ref(), Some(&read));
            }
        }),
        3 => read(bytes, |given| drop(reader.offer(Some(&given)))),
        4 => read(bytes, |given| drop(wishes::wire::read(Some(&given)))),
        5 => read(bytes, |asked| drop(reader.change(&asked))),
        6 => read(bytes, |asked| drop(reader.capacity_change(&asked))),
        7 => read(bytes, |given: pb::Offer| drop(offers::wire::state(given.state))),
        8 => read(bytes, |given: pb::Placement| drop(placements::wire::state(given.state))),
        _ => read(bytes, |event: AssessmentFeedEvent| drop(accepted(|v| grants::wire::grant(v, &event)))),
    }
}

fn read<M: Message + Default>(bytes: &[u8], of: impl FnOnce(M)) {
    if let Ok(message) = M::decode(bytes) {
        of(message);
    }
}

fn accepted<T>(read: impl FnOnce(&mut Violations) -> Option<T>) -> Option<T> {
    let mut v = Violations::new();
    let read = read(&mut v);
    read.filter(|_| v.is_empty())
}
