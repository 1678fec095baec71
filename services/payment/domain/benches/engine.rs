//! How many placement-months a second the engine computes, on one thread, over a mixed population.
//!
//! `cargo bench -p niva-payment-domain`. Numbers are of the machine that it names.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    reason = "a benchmark prints what it measured by the real clock"
)]

use std::{hint::black_box, time::Instant};

use niva_calendar::{Interval, Month, NaiveDate, Timeline, date, plus_days};
use niva_models::{Catalogue, Extent, GrantScope, Level, Regime};
use niva_names::{DistrictId, ScaleId, ServiceKey, stockholm};
use niva_payment_domain::{
    Agreement, Engine, Granted, Known, LevelFact, LevelOn, Occasion, Owed, Phases, PlacementFacts,
    PremisesCost, Schedule, UnitPeriod,
};

const PLACEMENTS: u64 = 20_000;
const MONTHS: u32 = 12;
const ROUNDS: usize = 7;
const UNITS: u64 = 50;

/// What all placements share: the models, and the units, 50 for each regime and whether it is in the granting district.
struct World {
    catalogue: Catalogue,
    units: Vec<Timeline<UnitPeriod>>,
    /// The board that grants.
    district: DistrictId,
}

impl World {
    fn new() -> Self {
        let mut units = Vec::new();
        for regime in [Regime::Municipal, Regime::Contracted, Regime::Private] {
            for district in ["Farsta", "Skarpnäck"] {
                units.extend((0..UNITS).map(|number| {
                    let provider_id = format!("PR-{number}");
                    let at = UnitPeriod {
                        provider_id: provider_id.into(),
                        district: district.into(),
                        regime,
                        private_premises: false,
                    };
                    Timeline::of(Interval::from(date(2010, 1, 1).unwrap()), at)
                }));
            }
        }
        Self { catalogue: Catalogue::shipped().unwrap(), units, district: "Farsta".into() }
    }
}

/// Owned facts of a placement.
struct Placement {
    service: ServiceKey,
    start: NaiveDate,
    actual: Option<NaiveDate>,
    notice: Option<NaiveDate>,
    end: Option<NaiveDate>,
    unit: &'static Timeline<UnitPeriod>,
    levels: Timeline<LevelOn<'static>>,
    grants: Timeline<Known<'static, Granted<'static>>>,
    schedules: Timeline<Known<'static, Schedule>>,
    occasions: Vec<Known<'static, Occasion>>,
    agreements: Timeline<Known<'static, Agreement>>,
    premises_costs: Timeline<Known<'static, PremisesCost>>,
}

impl Placement {
    fn facts(&self) -> PlacementFacts<'_> {
        PlacementFacts {
            service: self.service,
            ordered_start: self.start,
            actual_start: self.actual,
            notice: self.notice,
            end: self.end,
            withdrawn: false,
            of_another: false,
            unit: self.unit,
            levels: &self.levels,
            grants: &self.grants,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &[],
            visits: &[],
            absences: &[],
            premises_costs: &self.premises_costs,
            special: &[],
        }
    }
}

/// SplitMix64: the same population on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn day(&mut self, from: NaiveDate, within: u64) -> NaiveDate {
        plus_days(from, i64::try_from(self.below(within)).unwrap())
    }
}

/// A year's placements: every service alike often; in a month about a tenth of them change level within it, some begin
/// or end, and in the year one in ten is given notice. The year is the newest that the service has amounts for.
fn placement(world: &'static World, random: &mut Random, number: u64) -> (Placement, Month) {
    let service = stockholm::SERVICES[usize::try_from(number % 8).unwrap()];
    let year = match service {
        stockholm::DAILY_ACTIVITIES_LSS => 2024,
        stockholm::SERVICE_HOUSING_LSS | stockholm::GROUP_HOUSING_LSS => 2023,
        // Both before and after sessions ended.
        stockholm::OCCUPATION if number % 16 < 8 => 2018,
        _ => 2020,
    };
    let january = date(year, 1, 1).unwrap();
    let top = if matches!(service, stockholm::DAILY_ACTIVITIES_LSS) { 7 } else { 3 };
    let scale = world
        .catalogue
        .on(service, january)
        .and_then(|m| m.terms.scale_id.as_ref())
        .unwrap_or_else(|| ScaleId::none());
    let level = |random: &mut Random| {
        let level = Level(1 + u8::try_from(random.below(top)).unwrap());
        LevelOn::of(Known::stated(LevelFact { level, points: Some(20), scale }))
    };
    let start = if random.below(10) == 0 { random.day(january, 300) } else { plus_days(january, -400) };
    let long = Interval::from(plus_days(january, -500));
    let mut levels = Timeline::of(long, level(random));
    for month in 0..MONTHS {
        if random.below(10) == 0 {
            let first = date(year, month + 1, 2).unwrap();
            levels.set(Interval::from(random.day(first, 26)), level(random));
        }
    }
    let notice = (random.below(10) == 0).then(|| random.day(start.max(january), 300));
    let never = notice.is_some() && random.below(10) == 0;
    let weeks = if service == stockholm::SUPPORTED_HOUSING { 52 } else { 0 };
    let occasions = (0..weeks).map(|week| Occasion { date: plus_days(january, week * 7 + 2), count: 1 });
    let sessions = match service {
        stockholm::OCCUPATION => Some([1, 0, 1, 0, 1]),
        stockholm::STUDY_CIRCLE => Some([0, 0, 1, 0, 0]),
        _ => None,
    };
    let scope = GrantScope {
        extent: Some(if random.below(2) == 0 { Extent::FullTime } else { Extent::PartTime }),
        hours_per_week: None,
        time_interval: Some(1),
        personal_assistance: random.below(25) == 0,
        sessions_per_week: sessions.map(|sessions: [u8; 5]| sessions.iter().sum()),
    };
    let granted = Granted { district: &world.district, scope };
    let at = random.below(3) * 2 + u64::from(random.below(4) == 0);
    let unit = &world.units[usize::try_from(at * UNITS + number % UNITS).unwrap()];
    let end = notice.filter(|_| !never).map(|n| random.day(n, 8));
    let there = |day: NaiveDate| !never && day >= start && end.is_none_or(|end| day <= end);
    let placement = Placement {
        service,
        start,
        actual: (!never).then_some(start),
        notice,
        end,
        unit,
        levels,
        grants: Timeline::of(long, Known::stated(granted)),
        schedules: sessions
            .map_or_else(Timeline::new, |sessions| Timeline::of(long, Known::stated(Schedule { sessions }))),
        occasions: occasions.filter(|o| there(o.date)).map(Known::stated).collect(),
        agreements: Timeline::new(),
        premises_costs: Timeline::new(),
    };
    (placement, Month::of(january))
}

/// The best and the middle of some rounds, in seconds.
fn measure(mut round: impl FnMut()) -> (f64, f64) {
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            round();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    (seconds[0], seconds[ROUNDS / 2])
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|l| l.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = std::process::Command::new("rustc").arg("--version").output();
    let rustc =
        rustc.map_or_else(|_| String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    format!("{}, {cores} cores, {rustc}", model.trim_start_matches([' ', '\t', ':']))
}

fn main() {
    let world: &'static World = Box::leak(Box::new(World::new()));
    let catalogue = &world.catalogue;
    let mut random = Random(1);
    let population: Vec<(Placement, Month)> =
        (0..PLACEMENTS).map(|number| placement(world, &mut random, number)).collect();
    let year = |january: Month| january.through(Month::new(january.year(), 12).unwrap());
    let mut engine = Engine::new(catalogue);
    let mut out = Owed::default();

    let (mut lines, mut holds) = (0, 0);
    for (placement, january) in &population {
        engine.owed_into(&placement.facts(), (*january, year(*january).last().unwrap()), &mut out);
        lines += out.lines.len();
        holds += out.holds.len();
    }
    let one = measure(|| {
        for (placement, january) in &population {
            let facts = placement.facts();
            for month in year(*january) {
                engine.owed_into(&facts, (month, month), &mut out);
                black_box(&out);
            }
        }
    });
    let twelve = measure(|| {
        for (placement, january) in &population {
            let december = Month::new(january.year(), 12).unwrap();
            engine.owed_into(&placement.facts(), (*january, december), &mut out);
            black_box(&out);
        }
    });
    let phases = measure(|| {
        for (placement, january) in &population {
            let facts = placement.facts();
            for _ in year(*january) {
                black_box(Phases::of(black_box(&facts), catalogue));
            }
        }
    });

    let months = u32::try_from(PLACEMENTS).unwrap() * MONTHS;
    println!("{}", machine());
    println!("{PLACEMENTS} placements x {MONTHS} months: {lines} lines, {holds} holds");
    let report = |what: &str, (best, middle): (f64, f64)| {
        let months = f64::from(months);
        println!(
            "{what}: {:.2} million placement-months/s (median of {ROUNDS}; best {:.2}), {:.0} ns each",
            months / middle / 1e6,
            months / best / 1e6,
            middle / months * 1e9
        );
    };
    report("one month a call", one);
    report("twelve months a call", twelve);
    println!("of one month a call, the phases (S to F, vacancy) take {:.0} %", phases.1 / one.1 * 100.0);
}
