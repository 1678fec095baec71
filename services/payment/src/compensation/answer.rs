//! Calculated lines, holds and explanations, outwards.

use niva_base::Violations;
use niva_models::Catalogue;
use niva_names::FactId;
use niva_payment_domain::{Explanation, Hold, HoldReason, Line, PlacementFacts, explain, hold_message};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::write;

use crate::wire::{component_out, settlement_out, unit_out};

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
    let variant = model.and_then(|m| m.terms(facts.service)).map_or("", |t| t.variant_key(line.variant));
    let by = facts.word(line).map(FactId::as_str);
    pb::CompensationLine {
        component: component_out(line.component).into(),
        days: Some(write::interval(line.days)),
        model_id: by.unwrap_or_else(|| model.map_or("", |m| m.id.as_str())).to_owned(),
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

/// The reason of a hold, where one is given.
pub(crate) fn optional_hold_reason(
    v: &mut Violations,
    field: &str,
    given: i32,
) -> Option<Option<HoldReason>> {
    match pb::HoldReason::try_from(given) {
        Ok(pb::HoldReason::Unspecified) => Some(None),
        Ok(known) => HoldReason::ALL.iter().copied().find(|own| hold_reason_out(*own) == known).map(Some),
        Err(_) => {
            v.add(field, "FIELD_INVALID", "is none of the reasons for a hold");
            None
        }
    }
}

fn hold_reason_out(reason: HoldReason) -> pb::HoldReason {
    match reason {
        HoldReason::LevelMissing => pb::HoldReason::LevelMissing,
        HoldReason::NoModel => pb::HoldReason::NoModel,
        HoldReason::RateUnpublished => pb::HoldReason::RateUnpublished,
        HoldReason::LevelNotPriced => pb::HoldReason::LevelNotPriced,
        HoldReason::RegimeNotPriced => pb::HoldReason::RegimeNotPriced,
        HoldReason::ScopeNotPriced => pb::HoldReason::ScopeNotPriced,
        HoldReason::LevelOfOtherScale => pb::HoldReason::LevelOfOtherScale,
        HoldReason::SessionsNotGranted => pb::HoldReason::SessionsNotGranted,
        HoldReason::ScheduleMissing => pb::HoldReason::ScheduleMissing,
        HoldReason::ScheduleNotAsGranted => pb::HoldReason::ScheduleNotAsGranted,
        HoldReason::RegimeMissing => pb::HoldReason::RegimeMissing,
        HoldReason::GrantMissing => pb::HoldReason::GrantMissing,
        HoldReason::AgreementNotApproved => pb::HoldReason::AgreementNotApproved,
        HoldReason::AgreementOfOtherUnit => pb::HoldReason::AgreementOfOtherUnit,
        HoldReason::PremisesCostNotApproved => pb::HoldReason::PremisesCostNotApproved,
        HoldReason::VisitMissing => pb::HoldReason::VisitMissing,
        HoldReason::OutcomeMissing => pb::HoldReason::OutcomeMissing,
        HoldReason::AbsenceTooLong => pb::HoldReason::AbsenceTooLong,
        HoldReason::AmountOutOfRange => pb::HoldReason::AmountOutOfRange,
        HoldReason::BeforeLedger => pb::HoldReason::BeforeLedger,
        HoldReason::OccasionOutsidePlacement => pb::HoldReason::OccasionOutsidePlacement,
        HoldReason::PlacementOfAnotherPerson => pb::HoldReason::PlacementOfAnotherPerson,
    }
}
