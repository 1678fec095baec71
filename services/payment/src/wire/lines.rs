//! Lines, holds and explanations, outwards.

use niva_kit::wire::write;
use niva_models::Catalogue;
use niva_payment_domain::ledger::LineId;
use niva_payment_domain::{Basis, Explanation, Hold, Line, PlacementFacts, explain, hold_message};
use niva_proto::payment::v1 as pb;

use super::values::{component_out, hold_reason_out, settlement_out, unit_out};
use crate::case_key::CaseKey;
use crate::store::lines;

/// `2024-03.1/17`.
pub(crate) fn line_id_out(run_id: &str, line_no: i64) -> String {
    format!("{run_id}/{line_no}")
}

/// The run and the number that a line's id names; `None` for a text that is no id of a line.
pub(crate) fn line_id(text: &str) -> Option<(&str, i64)> {
    let (run, line) = text.rsplit_once('/')?;
    // Only as it is written: no sign, no zeros before.
    line.parse().ok().filter(|no: &i64| *no > 0 && no.to_string() == line).map(|no| (run, no))
}

pub(crate) fn explanation_out(e: Explanation) -> pb::Explanation {
    pb::Explanation {
        model_id: e.model_id,
        model_title: e.model_title,
        sentences: e.sentences,
        rules: e.rules,
        source_document: e.source_document,
        source_place: e.source_place,
        points: e.points.map(i32::from),
    }
}

/// A line that was calculated and is not kept.
pub(crate) fn calculated_out(
    line: &Line,
    facts: &PlacementFacts<'_>,
    catalogue: &Catalogue,
) -> pb::CompensationLine {
    let model = catalogue.models.get(usize::from(line.model));
    let agreement = match line.basis {
        Basis::Agreement(index) => facts.agreements.get(usize::from(index)),
        Basis::Published | Basis::Transition | Basis::ActualCost(_) => None,
    };
    let variant = model.and_then(|m| m.terms(facts.service)).map_or("", |t| t.variant_key(line.variant));
    pb::CompensationLine {
        component: component_out(line.component).into(),
        days: Some(write::interval(line.days)),
        model_id: agreement.map_or_else(|| model.map_or("", |m| &m.id), |a| &a.agreement_id).to_owned(),
        level: line.level.map(write::level),
        variant: variant.to_owned(),
        regime: write::regime(line.regime).into(),
        unit: unit_out(line.unit).into(),
        quantity: line.quantity,
        unit_price: Some(write::money(line.unit_price)),
        amount: Some(write::money(line.amount)),
        settlement: settlement_out(line.settlement).into(),
        explanation: Some(explanation_out(explain(line, facts, catalogue))),
    }
}

pub(crate) fn hold_out(
    hold: &Hold,
    facts: &PlacementFacts<'_>,
    catalogue: &Catalogue,
) -> pb::CompensationHold {
    pb::CompensationHold {
        component: component_out(hold.component).into(),
        days: Some(write::interval(hold.days)),
        reason: hold_reason_out(hold.reason).into(),
        message: hold_message(hold, facts, catalogue),
    }
}

/// A line of the ledger. `run_id` names runs by their number.
pub(crate) fn line_out(line: &lines::Line, key: &CaseKey, run_id: impl Fn(i32) -> String) -> pb::PaymentLine {
    let p = &line.payable;
    let id = |id: LineId| line_id_out(&run_id(id.run_no), id.line_no);
    pb::PaymentLine {
        payment_line_id: id(line.id),
        payment_run_id: run_id(line.id.run_no),
        placement_id: line.placement_id.clone(),
        person_id: key.person_id.clone(),
        service: write::service(key.service).into(),
        month: Some(write::month(p.month)),
        component: component_out(p.component).into(),
        days: Some(write::interval(p.days)),
        model_id: p.model_id.to_string(),
        level: p.level.map(write::level),
        variant: p.variant.to_string(),
        regime: write::regime(p.regime).into(),
        unit: unit_out(p.unit).into(),
        quantity: p.quantity,
        unit_price: Some(write::money(p.unit_price)),
        amount: Some(write::money(p.amount)),
        payer_district: p.payer.to_string(),
        provider_id: p.provider_id.to_string(),
        unit_id: p.unit_id.to_string(),
        settlement: settlement_out(p.settlement).into(),
        reversal: line.reversal,
        corrects_line_id: line.corrects.map(id).unwrap_or_default(),
        cause: line.cause.clone(),
    }
}
