use niva_calendar::date;
use niva_names::stockholm;
use proptest::prelude::*;

use super::*;

const CITY: &str = "
[[account]]
from = '2020-01-01'
debit = '4600'
credit = '2500'

[[account]]
from = '2020-01-01'
settlement = 'internal_voucher'
debit = '7600'
credit = '1660'
counterpart = '13'

[[account]]
from = '2020-01-01'
service = 'supported_housing'
regime = 'private'
debit = '4631'
credit = '2510'
activity = '552'
vat = '6'

[[account]]
from = '2025-01-01'
service = 'supported_housing'
regime = 'private'
debit = '4632'
credit = '2510'

[[cost_centre]]
from = '2020-01-01'
district = 'Farsta'
cost_centre = '114'
";

fn group(regime: Regime, settlement: Settlement, amount: i64) -> Group {
    Group {
        service: stockholm::SUPPORTED_HOUSING,
        regime,
        component: Component::Rate,
        settlement,
        payer: "Farsta".into(),
        amount: Ore(amount),
    }
}

fn posted(mapping: &Mapping, groups: &[Group], year: i32) -> Vec<(String, String, i64)> {
    let postings = mapping.post(groups, date(year, 3, 31).unwrap()).unwrap();
    postings.into_iter().map(|p| (p.on.account, p.on.counterpart, p.amount.0)).collect()
}

#[test]
fn the_entry_that_names_most_counts_and_of_these_the_last() {
    let mapping = Mapping::parse("city.toml", CITY).unwrap();
    let told = |account: &str, counterpart: &str, ore| (account.to_owned(), counterpart.to_owned(), ore);
    let private = [group(Regime::Private, Settlement::Outgoing, 100)];
    assert_eq!(posted(&mapping, &private, 2024), [told("2510", "", -100), told("4631", "", 100)]);
    assert_eq!(posted(&mapping, &private, 2025), [told("2510", "", -100), told("4632", "", 100)]);
    let municipal = [
        group(Regime::Municipal, Settlement::InternalVoucher, 70),
        group(Regime::Municipal, Settlement::OwnUnit, 5),
        group(Regime::Contracted, Settlement::Outgoing, -5),
    ];
    assert_eq!(posted(&mapping, &municipal, 2024), [told("1660", "13", -70), told("7600", "13", 70)]);
}

#[test]
fn what_is_not_in_the_file_is_told_by_its_keys() {
    let mapping = Mapping::parse(
        "city.toml",
        &CITY.replace("[[account]]\nfrom = '2020-01-01'\ndebit = '4600'\ncredit = '2500'", ""),
    )
    .unwrap();
    let elsewhere = Group { payer: "Bromma".into(), ..group(Regime::Municipal, Settlement::OwnUnit, 1) };
    let holes = mapping.post(&[elsewhere.clone(), elsewhere], date(2024, 3, 31).unwrap()).unwrap_err();
    let words: Vec<String> = holes.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "no account for service supported_housing, regime municipal, component rate, settlement own_unit",
            "no cost centre for district Bromma",
        ]
    );
}

#[test]
fn a_file_says_all_that_is_wrong_with_it() {
    for (from, to, words) in [
        ("'private'", "'foreign'", "account 3: `foreign` is not a"),
        ("'4600'", "'46 00'", "account 1: debit: give 1 to 20"),
        ("credit = '2500'", "credit = '4600'", "the same account"),
        ("2025-01-01", "2020-01-01", "two accounts from 2020-01-01 name the same"),
        ("'114'", "''", "cost centre of Farsta"),
        ("activity =", "aktivitet =", "aktivitet"),
    ] {
        let error = Mapping::parse("city.toml", &CITY.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with("city.toml: ") && error.contains(words), "{error}");
    }
}

proptest! {
    #[test]
    fn what_is_booked_is_nothing_in_all(amounts in prop::collection::vec((-1_000_000_i64..1_000_000, 0..3_usize, 0..3_usize), 0..40)) {
        let mapping = Mapping::shipped().unwrap();
        let groups: Vec<Group> = amounts
            .iter()
            .map(|(ore, regime, settlement)| {
                let regime = [Regime::Municipal, Regime::Contracted, Regime::Private][*regime];
                let settlement = [Settlement::Outgoing, Settlement::InternalVoucher, Settlement::OwnUnit][*settlement];
                group(regime, settlement, *ore)
            })
            .collect();
        let postings = mapping.post(&groups, date(2024, 3, 31).unwrap()).unwrap();
        prop_assert_eq!(postings.iter().map(|posting| posting.amount.0).sum::<i64>(), 0);
        let debit: i64 = postings.iter().filter(|p| !p.on.account.starts_with(['1', '2', '3'])).map(|p| p.amount.0).sum();
        prop_assert_eq!(debit, groups.iter().map(|group| group.amount.0).sum::<i64>());
    }
}
