//! Steps that several journeys take.

use niva_names::ServiceKey;
use niva_proto::{
    assessment::v1::{
        DecideLevelRequest, Grant, ItemScore, ListInstrumentsRequest, Measurement, RecordGrantRequest,
        RecordMeasurementRequest, RecordPersonRequest, RecordScoreRequest,
    },
    choice::v1::{Provider, RecordProviderRequest, RecordUnitRequest, Unit, UnitPeriod},
    common::v1::Regime,
    payment::v1::{
        ApprovePaymentRunRequest, CreatePaymentRunRequest, GetPaymentRunRequest, ListPaymentHoldsRequest,
        ListPaymentLinesRequest, PaymentHold, PaymentLine, PaymentRun, WatchPaymentRunRequest,
    },
};
use tonic::Status;

pub use niva_testing::values::living;

use crate::{
    values::{day, from, month, new_request},
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
    let provider = Provider { provider_id: provider_id.clone(), name: "Utförare".to_owned(), info: None };
    let request =
        RecordProviderRequest { request_id: new_request(), validate_only: false, provider: Some(provider) };
    client.providers.record_provider(request).await.expect("a provider");
    let terms = UnitPeriod {
        valid_from: day("2020-01-01"),
        provider_id,
        district: district.to_owned(),
        regime: regime.into(),
        capacity: places,
        orientation: String::new(),
    };
    let unit = Unit {
        unit_id: id.to_owned(),
        name: "Verksamhet".to_owned(),
        service: service.into(),
        periods: vec![terms],
        info: None,
    };
    let request = RecordUnitRequest { request_id: new_request(), validate_only: false, unit: Some(unit) };
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
        person: Some(living(person, district)),
        ..Default::default()
    };
    client.persons.record_person(request).await?;
    let grant = Grant {
        grant_id: format!("grant-of-{person}"),
        person_id: person.to_owned(),
        service: service.into(),
        district: district.to_owned(),
        valid: from(first),
        ..Default::default()
    };
    let request = RecordGrantRequest {
        request_id: format!("grant-{person}"),
        grant: Some(grant),
        ..Default::default()
    };
    let grant = client.grants.record_grant(request).await?.into_inner().grant;
    Ok(grant.map(|g| g.grant_id).unwrap_or_default())
}

/// A measurement item by item, each with the most it may have, decided from a day on.
///
/// # Panics
/// When a call fails.
pub async fn measure(world: &World, person: &str, service: ServiceKey, valid_from: &str) -> Measured {
    let mut client = world.assessment(Role::Assessor);
    let instruments =
        client.instruments.list_instruments(ListInstrumentsRequest::default()).await.expect("instruments");
    let visit = Measurement {
        person_id: person.to_owned(),
        service: service.into(),
        visit_date: day(valid_from),
        follow_up_date: day("2024-02-01"),
        ..Default::default()
    };
    let request = RecordMeasurementRequest {
        request_id: new_request(),
        measurement: Some(visit),
        ..Default::default()
    };
    let opened = client
        .measurements
        .record_measurement(request)
        .await
        .expect("a measurement")
        .into_inner()
        .measurement;
    let mut measurement = opened.expect("a measurement");
    let instrument = instruments.into_inner().instruments.into_iter();
    let instrument = instrument
        .into_iter()
        .find(|i| i.instrument_id == measurement.instrument_id)
        .expect("its instrument");
    for item in &instrument.items {
        let most = item.allowed_scores.iter().copied().max().expect("a score");
        measurement =
            score(world, &measurement, ItemScore { item_key: item.item_key.clone(), score: most }).await;
    }
    assert!(measurement.missing_items.is_empty(), "{measurement:?}");
    assert_eq!(measurement.points, instrument.max_points);
    let request = DecideLevelRequest {
        request_id: new_request(),
        measurement_id: measurement.measurement_id,
        valid_from: day(valid_from),
        expected_level: measurement.by_visit.expect("a scale").level,
        ..Default::default()
    };
    let decided = client
        .level_decisions
        .decide_level(request)
        .await
        .expect("a level")
        .into_inner()
        .level_decision
        .expect("a level");
    Measured { level: decided.level.expect("a level").value, points: decided.points.expect("points") }
}

async fn score(world: &World, measurement: &Measurement, given: ItemScore) -> Measurement {
    let request = RecordScoreRequest {
        request_id: new_request(),
        measurement_id: measurement.measurement_id.clone(),
        score: Some(given),
        ..Default::default()
    };
    let mut client = world.assessment(Role::Assessor);
    client
        .measurements
        .record_score(request)
        .await
        .expect("a score")
        .into_inner()
        .measurement
        .expect("a measurement")
}

/// A run of a month, calculated to its end.
///
/// # Panics
/// When a call fails.
pub async fn run(world: &World, of: &str) -> PaymentRun {
    let mut client = world.payment(Role::FinanceMaker);
    let request = CreatePaymentRunRequest {
        min_positions: Vec::new(),
        request_id: new_request(),
        month: Some(month(of)),
        validate_only: false,
    };
    let created = client
        .runs
        .create_payment_run(request)
        .await
        .expect("a run")
        .into_inner()
        .payment_run
        .expect("a run");
    finished(world, &created.payment_run_id).await
}

/// Follows a run until it is no longer being calculated.
///
/// # Panics
/// When a call fails.
pub async fn finished(world: &World, id: &str) -> PaymentRun {
    let mut client = world.payment(Role::FinanceMaker);
    let watch = WatchPaymentRunRequest { payment_run_id: id.to_owned() };
    let mut progress = client.runs.watch_payment_run(watch).await.expect("its progress").into_inner();
    while progress.message().await.expect("its progress").is_some() {}
    let request = GetPaymentRunRequest { payment_run_id: id.to_owned() };
    client.runs.get_payment_run(request).await.expect("the run").into_inner().payment_run.expect("the run")
}

/// What a run of a month would give, without one.
///
/// # Panics
/// When the call fails.
pub async fn preview(world: &World, of: &str) -> PaymentRun {
    let request = CreatePaymentRunRequest {
        min_positions: Vec::new(),
        request_id: new_request(),
        month: Some(month(of)),
        validate_only: true,
    };
    let answer = world.payment(Role::FinanceMaker).runs.create_payment_run(request).await;
    answer.expect("a preview").into_inner().payment_run.expect("a preview")
}

/// Approves a run by another person.
///
/// # Panics
/// When the call fails.
pub async fn approve(world: &World, run: &PaymentRun) -> PaymentRun {
    let request = ApprovePaymentRunRequest {
        request_id: new_request(),
        payment_run_id: run.payment_run_id.clone(),
        amount: run.control.as_ref().and_then(|control| control.amount),
        lines_sha256: run.control.as_ref().map(|control| control.lines_sha256.clone()).unwrap_or_default(),
        repriced: run.control.as_ref().and_then(|control| control.repriced),
    };
    let answer = world.payment(Role::FinanceApprover).runs.approve_payment_run(request).await;
    answer.expect("approval").into_inner().payment_run.expect("the run")
}

/// All lines of a run, page by page.
///
/// # Panics
/// When a call fails.
pub async fn lines(world: &World, run: &str) -> Vec<PaymentLine> {
    let mut client = world.payment(Role::FinanceMaker);
    let (mut lines, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPaymentLinesRequest {
            payment_run_id: run.to_owned(),
            page_size: 100,
            page_token,
            ..ListPaymentLinesRequest::default()
        };
        let page = client.lines.list_payment_lines(request).await.expect("lines").into_inner();
        lines.extend(page.payment_lines);
        if page.next_page_token.is_empty() {
            return lines;
        }
        page_token = page.next_page_token;
    }
}

/// All holds of a run, page by page.
///
/// # Panics
/// When a call fails.
pub async fn holds(world: &World, run: &str) -> Vec<PaymentHold> {
    let mut client = world.payment(Role::FinanceMaker);
    let (mut holds, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListPaymentHoldsRequest {
            payment_run_id: run.to_owned(),
            page_size: 100,
            page_token,
            ..Default::default()
        };
        let page = client.holds.list_payment_holds(request).await.expect("holds").into_inner();
        holds.extend(page.payment_holds);
        if page.next_page_token.is_empty() {
            return holds;
        }
        page_token = page.next_page_token;
    }
}
