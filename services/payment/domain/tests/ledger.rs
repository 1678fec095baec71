//! One person's ledger, run after run, as the golden corrections tell it.

use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::{GrantScope, Level, Regime};
use niva_names::{FactId, PlacementId, RunNo, UnitId, stockholm};
use niva_payment_domain::ledger::{self, LineId, Paid, Payable, Posting};
use niva_payment_domain::stands::{stands_on, written as written_stands};
use niva_payment_domain::{
    Case, Compared, Content, Fact, FactKind, Grant, KnownBefore, LevelDecision, LevelKind, PlacementDates,
    Recorded, UnitFacts, UnitPeriod, owed,
};

use crate::support::{OWN, d, from, m, unit};

/// A ledger that begins in January 2024, of one person in one service.
pub(crate) struct Ledger {
    pub(crate) case: Case,
    pub(crate) units: BTreeMap<UnitId, UnitFacts>,
    pub(crate) paid: BTreeMap<String, Vec<Paid<'static>>>,
    pub(crate) run_no: RunNo,
    /// Case and units as the last run knew them.
    pub(crate) before: (Case, BTreeMap<UnitId, UnitFacts>),
    /// What was told since the last run.
    pub(crate) told: Vec<Recorded>,
    /// Why each line of the last run was written, in order.
    pub(crate) causes: Vec<String>,
}

impl Ledger {
    /// Supported housing at U-1 from 15 January 2024, at level 1, granted by Farsta.
    pub(crate) fn new() -> Self {
        let mut ledger = Self {
            case: Case::new("P-1", stockholm::SUPPORTED_HOUSING),
            units: BTreeMap::new(),
            paid: BTreeMap::new(),
            run_no: RunNo::NONE,
            before: (Case::new("P-1", stockholm::SUPPORTED_HOUSING), BTreeMap::new()),
            told: Vec::new(),
            causes: Vec::new(),
        };
        ledger.unit(1, &[("2000-01-01", unit("Farsta", Regime::Municipal))]);
        ledger.tell(&grant("G-1", 1, "Farsta", from("2024-01-01")));
        ledger.tell(&level("LD-1", 1, 1, "2024-01-15"));
        ledger.tell(&placement(1, None, None));
        ledger
    }

    pub(crate) fn tell(&mut self, fact: &Fact) {
        if self.case.apply(fact) {
            let (kind, id, placement_id) = (fact.kind(), fact.id.clone(), fact.placement_id());
            self.record(kind, id, placement_id, fact.revision, fact.withdrawn);
        }
    }

    pub(crate) fn record(
        &mut self,
        kind: FactKind,
        id: FactId,
        placement_id: Option<PlacementId>,
        revision: i64,
        withdrawn: bool,
    ) {
        let number = i64::try_from(self.told.len()).unwrap();
        self.told.push(Recorded { number, placement_id, kind, id, revision, withdrawn });
    }

    pub(crate) fn withdraw(&mut self, fact: Fact) {
        self.tell(&Fact { withdrawn: true, revision: fact.revision + 1, ..fact });
    }

    pub(crate) fn unit(&mut self, revision: i64, periods: &[(&str, UnitPeriod)]) {
        let periods = periods.iter().map(|(first, period)| (from(first), period.clone()));
        let unit = UnitFacts { unit_id: "U-1".into(), revision, periods: Timeline::layered(periods) };
        self.units.insert("U-1".into(), unit);
        self.record(FactKind::Unit, "U-1".into(), None, revision, false);
    }

    /// What a run of a month writes, a line each: `+rate 2024-03-01..2024-03-31 31 x 300.00 = 9300.00 Farsta>PR-1`.
    pub(crate) fn run(&mut self, month: &str) -> Vec<String> {
        self.run_no = self.run_no.next();
        self.causes.clear();
        let (mut written, mut line_no) = (Vec::new(), 0);
        let told = std::mem::take(&mut self.told);
        let told: Vec<&Recorded> = told.iter().collect();
        let (case_before, units_before) =
            std::mem::replace(&mut self.before, (self.case.clone(), self.units.clone()));
        let placed_before = case_before.placements(&units_before);
        for known in self.case.placements(&self.units) {
            let owed = owed(&known.facts(), &OWN, (m("2024-01"), m(month)));
            let lines: Vec<Payable<'_>> = owed.lines.iter().map(|l| Payable::of(l, &known, &OWN)).collect();
            let paid = self.paid.entry(known.placement_id.to_string()).or_default();
            let standing = ledger::effective(paid.clone());
            let postings = ledger::diff(lines.clone(), standing.clone());
            ledger::check(&lines, paid, &postings).unwrap();
            let compared = Compared {
                placed: &known,
                before: KnownBefore {
                    placed: placed_before.iter().find(|before| before.placement_id == known.placement_id),
                    unit: units_before.get(&known.dates.unit_id),
                },
                owed: &owed,
                catalogue: &OWN,
                standing: &standing,
                told: &told,
                same_models: true,
            };
            for (posting, causes) in postings.iter().zip(compared.causes(&postings)) {
                line_no += 1;
                written.push(shown(posting));
                self.causes.push(causes.iter().map(|fact| named(fact)).collect::<Vec<_>>().join(", "));
                let id = LineId { run_no: self.run_no, line_no };
                let reverses = posting.corrects().filter(|_| posting.is_reversal());
                let stands_on = posting.owed().map(|at| stands_on(&owed.lines[at], &known, &OWN));
                let stands_on = written_stands(&stands_on.unwrap_or_default()).into();
                let line = posting.line().clone().into_owned();
                paid.push(Paid { id, line, reverses, stands_on });
            }
            written.extend(
                owed.holds
                    .iter()
                    .map(|h| format!("held {} {}..{} {}", h.component, h.days.first, h.days.last, h.reason)),
            );
        }
        written
    }

    pub(crate) fn net(&self, month: &str) -> i64 {
        let lines = self.paid.values().flatten().filter(|p| p.line.month == m(month));
        lines.map(|p| p.line.amount.0).sum()
    }
}

/// `level_decision LD-2 1`, the last for the revision.
pub(crate) fn named(fact: &Recorded) -> String {
    format!("{} {} {}{}", fact.kind, fact.id, fact.revision, if fact.withdrawn { " withdrawn" } else { "" })
}

pub(crate) fn shown(posting: &Posting<'_>) -> String {
    let l = posting.line();
    let sign = if posting.is_reversal() { "-" } else { "+" };
    format!(
        "{sign}{} {}..{} {} x {} = {} {}>{}",
        l.component, l.days.first, l.days.last, l.quantity, l.unit_price, l.amount, l.payer, l.provider_id
    )
}

pub(crate) fn fact(id: &str, revision: i64, content: Content) -> Fact {
    Fact { id: id.into(), revision, withdrawn: false, content }
}

pub(crate) fn grant(id: &str, revision: i64, district: &str, valid: Interval) -> Fact {
    let scopes = vec![(valid.first, GrantScope::default())];
    fact(id, revision, Content::Grant(Grant { district: district.into(), valid, scopes }))
}

pub(crate) fn level(id: &str, revision: i64, level: u8, first: &str) -> Fact {
    let decided = id.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    decision(id, revision, LevelKind::Measured, level, (first, decided, first), "supported-housing-2010")
}

pub(crate) fn decision(
    id: &str,
    revision: i64,
    kind: LevelKind,
    level: u8,
    dates: (&str, i64, &str),
    scale: &str,
) -> Fact {
    let (valid_from, decided, decided_on) = (d(dates.0), dates.1, d(dates.2));
    let (level, scale, points) = (Level(level), scale.into(), Some(32));
    let measurement = Some(id.replace("LD", "M").into());
    let decision = LevelDecision { valid_from, decided, decided_on, kind, level, points, scale, measurement };
    let content = Content::Level(decision);
    fact(id, revision, content)
}

pub(crate) fn dates(start: &str, notice: Option<&str>, end: Option<&str>) -> PlacementDates {
    let start: NaiveDate = d(start);
    PlacementDates {
        unit_id: "U-1".into(),
        ordered_start: start,
        actual_start: Some(start),
        notice: notice.map(d),
        end: end.map(d),
    }
}

pub(crate) fn placement(revision: i64, notice: Option<&str>, end: Option<&str>) -> Fact {
    fact("PL-1", revision, Content::Placement(dates("2024-01-15", notice, end)))
}
