//! People with what they need, where they are and since when. All of them are invented.

use chrono::NaiveDate;
use niva_calendar::{Month, date, plus_days};
use niva_models::{Component, GrantScope};
use niva_names::{DistrictId, PersonId, ServiceKey, UnitId, stockholm};

use super::Records;
use super::counts::{Group, band, groups};
use super::draw::Draw;
use crate::records::{Grant, Measurement, Occasion, Person, Placement, Schedule, Verdict};

/// Of a hundred people, how many live in each district, in the order of the districts.
const WEIGHTS: [usize; 11] = [9, 12, 7, 13, 9, 11, 6, 12, 5, 4, 12];

/// What becomes of a placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Began before February 2024 and goes on.
    Stays,
    /// Begins in March 2024.
    Starts,
    /// Ends between February and April 2024.
    Ends,
    /// Never begins; the place is given up.
    NoShow,
    /// Has not begun, and nobody has given the place up.
    Awaited,
}

/// How many of each service do not simply stay: start, end, are given up, are awaited.
const FATES: [(ServiceKey, [usize; 4]); 6] = [
    (stockholm::HOUSING_WITH_SPECIAL_SERVICE, [2, 3, 1, 0]),
    (stockholm::SUPPORTED_HOUSING, [3, 4, 1, 2]),
    (stockholm::HOUSING_SUPPORT, [2, 2, 1, 0]),
    (stockholm::OCCUPATION, [3, 3, 1, 0]),
    (stockholm::STUDY_CIRCLE, [1, 1, 0, 0]),
    (stockholm::DAILY_ACTIVITIES_LSS, [30, 24, 2, 0]),
];

/// Occupation placements that are older than the monthly amount, and so have a level and a weekly schedule.
const OLD_OCCUPATION: usize = 12;

/// A person before ids are given.
#[derive(Debug, Clone)]
pub(super) struct Need {
    pub(super) group: Group,
    pub(super) district: DistrictId,
    fate: Fate,
    /// Began under the model that paid occupation by session.
    old: bool,
}

/// Everyone, in an order that says nothing of what they need.
pub(super) fn needs(draw: &mut Draw, districts: &[DistrictId]) -> Vec<Need> {
    let everyone = groups().into_iter().flat_map(|g| std::iter::repeat_n(g, usize::from(g.people)));
    let mut needs: Vec<Need> = everyone
        .map(|group| Need { group, district: DistrictId::none().clone(), fate: Fate::Stays, old: false })
        .collect();
    draw.shuffle(&mut needs);
    let weights: Vec<usize> = (0..districts.len()).map(|i| WEIGHTS[i % WEIGHTS.len()]).collect();
    for need in &mut needs {
        need.district = districts.get(draw.weighted(&weights)).unwrap_or_else(|| DistrictId::none()).clone();
    }
    for (service, counts) in FATES {
        let mut of_service = needs.iter_mut().filter(|n| n.group.service == service);
        for (fate, count) in [Fate::Starts, Fate::Ends, Fate::NoShow, Fate::Awaited].into_iter().zip(counts) {
            of_service.by_ref().take(count).for_each(|need| need.fate = fate);
        }
        if service == stockholm::OCCUPATION {
            of_service.take(OLD_OCCUPATION).for_each(|need| need.old = true);
        }
    }
    needs
}

pub(super) fn on(year: i32, month: u32, day: u32) -> NaiveDate {
    date(year, month, day).unwrap_or_default()
}

/// The records of everyone; `units` has each person's unit by index.
pub(super) fn records(draw: &mut Draw, needs: &[Need], units: &[usize], records: &mut Records) {
    for (number, (need, unit)) in (1..).zip(needs.iter().zip(units)) {
        let unit_id = records.units.get(*unit).map_or_else(|| UnitId::none(), |u| &u.unit_id);
        let person_id = PersonId::from(format!("P-{number:05}"));
        let placement = placement(draw, need, number, unit_id.clone());
        records.persons.push(Person { person_id, district: need.district.clone() });
        records.grants.push(grant(draw, need, &placement));
        measure(draw, need, &placement, records);
        attend(draw, need, &placement, records);
        records.placements.push(placement);
    }
}

fn placement(draw: &mut Draw, need: &Need, number: u32, unit_id: UnitId) -> Placement {
    let ordered_start = match need.fate {
        Fate::Stays | Fate::Ends if need.old => draw.weekday(on(2019, 1, 7), on(2019, 5, 20)),
        Fate::Stays | Fate::Ends if need.group.service == stockholm::OCCUPATION => {
            draw.weekday(on(2019, 7, 1), on(2024, 1, 12))
        }
        Fate::Stays | Fate::Ends => draw.weekday(on(2019, 1, 7), on(2024, 1, 12)),
        Fate::Starts => draw.weekday(on(2024, 3, 4), on(2024, 3, 22)),
        Fate::NoShow => draw.weekday(on(2024, 2, 5), on(2024, 2, 16)),
        Fate::Awaited => draw.weekday(on(2024, 3, 4), on(2024, 3, 6)),
    };
    // Most come on the ordered day.
    let late = if draw.chance(70) { 0 } else { draw.below(6) };
    let started = !matches!(need.fate, Fate::NoShow | Fate::Awaited);
    let came = plus_days(ordered_start, i64::try_from(late).unwrap_or(0));
    let actual_start = started.then(|| draw.weekday(came, came));
    let end_date = (need.fate == Fate::Ends).then(|| draw.weekday(on(2024, 2, 12), on(2024, 4, 19)));
    let notice_date = match need.fate {
        Fate::NoShow => Some(plus_days(ordered_start, 4 + i64::try_from(draw.below(9)).unwrap_or(0))),
        Fate::Ends if draw.chance(75) => {
            end_date.map(|end| plus_days(end, -i64::try_from(draw.below(15)).unwrap_or(0)))
        }
        _ => None,
    };
    Placement {
        placement_id: format!("PL-{number:05}").into(),
        grant_id: format!("G-{number:05}").into(),
        person_id: format!("P-{number:05}").into(),
        service: need.group.service,
        unit_id,
        ordered_start,
        actual_start,
        notice_date,
        end_date,
    }
}

fn grant(draw: &mut Draw, need: &Need, placement: &Placement) -> Grant {
    let group = &need.group;
    let before = i64::try_from(7 + draw.below(60)).unwrap_or(7);
    let valid_to = draw.chance(40).then(|| on([2025, 2026, 2027][draw.below(3)], 12, 31));
    Grant {
        grant_id: placement.grant_id.clone(),
        person_id: placement.person_id.clone(),
        service: group.service,
        district: need.district.clone(),
        // Whoever is measured has a grant by then.
        valid_from: plus_days(placement.ordered_start, -before).min(on(2024, 1, 5)),
        valid_to,
        scope: GrantScope {
            extent: group.extent,
            hours_per_week: group.hours.map(|(from, to)| {
                let hours = u8::try_from(draw.between(u16::from(from), u16::from(to))).unwrap_or(from);
                hours.max(LEAST_HOURS)
            }),
            time_interval: group.time_interval,
            personal_assistance: group.personal_assistance,
            sessions_per_week: None,
        },
    }
}

/// Part time under the model of 2024 begins at four hours a week.
const LEAST_HOURS: u8 = 4;

/// The level of March 2024, and for some who have been there for years the one before it.
fn measure(draw: &mut Draw, need: &Need, placement: &Placement, records: &mut Records) {
    let service = need.group.service;
    if need.old {
        let (level, visit) =
            (u8::try_from(draw.between(1, 3)).unwrap_or(1), plus_days(placement.ordered_start, -7));
        return push(draw, placement, level, visit, placement.ordered_start, records);
    }
    let Some(level) = need.group.level else { return };
    // The scale of daily activities is that of 2024, so their visits are made in 2024.
    let visit = match (need.fate, service) {
        (Fate::Starts | Fate::Awaited | Fate::NoShow, _) | (_, stockholm::DAILY_ACTIVITIES_LSS) => {
            draw.weekday(on(2024, 1, 8), on(2024, 1, 29))
        }
        _ => draw.weekday(on(2023, 9, 4), on(2024, 1, 29)),
    };
    let years = service != stockholm::DAILY_ACTIVITIES_LSS && placement.ordered_start < on(2023, 1, 1);
    if years && draw.chance(30) {
        let before = u8::try_from(draw.between(1, 3)).unwrap_or(level);
        push(
            draw,
            placement,
            before,
            plus_days(visit, -182),
            first_of_next_month(plus_days(visit, -182)),
            records,
        );
    }
    push(draw, placement, level, visit, first_of_next_month(visit), records);
}

fn first_of_next_month(day: NaiveDate) -> NaiveDate {
    Month::of(day).next().first_day()
}

fn push(
    draw: &mut Draw,
    placement: &Placement,
    level: u8,
    visit: NaiveDate,
    from: NaiveDate,
    records: &mut Records,
) {
    let Some((low, high, step)) = band(placement.service, level) else { return };
    let points = low + draw.between(0, (high - low) / step) * step;
    records.measurements.push(Measurement {
        measurement_id: format!("M-{:05}", records.measurements.len() + 1).into(),
        person_id: placement.person_id.clone(),
        service: placement.service,
        visit_date: visit,
        verdict: Verdict::Points(points),
        valid_from: from,
    });
}

/// Weekly schedules of old occupation and of circles, with as many sessions in the grant, and the evenings that were reported
/// for March 2024.
fn attend(draw: &mut Draw, need: &Need, placement: &Placement, records: &mut Records) {
    if need.old {
        let sessions = [(); 5].map(|()| u8::from(draw.chance(60)));
        // Nobody was granted nothing.
        let sessions = if sessions.iter().all(|s| *s == 0) { [1, 0, 1, 0, 1] } else { sessions };
        schedule(placement, sessions, records);
        return;
    }
    if placement.service == stockholm::STUDY_CIRCLE {
        let week = [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]];
        schedule(placement, week[draw.below(3)], records);
    }
    let Some(first) = placement.actual_start.map(|day| day.max(on(2024, 3, 1))) else { return };
    let last = placement.end_date.unwrap_or(on(2024, 3, 31)).min(on(2024, 3, 31));
    if placement.service == stockholm::SUPPORTED_HOUSING && first <= last && draw.chance(30) {
        let mut days: Vec<NaiveDate> = (0..1 + draw.below(4)).map(|_| draw.day(first, last)).collect();
        days.sort_unstable();
        days.dedup();
        records.occasions.extend(days.into_iter().map(|date| Occasion {
            placement_id: placement.placement_id.clone(),
            date,
            component: Component::EveningNight,
            count: 1,
        }));
    }
}

/// The sessions of a week from the start on; the grant says how many.
fn schedule(placement: &Placement, sessions: [u8; 5], records: &mut Records) {
    if let Some(grant) = records.grants.iter_mut().rfind(|grant| grant.grant_id == placement.grant_id) {
        grant.scope.sessions_per_week = Some(sessions.iter().sum());
    }
    let (placement_id, valid_from) = (placement.placement_id.clone(), placement.ordered_start);
    records.schedules.push(Schedule { placement_id, valid_from, sessions });
}
