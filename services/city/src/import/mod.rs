//! A city's files into the three services: assessment first, then choice, then payment, each once the feed before it
//! has been applied. Every import is one transaction under a request id made of the files' content, so importing the same
//! city again does nothing twice, and an import that was cut short goes on where it was.

mod feeds;
mod messages;

use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as payment;
use niva_rpc::words;
use tonic::Status;

pub use feeds::{assessment_position, choice_has_caught_up, choice_position, payment_has_caught_up};

use crate::clients::Clients;
use crate::records::CityData;
use messages::{grant, level_decision, measurement, occasion, person, placement, provider, schedule, unit};

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

/// Why a line of the files that has changed since corrects what it said.
const REASON: &str = "the city's files say so";

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Persons, grants and measurements.
    pub assessment: common::Import,
    /// Providers, units and placements.
    pub choice: common::Import,
    /// Weekly schedules and occasions.
    pub payment: common::Import,
}

/// Imports a whole city. The caller needs the roles `service` and `importer`.
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
pub async fn into_assessment(clients: &Clients, city: &CityData) -> Result<common::Import, ImportError> {
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
    let Some(first) = messages.first_mut() else { return Ok(common::Import::default()) };
    (first.request_id, first.reason) = (request_id(city, 0), REASON.to_owned());
    let mut imports = clients.assessment.imports.clone();
    let answer = imports.create_import(tokio_stream::iter(messages)).await;
    let import =
        answer.map_err(|status| refused("assessment", &status))?.into_inner().import.unwrap_or_default();
    if import.refused == 0 {
        return done("assessment", import);
    }
    let request = assessment::ListImportErrorsRequest {
        import_id: import.import_id,
        page_size: 1_000,
        ..assessment::ListImportErrorsRequest::default()
    };
    let answer =
        imports.list_import_errors(request).await.map_err(|status| refused("assessment", &status))?;
    let lines = answer.into_inner().errors.iter().map(line).collect();
    Err(ImportError::Refused { service: "assessment", lines })
}

/// Providers, units and placements. The grants must have arrived by the feed.
///
/// # Errors
/// See [`import`].
pub async fn into_choice(clients: &Clients, city: &CityData) -> Result<common::Import, ImportError> {
    use choice::create_import_request::Record;
    let providers = city.providers.iter().map(|row| (row.origin(), Record::Provider(provider(row))));
    let units = city.units.iter().map(|row| (row.origin(), Record::Unit(unit(row))));
    let placements = city.placements.iter().map(|row| (row.origin(), Record::Placement(placement(row))));
    let mut messages: Vec<choice::CreateImportRequest> = providers
        .chain(units)
        .chain(placements)
        .map(|(origin, record)| choice::CreateImportRequest {
            origin,
            record: Some(record),
            ..choice::CreateImportRequest::default()
        })
        .collect();
    let Some(first) = messages.first_mut() else { return Ok(common::Import::default()) };
    (first.request_id, first.reason) = (request_id(city, 1), REASON.to_owned());
    let mut imports = clients.choice.imports.clone();
    let answer = imports.create_import(tokio_stream::iter(messages)).await;
    let import = answer.map_err(|status| refused("choice", &status))?.into_inner().import.unwrap_or_default();
    if import.refused == 0 {
        return done("choice", import);
    }
    let request = choice::ListImportErrorsRequest {
        import_id: import.import_id,
        page_size: 1_000,
        ..choice::ListImportErrorsRequest::default()
    };
    let answer = imports.list_import_errors(request).await.map_err(|status| refused("choice", &status))?;
    let lines = answer.into_inner().errors.iter().map(line).collect();
    Err(ImportError::Refused { service: "choice", lines })
}

/// Weekly schedules and occasions. The placements must have arrived by the feed.
///
/// # Errors
/// See [`import`].
pub async fn into_payment(clients: &Clients, city: &CityData) -> Result<common::Import, ImportError> {
    use payment::create_import_request::Record;
    let schedules = city.schedules.iter().map(|row| (row.origin(), Record::Schedule(schedule(row))));
    let occasions = city.occasions.iter().map(|row| (row.origin(), Record::Occasion(occasion(row))));
    let mut messages: Vec<payment::CreateImportRequest> = schedules
        .chain(occasions)
        .map(|(origin, record)| payment::CreateImportRequest {
            origin,
            record: Some(record),
            ..payment::CreateImportRequest::default()
        })
        .collect();
    let Some(first) = messages.first_mut() else { return Ok(common::Import::default()) };
    (first.request_id, first.reason) = (request_id(city, 2), REASON.to_owned());
    let mut imports = clients.payment.imports.clone();
    let answer = imports.create_import(tokio_stream::iter(messages)).await;
    let import =
        answer.map_err(|status| refused("payment", &status))?.into_inner().import.unwrap_or_default();
    if import.refused == 0 {
        return done("payment", import);
    }
    let request = payment::ListImportErrorsRequest {
        import_id: import.import_id,
        page_size: 1_000,
        ..payment::ListImportErrorsRequest::default()
    };
    let answer = imports.list_import_errors(request).await.map_err(|status| refused("payment", &status))?;
    let lines = answer.into_inner().errors.iter().map(line).collect();
    Err(ImportError::Refused { service: "payment", lines })
}

/// An import of which no record was refused, if all of it has taken effect.
fn done(service: &'static str, import: common::Import) -> Result<common::Import, ImportError> {
    let job = import.job.as_ref();
    let why = match job.map(common::Job::state).unwrap_or_default() {
        common::job::State::Done => return Ok(import),
        common::job::State::Cancelled => "it was cancelled: nothing of it has taken effect".to_owned(),
        common::job::State::Failed => job.map(|job| job.error.clone()).unwrap_or_default(),
        common::job::State::Running | common::job::State::Unspecified => {
            "the service stops before it has taken effect: import again, and it goes on".to_owned()
        }
    };
    Err(ImportError::Call { what: format!("import into {service}"), why })
}

/// An error at its place in the files.
fn line(error: &common::ImportError) -> String {
    format!("{}: {}: {}", error.origin, error.field, error.description)
}

/// The same files of a service have the same request id, whoever imports them and whenever. When choice refuses its
/// files, they can be corrected and imported again: assessment's are the same still, and it does nothing twice.
fn request_id(city: &CityData, part: usize) -> String {
    let hash = city.parts.get(part).map_or("", String::as_str);
    format!("city-{}-{part}", hash.get(..32).unwrap_or(hash))
}

/// Each description begins with the record's origin, `grants.csv:17`; which message it was says nothing to a person.
fn refused(service: &'static str, status: &Status) -> ImportError {
    let violations = niva_rpc::violations(status);
    if violations.is_empty() {
        return ImportError::call(format_args!("import into {service}"), status);
    }
    let line = |(field, description): (String, String)| {
        if description.contains(".csv:") { description } else { format!("{field}: {description}") }
    };
    ImportError::Refused { service, lines: violations.into_iter().map(line).collect() }
}
