//! Random placements: every service, 2009 to 2026, most of them whole and some with facts missing or odd.

use std::hash::{BuildHasher, Hasher, RandomState};

use niva_calendar::{Interval, Month, NaiveDate, Timeline, plus_days};
use niva_models::{Extent, GrantScope, PriceUnit, Regime};
use niva_money::Ore;
use niva_names::{ScaleId, ServiceKey, stockholm};
use niva_payment_domain::{
    Agreement, Granted, Known, LevelOn, Occasion, Outcome, PremisesCost, Schedule, Special, Transition,
    TransitionTo, UnitPeriod,
};

use crate::support::{Facts, OWN, d, granted, id, level_of, scale_of};

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

fn scope(random: &mut Random, sessions: u8) -> GrantScope {
    let hours = 1 + random.byte(42);
    let extent = if (hours > 24) ^ random.chance(4) { Extent::FullTime } else { Extent::PartTime };
    GrantScope {
        extent: random.chance(80).then_some(extent),
        hours_per_week: random.chance(80).then_some(hours),
        time_interval: if random.chance(95) { Some(1 + random.byte(3)) } else { None },
        personal_assistance: random.chance(20),
        sessions_per_week: random.chance(97).then_some(sessions),
    }
}

fn level(random: &mut Random, service: ServiceKey) -> (u8, u16) {
    let top = match service {
        stockholm::DAILY_ACTIVITIES_LSS => 6,
        stockholm::SERVICE_HOUSING_LSS | stockholm::GROUP_HOUSING_LSS => 8,
        _ => 3,
    };
    let level = if random.chance(96) { 1 + random.byte(top) } else { random.byte(12) };
    (level, u16::from(random.byte(100)))
}

/// Levels with their scale: mostly the one in force, to which they are mostly converted when another comes.
fn of_scales(
    random: &mut Random,
    levels: &Timeline<(u8, u16)>,
    service: ServiceKey,
) -> Timeline<LevelOn<'static>> {
    let mut out = Timeline::new();
    let known = ["occupation-2010", "housing-support-2010", "daily-activities-2024", "group-housing-lss"];
    for (days, (level, points)) in levels.spans() {
        let scale = if random.chance(3) { random.one(&known) } else { scale_of(&OWN, service, days.first) };
        out.set(*days, level_of(scale, *level, Some(*points)));
        for later in OWN.in_force(service, *days).skip(1) {
            let scale = later.terms.scale_id.as_ref().map_or("none", ScaleId::as_str);
            if random.chance(85) {
                let rest = Interval::new(later.days.first, days.last).unwrap();
                out.set(rest, level_of(scale, *level, Some(*points)));
            }
        }
    }
    out
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
    UnitPeriod {
        provider_id: provider.into(),
        district: district.into(),
        regime: regime(random),
        private_premises: random.chance(40),
    }
}

/// Mostly one board.
fn grant(random: &mut Random, sessions: u8) -> Known<'static, Granted<'static>> {
    let district = if random.chance(90) { "Farsta" } else { "Bromma" };
    granted(district, scope(random, sessions))
}

/// On some weekdays mostly as many sessions as are granted.
fn schedule(random: &mut Random, granted: u8) -> Known<'static, Schedule> {
    let mut sessions = [0_u8; 5];
    let mut left = if random.chance(94) { granted } else { random.byte(9) };
    while left > 0 {
        let day = usize::from(random.byte(5));
        if sessions[day] < 2 {
            sessions[day] += 1;
            left -= 1;
        }
    }
    Known::stated(Schedule { sessions })
}

fn occasions(random: &mut Random, service: ServiceKey, start: NaiveDate) -> Vec<Known<'static, Occasion>> {
    let paid = service == stockholm::SUPPORTED_HOUSING;
    let mut occasions = Vec::new();
    if random.chance(if paid { 90 } else { 4 }) {
        for _ in 0..random.below(30) {
            let date = random.after(plus_days(start, -5), 200);
            occasions.push(Occasion { date, count: random.byte(4) });
        }
    }
    occasions.sort_unstable();
    occasions.dedup_by_key(|o| o.date);
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
    let levels = timeline(random, start, |r| level(r, service));
    facts.levels = of_scales(random, &levels, service);
    let sessions = 1 + random.byte(8);
    facts.grants = timeline(random, start, |r| grant(r, sessions));
    let scheduled = matches!(service, stockholm::OCCUPATION | stockholm::STUDY_CIRCLE) || random.chance(5);
    if scheduled {
        facts.schedules = timeline(random, start, |r| schedule(r, sessions));
    }
    facts.occasions = occasions(random, service, start);
    for (days, id) in intervals(random, start, 8).into_iter().zip(["a0", "a1"]) {
        let unit = OWN.on(service, days.first).map_or(PriceUnit::Month, |m| m.terms.unit);
        let unit = if random.chance(90) { unit } else { random.one(&[PriceUnit::Month, PriceUnit::Weekday]) };
        let agreement = Agreement { days, unit, price: price(random, 500_000), approved: random.chance(80) };
        facts.agreements.set(days, Known { id: crate::support::id(id), ..Known::stated(agreement) });
    }
    let transitions = if service == stockholm::DAILY_ACTIVITIES_LSS { 30 } else { 2 };
    while facts.transitions.len() < 2 && random.chance(transitions) {
        let job_start = random.after(plus_days(start, -200), 260);
        let support_end = random.chance(50).then(|| random.after(job_start, 400));
        let to = if random.chance(90) { TransitionTo::Work } else { TransitionTo::Studies };
        let back = Outcome::Returned(random.after(job_start, 300));
        let outcome = random.chance(50).then(|| random.one(&[Outcome::Left, back]));
        facts.transitions.push(Known::stated(Transition { job_start, to, support_end, outcome }));
        let mut month = job_start;
        for _ in 0..8 {
            if random.chance(80) {
                facts.visits.push(Known::stated(random.after(month, 30)));
            }
            month = plus_days(month, 30);
        }
    }
    facts.transitions.sort_by_key(|known| known.value);
    facts.visits.sort_by_key(|known| known.value);
    while facts.absences.len() < 3 && random.chance(20) {
        let first = random.after(start, 100);
        facts.absences.push(Known::stated(Interval::new(first, random.after(first, 40)).unwrap()));
    }
    facts.absences.sort_by_key(|known| known.value);
    while facts.special.len() < 2 && random.chance(15) {
        let first = random.after(plus_days(start, -20), 100);
        let days = Interval::new(first, random.after(first, 120)).unwrap();
        let special = Special { days, amount: price(random, 2_000_000), applied_on: first };
        facts.special.push(Known { id: id("SC"), ..Known::stated(special) });
    }
    for days in intervals(random, start, 15) {
        let cost = PremisesCost { days, per_month: price(random, 1_000_000), approved: random.chance(70) };
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
