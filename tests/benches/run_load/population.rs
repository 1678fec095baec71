//! Synthetic people: the same on every machine.

use niva_testing::requests;
use std::sync::LazyLock;

use niva_journeys::values::{day, from};
use niva_models::Catalogue;
use niva_names::{ServiceKey, stockholm};
use niva_proto::{
    assessment::v1::{
        AssessmentFeedEvent, Grant, LevelDecision, ScopePeriod, assessment_feed_event, level_decision,
    },
    choice::v1::{ChoiceFeedEvent, Placement, Unit, choice_feed_event, placement},
    common::v1::{Extent, FactInfo, GrantScope, Regime, fact_info},
};

const UNITS: usize = 300;
/// Services, levels that they have, and how their rate is counted: days, weekdays, months.
const SERVICES: [(ServiceKey, usize); 4] = [
    (stockholm::DAILY_ACTIVITIES_LSS, 7),
    (stockholm::SUPPORTED_HOUSING, 3),
    (stockholm::HOUSING_WITH_SPECIAL_SERVICE, 3),
    (stockholm::HOUSING_SUPPORT, 3),
];
const REGIMES: [Regime; 3] = [Regime::Municipal, Regime::Contracted, Regime::Private];
const DISTRICTS: [&str; 4] = ["Farsta", "Bromma", "Järva", "Södermalm"];

/// One placement in twenty is the second of somebody who moved from the one before it, on 11 March.
const fn moved_in(n: usize) -> bool {
    n % 20 == 19
}

/// Whose placement it is.
fn person_of(n: usize) -> usize {
    if moved_in(n) { n - 1 } else { n }
}

fn service(n: usize) -> (ServiceKey, usize) {
    SERVICES[person_of(n) % SERVICES.len()]
}

/// A unit of the person's own service.
fn unit_of(n: usize) -> usize {
    let next = n / SERVICES.len() + usize::from(moved_in(n));
    (next * SERVICES.len()) % UNITS + person_of(n) % SERVICES.len()
}

/// All units, in their regimes and districts.
pub(crate) fn units() -> impl Iterator<Item = ChoiceFeedEvent> {
    (0..UNITS).map(|n| {
        let unit = Unit {
            unit_id: format!("unit-{n:04}"),
            name: format!("Verksamhet {n}"),
            service: SERVICES[n % SERVICES.len()].0.into(),
            periods: vec![requests::choice::period(
                day("2020-01-01"),
                &format!("provider-{:03}", n / 3),
                DISTRICTS[n / 7 % DISTRICTS.len()],
                REGIMES[n / 4 % REGIMES.len()],
                100_000,
            )],
            info: Some(FactInfo { revision: 1, ..FactInfo::default() }),
        };
        ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Unit(unit)) }
    })
}

/// The grant and the level of the person of a placement; one in twenty gets another level on 15 March.
pub(crate) fn person(n: usize) -> Vec<AssessmentFeedEvent> {
    if moved_in(n) {
        return Vec::new();
    }
    let extent = if n.is_multiple_of(3) { Extent::PartTime } else { Extent::FullTime };
    let scope = GrantScope {
        extent: extent.into(),
        personal_assistance: n.is_multiple_of(20),
        ..GrantScope::default()
    };
    let grant = Grant {
        scopes: vec![ScopePeriod { valid_from: day("2024-01-01"), scope: Some(scope) }],
        info: first(),
        ..requests::assessment::grant(
            &format!("grant-{n:06}"),
            &format!("person-{n:06}"),
            service(n).0,
            DISTRICTS[n % DISTRICTS.len()],
            from("2024-01-01"),
        )
    };
    let mut events =
        vec![AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::Grant(grant)) }];
    events.push(level(n, "level", 0, "2024-01-01"));
    if n % 20 == 9 {
        events.push(level(n, "next-level", 1, "2024-03-15"));
    }
    events
}

/// One person in a hundred has a new level back in time, from 10 March, that was decided after March was paid.
pub(crate) fn late_level(n: usize) -> Option<AssessmentFeedEvent> {
    (n % 101 == 53 && !moved_in(n)).then(|| level(n, "late-level", 1, "2024-03-10"))
}

/// The scale that levels of a service belong to on a day.
fn scale_id(service: ServiceKey, day: &str) -> String {
    static MODELS: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::shipped().unwrap());
    let day = day.parse().unwrap();
    MODELS.on(service, day).and_then(|m| m.terms.scale_id.as_ref()).map(String::from).unwrap_or_default()
}

fn level(n: usize, kind: &str, steps: usize, valid_from: &str) -> AssessmentFeedEvent {
    let value = i32::try_from((n / SERVICES.len() + steps) % service(n).1 + 1).unwrap();
    let decision = LevelDecision {
        kind: level_decision::Kind::Stated.into(),
        scale_id: scale_id(service(n).0, valid_from),
        decision_number: i64::try_from(2 * n + steps).unwrap() + 1,
        info: first(),
        ..requests::assessment::level_decision(
            &format!("{kind}-{n:06}"),
            &format!("person-{n:06}"),
            service(n).0,
            value,
            day(valid_from),
        )
    };
    AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::LevelDecision(decision)) }
}

/// What a fact carries in its first revision.
fn first() -> Option<FactInfo> {
    Some(FactInfo { revision: 1, ..FactInfo::default() })
}

/// One in ten leaves in the middle of March, with vacancy to follow.
pub(crate) fn placed(n: usize) -> ChoiceFeedEvent {
    let moves_out = n % 20 == 18;
    let ends = if moves_out { Some("2024-03-10") } else { n.is_multiple_of(10).then_some("2024-03-15") };
    let state = if ends.is_some() { placement::State::Ended } else { placement::State::Started };
    let start = if moved_in(n) { "2024-03-11" } else { "2024-02-05" };
    let placement = Placement {
        placement_id: format!("placement-{n:06}"),
        grant_id: format!("grant-{:06}", person_of(n)),
        person_id: format!("person-{:06}", person_of(n)),
        service: service(n).0.into(),
        unit_id: format!("unit-{:04}", unit_of(n)),
        state: state.into(),
        ordered_start: day(start),
        actual_start: day(start),
        notice_date: ends.and(day("2024-03-08")),
        end_date: ends.and_then(day),
        info: Some(FactInfo { revision: 1, state: fact_info::State::Stands.into(), ..FactInfo::default() }),
        ..Placement::default()
    };
    ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Placement(placement)) }
}
