//! What is owed against what was paid.
//!
//! The ledger knows lines by *stable names* ([`Payable`]): indexes of models, agreements and variants may differ from
//! one run to the next, what a paid line says may not.

use std::borrow::Cow;

use niva_calendar::{Interval, Month, day_after};
use niva_models::{Catalogue, Component, Level, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{DistrictId, FactId, Id, ProviderId, RunNo, UnitId};

use crate::{Hold, HoldReason, KnownPlacement, Line, Payee, Settlement};

/// A line as it is paid: who pays whom, for what, how much. Two payables are the same payment if every field is equal.
/// (Points are none of its fields: a new measurement that gives the same level moves no money.)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Payable<'a> {
    /// The month that its days lie in.
    pub month: Month,
    /// What it pays for.
    pub component: Component,
    /// Its days.
    pub days: Interval,
    /// Id of the compensation model, or of the individual agreement or special compensation.
    pub model_id: Cow<'a, str>,
    /// Level of the price.
    pub level: Option<Level>,
    /// Variant of the price, by name; empty where it has none.
    pub variant: Cow<'a, str>,
    /// The unit's regime.
    pub regime: Regime,
    /// What the price is per.
    pub unit: PriceUnit,
    /// Units paid; negative in a reversal.
    pub quantity: i64,
    /// Price per unit.
    pub unit_price: Ore,
    /// Amount; negative in a reversal.
    pub amount: Ore,
    /// District board that pays.
    pub payer: Cow<'a, DistrictId>,
    /// Provider that is paid; empty where a board is.
    pub provider_id: Cow<'a, ProviderId>,
    /// District board that is paid; empty where a provider is.
    pub payee_district: Cow<'a, DistrictId>,
    /// Unit that gave the service.
    pub unit_id: Cow<'a, UnitId>,
    /// How it is settled.
    pub settlement: Settlement,
}

impl<'a> Payable<'a> {
    /// The line of a placement in stable names.
    #[must_use]
    pub fn of(line: &Line, placed: &'a KnownPlacement<'_>, catalogue: &'a Catalogue) -> Self {
        let (facts, day) = (placed.facts(), line.days.first);
        let model = catalogue.models.get(usize::from(line.model));
        let model_id = facts.word(line).map(FactId::as_str);
        let model_id = model_id.unwrap_or_else(|| model.map_or("", |m| m.id.as_str()));
        let at = facts.unit.at(day);
        let (provider_id, payee_district) = match line.payee {
            Payee::Provider => (at.map(|at| &at.provider_id), None),
            Payee::Board => (None, at.map(|at| &at.district)),
        };
        let variant = model.and_then(|m| m.terms(placed.service)).map_or("", |t| t.variant_key(line.variant));
        Self {
            month: line.month(),
            component: line.component,
            days: line.days,
            model_id: Cow::Borrowed(model_id),
            level: line.level,
            variant: Cow::Borrowed(variant),
            regime: line.regime,
            unit: line.unit,
            quantity: line.quantity,
            unit_price: line.unit_price,
            amount: line.amount,
            payer: or_empty(facts.granted(day).map(|granted| granted.value.district)),
            provider_id: or_empty(provider_id),
            payee_district: or_empty(payee_district),
            unit_id: Cow::Borrowed(&placed.dates.unit_id),
            settlement: line.settlement,
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Payable<'static> {
        fn owned<T: ToOwned + ?Sized>(of: Cow<'_, T>) -> Cow<'static, T> {
            Cow::Owned(of.into_owned())
        }
        Payable {
            model_id: owned(self.model_id),
            variant: owned(self.variant),
            payer: owned(self.payer),
            provider_id: owned(self.provider_id),
            payee_district: owned(self.payee_district),
            unit_id: owned(self.unit_id),
            month: self.month,
            component: self.component,
            days: self.days,
            level: self.level,
            regime: self.regime,
            unit: self.unit,
            quantity: self.quantity,
            unit_price: self.unit_price,
            amount: self.amount,
            settlement: self.settlement,
        }
    }

    /// What takes it back: the same with the other sign.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { quantity: -self.quantity, amount: self.amount.negated(), ..self.clone() }
    }
}

/// An id, or the empty one where there is none.
fn or_empty<I: Id>(id: Option<&I>) -> Cow<'_, I> {
    id.map_or_else(|| Cow::Owned("".into()), Cow::Borrowed)
}

/// Names a line of the ledger: ascending runs, ascending lines in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId {
    /// Number of the run.
    pub run_no: RunNo,
    /// Number of the line in the run, from 1.
    pub line_no: i64,
}

/// A line that was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid<'a> {
    /// Its name.
    pub id: LineId,
    /// What it paid.
    pub line: Payable<'a>,
    /// For a reversal: the line that it takes back.
    pub reverses: Option<LineId>,
    /// What it stands on ([`crate::stands::written`]).
    pub stands_on: Cow<'a, str>,
}

/// The lines that stand: no reversals, and nothing that was reversed. Order is kept.
#[must_use]
pub fn effective(paid: Vec<Paid<'_>>) -> Vec<Paid<'_>> {
    let mut gone: Vec<LineId> = paid.iter().filter_map(|p| p.reverses).collect();
    gone.sort_unstable();
    paid.into_iter().filter(|p| p.reverses.is_none() && gone.binary_search(&p.id).is_err()).collect()
}

/// What a run writes so that paid becomes owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posting<'a> {
    /// A line that was not paid before.
    New {
        /// The line.
        line: Payable<'a>,
        /// Which of the owed lines it is.
        owed: usize,
        /// The reversed line that it replaces.
        corrects: Option<LineId>,
    },
    /// Takes back a line that is no longer owed.
    Reversal {
        /// The line with the other sign.
        line: Payable<'a>,
        /// The line taken back.
        of: LineId,
    },
}

impl<'a> Posting<'a> {
    /// What it pays.
    #[must_use]
    pub const fn line(&self) -> &Payable<'a> {
        match self {
            Self::New { line, .. } | Self::Reversal { line, .. } => line,
        }
    }

    /// Which of the owed lines it pays; `None` for one that takes back.
    #[must_use]
    pub const fn owed(&self) -> Option<usize> {
        match self {
            Self::New { owed, .. } => Some(*owed),
            Self::Reversal { .. } => None,
        }
    }

    /// The line that it corrects: the one it takes back, or the one it replaces.
    #[must_use]
    pub const fn corrects(&self) -> Option<LineId> {
        match self {
            Self::New { corrects, .. } => *corrects,
            Self::Reversal { of, .. } => Some(*of),
        }
    }

    /// Whether it takes a line back.
    #[must_use]
    pub const fn is_reversal(&self) -> bool {
        matches!(self, Self::Reversal { .. })
    }
}

/// The difference between what is owed for some months of one placement and the effective lines of the same months.
///
/// A paid line that is owed as it stands is kept. Every other paid line is reversed, every other owed line is new; a
/// new line corrects the first reversed line of its component that has a day in common with it. In order of month,
/// component, reversals first, first day.
#[must_use]
pub fn diff<'a>(owed: Vec<Payable<'a>>, effective: Vec<Paid<'a>>) -> Vec<Posting<'a>> {
    let mut paid: Vec<Option<Paid<'a>>> = effective.into_iter().map(Some).collect();
    let mut missing = Vec::new();
    for (index, line) in owed.into_iter().enumerate() {
        match paid.iter_mut().find(|p| p.as_ref().is_some_and(|p| p.line == line)) {
            Some(kept) => *kept = None,
            None => missing.push((index, line)),
        }
    }
    let wrong: Vec<Paid<'a>> = paid.into_iter().flatten().collect();
    let replaced = |line: &Payable<'_>| {
        let same =
            |p: &&Paid<'_>| p.line.component == line.component && p.line.days.intersect(&line.days).is_some();
        wrong.iter().filter(same).min_by_key(|p| (p.line.days.first, p.id)).map(|p| p.id)
    };
    let mut postings: Vec<Posting<'a>> = Vec::with_capacity(missing.len() + wrong.len());
    for (owed, line) in missing {
        let corrects = replaced(&line);
        postings.push(Posting::New { line, owed, corrects });
    }
    postings.extend(wrong.iter().map(|p| Posting::Reversal { line: p.line.reversed(), of: p.id }));
    postings.sort_by(|a, b| key(a).cmp(&key(b)));
    postings
}

/// Every field takes part at last, so that the order never depends on where a line came from.
fn key<'p, 'a>(
    posting: &'p Posting<'a>,
) -> (Month, Component, bool, Interval, &'p Payable<'a>, Option<LineId>) {
    let line = posting.line();
    (line.month, line.component, !posting.is_reversal(), line.days, line, posting.corrects())
}

/// Days before the ledger's first month whose payment is another by what is known now than by what was known when the
/// last run was approved: nobody pays the difference, so it is told, each month of a component by itself.
#[must_use]
pub fn before_ledger(before: &[Payable<'_>], now: &[Payable<'_>]) -> Vec<Hold> {
    let only = |of: &[Payable<'_>], other: &[Payable<'_>]| -> Vec<Hold> {
        let lines = of.iter().filter(|line| !other.contains(line));
        lines
            .map(|line| Hold { component: line.component, days: line.days, reason: HoldReason::BeforeLedger })
            .collect()
    };
    let mut holds = [only(before, now), only(now, before)].concat();
    holds.sort_unstable();
    holds.dedup_by(|next, run| {
        let joins = run.component == next.component
            && next.days.first <= day_after(run.days.last)
            && Month::of(run.days.first) == Month::of(next.days.first);
        if joins {
            run.days.last = run.days.last.max(next.days.last);
        }
        joins
    });
    holds
}

/// What a run would leave wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{component} from {} through {}: owed {owed} SEK to {payee}, paid {paid} SEK after the run",
    days.first, days.last
)]
pub struct Imbalance {
    /// What is paid for.
    pub component: Component,
    /// Its days.
    pub days: Interval,
    /// Whom it is owed or paid to.
    pub payee: String,
    /// What is owed there.
    pub owed: Ore,
    /// What was paid there, and is paid by the run.
    pub paid: Ore,
}

/// Checks, by adding up alone, that everything that was paid for some months, its reversals included, and the postings pay
/// what is owed: for each run of days, component, payer and payee by itself, in quantity and amount. Where all those sums are
/// equal, every day is paid what it is owed. It knows nothing of how the postings were found.
///
/// # Errors
/// The first days where they do not; also where a sum is beyond an `i64`.
pub fn check(owed: &[Payable<'_>], paid: &[Paid<'_>], postings: &[Posting<'_>]) -> Result<(), Imbalance> {
    let paid = paid.iter().map(|paid| &paid.line).chain(postings.iter().map(Posting::line));
    let entries = owed.iter().map(|line| (line, true)).chain(paid.map(|line| (line, false)));
    let mut entries: Vec<(&Payable<'_>, bool)> = entries.collect();
    entries.sort_by(|(a, _), (b, _)| same(a).cmp(&same(b)));
    for group in entries.chunk_by(|(a, _), (b, _)| same(a) == same(b)) {
        let sum = |owed: bool, of: fn(&Payable<'_>) -> i64| -> i128 {
            group.iter().filter(|(_, is)| *is == owed).map(|(line, _)| i128::from(of(line))).sum()
        };
        let sums = |owed: bool| (sum(owed, |line| line.amount.0), sum(owed, |line| line.quantity));
        let (owed, paid) = (sums(true), sums(false));
        if (owed != paid || i64::try_from(owed.0).is_err())
            && let Some((line, _)) = group.first()
        {
            let shown =
                |sum: i128| Ore(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX }));
            let (provider, board) = (line.provider_id.as_str(), line.payee_district.as_str());
            let payee = if provider.is_empty() { board } else { provider };
            let (component, days, payee) = (line.component, line.days, payee.to_string());
            return Err(Imbalance { component, days, payee, owed: shown(owed.0), paid: shown(paid.0) });
        }
    }
    Ok(())
}

/// What the sums of [`check`] are told apart by.
fn same<'l>(line: &'l Payable<'_>) -> (Interval, Component, &'l str, &'l str, &'l str) {
    let (provider, board) = (line.provider_id.as_str(), line.payee_district.as_str());
    (line.days, line.component, line.payer.as_str(), provider, board)
}

#[cfg(test)]
mod tests;
