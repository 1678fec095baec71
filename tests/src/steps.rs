//! Steps that several journeys take.

use niva_names::ServiceKey;
use niva_proto::{
    assessment::v1::{DecideLevelRequest, Measurement, RecordGrantRequest, RecordPersonRequest},
    common::v1::Regime,
    payment::v1::{CreatePaymentRunRequest, PaymentHold, PaymentLine, PaymentRun},
};
use niva_testing::requests::{assessment, choice, payment};
use tonic::Status;

pub use niva_testing::values::living;

use crate::{
    values::{day, from, month},
    world::{Role, World},
};

/// What a measurement gave.
pub struct Measured {
    /// The level decided.
    pub level: i32,
    /// The points it was decided from.
    pub points: i32,
}

/// A unit with its provider, from 1 January 2020; its id.
///
/// # Panics
/// When a call fails.
pub async fn unit(
    world: &World,
    id: &str,
    service: ServiceKey,
    district: &str,
    regime: Regime,
    places: i32,
) -> String {
    let mut client = world.choice(Role::Administrator);
    let provider_id = format!("provider-of-{id}");
    let provider = choice::provider(&provider_id, "Utförare");
    client.providers.record_provider(choice::record_provider(provider)).await.expect("a provider");
    let terms = choice::period("2020-01-01", &provider_id, district, regime, places);
    let request = choice::record_unit(choice::unit(id, "Verksamhet", service, terms));
    client.units.record_unit(request).await.expect("a unit").into_inner().unit.expect("a unit").unit_id
}

/// A person with a grant from a day on; the grant's id.
///
/// # Panics
/// When a call fails.
pub async fn person_with_grant(
    world: &World,
    person: &str,
    service: ServiceKey,
    district: &str,
    first: &str,
) -> String {
    try_person_with_grant(world, person, service, district, first).await.expect("a person with a grant")
}

async fn try_person_with_grant(
    world: &World,
    person: &str,
    service: ServiceKey,
    district: &str,
    first: &str,
) -> Result<String, Status> {
    let mut client = world.assessment(Role::CaseOfficer);
    let request = RecordPersonRequest {
        request_id: format!("record-{person}"),
        ..assessment::record_person(living(person, district))
    };
    client.persons.record_person(request).await?;
    let grant = assessment::grant(&format!("grant-of-{person}"), person, service, district, from(first));
    let request =
        RecordGrantRequest { request_id: format!("grant-{person}"), ..assessment::record_grant(grant) };
    let grant = client.grants.record_grant(request).await?.into_inner().grant;
    Ok(grant.map(|g| g.grant_id).unwrap_or_default())
}

/// A measurement item by item, each with the most it may have, decided from a day on.
///
/// # Panics
/// When a call fails.
pub async fn measure(world: &World, person: &str, service: ServiceKey, valid_from: &str) -> Measured {
    let mut client = world.assessment(Role::Assessor);
    let visit = assessment::visit(person, service, valid_from);
    let visit = Measurement { follow_up_date: day("2024-02-01"), ..visit };
    let opened = client.measurements.record_measurement(assessment::record_measurement(visit)).await;
    let opened = opened.expect("a measurement").into_inner().measurement.expect("a measurement");
    let most = |allowed: &[i32]| allowed.iter().copied().max().expect("a score");
    let (measurement, instrument) = assessment::score_all(&client, &opened.measurement_id, most).await;
    assert!(measurement.missing_items.is_empty(), "{measurement:?}");
    assert_eq!(measurement.points, instrument.max_points);
    let expected = measurement.by_visit.and_then(|scale| scale.level).expect("a scale").value;
    let request = DecideLevelRequest {
        valid_from: day(valid_from),
        ..assessment::decide_level(&measurement.measurement_id, expected)
    };
    let decided = client.level_decisions.decide_level(request).await.expect("a level").into_inner();
    let decided = decided.level_decision.expect("a level");
    Measured { level: decided.level.expect("a level").value, points: decided.points.expect("points") }
}

/// A run of a month, calculated to its end.
///
/// # Panics
/// When a call fails.
pub async fn run(world: &World, of: &str) -> PaymentRun {
    let mut client = world.payment(Role::FinanceMaker);
    let created = client.runs.create_payment_run(payment::create_run(month(of))).await;
    let created = created.expect("a run").into_inner().payment_run.expect("a run");
    finished(world, &created.payment_run_id).await
}

/// Follows a run until it is no longer being calculated.
///
/// # Panics
/// When a call fails.
pub async fn finished(world: &World, id: &str) -> PaymentRun {
    payment::settled(&world.payment(Role::FinanceMaker), id).await
}

/// What a run of a month would give, without one.
///
/// # Panics
/// When the call fails.
pub async fn preview(world: &World, of: &str) -> PaymentRun {
    let request = CreatePaymentRunRequest { validate_only: true, ..payment::create_run(month(of)) };
    let answer = world.payment(Role::FinanceMaker).runs.create_payment_run(request).await;
    answer.expect("a preview").into_inner().payment_run.expect("a preview")
}

/// Approves a run by another person.
///
/// # Panics
/// When the call fails.
pub async fn approve(world: &World, run: &PaymentRun) -> PaymentRun {
    let request = payment::approve_run(run);
    let answer = world.payment(Role::FinanceApprover).runs.approve_payment_run(request).await;
    answer.expect("approval").into_inner().payment_run.expect("the run")
}

/// All lines of a run, page by page.
///
/// # Panics
/// When a call fails.
pub async fn lines(world: &World, run: &str) -> Vec<PaymentLine> {
    payment::lines(&world.payment(Role::FinanceMaker), run, 100).await
}

/// All holds of a run, page by page.
///
/// # Panics
/// When a call fails.
pub async fn holds(world: &World, run: &str) -> Vec<PaymentHold> {
    payment::holds(&world.payment(Role::FinanceMaker), run, 100).await
}
