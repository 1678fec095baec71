use chrono::{Datelike, NaiveDate, Weekday};

use crate::{day_after, plus_days};

/// Whether people in Sweden work that day: Monday to Friday, less public holidays and the three eves that labour
/// law treats as Sundays (Midsummer Eve, Christmas Eve, New Year's Eve).
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && public_holiday(day).is_none()
}

/// The `n`-th working day after `day` (the day itself is not counted). `n = 0` gives `day`.
#[must_use]
pub fn add_working_days(day: NaiveDate, n: u32) -> NaiveDate {
    let mut now = day;
    for _ in 0..n {
        now = day_after(now);
        while !is_working_day(now) {
            now = day_after(now);
        }
    }
    now
}

/// The Swedish name of the public holiday (lag 1989:253; the national day since 2005) or law-treated eve on `day`.
#[must_use]
pub fn public_holiday(day: NaiveDate) -> Option<&'static str> {
    let fixed = match (day.month(), day.day()) {
        (1, 1) => Some("nyårsdagen"),
        (1, 6) => Some("trettondedag jul"),
        (5, 1) => Some("första maj"),
        (6, 6) if day.year() >= 2005 => Some("Sveriges nationaldag"),
        (12, 24) => Some("julafton"),
        (12, 25) => Some("juldagen"),
        (12, 26) => Some("annandag jul"),
        (12, 31) => Some("nyårsafton"),
        (6, 19..=25) if day.weekday() == Weekday::Fri => Some("midsommarafton"),
        (6, 20..=26) if day.weekday() == Weekday::Sat => Some("midsommardagen"),
        _ => None,
    };
    fixed.or_else(|| moveable(day))
}

fn moveable(day: NaiveDate) -> Option<&'static str> {
    let easter = easter_sunday(day.year())?;
    let offset = i64::from(day.num_days_from_ce()) - i64::from(easter.num_days_from_ce());
    match offset {
        -2 => Some("långfredagen"),
        0 => Some("påskdagen"),
        1 => Some("annandag påsk"),
        39 => Some("Kristi himmelsfärdsdag"),
        49 => Some("pingstdagen"),
        50 if day.year() < 2005 => Some("annandag pingst"),
        _ => all_saints(day),
    }
}

fn all_saints(day: NaiveDate) -> Option<&'static str> {
    let in_window = matches!((day.month(), day.day()), (10, 31) | (11, 1..=6));
    (in_window && day.weekday() == Weekday::Sat).then_some("alla helgons dag")
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter_sunday(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let march_first = NaiveDate::from_ymd_opt(year, 3, 1)?;
    // h + l − 7m + 22 is the day of March that Easter falls on, counted on through April.
    Some(plus_days(march_first, i64::from(h + l - 7 * m + 21)))
}
