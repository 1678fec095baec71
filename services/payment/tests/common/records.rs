//! What is told of a placement in payment itself, in random histories. Of each kind facts keep to days of their own, which
//! no other fact of the kind ever takes.

use niva_calendar::{NaiveDate, plus_days};
use niva_names::{ServiceKey, stockholm};
use niva_proto::common::v1::Money;
use niva_proto::payment::v1::{
    Absence, Agreement, Component, Occasion, PremisesCost, PriceUnit, Schedule, SpecialCompensation,
    Transition, Visit, WeeklySchedule, create_import_request::Record, transition,
};

use super::day;
use super::steps::{CITY, Dice, History, Kind, MODELS, STEPS, Told};
use niva_testing::values::{days, on};

/// The days that facts of a kind keep to: one of `n` equal parts.
#[derive(Clone, Copy)]
struct Slot {
    first: NaiveDate,
    days: usize,
}

impl Slot {
    fn of(i: usize, n: usize) -> Self {
        let days = 170 / n;
        Self { first: plus_days(day(2024, 10, 15), i64::try_from(i * days).unwrap()), days }
    }

    fn day(self, dice: &mut Dice) -> NaiveDate {
        dice.after(self.first, self.days - 1)
    }

    fn last(self) -> NaiveDate {
        plus_days(self.first, i64::try_from(self.days - 1).unwrap())
    }

    /// The first and last of some of its days.
    fn some(self, dice: &mut Dice) -> (NaiveDate, NaiveDate) {
        let (a, b) = (self.day(dice), self.day(dice));
        (a.min(b), a.max(b))
    }
}

/// A fact as it is told and told again: the steps and what they say; `None`: it is taken back.
fn revisions<M>(
    dice: &mut Dice,
    since: usize,
    mut says: impl FnMut(&mut Dice) -> M,
) -> Vec<(usize, Option<M>)> {
    let mut step = since + dice.roll(STEPS - since);
    let mut told = vec![(step, Some(says(dice)))];
    while step + 1 < STEPS && dice.once_in(2) {
        step = step + 1 + dice.roll(STEPS - step - 1);
        let withdrawn = dice.once_in(3);
        told.push((step, (!withdrawn).then(|| says(dice))));
        if withdrawn {
            break;
        }
    }
    told
}

/// A fact of a kind that needs no second person.
fn record(
    dice: &mut Dice,
    (kind, id): (Kind, &str),
    since: usize,
    history: &mut History,
    says: impl FnMut(&mut Dice) -> Record,
) {
    let told = revisions(dice, since, says);
    history.in_the_end.extend(told.last().and_then(|(_, says)| says.clone()).map(Told::Record));
    for (step, says) in told {
        let withdrawn = || Told::Withdrawn(kind, id.to_owned());
        history.steps[step].told.push(says.map_or_else(withdrawn, Told::Record));
    }
}

/// All that is told of a placement, which is known from step `since` on.
pub(crate) fn of_placement(
    dice: &mut Dice,
    (placement, service): (&str, ServiceKey),
    since: usize,
    history: &mut History,
) {
    if service == stockholm::STUDY_CIRCLE {
        schedules(dice, placement, since, history);
    }
    if service == stockholm::SUPPORTED_HOUSING {
        occasions(dice, placement, since, history);
    }
    if service == stockholm::DAILY_ACTIVITIES_LSS {
        transitions(dice, placement, since, history);
    }
    if service == stockholm::OCCUPATION || dice.once_in(6) {
        absences(dice, placement, since, history);
    }
    if dice.once_in(2) {
        costs(dice, (placement, service), since, history);
    }
    for i in (0..2).filter(|_| dice.once_in(4)).collect::<Vec<_>>() {
        agreement(dice, (placement, service, i), since, history);
    }
    for i in (0..2).filter(|_| dice.once_in(5)).collect::<Vec<_>>() {
        special(dice, placement, i, since, history);
    }
}

/// Of as many sessions as are granted, of fewer, and none, which ends them.
fn schedules(dice: &mut Dice, placement: &str, since: usize, history: &mut History) {
    for i in 0..1 + dice.roll(3) {
        let (id, slot) = (format!("SC-{placement}-{i}"), Slot::of(i, 3));
        record(dice, (Kind::Schedule, &id), since, history, |dice| {
            let mut week = [0; 5];
            let first = dice.roll(5);
            for i in 0..dice.of(&[2, 2, 2, 2, 1, 0]) {
                week[(first + 2 * i) % 5] = 1;
            }
            let [monday, tuesday, wednesday, thursday, friday] = week;
            let valid_from = if i == 0 { slot.first } else { slot.day(dice) };
            Record::Schedule(Schedule {
                schedule_id: id.clone(),
                placement_id: placement.to_owned(),
                valid_from: on(valid_from),
                week: Some(WeeklySchedule { monday, tuesday, wednesday, thursday, friday }),
                info: None,
            })
        });
    }
}

fn occasions(dice: &mut Dice, placement: &str, since: usize, history: &mut History) {
    for i in (0..10).filter(|_| !dice.once_in(3)).collect::<Vec<_>>() {
        let (id, slot) = (format!("OC-{placement}-{i}"), Slot::of(i, 10));
        record(dice, (Kind::Occasion, &id), since, history, |dice| {
            Record::Occasion(Occasion {
                occasion_id: id.clone(),
                placement_id: placement.to_owned(),
                date: on(slot.day(dice)),
                component: Component::EveningNight.into(),
                count: dice.number(0, 3),
                info: None,
            })
        });
    }
}

/// To work and to studies, with and without an outcome, and visits to the workplace in most months.
fn transitions(dice: &mut Dice, placement: &str, since: usize, history: &mut History) {
    let n = dice.roll(3);
    for i in 0..n {
        let (id, slot) = (format!("TR-{placement}-{i}"), Slot::of(i, n));
        record(dice, (Kind::Transition, &id), since, history, |dice| {
            let (job_start, end) = slot.some(dice);
            let support_end = Some(end).filter(|_| i + 1 < n || dice.once_in(2));
            let left = transition::Outcome::Left(true);
            let back = transition::Outcome::ReturnDate(on(plus_days(end, 1)).unwrap());
            let outcome = match dice.roll(3) {
                0 => None,
                1 => Some(back),
                _ => support_end.map(|_| left),
            };
            Record::Transition(Transition {
                transition_id: id.clone(),
                placement_id: placement.to_owned(),
                job_start: on(job_start),
                support_end: support_end.and_then(on),
                to: dice.of(&[transition::To::Work, transition::To::Work, transition::To::Studies]).into(),
                outcome,
                info: None,
            })
        });
    }
    for i in (0..8).filter(|_| n > 0 && !dice.once_in(3)).collect::<Vec<_>>() {
        let (id, slot) = (format!("VI-{placement}-{i}"), Slot::of(i, 8));
        record(dice, (Kind::Visit, &id), since, history, |dice| {
            Record::Visit(Visit {
                visit_id: id.clone(),
                placement_id: placement.to_owned(),
                date: on(slot.day(dice)),
                info: None,
            })
        });
    }
}

/// Short and long ones, and such that meet.
fn absences(dice: &mut Dice, placement: &str, since: usize, history: &mut History) {
    for i in (0..5).filter(|_| dice.once_in(2)).collect::<Vec<_>>() {
        let (id, slot) = (format!("AB-{placement}-{i}"), Slot::of(i, 5));
        record(dice, (Kind::Absence, &id), since, history, |dice| {
            let (first, last) = slot.some(dice);
            let last = if dice.once_in(3) { slot.last() } else { last };
            Record::Absence(Absence {
                absence_id: id.clone(),
                placement_id: placement.to_owned(),
                days: days(first, Some(last)),
                info: None,
            })
        });
    }
}

/// Within the city's limit and over it, and then approved or not; what was paid last counts.
fn costs(dice: &mut Dice, (placement, service): (&str, ServiceKey), since: usize, history: &mut History) {
    let limit = CITY.service(service.as_str()).unwrap().premises_limit_sek;
    let limit = limit.map_or(i64::MAX, |sek| i64::from(sek) * 100);
    for i in 0..2 {
        let (id, slot) = (format!("PC-{placement}-{i}"), Slot::of(i, 2));
        let told = revisions(dice, since, |dice| {
            let (first, last) = slot.some(dice);
            let last = Some(last).filter(|_| i == 0 || dice.once_in(2));
            PremisesCost {
                premises_cost_id: id.clone(),
                placement_id: placement.to_owned(),
                valid: days(first, last),
                per_month: Some(Money { ore: i64::from(dice.number(0, 5_000_001)) }),
                ..Default::default()
            }
        });
        let told = told.into_iter().map(|(step, says)| {
            let over = says.as_ref().is_some_and(|says| says.per_month.unwrap().ore > limit);
            (step, says.map(Record::PremisesCost), over)
        });
        approvable(dice, (Kind::PremisesCost, &id), told, history);
    }
}

/// Approved or not; of one that was approved and then corrected, the approved revision counts until the correction is.
fn agreement(
    dice: &mut Dice,
    (placement, service, i): (&str, ServiceKey, usize),
    since: usize,
    history: &mut History,
) {
    let (id, slot) = (format!("IA-{placement}-{i}"), Slot::of(i, 2));
    let paid_per = MODELS.on(service, slot.last()).map(|m| m.terms.unit);
    let usual = match paid_per {
        Some(niva_models::PriceUnit::Weekday) => PriceUnit::Weekday,
        Some(niva_models::PriceUnit::Month) => PriceUnit::Month,
        Some(niva_models::PriceUnit::CourseSession) => PriceUnit::CourseSession,
        _ => PriceUnit::CalendarDay,
    };
    let told = revisions(dice, since, |dice| {
        let (first, last) = slot.some(dice);
        Agreement {
            agreement_id: id.clone(),
            placement_id: placement.to_owned(),
            valid: days(first, Some(last).filter(|_| i == 0 || dice.once_in(2))),
            price: Some(Money { ore: i64::from(dice.number(0, 500_001)) }),
            unit: if dice.once_in(6) { PriceUnit::Month } else { usual }.into(),
            agreed_by: "OFFICER-1".to_owned(),
            ..Default::default()
        }
    });
    let told = told.into_iter().map(|(step, says)| (step, says.map(Record::Agreement), true));
    approvable(dice, (Kind::Agreement, &id), told, history);
}

/// What needs a second person, or not, and has one, or not: each revision with the step that it is told in.
fn approvable(
    dice: &mut Dice,
    (kind, id): (Kind, &str),
    told: impl Iterator<Item = (usize, Option<Record>, bool)>,
    history: &mut History,
) {
    let approved = || Told::Approved(kind, id.to_owned());
    let mut counts: Option<(Record, bool, bool)> = None;
    for (step, says, needed) in told {
        let here = &mut history.steps[step].told;
        let Some(says) = says else {
            here.push(Told::Withdrawn(kind, id.to_owned()));
            counts = None;
            break;
        };
        here.push(Told::Record(says.clone()));
        let second = needed && !dice.once_in(3);
        here.extend(second.then(approved));
        if !needed || second || counts.as_ref().is_none_or(|(_, needed, second)| *needed && !second) {
            counts = Some((says, needed, second));
        }
    }
    if let Some((says, _, second)) = counts {
        history.in_the_end.push(Told::Record(says));
        history.in_the_end.extend(second.then(approved));
    }
}

/// Granted, refused or not decided; the last that was granted counts. Two may be for the same days.
fn special(dice: &mut Dice, placement: &str, i: usize, since: usize, history: &mut History) {
    let (id, slot) = (format!("SP-{placement}-{i}"), Slot::of(0, 1));
    let told = revisions(dice, since, |dice| {
        let (first, last) = slot.some(dice);
        SpecialCompensation {
            special_compensation_id: id.clone(),
            placement_id: placement.to_owned(),
            valid: days(first, Some(last)),
            amount: Some(Money { ore: i64::from(dice.number(0, 3_000_001)) }),
            apply_date: on(plus_days(first, -3)),
            purpose: "a second member of staff".to_owned(),
            ..Default::default()
        }
    });
    let mut counts = None;
    for (step, says) in told {
        let here = &mut history.steps[step].told;
        let Some(says) = says else {
            here.push(Told::Withdrawn(Kind::Special, id.clone()));
            counts = None;
            break;
        };
        here.push(Told::Applied(says.clone()));
        match dice.roll(4) {
            0 => {}
            1 => here.push(Told::Decided(id.clone(), false)),
            _ => {
                here.push(Told::Decided(id.clone(), true));
                counts = Some(says);
            }
        }
    }
    if let Some(says) = counts {
        history.in_the_end.extend([Told::Applied(says), Told::Decided(id, true)]);
    }
}
