//! Random histories of many people, told in steps with runs between: in the end each day is paid what one run from scratch
//! pays, and whoever counts again finds nothing.
//!
//! A ledger that fails names its seed; with `NIVA_SEED=SEED` its test plays that one alone. With `NIVA_LEDGERS=10` each test plays
//! ten of them: those on SQLite are then ten thousand people.

use std::collections::BTreeSet;

use niva_proto::payment::v1::{self as pb, payment_run::State};
use niva_testing::TestDb;

use crate::common::history::history;
use crate::common::steps::{Dice, History, MODELS, Told};
use crate::common::teller::Teller;
use crate::common::{Start, World, another, day};

/// The months that are run, after each step one.
const MONTHS: [(i32, i32); 5] = [(2024, 11), (2024, 12), (2025, 1), (2025, 2), (2025, 3)];

/// A test that plays a ledger of so many people.
macro_rules! ledgers {
    ($($name:ident: $database:ident, $seed:literal, $people:literal;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            play(&TestDb::$database().await, $seed, $people).await;
        }
    )+};
}

/// A thousand people on SQLite, three hundred on PostgreSQL, where a round trip costs more than a call into a file. Each
/// ledger is a test of its own, so that they run side by side.
mod each_day_is_paid_what_one_run_would_pay {
    use super::*;

    ledgers! {
        sqlite_1: sqlite, 1, 200;
        sqlite_2: sqlite, 2, 200;
        sqlite_3: sqlite, 3, 200;
        sqlite_4: sqlite, 4, 200;
        sqlite_5: sqlite, 5, 200;
        postgres_1: postgres, 6, 150;
        postgres_2: postgres, 7, 150;
    }
}

/// A number of the environment.
fn given(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no whole number")))
}

/// Plays a ledger, and as many more as are asked for, each with a seed of its own.
async fn play(db: &TestDb, seed: u64, people: u32) {
    let ledgers = given("NIVA_LEDGERS").unwrap_or(1);
    let seeds = given("NIVA_SEED")
        .map_or_else(|| (0..ledgers).map(|more| seed + 1_000 * more).collect(), |seed| vec![seed]);
    for seed in seeds {
        let (step_db, whole_db) = (another(db).await, another(db).await);
        let played = tokio::spawn(async move { ledger(&step_db, &whole_db, seed, people).await }).await;
        assert!(played.is_ok(), "NIVA_SEED={seed} plays it again: {:?}", played.err());
    }
}

async fn ledger(step_db: &TestDb, whole_db: &TestDb, seed: u64, people: u32) {
    let (history, mut dice) = (history(seed, people), Dice::new(seed + 1_000_000));
    let start = |cases_per_part| Start {
        today: day(2025, 4, 20),
        opening: Some("2024-11".parse().unwrap()),
        cases_per_part,
        catalogue: MODELS.clone(),
        ..Start::default()
    };
    let (step, whole) = (World::start(step_db, start(37)).await, World::start(whole_db, start(5_000)).await);
    in_steps(&step, &history, &mut dice).await;
    at_once(&whole, &history).await;
    let (lines, at_once) = (lines(&step).await, lines(&whole).await);
    assert_eq!(standing(&lines), standing(&at_once));
    assert_all_kinds(&lines);
    for world in [&step, &whole] {
        let verified = niva_payment::verify(&world.db).await.unwrap();
        assert_eq!(verified.findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    }
    step.stop().await;
    whole.stop().await;
}

/// Tells a history and makes a run after each step; some are looked at and discarded first.
async fn in_steps(world: &World, history: &History, dice: &mut Dice) {
    let mut teller = Teller::new(world);
    let mut corrected = 0;
    for (step, (year, month)) in history.steps.iter().zip(MONTHS) {
        if dice.once_in(3) {
            let early = world.calculated(year, month).await;
            world.discard(&early).await.unwrap();
        }
        teller.step(step).await;
        let run = world.paid(year, month).await;
        corrected += run.control.unwrap().reversals;
    }
    assert!(corrected > 0, "nothing is corrected");
}

/// Tells what stands in the end, the feeds backwards, and makes one run of it.
async fn at_once(world: &World, history: &History) {
    let assessed = history.steps.iter().flat_map(|step| &step.assessed).rev().cloned();
    world.assessed(&assessed.collect::<Vec<_>>()).await;
    let chosen = history.steps.iter().flat_map(|step| &step.chosen).rev().cloned();
    world.chosen(&chosen.collect::<Vec<_>>()).await;
    let told: Vec<Told> = history.in_the_end.clone();
    Teller::new(world).told(&told).await;
    world.paid(2025, 3).await;
}

/// A history that has nothing of a kind proves nothing of it.
fn assert_all_kinds(lines: &[pb::PaymentLine]) {
    let components: BTreeSet<i32> = lines.iter().map(|line| line.component).collect();
    assert_eq!(components.len(), 6, "{components:?}");
    let models: BTreeSet<&str> = lines.iter().map(|line| line.model_id.as_str()).collect();
    for model in [
        "daily-activities-2024",
        "daily-activities-2025",
        "lss-housing-2023",
        "occupation-2022",
        "socialpsychiatry-2010",
    ] {
        assert!(models.contains(model), "nothing is paid by {model}");
    }
    assert!(models.iter().any(|by| by.starts_with("IA-")), "no agreement is paid");
}

/// The lines of approved runs.
async fn lines(world: &World) -> Vec<pb::PaymentLine> {
    let request = pb::ListPaymentRunsRequest::default();
    let runs = world.maker().runs.list_payment_runs(request).await.unwrap().into_inner().payment_runs;
    let mut all = Vec::new();
    for run in runs.iter().filter(|run| run.state() == State::Approved) {
        all.extend(world.lines_in_pages(run, 1_000).await);
    }
    all
}

/// What lines pay that no other took back, without their place in the ledger and what they stood on when they were first
/// paid.
fn standing(all: &[pb::PaymentLine]) -> Vec<String> {
    let gone: BTreeSet<&str> =
        all.iter().filter(|l| l.reversal).map(|l| l.corrects_line_id.as_str()).collect();
    let standing = all.iter().filter(|l| !l.reversal && !gone.contains(l.payment_line_id.as_str()));
    let content = standing.map(|line| {
        let line = pb::PaymentLine {
            payment_line_id: String::new(),
            payment_run_id: String::new(),
            corrects_line_id: String::new(),
            cause: String::new(),
            stands_on: Vec::new(),
            ..line.clone()
        };
        format!("{line:?}")
    });
    let mut content: Vec<_> = content.collect();
    content.sort();
    content
}
