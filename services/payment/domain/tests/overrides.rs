//! What replaces the rate or comes beside it: agreements, transitions to work, premises of sold places, special compensation,
//! absences.

use niva_models::{Component, GrantScope, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::stockholm;
use niva_payment_domain::{Agreement, Basis, HoldReason, Known, Outcome, Payee, Settlement, TransitionTo};

use crate::support::{Facts, d, days, from, full_time, holds, hours, id, lines, m, sek, total};

const WEEK: [u8; 5] = [1, 0, 1, 0, 1];

/// Level 4 and 30 hours at a private unit, by the invented rates of 2025; a job from 17 February.
fn at_work(support_end: Option<&str>) -> Facts {
    Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2025-01-01")
        .scope(hours(30))
        .regime(Regime::Private)
        .level(4)
        .transition("2025-02-17", support_end)
        .visits(&["2025-02-20", "2025-03-31"])
}

#[test]
fn transition_to_work_is_paid_while_it_lasts_and_held_after_it_until_its_outcome_is_recorded() {
    let facts = at_work(Some("2025-03-31"));
    let owed = facts.owed_by_own("2025-02", "2025-05");
    let paid = [
        "rate 2025-02-01..2025-02-16 10 x 2000.00 = 20000.00",
        "rate 2025-02-17..2025-02-28 10 x 690.00 = 6900.00",
        "rate 2025-03-01..2025-03-31 21 x 690.00 = 14490.00",
    ];
    assert_eq!(lines(&owed), paid);
    assert_eq!(owed.lines[1].basis, Basis::Transition);
    let held = |month| (Component::Rate, m(month).interval(), HoldReason::OutcomeMissing);
    assert_eq!(holds(&owed), [held("2025-04"), held("2025-05")]);
    let left = facts.clone().outcome(Outcome::Left).owed_by_own("2025-02", "2025-05");
    assert_eq!((lines(&left), left.holds.len()), (paid.map(str::to_owned).to_vec(), 0), "nothing more");
    let back = facts.outcome(Outcome::Returned(d("2025-04-01"))).owed_by_own("2025-04", "2025-04");
    assert_eq!(lines(&back), ["rate 2025-04-01..2025-04-30 22 x 2000.00 = 44000.00"]);
}

#[test]
fn a_person_who_comes_back_later_is_paid_from_that_day() {
    let facts = at_work(Some("2025-03-31")).outcome(Outcome::Returned(d("2025-04-14")));
    let owed = facts.owed_by_own("2025-04", "2025-04");
    assert_eq!(lines(&owed), ["rate 2025-04-14..2025-04-30 13 x 2000.00 = 26000.00"]);
    assert!(owed.holds.is_empty(), "between support and return nothing is owed");
    let sooner = at_work(None).outcome(Outcome::Returned(d("2025-03-10"))).visits(&["2025-03-03"]);
    assert_eq!(
        lines(&sooner.owed_by_own("2025-03", "2025-03")),
        [
            "rate 2025-03-01..2025-03-09 5 x 690.00 = 3450.00",
            "rate 2025-03-10..2025-03-31 16 x 2000.00 = 32000.00"
        ]
    );
}

#[test]
fn transition_to_work_lasts_six_months_and_a_month_without_a_visit_is_held() {
    let visits = ["2025-04-01", "2025-05-30", "2025-07-01", "2025-08-16", "2025-08-20"];
    let facts = at_work(None).visits(&visits);
    let owed = facts.owed_by_own("2025-06", "2025-08");
    assert_eq!(
        lines(&owed),
        [
            "rate 2025-07-01..2025-07-31 23 x 690.00 = 15870.00",
            "rate 2025-08-01..2025-08-16 11 x 690.00 = 7590.00",
        ],
        "six months end 16 August"
    );
    assert_eq!(
        holds(&owed),
        [
            (Component::Rate, m("2025-06").interval(), HoldReason::VisitMissing),
            (Component::Rate, days("2025-08-17", "2025-08-31"), HoldReason::OutcomeMissing),
        ]
    );
    let too_late = at_work(Some("2025-02-20")).visits(&["2025-02-21"]);
    assert_eq!(too_late.owed_by_own("2025-02", "2025-02").lines.len(), 2, "visited on the 20th");
    let unvisited = Facts { visits: Vec::new(), ..at_work(Some("2025-02-20")) }.visits(&["2025-02-21"]);
    let owed = unvisited.owed_by_own("2025-02", "2025-02");
    assert_eq!(
        owed.holds[0].reason,
        HoldReason::VisitMissing,
        "a visit after the support counts for nothing"
    );
}

#[test]
fn an_agreement_is_paid_during_transition_and_not_after_it() {
    let agreed = at_work(Some("2025-03-31")).agreement("a", days("2025-02-17", "2025-04-30"), 1000);
    let owed = agreed.owed_by_own("2025-02", "2025-04");
    assert_eq!(
        lines(&owed)[1..],
        [
            "rate 2025-02-17..2025-02-28 10 x 1000.00 = 10000.00",
            "rate 2025-03-01..2025-03-31 21 x 1000.00 = 21000.00"
        ]
    );
    assert_eq!(owed.holds[0].reason, HoldReason::OutcomeMissing);
}

#[test]
fn studies_count_only_where_a_model_says_so_and_of_two_transitions_the_later_counts() {
    let mut studies = at_work(Some("2025-03-31"));
    studies.transitions[0].value.to = TransitionTo::Studies;
    assert_eq!(
        lines(&studies.owed_by_own("2025-03", "2025-03")),
        ["rate 2025-03-01..2025-03-31 21 x 2000.00 = 42000.00"]
    );
    let again = at_work(Some("2025-03-31"))
        .outcome(Outcome::Returned(d("2025-04-01")))
        .transition("2025-04-21", None)
        .visits(&["2025-04-22"]);
    assert_eq!(
        lines(&again.owed_by_own("2025-04", "2025-04")),
        [
            "rate 2025-04-01..2025-04-20 14 x 2000.00 = 28000.00",
            "rate 2025-04-21..2025-04-30 8 x 690.00 = 5520.00"
        ]
    );
}

#[test]
fn premises_of_a_sold_place() {
    let facts = Facts::new(stockholm::GROUP_HOUSING_LSS, "2021-06-01")
        .level(1)
        .cost(days("2021-06-16", "2021-07-31"), 9000)
        .unit_in("Skarpnäck");
    let owed = facts.owed("2021-06", "2021-06");
    assert_eq!(lines(&owed)[1], "actual_premises 2021-06-16..2021-06-30 15 x 9000.00 = 4500.00");
    assert!(owed.lines.iter().all(|l| l.settlement == Settlement::InternalVoucher));
    assert_eq!((owed.lines[1].basis, owed.lines[1].payee), (Basis::ActualCost, Payee::Board));
    assert_eq!(owed.lines[0].payee, Payee::Provider);
    let contracted = facts.clone().regime(Regime::Contracted).owed("2021-06", "2021-06");
    let settled = |line: usize| (contracted.lines[line].payee, contracted.lines[line].settlement);
    assert_eq!(settled(0), (Payee::Provider, Settlement::Outgoing));
    assert_eq!(
        settled(1),
        (Payee::Board, Settlement::InternalVoucher),
        "the selling board, not the contractor"
    );
    assert_eq!(facts.clone().unit_in("Farsta").owed("2021-06", "2021-06").lines.len(), 1, "not sold");
    let private = facts.regime(Regime::Private).owed("2021-06", "2021-06");
    assert_eq!(private.lines.len(), 1, "a private unit's premises are in its rate");
    assert_eq!(private.lines[0].settlement, Settlement::Outgoing);
}

#[test]
fn costs_that_lie_within_one_another_never_vanish() {
    let facts = Facts::new(stockholm::GROUP_HOUSING_LSS, "2021-05-01")
        .level(1)
        .unit_in("Skarpnäck")
        .cost(from("2021-05-01"), 9_000)
        .cost(days("2021-06-01", "2021-06-30"), 12_000);
    let costs = |month| {
        let owed = facts.owed(month, month);
        let line = owed.lines.iter().find(|line| line.component == Component::ActualPremises);
        line.map(|line| line.amount)
    };
    let amounts = ["2021-05", "2021-06", "2021-07"].map(costs);
    assert_eq!(amounts, [Some(sek("9000")), Some(sek("12000")), Some(sek("9000"))]);
}

#[test]
fn a_board_that_sells_occupation_may_charge_the_supplement_of_private_units() {
    let facts = Facts::new(stockholm::OCCUPATION, "2019-09-01").unit_in("Skarpnäck");
    let premises = |facts: &Facts| {
        let owed = facts.owed("2019-09", "2019-09");
        let line = owed.lines.into_iter().find(|line| line.component == Component::Premises).unwrap();
        (line.amount, line.regime, line.payee, line.settlement)
    };
    let (municipal, voucher) = (Regime::Municipal, Settlement::InternalVoucher);
    assert_eq!(premises(&facts), (sek("286"), municipal, Payee::Provider, voucher));
    let charges = facts.private_premises();
    assert_eq!(premises(&charges), (sek("358"), municipal, Payee::Board, voucher));
    let contracted = charges.clone().regime(Regime::Contracted).private_premises();
    assert_eq!(premises(&contracted), (sek("358"), Regime::Contracted, Payee::Board, voucher));
    let at_home = charges.unit_in("Farsta").private_premises();
    assert_eq!(premises(&at_home), (sek("286"), municipal, Payee::Provider, Settlement::OwnUnit), "not sold");
}

#[test]
fn housing_support_that_is_sold_has_no_published_supplement_and_is_held() {
    let facts =
        Facts::new(stockholm::HOUSING_SUPPORT, "2012-03-01").level(1).unit_in("Skarpnäck").private_premises();
    let owed = facts.owed("2012-03", "2012-03");
    assert_eq!(lines(&owed), ["rate 2012-03-01..2012-03-31 31 x 2695.00 = 2695.00"]);
    assert_eq!(holds(&owed), [(Component::Premises, m("2012-03").interval(), HoldReason::RateUnpublished)]);
}

#[test]
fn the_supplement_of_2019_counts_the_days_of_taking_part() {
    let facts = Facts { actual: Some(d("2019-09-05")), ..Facts::new(stockholm::OCCUPATION, "2019-09-02") }
        .regime(Regime::Private)
        .notice("2019-09-10")
        .end("2019-09-10");
    let owed = facts.owed("2019-09", "2019-10");
    assert_eq!(
        lines(&owed),
        [
            "rate 2019-09-02..2019-09-14 13 x 4576.00 = 1982.94",
            "premises 2019-09-05..2019-09-10 6 x 358.00 = 71.60",
        ]
    );
    let never = Facts { end: None, ..facts }.never_started();
    assert!(never.owed("2019-09", "2019-09").lines.iter().all(|l| l.component == Component::Rate));
}

#[test]
fn special_compensation_is_shared_out_over_its_days_beside_the_rate() {
    let facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-01-01")
        .level(1)
        .special("SC-1", days("2010-03-20", "2010-04-18"), 1_000)
        .special("SC-2", days("2010-04-01", "2010-04-30"), 300);
    let shares = |facts: &Facts| {
        let owed = facts.owed("2010-03", "2010-05");
        let lines: Vec<String> = lines(&owed).into_iter().filter(|l| l.starts_with("special")).collect();
        lines
    };
    assert_eq!(
        shares(&facts),
        [
            "special 2010-03-20..2010-03-31 12 x 1000.00 = 400.00",
            "special 2010-04-01..2010-04-18 18 x 1000.00 = 600.00",
            "special 2010-04-01..2010-04-30 30 x 300.00 = 300.00",
        ]
    );
    // Full compensation ends on 5 April: what comes after is not paid.
    let ended = facts.clone().end("2010-04-01");
    assert_eq!(
        shares(&ended),
        [
            "special 2010-03-20..2010-03-31 12 x 1000.00 = 400.00",
            "special 2010-04-01..2010-04-05 5 x 1000.00 = 166.67",
            "special 2010-04-01..2010-04-05 5 x 300.00 = 50.00",
        ]
    );
    let owed = Facts { grants: niva_calendar::Timeline::new(), ..facts }.owed("2010-04", "2010-04");
    assert!(holds(&owed).contains(&(Component::Special, m("2010-04").interval(), HoldReason::GrantMissing)));
}

#[test]
fn absence_changes_nothing_unless_a_model_has_a_rule() {
    let scope = GrantScope { time_interval: Some(1), ..GrantScope::default() };
    let facts =
        Facts::new(stockholm::OCCUPATION, "2022-03-14").scope(scope).of_scale("occupation-2022").level(2);
    let away = facts.absent(days("2022-04-01", "2022-04-10")).absent(days("2022-04-11", "2022-04-20"));
    let owed = away.owed_by_own("2022-04", "2022-04");
    // The rule of that model: fourteen days. The two absences are one of twenty.
    assert_eq!(
        lines(&owed),
        [
            "rate 2022-04-01..2022-04-14 10 x 150.00 = 1500.00",
            "rate 2022-04-21..2022-04-30 7 x 150.00 = 1050.00",
            "premises 2022-04-01..2022-04-14 14 x 333.33 = 155.55",
            "premises 2022-04-21..2022-04-30 10 x 333.33 = 111.11",
        ]
    );
    let beyond = days("2022-04-15", "2022-04-20");
    assert_eq!(
        holds(&owed),
        [
            (Component::Rate, beyond, HoldReason::AbsenceTooLong),
            (Component::Premises, beyond, HoldReason::AbsenceTooLong)
        ]
    );
    let housed = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01").level(1);
    let away = housed.clone().absent(from("2010-03-02"));
    assert_eq!(away.owed("2010-03", "2010-04"), housed.owed("2010-03", "2010-04"));
}

#[test]
fn an_agreement_per_another_unit_than_the_models_is_held() {
    // 400 kronor for a session do not become 400 kronor for a month when the model changes unit.
    let mut facts = Facts::new(stockholm::OCCUPATION, "2019-06-01").level(1).sessions(WEEK, "2019-06-01");
    let agreed = Agreement {
        days: from("2019-06-01"),
        unit: PriceUnit::HalfDaySession,
        price: sek("400"),
        approved: true,
    };
    facts.agreements.set(agreed.days, Known { id: id("a"), ..Known::stated(agreed) });
    let owed = facts.owed("2019-06", "2019-07");
    assert_eq!(lines(&owed)[0], "rate 2019-06-01..2019-06-30 12 x 400.00 = 4800.00");
    assert_eq!(holds(&owed), [(Component::Rate, m("2019-07").interval(), HoldReason::AgreementOfOtherUnit)]);
}

#[test]
fn days_of_an_agreement_that_nobody_has_approved_are_held() {
    let mut facts = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01").level(1);
    let unit = PriceUnit::CalendarDay;
    let agreed = Agreement { days: from("2010-03-11"), unit, price: sek("400"), approved: false };
    facts.agreements.set(agreed.days, Known { id: id("a"), ..Known::stated(agreed) });
    let owed = facts.owed("2010-03", "2010-03");
    // The days before are paid by the published amount; the agreed price is told before its unit is looked at.
    assert_eq!(lines(&owed), ["rate 2010-03-01..2010-03-10 10 x 300.00 = 3000.00"]);
    let held = days("2010-03-11", "2010-03-31");
    assert_eq!(holds(&owed), [(Component::Rate, held, HoldReason::AgreementNotApproved)]);
    let of_other_unit = Agreement { unit: PriceUnit::Month, ..agreed };
    facts.agreements.set(agreed.days, Known { id: id("a"), ..Known::stated(of_other_unit) });
    assert_eq!(holds(&facts.owed("2010-03", "2010-03")), holds(&owed));
    facts
        .agreements
        .set(agreed.days, Known { id: id("a"), ..Known::stated(Agreement { approved: true, ..agreed }) });
    assert_eq!(
        lines(&facts.owed("2010-03", "2010-03"))[1],
        "rate 2010-03-11..2010-03-31 21 x 400.00 = 8400.00"
    );
}

#[test]
fn transition_means_nothing_before_2025() {
    let facts = Facts::new(stockholm::DAILY_ACTIVITIES_LSS, "2024-01-01")
        .scope(full_time())
        .level(1)
        .transition("2024-12-02", None);
    assert_eq!(
        lines(&facts.owed("2024-12", "2024-12")),
        ["rate 2024-12-01..2024-12-31 22 x 248.00 = 5456.00"]
    );
}

#[test]
fn an_agreement_replaces_the_rate_and_nothing_else() {
    let facts = Facts::new(stockholm::OCCUPATION, "2013-03-01")
        .level(1)
        .sessions(WEEK, "2013-01-01")
        .agreement("ind-7", days("2013-03-11", "2013-03-15"), 500)
        .end("2013-03-13");
    let owed = facts.owed("2013-03", "2013-03");
    assert_eq!(
        lines(&owed),
        [
            "rate 2013-03-01..2013-03-10 4 x 320.00 = 1280.00",
            "rate 2013-03-11..2013-03-15 3 x 500.00 = 1500.00",
            "rate 2013-03-16..2013-03-17 0 x 320.00 = 0.00",
            "vacancy 2013-03-18..2013-03-24 3 x 320.00 = 960.00",
            "premises 2013-03-01..2013-03-17 7 x 25.00 = 175.00",
        ]
        .into_iter()
        .filter(|line| !line.contains(" 0 x "))
        .collect::<Vec<_>>()
    );
    assert_eq!((owed.lines[1].basis, owed.lines[1].level), (Basis::Agreement, None));
}

#[test]
fn extremes_neither_panic_nor_wrap() {
    let mut facts = Facts::new(stockholm::HOUSING_SUPPORT, "2010-01-01").level(1);
    let huge =
        Agreement { days: from("2010-01-01"), unit: PriceUnit::Month, price: Ore(i64::MAX), approved: true };
    facts.agreements.set(huge.days, Known::stated(huge));
    assert_eq!(facts.owed("2010-02", "2010-02").lines[0].amount.0, i64::MAX);
    let mut by_day = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-01-01").level(1);
    by_day.agreements.set(huge.days, Known::stated(Agreement { unit: PriceUnit::CalendarDay, ..huge }));
    let owed = by_day.owed("2010-02", "2010-02");
    assert_eq!((owed.lines.len(), owed.holds[0].reason), (0, HoldReason::AmountOutOfRange));
    let end_of_time = Facts::new(stockholm::SUPPORTED_HOUSING, "9999-12-01").level(1).end("9999-12-31");
    assert_eq!(total(&end_of_time.owed("9999-12", "9999-12")), sek("9300"));
    let backwards = Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
        .level(1)
        .notice("2009-01-01")
        .end("2009-01-01");
    assert!(backwards.owed("2010-03", "2010-03").lines.is_empty());
    assert!(
        Facts::new(stockholm::SUPPORTED_HOUSING, "2010-03-01")
            .level(1)
            .owed("2010-04", "2010-03")
            .lines
            .is_empty()
    );
}
