//! From facts to what is owed: interval algebra.
//!
//! The window of months is cut where anything changes that a price or a quantity depends on: phase, month, model in
//! force, regime, level, scope, schedule, agreement, transition, premises cost. Each [`pricing::Piece`] between two
//! cuts is priced once, and [`book::Book`] joins equal neighbours to the longest run within a month. The work grows
//! with the number of changes, not with the number of days.

mod book;
mod pay;
mod phases;
mod pricing;
mod stay;
mod sweep;
mod track;

use std::collections::BTreeMap;

use niva_calendar::{Interval, Month, NaiveDate, OPEN_END};
use niva_models::{Catalogue, Component, PriceUnit, ServiceTerms, SoldPremises};
use niva_names::ServiceKey;

pub use phases::Phases;
pub(crate) use stay::joined_absences;
pub use stay::transition_days;

use crate::{Hold, HoldReason, Occasion, Owed, PlacementFacts};
use book::Book;
use sweep::Sweep;

/// The version of the rules in this crate: one more whenever the same facts and models are owed otherwise than before. A run
/// that is the first of a version looks at all that was paid by the one before.
pub const ENGINE_VERSION: i32 = 1;

/// What is owed for a placement for the days of the months from the first through the second.
///
/// # What is decided here
/// - **Why a day is held** is one reason a component, the first that holds of: no model, regime missing, grant missing,
///   then what the model says of its price (amounts unpublished, regime, scope, level), then the sessions granted, then
///   the schedule.
/// - **The grant** is whichever is valid on the day. One must be through `E` (through `N` where the person never came). On
///   later days, of notice, no-show and vacancy, the one in force counts, else the last one before that day.
/// - **Vacancy** needs no level. A day whose model has no vacancy, or that has no model, is not paid and not held.
/// - **An agreement** needs no level, but a second person's approval, and a model in force whose rate is per its unit.
/// - **Transition to work**: the one that began last counts. Its days are paid in months with a recorded visit; the days after
///   it are held until its outcome is recorded. An agreement replaces the rate on its days.
/// - **A long absence**, where a model has a rule, holds rate and premises supplement of the days beyond it.
/// - **Sessions** are those granted, on the weekdays of the schedule. A schedule that is missing, has ended, or has another
///   number of sessions than are granted holds its days.
/// - **A placement whose id is known as another case's** is owed nothing: all of it is held.
/// - **An occasion** is one line's unit, not a line of its own: the line's days are the run of days at that price.
///   Holds of occasions name the very days.
///
/// Facts need not be valid ([`crate::validate`]): invalid ones give no panic, and no promise.
/// For many placements, keep an [`Engine`].
#[must_use]
pub fn owed(facts: &PlacementFacts<'_>, catalogue: &Catalogue, months: (Month, Month)) -> Owed {
    let mut out = Owed::default();
    Engine::new(catalogue).owed_into(facts, months, &mut out);
    out
}

/// [`owed`] for many placements: what all of them share is looked up once, and buffers are used again.
#[derive(Debug)]
pub struct Engine<'c> {
    catalogue: &'c Catalogue,
    /// The models in force, by service and in order of day.
    rulings: BTreeMap<ServiceKey, Vec<Ruling<'c>>>,
    /// Buffers.
    occasions: Vec<Occasion>,
    held: Vec<(Hold, bool)>,
}

/// A model in force for a service on some days.
#[derive(Debug)]
struct Ruling<'c> {
    days: Interval,
    /// Index in the catalogue.
    model: u16,
    terms: &'c ServiceTerms,
    /// What its premises supplement is per, where it pays one.
    premises: Option<PriceUnit>,
    /// What may be charged for premises of a sold place.
    sold: Option<SoldPremises>,
}

impl<'c> Engine<'c> {
    /// An engine that pays by the models of `catalogue`.
    #[must_use]
    pub fn new(catalogue: &'c Catalogue) -> Self {
        let always = Interval { first: NaiveDate::MIN, last: OPEN_END };
        let rulings = |service: ServiceKey| {
            let ruling = |m: niva_models::InForce<'c>| Ruling {
                days: m.days,
                model: catalogue
                    .models
                    .iter()
                    .position(|other| std::ptr::eq(other, m.model))
                    .and_then(|i| u16::try_from(i).ok())
                    .unwrap_or(u16::MAX),
                terms: m.terms,
                sold: m.terms.sold.as_ref().map(|sold| sold.premises),
                premises: m.terms.amounts.iter().find(|a| a.component == Component::Premises).map(|a| a.unit),
            };
            (service, catalogue.in_force(service, always).map(ruling).collect())
        };
        let rulings = catalogue.services.services().iter().map(|service| rulings(service.key)).collect();
        Self { catalogue, rulings, occasions: Vec::new(), held: Vec::new() }
    }

    /// What is owed, as [`owed`] says, in place of what `out` held.
    pub fn owed_into(&mut self, facts: &PlacementFacts<'_>, months: (Month, Month), out: &mut Owed) {
        let mut book = Book::new(out, facts, &mut self.held);
        let phases = Phases::of(facts, self.catalogue);
        if let Some(window) = Interval::new(months.0.first_day(), months.1.last_day()) {
            sort_occasions(facts, &phases, window, &mut self.occasions, &mut book);
            let rulings = self.rulings.get(&facts.service).map_or(&[][..], Vec::as_slice);
            let mut sweep = Sweep::new(facts, rulings, phases.granted_through, &self.occasions);
            let (full, evenings) =
                (phases.full.and_then(|days| days.intersect(&window)), !self.occasions.is_empty());
            if let Some(full) = full {
                sweep.run(full, |piece| pay::full(piece, evenings, &mut book));
            }
            if let Some(vacancy) = phases.vacancy.and_then(|days| days.intersect(&window)) {
                sweep.run(vacancy, |piece| pay::vacancy(piece, &mut book));
            }
            for (special, index) in facts.special.iter().zip(0..) {
                let Some(days) = full.and_then(|full| full.intersect(&special.value.days)) else { continue };
                let mut sweep = Sweep::new(facts, rulings, phases.granted_through, &[]);
                sweep.run(days, |piece| pay::special((index, &special.value), piece, &mut book));
            }
        }
        book.close();
        if facts.of_another {
            out.hold_all(HoldReason::PlacementOfAnotherPerson);
        }
    }
}

/// Keeps the occasions of the window's days of full compensation from `A` on, in order; holds those on other days.
fn sort_occasions(
    facts: &PlacementFacts<'_>,
    phases: &Phases,
    window: Interval,
    kept: &mut Vec<Occasion>,
    book: &mut Book<'_>,
) {
    kept.clear();
    let here = facts
        .actual_start
        .and_then(|start| Interval::new(start, OPEN_END))
        .and_then(|days| days.intersect(&phases.full?));
    let reported = facts.occasions.iter().map(|known| known.value);
    for occasion in reported.filter(|o| o.count > 0 && window.contains(o.date)) {
        if here.is_some_and(|days| days.contains(occasion.date)) {
            kept.push(occasion);
        } else {
            let (day, outside) = (Interval::day(occasion.date), HoldReason::OccasionOutsidePlacement);
            book.hold(Component::EveningNight, day, outside, false);
        }
    }
    if !kept.is_sorted() {
        kept.sort_unstable();
    }
}
