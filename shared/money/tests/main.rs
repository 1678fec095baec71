//! Properties of amounts.

use niva_money::{MoneyError, Ore, div_round, prorate, round};
use proptest::prelude::*;
use rust_decimal::Decimal;

#[test]
fn golden_months() {
    let half_of_february = prorate(Ore(269_500), 15, 28, 28);
    assert_eq!(half_of_february, Ore(134_750));
    assert_eq!(prorate(Ore(457_600), 16, 30, 30), Ore(228_800));
    assert_eq!(prorate(Ore(35_800), 16, 30, 30), Ore(17_900));
}

#[test]
fn halves_go_away_from_zero() {
    let cases =
        [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (-15, 10, -2), (1, 3, 0), (2, 3, 1)];
    for (numerator, denominator, rounded) in cases {
        assert_eq!(div_round(numerator, denominator), rounded, "{numerator}/{denominator}");
    }
    let decimals = [("0.5", "1"), ("-0.5", "-1"), ("2.5", "3"), ("1.4999", "1"), ("252.2875", "252")];
    for (value, rounded) in decimals {
        assert_eq!(round(value.parse().unwrap()), rounded.parse::<Decimal>().unwrap(), "{value}");
    }
}

#[test]
fn what_is_no_amount_is_refused() {
    for text in ["", " ", "kr", "1 000", "1,50", "1e3", "1_000", "--1", "1.2.3", "NaN", "inf"] {
        assert_eq!(Ore::parse_sek(text), Err(MoneyError::NotANumber(text.to_owned())), "{text}");
    }
    for text in ["0.001", "10.005", "-0.999"] {
        assert_eq!(Ore::parse_sek(text), Err(MoneyError::FractionalOre(text.to_owned())));
    }
    let beyond = "0.0000000000000000000000000000000001";
    assert_eq!(
        Ore::parse_sek(beyond),
        Err(MoneyError::NotANumber(beyond.to_owned())),
        "and never rounded to 0"
    );
    assert_eq!(Ore::parse_sek("92233720368547758.07"), Ok(Ore(i64::MAX)));
    assert_eq!(Ore::parse_sek("92233720368547758.08"), Err(MoneyError::Overflow));
    assert_eq!(Ore::parse_sek("79228162514264337593543950335"), Err(MoneyError::Overflow));
    assert_eq!(Ore::from_sek(i64::MAX), Err(MoneyError::Overflow));
}

#[test]
fn arithmetic_is_checked() {
    let most = Ore(i64::MAX);
    assert_eq!(most.checked_add(Ore(1)), None);
    assert_eq!(Ore(i64::MIN).checked_sub(Ore(1)), None);
    assert_eq!(most.checked_mul(2), None);
    assert_eq!(Ore::sum([most, Ore(1), Ore(-1)]), None);
    assert_eq!(Ore::sum([Ore(100), Ore(-30)]), Some(Ore(70)));
    assert_eq!(Ore(i64::MIN).negated(), most);
    assert_eq!(prorate(most, 1, 30, 30), most);
    assert_eq!(prorate(Ore(i64::MIN), 1, 31, 31), Ore(i64::MIN));
}

#[test]
fn a_share_of_no_days_is_nothing() {
    assert_eq!(prorate(Ore(100), 0, 0, 31), Ore::ZERO);
    assert_eq!(prorate(Ore(100), 10, 9, 31), Ore::ZERO);
    assert_eq!(prorate(Ore(100), 40, 50, 31), Ore::ZERO);
    assert_eq!(prorate(Ore(100), 1, 40, 31), Ore(100));
}

#[test]
fn kronor_are_written_with_two_decimals() {
    let cases = [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (134_750, "1347.50"), (-930_000, "-9300.00")];
    for (ore, text) in cases {
        assert_eq!(Ore(ore).to_string(), text);
    }
    assert_eq!(format!("{:>10}|{:<8}|", Ore(150), Ore(-150)), "      1.50|-1.50   |");
}

proptest! {
    #[test]
    fn text_and_decimal_come_back(ore in any::<i64>()) {
        prop_assert_eq!(Ore::parse_sek(&Ore(ore).to_string()), Ok(Ore(ore)));
        prop_assert_eq!(Ore::from_decimal_sek(Ore(ore).to_decimal_sek()), Ok(Ore(ore)));
    }

    #[test]
    fn no_text_panics(text in "[-+0-9., _ek]{0,40}") {
        let _ = Ore::parse_sek(&text);
    }

    #[test]
    fn splitting_a_month_loses_nothing(price in any::<i64>(), days in 28_u32..=31, a in 1_u32..=31, b in 1_u32..=31, cut in 1_u32..=31) {
        let (first, last) = (a.min(b).min(days), a.max(b).min(days));
        let cut = cut.clamp(first, last);
        let whole = prorate(Ore(price), first, last, days);
        let parts = [prorate(Ore(price), first, cut, days), prorate(Ore(price), cut + 1, last, days)];
        prop_assert_eq!(Ore::sum(parts), Some(whole));
        prop_assert_eq!(Ore::sum((1..=days).map(|d| prorate(Ore(price), d, d, days))), Some(Ore(price)));
    }

    #[test]
    fn a_share_is_the_formula(price in -1_000_000_000_i64..1_000_000_000, days in 28_u32..=31, a in 1_u32..=31, b in 1_u32..=31) {
        let (first, last) = (a.min(b).min(days), a.max(b).min(days));
        let until = |d: u32| div_round(i128::from(price) * i128::from(d), i128::from(days));
        prop_assert_eq!(i128::from(prorate(Ore(price), first, last, days).0), until(last) - until(first - 1));
    }

    #[test]
    fn rounding_is_nearest(n in -1_000_000_000_i128..1_000_000_000, d in 1_i128..100_000) {
        let r = div_round(n, d);
        let distance = (r * d - n).abs() * 2;
        prop_assert!(distance <= d);
        prop_assert!(distance < d || r.abs() * d > n.abs(), "a half goes away from zero");
        prop_assert_eq!(div_round(-n, d), -r);
    }
}
