//! Where pieces become longest runs.

use niva_calendar::{Datelike, Interval, day_after};
use niva_models::Component;

use crate::{Hold, HoldReason, Line, Owed, UnitPeriod};

const NONE: usize = usize::MAX;

/// Between whom a piece is paid, and by whose word where that is an agreement's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Parties<'a> {
    pub(super) payer: &'a str,
    pub(super) unit: &'a UnitPeriod,
    pub(super) agreement_id: &'a str,
}

/// Takes pieces in order of day and writes them as the longest runs within a month.
pub(super) struct Book<'o, 'a> {
    out: &'o mut Owed,
    /// The line written last of each component, and its parties.
    last: [(usize, Option<Parties<'a>>); Component::ALL.len()],
    /// Held pieces, and whether there is anything to pay on them.
    held: &'o mut Vec<(Hold, bool)>,
}

impl<'o, 'a> Book<'o, 'a> {
    pub(super) fn new(out: &'o mut Owed, held: &'o mut Vec<(Hold, bool)>) -> Self {
        out.lines.clear();
        out.holds.clear();
        held.clear();
        Self { out, last: [(NONE, None); Component::ALL.len()], held }
    }

    /// A piece that is paid. It prolongs the run before it when nothing but the days differs.
    pub(super) fn line(&mut self, piece: Line, parties: Parties<'a>) {
        let Some((last, before)) = self.last.get_mut(piece.component as usize) else { return };
        if let Some(run) = self.out.lines.get_mut(*last)
            && continues(run, &piece)
            && *before == Some(parties)
        {
            run.days.last = piece.days.last;
            run.quantity = run.quantity.saturating_add(piece.quantity);
            run.amount.0 = run.amount.0.saturating_add(piece.amount.0);
            return;
        }
        (*last, *before) = (self.out.lines.len(), Some(parties));
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

fn order(line: &Line) -> (Component, niva_calendar::NaiveDate) {
    (line.component, line.days.first)
}

/// Points are no part of it: they may change within a level, and the line keeps those of its first day. The settlement
/// follows from the regime and the parties.
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
