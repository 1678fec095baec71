//! From a part of the cases to what is written for them. Pure: what it needs was read before.

use std::collections::BTreeMap;

use niva_payment_domain::ledger::{self, LineId, Paid, Payable, Posting};
use niva_payment_domain::stands::{stands_on, written};
use niva_payment_domain::{Case, Compared, Engine, Hold, KnownBefore, KnownPlacement, Owed, Recorded};

use super::RunError;
use super::inputs::Inputs;
use crate::cases::CaseKey;
use crate::holds::store::HoldRow;
use crate::lines::line::Line;
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
    /// The cases that something was told of since the baseline, as it knew them.
    pub(crate) before: BTreeMap<String, Case>,
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
    let Part { after, cases, mut paid, recorded, before } = part;
    let through = cases.last().map_or_else(|| after.clone(), |loaded| loaded.key.clone());
    for loaded in &cases {
        let key: CaseKey = loaded.key.parse()?;
        let months = inputs.months(loaded.all_months);
        let mut paid = paid.remove(&loaded.key).unwrap_or_default();
        let recorded = recorded.get(&loaded.key).map_or(&[][..], Vec::as_slice);
        let mut early = before_ledger(inputs, &mut engine, before.get(&loaded.key), &loaded.case);
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
            // Where nothing was told of the case, it was what it is.
            let before = before.get(&loaded.key).or_else(|| recorded.is_empty().then_some(&loaded.case));
            let known =
                Known { case_key: &loaded.key, placed: &placed, before, owed: &owed, standing: &standing };
            writer.post(&key, known, postings, recorded)?;
            writer.hold(known, &early.remove(placed.placement_id).unwrap_or_default());
            writer.hold(known, &owed.holds);
        }
    }
    let Writer { tally, lines, holds, .. } = writer;
    let step = cases.len().div_ceil(SAMPLE).max(1);
    let sample = cases.into_iter().step_by(step).map(|loaded| (loaded.key, loaded.case)).collect();
    Ok(Calculated { after, through, lines, holds, tally, sample })
}

/// What nobody pays of a case that something was told of: by placement.
fn before_ledger(
    inputs: &Inputs,
    engine: &mut Engine<'_>,
    before: Option<&Case>,
    now: &Case,
) -> BTreeMap<String, Vec<Hold>> {
    let months = before.and_then(|before| Some((before, inputs.months_before(before, now)?)));
    let Some((before, months)) = months else { return BTreeMap::new() };
    let mut owed = Owed::default();
    let mut lines = |placed: &KnownPlacement<'_>| -> Vec<Payable<'static>> {
        engine.owed_into(&placed.facts(), months, &mut owed);
        owed.lines.iter().map(|line| Payable::of(line, placed, &inputs.catalogue).into_owned()).collect()
    };
    let then: BTreeMap<String, Vec<Payable<'static>>> = before
        .placements(&inputs.units_before)
        .iter()
        .map(|placed| (placed.placement_id.to_owned(), lines(placed)))
        .collect();
    let known = now.placements(&inputs.units);
    let holds = known.iter().map(|placed| {
        let before = then.get(placed.placement_id).map_or(&[][..], Vec::as_slice);
        (placed.placement_id.to_owned(), ledger::before_ledger(before, &lines(placed)))
    });
    holds.collect()
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

/// A placement of a part with what is owed and what was paid.
#[derive(Clone, Copy)]
struct Known<'a> {
    case_key: &'a str,
    placed: &'a KnownPlacement<'a>,
    /// The case as it was known at the baseline.
    before: Option<&'a Case>,
    owed: &'a Owed,
    standing: &'a [Paid<'a>],
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
        key: &CaseKey,
        known: Known<'_>,
        postings: Vec<Posting<'_>>,
        recorded: &[Recorded],
    ) -> Result<(), TooMuch> {
        self.tally.placements += 1;
        let causes = self.causes(known, &postings, recorded);
        for (posting, cause) in postings.into_iter().zip(causes) {
            let (reversal, corrects) = (posting.is_reversal(), posting.corrects());
            let stands_on = self.stands_on(known, &posting);
            let payable = match posting {
                Posting::New { line, .. } | Posting::Reversal { line, .. } => line.into_owned(),
            };
            let line = Line {
                id: LineId { run_no: self.inputs.run_no, line_no: self.tally.all.lines + 1 },
                case_key: known.case_key.to_owned(),
                placement_id: known.placed.placement_id.to_owned(),
                payable,
                reversal,
                corrects,
                cause,
                stands_on,
            };
            self.tally.add(&line, key, self.inputs.month)?;
            self.lines.push(line);
        }
        Ok(())
    }

    /// What a line stands on; a reversal, what the line does that it takes back.
    fn stands_on(&self, known: Known<'_>, posting: &Posting<'_>) -> String {
        if let Some(line) = posting.owed().and_then(|index| known.owed.lines.get(index)) {
            return written(&stands_on(line, known.placed, &self.inputs.catalogue));
        }
        let taken_back = known.standing.iter().find(|paid| Some(paid.id) == posting.corrects());
        taken_back.map(|paid| paid.stands_on.to_string()).unwrap_or_default()
    }

    /// The facts behind each line of a month that was paid before; nothing for a month's first payment.
    fn causes(&self, known: Known<'_>, postings: &[Posting<'_>], recorded: &[Recorded]) -> Vec<String> {
        let before = |line: &Payable<'_>| {
            self.inputs.baseline.as_ref().filter(|baseline| line.month <= baseline.month)
        };
        if postings.iter().all(|posting| before(posting.line()).is_none()) {
            return vec![String::new(); postings.len()];
        }
        let of_unit = self.inputs.unit_facts.get(&known.placed.dates.unit_id).map_or(&[][..], Vec::as_slice);
        let told: Vec<&Recorded> = recorded.iter().chain(of_unit).collect();
        let Known { placed, owed, standing, .. } = known;
        let Inputs { catalogue, units_before, baseline, .. } = self.inputs;
        let placed_before = known.before.map(|case| case.placements(units_before)).unwrap_or_default();
        let before_it = placed_before.iter().find(|before| before.placement_id == placed.placement_id);
        let compared = Compared {
            placed,
            before: KnownBefore { placed: before_it, unit: units_before.get(&placed.dates.unit_id) },
            owed,
            catalogue,
            standing,
            told: &told,
            same_models: baseline.as_ref().is_some_and(|baseline| baseline.same_models),
        };
        let causes = postings.iter().zip(compared.causes(postings));
        let words = causes.map(|(posting, facts)| match before(posting.line()) {
            None => String::new(),
            Some(baseline) if facts.is_empty() && !baseline.same_models => {
                format!("models {}", self.inputs.catalogue.fingerprint)
            }
            Some(_) => facts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        });
        words.collect()
    }

    fn hold(&mut self, known: Known<'_>, holds: &[Hold]) {
        let facts = known.placed.facts();
        for hold in holds {
            let granted = facts.granted(hold.days.first);
            self.tally.holds += 1;
            self.holds.push(HoldRow {
                run_no: self.inputs.run_no,
                hold_no: self.tally.holds,
                case_key: known.case_key.to_owned(),
                placement_id: known.placed.placement_id.to_owned(),
                unit_id: known.placed.dates.unit_id.clone(),
                payer: granted.map(|granted| granted.value.district.to_owned()).unwrap_or_default(),
                hold: *hold,
            });
        }
    }
}
