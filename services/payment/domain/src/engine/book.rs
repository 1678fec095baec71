//! Where pieces become longest runs.

use niva_calendar::{Datelike, Interval, day_after};
use niva_models::Component;

use crate::{Hold, HoldReason, Line, Owed, Payee, PlacementFacts};

const NONE: usize = usize::MAX;

/// Takes pieces in order of day and writes them as the longest runs within a month.
pub(super) struct Book<'o> {
    out: &'o mut Owed,
    facts: &'o PlacementFacts<'o>,
    /// The line written last of each component.
    last: [usize; Component::ALL.len()],
    /// Held pieces, and whether there is anything to pay on them.
    held: &'o mut Vec<(Hold, bool)>,
}

impl<'o> Book<'o> {
    pub(super) fn new(
        out: &'o mut Owed,
        facts: &'o PlacementFacts<'o>,
        held: &'o mut Vec<(Hold, bool)>,
    ) -> Self {
        out.lines.clear();
        out.holds.clear();
        held.clear();
        Self { out, facts, last: [NONE; Component::ALL.len()], held }
    }

    /// A piece that is paid. It prolongs the run before it when nothing but the days differs.
    pub(super) fn line(&mut self, piece: Line) {
        let Some(last) = self.last.get_mut(piece.component as usize) else { return };
        if let Some(run) = self.out.lines.get_mut(*last)
            && continues(run, &piece)
            && same_parties(self.facts, run, &piece)
            && let Some(amount) = run.amount.0.checked_add(piece.amount.0)
        {
            run.days.last = piece.days.last;
            run.quantity += piece.quantity;
            run.amount.0 = amount;
            return;
        }
        *last = self.out.lines.len();
        self.out.lines.push(piece);
    }

    /// Days that are not paid yet. On `blank` days there is nothing to pay, but they are part of the run around them.
    pub(super) fn hold(&mut self, component: Component, days: Interval, reason: HoldReason, blank: bool) {
        self.held.push((Hold { component, days, reason }, !blank));
    }

    /// Leaves out runs that hold nothing to pay, such as a weekend by weekdays, and puts the rest in order.
    pub(super) fn close(self) {
        let Owed { lines, holds } = self.out;
        lines.retain(|line| line.quantity != 0);
        if !lines.is_sorted_by_key(order) {
            lines.sort_by_key(order);
        }
        if !self.held.is_empty() {
            join(self.held);
            holds.extend(self.held.iter().filter(|(_, payable)| *payable).map(|(hold, _)| *hold));
            holds.sort_unstable_by_key(|h| (h.component, h.days, h.reason));
        }
    }
}

fn order(line: &Line) -> (Component, Interval) {
    (line.component, line.days)
}

/// Points are no part of it: they may change within a level, and the line keeps those of its first day.
fn continues(run: &Line, piece: &Line) -> bool {
    piece.days.first.day() != 1
        && run.days.meets(&piece.days)
        && run.unit_price == piece.unit_price
        && run.level == piece.level
        && run.model == piece.model
        && run.basis == piece.basis
        && run.variant == piece.variant
        && run.regime == piece.regime
        && run.unit == piece.unit
        && run.payee == piece.payee
        && run.settlement == piece.settlement
}

/// Whether two lines are between the same two, by the same agreement where there is one.
fn same_parties(facts: &PlacementFacts<'_>, run: &Line, piece: &Line) -> bool {
    let payer = |line: &Line| facts.granted(line.days.first).map(|granted| granted.value.district);
    let at = |line: &Line| facts.unit.at(line.days.first);
    let same_payee = match run.payee {
        Payee::Provider => at(run).map(|at| &at.provider_id) == at(piece).map(|at| &at.provider_id),
        Payee::Board => at(run).map(|at| &at.district) == at(piece).map(|at| &at.district),
    };
    same_payee && payer(run) == payer(piece) && facts.word(run) == facts.word(piece)
}

/// Joins pieces of one component and reason that meet or overlap within a month.
fn join(held: &mut Vec<(Hold, bool)>) {
    held.sort_unstable_by_key(|(h, _)| (h.component, h.reason, h.days));
    held.dedup_by(|(next, next_payable), (run, payable)| {
        let joins = run.component == next.component
            && run.reason == next.reason
            && next.days.first <= day_after(run.days.last)
            && run.days.first.month0() == next.days.first.month0()
            && run.days.first.year() == next.days.first.year();
        if joins {
            run.days.last = run.days.last.max(next.days.last);
            *payable |= *next_payable;
        }
        joins
    });
}
