//! Claims on the wire.

use niva_base::{Violations, civil_day};
use niva_calendar::NaiveDate;
use niva_money::Ore;
use niva_payment_domain::orders::{ClaimRules, ClaimState, Plan};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::write;
use pb::claim as out;

use crate::orders::row::Kept;
use crate::orders::wire::order_id;

/// A credit as a claim; `None` where it is none.
pub(super) fn claim_out(rules: &ClaimRules, kept: &Kept, today: NaiveDate) -> Option<pb::Claim> {
    let order = &kept.order;
    let claim = rules.claim(order, civil_day(kept.made_at), today)?;
    let money = |amount: Ore| Some(write::money(amount));
    Some(pb::Claim {
        payment_order_id: order_id(order.no).into(),
        payer_district: (&order.due.relation.payer).into(),
        provider_id: (&order.due.relation.provider_id).into(),
        amount: money(order.due.amount.negated()),
        netted: money(order.netted),
        repaid: money(order.repaid),
        written_off: money(order.written_off),
        left: money(order.left()),
        state: state_out(claim.state).into(),
        plan: plan_out(order.plan).into(),
        claim_date: Some(write::date(claim.since)),
        age_days: i32::try_from(claim.age).unwrap_or(i32::MAX),
        limitation_date: Some(write::date(claim.limitation)),
        reason: kept.said.reason.clone(),
        invoice_reference: kept.invoice.clone(),
        update_time: Some(write::timestamp(kept.recorded_at)),
    })
}

const fn state_out(state: ClaimState) -> out::State {
    match state {
        ClaimState::Netting => out::State::Netting,
        ClaimState::ToInvoice => out::State::ToInvoice,
        ClaimState::Invoiced => out::State::Invoiced,
        ClaimState::WriteOffProposed => out::State::WriteOffProposed,
        ClaimState::Closed => out::State::Closed,
    }
}

const fn plan_out(plan: Plan) -> out::Plan {
    match plan {
        Plan::Netting => out::Plan::Netting,
        Plan::Invoice => out::Plan::Invoice,
    }
}

/// A plan that must be given.
pub(super) fn plan(v: &mut Violations, given: out::Plan) -> Option<Plan> {
    v.required("plan", Plan::ALL.iter().copied().find(|plan| plan_out(*plan) == given))
}
