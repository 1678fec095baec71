//! Facts that arrive after March was paid.

use niva_access::Role;
use niva_calendar::NaiveDate;
use niva_models::Regime;
use niva_names::{PersonId, PlacementId, ServiceKey, UnitId, stockholm};
use niva_proto::choice::v1 as choice;

use super::dates;
use super::newcomers::Newcomers;
use super::scores::{Wanted, measure};
use super::world::World;
use crate::failure::{Asked, Failure};
use crate::wire;
use niva_city::{CityData, Placement, Verdict};

/// A fact that came late, and the placement that it is about.
pub(super) struct LateFact {
    pub(super) what: String,
    pub(super) placement_id: PlacementId,
}

/// Sends every late fact that the city has a placement for.
pub(super) async fn arrive(
    world: &World,
    city: &CityData,
    newcomers: &mut Newcomers,
    prefix: &str,
) -> Result<Vec<LateFact>, Failure> {
    let mut facts = Vec::new();
    let officer = world.caller("case-officer", Role::CaseOfficer);
    if let Some(placement) = level_candidate(world, city) {
        let assessor = world.caller("assessor", Role::Assessor);
        let from = dates::march().first_day();
        let wanted = Wanted {
            request: format!("{prefix}-late-level"),
            person_id: &placement.person_id,
            service: placement.service,
            level: 3,
            visit: dates::late_visit(),
            valid_from: Some(from),
        };
        measure(&assessor, &world.catalogue, &wanted).await?;
        facts.push(LateFact {
            what: format!("level 3 instead of 1, valid back from {from}"),
            placement_id: placement.placement_id.clone(),
        });
    }
    if let Some(placement) = stay(city, stockholm::HOUSING_WITH_SPECIAL_SERVICE).next() {
        let end = dates::late_end();
        let request = choice::EndPlacementRequest {
            request_id: format!("{prefix}-late-end"),
            placement_id: placement.placement_id.to_string(),
            end_date: Some(wire::date(end)),
            ..choice::EndPlacementRequest::default()
        };
        officer.choice.clone().placements.end_placement(request).await.to("end a placement")?;
        facts.push(LateFact {
            what: format!("moved out on {end}, reported late"),
            placement_id: placement.placement_id.clone(),
        });
    }
    if let Some(placement) = awaited(city) {
        let notice = dates::late_notice();
        let request = choice::GiveNoticeRequest {
            request_id: format!("{prefix}-late-notice"),
            placement_id: placement.placement_id.to_string(),
            notice_date: Some(wire::date(notice)),
            ..choice::GiveNoticeRequest::default()
        };
        officer.choice.clone().placements.give_notice(request).await.to("give notice")?;
        facts.push(LateFact {
            what: format!("never came; the place was given up on {notice}"),
            placement_id: placement.placement_id.clone(),
        });
    }
    for placement_id in newcomers.measure_late(world, dates::late_visit()).await? {
        facts.push(LateFact {
            what: "measured only now; March was held".to_owned(),
            placement_id: placement_id.into(),
        });
    }
    Ok(facts)
}

/// Placements of people who have been there all the time.
fn stay(city: &CityData, service: ServiceKey) -> impl Iterator<Item = &Placement> {
    let march: NaiveDate = dates::march().first_day();
    city.placements.iter().map(|row| &row.value).filter(move |p| {
        p.service == service
            && p.actual_start.is_some_and(|day| day < march)
            && p.notice_date.is_none()
            && p.end_date.is_none()
    })
}

/// Somebody at level 1 in a municipal unit of supported housing.
fn level_candidate<'a>(world: &World, city: &'a CityData) -> Option<&'a Placement> {
    let scale =
        world.catalogue.on(stockholm::SUPPORTED_HOUSING, dates::march().first_day())?.terms.scale.as_ref()?;
    let lowest = |person: &PersonId| {
        let of_person = city.measurements.iter().map(|row| &row.value).filter(|m| m.person_id == *person);
        of_person.max_by_key(|m| m.valid_from).is_some_and(|m| match m.verdict {
            Verdict::Points(points) => scale.level_of(points).is_some_and(|band| band.level.0 == 1),
            Verdict::Stated(_) => false,
        })
    };
    let municipal = |unit: &UnitId| {
        city.units.iter().any(|row| row.value.unit_id == *unit && row.value.regime == Regime::Municipal)
    };
    stay(city, stockholm::SUPPORTED_HOUSING).find(|p| municipal(&p.unit_id) && lowest(&p.person_id))
}

/// Somebody who was to come in early March, has not, and whose place nobody has given up.
fn awaited(city: &CityData) -> Option<&Placement> {
    city.placements.iter().map(|row| &row.value).find(|p| {
        p.actual_start.is_none()
            && p.notice_date.is_none()
            && (dates::march().first_day()..=dates::late_notice()).contains(&p.ordered_start)
    })
}
