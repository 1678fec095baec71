//! What a fact that comes late can touch, and what of a case still matters: against the whole, over random histories.

use std::collections::BTreeMap;

use niva_calendar::{Interval, Month, NaiveDate, Timeline, plus_days};
use niva_models::{Extent, GrantScope, Level, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{FactId, PlacementId, ServiceKey, UnitId, stockholm};
use niva_payment_domain::ledger::Payable;
use niva_payment_domain::stands::stands_on;
use niva_payment_domain::{
    Agreement, Case, Content, Engine, Fact, Grant, Hold, LevelDecision, LevelKind, Occasion, Outcome, Owed,
    PlacementDates, PremisesCost, Record, Schedule, ScheduleFrom, Special, Transition, TransitionTo,
    UnitFacts, UnitPeriod,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use crate::population::Random;
use crate::support::{OWN, d, scale_of};

const PLACEMENTS: [&str; 2] = ["PL-1", "PL-2"];
const SERVICES: [ServiceKey; 4] = [
    stockholm::SUPPORTED_HOUSING,
    stockholm::OCCUPATION,
    stockholm::DAILY_ACTIVITIES_LSS,
    stockholm::HOUSING_SUPPORT,
];

/// About two years from here on.
fn day(random: &mut Random) -> NaiveDate {
    plus_days(d("2023-06-01"), random.below(760))
}

fn interval(random: &mut Random, most: i64) -> Interval {
    let first = day(random);
    Interval::new(first, plus_days(first, random.below(most))).unwrap()
}

fn grant(random: &mut Random) -> Content {
    let first = day(random);
    let last = random.chance(60).then(|| plus_days(first, 20 + random.below(500)));
    let valid = Interval::between(first, last).unwrap();
    let scope = |random: &mut Random| GrantScope {
        extent: Some(random.one(&[Extent::FullTime, Extent::PartTime])),
        hours_per_week: Some(1 + random.byte(39)),
        time_interval: Some(1 + random.byte(3)),
        personal_assistance: false,
        sessions_per_week: Some(1 + random.byte(4)),
    };
    let mut scopes = vec![(first, scope(random))];
    if random.chance(30) {
        scopes.push((plus_days(first, 1 + random.below(200)), scope(random)));
    }
    let district = random.one(&["Farsta", "Farsta", "Bromma"]).to_owned();
    Content::Grant(Grant { district: district.into(), valid, scopes })
}

fn level(random: &mut Random, service: ServiceKey) -> Content {
    let valid_from = day(random);
    let kind = random.one(&[LevelKind::Measured, LevelKind::Stated, LevelKind::Preliminary]);
    Content::Level(LevelDecision {
        valid_from,
        decided: random.below(1_000),
        decided_on: plus_days(valid_from, random.below(120) - 20),
        kind,
        level: Level(1 + random.byte(4)),
        scale: scale_of(&OWN, service, valid_from).into(),
        measurement: None,
        points: None,
    })
}

fn dates(random: &mut Random) -> Content {
    let ordered_start = plus_days(d("2023-06-01"), random.below(200));
    let actual_start = random.chance(85).then(|| plus_days(ordered_start, random.below(8)));
    let notice = random.chance(40).then(|| plus_days(ordered_start, random.below(500)));
    let end = actual_start.filter(|_| random.chance(40)).map(|start| plus_days(start, random.below(500)));
    let unit_id = random.one(&["U-1", "U-1", "U-2"]).to_owned();
    Content::Placement(PlacementDates { unit_id: unit_id.into(), ordered_start, actual_start, notice, end })
}

fn record(random: &mut Random, service: ServiceKey) -> Record {
    match random.below(8) {
        0 => {
            let sessions = std::array::from_fn(|_| random.byte(2));
            Record::Schedule(ScheduleFrom { from: day(random), schedule: Schedule { sessions } })
        }
        1 => Record::Occasion(Occasion { date: day(random), count: random.byte(4) }),
        2 => {
            let days = interval(random, 200);
            let unit = OWN.on(service, days.first).map_or(PriceUnit::Month, |m| m.terms.unit);
            Record::Agreement(Agreement { days, unit, price: Ore(random.below(400_000)), approved: true })
        }
        3 => {
            let job_start = day(random);
            let support_end = random.chance(50).then(|| plus_days(job_start, random.below(200)));
            let back = Outcome::Returned(plus_days(job_start, random.below(200)));
            let outcome = random.chance(50).then(|| random.one(&[Outcome::Left, back]));
            Record::Transition(Transition { job_start, to: TransitionTo::Work, support_end, outcome })
        }
        4 => Record::Visit(day(random)),
        5 => Record::Absence(interval(random, 60)),
        6 => {
            let days = interval(random, 90);
            Record::Special(Special { days, amount: Ore(random.below(1_000_000)), applied_on: days.first })
        }
        _ => Record::PremisesCost(PremisesCost {
            days: interval(random, 150),
            per_month: Ore(random.below(900_000)),
            approved: random.chance(70),
        }),
    }
}

/// Revisions in the order they were told; of each kind few facts, so that they are told anew and withdrawn often.
fn history(random: &mut Random, service: ServiceKey) -> Vec<Fact> {
    let mut newest: BTreeMap<(u8, Option<PlacementId>, FactId), Fact> = BTreeMap::new();
    let mut facts = Vec::new();
    for placement in PLACEMENTS {
        facts.push(Fact { id: placement.into(), revision: 1, withdrawn: false, content: dates(random) });
    }
    for _ in 0..4 + random.below(30) {
        let id = format!("F-{}", random.below(3));
        let (id, content) = match random.below(10) {
            0 | 1 => (id, grant(random)),
            2..=4 => (id, level(random, service)),
            5 => (random.one(&PLACEMENTS).to_owned(), dates(random)),
            _ => {
                let placement_id = (*random.one(&PLACEMENTS)).into();
                (id, Content::Record { placement_id, record: record(random, service) })
            }
        };
        let mut fact = Fact { id: id.into(), revision: 1, withdrawn: random.chance(12), content };
        let key = (fact.kind() as u8, fact.placement_id(), fact.id.clone());
        if let Some(before) = newest.get(&key) {
            fact.revision = before.revision + 1;
            if fact.withdrawn {
                fact.content = before.content.clone();
            }
        }
        newest.insert(key, fact.clone());
        facts.push(fact);
    }
    facts
}

fn units() -> BTreeMap<UnitId, UnitFacts> {
    let unit = |unit_id: &str, provider_id: &str, regime| {
        let (provider_id, district) = (provider_id.into(), "Farsta".into());
        let period = UnitPeriod { provider_id, district, regime, private_premises: false };
        let periods = Timeline::of(Interval::from(d("2000-01-01")), period);
        (unit_id.into(), UnitFacts { unit_id: unit_id.into(), revision: 1, periods })
    };
    [unit("U-1", "PR-1", Regime::Municipal), unit("U-2", "PR-2", Regime::Private)].into()
}

/// Everything that is owed and held, by placement, with what it stands on.
type Everything = BTreeMap<PlacementId, (Vec<(Payable<'static>, String)>, Vec<Hold>)>;

fn everything(case: &Case, months: (Month, Month)) -> Everything {
    let units = units();
    let mut engine = Engine::new(&OWN);
    let mut owed = Owed::default();
    let placed = case.placements(&units);
    let of_each = placed.iter().map(|placed| {
        engine.owed_into(&placed.facts(), months, &mut owed);
        let lines = owed.lines.iter().map(|line| {
            let on = niva_payment_domain::stands::written(&stands_on(line, placed, &OWN));
            (Payable::of(line, placed, &OWN).into_owned(), on)
        });
        (placed.placement_id.to_owned(), (lines.collect(), owed.holds.clone()))
    });
    of_each
        .filter(|(_, (lines, holds)): &(_, (Vec<_>, Vec<_>))| !lines.is_empty() || !holds.is_empty())
        .collect()
}

fn window() -> (Month, Month) {
    (Month::of(d("2023-05-01")), Month::of(d("2025-12-31")))
}

/// What is owed and held outside some months, whatever it stands on.
fn outside(case: &Case, touched: Interval) -> Vec<(PlacementId, Vec<Payable<'static>>, Vec<Hold>)> {
    let (first, last) = window();
    let mut parts = Vec::new();
    let touched = (Month::of(touched.first), Month::of(touched.last));
    for part in [(first, touched.0.previous().min(last)), (touched.1.next().max(first), last)] {
        if part.0 <= part.1 {
            parts.extend(
                everything(case, part).into_iter().map(|(id, (lines, holds))| {
                    (id, lines.into_iter().map(|(line, _)| line).collect(), holds)
                }),
            );
        }
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_no_longer_matters_is_missed_by_nobody(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let service = random.one(&SERVICES);
        let mut case = Case::new("P", service);
        for fact in history(&mut random, service) {
            case.apply(&fact);
        }
        let from = Month::of(day(&mut random));
        let months = (from, window().1);
        let live = case.since(from.first_day());
        prop_assert_eq!(everything(&live, months), everything(&case, months));
        // What matters from a day on is enough for any later one.
        let later = from.next().next();
        let after = (later, months.1.max(later));
        prop_assert_eq!(everything(&live.since(later.first_day()), after), everything(&case, after));
        let kept: Case = postcard::from_bytes(&postcard::to_stdvec(&live).unwrap()).unwrap();
        prop_assert_eq!(kept, live);
    }

    #[test]
    fn nothing_is_owed_after_the_last_day(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let service = random.one(&SERVICES);
        let mut case = Case::new("P", service);
        for fact in history(&mut random, service) {
            case.apply(&fact);
        }
        let all = everything(&case, (window().0, Month::of(d("2027-12-31"))));
        let last = case.last_day();
        for (lines, _) in all.values() {
            for (line, _) in lines {
                prop_assert!(last.is_some_and(|last| line.days.last <= last));
            }
        }
    }

    #[test]
    fn a_fact_touches_no_other_month(seed in any::<u64>()) {
        let mut random = Random::new(seed);
        let service = random.one(&SERVICES);
        let mut case = Case::new("P", service);
        for fact in history(&mut random, service) {
            let touched = case.touched(&fact);
            let before = outside(&case, touched);
            case.apply(&fact);
            prop_assert_eq!(outside(&case, touched), before, "{:?} touches {:?}", fact, touched);
        }
    }

    #[test]
    fn units_differ_from_the_first_day_on_which_they_do(changes in proptest::collection::vec((0_i64..40, 0_u8..3, any::<bool>()), 0..8)) {
        let timeline = |which: bool| {
            let mut periods = Timeline::new();
            for (at, provider, both) in &changes {
                if *both || which {
                    let (provider_id, district) = (format!("PR-{provider}"), "Farsta".to_owned());
                    let first = plus_days(d("2024-01-01"), *at);
                    let period = UnitPeriod { provider_id: provider_id.into(), district: district.into(), regime: Regime::Private, private_premises: false };
                    periods.set(Interval::new(first, plus_days(first, 9)).unwrap(), period);
                }
            }
            UnitFacts { unit_id: "U".into(), revision: 1, periods }
        };
        let (one, other) = (timeline(true), timeline(false));
        let days = (-1..60).map(|n| plus_days(d("2024-01-01"), n));
        let first = days.into_iter().find(|day| one.periods.at(*day) != other.periods.at(*day));
        prop_assert_eq!(one.differs_from(&other), first);
        prop_assert_eq!(other.differs_from(&one), first);
    }
}
