//! CalculateCompensation: all facts in the request, nothing kept.

use niva_calendar::NaiveDate;
use niva_kit::OpError;
use niva_kit::wire::write;
use niva_models::{Catalogue, City};
use niva_money::Ore;
use niva_payment_domain::owed;
use niva_proto::payment::v1 as pb;

use crate::wire::case::question;
use crate::wire::lines::{calculated_out, hold_out};

/// What `CalculateCompensation` answers: a function of the request, the models, the city and today's date alone.
///
/// # Errors
/// `INVALID_ARGUMENT` with every violation of the facts.
pub fn calculate(
    request: &pb::CalculateCompensationRequest,
    catalogue: &Catalogue,
    city: &City,
    today: NaiveDate,
) -> Result<pb::CalculateCompensationResponse, OpError> {
    let question = question(request, today, city, catalogue)?;
    let facts = question.stated.facts();
    let owed = owed(&facts, catalogue, question.months);
    let total = Ore::sum(owed.lines.iter().map(|line| line.amount));
    Ok(pb::CalculateCompensationResponse {
        lines: owed.lines.iter().map(|line| calculated_out(line, &facts, catalogue)).collect(),
        holds: owed.holds.iter().map(|hold| hold_out(hold, &facts, catalogue)).collect(),
        total: Some(write::money(
            total.ok_or_else(|| OpError::internal("the lines add up to more than 64 bits"))?,
        )),
    })
}
