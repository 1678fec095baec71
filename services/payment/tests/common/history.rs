//! Random histories of people, the same for the same seed: everything that payment can be told, in any order, with all that
//! is corrected and taken back.

use niva_calendar::NaiveDate;
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1::{
    AssessmentFeedEvent, Grant, LevelDecision, PersonMerge, ScopePeriod, assessment_feed_event,
    level_decision,
};
use niva_proto::choice::v1::{ChoiceFeedEvent, Placement, Unit, UnitPeriod, choice_feed_event};
use niva_proto::common::v1::{self as wire, Extent, GrantScope, Regime, fact_info};

use niva_testing::values::{days, on};

use super::city::placed;
use super::day;
use super::records;
use super::steps::{Dice, History, MODELS, STEPS};

pub(crate) fn history(seed: u64, people: u32) -> History {
    let (mut dice, mut history) = (Dice::new(seed), History::default());
    for n in 1..=6 {
        unit(&mut dice, n, &mut history);
    }
    let mut service = None;
    for n in 1..=people {
        service = Some(person(&mut dice, n, service, &mut history));
    }
    for step in &mut history.steps {
        shuffle(&mut dice, &mut step.assessed);
        shuffle(&mut dice, &mut step.chosen);
    }
    history
}

fn shuffle<T>(dice: &mut Dice, all: &mut [T]) {
    for i in (1..all.len()).rev() {
        all.swap(i, dice.roll(i + 1));
    }
}

fn info(revision: i64, withdrawn: bool) -> Option<wire::FactInfo> {
    let state = if withdrawn { fact_info::State::Withdrawn } else { fact_info::State::Stands };
    Some(wire::FactInfo { revision, state: state.into(), ..Default::default() })
}

const DISTRICTS: [&str; 3] = ["Farsta", "Bromma", "Skarpnäck"];

/// A unit that changes provider, regime and district, and may be taken back.
fn unit(dice: &mut Dice, n: usize, history: &mut History) {
    let revisions = 1 + dice.roll(3);
    for revision in 1..=revisions {
        let froms = [Some(day(2000, 1, 1)), Some(dice.day()), Some(dice.day()).filter(|_| revision > 1)];
        let period = |from: NaiveDate, dice: &mut Dice| UnitPeriod {
            valid_from: on(from),
            provider_id: dice.of(&["PR-1", "PR-2", "PR-3"]).to_owned(),
            district: dice.of(&DISTRICTS).to_owned(),
            regime: dice.of(&[Regime::Municipal, Regime::Contracted, Regime::Private]).into(),
            ..Default::default()
        };
        let withdrawn = revision == revisions && dice.once_in(12);
        let unit = Unit {
            unit_id: format!("U-{n}"),
            periods: froms.into_iter().flatten().map(|from| period(from, dice)).collect(),
            info: info(i64::try_from(revision).unwrap(), withdrawn),
            ..Default::default()
        };
        let event = ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Unit(unit)) };
        history.steps[if revision == 1 { 0 } else { dice.roll(STEPS) }].chosen.push(event);
    }
}

const SERVICES: [ServiceKey; 8] = [
    stockholm::HOUSING_WITH_SPECIAL_SERVICE,
    stockholm::SUPPORTED_HOUSING,
    stockholm::HOUSING_SUPPORT,
    stockholm::OCCUPATION,
    stockholm::STUDY_CIRCLE,
    stockholm::DAILY_ACTIVITIES_LSS,
    stockholm::SERVICE_HOUSING_LSS,
    stockholm::GROUP_HOUSING_LSS,
];

/// Somebody with a service; some are the person before, recorded again.
fn person(dice: &mut Dice, n: u32, before: Option<ServiceKey>, history: &mut History) -> ServiceKey {
    let again = before.filter(|_| dice.once_in(6));
    let service = again.unwrap_or_else(|| dice.of(&SERVICES));
    if again.is_some() {
        merge(dice, n, history);
    }
    for k in 1..=1 + dice.roll(3) {
        grant(dice, (n, k, service), history);
    }
    for k in 1..=1 + dice.roll(4) {
        level(dice, (n, k, service), history);
    }
    for k in 1..=1 + dice.roll(5) / 4 {
        let (id, since) = placement(dice, (n, k, service), history);
        records::of_placement(dice, (&id, service), since, history);
    }
    service
}

/// Told, taken back, and told to stand again by who tells it anew.
fn merge(dice: &mut Dice, n: u32, history: &mut History) {
    for k in 1..=1 + dice.roll(2) {
        let last = k == 1 + usize::from(dice.once_in(3));
        for revision in 1..=1 + i64::from(!last) {
            let merge = PersonMerge {
                person_merge_id: format!("M-{n:04}-{k}"),
                from_person_id: format!("P-{n:04}"),
                into_person_id: format!("P-{:04}", n - 1),
                info: info(revision, revision == 2),
                ..Default::default()
            };
            let fact = Some(assessment_feed_event::Fact::PersonMerge(merge));
            history.steps[dice.roll(STEPS)].assessed.push(AssessmentFeedEvent { info: None, fact });
        }
        if last {
            return;
        }
    }
}

/// Renewed, shortened, moved to another board, with another scope from a day on, or taken back.
fn grant(dice: &mut Dice, (n, k, service): (u32, usize, ServiceKey), history: &mut History) {
    let first = if k == 1 { day(2024, 10, 1) } else { dice.day() };
    let revisions = 1 + dice.roll(3);
    for revision in 1..=revisions {
        let last = (!dice.once_in(3)).then(|| dice.after(first, 200)).filter(|_| k > 1 || revision > 1);
        let scope = |dice: &mut Dice| GrantScope {
            extent: dice.of(&[Extent::FullTime, Extent::FullTime, Extent::PartTime]).into(),
            hours_per_week: dice.of(&["30", "20", "8"]).to_owned(),
            time_interval: dice.number(1, 2),
            personal_assistance: dice.once_in(3),
            sessions_per_week: dice.of(&[2, 2, 2, 3]),
        };
        let mut scopes = vec![ScopePeriod { valid_from: on(first), scope: Some(scope(dice)) }];
        if dice.once_in(2) {
            scopes.push(ScopePeriod { valid_from: on(dice.after(first, 120)), scope: Some(scope(dice)) });
        }
        let grant = Grant {
            grant_id: format!("G-{n:04}-{k}"),
            person_id: format!("P-{n:04}"),
            service: service.into(),
            district: dice.of(&DISTRICTS).to_owned(),
            valid: days(first, last),
            scopes,
            info: info(i64::try_from(revision).unwrap(), revision == revisions && dice.once_in(10)),
            ..Default::default()
        };
        let fact = Some(assessment_feed_event::Fact::Grant(grant));
        history.steps[dice.roll(STEPS)].assessed.push(AssessmentFeedEvent { info: None, fact });
    }
}

/// Of every kind, decided before or after its first day, corrected or taken back.
fn level(dice: &mut Dice, (n, k, service): (u32, usize, ServiceKey), history: &mut History) {
    use level_decision::Kind::{Conversion, Measured, Preliminary, Stated};
    let kind = dice.of(&[Measured, Stated, Preliminary, Conversion]);
    let mut from = if k == 1 { day(2024, 10, 1) } else { dice.day() };
    let mut told = dice.after(from, 60);
    // One of all, as assessment numbers them.
    let number = i64::try_from(k + 10 * dice.roll(100)).unwrap() * 10_000 + i64::from(n);
    let revisions = 1 + dice.roll(2);
    for revision in 1..=revisions {
        let scale = MODELS.on(service, from).and_then(|m| m.terms.scale_id.as_ref());
        let decision = LevelDecision {
            level_decision_id: format!("LD-{n:04}-{k}"),
            person_id: format!("P-{n:04}"),
            service: service.into(),
            level: Some(wire::Level { value: dice.number(0, 4) }),
            valid_from: on(from),
            kind: kind.into(),
            decision_number: number,
            scale_id: if dice.once_in(12) {
                "another".to_owned()
            } else {
                scale.map(String::from).unwrap_or_default()
            },
            info: info(i64::try_from(revision).unwrap(), revision == revisions && dice.once_in(10))
                .map(|i| wire::FactInfo { record_time: Some(noon(told)), ..i }),
            ..Default::default()
        };
        let fact = Some(assessment_feed_event::Fact::LevelDecision(decision));
        history.steps[dice.roll(STEPS)].assessed.push(AssessmentFeedEvent { info: None, fact });
        (from, told) = (if dice.once_in(2) { from } else { dice.day() }, dice.after(told, 40));
    }
}

fn noon(day: NaiveDate) -> prost_types::Timestamp {
    let time = day.and_hms_opt(11, 0, 0).unwrap().and_utc();
    prost_types::Timestamp { seconds: time.timestamp(), nanos: 0 }
}

/// Its dates told and told otherwise, at another unit, and taken back. Answers its id and the step it is known from.
fn placement(
    dice: &mut Dice,
    (n, k, service): (u32, usize, ServiceKey),
    history: &mut History,
) -> (String, usize) {
    let (id, since) = (format!("PL-{n:04}-{k}"), dice.roll(3));
    let mut ordered = dice.after(day(2024, 10, 15), 120);
    let mut unit = dice.number(1, 6);
    let revisions = 1 + dice.roll(4);
    for revision in 1..=revisions {
        let came = (!dice.once_in(6)).then(|| dice.after(ordered, 6));
        let over = revision > 1 && dice.once_in(2);
        let end = came.filter(|_| over).map(|came| dice.after(came, 110));
        let notice = (over && dice.once_in(2)).then(|| dice.after(ordered, 60));
        let placement = Placement {
            placement_id: id.clone(),
            person_id: format!("P-{n:04}"),
            service: service.into(),
            unit_id: format!("U-{unit}"),
            ordered_start: on(ordered),
            actual_start: came.and_then(on),
            notice_date: notice.and_then(on),
            end_date: end.and_then(on),
            info: info(i64::try_from(revision).unwrap(), revision == revisions && dice.once_in(10)),
            ..Default::default()
        };
        history.steps[if revision == 1 { since } else { dice.roll(STEPS) }].chosen.push(placed(placement));
        if dice.once_in(3) {
            ordered = dice.after(ordered, 10);
        }
        if dice.once_in(4) {
            // The seventh has never been heard of.
            unit = dice.number(1, 7);
        }
    }
    (id, since)
}
