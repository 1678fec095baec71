//! CalculateCompensation: all facts in the request, nothing kept.

use niva_kit::OpError;
use niva_money::Ore;
use niva_payment_domain::owed;
use niva_proto::payment::v1 as pb;

use super::Context;
use crate::wire::case::question;
use crate::wire::lines::{calculated_out, hold_out};
use crate::wire::values::money_out;

pub(crate) fn calculate(
    context: &Context,
    request: &pb::CalculateCompensationRequest,
) -> Result<pb::CalculateCompensationResponse, OpError> {
    let question = question(request, context.clock.today(), &context.city, &context.catalogue)?;
    let facts = question.stated.facts();
    let owed = owed(&facts, &context.catalogue, question.months);
    let total = Ore::sum(owed.lines.iter().map(|line| line.amount));
    Ok(pb::CalculateCompensationResponse {
        lines: owed.lines.iter().map(|line| calculated_out(line, &facts, &context.catalogue)).collect(),
        holds: owed.holds.iter().map(|hold| hold_out(hold, &facts, &context.catalogue)).collect(),
        total: Some(money_out(
            total.ok_or_else(|| OpError::internal("the lines add up to more than 64 bits"))?,
        )),
    })
}
