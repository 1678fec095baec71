//! From a part of the cases to what is written for them. Pure: what it needs was read before.

use std::collections::BTreeMap;

use niva_payment_domain::ledger::{self, LineId, Paid, Payable, Posting};
use niva_payment_domain::{Case, Engine, KnownPlacement, Owed, Recorded, cause};

use super::RunError;
use super::inputs::Inputs;
use crate::cases::CaseKey;
use crate::holds::store::HoldRow;
use crate::lines::store::Line;
use crate::runs::tally::{Tally, TooMuch};

/// A case of a part.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) key: String,
    pub(crate) case: Case,
    /// Every month is calculated, not only those after the baseline.
    pub(crate) all_months: bool,
}

/// Some cases, in order, with everything that their calculation needs.
#[derive(Debug)]
pub(crate) struct Part {
    /// Key of the case before the first.
    pub(crate) after: String,
    pub(crate) cases: Vec<Loaded>,
    /// What was paid to the cases of which every month is calculated, by case and placement.
    pub(crate) paid: BTreeMap<String, BTreeMap<String, Vec<Paid<'static>>>>,
    /// What was recorded of these cases since the baseline.
    pub(crate) recorded: BTreeMap<String, Vec<Recorded>>,
}

/// What is written for a part.
#[derive(Debug)]
pub(crate) struct Calculated {
    pub(crate) after: String,
    /// Key of the last case.
    pub(crate) through: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) holds: Vec<HoldRow>,
    /// What the run adds up to with this part.
    pub(crate) tally: Tally,
    /// Cases to read back from the ledger and compare.
    pub(crate) sample: Vec<(String, Case)>,
}

/// Cases of each part that are read back after they were written.
const SAMPLE: usize = 20;

/// Calculates a part; `tally` is the run's before it.
pub(crate) fn part(inputs: &Inputs, part: Part, tally: Tally) -> Result<Calculated, RunError> {
    let mut writer = Writer { inputs, tally, lines: Vec::new(), holds: Vec::new() };
    let mut engine = Engine::new(&inputs.catalogue);
    let mut owed = Owed::default();
    let Part { after, cases, mut paid, recorded } = part;
    let through = cases.last().map_or_else(|| after.clone(), |loaded| loaded.key.clone());
    for loaded in &cases {
        let key: CaseKey = loaded.key.parse()?;
        let months = inputs.months(loaded.all_months);
        let mut paid = paid.remove(&loaded.key).unwrap_or_default();
        let recorded = recorded.get(&loaded.key).map_or(&[][..], Vec::as_slice);
        for placed in loaded.case.placements(&inputs.units) {
            engine.owed_into(&placed.facts(), months, &mut owed);
            let lines: Vec<Payable<'_>> =
                owed.lines.iter().map(|line| Payable::of(line, &placed, &inputs.catalogue)).collect();
            let standing = ledger::effective(paid.remove(placed.placement_id).unwrap_or_default());
            let postings = ledger::diff(lines.clone(), standing.clone());
            ledger::check(&lines, &standing, &postings).map_err(|imbalance| RunError::Imbalance {
                placement_id: placed.placement_id.to_owned(),
                imbalance,
            })?;
            writer.post(&loaded.key, &key, &placed, postings, recorded)?;
            writer.hold(&loaded.key, &placed, &owed);
        }
    }
    let Writer { tally, lines, holds, .. } = writer;
    let step = cases.len().div_ceil(SAMPLE).max(1);
    let sample = cases.into_iter().step_by(step).map(|loaded| (loaded.key, loaded.case)).collect();
    Ok(Calculated { after, through, lines, holds, tally, sample })
}

/// What is owed for a case in every month of the run, from nothing: by placement, in stable names.
pub(crate) fn recompute(inputs: &Inputs, case: &Case) -> BTreeMap<String, Vec<Payable<'static>>> {
    let mut engine = Engine::new(&inputs.catalogue);
    let mut owed = Owed::default();
    let placed = case.placements(&inputs.units);
    let of_each = placed.iter().map(|placed| {
        engine.owed_into(&placed.facts(), inputs.months(true), &mut owed);
        let lines = owed.lines.iter().map(|line| Payable::of(line, placed, &inputs.catalogue).into_owned());
        (placed.placement_id.to_owned(), lines.collect())
    });
    of_each.collect()
}

struct Writer<'i> {
    inputs: &'i Inputs,
    tally: Tally,
    lines: Vec<Line>,
    holds: Vec<HoldRow>,
}

impl Writer<'_> {
    fn post(
        &mut self,
        case_key: &str,
        key: &CaseKey,
        placed: &KnownPlacement<'_>,
        postings: Vec<Posting<'_>>,
        recorded: &[Recorded],
    ) -> Result<(), TooMuch> {
        self.tally.placements += 1;
        for posting in postings {
            let (reversal, corrects) = (posting.is_reversal(), posting.corrects());
            let cause = self.cause(placed, posting.line(), recorded);
            let payable = match posting {
                Posting::New { line, .. } | Posting::Reversal { line, .. } => line.into_owned(),
            };
            let line = Line {
                id: LineId { run_no: self.inputs.run_no, line_no: self.tally.all.lines + 1 },
                case_key: case_key.to_owned(),
                placement_id: placed.placement_id.to_owned(),
                payable,
                reversal,
                corrects,
                cause,
            };
            self.tally.add(&line, key, self.inputs.month)?;
            self.lines.push(line);
        }
        Ok(())
    }

    /// The fact behind a line of a month that was paid before; empty for a month's first payment.
    fn cause(&self, placed: &KnownPlacement<'_>, line: &Payable<'_>, recorded: &[Recorded]) -> String {
        let Some(baseline) = self.inputs.baseline.as_ref().filter(|b| line.month <= b.month) else {
            return String::new();
        };
        let of_unit = self.inputs.unit_facts.get(&placed.dates.unit_id).map_or(&[][..], Vec::as_slice);
        match cause(recorded.iter().chain(of_unit), placed.placement_id, line.component, line.days) {
            Some(fact) => format!("{} {}", fact.kind, fact.reference),
            None if !baseline.same_models => format!("models {}", self.inputs.catalogue.fingerprint),
            None => String::new(),
        }
    }

    fn hold(&mut self, case_key: &str, placed: &KnownPlacement<'_>, owed: &Owed) {
        for hold in &owed.holds {
            self.tally.holds += 1;
            self.holds.push(HoldRow {
                run_no: self.inputs.run_no,
                hold_no: self.tally.holds,
                case_key: case_key.to_owned(),
                placement_id: placed.placement_id.to_owned(),
                unit_id: placed.dates.unit_id.clone(),
                hold: *hold,
            });
        }
    }
}
