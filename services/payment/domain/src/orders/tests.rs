use niva_calendar::date;
use niva_money::Ore;
use niva_names::{OrderNo, ProviderId};
use proptest::prelude::*;

use super::*;
use crate::AccountKind;

fn relation(provider: &str, settlement: Settlement) -> Relation {
    Relation {
        payer: "Farsta".into(),
        provider_id: provider.into(),
        payee_district: DistrictId::none().clone(),
        settlement,
    }
}

fn due(provider: &str, amount: i64) -> Due {
    Due { relation: relation(provider, Settlement::Outgoing), amount: Ore(amount), lines: 1 }
}

fn account(provider: &ProviderId) -> PaidTo {
    PaidTo {
        payee_id: format!("payee of {provider}").into(),
        revision: 2,
        name: provider.to_string(),
        account: Account::parse(AccountKind::Bankgiro, "50501055").unwrap(),
        supplier_number: String::new(),
        changed: false,
    }
}

/// All orders there are, as a store has them.
#[derive(Default)]
struct Book(Vec<Order>);

impl Book {
    fn settle(&mut self, dues: Vec<Due>, payable: impl Fn(&ProviderId) -> Result<(), HeldReason>) {
        let open = |order: &&Order| matches!(order.state, OrderState::Held | OrderState::Waiting);
        let open: Vec<Order> = self.0.iter().filter(open).cloned().collect();
        let last = self.0.last().map_or(OrderNo::NONE, |order| order.no);
        let settled = settle(dues, open, last, |provider| payable(provider).map(|()| account(provider)));
        let settled = settled.unwrap();
        self.0.extend(settled.made);
        for (no, step) in settled.steps {
            self.order(no.0).take(&step, "somebody").unwrap();
        }
    }

    fn order(&mut self, no: i32) -> &mut Order {
        self.0.iter_mut().find(|order| order.no.0 == no).unwrap()
    }

    fn take(&mut self, no: i32, step: &Step) -> Result<(), OrderRefused> {
        self.order(no).take(step, "somebody")
    }

    /// What runs have owed, and where all of it is.
    fn balance(&self) -> (i64, i64) {
        let owed = self.0.iter().map(|order| order.due.amount.0).sum();
        let is = self
            .0
            .iter()
            .map(|order| order.to_pay().0 - order.left().0 - order.repaid.0 - order.written_off.0);
        (owed, is.sum())
    }

    fn states(&self) -> Vec<(i32, OrderState, i64)> {
        let told = |order: &Order| (order.no.0, order.state, order.to_pay().0 - order.left().0);
        self.0.iter().map(told).collect()
    }
}

const fn anybody(_: &ProviderId) -> Result<(), HeldReason> {
    Ok(())
}

#[test]
fn a_credit_is_netted_against_what_comes_later_and_never_paid() {
    use OrderState::{Issued, Settled, Waiting};
    let mut book = Book::default();
    book.settle(vec![due("A", 1_000), due("B", -1_500)], anybody);
    assert_eq!(book.states(), [(1, Issued, 1_000), (2, Waiting, -1_500)]);
    book.settle(vec![due("A", 10), due("B", 600)], anybody);
    assert_eq!(book.states()[1..], [(2, Waiting, -900), (3, Issued, 10), (4, Issued, 0)]);
    assert_eq!((book.order(4).to.clone(), book.order(4).pays()), (None, false));
    book.settle(vec![due("B", 1_000)], anybody);
    assert_eq!(book.states()[1..], [(2, Settled, 0), (3, Issued, 10), (4, Issued, 0), (5, Issued, 100)]);
    assert_eq!(book.balance(), (1_110, 1_110));
}

#[test]
fn a_payee_without_account_is_held_and_stops_nobody_else() {
    use OrderState::{Held, Issued};
    let mut book = Book::default();
    let without_b = |provider: &ProviderId| match provider.as_str() {
        "B" => Err(HeldReason::PayeeMissing),
        _ => Ok(()),
    };
    book.settle(vec![due("A", 1), due("B", 2)], without_b);
    assert_eq!(book.states(), [(1, Issued, 1), (2, Held, 2)]);
    assert_eq!(book.order(2).held, Some(HeldReason::PayeeMissing));
    book.settle(vec![due("B", -1)], without_b);
    book.settle(vec![], anybody);
    assert_eq!(book.states()[1..], [(2, Issued, 1), (3, OrderState::Settled, 0)]);
}

#[test]
fn vouchers_need_no_account_and_may_be_of_either_sign() {
    let mut book = Book::default();
    let voucher =
        |amount| Due { relation: relation("A", Settlement::InternalVoucher), amount: Ore(amount), lines: 1 };
    book.settle(vec![voucher(-5)], |_| Err(HeldReason::PayeeMissing));
    assert_eq!(book.states(), [(1, OrderState::Issued, -5)]);
    assert_eq!(book.take(1, &Step::Paid), Err(OrderRefused::NothingToPay));
    book.take(1, &Step::Booked).unwrap();
    assert_eq!(book.take(1, &Step::Sent), Err(OrderRefused::NothingToPay));
}

#[test]
fn an_order_goes_forward_and_a_rejected_one_comes_back() {
    let mut book = Book::default();
    book.settle(vec![due("A", 7)], anybody);
    let again = |issue| Step::Issued { issue, netted: Ore(0), to: Some(account(&"A".into())) };
    assert!(matches!(book.take(1, &again(2)), Err(OrderRefused::State { state: OrderState::Issued, .. })));
    book.take(1, &Step::Voided).unwrap();
    assert_eq!(book.order(1).check_acknowledged(1, Ore(7)), Err(OrderRefused::Voided));
    assert!(matches!(book.take(1, &Step::Booked), Err(OrderRefused::State { .. })));
    assert_eq!(book.take(1, &again(3)), Err(OrderRefused::Issue { issue: 1 }));
    book.take(1, &again(2)).unwrap();
    assert_eq!(book.order(1).check_acknowledged(1, Ore(7)), Err(OrderRefused::Issue { issue: 2 }));
    assert_eq!(book.order(1).check_acknowledged(2, Ore(8)), Err(OrderRefused::Amount { amount: Ore(7) }));
    book.order(1).check_acknowledged(2, Ore(7)).unwrap();
    for step in [Step::Booked, Step::Sent, Step::Paid] {
        assert!(!book.order(1).is_already(&step));
        book.take(1, &step).unwrap();
        assert!(book.order(1).is_already(&step));
        assert!(matches!(book.take(1, &Step::Voided), Err(OrderRefused::State { .. })));
    }
    assert!(matches!(book.take(1, &Step::Booked), Err(OrderRefused::State { state: OrderState::Paid, .. })));
    // The bank may send it back afterwards.
    book.take(1, &Step::Rejected).unwrap();
    book.take(1, &again(3)).unwrap();
    assert_eq!(book.balance(), (7, 7));
}

#[test]
fn a_credit_becomes_a_claim_after_the_citys_days_and_is_written_off_by_two() {
    let rules = ClaimRules::shipped().unwrap();
    let made = date(2024, 4, 2).unwrap();
    let mut book = Book::default();
    book.settle(vec![due("A", -100)], anybody);
    let claim = |order: &Order, days| rules.claim(order, made, niva_calendar::plus_days(made, days));
    assert_eq!(claim(book.order(1), 59), None);
    let old = claim(book.order(1), 60).unwrap();
    assert_eq!((old.state, old.age, old.limitation), (ClaimState::Netting, 60, date(2034, 4, 2).unwrap()));
    assert!(matches!(book.take(1, &Step::Invoiced), Err(OrderRefused::State { .. })));
    book.take(1, &Step::Planned(Plan::Invoice)).unwrap();
    assert_eq!(claim(book.order(1), 1).unwrap().state, ClaimState::ToInvoice);
    book.settle(vec![due("A", 30)], anybody);
    assert_eq!(book.order(2).to_pay(), Ore(30), "nothing is netted of what is to be invoiced");
    book.take(1, &Step::Invoiced).unwrap();
    assert!(book.take(1, &Step::Planned(Plan::Netting)).is_err());
    assert_eq!(book.take(1, &Step::Repaid(Ore(101))), Err(OrderRefused::TooMuch { left: Ore(100) }));
    book.take(1, &Step::Repaid(Ore(40))).unwrap();
    assert!(matches!(book.take(1, &Step::WrittenOff(Ore(60))), Err(OrderRefused::State { .. })));
    book.take(1, &Step::WriteOffProposed).unwrap();
    assert_eq!(claim(book.order(1), 1).unwrap().state, ClaimState::WriteOffProposed);
    let alone = OrderRefused::SamePerson { subject: "somebody".to_owned() };
    assert_eq!(book.take(1, &Step::WrittenOff(Ore(60))), Err(alone));
    book.order(1).take(&Step::WrittenOff(Ore(60)), "another").unwrap();
    assert_eq!(claim(book.order(1), 1).unwrap().state, ClaimState::Closed);
    assert_eq!((book.balance(), book.order(1).left()), ((-70, -70), Ore(0)));
}

#[test]
fn a_file_of_rules_says_what_is_wrong() {
    for (text, words) in [
        ("after_days = 60", "limitation_years"),
        ("after_days = -1\nlimitation_years = 10", "after_days"),
        ("after_days = 1\nlimitation_years = 0", "is 0"),
        ("after_days = 1\nlimitation_years = 10\nmore = 1", "more"),
    ] {
        let error = ClaimRules::parse("city.toml", text).unwrap_err().to_string();
        assert!(error.starts_with("city.toml: ") && error.contains(words), "{error}");
    }
}

proptest! {
    /// Whatever comes, in whatever order: nothing is paid twice, nothing is paid the other way, and all that runs have owed is
    /// somewhere.
    #[test]
    fn what_is_paid_and_claimed_is_what_is_owed(
        runs in prop::collection::vec(
            (prop::collection::vec(-500_i64..1_000, 3), any::<[bool; 3]>(), prop::collection::vec((any::<prop::sample::Index>(), 0_u8..14, 1_i64..900), 0..6)),
            1..12,
        )
    ) {
        let mut book = Book::default();
        for (amounts, payable, happens) in runs {
            let names = ["A", "B", "C"];
            let dues = names.iter().zip(&amounts).map(|(name, amount)| due(name, *amount)).collect();
            book.settle(dues, |provider| {
                let at = names.iter().position(|name| provider == name).unwrap();
                if payable[at] { Ok(()) } else { Err(HeldReason::PayeeMissing) }
            });
            for (which, what, ore) in happens {
                let which = which.index(book.0.len());
                let order = &mut book.0[which];
                let before = order.clone();
                let step = match what {
                    0 => Step::Held(HeldReason::PayeeMissing),
                    1 => Step::Waiting,
                    2 => Step::Issued { issue: order.issue + 1, netted: order.netted, to: None },
                    3 => Step::Booked,
                    4 => Step::Sent,
                    5 => Step::Paid,
                    6 => Step::Rejected,
                    7 => Step::Voided,
                    8 => Step::Planned(Plan::Invoice),
                    9 => Step::Planned(Plan::Netting),
                    10 => Step::Invoiced,
                    11 => Step::Repaid(Ore(ore)),
                    12 => Step::WriteOffProposed,
                    _ => Step::WrittenOff(order.left()),
                };
                if order.take(&step, if what == 12 { "one" } else { "other" }).is_err() {
                    prop_assert_eq!(&*order, &before);
                }
            }
            let (owed, is) = book.balance();
            prop_assert_eq!(owed, is);
            for order in &book.0 {
                prop_assert!(order.left() >= Ore(0) && order.state != OrderState::Made);
                prop_assert!(order.to_pay() >= Ore(0) && order.netted >= Ore(0));
            }
        }
    }
}
