//! Records of a placement: schedules, occasions, agreements, transitions, premises costs.

use std::collections::{BTreeMap, BTreeSet};

use niva_kit::request::Call;
use niva_kit::{OpError, Tx, Violations, request};
use niva_models::{Catalogue, Component, Unit};
use niva_payment_domain::{Agreement, Case, Fact, FactError, Occasion, OccasionKind, Record};
use prost::Message;

use super::{Context, bound_to};
use crate::case_key::CaseKey;
use crate::record::{Incoming, take_in};
use crate::store::{facts, units};
use crate::wire::records::refuse;

/// A record, and where in the request it stands.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) at: At,
    /// Field of the record itself.
    pub(crate) field: &'static str,
    pub(crate) placement_id: String,
    pub(crate) record: Record,
}

/// What the fields of a record stand in.
#[derive(Debug)]
pub(crate) enum At {
    /// The request itself.
    Request,
    /// A part of the request.
    Part(String),
    /// A record of an import, by number and origin.
    Record(usize, String),
}

impl At {
    fn nested<T>(&self, v: &mut Violations, part: impl FnOnce(&mut Violations) -> T) -> T {
        match self {
            Self::Request => part(v),
            Self::Part(field) => v.nested(field, part),
            Self::Record(number, origin) => v.record(*number, origin, part),
        }
    }
}

/// Records facts of one request, all or none, and answers with the number of the last.
pub(crate) async fn record<R: Message + Default + 'static>(
    context: &Context,
    call: &Call<'_, impl Message>,
    records: &[Placed],
    respond: impl Fn(i64) -> R + Send + Sync,
) -> Result<R, OpError> {
    let (now, respond) = (context.clock.now(), &respond);
    let provider = bound_to(call.caller)?;
    request::once(&context.db, call, now, |tx| {
        Box::pin(async move {
            let keys = check(context, tx, provider, records).await?;
            let incoming = records.iter().filter_map(|placed| {
                let key = keys.get(&placed.placement_id)?.clone();
                let (placement_id, record) = (placed.placement_id.clone(), placed.record.clone());
                Some(Incoming::Case(key, Fact::Record { placement_id, number: 0, record }))
            });
            Ok(respond(take_in(tx, incoming.collect(), now).await?))
        })
    })
    .await
}

/// Checks records against what is known, every violation at once, and answers where the placements belong. Nobody takes
/// in other facts until the transaction ends.
async fn check(
    context: &Context,
    tx: &Tx<'_>,
    provider: Option<&str>,
    records: &[Placed],
) -> Result<BTreeMap<String, CaseKey>, OpError> {
    let newest = facts::draw_numbers(tx, 0).await? - 1;
    let ids: BTreeSet<&str> = records.iter().map(|r| r.placement_id.as_str()).collect();
    let keys = facts::cases_of_placements(tx, &ids).await?;
    let mut cases = facts::current_cases(tx, &keys.values().cloned().collect()).await?;
    let units = if provider.is_some() { units::units_as_of(tx, newest).await? } else { BTreeMap::new() };
    let mut v = Violations::new();
    // The numbers come second: counting on after the last record would leave 64 bits.
    for (placed, number) in records.iter().zip(i64::MAX - i64::try_from(records.len()).unwrap_or(0)..) {
        let known = keys.get(&placed.placement_id).and_then(|key| Some((key, &mut cases.get_mut(key)?.1)));
        let Some((key, case)) = known else {
            let text = "is not known here: check the id, or wait until the placement has come from choice";
            placed.at.nested(&mut v, |v| v.add("placement_id", "PLACEMENT_UNKNOWN", text));
            continue;
        };
        let unit = case.order(&placed.placement_id).and_then(|order| units.get(&order.unit_id));
        if provider.is_some_and(|p| unit.is_none_or(|(_, unit)| unit.facts.provider_id != p)) {
            return Err(OpError::denied(
                "OTHER_PROVIDER",
                format!("placement {} is not at a unit of the caller's provider", placed.placement_id),
            ));
        }
        placed.at.nested(&mut v, |v| {
            against_case(v, placed, key, case, &context.catalogue);
        });
        // Later records of the same request are checked against this one too.
        case.apply(&Fact::Record {
            placement_id: placed.placement_id.clone(),
            number,
            record: placed.record.clone(),
        });
    }
    v.finish()?;
    Ok(keys)
}

fn against_case(v: &mut Violations, placed: &Placed, key: &CaseKey, case: &Case, catalogue: &Catalogue) {
    match &placed.record {
        Record::Agreement(agreement) => {
            let other = case.agreements(&placed.placement_id).find(|other| overlaps(agreement, other));
            if let Some(other) = other {
                let (first, second) = (other.agreement_id.clone(), agreement.agreement_id.clone());
                let error = FactError::AgreementsOverlap { index: 0, first, second };
                refuse(v, &format!("{}.valid", placed.field), &error);
            }
        }
        Record::Occasion(occasion) => {
            let text = format!("is not reported by occasion in {}", key.service);
            let field = format!("{}.component", placed.field);
            v.require(is_reported(occasion, key, catalogue), &field, "COMPONENT_NOT_REPORTED", text);
        }
        Record::Schedule(..) | Record::Transition(_) | Record::PremisesCost(_) => {}
    }
}

fn overlaps(agreement: &Agreement, other: &Agreement) -> bool {
    other.agreement_id != agreement.agreement_id && other.days.intersect(&agreement.days).is_some()
}

/// Whether the model in force on the day pays the service by this kind of occasion. Without a model there is none to ask;
/// the occasion is held until there is.
fn is_reported(occasion: &Occasion, key: &CaseKey, catalogue: &Catalogue) -> bool {
    catalogue.on(key.service, occasion.date).is_none_or(|m| match occasion.kind {
        OccasionKind::EveningNight => m.terms.amounts.iter().any(|a| a.component == Component::EveningNight),
        OccasionKind::CourseSession => m.terms.unit == Unit::CourseSession,
    })
}
