//! How fast a whole run is: `tests/run cargo bench -p niva-journeys` (release, with a throw-away PostgreSQL).
//!
//! Placements are told to payment through its feeds; then a month is run and timed, on SQLite and PostgreSQL, beside the
//! time that PostgreSQL's own COPY takes for the very same rows. `RESULTS.md` keeps what came out.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a benchmark prints figures of speed, and stops where it cannot go on"
)]

use std::time::{Duration, Instant};

use niva_journeys::{
    steps,
    values::{day, from},
    world::{Role, Service, Store, World},
};
use niva_kit::{
    Database, OpError,
    feed::{self, NewEvent},
};
use niva_proto::{
    assessment::v1::{AssessmentEvent, Grant, LevelDecision, ScopePeriod, assessment_event, level_decision},
    choice::v1::{CapacityPeriod, ChoiceEvent, Placement, RegimePeriod, Unit, choice_event, placement},
    common::v1::{Extent, GrantScope, Level, Regime, ServiceType},
    payment::v1::{GetPaymentRunRequest, PaymentRun},
};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

const UNITS: usize = 300;
const EVENTS_AT_ONCE: usize = 5_000;

/// Services, levels that they have, and how their rate is counted: days, weekdays, months.
const SERVICES: [(ServiceType, usize); 4] = [
    (ServiceType::DailyActivitiesLss, 7),
    (ServiceType::SupportedHousing, 3),
    (ServiceType::HousingWithSpecialService, 3),
    (ServiceType::HousingSupport, 3),
];
const REGIMES: [Regime; 3] = [Regime::Municipal, Regime::Contracted, Regime::Private];
const DISTRICTS: [&str; 4] = ["Farsta", "Bromma", "Järva", "Södermalm"];

#[tokio::main]
async fn main() {
    println!("{}", machine());
    for placements in [10_000, 100_000] {
        for store in [Store::Sqlite, Store::Postgres] {
            measure(store, placements).await;
        }
    }
}

async fn measure(store: Store, placements: usize) {
    let world = World::memory(store).await;
    let started = Instant::now();
    tell(&world, placements).await;
    hear(&world).await;
    println!("\n{store:?}, {placements} placements (told and heard in {})", seconds(started.elapsed()));
    for month in ["2024-03", "2024-04"] {
        world.set_day(if month == "2024-03" { "2024-04-02" } else { "2024-05-02" });
        forget_peak();
        let started = Instant::now();
        let run = timed_run(&world, month).await;
        let took = started.elapsed();
        let control = run.control.clone().unwrap();
        assert_eq!(control.placements, i64::try_from(placements).unwrap());
        println!(
            "  run {month}: {} lines, {} holds in {}: {} lines/s, {} placements/s, peak memory {}",
            control.lines,
            control.holds,
            seconds(took),
            per_second(control.lines, took),
            per_second(control.placements, took),
            peak(),
        );
        if store == Store::Postgres {
            copy(world.database_url(Service::Payment), &run.payment_run_id, took).await;
        }
        steps::approve(&world, &run).await;
    }
    world.close().await;
}

/// Polled rather than watched: what is timed is the run.
async fn timed_run(world: &World, month: &str) -> PaymentRun {
    let run = steps::run(world, month).await;
    let request = GetPaymentRunRequest { payment_run_id: run.payment_run_id };
    let answer = world.payment(Role::FinanceMaker).get_payment_run(request).await.unwrap();
    answer.into_inner().payment_run.unwrap()
}

/// Writes units, grants, levels and placements into the feeds, as if long imports had been there.
async fn tell(world: &World, placements: usize) {
    let (assessment, choice) = (world.database(Service::Assessment), world.database(Service::Choice));
    append(choice, (0..UNITS).map(unit).collect()).await;
    for first in (0..placements).step_by(EVENTS_AT_ONCE) {
        let people = first..(first + EVENTS_AT_ONCE).min(placements);
        append(assessment, people.clone().flat_map(|n| [grant(n), level(n)]).collect()).await;
        append(choice, people.map(placed).collect()).await;
    }
}

/// Waits as long as it takes: a hundred thousand are more than a test's patience.
async fn hear(world: &World) {
    let (assessment, choice) = world.newest_positions().await;
    loop {
        let (levels, placements) = world.payment_feeds().await;
        assert!(
            levels.last_error.is_empty() && placements.last_error.is_empty(),
            "{levels:?} {placements:?}"
        );
        if levels.applied_position >= assessment && placements.applied_position >= choice {
            return;
        }
        niva_journeys::world::look_again().await;
    }
}

async fn append(db: &Database, events: Vec<NewEvent>) {
    let (events, now) = (&events, niva_kit::morning("2024-03-01".parse().unwrap()));
    db.write(|tx| {
        Box::pin(async move { feed::append(tx, events.clone(), now).await.map_err(OpError::from) })
    })
    .await
    .unwrap();
}

fn service(n: usize) -> ServiceType {
    SERVICES[n % SERVICES.len()].0
}

/// A unit of the person's own service.
fn unit_of(n: usize) -> usize {
    (n / SERVICES.len() * SERVICES.len()) % UNITS + n % SERVICES.len()
}

fn unit(n: usize) -> NewEvent {
    let unit = Unit {
        unit_id: format!("unit-{n:04}"),
        provider_id: format!("provider-{:03}", n / 3),
        name: format!("Verksamhet {n}"),
        service: service(n).into(),
        district: DISTRICTS[n / 7 % DISTRICTS.len()].to_owned(),
        regimes: vec![RegimePeriod {
            valid_from: day("2020-01-01"),
            regime: REGIMES[n / 4 % REGIMES.len()].into(),
        }],
        capacities: vec![CapacityPeriod { valid_from: day("2020-01-01"), places: 100_000 }],
        revision: 1,
    };
    let event = ChoiceEvent { fact: Some(choice_event::Fact::Unit(unit)) };
    NewEvent::new("unit", format!("unit-{n:04}"), &event)
}

fn grant(n: usize) -> NewEvent {
    let extent = if n.is_multiple_of(3) { Extent::PartTime } else { Extent::FullTime };
    let scope = GrantScope {
        extent: extent.into(),
        personal_assistance: n.is_multiple_of(20),
        ..GrantScope::default()
    };
    let grant = Grant {
        grant_id: format!("grant-{n:06}"),
        person_id: format!("person-{n:06}"),
        service: service(n).into(),
        district: DISTRICTS[n % DISTRICTS.len()].to_owned(),
        valid: from("2024-01-01"),
        scopes: vec![ScopePeriod { valid_from: day("2024-01-01"), scope: Some(scope) }],
        revision: 1,
    };
    let event = AssessmentEvent { fact: Some(assessment_event::Fact::Grant(grant)) };
    NewEvent::new("grant", format!("grant-{n:06}"), &event)
}

fn level(n: usize) -> NewEvent {
    let value = i32::try_from(n / SERVICES.len() % SERVICES[n % SERVICES.len()].1 + 1).unwrap();
    let decision = LevelDecision {
        level_decision_id: format!("level-{n:06}"),
        person_id: format!("person-{n:06}"),
        service: service(n).into(),
        level: Some(Level { value }),
        valid_from: day("2024-01-01"),
        kind: level_decision::Kind::Stated.into(),
        decision_number: i64::try_from(n).unwrap() + 1,
        ..LevelDecision::default()
    };
    let event = AssessmentEvent { fact: Some(assessment_event::Fact::LevelDecision(decision)) };
    NewEvent::new("level_decision", format!("level-{n:06}"), &event)
}

/// One in ten leaves in the middle of March, with vacancy to follow.
fn placed(n: usize) -> NewEvent {
    let leaves = n.is_multiple_of(10);
    let state = if leaves { placement::State::Ended } else { placement::State::Started };
    let placement = Placement {
        placement_id: format!("placement-{n:06}"),
        grant_id: format!("grant-{n:06}"),
        person_id: format!("person-{n:06}"),
        service: service(n).into(),
        unit_id: format!("unit-{:04}", unit_of(n)),
        state: state.into(),
        ordered_start: day("2024-02-05"),
        actual_start: day("2024-02-05"),
        notice_date: leaves.then(|| day("2024-03-10")).flatten(),
        end_date: leaves.then(|| day("2024-03-15")).flatten(),
        revision: 1,
    };
    let event = ChoiceEvent { fact: Some(choice_event::Fact::Placement(placement)) };
    NewEvent::new("placement", format!("placement-{n:06}"), &event)
}

/// What PostgreSQL's COPY takes for the run's rows, into a table of the same shape.
async fn copy(url: &str, run: &str, took: Duration) {
    let mut db = PgConnection::connect(url).await.unwrap();
    let number = sqlx::query("SELECT run_no FROM payment_run WHERE payment_run_id = $1").bind(run);
    let number: i32 = number.fetch_one(&mut db).await.unwrap().get(0);
    let select =
        format!("COPY (SELECT * FROM payment_line WHERE run_no = {number} ORDER BY line_no) TO STDOUT");
    let mut rows = Vec::new();
    {
        use futures_util::TryStreamExt as _;
        let mut out = db.copy_out_raw(&select).await.unwrap();
        while let Some(chunk) = out.try_next().await.unwrap() {
            rows.extend_from_slice(&chunk);
        }
    }
    for (what, like) in [("without indexes", ""), ("with its indexes", "INCLUDING INDEXES")] {
        let table = format!("CREATE TABLE bare (LIKE payment_line {like})");
        db.execute(sqlx::AssertSqlSafe(table)).await.unwrap();
        let started = Instant::now();
        let mut into = db.copy_in_raw("COPY bare FROM STDIN").await.unwrap();
        into.send(rows.as_slice()).await.unwrap();
        into.finish().await.unwrap();
        let bare = started.elapsed();
        let times = took.as_secs_f64() / bare.as_secs_f64();
        println!("    COPY of the same rows, {what}: {}; ratio = {times:.2}", seconds(bare));
        db.execute("DROP TABLE bare").await.unwrap();
    }
}

fn per_second(count: i64, took: Duration) -> String {
    let per_second = f64::from(i32::try_from(count).unwrap_or(i32::MAX)) / took.as_secs_f64();
    format!("{per_second:.0}")
}

fn seconds(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    format!("{seconds:.2} s")
}

/// Starts the peak anew; without the right to, it stays that of the whole process.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process held at once.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().to_owned())
}

fn machine() -> String {
    let read = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZeroUsize::get);
    let (model, memory) = (read("/proc/cpuinfo", "model name"), read("/proc/meminfo", "MemTotal"));
    format!("{model}, {cores} cores, {memory} memory")
}
