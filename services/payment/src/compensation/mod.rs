//! Compensation: what a placement is worth, from facts that are stated whole in one request. Nothing is kept.

mod answer;
mod wire;

use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_calendar::NaiveDate;
use niva_models::Catalogue;
use niva_money::Ore;
use niva_names::ServiceCatalogue;
use niva_payment_domain::owed;
use niva_proto::payment::v1 as pb;
use niva_rpc::answer;
use niva_rpc::wire::write;
use pb::compensation_service_server::CompensationService;
use prost::Message;
use tokio::task::spawn_blocking;
use tonic::Request;

use crate::{Answer, App};

pub(crate) use answer::{explanation_out, hold_out, optional_hold_reason};

/// Bytes of a request from which on it is calculated on a thread where it holds nobody up: below it takes microseconds, less
/// than going there.
const LARGE: usize = 8 * 1024;

/// Compensation as tonic sees it.
pub(crate) struct Compensation(pub(crate) Arc<App>);

#[tonic::async_trait]
impl CompensationService for Compensation {
    async fn calculate_compensation(
        &self,
        request: Request<pb::CalculateCompensationRequest>,
    ) -> Answer<pb::CalculateCompensationResponse> {
        answer!(self.calculate(request))
    }
}

impl Compensation {
    async fn calculate(
        &self,
        _: &Scope,
        request: &pb::CalculateCompensationRequest,
    ) -> Result<pb::CalculateCompensationResponse, OpError> {
        let App { catalogue, city, clock, .. } = &*self.0;
        let today = clock.today();
        if request.encoded_len() < LARGE {
            return calculate(request, catalogue, city, today);
        }
        // Whoever sends much waits by themselves.
        let (catalogue, city, request) = (Arc::clone(catalogue), Arc::clone(city), request.clone());
        let work = spawn_blocking(move || calculate(&request, &catalogue, &city, today));
        work.await.map_err(OpError::internal)?
    }
}

/// What `CalculateCompensation` answers: a function of the request, the models, the city and today's date alone.
///
/// # Errors
/// `INVALID_ARGUMENT` with every violation of the facts.
pub fn calculate(
    request: &pb::CalculateCompensationRequest,
    catalogue: &Catalogue,
    city: &ServiceCatalogue,
    today: NaiveDate,
) -> Result<pb::CalculateCompensationResponse, OpError> {
    let named = wire::Named::of(request);
    let question = wire::question((request, &named), today, city, catalogue)?;
    let facts = question.stated.facts();
    let owed = owed(&facts, catalogue, question.months);
    let total = Ore::sum(owed.lines.iter().map(|line| line.amount));
    Ok(pb::CalculateCompensationResponse {
        lines: owed.lines.iter().map(|line| answer::calculated_out(line, &facts, catalogue)).collect(),
        holds: owed.holds.iter().map(|hold| hold_out(hold, &facts, catalogue)).collect(),
        total: Some(write::money(
            total.ok_or_else(|| OpError::internal("the lines add up to more than 64 bits"))?,
        )),
    })
}
