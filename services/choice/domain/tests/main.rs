//! The rules of choice, by example and by property.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod besides;
mod capacity;
mod offers;
mod placements;
mod units;
mod wishes;

use std::sync::LazyLock;

use niva_calendar::{Interval, NaiveDate, date};
use niva_choice_domain::{Beside, Grant, Periods, Placement, PlacementState, Unit, UnitTerms, Wish};
use niva_models::Regime;
use niva_names::{ServiceCatalogue, ServiceInfo, ServiceKey, stockholm};

/// What the shipped catalogue says of a service.
fn info(service: ServiceKey) -> &'static ServiceInfo {
    static CITY: LazyLock<ServiceCatalogue> = LazyLock::new(|| ServiceCatalogue::shipped().unwrap());
    CITY.service(service.as_str()).unwrap()
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    date(year, month, day).unwrap()
}

fn unit(unit_id: &str, service: ServiceKey, places: u32) -> Unit {
    let first = day(2024, 1, 1);
    Unit {
        unit_id: unit_id.into(),
        name: "Vinsta".to_owned(),
        service,
        periods: Periods::new(vec![(first, terms(places))]).unwrap(),
    }
}

fn terms(capacity: u32) -> UnitTerms {
    UnitTerms {
        provider_id: "provider-1".into(),
        district: "Järva".into(),
        regime: Regime::Municipal,
        capacity,
        orientation: String::new(),
    }
}

fn grant(grant_id: &str, service: ServiceKey) -> Grant {
    Grant {
        grant_id: grant_id.into(),
        person_id: format!("person of {grant_id}").into(),
        service,
        district: "Järva".into(),
        valid: Interval::from(day(2024, 1, 1)),
    }
}

fn wish(grant_id: &str, units: &[&str]) -> Wish {
    let unit_ids = units.iter().map(|id| (*id).into()).collect();
    let person_id = format!("person of {grant_id}");
    Wish { wish_id: "wish-1".into(), grant_id: grant_id.into(), person_id: person_id.into(), unit_ids }
}

fn placement(placement_id: &str, state: PlacementState) -> Placement {
    Placement {
        placement_id: placement_id.into(),
        grant_id: "grant-1".into(),
        person_id: "person of grant-1".into(),
        service: stockholm::OCCUPATION,
        unit_id: "unit-1".into(),
        ordered_start: day(2024, 3, 11),
        state,
        beside: Beside::Alone,
    }
}
