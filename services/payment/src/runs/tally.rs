//! What a run adds up to so far.

use std::collections::BTreeMap;

use niva_calendar::Month;
use niva_money::Ore;
use niva_payment_domain::LinesSeen;
use niva_payment_domain::ledger::Payable;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::cases::CaseKey;
use crate::lines::line::Line;

/// What lines are grouped by, in the order that totals are shown in.
const DIMENSIONS: [&str; 6] = ["service", "district", "regime", "provider", "component", "settlement"];

/// Number and sum of some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) lines: i64,
    pub(crate) amount: Ore,
}

/// Control totals and totals, added to line by line; kept with the run, so that a restart goes on where it was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) placements: i64,
    pub(crate) all: Sum,
    pub(crate) reversals: Sum,
    /// Amount of the lines that pay for months before the run's.
    pub(crate) earlier: Ore,
    pub(crate) holds: i64,
    /// What other models, or another engine, than the approved run's before change by themselves.
    pub(crate) repriced: Sum,
    /// SHA-256 chained from line to line, so that it does not matter where a calculation was cut.
    hash: [u8; 32],
    /// By dimension, in their order, and key.
    groups: [BTreeMap<String, Sum>; DIMENSIONS.len()],
}

/// A sum grew beyond whole öre in 64 bits.
#[derive(Debug, thiserror::Error)]
#[error("the lines add up to more than 64 bits of öre hold")]
pub(crate) struct TooMuch;

impl Sum {
    fn add(&mut self, amount: Ore) -> Result<(), TooMuch> {
        self.lines += 1;
        self.amount = self.amount.checked_add(amount).ok_or(TooMuch)?;
        Ok(())
    }
}

impl Tally {
    /// Adds a line of a run of `month`.
    pub(crate) fn add(&mut self, line: &Line, key: &CaseKey, month: Month) -> Result<(), TooMuch> {
        let p = &line.payable;
        self.all.add(p.amount)?;
        if line.reversal {
            self.reversals.add(p.amount)?;
        }
        if p.month < month {
            self.earlier = self.earlier.checked_add(p.amount).ok_or(TooMuch)?;
        }
        let keys = [
            key.service.as_str(),
            p.payer.as_str(),
            p.regime.as_str(),
            p.provider_id.as_str(),
            p.component.as_str(),
            p.settlement.as_str(),
        ];
        for (sums, key) in self.groups.iter_mut().zip(keys) {
            match sums.get_mut(key) {
                Some(sum) => sum.add(p.amount)?,
                None => sums.entry(key.to_owned()).or_default().add(p.amount)?,
            }
        }
        self.hash = chain(self.hash, line);
        Ok(())
    }

    /// Adds what is paid now for some months of a placement by other models against what they would be paid by those before:
    /// the lines that only one of the two has, and the difference of their sums.
    pub(crate) fn reprice(
        &mut self,
        mut before: Vec<Payable<'_>>,
        now: Vec<Payable<'_>>,
    ) -> Result<(), TooMuch> {
        for line in now {
            match before.iter().position(|other| *other == line) {
                Some(same) => {
                    before.swap_remove(same);
                }
                None => self.repriced.add(line.amount)?,
            }
        }
        before.iter().try_for_each(|line| self.repriced.add(line.amount.negated()))
    }

    /// Every total: dimension, key, sum.
    pub(crate) fn totals(&self) -> impl Iterator<Item = (&str, &str, Sum)> {
        DIMENSIONS
            .into_iter()
            .zip(&self.groups)
            .flat_map(|(dimension, sums)| sums.iter().map(move |(key, sum)| (dimension, key.as_str(), *sum)))
    }

    /// Whether the totals of every dimension add up to the whole.
    pub(crate) fn adds_up(&self) -> bool {
        self.groups.iter().all(|sums| {
            sums.values().map(|s| s.lines).sum::<i64>() == self.all.lines
                && Ore::sum(sums.values().map(|s| s.amount)) == Some(self.all.amount)
        })
    }

    /// In what the lines of another count differ, in words: their number, their sums, or what they say.
    pub(crate) fn differs(&self, other: &Self) -> Option<&'static str> {
        let same = |differs: bool, what| differs.then_some(what);
        same(self.all != other.all, "the number and sum of the lines")
            .or_else(|| same(self.reversals != other.reversals, "the reversals"))
            .or_else(|| same(self.groups != other.groups, "the totals"))
            .or_else(|| same((self.hash, self.earlier) != (other.hash, other.earlier), "the lines"))
    }

    /// What whoever approves the run has to have seen.
    pub(crate) fn seen(&self) -> LinesSeen {
        let repriced = (self.repriced.lines > 0).then_some(self.repriced.amount);
        LinesSeen { amount: self.all.amount, sha256: self.lines_sha256(), repriced }
    }

    /// Lower-case hex.
    pub(crate) fn lines_sha256(&self) -> String {
        niva_base::hex(&self.hash)
    }
}

/// The hash after a line: over the hash before it and everything the line says. The run and the line's own number are
/// no part of it, so that two runs that pay the same have the same hash.
fn chain(before: [u8; 32], line: &Line) -> [u8; 32] {
    let p = &line.payable;
    let mut hash = Sha256::new();
    hash.update(before);
    let mut text = |text: &str| {
        // The length first: no two lists of fields look the same.
        hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    };
    text(line.case_key.as_str());
    text(line.placement_id.as_str());
    text(p.component.as_str());
    text(&p.model_id);
    text(&p.variant);
    text(p.regime.as_str());
    text(p.unit.as_str());
    text(p.payer.as_str());
    text(p.provider_id.as_str());
    text(p.payee_district.as_str());
    text(p.unit_id.as_str());
    text(p.settlement.as_str());
    text(&line.cause);
    text(&line.stands_on);
    let day = |day: niva_calendar::NaiveDate| i64::from(niva_calendar::Datelike::num_days_from_ce(&day));
    let corrects = line.corrects.map_or((0, 0), |id| (i64::from(id.run_no), id.line_no));
    let numbers = [
        day(p.days.first),
        day(p.days.last),
        p.level.map_or(-1, |level| i64::from(level.0)),
        p.quantity,
        p.unit_price.0,
        p.amount.0,
        i64::from(line.reversal),
        corrects.0,
        corrects.1,
    ];
    numbers.iter().for_each(|n| hash.update(n.to_be_bytes()));
    hash.finalize().into()
}
