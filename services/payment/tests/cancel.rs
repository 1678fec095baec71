//! A calculation that somebody stops: it leaves nothing that counts, and stands in nobody's way.

use niva_access::{Caller, Role};
use niva_names::stockholm;
use niva_proto::common::v1::{Regime, WatchEnd, job};
use niva_proto::payment::v1::{self as pb, payment_run::State};
use niva_testing::requests::payment::explain;
use tonic::Status;

use crate::common::city::{Person, unit};
use crate::common::{Start, World, day, reason};

/// People enough for many parts; every fifth has no level, and is held.
async fn settle(world: &World) {
    let (mut assessed, mut chosen) = (Vec::new(), vec![unit("U-1", "PR-1", "Farsta", Regime::Municipal)]);
    for n in 1..=150 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 1, 1 + n % 28));
        assessed.push(person.grant());
        if n % 5 > 0 {
            assessed.push(person.level(1, 1, person.start));
        }
        chosen.push(person.placed("U-1"));
    }
    world.assessed(&assessed).await;
    world.chosen(&chosen).await;
}

fn one_by_one() -> Start {
    Start { cases_per_part: 1, ..Start::default() }
}

fn request(request_id: &str, run: &str) -> pb::CancelPaymentRunRequest {
    let (request_id, payment_run_id) = (request_id.to_owned(), run.to_owned());
    pb::CancelPaymentRunRequest { request_id, payment_run_id, validate_only: false }
}

async fn cancel(world: &World, request: pb::CancelPaymentRunRequest) -> Result<pb::PaymentRun, Status> {
    let mut client = world.by(Caller::new("another-maker", [Role::FinanceMaker])).runs;
    Ok(client.cancel_payment_run(request).await?.into_inner().payment_run.unwrap())
}

/// Makes a run and waits until some of it is calculated; its progress goes on.
async fn under_way(world: &World) -> tonic::Streaming<pb::WatchPaymentRunResponse> {
    world.create(2024, 3).await.unwrap();
    let watch = pb::WatchPaymentRunRequest { payment_run_id: "2024-03.1".to_owned() };
    let mut progress = world.maker().runs.watch_payment_run(watch).await.unwrap().into_inner();
    loop {
        let told = progress.message().await.unwrap().unwrap();
        assert_eq!(told.end(), WatchEnd::Unspecified);
        if told.payment_run.unwrap().job.unwrap().done > 3 {
            return progress;
        }
    }
}

async fn get(world: &World) -> pb::PaymentRun {
    let request = pb::GetPaymentRunRequest { payment_run_id: "2024-03.1".to_owned() };
    world.maker().runs.get_payment_run(request).await.unwrap().into_inner().payment_run.unwrap()
}

niva_testing::on_both_databases! {
    async fn a_run_that_is_cancelled_pays_nothing_and_is_made_again(db: &TestDb) {
        let world = World::start(db, one_by_one()).await;
        settle(&world).await;
        let mut progress = under_way(&world).await;
        let rehearsal = pb::CancelPaymentRunRequest { validate_only: true, ..request("c-0", "2024-03.1") };
        assert!(cancel(&world, rehearsal).await.unwrap().job.unwrap().cancel_asked);
        assert!(!get(&world).await.job.unwrap().cancel_asked, "a rehearsal leaves nothing");
        let asked = cancel(&world, request("c-1", "2024-03.1")).await.unwrap();
        let job = asked.job.clone().unwrap();
        assert_eq!((asked.state(), job.state(), job.cancel_asked), (State::Calculating, job::State::Running, true));
        let last = loop {
            let told = progress.message().await.unwrap().unwrap();
            if told.end() != WatchEnd::Unspecified {
                break told;
            }
        };
        assert_eq!((last.end(), progress.message().await.unwrap()), (WatchEnd::Job, None));
        let run = last.payment_run.unwrap();
        let job = run.job.clone().unwrap();
        assert_eq!((run.state(), job.state(), run.control.clone()), (State::Cancelled, job::State::Cancelled, None));
        assert!(job.done > 3 && job.done < 150 && job.end_time.is_some() && job.cancel_asked, "{job:?}");
        assert_eq!((world.lines(&run).await, world.holds(&run).await), (vec![], vec![]));
        let line = explain("2024-03.1/1");
        assert_eq!(reason(&world.maker().lines.explain_payment_line(line).await.unwrap_err()), "NOT_FOUND");
        // The same request gets the same answer; another finds it cancelled.
        assert_eq!(cancel(&world, request("c-1", "2024-03.1")).await.unwrap(), asked);
        assert_eq!(cancel(&world, request("c-2", "2024-03.1")).await.unwrap(), run);
        assert_eq!(reason(&cancel(&world, request("c-1", "2024-03.2")).await.unwrap_err()), "REQUEST_ID_REUSED");
        for refused in [world.discard(&run).await.unwrap_err(), cancel(&world, request("c-3", "none")).await.unwrap_err()] {
            assert!(["RUN_STATE", "NOT_FOUND"].contains(&reason(&refused).as_str()), "{refused:?}");
        }
        // It stands in no other run's way, and what it had calculated is nobody's.
        let again = world.calculated(2024, 3).await;
        let control = again.control.clone().unwrap();
        assert_eq!((again.payment_run_id.as_str(), control.placements, control.lines, control.holds), ("2024-03.2", 150, 120, 30));
        world.approve(&again).await.unwrap();
        let april = world.paid(2024, 4).await;
        assert_eq!((april.control.unwrap().reversals, world.lines(&run).await.len()), (0, 0));
        let verified = niva_payment::verify(&world.db).await.unwrap();
        assert_eq!((verified.runs, verified.findings), (3, vec![]));
        let again = world.repeat(&get(&world).await).await.unwrap_err();
        assert_eq!(reason(&again), "RUN_STATE", "nothing was calculated that could be again");
        world.stop().await;
    }

    async fn what_is_calculated_cannot_be_cancelled(db: &TestDb) {
        let world = World::new(db).await;
        settle(&world).await;
        let refused = |request_id: &'static str, id: &'static str| {
            let world = &world;
            async move {
                let refused = cancel(world, request(request_id, id)).await.unwrap_err();
                (reason(&refused), niva_rpc::metadata(&refused, "state").unwrap())
            }
        };
        let state = |name: &str| ("RUN_STATE".to_owned(), name.to_owned());
        let run = world.calculated(2024, 3).await;
        assert_eq!(refused("c-1", "2024-03.1").await, state("calculated"));
        world.discard(&run).await.unwrap();
        assert_eq!(refused("c-2", "2024-03.1").await, state("discarded"));
        world.paid(2024, 3).await;
        assert_eq!(refused("c-3", "2024-03.2").await, state("approved"));
        let mut approver = world.approver().runs;
        let refused = approver.cancel_payment_run(request("c-4", "2024-03.2")).await.unwrap_err();
        assert_eq!(reason(&refused), "ROLE_MISSING");
        world.stop().await;
    }

    async fn a_server_that_stops_says_so_and_the_run_goes_on_in_the_next(db: &TestDb) {
        let world = World::start(db, one_by_one()).await;
        settle(&world).await;
        let mut progress = under_way(&world).await;
        world.stop().await;
        let last = loop {
            let told = progress.message().await.unwrap().unwrap();
            if told.end() != WatchEnd::Unspecified {
                break told;
            }
        };
        let state = last.payment_run.as_ref().unwrap().state();
        assert_eq!((last.end(), state, progress.message().await.unwrap()), (WatchEnd::Server, State::Calculating, None));
        let world = World::new(db).await;
        let run = world.settled("2024-03.1").await;
        assert_eq!((run.state(), run.control.unwrap().placements), (State::Calculated, 150));
        world.stop().await;
    }

    async fn a_wish_to_stop_outlives_its_process(db: &TestDb) {
        let world = World::start(db, one_by_one()).await;
        settle(&world).await;
        let progress = under_way(&world).await;
        drop(progress);
        let asked = cancel(&world, request("c-1", "2024-03.1")).await.unwrap();
        assert!(asked.job.unwrap().cancel_asked);
        world.stop().await;
        let world = World::start(db, one_by_one()).await;
        assert_eq!(world.settled("2024-03.1").await.state(), State::Cancelled);
        assert_eq!(world.calculated(2024, 3).await.payment_run_id, "2024-03.2");
        world.stop().await;
    }
}
