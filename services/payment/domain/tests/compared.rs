//! The engine beside the oracle, over random placements.

use std::collections::BTreeSet;

use niva_calendar::{Month, NaiveDate};
use niva_models::{Catalogue, Component, PriceUnit, Regime};
use niva_names::FactId;
use niva_payment_domain::{Hold, Line, Owed, Payee, PlacementFacts, Settlement, owed};

use crate::{
    oracle::{self, Between, Paid},
    population::{self, Random},
    prices::By,
    support::{OWN, SHIPPED},
};

/// Equal but for days, quantity, amount and points, and side by side within a month.
fn mergeable(a: &Line, b: &Line, facts: &PlacementFacts<'_>) -> bool {
    let same = Line { days: a.days, quantity: a.quantity, amount: a.amount, points: a.points, ..*b };
    a.days.meets(&b.days) && a.month() == b.month() && same == *a && between(a, facts) == between(b, facts)
}

/// Who pays whom for a line, as its first day says.
fn between<'a>(line: &Line, facts: &'a PlacementFacts<'a>) -> Between<'a> {
    let unit = facts.unit.at(line.days.first).unwrap();
    Between {
        payer: facts.granted(line.days.first).unwrap().value.district.as_str(),
        unit_district: unit.district.as_str(),
        payee: if line.payee == Payee::Board { unit.district.as_str() } else { unit.provider_id.as_str() },
        word: facts.word(line).map(FactId::as_str),
    }
}

fn span_of(line: &Line) -> impl Iterator<Item = NaiveDate> {
    line.days.first.iter_days().take_while(|day| *day <= line.days.last)
}

fn check_runs(owed: &Owed, facts: &PlacementFacts<'_>) {
    for pair in owed.lines.windows(2) {
        assert!((pair[0].component, pair[0].days) <= (pair[1].component, pair[1].days), "order of lines");
        let alone = pair[0].component != Component::Special;
        let apart = pair[0].component != pair[1].component || pair[0].days.last < pair[1].days.first;
        assert!(apart || !alone, "overlap");
        assert!(!mergeable(&pair[0], &pair[1], facts), "one run in two lines: {pair:?}");
    }
    for line in &owed.lines {
        assert_eq!(Month::of(line.days.first), Month::of(line.days.last), "within a month");
        assert!(line.quantity > 0, "{line:?}");
        if !matches!(line.unit, PriceUnit::Month | PriceUnit::Period) {
            assert_eq!(line.amount.0, line.unit_price.0 * line.quantity, "{line:?}");
        }
    }
    for (i, a) in owed.holds.iter().enumerate() {
        assert_eq!(Month::of(a.days.first), Month::of(a.days.last), "within a month");
        for b in &owed.holds[i + 1..] {
            assert!((a.component, a.days, a.reason) < (b.component, b.days, b.reason), "order of holds");
            let same = a.component == b.component && a.reason == b.reason;
            assert!(
                !same || Month::of(a.days.first) != Month::of(b.days.first) || apart(a, b),
                "{a:?} {b:?}"
            );
        }
    }
}

fn apart(a: &Hold, b: &Hold) -> bool {
    a.days.last < b.days.first && !a.days.meets(&b.days)
}

fn compare(facts: &PlacementFacts<'_>, catalogue: &Catalogue, months: (Month, Month)) -> Owed {
    let owed = owed(facts, catalogue, months);
    let days = oracle::days(facts, catalogue, months);
    check_runs(&owed, facts);
    let mut left = days.paid;
    for line in &owed.lines {
        let by = By {
            unit: line.unit,
            price: line.unit_price.0,
            regime: line.regime,
            level: line.level,
            variant: line.variant,
            basis: line.basis,
        };
        let paid: Vec<Paid<'_>> =
            span_of(line).filter_map(|day| left.remove(&(line.component, by.index(), day))).collect();
        assert_eq!(i128::from(line.amount.0), paid.iter().map(|p| p.ore).sum(), "{line:?}");
        let between = between(line, facts);
        for day in paid {
            let expected = (usize::from(line.model), by, between);
            assert_eq!((day.model, day.by, day.between), expected, "{line:?}");
        }
        for day in span_of(line) {
            let unit = facts.unit.at(day).unwrap();
            let own = *facts.granted(day).unwrap().value.district == unit.district;
            let settlement = match (line.payee, line.regime, own) {
                (Payee::Board, ..) => Settlement::InternalVoucher,
                (_, Regime::Municipal, true) => Settlement::OwnUnit,
                (_, Regime::Municipal, false) => Settlement::InternalVoucher,
                _ => Settlement::Outgoing,
            };
            assert_eq!(line.settlement, settlement);
        }
    }
    assert!(left.is_empty(), "owed and not in a line: {left:?}");
    let mut held = BTreeSet::new();
    for hold in &owed.holds {
        let span = hold.days.first.iter_days().take_while(|d| *d <= hold.days.last);
        held.extend(span.map(|day| (hold.component, day, hold.reason)));
    }
    let missed: Vec<_> = days.held.difference(&held).collect();
    assert!(missed.is_empty(), "not held: {missed:?}");
    let excess: Vec<_> = held.difference(&days.held).filter(|h| !days.blank.contains(h)).collect();
    assert!(excess.is_empty(), "held without cause: {excess:?}");
    owed
}

#[test]
fn the_engine_agrees_with_the_days_counted_one_by_one() {
    let seed = population::seed();
    println!("NIVA_SEED={seed}");
    let mut random = Random::new(seed);
    let mut components = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    for number in 0..10_000_u32 {
        let facts = population::placement(&mut random);
        let months = population::window(&mut random, &facts);
        let catalogue = if number % 3 == 0 { &*SHIPPED } else { &*OWN };
        let checked = std::panic::catch_unwind(|| compare(&facts.view(), catalogue, months));
        let Ok(owed) = checked else {
            panic!("NIVA_SEED={seed}, placement {number}, {months:?}: {facts:#?}");
        };
        components.extend(owed.lines.iter().map(|l| l.component));
        reasons.extend(owed.holds.iter().map(|h| h.reason));
    }
    assert_eq!(components.len(), Component::ALL.len(), "NIVA_SEED={seed} paid only {components:?}");
    assert_eq!(reasons.len(), 19, "NIVA_SEED={seed} held only for {reasons:?}");
}
