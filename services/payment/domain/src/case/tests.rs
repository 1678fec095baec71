use niva_calendar::{NaiveDate, date};
use niva_models::{GrantScope, Level, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{DistrictId, stockholm};
use proptest::prelude::*;

use super::*;
use crate::{Known, LevelKind, Schedule, TransitionTo, UnitFacts, UnitPeriod};

fn day(month: u32, day: u32) -> NaiveDate {
    date(2024, month, day).unwrap()
}

fn new_case() -> Case {
    Case::new("P-1", stockholm::SUPPORTED_HOUSING)
}

fn fact(id: &str, revision: i64, content: Content) -> Fact {
    Fact { id: id.into(), revision, withdrawn: false, content }
}

fn withdrawn(fact: Fact, revision: i64) -> Fact {
    Fact { revision, withdrawn: true, ..fact }
}

fn grant(id: &str, revision: i64, valid: Interval) -> Fact {
    let scope = GrantScope { hours_per_week: Some(20), ..GrantScope::default() };
    fact(
        id,
        revision,
        Content::Grant(Grant { district: "Farsta".into(), valid, scopes: vec![(day(2, 1), scope)] }),
    )
}

fn level(id: &str, revision: i64, from: NaiveDate, decided: i64, level: u8) -> Fact {
    decision(id, revision, LevelKind::Stated, from, (decided, from), level)
}

fn decision(
    id: &str,
    revision: i64,
    kind: LevelKind,
    from: NaiveDate,
    decided: (i64, NaiveDate),
    level: u8,
) -> Fact {
    let (decided, decided_on) = decided;
    let (level, scale) = (Level(level), "supported-housing-2010".to_owned());
    let decision = LevelDecision {
        valid_from: from,
        decided,
        decided_on,
        kind,
        level,
        points: None,
        scale: scale.into(),
        measurement: None,
    };
    fact(id, revision, Content::Level(decision))
}

fn placement(revision: i64, end: Option<NaiveDate>) -> Fact {
    let dates = PlacementDates {
        unit_id: "U-1".into(),
        ordered_start: day(1, 15),
        actual_start: Some(day(1, 15)),
        notice: None,
        end,
    };
    fact("PL-1", revision, Content::Placement(dates))
}

fn record(id: &str, revision: i64, record: Record) -> Fact {
    fact(id, revision, Content::Record { placement_id: "PL-1".into(), record })
}

fn schedule(id: &str, revision: i64, from: NaiveDate, sessions: u8) -> Fact {
    let schedule = ScheduleFrom { from, schedule: Schedule { sessions: [sessions; 5] } };
    record(id, revision, Record::Schedule(schedule))
}

fn at_work(job_start: NaiveDate) -> Transition {
    Transition { job_start, to: TransitionTo::Work, support_end: None, outcome: None }
}

fn after(facts: &[Fact]) -> Case {
    let mut case = new_case();
    facts.iter().for_each(|fact| {
        case.apply(fact);
    });
    case
}

/// What is read of the placement of a case.
fn read<T>(case: &Case, read: impl FnOnce(&crate::PlacementFacts<'_>) -> T) -> T {
    let units = BTreeMap::from([("U-1".into(), unit())]);
    let known = case.placements(&units);
    read(&known[0].facts())
}

fn unit() -> UnitFacts {
    let at = |provider: &str| UnitPeriod {
        provider_id: provider.into(),
        district: "Farsta".into(),
        regime: Regime::Municipal,
        private_premises: false,
    };
    let mut periods = niva_calendar::Timeline::of(Interval::from(day(1, 1)), at("PR-1"));
    periods.set(Interval::from(day(4, 1)), at("PR-2"));
    UnitFacts { unit_id: "U-1".into(), revision: 1, periods }
}

fn levels_on(case: &Case, days: [NaiveDate; 3]) -> [Option<u8>; 3] {
    read(case, |facts| days.map(|day| facts.levels.at(day).map(|on| on.now.value.level.0)))
}

#[test]
fn the_level_on_a_day_is_the_latest_begun_and_of_two_begun_together_the_later_decided() {
    let decisions = [
        level("LD-c", 1, day(3, 1), 3, 2),
        level("LD-a", 1, day(1, 1), 1, 1),
        level("LD-b", 1, day(3, 1), 2, 3),
        placement(1, None),
    ];
    let days = [day(2, 29), day(3, 1), date(2023, 12, 31).unwrap()];
    assert_eq!(levels_on(&after(&decisions), days), [Some(1), Some(2), None]);
}

#[test]
fn a_preliminary_level_is_what_was_known_until_another_was_decided() {
    let measured = decision("LD-2", 1, LevelKind::Measured, day(1, 1), (2, day(3, 10)), 3);
    let mut case = after(&[
        placement(1, None),
        decision("LD-1", 1, LevelKind::Preliminary, day(1, 1), (1, day(1, 20)), 1),
        measured.clone(),
        decision("LD-3", 1, LevelKind::Measured, day(2, 1), (3, day(5, 1)), 2),
    ]);
    let on = |case: &Case, d| {
        read(case, |facts| {
            let on = facts.levels.at(d).unwrap();
            (on.now.value.level.0, on.preliminary.as_ref().map(|p| p.value.level.0))
        })
    };
    assert_eq!(on(&case, day(1, 31)), (3, Some(1)));
    assert_eq!(on(&case, day(3, 9)), (2, Some(1)), "nothing else had been decided when the day came");
    assert_eq!(on(&case, day(3, 10)), (2, None), "a measured level was known, and is changed back in time");
    case.apply(&withdrawn(measured, 2));
    assert_eq!(on(&case, day(4, 30)), (2, Some(1)));
    assert_eq!((on(&case, day(1, 31)), on(&case, day(5, 1))), ((1, None), (2, None)));
}

#[test]
fn a_decision_that_is_dated_anew_leaves_its_old_day_and_one_that_is_withdrawn_leaves_none() {
    let days = [day(2, 15), day(3, 15), day(4, 15)];
    let (first, second) = (level("LD-1", 1, day(1, 1), 1, 1), level("LD-2", 1, day(2, 1), 2, 3));
    let mut case = after(&[placement(1, None), first, second.clone()]);
    assert_eq!(levels_on(&case, days), [Some(3), Some(3), Some(3)]);
    assert!(case.apply(&level("LD-2", 2, day(4, 1), 2, 3)));
    assert_eq!(levels_on(&case, days), [Some(1), Some(1), Some(3)]);
    assert!(case.apply(&withdrawn(second.clone(), 3)));
    assert_eq!(levels_on(&case, days), [Some(1), Some(1), Some(1)]);
    assert!(!case.apply(&second), "an older revision brings nothing back");
    assert!(case.apply(&level("LD-2", 4, day(2, 1), 2, 2)), "told anew");
    assert_eq!(levels_on(&case, days), [Some(2), Some(2), Some(2)]);
}

#[test]
fn a_withdrawn_placement_is_known_and_owes_nothing_and_everything_told_of_it_can_go() {
    let agreement = Agreement {
        days: Interval::from(day(2, 1)),
        unit: PriceUnit::CalendarDay,
        price: Ore(100),
        approved: true,
    };
    let cost = PremisesCost { days: Interval::from(day(2, 1)), per_month: Ore(100), approved: true };
    let transition = at_work(day(2, 1));
    let occasion = Occasion { date: day(2, 1), count: 1 };
    let told = [
        schedule("S-1", 1, day(2, 1), 1),
        record("A-1", 1, Record::Agreement(agreement)),
        record("C-1", 1, Record::PremisesCost(cost)),
        record("T-1", 1, Record::Transition(transition)),
        record("O-1", 1, Record::Occasion(occasion)),
        grant("G-1", 1, Interval::from(day(1, 1))),
    ];
    let counted = |facts: &crate::PlacementFacts<'_>| {
        let on = day(3, 1);
        let of_day = [
            facts.schedules.at(on).is_some(),
            facts.agreements.at(on).is_some(),
            facts.premises_costs.at(on).is_some(),
            facts.grants.at(on).is_some(),
        ];
        (of_day, facts.transitions.len(), facts.occasions.len())
    };
    let mut case = after(&[&told[..], &[placement(1, None)]].concat());
    assert_eq!(read(&case, counted), ([true; 4], 1, 1));
    for fact in told {
        assert!(case.apply(&withdrawn(fact, 2)));
    }
    assert_eq!(read(&case, counted), ([false; 4], 0, 0));
    case.apply(&withdrawn(placement(1, None), 2));
    assert!(read(&case, |facts| facts.withdrawn));
    assert!(case.dates(&"PL-1".into()).is_some(), "what it said is still known");
}

#[test]
fn what_is_older_or_known_says_nothing_new() {
    let mut case = after(&[placement(2, Some(day(3, 10)))]);
    assert!(!case.apply(&placement(2, Some(day(3, 10)))) && !case.apply(&placement(1, None)));
    assert_eq!(case.dates(&"PL-1".into()).unwrap().end, Some(day(3, 10)));
    assert!(case.apply(&placement(3, Some(day(3, 12)))));
}

#[test]
fn the_grant_on_a_day_is_whichever_is_valid_and_of_two_the_one_begun_last() {
    let through = |first, last| Interval::new(first, last).unwrap();
    let other = Grant { district: "Bromma".into(), valid: Interval::from(day(7, 4)), scopes: Vec::new() };
    let case = after(&[
        placement(1, None),
        grant("G-1", 1, through(day(1, 1), day(6, 30))),
        fact("G-2", 1, Content::Grant(other)),
        grant("G-3", 1, through(day(5, 1), day(5, 31))),
    ]);
    let on = |d| {
        read(&case, |facts| {
            let granted = facts.grants.at(d);
            granted.map(|g| (g.id.to_owned(), g.value.district.to_owned(), g.value.scope.hours_per_week))
        })
    };
    let of = |id: &str, district: &str, hours| Some((FactId::from(id), DistrictId::from(district), hours));
    assert_eq!(on(day(1, 31)), of("G-1", "Farsta", None), "before the first scope");
    assert_eq!(on(day(4, 30)), of("G-1", "Farsta", Some(20)));
    assert_eq!(on(day(5, 1)), of("G-3", "Farsta", Some(20)));
    assert_eq!(on(day(6, 30)), of("G-1", "Farsta", Some(20)));
    assert_eq!((on(day(7, 1)), on(day(7, 3))), (None, None));
    assert_eq!(on(day(7, 4)), of("G-2", "Bromma", None));
}

#[test]
fn a_placement_is_read_with_everything_known_of_it() {
    let cost = |first, last, ore| {
        let days = Interval::between(first, last).unwrap();
        Record::PremisesCost(PremisesCost { days, per_month: Ore(ore), approved: true })
    };
    let case = after(&[
        placement(1, None),
        record("C-1", 1, cost(day(1, 1), None, 900)),
        record("C-2", 1, cost(day(6, 1), Some(day(6, 30)), 1_200)),
        schedule("S-1", 1, day(2, 1), 1),
        schedule("S-2", 1, day(3, 1), 2),
    ]);
    read(&case, |facts| {
        let cost = |d| facts.premises_costs.at(d).map(|c| c.value.per_month.0);
        assert_eq!(
            [cost(day(5, 31)), cost(day(6, 30)), cost(day(7, 1))],
            [Some(900), Some(1_200), Some(900)]
        );
        let sessions = |d| facts.schedules.at(d).map(|s| s.value.sessions[0]);
        assert_eq!(
            [sessions(day(1, 31)), sessions(day(2, 29)), sessions(day(3, 1))],
            [None, Some(1), Some(2)]
        );
        let provider = |d| facts.unit.at(d).map(|at| at.provider_id.as_str());
        assert_eq!([provider(day(3, 31)), provider(day(4, 1))], [Some("PR-1"), Some("PR-2")]);
        assert_eq!(
            facts.schedules.at(day(3, 1)),
            Some(&Known { id: &"S-2".into(), revision: 1, value: Schedule { sessions: [2; 5] } })
        );
    });
}

#[test]
fn a_case_is_few_bytes_and_comes_back_whole() {
    let gone = withdrawn(level("LD-2", 1, day(3, 1), 2, 2), 2);
    let case = after(&[
        placement(1, None),
        grant("G-1", 1, Interval::from(day(1, 1))),
        level("LD-1", 1, day(1, 1), 1, 1),
        gone,
    ]);
    let kept = postcard::to_stdvec(&case).unwrap();
    assert!(kept.len() < 280, "{} bytes", kept.len());
    assert_eq!(postcard::from_bytes::<Case>(&kept).unwrap(), case);
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (1u32..7, 1u32..29).prop_map(|(m, d)| day(m, d))
}

fn any_content() -> impl Strategy<Value = (Content, bool)> {
    let content = (any_day(), any_day(), 0u8..5, 0u8..8).prop_map(|(from, to, n, kind)| {
        let days = Interval { first: from.min(to), last: from.max(to) };
        let of = |record| Content::Record { placement_id: "PL-1".into(), record };
        match kind {
            0 => grant("", 0, days).content,
            1 => level("", 0, from, n.into(), n).content,
            2 => placement(0, Some(to)).content,
            3 => of(Record::Occasion(Occasion { date: from, count: n })),
            4 => schedule("", 0, from, n).content,
            5 => of(Record::Transition(at_work(from))),
            6 => of(Record::PremisesCost(PremisesCost { days, per_month: Ore(1), approved: n % 2 == 0 })),
            _ => of(Record::Agreement(Agreement {
                days,
                unit: PriceUnit::CalendarDay,
                price: Ore(n.into()),
                approved: n % 2 == 0,
            })),
        }
    });
    (content, any::<bool>())
}

/// Facts as sources make them: no two with the same kind, id and revision differ.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec((any_content(), 0u8..3), 0..30).prop_map(|all| {
        let tell = |(((content, withdrawn), id), revision): (((Content, bool), u8), i64)| {
            let id = if matches!(content, Content::Placement(_)) { "PL-1".into() } else { format!("F-{id}") };
            Fact { id: id.into(), revision, withdrawn, content }
        };
        all.into_iter().zip(1..).map(tell).collect()
    })
}

/// Of the facts told of each kind and id, the one with the highest revision, if it stands.
fn standing(facts: &[Fact]) -> Vec<&Fact> {
    let mut newest: BTreeMap<(crate::FactKind, &str), &Fact> = BTreeMap::new();
    for fact in facts {
        let known = newest.entry((fact.kind(), fact.id.as_str())).or_insert(fact);
        if fact.revision > known.revision {
            *known = fact;
        }
    }
    newest.into_values().filter(|fact| !fact.withdrawn).collect()
}

/// The fact that counts on a day: the one that began last, of two the one that ends first, of two the later decided or the
/// one with the later id.
fn counts<'f>(
    standing: &[&'f Fact],
    day: NaiveDate,
    days: impl Fn(&Fact) -> Option<(Interval, i64)>,
) -> Option<&'f FactId> {
    let holding = standing.iter().filter_map(|fact| {
        let (days, decided) = days(fact)?;
        days.contains(day).then_some((days.first, std::cmp::Reverse(days.last), decided, &fact.id))
    });
    holding.max().map(|(.., id)| id)
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

    #[test]
    fn what_counts_on_a_day_is_told_by_the_facts_that_stand(told in facts()) {
        let mut told = told;
        told.push(placement(99, None));
        let (case, standing) = (after(&told), standing(&told));
        read(&case, |facts| {
            for n in 0..180 {
                let on = niva_calendar::plus_days(day(1, 1), n);
                let level = counts(&standing, on, |f| match &f.content {
                    Content::Level(d) => Some((Interval::from(d.valid_from), d.decided)),
                    _ => None,
                });
                prop_assert_eq!(facts.levels.at(on).map(|k| k.now.id), level, "level {}", on);
                let grant = counts(&standing, on, |f| match &f.content {
                    Content::Grant(g) => Some((g.valid, 0)),
                    _ => None,
                });
                prop_assert_eq!(facts.grants.at(on).map(|k| k.id), grant, "grant {}", on);
                let of = |read: fn(&Record) -> Option<Interval>| counts(&standing, on, |f| match &f.content {
                    Content::Record { record, .. } => read(record).map(|days| (days, 0)),
                    _ => None,
                });
                let schedule = of(|r| match r { Record::Schedule(s) => Some(Interval::from(s.from)), _ => None });
                prop_assert_eq!(facts.schedules.at(on).map(|k| k.id), schedule, "schedule {}", on);
                let cost = of(|r| match r { Record::PremisesCost(c) => Some(c.days), _ => None });
                prop_assert_eq!(facts.premises_costs.at(on).map(|k| k.id), cost, "cost {}", on);
                let agreement = of(|r| match r { Record::Agreement(a) => Some(a.days), _ => None });
                prop_assert_eq!(facts.agreements.at(on).map(|k| k.id), agreement, "agreement {}", on);
            }
            let (reported, moved) = (
                standing.iter().filter(|f| f.kind() == crate::FactKind::Occasion).count(),
                standing.iter().filter(|f| f.kind() == crate::FactKind::Transition).count(),
            );
            prop_assert_eq!((facts.occasions.len(), facts.transitions.len()), (reported, moved));
            Ok(())
        })?;
    }
}
