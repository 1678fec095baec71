//! A city's files into the three services: assessment first, then choice, then payment, each once the feed before it
//! has been applied. Every import is one transaction under a request id made of the files' content, so importing the same
//! city again does nothing twice, and an import that was cut short goes on where it was.

use std::time::Duration;

use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::common::v1::FeedStatus;
use niva_proto::payment::v1 as payment;
use tonic::Status;

use super::records::{
    CityData, Grant, Measurement, Occasion, Person, Placement, Provider, Row, Schedule, Unit, Verdict,
};
use crate::clients::{Asked, Clients, words};
use crate::failure::Failure;
use crate::wire;

/// How often a feed's progress is asked for.
const POLL: Duration = Duration::from_millis(25);
/// How long a feed may stand still before the import gives up.
const STANDSTILL: Duration = Duration::from_secs(60);

/// What was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Persons, grants and measurements.
    pub assessment: assessment::ImportAssessmentResponse,
    /// Providers, units and placements.
    pub choice: choice::ImportChoiceResponse,
    /// Weekly schedules and occasions.
    pub payment: payment::ImportPaymentResponse,
}

/// Imports a whole city. The caller needs the role `service`.
///
/// # Errors
/// A service refuses records, all of which are named by file and line, or cannot be reached.
pub async fn import(clients: &Clients, city: &CityData) -> Result<Imported, Failure> {
    let assessment = into_assessment(clients, city).await?;
    choice_has_caught_up(clients).await?;
    let choice = into_choice(clients, city).await?;
    payment_has_caught_up(clients).await?;
    let payment = into_payment(clients, city).await?;
    Ok(Imported { assessment, choice, payment })
}

/// Persons, grants and measurements.
///
/// # Errors
/// See [`import`].
pub async fn into_assessment(
    clients: &Clients,
    city: &CityData,
) -> Result<assessment::ImportAssessmentResponse, Failure> {
    use assessment::import_assessment_request::Record;
    let persons = city.persons.iter().map(|row| (row.origin(), Record::Person(person(row))));
    let grants = city.grants.iter().map(|row| (row.origin(), Record::Grant(grant(row))));
    let measurements =
        city.measurements.iter().map(|row| (row.origin(), Record::Measurement(measurement(row))));
    let mut messages: Vec<assessment::ImportAssessmentRequest> = persons
        .chain(grants)
        .chain(measurements)
        .map(|(origin, record)| assessment::ImportAssessmentRequest {
            request_id: String::new(),
            origin,
            record: Some(record),
        })
        .collect();
    let Some(first) = messages.first_mut() else {
        return Ok(assessment::ImportAssessmentResponse::default());
    };
    first.request_id = request_id(city, 0);
    let answer = clients.assessment.clone().import_assessment(tokio_stream::iter(messages)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| refused("assessment", &status))
}

/// Providers, units and placements. The grants must have arrived by the feed.
///
/// # Errors
/// See [`import`].
pub async fn into_choice(
    clients: &Clients,
    city: &CityData,
) -> Result<choice::ImportChoiceResponse, Failure> {
    use choice::import_choice_request::Record;
    let providers = city.providers.iter().map(|row| (row.origin(), Record::Provider(provider(row))));
    let units = city.units.iter().map(|row| (row.origin(), Record::Unit(unit(row))));
    let placements = city.placements.iter().map(|row| (row.origin(), Record::Placement(placement(row))));
    let mut messages: Vec<choice::ImportChoiceRequest> = providers
        .chain(units)
        .chain(placements)
        .map(|(origin, record)| choice::ImportChoiceRequest {
            request_id: String::new(),
            origin,
            record: Some(record),
        })
        .collect();
    let Some(first) = messages.first_mut() else { return Ok(choice::ImportChoiceResponse::default()) };
    first.request_id = request_id(city, 1);
    let answer = clients.choice.clone().import_choice(tokio_stream::iter(messages)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| refused("choice", &status))
}

/// Weekly schedules and occasions. The placements must have arrived by the feed.
///
/// # Errors
/// See [`import`].
pub async fn into_payment(
    clients: &Clients,
    city: &CityData,
) -> Result<payment::ImportPaymentResponse, Failure> {
    use payment::import_payment_request::Record;
    let schedules = city
        .schedules
        .iter()
        .map(|row| (row.origin(), &row.value.placement_id, Record::Schedule(schedule(row))));
    let occasions = city
        .occasions
        .iter()
        .map(|row| (row.origin(), &row.value.placement_id, Record::Occasion(occasion(row))));
    let mut messages: Vec<payment::ImportPaymentRequest> = schedules
        .chain(occasions)
        .map(|(origin, placement_id, record)| payment::ImportPaymentRequest {
            request_id: String::new(),
            origin,
            placement_id: placement_id.clone(),
            record: Some(record),
        })
        .collect();
    let Some(first) = messages.first_mut() else { return Ok(payment::ImportPaymentResponse::default()) };
    first.request_id = request_id(city, 2);
    let answer = clients.payment.clone().imports.import_payment(tokio_stream::iter(messages)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| refused("payment", &status))
}

/// The same files of a service have the same request id, whoever imports them and whenever. When choice refuses its
/// files, they can be corrected and imported again: assessment's are the same still, and it does nothing twice.
fn request_id(city: &CityData, part: usize) -> String {
    let hash = city.parts.get(part).map_or("", String::as_str);
    format!("city-{}-{part}", hash.get(..32).unwrap_or(hash))
}

/// Each description begins with the record's origin, `grants.csv:17`; which message it was says nothing to a person.
fn refused(service: &str, status: &Status) -> Failure {
    let violations = niva_kit::error::violations(status);
    if violations.is_empty() {
        return Failure::failed(format_args!("the import into {service} failed: {}", words(status)));
    }
    let lines: Vec<String> = violations
        .into_iter()
        .map(
            |(field, description)| {
                if description.contains(".csv:") { description } else { format!("{field}: {description}") }
            },
        )
        .collect();
    Failure::failed(format_args!(
        "the import is refused\n{}\nThe service {service} has kept nothing of it; correct the files and import again.",
        lines.join("\n")
    ))
}

/// Waits until choice has applied all that assessment has written.
///
/// # Errors
/// The feed stands still, with the reason that choice gives.
pub async fn choice_has_caught_up(clients: &Clients) -> Result<(), Failure> {
    let newest = assessment_position(clients).await?;
    wait("choice", &[("assessment", newest)], || async {
        let answer = clients.choice.clone().get_feed_status(choice::GetFeedStatusRequest {}).await;
        answer.map(|a| a.into_inner().feeds)
    })
    .await
}

/// Waits until payment has applied all that assessment and choice have written.
///
/// # Errors
/// A feed stands still, with the reason that payment gives.
pub async fn payment_has_caught_up(clients: &Clients) -> Result<(), Failure> {
    let newest =
        [("assessment", assessment_position(clients).await?), ("choice", choice_position(clients).await?)];
    wait("payment", &newest, || async {
        let answer = clients.payment.clone().feed.get_feed_status(payment::GetFeedStatusRequest {}).await;
        answer.map(|a| a.into_inner().feeds)
    })
    .await
}

/// Newest position of assessment's feed: every answer of the feed tells it, and the first comes at once.
pub(crate) async fn assessment_position(clients: &Clients) -> Result<i64, Failure> {
    let request = assessment::WatchAssessmentRequest { after_position: 0 };
    let mut feed =
        clients.assessment.clone().watch_assessment(request).await.to("open the feed of assessment")?;
    Ok(feed
        .message()
        .await
        .map(tonic::Response::new)
        .to("read the feed of assessment")?
        .unwrap_or_default()
        .newest_position)
}

/// Newest position of choice's feed.
pub(crate) async fn choice_position(clients: &Clients) -> Result<i64, Failure> {
    let request = choice::WatchChoiceRequest { after_position: 0 };
    let mut feed = clients.choice.clone().watch_choice(request).await.to("open the feed of choice")?;
    Ok(feed
        .message()
        .await
        .map(tonic::Response::new)
        .to("read the feed of choice")?
        .unwrap_or_default()
        .newest_position)
}

/// Asks for the status of `reader`'s feeds until each has been applied through its position.
async fn wait<F, A>(reader: &str, newest: &[(&str, i64)], status: F) -> Result<(), Failure>
where
    F: Fn() -> A,
    A: Future<Output = Result<Vec<FeedStatus>, Status>>,
{
    let applied = |feeds: &[FeedStatus], name: &str| {
        feeds.iter().find(|f| f.feed == name).map_or(0, |f| f.applied_position)
    };
    let mut seen = -1;
    let mut stood_still = Duration::ZERO;
    loop {
        let feeds = status()
            .await
            .map(tonic::Response::new)
            .to(format_args!("ask {reader} how far its feeds are"))?;
        if newest.iter().all(|(name, position)| applied(&feeds, name) >= *position) {
            return Ok(());
        }
        let sum: i64 = newest.iter().map(|(name, _)| applied(&feeds, name)).sum();
        stood_still = if sum > seen { Duration::ZERO } else { stood_still + POLL };
        seen = sum;
        if stood_still >= STANDSTILL {
            let errors: Vec<&str> =
                feeds.iter().map(|f| f.last_error.as_str()).filter(|e| !e.is_empty()).collect();
            return Err(Failure::failed(format_args!(
                "{reader} has not moved on in its feeds for {} s: {}",
                STANDSTILL.as_secs(),
                if errors.is_empty() {
                    "it gives no reason"
                } else {
                    errors.first().copied().unwrap_or_default()
                }
            )));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn person(row: &Row<Person>) -> assessment::Person {
    let Person { person_id, district } = row.value.clone();
    assessment::Person { person_id, district, create_time: None }
}

fn grant(row: &Row<Grant>) -> assessment::Grant {
    let grant = row.value.clone();
    assessment::Grant {
        grant_id: grant.grant_id,
        person_id: grant.person_id,
        service: wire::service(grant.service),
        district: grant.district,
        valid: Some(wire::dates(grant.valid_from, grant.valid_to)),
        scopes: vec![assessment::ScopePeriod {
            valid_from: Some(wire::date(grant.valid_from)),
            scope: Some(wire::scope(&grant.scope)),
        }],
        revision: 0,
    }
}

fn measurement(row: &Row<Measurement>) -> assessment::ImportedMeasurement {
    let measurement = row.value.clone();
    let (points, stated_level) = match measurement.verdict {
        Verdict::Points(points) => (Some(i32::from(points)), None),
        Verdict::Stated(level) => (None, Some(wire::level(level))),
    };
    assessment::ImportedMeasurement {
        measurement_id: measurement.measurement_id,
        person_id: measurement.person_id,
        service: wire::service(measurement.service),
        visit_date: Some(wire::date(measurement.visit_date)),
        points,
        stated_level,
        valid_from: Some(wire::date(measurement.valid_from)),
    }
}

fn provider(row: &Row<Provider>) -> choice::Provider {
    let Provider { provider_id, name } = row.value.clone();
    choice::Provider { provider_id, name }
}

fn unit(row: &Row<Unit>) -> choice::Unit {
    let unit = row.value.clone();
    choice::Unit {
        unit_id: unit.unit_id,
        provider_id: unit.provider_id,
        name: unit.name,
        service: wire::service(unit.service),
        district: unit.district,
        regimes: vec![choice::RegimePeriod {
            valid_from: Some(wire::date(unit.regime_from)),
            regime: wire::regime(unit.regime),
        }],
        capacities: vec![choice::CapacityPeriod {
            valid_from: Some(wire::date(unit.places_from)),
            places: i32::from(unit.places),
        }],
        revision: 0,
    }
}

fn placement(row: &Row<Placement>) -> choice::Placement {
    let placement = row.value.clone();
    choice::Placement {
        placement_id: placement.placement_id,
        grant_id: placement.grant_id,
        person_id: placement.person_id,
        service: wire::service(placement.service),
        unit_id: placement.unit_id,
        state: choice::placement::State::Unspecified.into(),
        ordered_start: Some(wire::date(placement.ordered_start)),
        actual_start: placement.actual_start.map(wire::date),
        notice_date: placement.notice_date.map(wire::date),
        end_date: placement.end_date.map(wire::date),
        revision: 0,
    }
}

fn schedule(row: &Row<Schedule>) -> payment::SchedulePeriod {
    let [monday, tuesday, wednesday, thursday, friday] = row.value.sessions.map(i32::from);
    payment::SchedulePeriod {
        valid_from: Some(wire::date(row.value.valid_from)),
        schedule: Some(payment::WeeklySchedule { monday, tuesday, wednesday, thursday, friday }),
    }
}

fn occasion(row: &Row<Occasion>) -> payment::Occasion {
    payment::Occasion {
        date: Some(wire::date(row.value.date)),
        component: wire::component(row.value.component),
        count: i32::from(row.value.count),
    }
}
