//! A city's files into the three services: assessment first, then choice, then payment, each once the feed before it
//! has been applied. Every import is one transaction under a request id made of the files' content, so importing the same
//! city again does nothing twice, and an import that was cut short goes on where it was.

mod feeds;
mod messages;

use assessment::import_service_client::ImportServiceClient;
use niva_kit::client::Channel;
use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::common::v1::Import;
use niva_proto::payment::v1 as payment;
use tonic::Status;

pub use feeds::{assessment_position, choice_has_caught_up, choice_position, payment_has_caught_up};

use crate::clients::{Clients, words};
use crate::records::CityData;
use messages::{grant, level_decision, measurement, occasion, person, placement, provider, schedule, unit};

/// Why what is changed is changed.
const REASON: &str = "the city's files say so";

/// Why a city is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A call failed, for a reason that is not the records'.
    #[error("cannot {what}: {why}")]
    Call {
        /// Reads on after "cannot".
        what: String,
        /// What the service says.
        why: String,
    },
    /// A service refuses records.
    #[error(
        "the import is refused\n{}\nThe service {service} has kept nothing of it; correct the files and import again.",
        lines.join("\n")
    )]
    Refused {
        /// The service.
        service: &'static str,
        /// Every record that it refuses, by file and line, with the reason.
        lines: Vec<String>,
    },
    /// A feed does not move on.
    #[error("{reader} has not moved on in its feeds for {seconds} s: {why}")]
    Standstill {
        /// The service that reads it.
        reader: String,
        /// For how long.
        seconds: u64,
        /// The reason that it gives.
        why: String,
    },
}

impl ImportError {
    fn call(what: impl std::fmt::Display, status: &Status) -> Self {
        Self::Call { what: what.to_string(), why: words(status) }
    }
}

/// What came of the records of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Facts not known before.
    pub created: i64,
    /// Facts that say something else now.
    pub corrected: i64,
    /// Facts that said the same.
    pub unchanged: i64,
}

impl Counts {
    fn of(import: &Import) -> Self {
        Self { created: import.created, corrected: import.corrected, unchanged: import.unchanged }
    }
}

/// What was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Persons, grants and measurements.
    pub assessment: Counts,
    /// Providers, units and placements.
    pub choice: choice::ImportChoiceResponse,
    /// Weekly schedules and occasions.
    pub payment: payment::ImportPaymentResponse,
}

/// Imports a whole city. The caller needs the role `service`.
///
/// # Errors
/// A service refuses records, all of which are named by file and line, or cannot be reached.
pub async fn import(clients: &Clients, city: &CityData) -> Result<Imported, ImportError> {
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
pub async fn into_assessment(clients: &Clients, city: &CityData) -> Result<Counts, ImportError> {
    use assessment::create_import_request::Record;
    let persons = city.persons.iter().map(|row| (row.origin(), Record::Person(person(row))));
    let grants = city.grants.iter().map(|row| (row.origin(), Record::Grant(grant(row))));
    let measurements = city.measurements.iter().flat_map(|row| {
        let measured = measurement(row).map(Record::Measurement);
        let decided = Record::LevelDecision(level_decision(row));
        measured.into_iter().chain([decided]).map(|record| (row.origin(), record))
    });
    let mut messages: Vec<assessment::CreateImportRequest> = persons
        .chain(grants)
        .chain(measurements)
        .map(|(origin, record)| assessment::CreateImportRequest {
            origin,
            record: Some(record),
            ..Default::default()
        })
        .collect();
    let Some(first) = messages.first_mut() else { return Ok(Counts::default()) };
    first.request_id = request_id(city, 0);
    REASON.clone_into(&mut first.reason);
    let imports = &clients.assessment.imports;
    let answer = imports.clone().create_import(tokio_stream::iter(messages)).await;
    let answer = answer.map_err(|status| ImportError::call("import into assessment", &status))?;
    let import = answer.into_inner().import.unwrap_or_default();
    if import.refused == 0 {
        return Ok(Counts::of(&import));
    }
    Err(ImportError::Refused { service: "assessment", lines: errors(imports, import.import_id).await? })
}

/// What is wrong with an import, a line a record.
async fn errors(
    imports: &ImportServiceClient<Channel>,
    import_id: String,
) -> Result<Vec<String>, ImportError> {
    let mut asked =
        assessment::ListImportErrorsRequest { import_id, page_size: 1_000, page_token: String::new() };
    let mut lines = Vec::new();
    loop {
        let page = imports.clone().list_import_errors(asked.clone()).await;
        let page = page.map_err(|status| ImportError::call("read what is wrong", &status))?.into_inner();
        lines.extend(page.errors.into_iter().map(|e| format!("{}: {}", e.origin, e.description)));
        if page.next_page_token.is_empty() {
            return Ok(lines);
        }
        asked.page_token = page.next_page_token;
    }
}

/// Providers, units and placements. The grants must have arrived by the feed.
///
/// # Errors
/// See [`import`].
pub async fn into_choice(
    clients: &Clients,
    city: &CityData,
) -> Result<choice::ImportChoiceResponse, ImportError> {
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
    let answer = clients.choice.clone().imports.import_choice(tokio_stream::iter(messages)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| refused("choice", &status))
}

/// Weekly schedules and occasions. The placements must have arrived by the feed.
///
/// # Errors
/// See [`import`].
pub async fn into_payment(
    clients: &Clients,
    city: &CityData,
) -> Result<payment::ImportPaymentResponse, ImportError> {
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
fn refused(service: &'static str, status: &Status) -> ImportError {
    let violations = niva_kit::error::violations(status);
    if violations.is_empty() {
        return ImportError::call(format_args!("import into {service}"), status);
    }
    let line = |(field, description): (String, String)| {
        if description.contains(".csv:") { description } else { format!("{field}: {description}") }
    };
    ImportError::Refused { service, lines: violations.into_iter().map(line).collect() }
}
