use niva_calendar::date;
use niva_money::Ore;
use proptest::prelude::*;

use super::*;

fn line(month: u32, days: (u32, u32), component: Component, level: u8, price: i64) -> Payable<'static> {
    let days = Interval::new(date(2024, month, days.0).unwrap(), date(2024, month, days.1).unwrap()).unwrap();
    Payable {
        month: Month::of(days.first),
        component,
        days,
        model_id: "socialpsychiatry-2010".into(),
        level: Some(Level(level)),
        variant: "".into(),
        regime: Regime::Municipal,
        unit: PriceUnit::CalendarDay,
        quantity: days.days(),
        unit_price: Ore(price),
        amount: Ore(price * days.days()),
        payer: Cow::Owned("Skarpnäck".into()),
        provider_id: Cow::Owned("PR-1".into()),
        payee_district: Cow::Owned("".into()),
        unit_id: Cow::Owned("U-1".into()),
        settlement: Settlement::OwnUnit,
    }
}

/// Pays what `diff` says and answers all that was ever paid.
fn pay<'a>(run_no: i32, mut paid: Vec<Paid<'a>>, owed: &[Payable<'a>]) -> (Vec<Paid<'a>>, Vec<Posting<'a>>) {
    let standing = effective(paid.clone());
    let postings = diff(owed.to_vec(), standing.clone());
    check(owed, &paid, &postings).unwrap();
    for (i, posting) in postings.iter().enumerate() {
        let reverses = posting.is_reversal().then(|| posting.corrects().unwrap());
        let line_no = i64::try_from(i).unwrap() + 1;
        paid.push(Paid {
            id: LineId { run_no: RunNo(run_no), line_no },
            line: posting.line().clone(),
            reverses,
            stands_on: "".into(),
        });
    }
    (paid, postings)
}

fn total(paid: &[Paid<'_>]) -> i64 {
    paid.iter().map(|p| p.line.amount.0).sum()
}

#[test]
fn g10_a_level_back_in_time_is_reversed_and_paid_anew_beside_the_month_itself() {
    let march = |level, price| line(3, (1, 31), Component::Rate, level, price);
    let april = line(4, (1, 30), Component::Rate, 3, 49_500);
    let (paid, first) = pay(1, Vec::new(), &[march(1, 30_000)]);
    assert_eq!(first, [Posting::New { line: march(1, 30_000), owed: 0, corrects: None }]);
    let (paid, second) = pay(2, paid, &[march(3, 49_500), april.clone()]);
    let of = LineId { run_no: RunNo(1), line_no: 1 };
    assert_eq!(
        second,
        [
            Posting::Reversal { line: march(1, 30_000).reversed(), of },
            Posting::New { line: march(3, 49_500), owed: 0, corrects: Some(of) },
            Posting::New { line: april, owed: 1, corrects: None },
        ]
    );
    let net: i64 = second.iter().map(|p| p.line()).filter(|l| l.month.month() == 3).map(|l| l.amount.0).sum();
    assert_eq!((second[0].line().quantity, second[0].line().amount, net), (-31, Ore(-930_000), 604_500));
    assert_eq!(total(&paid), 31 * 49_500 + 30 * 49_500);
}

#[test]
fn a_second_run_of_the_same_facts_pays_nothing() {
    let owed =
        [line(3, (1, 31), Component::Rate, 1, 30_000), line(3, (1, 31), Component::Premises, 1, 2_500)];
    let (paid, _) = pay(1, Vec::new(), &owed);
    assert_eq!(pay(2, paid, &owed).1, []);
}

#[test]
fn another_payee_is_another_payment() {
    let before = line(3, (1, 31), Component::Rate, 1, 30_000);
    let after = Payable { provider_id: Cow::Owned("PR-2".into()), ..before.clone() };
    let (paid, _) = pay(1, Vec::new(), &[before]);
    let (paid, postings) = pay(2, paid, std::slice::from_ref(&after));
    assert_eq!((postings.len(), total(&paid)), (2, after.amount.0));
}

#[test]
fn a_line_that_splits_is_corrected_by_both_parts_and_what_ends_is_only_taken_back() {
    let (paid, _) = pay(1, Vec::new(), &[line(3, (1, 31), Component::Rate, 1, 30_000)]);
    let split = [line(3, (1, 15), Component::Rate, 1, 30_000), line(3, (16, 31), Component::Rate, 3, 49_500)];
    let (paid, postings) = pay(2, paid, &split);
    let of = Some(LineId { run_no: RunNo(1), line_no: 1 });
    assert_eq!(postings.iter().map(Posting::corrects).collect::<Vec<_>>(), [of, of, of]);
    let (paid, postings) = pay(3, paid, &split[..1]);
    assert_eq!(postings.iter().map(|p| p.line().amount).collect::<Vec<_>>(), [Ore(-16 * 49_500)]);
    assert_eq!(total(&paid), 15 * 30_000);
}

#[test]
fn what_changes_before_the_ledger_is_told_and_not_passed_over() {
    let known = [
        line(1, (1, 31), Component::Rate, 1, 30_000),
        line(2, (1, 29), Component::Rate, 1, 30_000),
        line(2, (1, 29), Component::Premises, 1, 2_500),
    ];
    let now = [
        line(1, (1, 31), Component::Rate, 1, 30_000),
        line(2, (1, 9), Component::Rate, 1, 30_000),
        line(2, (10, 29), Component::Rate, 3, 49_500),
    ];
    let told = |holds: Vec<Hold>| -> Vec<String> {
        holds
            .iter()
            .map(|h| format!("{} {}..{} {}", h.component, h.days.first, h.days.last, h.reason))
            .collect()
    };
    assert_eq!(
        told(before_ledger(&known, &now)),
        ["rate 2024-02-01..2024-02-29 before_ledger", "premises 2024-02-01..2024-02-29 before_ledger"]
    );
    assert_eq!(told(before_ledger(&known, &known)), [""; 0]);
    assert_eq!(told(before_ledger(&[], &now)).len(), 2, "a placement that was recorded back in time");
}

#[test]
fn the_check_names_what_is_wrong() {
    let owed = [line(3, (1, 31), Component::Rate, 1, 30_000)];
    let wrong = check(&owed, &[], &[]).unwrap_err();
    let words =
        "rate from 2024-03-01 through 2024-03-31: owed 9300.00 SEK to PR-1, paid 0.00 SEK after the run";
    assert_eq!(wrong.to_string(), words);
}

#[test]
fn the_check_sees_sums_that_are_right_in_the_wrong_place() {
    let owed = [line(3, (1, 10), Component::Rate, 1, 30_000), line(3, (11, 31), Component::Rate, 2, 30_000)];
    let id = |line_no| LineId { run_no: RunNo(1), line_no };
    let paid = |line: &Payable<'static>, line_no| Paid {
        id: id(line_no),
        line: line.clone(),
        reverses: None,
        stands_on: "".into(),
    };
    let right: Vec<Paid<'_>> = owed.iter().zip(1..).map(|(line, no)| paid(line, no)).collect();
    check(&owed, &right, &[]).unwrap();
    // The same month, component and sum: other days, another payee, another number of days.
    let mut days = right.clone();
    (days[0].line.days.last, days[1].line.days.first) = (days[0].line.days.first, days[0].line.days.last);
    check(&owed, &days, &[]).unwrap_err();
    let mut payee = right.clone();
    payee[0].line.provider_id = Cow::Owned("PR-2".into());
    check(&owed, &payee, &[]).unwrap_err();
    let mut quantity = right.clone();
    quantity[0].line.quantity += 1;
    check(&owed, &quantity, &[]).unwrap_err();
    // Paid, taken back, and paid again.
    let mut again = right.clone();
    again.push(Paid { line: right[0].line.reversed(), reverses: Some(id(1)), ..paid(&right[0].line, 3) });
    check(&owed, &again, &[]).unwrap_err();
    again.push(paid(&right[0].line, 4));
    check(&owed, &again, &[]).unwrap();
}

/// What is owed at some time: each of three months cut at a day, parts left out or priced at a level.
fn owed_once() -> impl Strategy<Value = Vec<Payable<'static>>> {
    let month = (2u32..28, 0u8..4, 0u8..4, any::<bool>());
    prop::collection::vec(month, 3).prop_map(|months| {
        let mut lines = Vec::new();
        for ((cut, first, second, premises), month) in months.into_iter().zip(1..) {
            for (days, level) in [((1, cut), first), ((cut + 1, 29), second)] {
                if level > 0 {
                    lines.push(line(month, days, Component::Rate, level, i64::from(level) * 30_001));
                }
            }
            if premises {
                lines.push(line(month, (1, cut), Component::Premises, 1, 2_500));
            }
        }
        lines
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_was_owed_between_the_runs_the_last_run_makes_paid_equal_owed(
        history in prop::collection::vec(owed_once(), 1..6)
    ) {
        let mut paid = Vec::new();
        for (owed, run_no) in history.iter().zip(1..) {
            paid = pay(run_no, paid, owed).0;
            let mut standing: Vec<_> = effective(paid.clone()).into_iter().map(|p| p.line).collect();
            let mut owed = owed.clone();
            standing.sort();
            owed.sort();
            prop_assert_eq!(standing, owed);
        }
        let last = history.last().unwrap();
        prop_assert_eq!(total(&paid), total(&pay(1, Vec::new(), last).0));
        prop_assert_eq!(pay(9, paid, last).1, vec![]);
    }

    #[test]
    fn the_order_that_lines_were_read_in_does_not_matter(
        before in owed_once(), after in owed_once(), seed in any::<usize>()
    ) {
        let (paid, _) = pay(1, Vec::new(), &before);
        let straight = diff(after.clone(), paid.clone());
        let (mut paid, mut after) = (paid, after);
        if !paid.is_empty() { let n = seed % paid.len(); paid.rotate_left(n); }
        if !after.is_empty() { let n = seed % after.len(); after.rotate_left(n); after.reverse(); }
        // Which of the owed lines a posting pays follows their order; all else does not.
        let found = diff(after.clone(), paid);
        for posting in &found {
            prop_assert!(posting.owed().is_none_or(|at| &after[at] == posting.line()));
        }
        let bare = |postings: &[Posting<'static>]| -> Vec<_> {
            postings.iter().map(|p| (p.line().clone(), p.corrects(), p.is_reversal())).collect()
        };
        prop_assert_eq!(bare(&found), bare(&straight));
    }
}
