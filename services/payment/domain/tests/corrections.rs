//! Golden corrections: facts, run, late facts, run, and what the second run must contain.

use niva_models::{Extent, GrantScope, Regime};
use niva_names::stockholm;
use niva_payment_domain::{Agreement, Case, Content, Fact, Grant, LevelKind, Occasion, Record, UnitPeriod};

use crate::ledger::{Ledger, dates, decision, fact, grant, level, placement};
use crate::support::{d, days, from, unit};

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
    assert_eq!(ledger.causes, ["level_decision LD-3 1"; 2], "the first leaves no trace");
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
        ["-rate 2024-03-01..2024-03-31 -31 x 495.00 = -15345.00 Farsta>PR-1", MARCH]
    );
    assert_eq!(ledger.causes, ["level_decision LD-2 4 withdrawn"; 2]);
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
    assert_eq!(ledger.causes, ["placement PL-1 3"; 4]);
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
    let other = UnitPeriod { provider_id: "PR-2".into(), ..other };
    ledger.unit(2, &[("2000-01-01", own), ("2024-03-16", other)]);
    assert_eq!(
        ledger.run("2024-04"),
        [
            "-rate 2024-03-01..2024-03-31 -31 x 300.00 = -9300.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-15 15 x 300.00 = 4500.00 Farsta>PR-1",
            "+rate 2024-03-16..2024-03-31 16 x 300.00 = 4800.00 Farsta>PR-2",
            "+rate 2024-04-01..2024-04-30 30 x 300.00 = 9000.00 Farsta>PR-2",
        ]
    );
    assert_eq!(ledger.causes[..3], ["unit U-1 2"; 3]);
}

#[test]
fn c8_a_regime_corrected_from_a_date_prices_the_days_from_then() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.unit(
        2,
        &[("2000-01-01", unit("Farsta", Regime::Municipal)), ("2024-03-16", unit("Farsta", Regime::Private))],
    );
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
    ledger.unit(
        2,
        &[
            ("2000-01-01", unit("Farsta", Regime::Municipal)),
            ("2024-03-16", unit("Bromma", Regime::Municipal)),
        ],
    );
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
    assert_eq!(ledger.causes[..2], ["grant G-1 2, grant G-2 1"; 2]);
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
    assert_eq!(ledger.causes, ["grant G-2 1"; 3]);
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
    assert_eq!(ledger.causes, ["placement PL-1 2 withdrawn"; 2]);
}

/// A person in daily activities full time, municipal, with a preliminary level that was told before March was paid.
fn with_preliminary() -> Ledger {
    let mut ledger = Ledger::new();
    ledger.case = Case::new("P-1", stockholm::DAILY_ACTIVITIES_LSS);
    let scope = GrantScope { extent: Some(Extent::FullTime), ..GrantScope::default() };
    let (valid, scopes) = (from("2024-03-01"), vec![(d("2024-03-01"), scope)]);
    ledger.tell(&fact("G-1", 1, Content::Grant(Grant { district: "Farsta".into(), valid, scopes })));
    ledger.tell(&fact("PL-1", 1, Content::Placement(dates("2024-03-01", None, None))));
    let dates = ("2024-03-01", 1, "2024-03-01");
    ledger.tell(&decision("LD-1", 1, LevelKind::Preliminary, 2, dates, "daily-activities-2024"));
    ledger
}

#[test]
fn c20_a_measured_level_after_a_preliminary_one_changes_nothing_before_its_decision_in_2024() {
    let mut ledger = with_preliminary();
    assert_eq!(ledger.run("2024-03"), ["+rate 2024-03-01..2024-03-31 21 x 697.00 = 14637.00 Farsta>PR-1"]);
    let dates = ("2024-03-01", 2, "2024-04-10");
    ledger.tell(&decision("LD-2", 1, LevelKind::Measured, 3, dates, "daily-activities-2024"));
    assert_eq!(
        ledger.run("2024-04"),
        [
            "+rate 2024-04-01..2024-04-09 7 x 697.00 = 4879.00 Farsta>PR-1",
            "+rate 2024-04-10..2024-04-30 15 x 943.00 = 14145.00 Farsta>PR-1",
        ]
    );
    // Measured again, back in time: what was measured before is corrected, what was preliminary is not.
    let dates = ("2024-03-01", 3, "2024-06-03");
    ledger.tell(&decision("LD-3", 1, LevelKind::Measured, 4, dates, "daily-activities-2024"));
    assert_eq!(
        ledger.run("2024-04"),
        [
            "-rate 2024-04-10..2024-04-30 -15 x 943.00 = -14145.00 Farsta>PR-1",
            "+rate 2024-04-10..2024-04-30 15 x 1259.00 = 18885.00 Farsta>PR-1",
        ]
    );
}

#[test]
fn c20_where_the_model_pays_the_difference_the_measured_level_counts_from_its_first_day() {
    let mut ledger = Ledger::new();
    ledger.withdraw(level("LD-1", 1, 1, "2024-01-15"));
    let scale = "supported-housing-2010";
    let dates = ("2024-01-15", 1, "2024-01-15");
    ledger.tell(&decision("LD-2", 1, LevelKind::Preliminary, 1, dates, scale));
    assert_eq!(ledger.run("2024-01"), [JANUARY]);
    let dates = ("2024-01-15", 2, "2024-03-20");
    ledger.tell(&decision("LD-3", 1, LevelKind::Measured, 3, dates, scale));
    assert_eq!(
        ledger.run("2024-01"),
        [
            "-rate 2024-01-15..2024-01-31 -17 x 300.00 = -5100.00 Farsta>PR-1",
            "+rate 2024-01-15..2024-01-31 17 x 495.00 = 8415.00 Farsta>PR-1",
        ]
    );
}

fn agreement(revision: i64, price: i64, approved: bool) -> Fact {
    let unit = niva_models::PriceUnit::CalendarDay;
    let agreement =
        Agreement { days: from("2024-02-01"), unit, price: niva_money::Ore(price * 100), approved };
    let record = Record::Agreement(agreement);
    fact("IA-1", revision, Content::Record { placement_id: "PL-1".into(), record })
}

#[test]
fn c12_an_agreement_approved_after_two_months_and_then_corrected_in_price() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    ledger.tell(&agreement(1, 500, true));
    assert_eq!(ledger.run("2024-03").len(), 4);
    assert_eq!(ledger.causes, ["agreement IA-1 1"; 4]);
    ledger.tell(&agreement(2, 510, true));
    assert_eq!(
        ledger.run("2024-03"),
        [
            "-rate 2024-02-01..2024-02-29 -29 x 500.00 = -14500.00 Farsta>PR-1",
            "+rate 2024-02-01..2024-02-29 29 x 510.00 = 14790.00 Farsta>PR-1",
            "-rate 2024-03-01..2024-03-31 -31 x 500.00 = -15500.00 Farsta>PR-1",
            "+rate 2024-03-01..2024-03-31 31 x 510.00 = 15810.00 Farsta>PR-1",
        ]
    );
    assert_eq!(ledger.causes, ["agreement IA-1 2"; 4]);
    // What each line stood on names the revision.
    let paid = &ledger.paid["PL-1"];
    let on =
        |at: usize| paid[at].stands_on.split('\n').find(|s| s.starts_with("agreement")).map(str::to_owned);
    assert_eq!(on(paid.len() - 1).as_deref(), Some("agreement\tIA-1\t2"));
}

#[test]
fn c14_of_two_late_facts_the_one_that_changed_the_money_is_named() {
    let mut ledger = Ledger::new();
    ledger.run("2024-03");
    // Neither the grant's new scope, nor another notice than none, nor the unit's new revision changes anything.
    ledger.tell(&level("LD-2", 1, 3, "2024-03-01"));
    let grant_again = Fact { revision: 2, ..grant("G-1", 1, "Farsta", from("2024-01-01")) };
    ledger.tell(&grant_again);
    ledger.tell(&placement(2, None, None));
    ledger.unit(2, &[("2000-01-01", unit("Farsta", Regime::Municipal))]);
    assert_eq!(ledger.run("2024-03").len(), 2);
    assert_eq!(ledger.causes, ["level_decision LD-2 1"; 2]);
    // And the other way round: a level that nobody is paid by, beside a takeover.
    ledger.tell(&level("LD-3", 1, 3, "2024-02-20"));
    ledger.tell(&level("LD-2", 2, 3, "2024-03-01"));
    let other = UnitPeriod { provider_id: "PR-2".into(), ..unit("Farsta", Regime::Municipal) };
    ledger.unit(3, &[("2000-01-01", unit("Farsta", Regime::Municipal)), ("2024-03-16", other)]);
    let written = ledger.run("2024-03");
    let of_march: Vec<&String> = ledger
        .causes
        .iter()
        .zip(&written)
        .filter(|(_, line)| line.contains("2024-03"))
        .map(|(c, _)| c)
        .collect();
    assert_eq!(of_march, ["unit U-1 3"; 3]);
}

#[test]
fn a_fact_that_comes_for_a_held_day_is_why_it_is_paid() {
    let mut ledger = Ledger::new();
    ledger.withdraw(level("LD-1", 1, 1, "2024-01-15"));
    assert_eq!(ledger.run("2024-01"), ["held rate 2024-01-15..2024-01-31 level_missing"]);
    ledger.tell(&level("LD-2", 1, 1, "2024-01-15"));
    assert_eq!(ledger.run("2024-01"), [JANUARY]);
    assert_eq!(ledger.causes, ["level_decision LD-2 1"]);
    let stands = ledger.paid["PL-1"][0].stands_on.replace('\t', " ");
    let stands: Vec<&str> = stands.split('\n').collect();
    assert_eq!(
        stands[..5],
        ["grant G-1 1", "level_decision LD-2 1", "measurement M-2 ", "placement PL-1 1", "unit U-1 1"]
    );
    assert!(stands[5].starts_with("model socialpsychiatry-2010 "), "{stands:?}");
}

#[test]
fn c17_an_occasion_reported_corrected_and_reported_again_counts_once() {
    let mut ledger = Ledger::new();
    let evenings = |revision, count| {
        let occasion = Occasion { date: d("2024-03-05"), count };
        let record = Record::Occasion(occasion);
        fact("O-1", revision, Content::Record { placement_id: "PL-1".into(), record })
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
