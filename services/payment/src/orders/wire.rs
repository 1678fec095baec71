//! Orders on the wire.

use niva_base::{OpError, Violations};
use niva_calendar::Month;
use niva_facts::MAX_REASON;
use niva_money::Ore;
use niva_names::{OrderNo, PaymentOrderId};
use niva_payment_domain::ledger::LineId;
use niva_payment_domain::orders::{HeldReason, Order, OrderRefused, OrderState, PaidTo, Step};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::{read, write};
use pb::acknowledge_payment_order_request::Done;
use pb::payment_order as out;

use super::row::{Kept, Said};
use crate::cases::CaseKey;
use crate::lines::line::Line;
use crate::payees::wire::account_out;
use crate::wire::{component_out, settlement_out, unit_out};

/// Longest name that another system gives something, in characters.
const MAX_REFERENCE: usize = 100;

/// Begins the id of an order.
const PREFIX: &str = "PO-";

/// The id of an order.
pub(crate) fn order_id(no: OrderNo) -> PaymentOrderId {
    format!("{PREFIX}{no}").into()
}

/// The number of the order that an id names; only as it is written.
pub(crate) fn order_no(text: &str) -> Result<OrderNo, OpError> {
    let id: PaymentOrderId = read::only_id("payment_order_id", text)?;
    let no = id.as_str().strip_prefix(PREFIX).and_then(|no| no.parse().ok());
    no.filter(|no: &OrderNo| order_id(*no) == id).ok_or_else(|| OpError::not_found("payment order", &id))
}

/// An order.
pub(crate) fn order_out(kept: &Kept) -> pb::PaymentOrder {
    let Kept { order, said, .. } = kept;
    let relation = &order.due.relation;
    pb::PaymentOrder {
        payment_order_id: order_id(order.no).into(),
        payment_run_id: (&kept.run_id).into(),
        month: Some(write::month(kept.month)),
        payer_district: (&relation.payer).into(),
        provider_id: (&relation.provider_id).into(),
        payee_district: (&relation.payee_district).into(),
        settlement: settlement_out(relation.settlement).into(),
        amount: Some(write::money(order.due.amount)),
        lines: order.due.lines,
        state: state_out(order.state).into(),
        held_reason: order.held.map_or(out::HeldReason::Unspecified, held_out).into(),
        issue: order.issue,
        netted: Some(write::money(order.netted)),
        to_pay: Some(write::money(order.to_pay())),
        left: Some(write::money(order.left())),
        paid_to: order.to.as_ref().map(paid_to_out),
        reason: said.reason.clone(),
        reference: said.reference.clone(),
        position: kept.position,
        create_time: Some(write::timestamp(kept.made_at)),
        issue_time: kept.issued_at.map(write::timestamp),
        update_time: Some(write::timestamp(kept.recorded_at)),
    }
}

fn paid_to_out(to: &PaidTo) -> out::PaidTo {
    out::PaidTo {
        payee_id: (&to.payee_id).into(),
        revision: to.revision,
        name: to.name.clone(),
        account: Some(account_out(&to.account)),
        supplier_number: to.supplier_number.clone(),
        account_changed: to.changed,
    }
}

const fn held_out(why: HeldReason) -> out::HeldReason {
    match why {
        HeldReason::PayeeMissing => out::HeldReason::PayeeMissing,
        HeldReason::PayeeNotApproved => out::HeldReason::PayeeNotApproved,
    }
}

const fn state_out(state: OrderState) -> out::State {
    match state {
        OrderState::Made => out::State::Unspecified,
        OrderState::Held => out::State::Held,
        OrderState::Waiting => out::State::Waiting,
        OrderState::Issued => out::State::Issued,
        OrderState::Booked => out::State::Booked,
        OrderState::Sent => out::State::Sent,
        OrderState::Paid => out::State::Paid,
        OrderState::Rejected => out::State::Rejected,
        OrderState::Voided => out::State::Voided,
        OrderState::Settled => out::State::Settled,
    }
}

/// A state that a list is filtered by, where one is given.
pub(crate) fn state(v: &mut Violations, given: i32) -> Option<Option<OrderState>> {
    let known = v.check(
        "state",
        "FIELD_INVALID",
        out::State::try_from(given).map_err(|_| "is no state of an order"),
    )?;
    if known == out::State::Unspecified {
        return Some(None);
    }
    Some(OrderState::ALL.iter().copied().find(|state| state_out(*state) == known))
}

/// A line of an order. `run_id` names the runs of lines.
pub(crate) fn line_out(
    line: &Line,
    key: &CaseKey,
    order: OrderNo,
    line_id: impl Fn(LineId) -> String,
) -> pb::PaymentOrderLine {
    let p = &line.payable;
    pb::PaymentOrderLine {
        payment_line_id: line_id(line.id),
        payment_order_id: order_id(order).into(),
        service: key.service.into(),
        month: Some(write::month(Month::of(p.days.first))),
        component: component_out(p.component).into(),
        days: Some(write::interval(p.days)),
        regime: write::regime(p.regime).into(),
        unit: unit_out(p.unit).into(),
        quantity: p.quantity,
        unit_price: Some(write::money(p.unit_price)),
        amount: Some(write::money(p.amount)),
        payer_district: p.payer.to_string(),
        provider_id: p.provider_id.to_string(),
        payee_district: p.payee_district.to_string(),
        unit_id: p.unit_id.to_string(),
        settlement: settlement_out(p.settlement).into(),
        reversal: line.reversal,
        corrects_line_id: line.corrects.map(line_id).unwrap_or_default(),
    }
}

/// What the ERP says of an order.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    pub(crate) issue: i32,
    pub(crate) amount: Ore,
    pub(crate) step: Step,
    pub(crate) said: Said,
}

/// What the ERP says of an order.
pub(crate) fn acknowledged(request: &pb::AcknowledgePaymentOrderRequest) -> Result<Acknowledged, OpError> {
    let mut v = Violations::new();
    let step = match request.done() {
        Done::Booked => Some(Step::Booked),
        Done::Sent => Some(Step::Sent),
        Done::Paid => Some(Step::Paid),
        Done::Rejected => Some(Step::Rejected),
        Done::Unspecified => None,
    };
    let step = v.required("done", step);
    let amount = read::money(&mut v, "amount", request.amount);
    let reason = match &step {
        Some(Step::Rejected) => reason(&mut v, &request.reason),
        _ => Some(String::new()),
    };
    let reference = match request.reference.trim() {
        "" => Some(String::new()),
        given => reference(&mut v, "reference", given),
    };
    let read = step.zip(amount).zip(reason).zip(reference);
    let (((step, amount), reason), reference) = v.finish_with(read)?;
    Ok(Acknowledged { issue: request.issue, amount, step, said: Said { reason, reference } })
}

/// Why something is done. `REASON_MISSING`.
pub(crate) fn reason(v: &mut Violations, given: &str) -> Option<String> {
    let reason = given.trim();
    let length = reason.chars().count();
    let words = format!("is required, for the record: 1 to {MAX_REASON} characters");
    v.require((1..=MAX_REASON).contains(&length), "reason", "REASON_MISSING", words)
        .then(|| reason.to_owned())
}

/// What another system calls something.
pub(crate) fn reference(v: &mut Violations, field: &str, given: &str) -> Option<String> {
    let reference = v.text(field, given)?;
    let sound = reference.chars().count() <= MAX_REFERENCE && !reference.chars().any(char::is_control);
    let words = format!("is too long, or has control characters: give 1 to {MAX_REFERENCE} characters");
    v.require(sound, field, "FIELD_INVALID", words).then_some(reference)
}

/// Why something cannot happen to an order, as the contract says it.
pub(crate) fn refused(order: &Order, error: &OrderRefused) -> OpError {
    let words = error.to_string();
    match error {
        OrderRefused::SamePerson { .. } => OpError::denied(error.reason(), words),
        OrderRefused::State { .. } | OrderRefused::NothingToPay => {
            OpError::precondition(error.reason(), words).with("state", order.state)
        }
        OrderRefused::Voided => OpError::precondition(error.reason(), words),
        OrderRefused::Issue { issue } => OpError::precondition(error.reason(), words).with("issue", issue),
        OrderRefused::TooMuch { left: Ore(ore) } | OrderRefused::Amount { amount: Ore(ore) } => {
            OpError::precondition(error.reason(), words).with("ore", ore)
        }
    }
}
