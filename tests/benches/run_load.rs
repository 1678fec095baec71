//! How fast a whole run is: `tests/run cargo bench -p niva-journeys` (release, with a throw-away PostgreSQL).
//!
//! A city's placements are told to payment in the words of its feeds. Then March 2024 is run by the service, called as a
//! finance system would call it, on SQLite and PostgreSQL, beside the time that PostgreSQL's own COPY takes for the
//! very same rows; then April, with facts that came late. `RESULTS.md` keeps what came out.
//!
//! `… --bench run_load -- postgres 100000` measures one of them. Each is measured by a process of its own, so that the peak
//! of one's memory is not that of another.
#![allow(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a benchmark prints figures of speed, and stops where it cannot go on"
)]

#[path = "run_load/attacks.rs"]
mod attacks;
#[path = "run_load/audit.rs"]
mod audit;
#[path = "run_load/calls.rs"]
mod calls;
#[path = "run_load/copy.rs"]
mod copy;
#[path = "run_load/history.rs"]
mod history;
#[path = "run_load/machine.rs"]
mod machine;
#[path = "run_load/population.rs"]
mod population;

use std::process::Command;
use std::time::{Duration, Instant};

use niva_base::OpError;
use niva_journeys::{
    steps,
    values::new_request,
    world::{Part, Role, Store, World},
};
use niva_payment::feed::{apply_assessment, apply_choice};
use niva_proto::{
    assessment::v1::AssessmentFeedEvent,
    choice::v1::ChoiceFeedEvent,
    payment::v1::{DiscardPaymentRunRequest, PaymentRun},
};

/// Placements, and how often their first month is run.
const SIZES: [usize; 2] = [10_000, 100_000];
const ROUNDS: usize = 3;
/// Histories of ten years: where, and of how many people at a time.
const HISTORIES: [(&str, &str); 4] =
    [("sqlite", "2000"), ("postgres", "2000"), ("sqlite", "20000"), ("postgres", "20000")];
/// People told of in one transaction.
const AT_ONCE: usize = 5_000;

fn main() {
    // `… -- history postgres 2000` measures ten years of months.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    if let [store, placements] = &asked[..] {
        let store = if store == "sqlite" { Store::Sqlite } else { Store::Postgres };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(measure(store, placements.parse().unwrap()));
        return;
    }
    // `… -- audit` measures what the audit trail costs, `… -- attacks` what attacks cost everybody else, `… -- calls` what a call
    // does beside one that does nothing.
    if let [part] = &asked[..] {
        println!("{}", machine::described());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        match part.as_str() {
            "audit" => runtime.block_on(audit::measure()),
            "attacks" => runtime.block_on(attacks::measure()),
            "calls" => runtime.block_on(calls::measure()),
            other => panic!("there is no part {other}: audit, attacks, calls"),
        }
        return;
    }
    if let [part, store, people] = &asked[..] {
        assert_eq!(part, "history", "there is no other part");
        let store = if store == "sqlite" { Store::Sqlite } else { Store::Postgres };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(history::measure(store, people.parse().unwrap()));
        return;
    }
    println!("{}", machine::described());
    for (store, people) in HISTORIES {
        let this = std::env::current_exe().unwrap();
        let status = Command::new(this).args(["history", store, people]).status().unwrap();
        assert!(status.success(), "ten years of {people} people on {store}: {status}");
    }
    for placements in SIZES {
        for store in ["sqlite", "postgres"] {
            let this = std::env::current_exe().unwrap();
            let status = Command::new(this).args([store, &placements.to_string()]).status().unwrap();
            assert!(status.success(), "{store} with {placements} placements: {status}");
        }
    }
}

async fn measure(store: Store, placements: usize) {
    let world = World::memory(store).await;
    let started = Instant::now();
    let facts = tell(&world, placements).await;
    println!(
        "\n{store:?}, {placements} placements: {facts} facts taken in in {}",
        seconds(started.elapsed())
    );

    if store == Store::Postgres {
        println!("  {}", copy::server(world.database_url(Part::Payment)).await);
    }
    world.set_day("2024-04-02");
    let mut rounds = Vec::new();
    let march = loop {
        let (run, took) = timed(&world, "2024-03", placements).await;
        rounds.push(took);
        if rounds.len() == ROUNDS {
            break run;
        }
        discard(&world, &run).await;
    };
    if store == Store::Postgres {
        copy::beside(world.database_url(Part::Payment), &march.payment_run_id, median(rounds)).await;
    }
    steps::approve(&world, &march).await;

    let late: Vec<AssessmentFeedEvent> = (0..placements).filter_map(population::late_level).collect();
    for levels in late.chunks(AT_ONCE) {
        hear(&world, levels, &[]).await;
    }
    println!("  {} levels that were decided late", late.len());
    world.set_day("2024-05-02");
    timed(&world, "2024-04", placements).await;
    world.close().await;
}

/// From the call that makes a run to the word that it is calculated.
async fn timed(world: &World, month: &str, placements: usize) -> (PaymentRun, Duration) {
    let (before, processor) = (machine::restart_peak(), machine::processor_seconds());
    let started = Instant::now();
    let run = steps::run(world, month).await;
    let took = started.elapsed();
    let processor = machine::processor_seconds() - processor;
    let control = run.control.clone().unwrap();
    assert_eq!(control.placements, i64::try_from(placements).unwrap(), "{run:?}");
    println!(
        "  run of {month}: {} ({processor:.2} s of processor time), {} placements/s, {} lines/s ({} lines, {} of them reversals, {} holds; SHA-256 {}…); \
         memory {before} before, {} at most",
        seconds(took),
        per_second(control.placements, took),
        per_second(control.lines, took),
        control.lines,
        control.reversals,
        control.holds,
        control.lines_sha256.get(..8).unwrap_or_default(),
        machine::peak(),
    );
    (run, took)
}

async fn discard(world: &World, run: &PaymentRun) {
    let request = DiscardPaymentRunRequest {
        request_id: new_request(),
        payment_run_id: run.payment_run_id.clone(),
        reason: "measured again".to_owned(),
    };
    world.payment(Role::FinanceMaker).runs.discard_payment_run(request).await.unwrap();
}

/// Tells payment of units, grants, levels and placements, as its feeds would.
async fn tell(world: &World, placements: usize) -> usize {
    let units: Vec<ChoiceFeedEvent> = population::units().collect();
    hear(world, &[], &units).await;
    let mut facts = units.len();
    for first in (0..placements).step_by(AT_ONCE) {
        let some = first..(first + AT_ONCE).min(placements);
        let people: Vec<AssessmentFeedEvent> = some.clone().flat_map(population::person).collect();
        let placed: Vec<ChoiceFeedEvent> = some.map(population::placed).collect();
        facts += people.len() + placed.len();
        hear(world, &people, &placed).await;
    }
    facts
}

async fn hear(world: &World, assessment: &[AssessmentFeedEvent], choice: &[ChoiceFeedEvent]) {
    let now = world.clock().now();
    let told = world.database(Part::Payment).write(|tx| {
        Box::pin(async move {
            apply_assessment(tx, assessment, now).await?;
            apply_choice(tx, choice, now).await?;
            Ok::<_, OpError>(())
        })
    });
    told.await.unwrap();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn per_second(count: i64, took: Duration) -> String {
    let per_second = f64::from(i32::try_from(count).unwrap_or(i32::MAX)) / took.as_secs_f64();
    format!("{per_second:.0}")
}

fn seconds(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    format!("{seconds:.3} s")
}
