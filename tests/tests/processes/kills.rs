//! `kill -9` of any service, during the import, while the feeds run, and while a month is being run: what is paid in
//! the end is, to the byte of the lines' fingerprint, what is paid where nothing happens.

use niva_testing::requests::payment::create_run;
use std::{ops::Range, path::Path, time::Duration};

use niva_journeys::{
    process, repository_root, steps,
    values::{month, new_request},
    world::{Part, Role, Store, World},
};
use niva_proto::payment::v1::{
    ControlTotals, CreatePaymentRunRequest, GetPaymentRunRequest, PaymentRun, payment_run::State,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::import_arguments;

/// Kills in each of the three phases.
const KILLS: usize = 3;

/// When and whom to kill; nothing at all without a seed.
struct Fate {
    chance: Option<ChaCha8Rng>,
}

impl Fate {
    fn new(seed: Option<u64>) -> Self {
        Self { chance: seed.map(ChaCha8Rng::seed_from_u64) }
    }

    fn kills(&self) -> usize {
        if self.chance.is_some() { KILLS } else { 0 }
    }

    fn millis(&mut self, range: Range<u64>) -> Duration {
        let chance = self.chance.as_mut().expect("only asked when there is one");
        Duration::from_millis(chance.random_range(range))
    }

    fn of(&mut self, services: &[Part]) -> Part {
        let chance = self.chance.as_mut().expect("only asked when there is one");
        services[chance.random_range(0..services.len())]
    }

    /// Lets some time pass, and kills one of these and starts it again.
    async fn strike(&mut self, world: &mut World, services: &[Part], when: Range<u64>) {
        let (after, whom) = (self.millis(when), self.of(services));
        tokio::time::sleep(after).await;
        println!("killing {} after {after:?}", whom.name());
        world.restart(whom).await;
    }
}

/// The shipped city; an import that was cut off is made again, and does nothing twice.
async fn import(world: &mut World, fate: &mut Fate, city: &Path) {
    for _ in 0..fate.kills() {
        let mut import = process::command(import_arguments(world, city)).spawn().unwrap();
        fate.strike(world, &Part::ALL, 50..2_500).await;
        let ended = import.wait().await.unwrap();
        println!("the import ended with {ended}");
    }
    let output = process::run(import_arguments(world, city)).await;
    assert!(output.status.success(), "{}", process::words(&output));
}

async fn state(world: &World, id: &str) -> PaymentRun {
    let request = GetPaymentRunRequest { payment_run_id: id.to_owned() };
    let answer = world.payment(Role::FinanceMaker).runs.get_payment_run(request).await.unwrap();
    answer.into_inner().payment_run.unwrap()
}

async fn run_march(world: &mut World, fate: &mut Fate) -> ControlTotals {
    let request_id = new_request();
    let request = CreatePaymentRunRequest { request_id, ..create_run(month("2024-03")) };
    let create = || world.payment(Role::FinanceMaker).runs;
    let created = loop {
        // Choice was killed a moment ago: until payment hears it again, nobody knows whether all is told.
        match create().create_payment_run(request.clone()).await {
            Err(status) if niva_rpc::reason(&status).as_deref() == Some("FEED_BEHIND") => {}
            created => break created.unwrap(),
        }
    };
    let id = created.into_inner().payment_run.unwrap().payment_run_id;
    for _ in 0..fate.kills() {
        fate.strike(world, &[Part::Payment], 0..1_000).await;
        println!("the run stands at {:?}", state(world, &id).await.job.map(|job| job.done));
    }
    let run = steps::finished(world, &id).await;
    assert_eq!(run.state(), State::Calculated, "{run:?}");
    let again = world.payment(Role::FinanceMaker).runs.create_payment_run(request).await.unwrap();
    assert_eq!(again.into_inner().payment_run.unwrap().payment_run_id, id, "asked twice, made once");
    steps::approve(world, &run).await.control.unwrap()
}

async fn paid(store: Store, seed: Option<u64>) -> ControlTotals {
    let mut fate = Fate::new(seed);
    let mut world = World::processes(store).await;
    world.set_day("2024-04-02");
    let city = repository_root().join("services/city/data/stockholm");
    import(&mut world, &mut fate, &city).await;
    for _ in 0..fate.kills() {
        fate.strike(&mut world, &Part::ALL, 0..500).await;
    }
    world.feeds_caught_up().await;
    let control = run_march(&mut world, &mut fate).await;
    world.close().await;
    control
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_they_pay_the_same() {
    let seed = super::seed();
    let expected = paid(Store::Sqlite, None).await;
    assert!(expected.lines > 1_000 && expected.lines_sha256.len() == 64, "{expected:?}");
    assert_eq!(paid(Store::Sqlite, Some(seed)).await, expected, "on SQLite, NIVA_TEST_SEED={seed}");
    assert_eq!(paid(Store::Postgres, Some(seed + 1)).await, expected, "on PostgreSQL, NIVA_TEST_SEED={seed}");
}
