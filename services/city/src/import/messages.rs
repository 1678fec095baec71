//! Records as messages of the contract.

use chrono::NaiveDate;
use niva_models::{Component, Regime};
use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::common::v1::DateInterval;
use niva_proto::payment::v1 as payment;
use niva_rpc::wire::write::{date, level, scope};

use crate::records::{
    Grant, Measurement, Occasion, Person, Placement, Provider, Row, Schedule, Unit, Verdict,
};

fn regime(regime: Regime) -> i32 {
    niva_rpc::wire::write::regime(regime).into()
}

fn component(component: Component) -> i32 {
    match component {
        Component::Rate => payment::Component::Rate,
        Component::Vacancy => payment::Component::Vacancy,
        Component::Premises => payment::Component::Premises,
        Component::EveningNight => payment::Component::EveningNight,
        Component::ActualPremises => payment::Component::ActualPremises,
        Component::Special => payment::Component::Special,
    }
    .into()
}

fn dates(first: NaiveDate, last: Option<NaiveDate>) -> DateInterval {
    DateInterval { first: Some(date(first)), last: last.map(date) }
}

pub(super) fn person(row: &Row<Person>) -> assessment::Person {
    let Person { person_id, district } = row.value.clone();
    let residence = assessment::ResidencePeriod { valid_from: None, district: district.into() };
    assessment::Person { person_id: person_id.into(), residences: vec![residence], ..Default::default() }
}

pub(super) fn grant(row: &Row<Grant>) -> assessment::Grant {
    let grant = row.value.clone();
    assessment::Grant {
        grant_id: grant.grant_id.into(),
        person_id: grant.person_id.into(),
        service: grant.service.into(),
        district: grant.district.into(),
        valid: Some(dates(grant.valid_from, grant.valid_to)),
        scopes: vec![assessment::ScopePeriod {
            valid_from: Some(date(grant.valid_from)),
            scope: Some(scope(&grant.scope)),
        }],
        ..Default::default()
    }
}

/// The measurement, where there are points.
pub(super) fn measurement(row: &Row<Measurement>) -> Option<assessment::Measurement> {
    let Verdict::Points(points) = row.value.verdict else { return None };
    let measurement = row.value.clone();
    Some(assessment::Measurement {
        measurement_id: measurement.measurement_id.into(),
        person_id: measurement.person_id.into(),
        service: measurement.service.into(),
        visit_date: Some(date(measurement.visit_date)),
        total: Some(points.into()),
        ..Default::default()
    })
}

/// The level decision, under the measurement's id.
pub(super) fn level_decision(row: &Row<Measurement>) -> assessment::LevelDecision {
    use assessment::level_decision::Kind;
    let measurement = row.value.clone();
    let (kind, measurement_id, stated) = match measurement.verdict {
        Verdict::Points(_) => (Kind::Measured, measurement.measurement_id.to_string(), None),
        Verdict::Stated(stated) => (Kind::Stated, String::new(), Some(level(stated))),
    };
    assessment::LevelDecision {
        level_decision_id: measurement.measurement_id.into(),
        person_id: measurement.person_id.into(),
        service: measurement.service.into(),
        level: stated,
        valid_from: Some(date(measurement.valid_from)),
        kind: kind.into(),
        measurement_id,
        ..Default::default()
    }
}

pub(super) fn provider(row: &Row<Provider>) -> choice::Provider {
    let Provider { provider_id, name } = row.value.clone();
    choice::Provider { provider_id: provider_id.into(), name, info: None }
}

pub(super) fn unit(row: &Row<Unit>) -> choice::Unit {
    let unit = row.value.clone();
    let period = |from, capacity| choice::UnitPeriod {
        valid_from: Some(date(from)),
        provider_id: unit.provider_id.to_string(),
        district: unit.district.to_string(),
        regime: regime(unit.regime),
        capacity,
        orientation: String::new(),
    };
    // It begins with its regime; until there are places it has none.
    let places = period(unit.places_from.max(unit.regime_from), i32::from(unit.places));
    let before = (unit.regime_from < unit.places_from).then(|| period(unit.regime_from, 0));
    choice::Unit {
        periods: before.into_iter().chain([places]).collect(),
        unit_id: unit.unit_id.into(),
        name: unit.name.clone(),
        service: unit.service.into(),
        info: None,
    }
}

pub(super) fn placement(row: &Row<Placement>) -> choice::Placement {
    let placement = row.value.clone();
    choice::Placement {
        placement_id: placement.placement_id.into(),
        grant_id: placement.grant_id.into(),
        person_id: placement.person_id.into(),
        service: placement.service.into(),
        unit_id: placement.unit_id.into(),
        ordered_start: Some(date(placement.ordered_start)),
        actual_start: placement.actual_start.map(date),
        notice_date: placement.notice_date.map(date),
        end_date: placement.end_date.map(date),
        ..choice::Placement::default()
    }
}

/// One that begins on a day of a placement: the same line of the file is the same fact.
pub(super) fn schedule(row: &Row<Schedule>) -> payment::Schedule {
    let Schedule { placement_id, valid_from, sessions } = &row.value;
    let [monday, tuesday, wednesday, thursday, friday] = sessions.map(i32::from);
    payment::Schedule {
        schedule_id: format!("{placement_id}-{valid_from}"),
        placement_id: placement_id.into(),
        valid_from: Some(date(*valid_from)),
        week: Some(payment::WeeklySchedule { monday, tuesday, wednesday, thursday, friday }),
        info: None,
    }
}

/// One a day, placement and component: the same line of the file is the same fact.
pub(super) fn occasion(row: &Row<Occasion>) -> payment::Occasion {
    let Occasion { placement_id, date: day, component: kind, count } = &row.value;
    payment::Occasion {
        occasion_id: format!("{placement_id}-{day}-{kind}"),
        placement_id: placement_id.into(),
        date: Some(date(*day)),
        component: component(*kind),
        count: i32::from(*count),
        info: None,
    }
}
