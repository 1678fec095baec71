//! What a line stands on.

use std::borrow::Cow;
use std::fmt::Write as _;

use niva_calendar::{Interval, Month, Timeline};
use niva_models::{Catalogue, Component};
use niva_names::Id;

use crate::{Basis, FactKind, Known, KnownPlacement, Line};

/// A fact, or a model, that a line stands on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stand<'a> {
    /// What it is.
    pub kind: FactKind,
    /// Its id.
    pub id: Cow<'a, str>,
    /// Its revision; the version of a model; empty for a measurement, whose decision has one.
    pub version: Cow<'a, str>,
}

/// What a line stands on, in order: its placement, and of what is told of it, of the person and of the unit all that
/// held on a day of it and that its price or quantity depends on.
#[must_use]
pub fn stands_on<'a>(
    line: &Line,
    placed: &'a KnownPlacement<'_>,
    catalogue: &'a Catalogue,
) -> Vec<Stand<'a>> {
    let mut on = Standing::new(placed, line.days);
    on.placed();
    on.models(catalogue);
    if line.level.is_some() && line.basis != Basis::Transition && line.component != Component::Vacancy {
        on.levels(catalogue);
    }
    if line.unit.is_session() {
        on.within(FactKind::WeeklySchedule, placed.facts().schedules);
    }
    match line.basis {
        Basis::Agreement => on.within(FactKind::Agreement, placed.facts().agreements),
        Basis::ActualCost => on.within(FactKind::PremisesCost, placed.facts().premises_costs),
        Basis::Transition => on.transitions(),
        Basis::Special(index) => on.special(Some(index)),
        Basis::Published | Basis::PrivatePremises => {}
    }
    if line.component == Component::EveningNight {
        on.occasions();
    }
    on.done()
}

/// Whatever may decide what is paid for a component on some days: more than a line of them would stand on.
#[must_use]
pub fn in_force<'a>(
    component: Component,
    days: Interval,
    placed: &'a KnownPlacement<'_>,
    catalogue: &'a Catalogue,
) -> Vec<Stand<'a>> {
    let mut on = Standing::new(placed, days);
    let facts = placed.facts();
    on.placed();
    on.models(catalogue);
    on.levels(catalogue);
    on.within(FactKind::WeeklySchedule, facts.schedules);
    on.within(FactKind::Agreement, facts.agreements);
    on.within(FactKind::PremisesCost, facts.premises_costs);
    on.transitions();
    on.absences();
    on.occasions();
    on.special(None);
    let mut on = on.done();
    on.retain(|stand| stand.kind.touches(component));
    on
}

/// In one text, for a column: a stand a line, its parts between tabulators, which no id has.
#[must_use]
pub fn written(stands: &[Stand<'_>]) -> String {
    let mut text = String::with_capacity(stands.len() * 32);
    for stand in stands {
        if !text.is_empty() {
            text.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{}\t{}\t{}", stand.kind, stand.id, stand.version);
    }
    text
}

/// What was [`written`]; `None` for a text that was not.
#[must_use]
pub fn read(text: &str) -> Option<Vec<Stand<'_>>> {
    let stand = |line| {
        let mut parts = str::split(line, '\t');
        let (kind, id, version) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        Some(Stand { kind, id: Cow::Borrowed(id), version: Cow::Borrowed(version) })
    };
    text.split('\n').filter(|line| !line.is_empty()).map(stand).collect()
}

/// What is gathered for some days of a placement.
struct Standing<'a> {
    placed: &'a KnownPlacement<'a>,
    days: Interval,
    on: Vec<Stand<'a>>,
}

impl<'a> Standing<'a> {
    const fn new(placed: &'a KnownPlacement<'_>, days: Interval) -> Self {
        Self { placed, days, on: Vec::new() }
    }

    fn add(&mut self, kind: FactKind, id: &'a impl Id, version: impl Into<Cow<'a, str>>) {
        self.on.push(Stand { kind, id: Cow::Borrowed(id.as_ref()), version: version.into() });
    }

    fn fact<T>(&mut self, kind: FactKind, known: &Known<'a, T>) {
        self.add(kind, known.id, known.revision.to_string());
    }

    fn within<T: Clone + PartialEq>(&mut self, kind: FactKind, timeline: &'a Timeline<Known<'a, T>>) {
        for (_, known) in timeline.within(self.days) {
            self.fact(kind, known);
        }
    }

    /// The placement, its grants and its unit, and the merges of the person's records. Days after the grant ran out stand on the last one before.
    fn placed(&mut self) {
        let facts = self.placed.facts();
        for (id, revision) in self.placed.merges {
            self.add(FactKind::PersonMerge, id, revision.to_string());
        }
        self.add(FactKind::Placement, self.placed.placement_id, self.placed.revision.to_string());
        self.within(FactKind::Grant, facts.grants);
        if let Some(granted) = facts.granted(self.days.first) {
            self.fact(FactKind::Grant, granted);
        }
        if let Some(unit) = self.placed.unit {
            self.add(FactKind::Unit, &unit.unit_id, unit.revision.to_string());
        }
    }

    fn models(&mut self, catalogue: &'a Catalogue) {
        for in_force in catalogue.in_force(self.placed.service, self.days) {
            self.add(FactKind::Model, &in_force.model.id, in_force.terms.version.as_str());
        }
    }

    fn levels(&mut self, catalogue: &'a Catalogue) {
        let levels = self.placed.facts().levels;
        for in_force in catalogue.in_force(self.placed.service, self.days) {
            for (_, on) in levels.within(in_force.days) {
                let paid = on.paid(in_force.terms.parameters.preliminary_difference);
                self.fact(FactKind::LevelDecision, paid);
                if let Some(measurement) = self.placed.measurement(paid.id) {
                    self.add(FactKind::Measurement, measurement, "");
                }
            }
        }
    }

    /// Those begun by then, with the visits of the months.
    fn transitions(&mut self) {
        let (facts, days) = (self.placed.facts(), self.days);
        for known in facts.transitions.iter().filter(|known| known.value.job_start <= days.last) {
            self.fact(FactKind::Transition, known);
        }
        let months = (Month::of(days.first), Month::of(days.last));
        for known in facts.visits {
            if (months.0..=months.1).contains(&Month::of(known.value)) {
                self.fact(FactKind::Visit, known);
            }
        }
    }

    /// Those begun by then: what a day is to a long absence depends on the days before it.
    fn absences(&mut self) {
        let last = self.days.last;
        for known in self.placed.facts().absences.iter().filter(|known| known.value.first <= last) {
            self.fact(FactKind::Absence, known);
        }
    }

    fn occasions(&mut self) {
        let days = self.days;
        for known in self.placed.facts().occasions.iter().filter(|known| days.contains(known.value.date)) {
            self.fact(FactKind::Occasion, known);
        }
    }

    fn special(&mut self, index: Option<u16>) {
        for (known, at) in self.placed.facts().special.iter().zip(0_u16..) {
            if index.is_none_or(|index| index == at) && known.value.days.intersect(&self.days).is_some() {
                self.fact(FactKind::Special, known);
            }
        }
    }

    fn done(mut self) -> Vec<Stand<'a>> {
        self.on.sort();
        self.on.dedup();
        self.on
    }
}
