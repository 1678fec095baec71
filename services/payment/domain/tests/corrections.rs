//! Golden corrections: facts, run, late facts, run, and what the second run must contain.

use std::collections::BTreeMap;

use niva_calendar::{Interval, NaiveDate, Timeline};
use niva_models::{Level, Regime, Scope};
use niva_names::stockholm;
use niva_payment_domain::ledger::{self, LineId, Paid, Payable, Posting};
use niva_payment_domain::{
    Case, Content, Fact, Grant, LevelDecision, LevelKind, Occasion, OccasionKind, PlacementDates, Record,
    UnitFacts, UnitPeriod, owed,
};

use crate::support::{OWN, d, days, from, m, unit};

/// A ledger that begins in January 2024, of one person in one service.
struct Ledger {
    case: Case,
    units: BTreeMap<String, UnitFacts>,
    paid: BTreeMap<String, Vec<Paid<'static>>>,
    run_no: i32,
}

impl Ledger {
    /// Supported housing at U-1 from 15 January 2024, at level 1, granted by Farsta.
    fn new() -> Self {
        let mut ledger = Self {
            case: Case::new("P-1", stockholm::SUPPORTED_HOUSING),
            units: BTreeMap::new(),
            paid: BTreeMap::new(),
            run_no: 0,
        };
        ledger.unit(&[("2000-01-01", unit("Farsta", Regime::Municipal))]);
        ledger.tell(&grant("G-1", 1, "Farsta", from("2024-01-01")));
        ledger.tell(&level("LD-1", 1, 1, "2024-01-15"));
        ledger.tell(&placement(1, None, None));
        ledger
    }

    fn tell(&mut self, fact: &Fact) {
        self.case.apply(fact);
    }

    fn withdraw(&mut self, fact: Fact) {
        self.case.apply(&Fact { withdrawn: true, revision: fact.revision + 1, ..fact });
    }

    fn unit(&mut self, periods: &[(&str, UnitPeriod)]) {
        let periods = periods.iter().map(|(first, period)| (from(first), period.clone()));
        let unit = UnitFacts { unit_id: "U-1".to_owned(), periods: Timeline::layered(periods) };
        self.units.insert("U-1".to_owned(), unit);
    }

    /// What a run of a month writes, a line each: `+rate 2024-03-01..2024-03-31 31 x 300.00 = 9300.00 Farsta>PR-1`.
    fn run(&mut self, month: &str) -> Vec<String> {
        self.run_no += 1;
        let (mut written, mut line_no) = (Vec::new(), 0);
        for known in self.case.placements(&self.units) {
            let owed = owed(&known.facts(), &OWN, (m("2024-01"), m(month)));
            let lines: Vec<Payable<'_>> = owed.lines.iter().map(|l| Payable::of(l, &known, &OWN)).collect();
            let paid = self.paid.entry(known.placement_id.to_owned()).or_default();
            let standing = ledger::effective(paid.clone());
            let postings = ledger::diff(lines.clone(), standing.clone());
            ledger::check(&lines, &standing, &postings).unwrap();
            for posting in postings {
                line_no += 1;
                written.push(shown(&posting));
                let id = LineId { run_no: self.run_no, line_no };
                let reverses = posting.corrects().filter(|_| posting.is_reversal());
                paid.push(Paid { id, line: posting.line().clone().into_owned(), reverses });
            }
            written.extend(
                owed.holds
                    .iter()
                    .map(|h| format!("held {} {}..{} {}", h.component, h.days.first, h.days.last, h.reason)),
            );
        }
        written
    }

    fn net(&self, month: &str) -> i64 {
        let lines = self.paid.values().flatten().filter(|p| p.line.month == m(month));
        lines.map(|p| p.line.amount.0).sum()
    }
}

fn shown(posting: &Posting<'_>) -> String {
    let l = posting.line();
    let sign = if posting.is_reversal() { "-" } else { "+" };
    format!(
        "{sign}{} {}..{} {} x {} = {} {}>{}",
        l.component, l.days.first, l.days.last, l.quantity, l.unit_price, l.amount, l.payer, l.provider_id
    )
}

fn fact(id: &str, revision: i64, content: Content) -> Fact {
    Fact { id: id.to_owned(), revision, withdrawn: false, content }
}

fn grant(id: &str, revision: i64, district: &str, valid: Interval) -> Fact {
    let scopes = vec![(valid.first, Scope::default())];
    fact(id, revision, Content::Grant(Grant { district: district.to_owned(), valid, scopes }))
}

fn level(id: &str, revision: i64, level: u8, first: &str) -> Fact {
    let decided = id.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let kind = LevelKind::Stated;
    let decision = LevelDecision { valid_from: d(first), decided, kind, level: Level(level), points: None };
    fact(id, revision, Content::Level(decision))
}

fn dates(start: &str, notice: Option<&str>, end: Option<&str>) -> PlacementDates {
    let start: NaiveDate = d(start);
    PlacementDates {
        unit_id: "U-1".to_owned(),
        ordered_start: start,
        actual_start: Some(start),
        notice: notice.map(d),
        end: end.map(d),
    }
}

fn placement(revision: i64, notice: Option<&str>, end: Option<&str>) -> Fact {
    fact("PL-1", revision, Content::Placement(dates("2024-01-15", notice, end)))
}

const JANUARY: &str = "+rate 2024-01-15..2024-01-31 17 x 300.00 = 5100.00 Farsta>PR-1";
const FEBRUARY: &str = "+rate 2024-02-01..2024-02-29 29 x 300.00 = 8700.00 Farsta>PR-1";
const MARCH: &str = "+rate 2024-03-01..2024-03-31 31 x 300.00 = 9300.00 Farsta>PR-1";
const NOTHING: [&str; 0] = [];

#[test]
fn c1_of_two_late_levels_the_last_alone_is_paid() {
    let mut ledger = Ledger::new();
    assert_eq!(ledger.run("2024-03"), [JANUARY, FEBRUARY, MARCH]);
    ledger.tell(&level("LD-2", 1, 2, "2024-03-01"));
    ledger.tell(&level("LD-3", 1, 3, "2024-03-01"));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-31 31 x 495.00 = 15345.00 Farsta>PR-1",
        ]
    );
}

#[test]
fn c2_c3_a_level_that_is_withdrawn_goes_back_to_the_first_amount_and_between_runs_leaves_no_trace() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    let raised = level("LD-2", 1, 3, "2024-03-01");
    ledger.tell(&raised);
    ledger.withdraw(raised.clone());
    assert_eq!(ledger.run("2024-03"), NOTHING, "annulled between two runs");
    ledger.tell(&Fact { revision: 3, ..raised.clone() });
    assert_eq!(ledger.run("2024-03").len(), 2);
    ledger.withdraw(Fact { revision: 3, ..raised });
    assert_eq!(
        ledger.run("2024-03"),
        ["-rate 2024-03-01..2024-03-31 -31 x 495.00 = -15345.00 Farsta>PR-1", MARCH,]
    );
}

#[test]
fn a_level_that_is_dated_anew_is_paid_from_its_new_day_alone() {
    let mut ledger = Ledger::new();
    ledger.tell(&level("LD-2", 1, 3, "2024-02-01"));
    ledger.run("2024-03");
    ledger.tell(&level("LD-2", 2, 3, "2024-03-16"));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-02-01..2024-02-29 -29 x 495.00 = -14355.00 Farsta>PR-1",
            FEBRUARY,
            "-rate 2024-03-01..2024-03-31 -31 x 495.00 = -15345.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-15 15 x 300.00 = 4500.00 Farsta>PR-1",
            "+rate 2024-03-16..2024-03-31 16 x 495.00 = 7920.00 Farsta>PR-1",
        ]
    );
}

#[test]
fn c4_c5_an_end_told_late_takes_back_what_followed_and_its_withdrawal_pays_it_anew() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.tell(&placement(2, None, Some("2024-02-10")));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-02-01..2024-02-29 -29 x 300.00 = -8700.00 Farsta>PR-1",
            "+rate 2024-02-01..2024-02-14 14 x 300.00 = 4200.00 Farsta>PR-1",
            "+vacancy 2024-02-15..2024-02-21 7 x 300.00 = 2100.00 Farsta>PR-1",
            "-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1",
        ]
    );
    ledger.tell(&placement(3, None, None));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-02-01..2024-02-14 -14 x 300.00 = -4200.00 Farsta>PR-1",
            FEBRUARY,
            "-vacancy 2024-02-15..2024-02-21 -7 x 300.00 = -2100.00 Farsta>PR-1",
            MARCH,
        ]
    );
    assert_eq!(ledger.net("2024-02"), 870_000);
}

#[test]
fn c6_a_start_moved_past_the_months_end_takes_the_month_back() {
    let mut ledger = Ledger::new();
    ledger.run("2024-02");
    ledger.tell(&fact("PL-1", 2, Content::Placement(dates("2024-02-05", None, None))));
    assert_eq!(
        ledger.run("2024-02"),
        [
            "-rate 2024-01-15..2024-01-31 -17 x 300.00 = -5100.00 Farsta>PR-1",
            "-rate 2024-02-01..2024-02-29 -29 x 300.00 = -8700.00 Farsta>PR-1",
            "+rate 2024-02-05..2024-02-29 25 x 300.00 = 7500.00 Farsta>PR-1",
        ]
    );
}

#[test]
fn c7_a_takeover_moves_only_the_days_from_its_date_to_the_new_payee() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    let (own, other) = (unit("Farsta", Regime::Municipal), unit("Farsta", Regime::Municipal));
    let other = UnitPeriod { provider_id: "PR-2".to_owned(), ..other };
    ledger.unit(&[("2000-01-01", own), ("2024-03-16", other)]);
    assert_eq!(
        ledger.run("2024-04"),
        [
            "-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-15 15 x 300.00 = 4500.00 Farsta>PR-1",
            "+rate 2024-03-16..2024-03-31 16 x 300.00 = 4800.00 Farsta>PR-2",
            "+rate 2024-04-01..2024-04-30 30 x 300.00 = 9000.00 Farsta>PR-2",
        ]
    );
}

#[test]
fn c8_a_regime_corrected_from_a_date_prices_the_days_from_then() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.unit(&[
        ("2000-01-01", unit("Farsta", Regime::Municipal)),
        ("2024-03-16", unit("Farsta", Regime::Private)),
    ]);
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-15 15 x 300.00 = 4500.00 Farsta>PR-1",
            "+rate 2024-03-16..2024-03-31 16 x 307.00 = 4912.00 Farsta>PR-1",
        ]
    );
}

#[test]
fn a_unit_that_changes_district_is_settled_by_the_day() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.unit(&[
        ("2000-01-01", unit("Farsta", Regime::Municipal)),
        ("2024-03-16", unit("Bromma", Regime::Municipal)),
    ]);
    let written = ledger.run("2024-03");
    assert_eq!(written.len(), 3, "{written:?}");
    let settled: Vec<_> =
        ledger.paid["PL-1"].iter().rev().take(2).map(|p| p.line.settlement.as_str()).collect();
    assert_eq!(settled, ["internal_voucher", "own_unit"]);
}

#[test]
fn c9_a_grant_renewed_after_three_days_holds_those_and_gives_no_notice() {
    let mut ledger = Ledger::new();
    ledger.run("2024-02");
    ledger.tell(&grant("G-1", 2, "Farsta", days("2024-01-01", "2024-02-20")));
    ledger.tell(&grant("G-2", 1, "Farsta", from("2024-02-24")));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-02-01..2024-02-29 -29 x 300.00 = -8700.00 Farsta>PR-1",
            "+rate 2024-02-01..2024-02-20 20 x 300.00 = 6000.00 Farsta>PR-1",
            "+rate 2024-02-24..2024-02-29 6 x 300.00 = 1800.00 Farsta>PR-1",
            MARCH,
            "held rate 2024-02-21..2024-02-23 grant_missing",
        ]
    );
}

#[test]
fn a_grant_renewed_without_a_gap_changes_no_line() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.tell(&grant("G-1", 2, "Farsta", days("2024-01-01", "2024-02-20")));
    ledger.tell(&grant("G-2", 1, "Farsta", from("2024-02-21")));
    assert_eq!(ledger.run("2024-03"), NOTHING);
}

#[test]
fn c10_another_board_that_grants_from_the_middle_of_a_month_pays_from_there() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.tell(&grant("G-2", 1, "Bromma", from("2024-03-11")));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-10 10 x 300.00 = 3000.00 Farsta>PR-1",
            "+rate 2024-03-11..2024-03-31 21 x 300.00 = 6300.00 Bromma>PR-1",
        ]
    );
    assert_eq!(ledger.net("2024-03"), 930_000, "two payers, the same sum");
}

#[test]
fn c11_a_placement_of_the_wrong_person_is_taken_back_when_it_is_withdrawn() {
    let mut ledger = Ledger::new();
    ledger.run("2024-02");
    ledger.withdraw(placement(1, None, None));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-01-15..2024-01-31 -17 x 300.00 = -5100.00 Farsta>PR-1",
            "-rate 2024-02-01..2024-02-29 -29 x 300.00 = -8700.00 Farsta>PR-1",
        ]
    );
}

#[test]
fn c17_an_occasion_reported_corrected_and_reported_again_counts_once() {
    let mut ledger = Ledger::new();
    let evenings = |revision, count| {
        let occasion = Occasion { date: d("2024-03-05"), kind: OccasionKind::EveningNight, count };
        let record = Record::Occasion(occasion);
        fact("O-1", revision, Content::Record { placement_id: "PL-1".to_owned(), record })
    };
    ledger.tell(&evenings(1, 2));
    ledger.tell(&evenings(2, 0));
    ledger.tell(&evenings(3, 1));
    assert_eq!(
        ledger.run("2024-03").last().unwrap(),
        "+evening_night 2024-03-01..2024-03-31 1 x 320.00 = 320.00 Farsta>PR-1"
    );
}

#[test]
fn c18_two_placements_are_both_paid_until_one_is_withdrawn() {
    let mut ledger = Ledger::new();
    let second = fact("PL-2", 1, Content::Placement(dates("2024-03-01", None, None)));
    ledger.tell(&second);
    assert_eq!(ledger.run("2024-03"), [JANUARY, FEBRUARY, MARCH, MARCH]);
    ledger.withdraw(second);
    assert_eq!(ledger.run("2024-03"), ["-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1"]);
}
