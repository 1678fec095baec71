//! From a part of the cases to what is written for them. Pure: what it needs was read before.

use std::collections::BTreeMap;

use niva_calendar::Month;
use niva_models::Catalogue;
use niva_names::{CaseId, DistrictId, ModelId, PlacementId};
use niva_payment_domain::ledger::{self, LineId, Paid, Payable, Posting};
use niva_payment_domain::stands::{stands_on, written};
use niva_payment_domain::{
    Case, Compared, Due, ENGINE_VERSION, Engine, Hold, KnownBefore, KnownPlacement, Owed, Recorded,
};

use super::RunError;
use super::inputs::{Baseline, Inputs};
use crate::cases::CaseKey;
use crate::holds::store::HoldRow;
use crate::lines::line::Line;
use crate::lines::store::{PaidByCase, PaidByPlacement};
use crate::runs::tally::{Tally, TooMuch};

/// A case of a part.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) key: CaseId,
    pub(crate) case: Case,
    /// The months to calculate.
    pub(crate) due: Due,
    /// Those that nothing but other models or another engine makes due; empty where neither changed.
    pub(crate) repriced_only: Due,
    /// What was recorded of it since the baseline.
    pub(crate) recorded: Vec<Recorded>,
    /// The case as the baseline knew it, where something was told of it since.
    pub(crate) before: Option<Case>,
}

/// Some cases, in order, with everything that their calculation needs.
#[derive(Debug)]
pub(crate) struct Part {
    /// Key of the case before the first.
    pub(crate) after: CaseId,
    /// Key of the last case that was looked at.
    pub(crate) through: CaseId,
    pub(crate) cases: Vec<Loaded>,
    /// What was paid for the months that are due, of cases of which earlier months are, by case and placement.
    pub(crate) paid: PaidByCase,
}

/// What is written for a part.
#[derive(Debug)]
pub(crate) struct Calculated {
    pub(crate) after: CaseId,
    /// Key of the last case.
    pub(crate) through: CaseId,
    pub(crate) lines: Vec<Line>,
    pub(crate) holds: Vec<HoldRow>,
    /// What the run adds up to with this part.
    pub(crate) tally: Tally,
}

/// Calculates a part; `tally` is the run's before it.
pub(crate) fn part(inputs: &Inputs, part: Part, tally: Tally) -> Result<Calculated, RunError> {
    let mut writer = Writer { inputs, tally, lines: Vec::new(), holds: Vec::new() };
    let mut engine = Engine::new(&inputs.catalogue);
    let mut pricing = Pricing::new(inputs);
    let mut owed = Owed::default();
    let Part { after, through, cases, mut paid } = part;
    for loaded in &cases {
        let key = CaseKey::try_from(&loaded.key)?;
        let mut paid = paid.remove(&loaded.key).unwrap_or_default();
        let mut early = before_ledger(inputs, &mut engine, loaded);
        for placed in loaded.case.placements(&inputs.units) {
            writer.tally.placements += i64::from(!placed.of_another && !placed.elsewhere);
            let mut paid = paid.remove(placed.placement_id).unwrap_or_default();
            let mut early = early.remove(placed.placement_id).unwrap_or_default();
            for months in loaded.due.ranges() {
                engine.owed_into(&placed.facts(), *months, &mut owed);
                let lines: Vec<Payable<'_>> =
                    owed.lines.iter().map(|line| Payable::of(line, &placed, &inputs.catalogue)).collect();
                let (here, others) = of_months(paid, *months);
                paid = others;
                pricing.compare(loaded, &placed, &lines, (*months, &here), &mut writer.tally)?;
                let standing = ledger::effective(here.clone());
                let postings = ledger::diff(lines.clone(), standing.clone());
                ledger::check(&lines, &here, &postings).map_err(|imbalance| RunError::Imbalance {
                    placement_id: placed.placement_id.clone(),
                    imbalance,
                })?;
                // Where nothing was told of the case, it was what it is.
                let before =
                    loaded.before.as_ref().or_else(|| loaded.recorded.is_empty().then_some(&loaded.case));
                let known = Known {
                    case_key: &loaded.key,
                    placed: &placed,
                    before,
                    owed: &owed,
                    standing: &standing,
                };
                writer.post(&key, known, postings, &loaded.recorded)?;
                writer.hold(known, &std::mem::take(&mut early));
                writer.hold(known, &owed.holds);
            }
        }
        settled(&loaded.due, paid)?;
    }
    let Writer { tally, lines, holds, .. } = writer;
    Ok(Calculated { after, through, lines, holds, tally })
}

/// What was paid for some months, and the rest.
fn of_months(paid: Vec<Paid<'_>>, (first, last): (Month, Month)) -> (Vec<Paid<'_>>, Vec<Paid<'_>>) {
    paid.into_iter().partition(|paid| (first..=last).contains(&paid.line.month))
}

/// Of placements that a case no longer knows nothing may stand.
fn settled(due: &Due, paid: PaidByPlacement) -> Result<(), RunError> {
    for (placement_id, mut paid) in paid {
        paid.retain(|paid| due.contains(paid.line.month));
        ledger::check(&[], &paid, &[])
            .map_err(|imbalance| RunError::Imbalance { placement_id, imbalance })?;
    }
    Ok(())
}

/// What other models, or another engine, change by themselves: what the run pays against what it would pay by those of the
/// baseline.
struct Pricing<'i> {
    inputs: &'i Inputs,
    /// The engine by the baseline's models; `None`: it was another engine, so what stands is all that is known of it.
    before: Option<Engine<'i>>,
    owed: Owed,
}

impl<'i> Pricing<'i> {
    fn new(inputs: &'i Inputs) -> Self {
        let baseline = inputs.baseline.as_ref().filter(|baseline| baseline.same_engine);
        let before = baseline.map(|baseline| Engine::new(&baseline.catalogue));
        Self { inputs, before, owed: Owed::default() }
    }

    /// Adds the difference for one placement's months to the run's control total.
    fn compare(
        &mut self,
        loaded: &Loaded,
        placed: &KnownPlacement<'_>,
        now: &[Payable<'_>],
        (months, paid): ((Month, Month), &[Paid<'_>]),
        tally: &mut Tally,
    ) -> Result<(), TooMuch> {
        let (Some(baseline), Some(repriced)) =
            (&self.inputs.baseline, self.inputs.repriced.get(&loaded.case.service))
        else {
            return Ok(());
        };
        let now = |of: &Due| now.iter().filter(|line| of.contains(line.month)).cloned().collect::<Vec<_>>();
        match &mut self.before {
            Some(engine) => {
                engine.owed_into(&placed.facts(), months, &mut self.owed);
                let lines = self.owed.lines.iter().map(|line| Payable::of(line, placed, &baseline.catalogue));
                let before = lines.filter(|line| repriced.contains(line.month)).collect();
                tally.reprice(before, now(repriced))
            }
            None => {
                let standing = ledger::effective(paid.to_vec()).into_iter().map(|paid| paid.line);
                let only = &loaded.repriced_only;
                tally.reprice(standing.filter(|line| only.contains(line.month)).collect(), now(only))
            }
        }
    }
}

/// What nobody pays of a case that something was told of: by placement.
fn before_ledger(
    inputs: &Inputs,
    engine: &mut Engine<'_>,
    loaded: &Loaded,
) -> BTreeMap<PlacementId, Vec<Hold>> {
    let (before, now) = (loaded.before.as_ref(), &loaded.case);
    let months = before.and_then(|before| Some((before, inputs.months_before(before, now)?)));
    let Some((before, months)) = months else { return BTreeMap::new() };
    let mut owed = Owed::default();
    let mut lines = |placed: &KnownPlacement<'_>| -> Vec<Payable<'static>> {
        engine.owed_into(&placed.facts(), months, &mut owed);
        owed.lines.iter().map(|line| Payable::of(line, placed, &inputs.catalogue).into_owned()).collect()
    };
    let then: BTreeMap<PlacementId, Vec<Payable<'static>>> = before
        .placements(&inputs.units_before)
        .iter()
        .map(|placed| (placed.placement_id.clone(), lines(placed)))
        .collect();
    let known = now.placements(&inputs.units);
    let holds = known.iter().map(|placed| {
        let before = then.get(placed.placement_id).map_or(&[][..], Vec::as_slice);
        (placed.placement_id.clone(), ledger::before_ledger(before, &lines(placed)))
    });
    holds.collect()
}

/// A placement of a part with what is owed and what was paid.
#[derive(Clone, Copy)]
struct Known<'a> {
    case_key: &'a CaseId,
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
        let causes = self.causes(known, &postings, recorded);
        for (posting, cause) in postings.into_iter().zip(causes) {
            let (reversal, corrects) = (posting.is_reversal(), posting.corrects());
            let stands_on = self.stands_on(known, &posting);
            let payable = match posting {
                Posting::New { line, .. } | Posting::Reversal { line, .. } => line.into_owned(),
            };
            let line = Line {
                id: LineId { run_no: self.inputs.run_no, line_no: self.tally.all.lines + 1 },
                case_key: known.case_key.clone(),
                placement_id: known.placed.placement_id.clone(),
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
        let Inputs { catalogue, units_before, .. } = self.inputs;
        let placed_before = known.before.map(|case| case.placements(units_before)).unwrap_or_default();
        let before_it = placed_before.iter().find(|before| before.placement_id == placed.placement_id);
        let compared = Compared {
            placed,
            before: KnownBefore { placed: before_it, unit: units_before.get(&placed.dates.unit_id) },
            owed,
            catalogue,
            standing,
            told: &told,
            same_models: self.inputs.repriced.is_empty(),
        };
        let causes = postings.iter().zip(compared.causes(postings));
        let words = causes.map(|(posting, facts)| match before(posting.line()) {
            None => String::new(),
            Some(baseline) if facts.is_empty() && !self.inputs.repriced.is_empty() => {
                self.other_pricing(known, baseline, posting.line())
            }
            Some(_) => facts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        });
        words.collect()
    }

    /// What makes a line another when no fact does: the model, in the versions before and after, or the engine.
    fn other_pricing(&self, known: Known<'_>, baseline: &Baseline, line: &Payable<'_>) -> String {
        let terms = |catalogue: &Catalogue| -> Vec<(ModelId, String)> {
            let in_force = catalogue.in_force(known.placed.service, line.days);
            in_force.map(|m| (m.model.id.clone(), m.terms.version.clone())).collect()
        };
        let (before, now) = (terms(&baseline.catalogue), terms(&self.inputs.catalogue));
        if before == now {
            return format!("engine version {ENGINE_VERSION}");
        }
        let words = |terms: &[(ModelId, String)]| -> String {
            let each = terms
                .iter()
                .map(|(id, version)| format!("{id} version {}", version.get(..8).unwrap_or(version)));
            let each: Vec<String> = each.collect();
            if each.is_empty() { "no model".to_owned() } else { each.join(", ") }
        };
        format!("model {}, before {}", words(&now), words(&before))
    }

    fn hold(&mut self, known: Known<'_>, holds: &[Hold]) {
        let facts = known.placed.facts();
        for hold in holds {
            let granted = facts.granted(hold.days.first);
            self.tally.holds += 1;
            self.holds.push(HoldRow {
                run_no: self.inputs.run_no,
                hold_no: self.tally.holds,
                case_key: known.case_key.clone(),
                placement_id: known.placed.placement_id.clone(),
                unit_id: known.placed.dates.unit_id.clone(),
                payer: granted.map_or(DistrictId::none(), |granted| granted.value.district).clone(),
                hold: *hold,
            });
        }
    }
}
