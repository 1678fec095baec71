//! Which facts a correction is due to: what the lines before and after it stand on, compared.

use std::collections::BTreeMap;
use std::fmt;

use niva_calendar::{Interval, day_after};
use niva_models::{Catalogue, Component};
use niva_names::{FactId, PlacementId};

use crate::ledger::{LineId, Paid, Payable, Posting};
use crate::stands::{Stand, in_force, read, stands_on};
use crate::{FactKind, KnownBefore, KnownPlacement, Owed};

/// A fact that was told since the last approved run: in its newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number: ascending in the order that facts arrived.
    pub number: i64,
    /// The placement; `None` when it is about a whole case or unit.
    pub placement_id: Option<PlacementId>,
    /// What it is about.
    pub kind: FactKind,
    /// Its id.
    pub id: FactId,
    /// Its revision.
    pub revision: i64,
    /// It was taken back.
    pub withdrawn: bool,
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)?;
        if self.revision > 1 {
            write!(f, " revision {}", self.revision)?;
        }
        if self.withdrawn { f.write_str(", withdrawn") } else { Ok(()) }
    }
}

/// What the postings of a placement are compared by.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The placement as it is known now.
    pub placed: &'a KnownPlacement<'a>,
    /// As it was known when they were paid.
    pub before: KnownBefore<'a>,
    /// What is owed now, from which the postings come.
    pub owed: &'a Owed,
    /// The models.
    pub catalogue: &'a Catalogue,
    /// The lines that stood before.
    pub standing: &'a [Paid<'a>],
    /// What was told since they were paid, of the case and of the unit.
    pub told: &'a [&'a Recorded],
    /// They were paid by the models of today.
    pub same_models: bool,
}

impl<'a> Compared<'a> {
    /// The facts that each posting is due to, in order of kind and id: those that the lines before and after it stand on
    /// differently, that were told since, and that can make the difference there is.
    #[must_use]
    pub fn causes(&self, postings: &[Posting<'_>]) -> Vec<Vec<&'a Recorded>> {
        let own = self.of_each(postings, false);
        let of = |at: usize| postings.get(at).map(|p| (p.line().month, p.line().component));
        let beside = |at: usize| {
            let near = own.iter().enumerate().filter(|(other, _)| of(*other) == of(at));
            ordered(near.flat_map(|(_, facts)| facts.iter().copied()).collect())
        };
        // A line that joins its neighbour, or is parted from it, is due to whatever changed the neighbour.
        let mut causes: Vec<Vec<&'a Recorded>> = (own.iter().enumerate())
            .map(|(at, facts)| if facts.is_empty() { beside(at) } else { facts.clone() })
            .collect();
        // No difference goes unexplained: better a fact too many than none.
        if self.same_models && causes.iter().any(Vec::is_empty) {
            for (facts, any) in causes.iter_mut().zip(self.of_each(postings, true)) {
                if facts.is_empty() {
                    *facts = any;
                }
            }
        }
        causes
    }

    /// The causes of each posting by itself; `any`: of facts that say the same as before, too.
    fn of_each(&self, postings: &[Posting<'_>], any: bool) -> Vec<Vec<&'a Recorded>> {
        let mut of_lines: BTreeMap<LineId, Vec<&'a Recorded>> = BTreeMap::new();
        let of_posting = |posting: &Posting<'_>| match posting.corrects() {
            Some(id) => of_lines.entry(id).or_insert_with(|| self.of_line(id, postings, any)).clone(),
            None => {
                let line = posting.line();
                let stands = (&[][..], &self.stands(posting)[..]);
                self.difference(stands, |kind| any || self.is_new(kind, line.component, line.days), |_| true)
            }
        };
        postings.iter().map(of_posting).collect()
    }

    /// Why a line no longer stands as it was paid.
    fn of_line(&self, id: LineId, postings: &[Posting<'_>], any: bool) -> Vec<&'a Recorded> {
        let Some(paid) = self.standing.iter().find(|paid| paid.id == id) else { return Vec::new() };
        let after: Vec<&Posting<'_>> = postings.iter().filter(|p| replaces(p, &paid.line)).collect();
        let lines: Vec<&Payable<'_>> = after.iter().map(|posting| posting.line()).collect();
        let covered = covers(&lines, paid.line.days);
        let mut now: Vec<Stand<'_>> = after.iter().flat_map(|posting| self.stands(posting)).collect();
        if !covered {
            now.extend(in_force(paid.line.component, paid.line.days, self.placed, self.catalogue));
        }
        let before = read(&paid.stands_on).unwrap_or_default();
        let days = lines.iter().fold(paid.line.days, |days, line| Interval {
            first: days.first.min(line.days.first),
            last: days.last.max(line.days.last),
        });
        let is_new = |kind| any || self.is_new(kind, paid.line.component, days);
        self.difference((&before, &now), is_new, |kind| !covered || can_change(kind, &paid.line, &lines))
    }

    fn stands(&self, posting: &Posting<'_>) -> Vec<Stand<'a>> {
        let line = posting.owed().and_then(|index| self.owed.lines.get(index));
        line.map(|line| stands_on(line, self.placed, self.catalogue)).unwrap_or_default()
    }

    /// What was told of the facts that only one of the two stands on, or in another version: those that `explain`; if none
    /// does, all of them.
    fn difference(
        &self,
        (before, now): (&[Stand<'_>], &[Stand<'_>]),
        is_new: impl Fn(FactKind) -> bool,
        explains: impl Fn(FactKind) -> bool,
    ) -> Vec<&'a Recorded> {
        let by_name = |stands: &[Stand<'_>]| -> BTreeMap<(FactKind, FactId), String> {
            stands.iter().map(|s| ((s.kind, s.id.as_ref().into()), s.version.to_string())).collect()
        };
        let (before, now) = (by_name(before), by_name(now));
        let differing = before.keys().chain(now.keys()).filter(|name| before.get(*name) != now.get(*name));
        let mut told = ordered(differing.filter_map(|(kind, id)| self.told(*kind, id)).collect());
        told.retain(|fact| is_new(fact.kind));
        if told.iter().any(|fact| explains(fact.kind)) {
            told.retain(|fact| explains(fact.kind));
        }
        told
    }

    /// Whether facts of a kind say anything of the days that was not known before.
    fn is_new(&self, kind: FactKind, component: Component, days: Interval) -> bool {
        !self.before.says_the_same(kind, self.placed, (component, days), self.catalogue)
    }

    /// The newest that was told of a fact.
    fn told(&self, kind: FactKind, id: &FactId) -> Option<&'a Recorded> {
        let about = |fact: &&&'a Recorded| {
            let here = fact.placement_id.as_ref().is_none_or(|of| of == self.placed.placement_id);
            fact.kind == kind && fact.id == *id && here
        };
        self.told.iter().filter(about).max_by_key(|fact| fact.number).copied()
    }
}

/// In order of kind and id, each once.
fn ordered(mut told: Vec<&Recorded>) -> Vec<&Recorded> {
    told.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    told.dedup_by(|a, b| a.number == b.number);
    told
}

fn replaces(posting: &Posting<'_>, line: &Payable<'_>) -> bool {
    let of = posting.line();
    !posting.is_reversal() && of.component == line.component && of.days.intersect(&line.days).is_some()
}

/// Whether lines in order of day have every one of some days, and no other.
fn covers(lines: &[&Payable<'_>], days: Interval) -> bool {
    let mut next = days.first;
    for line in lines {
        if line.days.first != next || line.days.last > days.last {
            return false;
        }
        next = day_after(line.days.last);
    }
    lines.last().is_some_and(|line| line.days.last == days.last)
}

/// Whether facts of a kind can make the difference that there is between a line and those that take the place of all its days.
fn can_change(kind: FactKind, before: &Payable<'_>, after: &[&Payable<'_>]) -> bool {
    let differs = |same: &dyn Fn(&Payable<'_>) -> bool| after.iter().any(|line| !same(line));
    let price = || differs(&|l| (l.unit_price, l.unit) == (before.unit_price, before.unit));
    let level = || differs(&|l| l.level == before.level) || price();
    let quantity = || after.iter().map(|l| l.quantity).sum::<i64>() != before.quantity;
    match kind {
        FactKind::Placement | FactKind::PlacementOfAnother | FactKind::Absence => false,
        FactKind::PersonMerge => true,
        FactKind::Grant => {
            differs(&|l| (&l.payer, &l.variant) == (&before.payer, &before.variant)) || quantity()
        }
        FactKind::LevelDecision | FactKind::Measurement => level(),
        FactKind::Unit => differs(&|l| {
            (l.regime, &l.provider_id, &l.payee_district, l.settlement)
                == (before.regime, &before.provider_id, &before.payee_district, before.settlement)
        }),
        FactKind::WeeklySchedule | FactKind::Occasion => quantity(),
        FactKind::Agreement | FactKind::PremisesCost | FactKind::Special | FactKind::Model => {
            price() || quantity() || differs(&|l| l.model_id == before.model_id)
        }
        FactKind::Transition | FactKind::Visit => level() || differs(&|l| l.variant == before.variant),
    }
}
