//! Random placements: every service, 2009 to 2026, most of them whole and some with facts missing or odd.

use std::hash::{BuildHasher, Hasher, RandomState};

use niva_calendar::{Interval, Month, NaiveDate, Timeline, plus_days};
use niva_models::{Extent, Level, Regime, Scope};
use niva_money::Ore;
use niva_names::{ServiceKey, stockholm};
use niva_payment_domain::{
    Agreement, Granted, Known, LevelFact, Occasion, OccasionKind, PremisesCost, Schedule, Transition,
    UnitPeriod,
};

use crate::support::{Facts, d, granted};

/// `NIVA_SEED`, or another seed each time.
pub(crate) fn seed() -> u64 {
    match std::env::var("NIVA_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("NIVA_SEED={text} is no whole number")),
        Err(_) => RandomState::new().build_hasher().finish(),
    }
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 … `n` − 1.
    pub(crate) fn below(&mut self, n: i64) -> i64 {
        i64::try_from(self.next() >> 1).unwrap() % n
    }

    pub(crate) fn byte(&mut self, n: i64) -> u8 {
        u8::try_from(self.below(n)).unwrap()
    }

    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(i64::try_from(of.len()).unwrap())).unwrap()]
    }

    fn after(&mut self, day: NaiveDate, within: i64) -> NaiveDate {
        plus_days(day, self.below(within))
    }
}

/// A value from somewhat before `start`, that changes now and then and has a gap now and then.
fn timeline<T: Clone + PartialEq>(
    random: &mut Random,
    start: NaiveDate,
    mut value: impl FnMut(&mut Random) -> T,
) -> Timeline<T> {
    let mut timeline = Timeline::new();
    if random.chance(3) {
        return timeline;
    }
    let back = if random.chance(90) { -30 } else { 20 };
    let mut from = plus_days(start, back);
    timeline.set(Interval::from(from), value(random));
    while random.chance(45) {
        from = random.after(from, 120);
        timeline.set(Interval::from(from), value(random));
    }
    if random.chance(10) {
        let gap = random.after(start, 150);
        let until = if random.chance(50) { Some(random.after(gap, 40)) } else { None };
        let gap = Interval::between(gap, until).unwrap();
        let mut with_gap = Timeline::new();
        for (days, value) in timeline.spans() {
            let (before, _) = days.split_at(gap.first);
            let after = gap.end().and_then(|end| days.split_at(plus_days(end, 1)).1);
            for part in [before, after].into_iter().flatten() {
                with_gap.set(part, value.clone());
            }
        }
        return with_gap;
    }
    timeline
}

fn scope(random: &mut Random) -> Scope {
    Scope {
        extent: if random.chance(95) {
            Some(random.one(&[Extent::FullTime, Extent::PartTime]))
        } else {
            None
        },
        hours_per_week: if random.chance(95) { Some(1 + random.byte(42)) } else { None },
        time_interval: if random.chance(95) { Some(1 + random.byte(3)) } else { None },
        personal_assistance: random.chance(20),
    }
}

fn level(random: &mut Random, service: ServiceKey) -> Known<'static, LevelFact> {
    let top = match service {
        stockholm::DAILY_ACTIVITIES_LSS => 6,
        stockholm::SERVICE_HOUSING_LSS | stockholm::GROUP_HOUSING_LSS => 8,
        _ => 3,
    };
    let level = if random.chance(96) { 1 + random.byte(top) } else { random.byte(12) };
    Known::stated(LevelFact { level: Level(level), points: Some(u16::from(random.byte(100))) })
}

fn regime(random: &mut Random) -> Regime {
    match random.below(50) {
        0 => Regime::OtherMunicipality,
        1..=12 => Regime::Contracted,
        13..=28 => Regime::Private,
        _ => Regime::Municipal,
    }
}

/// Mostly one provider in one district.
fn unit(random: &mut Random, sold: bool) -> UnitPeriod {
    let home = if sold { "Skarpnäck" } else { "Farsta" };
    let (provider, district) = if random.chance(85) { ("PR-1", home) } else { ("PR-2", "Bromma") };
    UnitPeriod { provider_id: provider.to_owned(), district: district.to_owned(), regime: regime(random) }
}

/// Mostly one board.
fn grant(random: &mut Random) -> Known<'static, Granted<'static>> {
    let district = if random.chance(90) { "Farsta" } else { "Bromma" };
    granted(district, scope(random))
}

fn schedule(random: &mut Random) -> Known<'static, Schedule> {
    let mut sessions = [0; 5];
    for day in &mut sessions {
        *day = random.one(&[0, 0, 1, 1, 2]);
    }
    if sessions.iter().sum::<u8>() > 8 {
        sessions[0] = 0;
    }
    Known::stated(Schedule { sessions })
}

fn occasions(random: &mut Random, service: ServiceKey, start: NaiveDate) -> Vec<Known<'static, Occasion>> {
    let fits = match service {
        stockholm::STUDY_CIRCLE => OccasionKind::CourseSession,
        _ => OccasionKind::EveningNight,
    };
    let paid = matches!(service, stockholm::STUDY_CIRCLE | stockholm::SUPPORTED_HOUSING);
    let mut occasions = Vec::new();
    if random.chance(if paid { 90 } else { 4 }) {
        for _ in 0..random.below(30) {
            let other = random.one(&[OccasionKind::CourseSession, OccasionKind::EveningNight]);
            let kind = if random.chance(97) { fits } else { other };
            let date = random.after(plus_days(start, -5), 200);
            occasions.push(Occasion { date, kind, count: random.byte(4) });
        }
    }
    occasions.sort_unstable();
    occasions.dedup_by_key(|o| (o.date, o.kind));
    occasions.into_iter().map(Known::stated).collect()
}

/// Up to two intervals that do not overlap.
fn intervals(random: &mut Random, start: NaiveDate, percent: i64) -> Vec<Interval> {
    let mut from = plus_days(start, -20);
    let mut found = Vec::new();
    while found.len() < 2 && random.chance(if found.is_empty() { percent } else { 50 }) {
        let first = if found.is_empty() || random.chance(40) { random.after(from, 60) } else { from };
        let last = random.after(first, 90);
        found.push(Interval::new(first, last).unwrap());
        from = plus_days(last, 1);
    }
    found
}

fn price(random: &mut Random, max: i64) -> Ore {
    Ore(random.below(max))
}

/// Start, notice and end, by chance.
fn dates(random: &mut Random, facts: &mut Facts) {
    let start = facts.start;
    facts.withdrawn = random.chance(2);
    facts.actual = random.chance(90).then(|| random.after(plus_days(start, -2), 10));
    if random.chance(40) {
        facts.notice = Some(random.after(start, 160));
    }
    if let Some(actual) = facts.actual.filter(|_| random.chance(60)) {
        let near = facts.notice.filter(|_| random.chance(70)).map(|n| random.after(plus_days(n, -6), 14));
        let end = near.unwrap_or_else(|| random.after(actual, 150));
        facts.end = Some(end.max(actual).max(start));
    }
}

pub(crate) fn placement(random: &mut Random) -> Facts {
    let service = random.one(&stockholm::SERVICES);
    let start = match random.below(4) {
        // About the days on which models begin and end.
        0 => {
            let day = random.one(MODEL_DAYS);
            random.after(plus_days(d(day), -60), 70)
        }
        1 => random.after(d("2009-11-01"), 400),
        _ => random.after(d("2009-06-01"), 6_200),
    };
    let mut facts = Facts::new(service, &start.to_string());
    dates(random, &mut facts);
    let sold = random.chance(30);
    facts.unit = timeline(random, start, |r| unit(r, sold));
    facts.levels = timeline(random, start, |r| level(r, service));
    facts.grants = timeline(random, start, grant);
    let scheduled = service == stockholm::OCCUPATION || random.chance(5);
    if scheduled {
        facts.schedules = timeline(random, start, schedule);
    }
    facts.occasions = occasions(random, service, start);
    for (days, id) in intervals(random, start, 8).into_iter().zip(["a0", "a1"]) {
        let agreement = Agreement { days, price: price(random, 500_000) };
        facts.agreements.set(days, Known { id, ..Known::stated(agreement) });
    }
    let transitions = if service == stockholm::DAILY_ACTIVITIES_LSS { 30 } else { 2 };
    while facts.transitions.len() < 2 && random.chance(transitions) {
        let job_start = random.after(plus_days(start, -200), 260);
        let support_end = random.chance(50).then(|| random.after(job_start, 400));
        facts.transitions.push(Known::stated(Transition { job_start, support_end }));
    }
    for days in intervals(random, start, 15) {
        let cost = PremisesCost { days, per_month: price(random, 1_000_000) };
        facts.costs.set(days, Known::stated(cost));
    }
    facts
}

const MODEL_DAYS: &[&str] = &[
    "2010-01-01",
    "2013-01-01",
    "2019-07-01",
    "2021-01-01",
    "2022-01-01",
    "2023-01-01",
    "2024-01-01",
    "2025-01-01",
    "2018-03-15",
    "2020-06-10",
    "2022-03-10",
    "2025-01-01",
];

/// One to nine months about the placement.
pub(crate) fn window(random: &mut Random, facts: &Facts) -> (Month, Month) {
    let mut first = Month::of(facts.start);
    for _ in 0..random.below(4) {
        first = first.next();
    }
    if random.chance(20) {
        first = Month::of(facts.start).previous();
    }
    let mut last = first;
    for _ in 0..random.below(9) {
        last = last.next();
    }
    (first, last)
}
