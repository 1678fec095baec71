//! Facts that payment is told itself: schedules, occasions, agreements, transitions, premises costs.

use std::collections::{BTreeMap, BTreeSet};

use niva_kit::request::Call;
use niva_kit::wire::read;
use niva_kit::{OpError, Tx, Violations};
use niva_models::{Catalogue, Component, Unit};
use niva_payment_domain::{Agreement, Case, Content, Fact, FactError, Occasion, OccasionKind, Record};
use prost::Message;

use crate::cases::{CaseKey, Incoming, store, take_in};
use crate::units::store::units_as_of;
use crate::wire::refuse;
use crate::{App, bound_to};

/// A fact of a placement, and where in the request it stands.
#[derive(Debug)]
pub(crate) struct NewFact {
    pub(crate) at: At,
    /// Field of the fact itself.
    pub(crate) field: &'static str,
    pub(crate) placement_id: String,
    /// Names it among the facts of its kind and placement.
    pub(crate) id: String,
    pub(crate) record: Record,
}

impl NewFact {
    fn fact(&self, revision: i64) -> Fact {
        let (placement_id, record) = (self.placement_id.clone(), self.record.clone());
        let content = Content::Record { placement_id, record };
        Fact { id: self.id.clone(), revision, withdrawn: false, content }
    }
}

/// What the fields of a fact stand in.
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

/// Reads the placement and the one fact of a request, every violation at once.
pub(crate) fn one(
    placement_id: &str,
    field: &'static str,
    told: impl FnOnce(&mut Violations, &str) -> Option<(String, Record)>,
) -> Result<Vec<NewFact>, OpError> {
    let mut v = Violations::new();
    let placement_id = read::id(&mut v, "placement_id", placement_id);
    let told = told(&mut v, field);
    let read = placement_id.zip(told);
    v.finish_with(read.map(|(placement_id, (id, record))| {
        vec![NewFact { at: At::Request, field, placement_id, id, record }]
    }))
}

impl App {
    /// Takes the facts of one request, all or none, and answers with the number of the last.
    pub(crate) async fn tell<R: Message + Default + 'static>(
        &self,
        call: &Call<'_, impl Message>,
        told: &[NewFact],
        respond: impl Fn(i64) -> R + Send + Sync,
    ) -> Result<R, OpError> {
        let respond = &respond;
        let provider = bound_to(call.caller)?;
        self.change(call, |tx| {
            Box::pin(async move {
                let keys = self.check(tx, provider, told).await?;
                let incoming = told.iter().filter_map(|new| {
                    Some(Incoming::Case(keys.get(&new.placement_id)?.clone(), new.fact(0)))
                });
                Ok(respond(take_in(tx, incoming.collect(), self.clock.now()).await?))
            })
        })
        .await
    }

    /// Checks facts against what is known, every violation at once, and answers where the placements belong. Nobody
    /// takes in other facts until the transaction ends.
    async fn check(
        &self,
        tx: &Tx<'_>,
        provider: Option<&str>,
        told: &[NewFact],
    ) -> Result<BTreeMap<String, CaseKey>, OpError> {
        let newest = store::draw_numbers(tx, 0).await? - 1;
        let ids: BTreeSet<&str> = told.iter().map(|new| new.placement_id.as_str()).collect();
        let keys = store::cases_of_placements(tx, &ids).await?;
        let mut cases = store::current_cases(tx, &keys.values().cloned().collect()).await?;
        let units = if provider.is_some() { units_as_of(tx, newest).await? } else { BTreeMap::new() };
        let mut v = Violations::new();
        // The numbers come second: counting on after the last fact would leave 64 bits.
        for (new, number) in told.iter().zip(i64::MAX - i64::try_from(told.len()).unwrap_or(0)..) {
            let known = keys.get(&new.placement_id).and_then(|key| Some((key, &mut cases.get_mut(key)?.1)));
            let Some((key, case)) = known else {
                let text =
                    "is not known here: check the id, or wait until the placement has come from choice";
                new.at.nested(&mut v, |v| v.add("placement_id", "PLACEMENT_UNKNOWN", text));
                continue;
            };
            let unit = case.dates(&new.placement_id).and_then(|dates| units.get(&dates.unit_id));
            let at = unit.and_then(|(_, unit)| unit.facts.periods.at(new.record.days().first));
            if provider.is_some_and(|p| at.is_none_or(|at| at.provider_id != p)) {
                return Err(OpError::denied(
                    "OTHER_PROVIDER",
                    format!("placement {} is not at a unit of the caller's provider", new.placement_id),
                ));
            }
            new.at.nested(&mut v, |v| against_case(v, new, key, case, &self.catalogue));
            // Later facts of the same request are checked against this one too.
            case.apply(&new.fact(number));
        }
        v.finish()?;
        Ok(keys)
    }
}

fn against_case(v: &mut Violations, new: &NewFact, key: &CaseKey, case: &Case, catalogue: &Catalogue) {
    match &new.record {
        Record::Agreement(agreement) => {
            let mut others = case.agreements(&new.placement_id).filter(|(id, _)| *id != new.id);
            if let Some((other, _)) = others.find(|(_, other)| overlaps(agreement, other)) {
                let (first, second) = (other.to_owned(), new.id.clone());
                let error = FactError::AgreementsOverlap { index: 0, first, second };
                refuse(v, &format!("{}.valid", new.field), &error);
            }
        }
        Record::Occasion(occasion) => {
            let text = format!("is not reported by occasion in {}", key.service);
            let field = format!("{}.component", new.field);
            v.require(is_reported(occasion, key, catalogue), &field, "COMPONENT_NOT_REPORTED", text);
        }
        Record::Schedule(..) | Record::Transition(_) | Record::PremisesCost(_) => {}
    }
}

fn overlaps(agreement: &Agreement, other: &Agreement) -> bool {
    other.days.intersect(&agreement.days).is_some()
}

/// Whether the model in force on the day pays the service by this kind of occasion. Without a model there is none to ask;
/// the occasion is held until there is.
fn is_reported(occasion: &Occasion, key: &CaseKey, catalogue: &Catalogue) -> bool {
    catalogue.on(key.service, occasion.date).is_none_or(|m| match occasion.kind {
        OccasionKind::EveningNight => m.terms.amounts.iter().any(|a| a.component == Component::EveningNight),
        OccasionKind::CourseSession => m.terms.unit == Unit::CourseSession,
    })
}
