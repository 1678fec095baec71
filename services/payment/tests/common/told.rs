//! Facts that payment is told itself, and how they are told.

use niva_access::{Caller, Role};
use niva_calendar::NaiveDate;
use niva_proto::common::v1 as wire;
use niva_proto::payment::v1::{self as pb, create_import_request::Record};
use niva_testing::requests::payment as requests;
use tonic::Status;

use super::city::days;
use super::{World, day};

/// A weekly schedule from a day on.
pub(crate) fn schedule(placement_id: &str, from: (i32, u32, u32), sessions: [i32; 5]) -> pb::Schedule {
    requests::schedule(placement_id, day(from.0, from.1, from.2), sessions)
}

/// Evenings of `PL-0001`.
pub(crate) fn evening(held: (i32, u32, u32), count: i32) -> pb::Occasion {
    requests::evenings("PL-0001", day(held.0, held.1, held.2), count)
}

/// An agreement for `PL-0001`, per calendar day.
pub(crate) fn agreed(id: &str, first: NaiveDate, last: Option<NaiveDate>, ore: i64) -> pb::Agreement {
    requests::agreement(id, "PL-0001", days(first, last), ore)
}

/// Somebody approves a revision of an agreement.
pub(crate) async fn approved_by(
    world: &World,
    subject: &str,
    id: &str,
    expected_revision: i64,
) -> Result<pb::Agreement, Status> {
    let mut client = world.by(Caller::new(subject, [Role::FinanceApprover])).agreements;
    let request = requests::approve_agreement(id, expected_revision);
    Ok(client.approve_agreement(request).await?.into_inner().agreement.unwrap())
}

/// An actual premises cost of `PL-0001` a month.
pub(crate) fn cost(first: NaiveDate, ore: i64) -> pb::PremisesCost {
    pb::PremisesCost {
        premises_cost_id: "PC-1".to_owned(),
        placement_id: "PL-0001".to_owned(),
        valid: days(first, None),
        per_month: Some(wire::Money { ore }),
        ..Default::default()
    }
}

/// Somebody approves a revision of a premises cost.
pub(crate) async fn cost_approved_by(
    world: &World,
    subject: &str,
    id: &str,
    expected_revision: i64,
) -> Result<pb::PremisesCost, Status> {
    let mut client = world.by(Caller::new(subject, [Role::FinanceApprover])).premises_costs;
    let request = pb::ApprovePremisesCostRequest {
        request_id: world.request(),
        validate_only: false,
        expected_revision,
        premises_cost_id: id.to_owned(),
    };
    Ok(client.approve_premises_cost(request).await?.into_inner().premises_cost.unwrap())
}

/// Imports facts, and answers the import with its errors.
pub(crate) async fn imported(
    world: &World,
    request_id: &str,
    reason: &str,
    records: Vec<Record>,
) -> Result<(wire::Import, Vec<wire::ImportError>), Status> {
    let mut client = world.by(Caller::new("import", [Role::Importer])).imports;
    let messages = (1..).zip(records).map(|(n, record)| pb::CreateImportRequest {
        request_id: if n == 1 { request_id.to_owned() } else { String::new() },
        reason: if n == 1 { reason.to_owned() } else { String::new() },
        origin: format!("occasions.csv:{n}"),
        record: Some(record),
        ..Default::default()
    });
    let messages: Vec<_> = messages.collect();
    let answer = client.create_import(tokio_stream::iter(messages)).await?.into_inner();
    let import_id = answer.import.unwrap().import_id;
    let request = pb::GetImportRequest { import_id: import_id.clone() };
    let import = client.get_import(request).await?.into_inner().import.unwrap();
    let request = pb::ListImportErrorsRequest { import_id, ..Default::default() };
    Ok((import, client.list_import_errors(request).await?.into_inner().errors))
}
