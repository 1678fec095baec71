use niva_calendar::{Datelike, Interval, Month, NaiveDate, OPEN_END, date, day_after, day_before, plus_days};
use proptest::prelude::*;

use crate::{day, nth};

fn interval() -> impl Strategy<Value = Interval> {
    (0_u32..7000, 0_u32..900)
        .prop_map(|(first, length)| Interval { first: nth(first), last: nth(first + length) })
}

fn all(interval: Interval) -> Vec<NaiveDate> {
    interval.first.iter_days().take_while(|d| *d <= interval.last).collect()
}

#[test]
fn ends() {
    let (a, b) = (day("2024-02-28"), day("2024-03-01"));
    assert_eq!(Interval::new(b, a), None);
    assert_eq!(Interval::between(a, None), Some(Interval::from(a)));
    assert!(Interval::from(a).is_open());
    assert_eq!(Interval::from(a).end(), None);
    assert_eq!(Interval::new(a, b).unwrap().days(), 3);
    assert!(Interval::day(a).meets(&Interval::day(day("2024-02-29"))));
    assert!(!Interval::from(a).meets(&Interval::from(b)));
    assert_eq!((day_after(OPEN_END), plus_days(OPEN_END, -1)), (OPEN_END, OPEN_END));
    assert_eq!((plus_days(a, i64::MAX), plus_days(a, 2), day_before(b)), (OPEN_END, b, day("2024-02-29")));
    assert_eq!(date(2023, 2, 29), None);
}

#[test]
fn months() {
    for text in
        ["2024-3", "24-03", "2024-13", "2024-00", "2024-+3", "+024-03", "1899-12", "2024-03-01", "", "2024"]
    {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
    let february: Month = "2024-02".parse().unwrap();
    assert_eq!((february.days(), february.last_day()), (29, day("2024-02-29")));
    assert_eq!(february.through("2024-04".parse().unwrap()).count(), 3);
    assert_eq!("9999-12".parse::<Month>().unwrap().last_day(), OPEN_END);
    assert_eq!(Month::new(1900, 2).unwrap().days(), 28);
    assert_eq!(Month::new(2000, 2).unwrap().days(), 29);
}

#[test]
fn the_last_month_of_all_is_cut_once() {
    let end = Interval::new(day("9999-11-30"), OPEN_END).unwrap();
    let cuts: Vec<i64> = end.by_month().map(|(_, i)| i.days()).collect();
    assert_eq!(cuts, [1, 31]);
}

#[test]
fn two_hundred_and_sixty_weekdays() {
    let april = "2024-04".parse::<Month>().unwrap().interval();
    assert_eq!(april.weekdays(), 22);
    let march = "2010-03".parse::<Month>().unwrap().interval();
    assert_eq!(march.days_on(0b001_0101), 14, "five Mondays, five Wednesdays, four Fridays");
}

proptest! {
    #[test]
    fn counts_are_those_of_a_loop(i in interval(), mask in any::<u8>()) {
        let days = all(i);
        let on = days.iter().filter(|d| mask >> d.weekday().num_days_from_monday() & 1 == 1).count();
        prop_assert_eq!(i.days(), i64::try_from(days.len()).unwrap());
        prop_assert_eq!(i.days_on(mask), i64::try_from(on).unwrap());
    }

    #[test]
    fn months_are_a_partition(i in interval()) {
        let mut next = i.first;
        for (month, part) in i.by_month() {
            prop_assert_eq!(part.first, next);
            prop_assert_eq!((Month::of(part.first), Month::of(part.last)), (month, month));
            prop_assert!(part.last == i.last || part.last == month.last_day());
            next = day_after(part.last);
        }
        prop_assert_eq!(next, day_after(i.last));
    }

    #[test]
    fn intersection_is_the_days_of_both(a in interval(), b in interval()) {
        let both: Vec<NaiveDate> = all(a).into_iter().filter(|d| b.contains(*d)).collect();
        prop_assert_eq!(a.intersect(&b).map(all).unwrap_or_default(), both);
        prop_assert_eq!(a.intersect(&b), b.intersect(&a));
    }

    #[test]
    fn a_split_is_a_partition(i in interval(), at in 0_u32..8000) {
        let (before, after) = i.split_at(nth(at));
        prop_assert!(before.is_none_or(|b| b.last < nth(at)) && after.is_none_or(|a| a.first >= nth(at)));
        let days: Vec<NaiveDate> = before.into_iter().chain(after).flat_map(all).collect();
        prop_assert_eq!(days, all(i));
    }

    #[test]
    fn a_month_is_its_days(number in 0_u32..7000) {
        let month = Month::of(nth(number));
        prop_assert_eq!(month.first_day().day(), 1);
        prop_assert_eq!(day_after(month.last_day()), month.next().first_day());
        prop_assert_eq!(month.interval().days(), i64::from(month.days()));
        prop_assert_eq!(month.to_string().parse(), Ok(month));
        prop_assert_eq!(Month::from_index(month.index()), Ok(month));
        prop_assert_eq!(month.next().previous(), month);
        prop_assert!(month.interval().contains(nth(number)));
    }
}
