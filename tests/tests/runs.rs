//! Runs that want the same month.

use niva_journeys::{
    steps,
    values::{month, new_request},
    world::{Role, Store, World},
};
use niva_names::stockholm;
use niva_proto::{
    common::v1::Regime,
    payment::v1::{DiscardPaymentRunRequest, ListPaymentRunsRequest, PaymentRun, payment_run},
};
use niva_testing::requests::payment::create_run;
use tonic::Status;

const ATTEMPTS: usize = 6;

async fn create(world: &World, of: &str) -> Result<PaymentRun, Status> {
    let request = create_run(month(of));
    Ok(world
        .payment(Role::FinanceMaker)
        .runs
        .create_payment_run(request)
        .await?
        .into_inner()
        .payment_run
        .unwrap())
}

/// Started at once: one wins, the others are told why not.
async fn one_wins(store: Store) {
    let world = World::memory(store).await;
    steps::unit(&world, "unit", stockholm::SUPPORTED_HOUSING, "Farsta", Regime::Municipal, 1).await;
    world.set_day("2024-04-02");
    world.feeds_caught_up().await;
    let answers = futures_util::future::join_all((0..ATTEMPTS).map(|_| create(&world, "2024-03"))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1, "{won:?} {lost:?}");
    for refused in lost {
        let reason = niva_rpc::reason(&refused.unwrap_err()).unwrap_or_default();
        assert!(matches!(reason.as_str(), "RUN_IN_PROGRESS" | "MONTH_ALREADY_RUN"), "{reason}");
    }
    let winner = won.into_iter().next().unwrap().unwrap();
    let winner = steps::finished(&world, &winner.payment_run_id).await;

    // Discarded it pays nothing, and the month is open again; approved it is closed for good.
    let request = DiscardPaymentRunRequest {
        request_id: new_request(),
        payment_run_id: winner.payment_run_id,
        reason: "made too early".to_owned(),
    };
    world.payment(Role::FinanceMaker).runs.discard_payment_run(request).await.unwrap();
    let second = steps::run(&world, "2024-03").await;
    steps::approve(&world, &second).await;
    let refused = create(&world, "2024-03").await.unwrap_err();
    assert_eq!(niva_rpc::reason(&refused).as_deref(), Some("MONTH_ALREADY_RUN"), "{refused:?}");
    let list = ListPaymentRunsRequest::default();
    let runs =
        world.payment(Role::Auditor).runs.list_payment_runs(list).await.unwrap().into_inner().payment_runs;
    let states: Vec<_> = runs.iter().map(PaymentRun::state).collect();
    assert_eq!(states, [payment_run::State::Discarded, payment_run::State::Approved]);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_runs_started_at_once_one_wins_on_sqlite() {
    one_wins(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_runs_started_at_once_one_wins_on_postgres() {
    one_wins(Store::Postgres).await;
}
