use niva_calendar::date;
use niva_money::Ore;
use proptest::prelude::*;

use super::*;

fn day(month: u32, day: u32) -> NaiveDate {
    date(2024, month, day).unwrap()
}

fn new_case() -> Case {
    Case::new("P-1", Service::SupportedHousing)
}

fn grant(revision: i64, last: Option<NaiveDate>) -> Fact {
    let valid = Interval::between(day(1, 1), last).unwrap();
    let scope = Scope { hours_per_week: Some(20), ..Scope::default() };
    let grant = Grant { district: "Farsta".into(), valid, scopes: vec![(day(2, 1), scope)] };
    Fact::Grant { grant_id: "G-1".into(), revision, grant }
}

fn level(number: i64, from: NaiveDate, level: u8) -> Fact {
    let decision = LevelDecision { id: format!("LD-{number}"), level: Level(level), points: None };
    Fact::Level { valid_from: from, number, decision }
}

fn order(revision: i64, end: Option<NaiveDate>) -> Fact {
    Fact::Placement {
        placement_id: "PL-1".into(),
        revision,
        order: Order {
            grant_id: "G-1".into(),
            unit_id: "U-1".into(),
            ordered_start: day(1, 15),
            actual_start: Some(day(1, 15)),
            notice: None,
            end,
            withdrawn: false,
        },
    }
}

fn record(number: i64, record: Record) -> Fact {
    Fact::Record { placement_id: "PL-1".into(), number, record }
}

fn after(facts: &[Fact]) -> Case {
    let mut case = new_case();
    facts.iter().for_each(|fact| {
        case.apply(fact);
    });
    case
}

#[test]
fn the_level_on_a_day_is_the_latest_begun_and_of_two_begun_together_the_later_decided() {
    let case = after(&[level(3, day(3, 1), 2), level(1, day(1, 1), 1), level(2, day(3, 1), 3)]);
    let on = |d| case.level_timeline().at(d).map(|l| l.level.0);
    assert_eq!((on(day(2, 29)), on(day(3, 1)), on(date(2023, 12, 31).unwrap())), (Some(1), Some(2), None));
}

#[test]
fn what_is_older_or_known_says_nothing_new() {
    let mut case = after(&[order(2, Some(day(3, 10)))]);
    assert!(!case.apply(&order(2, Some(day(3, 10)))) && !case.apply(&order(1, None)));
    assert_eq!(case.order("PL-1").unwrap().end, Some(day(3, 10)));
    assert!(case.apply(&order(3, Some(day(3, 12)))));
}

#[test]
fn a_placement_is_read_with_everything_known_of_it() {
    let occasion =
        |count| Record::Occasion(Occasion { date: day(2, 3), kind: OccasionKind::EveningNight, count });
    let cost = |from, to| {
        let days = Interval::between(from, to).unwrap();
        Record::PremisesCost(PremisesCost { days, per_month: Ore(100) })
    };
    let case = after(&[
        order(1, None),
        grant(1, Some(day(6, 30))),
        record(4, occasion(2)),
        record(5, occasion(0)),
        record(6, cost(day(1, 1), None)),
        record(7, cost(day(3, 1), None)),
        record(8, Record::Schedule(day(2, 1), Schedule { sessions: [1, 0, 1, 0, 1] })),
    ]);
    let units = BTreeMap::new();
    let placed = case.placed(&units);
    let facts = placed[0].facts();
    assert_eq!((facts.buyer_district, facts.unit_district, facts.occasions.len()), ("Farsta", "", 0));
    assert_eq!(facts.scopes.at(day(1, 31)), Some(&Scope::default()));
    assert_eq!(facts.scopes.at(day(6, 30)).and_then(|s| s.hours_per_week), Some(20));
    assert_eq!(facts.scopes.at(day(7, 1)), None);
    let costs: Vec<_> = facts.premises_costs.iter().map(|c| c.days.end()).collect();
    assert_eq!(costs, [Some(day(2, 29)), None]);
    assert!(facts.schedules.at(day(1, 31)).is_none() && facts.schedules.at(day(2, 1)).is_some());
}

#[test]
fn what_a_fact_affects_begins_where_it_differs_from_what_was_known() {
    let case = after(&[grant(1, None), order(1, None)]);
    let first = |fact: &Fact| case.affected_by(fact).first;
    assert_eq!(first(&grant(2, Some(day(5, 31)))), day(6, 1));
    assert_eq!(first(&order(2, Some(day(3, 10)))), day(3, 10));
    assert_eq!(first(&level(1, day(3, 1), 3)), day(3, 1));
    let agreement = |first, last| {
        let days = Interval::new(first, last).unwrap();
        record(1, Record::Agreement(Agreement { agreement_id: "A".into(), days, price: Ore(1) }))
    };
    let case = after(&[agreement(day(2, 1), day(2, 29))]);
    let days = case.affected_by(&agreement(day(3, 1), day(3, 31)));
    assert_eq!((days.first, days.last), (day(2, 1), day(3, 31)));
}

#[test]
fn a_case_is_compact_json_and_comes_back_whole() {
    let case = after(&[order(1, None), grant(1, None), level(1, day(1, 1), 1)]);
    let json = serde_json::to_string(&case).unwrap();
    assert!(json.len() < 500, "{} bytes: {json}", json.len());
    assert_eq!(serde_json::from_str::<Case>(&json).unwrap(), case);
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (1u32..7, 1u32..29).prop_map(|(m, d)| day(m, d))
}

/// Facts as sources make them: no two with the same key and number differ.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let grants = prop::collection::vec(prop::option::of(any_day()), 0..3).prop_map(|ends| {
        ends.into_iter().zip(1..).map(|(end, revision)| grant(revision, end)).collect::<Vec<_>>()
    });
    let levels = prop::collection::vec((any_day(), 1u8..4), 0..5)
        .prop_map(|all| all.into_iter().zip(1..).map(|((from, l), n)| level(n, from, l)).collect::<Vec<_>>());
    let orders = prop::collection::vec(prop::option::of(any_day()), 0..4)
        .prop_map(|ends| ends.into_iter().zip(1..).map(|(end, r)| order(r, end)).collect::<Vec<_>>());
    let records = prop::collection::vec((any_day(), 0u8..3, 0u8..5), 0..8).prop_map(|all| {
        let kinds = |d: NaiveDate, count: u8, kind: u8| match kind {
            0 => Record::Occasion(Occasion { date: d, kind: OccasionKind::EveningNight, count }),
            1 => Record::Schedule(d, Schedule { sessions: [count; 5] }),
            2 => Record::Transition(Transition { job_start: d, support_end: None }),
            3 => Record::PremisesCost(PremisesCost { days: Interval::from(d), per_month: Ore(count.into()) }),
            _ => Record::Agreement(Agreement {
                agreement_id: format!("A-{count}"),
                days: Interval::day(d),
                price: Ore(count.into()),
            }),
        };
        all.into_iter().zip(1..).map(|((d, c, k), n)| record(n, kinds(d, c, k))).collect::<Vec<_>>()
    });
    (grants, levels, orders, records).prop_map(|(a, b, c, d)| [a, b, c, d].concat())
}

proptest! {
    #[test]
    fn any_order_and_any_number_of_times_gives_the_same_case(
        (straight, shuffled) in facts().prop_flat_map(|f| {
            let twice = [f.clone(), f.clone()].concat();
            (Just(f), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(after(&straight), after(&shuffled));
    }
}
