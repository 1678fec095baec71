use niva_base::{OpError, Violations};
use niva_calendar::{Interval, Month};
use niva_models::{Extent, GrantScope, Level, Regime};
use niva_money::Ore;
use niva_names::ServiceCatalogue;
use niva_proto::common::v1 as common;

use super::{read, write};

fn found(v: Violations) -> Vec<(String, &'static str)> {
    let Err(OpError::Invalid(found)) = v.finish() else { return Vec::new() };
    found.into_iter().map(|v| (v.field, v.reason)).collect()
}

#[test]
fn what_is_written_is_read_again() {
    let v = &mut Violations::new();
    let day = niva_calendar::date(2024, 2, 29).unwrap();
    let month = Month::of(day);
    for days in [Interval::from(day), Interval::between(day, Some(day)).unwrap()] {
        assert_eq!(read::interval(v, "i", Some(write::interval(days))), Some(days));
    }
    assert_eq!(read::month(v, "m", Some(write::month(month))), Some(month));
    assert_eq!(read::money(v, "a", Some(write::money(Ore(-5)))), Some(Ore(-5)));
    assert_eq!(read::level(v, "l", write::level(Level(20))), Some(Level(20)));
    for service in ServiceCatalogue::shipped().unwrap().services() {
        assert_eq!(read::service_key(v, "s", service.key.as_str()), Some(service.key));
    }
    for &regime in Regime::ALL {
        assert_eq!(read::regime(v, "r", write::regime(regime).into()), Some(regime));
    }
    for extent in [None, Some(Extent::FullTime), Some(Extent::PartTime)] {
        let scope = GrantScope {
            extent,
            hours_per_week: Some(20),
            time_interval: Some(3),
            personal_assistance: true,
            sessions_per_week: Some(3),
        };
        for scope in [
            scope,
            GrantScope { hours_per_week: None, time_interval: None, sessions_per_week: None, ..scope },
        ] {
            assert_eq!(read::scope(v, "s", Some(&write::scope(&scope))), Some(scope));
        }
    }
    assert!(v.is_empty());
}

#[test]
fn every_violation_names_its_field() {
    let mut v = Violations::new();
    let date = |year, month, day| Some(common::Date { year, month, day });
    let scope = common::GrantScope {
        extent: 9,
        hours_per_week: "many".to_owned(),
        time_interval: -1,
        personal_assistance: false,
        sessions_per_week: 21,
    };
    let city = ServiceCatalogue::shipped().unwrap();
    v.nested("case", |v| {
        read::id::<String>(v, "person_id", "a\nb");
        read::id::<String>(v, "grant_id", &"x".repeat(129));
        read::district(v, "district", "Gotland", &city, date(2024, 1, 1));
        read::district(v, "old_district", "Norrmalm", &city, date(2024, 1, 1));
        read::district(v, "earlier_district", "Norrmalm", &city, date(2012, 1, 1));
        read::district(v, "unknown_on_no_day", "Gotland", &city, date(2024, 2, 30));
        read::service(v, "service", "Occupation", &city);
        read::service(v, "other_service", "", &city);
        read::service_key(v, "told_service", "no key");
        read::regime(v, "regime", 99);
        read::date(v, "day", date(2023, 2, 29));
        read::date(v, "far", date(10_000, 1, 1));
        read::month(v, "month", Some(common::Month { year: 2024, month: 13 }));
        read::interval(
            v,
            "valid",
            Some(common::DateInterval { first: date(2024, 1, 2), last: date(2024, 1, 1) }),
        );
        read::level(v, "level", common::Level { value: 21 });
        read::scope(v, "scope", Some(&scope));
    });
    let expected = [
        ("case.person_id", "ID_INVALID"),
        ("case.grant_id", "ID_INVALID"),
        ("case.district", "DISTRICT_UNKNOWN"),
        ("case.old_district", "DISTRICT_NOT_VALID"),
        ("case.unknown_on_no_day", "DISTRICT_UNKNOWN"),
        ("case.service", "SERVICE_UNKNOWN"),
        ("case.other_service", "FIELD_REQUIRED"),
        ("case.told_service", "SERVICE_UNKNOWN"),
        ("case.regime", "REGIME_UNKNOWN"),
        ("case.day", "DATE_INVALID"),
        ("case.far", "DATE_INVALID"),
        ("case.month", "MONTH_INVALID"),
        ("case.valid.last", "END_BEFORE_START"),
        ("case.level", "LEVEL_UNKNOWN"),
        ("case.scope.extent", "EXTENT_UNKNOWN"),
        ("case.scope.hours_per_week", "HOURS_NOT_WHOLE"),
        ("case.scope.time_interval", "TIME_INTERVAL_OUT_OF_RANGE"),
        ("case.scope.sessions_per_week", "SESSIONS_OUT_OF_RANGE"),
    ];
    assert_eq!(found(v), expected.map(|(field, reason)| (field.to_owned(), reason)));
}

#[test]
fn what_may_be_left_out_is_told_from_what_is_wrong() {
    let v = &mut Violations::new();
    assert_eq!(read::optional_id::<String>(v, "id", ""), Some(None));
    assert_eq!(read::optional_date(v, "day", None), Some(None));
    assert_eq!(read::optional_service(v, "service", "", &ServiceCatalogue::shipped().unwrap()), Some(None));
    assert!(v.is_empty());
    assert_eq!(read::optional_date(v, "day", Some(common::Date::default())), None);
}
