use niva_calendar::{Datelike, Interval, add_working_days, date, is_working_day, public_holiday};

use crate::day;

/// Public holidays and the three eves, from the Python package `holidays` with the eves added.
const HOLIDAYS: [(i32, &str); 4] = [
    (2023, "01-01 01-06 04-07 04-09 04-10 05-01 05-18 05-28 06-06 06-23 06-24 11-04 12-24 12-25 12-26 12-31"),
    (2024, "01-01 01-06 03-29 03-31 04-01 05-01 05-09 05-19 06-06 06-21 06-22 11-02 12-24 12-25 12-26 12-31"),
    (2025, "01-01 01-06 04-18 04-20 04-21 05-01 05-29 06-06 06-08 06-20 06-21 11-01 12-24 12-25 12-26 12-31"),
    (2026, "01-01 01-06 04-03 04-05 04-06 05-01 05-14 05-24 06-06 06-19 06-20 10-31 12-24 12-25 12-26 12-31"),
];

/// Day, working days, result (by the same package), and what lies between.
const ADDED: [(&str, u32, &str, &str); 11] = [
    ("2024-03-27", 3, "2024-04-03", "Easter: Maundy Thursday, Tuesday, Wednesday"),
    ("2024-03-28", 7, "2024-04-10", "Easter"),
    ("2024-06-19", 3, "2024-06-25", "Midsummer: Thursday, Monday, Tuesday"),
    ("2024-06-05", 3, "2024-06-11", "the national day"),
    ("2024-12-20", 7, "2025-01-08", "Christmas and New Year"),
    ("2023-12-22", 3, "2023-12-29", "Christmas"),
    ("2024-05-08", 3, "2024-05-14", "Ascension Day"),
    ("2026-04-01", 3, "2026-04-08", "Easter"),
    ("2025-12-23", 3, "2026-01-02", "Christmas and New Year"),
    ("2024-04-06", 1, "2024-04-08", "from a Saturday"),
    ("2024-04-05", 0, "2024-04-05", "no days"),
];

/// Working days a year, by the same package.
const A_YEAR: [(i32, usize); 4] = [(2023, 251), (2024, 251), (2025, 249), (2026, 251)];

#[test]
fn holidays_are_those_of_the_table() {
    for (year, expected) in HOLIDAYS {
        let first = date(year, 1, 1).unwrap();
        let found: Vec<String> = first
            .iter_days()
            .take_while(|d| d.year() == year)
            .filter(|d| public_holiday(*d).is_some())
            .map(|d| d.format("%m-%d").to_string())
            .collect();
        assert_eq!(found.join(" "), expected, "{year}");
    }
}

#[test]
fn working_days_a_year() {
    for (year, expected) in A_YEAR {
        let days = date(year, 1, 1).unwrap().iter_days().take_while(|d| d.year() == year);
        assert_eq!(days.filter(|d| is_working_day(*d)).count(), expected, "{year}");
    }
}

#[test]
fn working_days_are_added_across_holidays() {
    for (from, days, to, why) in ADDED {
        assert_eq!(add_working_days(day(from), days), day(to), "{from} + {days}: {why}");
    }
}

#[test]
fn what_changed_in_2005() {
    assert_eq!(public_holiday(day("2004-05-31")), Some("annandag pingst"));
    assert_eq!(public_holiday(day("2005-05-16")), None);
    assert_eq!(public_holiday(day("2004-06-06")), None);
    assert_eq!(public_holiday(day("2005-06-06")), Some("Sveriges nationaldag"));
}

#[test]
fn easter_of_many_years_is_a_sunday_in_season() {
    for year in 1900..2200 {
        let season = Interval::new(date(year, 3, 22).unwrap(), date(year, 4, 25).unwrap()).unwrap();
        let easter: Vec<_> = season
            .first
            .iter_days()
            .take_while(|d| season.contains(*d))
            .filter(|d| public_holiday(*d) == Some("påskdagen"))
            .collect();
        assert!(easter.len() == 1 && easter[0].weekday() == niva_calendar::Weekday::Sun, "{year}");
    }
}
