use std::collections::BTreeMap;

use niva_assessment_domain::{Grant, GrantRefused};
use niva_calendar::{Interval, NaiveDate, plus_days};
use niva_facts::Happened;
use niva_models::GrantScope;
use niva_names::stockholm;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use crate::day;

fn grant(valid: Interval) -> Grant {
    Grant {
        grant_id: "g".into(),
        person_id: "p".into(),
        service: stockholm::DAILY_ACTIVITIES_LSS,
        district: "Farsta".into(),
        valid,
        scopes: BTreeMap::new(),
        application_id: None,
    }
}

fn hours(hours: u8) -> GrantScope {
    GrantScope { hours_per_week: Some(hours), ..GrantScope::default() }
}

fn now<T, E: std::fmt::Debug>(change: Result<Happened<T>, E>) -> T {
    match change.unwrap() {
        Happened::Now(done) => done,
        Happened::Already(_) => panic!("was already so"),
    }
}

#[test]
fn a_scope_holds_until_the_next_begins() {
    let open = now(grant(Interval::from(day(2024, 1, 1))).change_scope(day(2024, 1, 1), hours(10)));
    let later = now(open.change_scope(day(2024, 6, 1), hours(30)));
    let between = now(later.change_scope(day(2024, 3, 1), hours(20)));
    let spans: Vec<_> = between
        .timeline()
        .spans()
        .iter()
        .map(|(i, s)| (i.first, i.end(), s.hours_per_week.unwrap()))
        .collect();
    assert_eq!(
        spans,
        [
            (day(2024, 1, 1), Some(day(2024, 2, 29)), 10),
            (day(2024, 3, 1), Some(day(2024, 5, 31)), 20),
            (day(2024, 6, 1), None, 30)
        ]
    );
    assert!(matches!(between.clone().change_scope(day(2024, 3, 1), hours(20)), Ok(Happened::Already(_))));
    let ended = now(between.end(day(2024, 5, 1)));
    assert_eq!(ended.scopes.len(), 2);
    assert_eq!(ended.timeline().spans().last().unwrap().0.last, day(2024, 5, 1));
    assert!(matches!(ended.end(day(2024, 5, 1)), Ok(Happened::Already(_))));
}

#[test]
fn a_grant_keeps_within_its_days() {
    let valid = Interval::new(day(2024, 1, 1), day(2024, 12, 31)).unwrap();
    let refused = grant(valid).change_scope(day(2025, 1, 1), hours(10)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "2025-01-01 is outside the grant, which is valid 2024-01-01 to 2024-12-31: choose one of its days"
    );
    let first = day(2024, 1, 1);
    assert_eq!(
        grant(valid).end(day(2023, 12, 31)),
        Err(GrantRefused::EndBeforeStart { first, last: day(2023, 12, 31) })
    );
    assert!(matches!(grant(valid).end(first), Ok(Happened::Now(_))));
}

fn start() -> NaiveDate {
    day(2024, 1, 1)
}

proptest! {
    /// Changes of different days end in the same scopes whatever their order, and each day has the scope of the last
    /// change on or before it.
    #[test]
    fn the_order_of_scope_changes_does_not_matter(
        changes in prop::collection::btree_map(0..400_i64, 1..=40_u8, 1..12),
        shuffle in any::<u64>(),
        probe in 0..500_i64,
    ) {
        let mut order: Vec<_> = changes.iter().map(|(d, h)| (*d, *h)).collect();
        let apply = |order: &[(i64, u8)]| {
            order.iter().fold(grant(Interval::from(start())), |g, (d, h)| {
                now(g.change_scope(plus_days(start(), *d), hours(*h)))
            })
        };
        let sorted = apply(&order);
        order.sort_by_key(|(d, _)| (d.unsigned_abs() + 1).wrapping_mul(shuffle | 1).rotate_left(17));
        prop_assert_eq!(&sorted, &apply(&order));
        let expected = changes.range(..=probe).next_back().map(|(_, h)| hours(*h));
        prop_assert_eq!(sorted.timeline().at(plus_days(start(), probe)).copied(), expected);
    }

    /// Ending a grant changes no day before its end, and leaves none after it.
    #[test]
    fn an_ended_grant_keeps_the_days_before(
        changes in prop::collection::btree_map(0..400_i64, 1..=40_u8, 1..12),
        end in 0..450_i64,
        probe in 0..500_i64,
    ) {
        let whole = changes.iter().fold(grant(Interval::from(start())), |g, (d, h)| {
            now(g.change_scope(plus_days(start(), *d), hours(*h)))
        });
        let ended = now(whole.clone().end(plus_days(start(), end)));
        let at = plus_days(start(), probe);
        let expected = if probe <= end { whole.timeline().at(at).copied() } else { None };
        prop_assert_eq!(ended.timeline().at(at).copied(), expected);
        prop_assert!(ended.scopes.keys().all(|first| ended.valid.contains(*first)));
    }
}
