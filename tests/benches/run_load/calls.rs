//! What a call costs beside one that does nothing: `tests/run cargo bench -p niva-journeys -- calls`.
//!
//! `CalculateCompensation` of a month takes turns with the health method of the same process of the executable, over the
//! same TCP connection, with the same token: what is compared is what the service does for it, not what a connection costs.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use niva_journeys::{
    values::{day, month},
    world::{Part, Role, Store, World},
};
use niva_proto::common::v1::{Level, Regime};
use niva_proto::payment::v1::{
    CalculateCompensationRequest, CaseRegimePeriod, CompensationCase, LevelPeriod,
    compensation_service_client::CompensationServiceClient,
};
use niva_rpc::client::Channel;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

/// Callers at once, calls of each in a round, and rounds: each round asks for health and for a month in turn.
const CALLERS: usize = 32;
const CALLS: usize = 150;
const ROUNDS: usize = 9;

/// Calls a second, and how long the slowest of a hundred took.
#[derive(Debug, Clone, Copy)]
struct Pace {
    a_second: f64,
    p99: Duration,
}

pub(crate) async fn measure() {
    let world = World::in_real_time(Store::Sqlite).await;
    let channel = world.channel_with(Part::Payment, Role::CaseOfficer);
    let (mut health, mut months) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let asked = (alive(&channel).await, priced(&channel).await);
        // The first is for warming up.
        if round > 0 {
            health.push(asked.0);
            months.push(asked.1);
        }
    }
    println!("\n{CALLERS} callers, {ROUNDS} rounds of {} calls, over TCP:", CALLERS * CALLS);
    let (health, months) = (median(health), median(months));
    for (what, pace) in [("health", health), ("CalculateCompensation", months)] {
        println!("  {what}: {:.0} calls/s, p99 {:?}", pace.a_second, pace.p99);
    }
    println!(
        "  {:.2} of health's calls a second; p99 {:.2} times health's",
        months.a_second / health.a_second,
        months.p99.as_secs_f64() / health.p99.as_secs_f64()
    );
    world.close().await;
}

async fn alive(channel: &Channel) -> Pace {
    at_once(|| {
        let mut client = HealthClient::new(channel.clone());
        async move {
            let asked = HealthCheckRequest { service: String::new() };
            client.check(asked).await.unwrap();
        }
    })
    .await
}

async fn priced(channel: &Channel) -> Pace {
    at_once(|| {
        let mut client = CompensationServiceClient::new(channel.clone());
        async move {
            let asked = CalculateCompensationRequest {
                case: Some(case()),
                first_month: Some(month("2024-03")),
                last_month: Some(month("2024-03")),
            };
            let answer = client.calculate_compensation(asked).await.unwrap().into_inner();
            assert!(!answer.lines.is_empty(), "{answer:?}");
        }
    })
    .await
}

/// Somebody in supported housing since 2023, with one level.
fn case() -> CompensationCase {
    let since = day("2023-01-01");
    CompensationCase {
        service: niva_names::stockholm::SUPPORTED_HOUSING.into(),
        ordered_start: since,
        actual_start: since,
        levels: vec![LevelPeriod { valid_from: since, level: Some(Level { value: 2 }), points: None }],
        regimes: vec![CaseRegimePeriod { valid_from: since, regime: Regime::Municipal.into() }],
        buyer_district: "Farsta".to_owned(),
        unit_district: "Bromma".to_owned(),
        ..CompensationCase::default()
    }
}

/// Everybody calls, each one call after another.
async fn at_once<F: Future<Output = ()>>(call: impl Fn() -> F) -> Pace {
    let call = &call;
    let began = Instant::now();
    let each = join_all((0..CALLERS).map(|_| async move {
        let mut took = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let began = Instant::now();
            call().await;
            took.push(began.elapsed());
        }
        took
    }))
    .await;
    let all = began.elapsed().as_secs_f64();
    let mut took: Vec<Duration> = each.into_iter().flatten().collect();
    took.sort_unstable();
    let calls = u32::try_from(took.len()).unwrap();
    Pace { a_second: f64::from(calls) / all, p99: took[took.len() * 99 / 100] }
}

/// The round in the middle by calls a second, and the p99 in the middle.
fn median(rounds: Vec<Pace>) -> Pace {
    let (mut paces, mut slow): (Vec<f64>, Vec<Duration>) =
        rounds.into_iter().map(|round| (round.a_second, round.p99)).unzip();
    paces.sort_by(f64::total_cmp);
    slow.sort_unstable();
    Pace { a_second: paces[paces.len() / 2], p99: slow[slow.len() / 2] }
}
