//! Holds in words.

use niva_models::{Catalogue, Component};

use crate::explain::words;
use crate::{Hold, HoldReason, PlacementFacts};

/// What is missing, and what to do about it.
#[must_use]
pub fn hold_message(hold: &Hold, facts: &PlacementFacts<'_>, catalogue: &Catalogue) -> String {
    let service = facts.service;
    let in_force = catalogue.on(service, hold.days.first);
    let model = in_force.map_or("the model in force", |m| m.model.id.as_str());
    let what = what(hold.component);
    let why = match hold.reason {
        HoldReason::LevelMissing => "no level is decided: measure the person, or decide a preliminary level".to_owned(),
        HoldReason::NoModel => format!("no compensation model is in force for {service}: load a model file for these days"),
        HoldReason::RateUnpublished => {
            match in_force.and_then(|m| m.terms.rates_unpublished.as_ref()).filter(|_| hold.component == Component::Rate) {
                Some(why) => format!("{model} has no amounts: {why}; or record an individual agreement"),
                None => format!("{model} pays no such amount for {service}: take the report back, or load a model file that has it"),
            }
        }
        HoldReason::LevelNotPriced => format!("{model} has no such level: decide the level again from the points"),
        HoldReason::LevelOfOtherScale => {
            format!("the level was decided by another scale than that of {model}: convert the level to it, or measure again")
        }
        HoldReason::RegimeNotPriced => {
            format!("{model} has no price for the unit's regime: correct the unit's regime, or load a model file that prices it")
        }
        HoldReason::ScopeNotPriced => {
            format!("the grant's scope is none of those that {model} prices: state the extent, hours or assistance in the grant")
        }
        HoldReason::SessionsNotGranted => {
            "it is paid by session, and the grant does not say how many a week: state them in the grant".to_owned()
        }
        HoldReason::ScheduleMissing => {
            "it is paid by session, and no weekly schedule is known: set the placement's weekly schedule".to_owned()
        }
        HoldReason::ScheduleNotAsGranted => {
            "the weekly schedule has another number of sessions than the grant: correct the schedule or the grant".to_owned()
        }
        HoldReason::RegimeMissing => "the unit, or its regime, is not known: register the unit with its regime".to_owned(),
        HoldReason::GrantMissing => {
            "no grant (biståndsbeslut) is known that is valid then: record or prolong the grant, or end the placement"
                .to_owned()
        }
        HoldReason::AgreementNotApproved => {
            "the individual agreement is not approved: have another person approve it, or withdraw it".to_owned()
        }
        HoldReason::AgreementOfOtherUnit => {
            format!("the individual agreement is per another unit than the rate of {model}: correct the agreement's unit or days")
        }
        HoldReason::PremisesCostNotApproved => {
            "it is over the city's limit and not approved: have another person approve it, or withdraw it".to_owned()
        }
        HoldReason::VisitMissing => {
            "no visit to the workplace is recorded in the month: record it, or correct the transition to work".to_owned()
        }
        HoldReason::OutcomeMissing => {
            "the transition to work is over and its outcome is not recorded: record that the person left, or returned"
                .to_owned()
        }
        HoldReason::AbsenceTooLong => {
            format!("the person has been away for longer than {model} pays for: end the placement, or correct the absence")
        }
        HoldReason::AmountOutOfRange => "price times quantity is out of all reason: check the price".to_owned(),
        HoldReason::BeforeLedger => {
            "what is known of it has changed, and it is before the first month of this ledger: settle the difference where it was paid".to_owned()
        }
        HoldReason::PlacementOfAnotherPerson => {
            "the placement's id is known as that of another person or service: correct the placement, and record this one under an id of its own"
                .to_owned()
        }
        HoldReason::OccasionOutsidePlacement => {
            "an occasion was reported outside the days that the person was there: correct the report, or the placement's dates"
                .to_owned()
        }
    };
    format!("{what} of {} is held: {why}.", words(hold.days))
}

const fn what(component: Component) -> &'static str {
    match component {
        Component::Rate => "The rate",
        Component::Vacancy => "Vacancy compensation",
        Component::Premises => "The premises supplement",
        Component::EveningNight => "Evening or night support",
        Component::ActualPremises => "The actual premises cost",
        Component::Special => "Special compensation",
    }
}
