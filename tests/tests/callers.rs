//! Nobody does what they may not: no token, a stale or foreign one, a wrong role, one's own run.

use chrono::Duration;
use niva_access::{Caller, LocalIssuer};
use niva_base::Clock;
use niva_journeys::{
    process, steps,
    values::new_request,
    world::{Part, Role, Store, World},
};
use niva_names::stockholm;
use niva_proto::{
    assessment::v1::{GetPersonRequest, ListPersonsRequest, person_service_client::PersonServiceClient},
    common::v1::Regime,
    payment::v1::{ApprovePaymentRunRequest, CreatePaymentRunRequest},
};
use niva_rpc::client::Credentials;
use niva_testing::requests::assessment::record_person;
use tonic::{Code, Status};

async fn list_with(world: &World, credentials: Credentials) -> Result<(), Status> {
    let mut client = PersonServiceClient::new(world.channel(Part::Assessment, credentials));
    client.list_persons(ListPersonsRequest::default()).await.map(|_| ())
}

fn reason(status: &Status) -> String {
    niva_rpc::reason(status).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_good_token_opens() {
    let world = World::memory(Store::Sqlite).await;
    world.set_day("2024-03-01");
    let (now, officer) = (Clock::system().now(), Caller::new("officer", [Role::CaseOfficer]));
    let token = |from: Duration| world.issuer().token(&officer, Duration::minutes(10), now + from).unwrap();
    list_with(&world, Credentials::bearer(token(Duration::zero()))).await.unwrap();

    let foreign = tempfile::tempdir().unwrap();
    let foreign = LocalIssuer::open_or_create(foreign.path()).unwrap();
    let bent = {
        let good = token(Duration::zero());
        let (head, signature) = good.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        format!("{head}.{first}{}", &signature[1..])
    };
    let refused = [
        (Credentials::none(), "TOKEN_MISSING"),
        (Credentials::bearer("nonsense"), "TOKEN_INVALID"),
        (Credentials::bearer(token(-Duration::hours(1))), "TOKEN_EXPIRED"),
        (Credentials::bearer(foreign.token(&officer, Duration::minutes(10), now).unwrap()), "TOKEN_INVALID"),
        (Credentials::bearer(bent), "TOKEN_INVALID"),
    ];
    for (credentials, expected) in refused {
        let status = list_with(&world, credentials.clone()).await.unwrap_err();
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (Code::Unauthenticated, expected),
            "{credentials:?}"
        );
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_does_its_own_work_alone() {
    let world = World::memory(Store::Sqlite).await;
    let register = || record_person(steps::living("", "Farsta"));
    for role in [Role::Analyst, Role::Auditor, Role::Provider, Role::FinanceMaker, Role::FinanceApprover] {
        let refused = world.assessment(role).persons.record_person(register()).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::PermissionDenied, "ROLE_MISSING"),
            "{role}"
        );
    }
    let mut officer = world.assessment(Role::CaseOfficer);
    let registered = officer.persons.record_person(register()).await.unwrap().into_inner().person.unwrap();
    let request = GetPersonRequest { person_id: registered.person_id.clone(), as_of: None };
    let read =
        world.assessment(Role::Auditor).persons.get_person(request.clone()).await.unwrap().into_inner();
    assert_eq!(read.person, Some(registered));
    let refused = world.assessment(Role::FinanceMaker).persons.get_person(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "ROLE_MISSING"));
    let run = CreatePaymentRunRequest { request_id: new_request(), ..CreatePaymentRunRequest::default() };
    for role in [Role::CaseOfficer, Role::Assessor, Role::FinanceApprover, Role::Analyst] {
        let refused = world.payment(role).runs.create_payment_run(run.clone()).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::PermissionDenied, "ROLE_MISSING"),
            "{role}"
        );
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_what_they_made() {
    let world = World::memory(Store::Sqlite).await;
    world.set_day("2024-04-02");
    steps::unit(&world, "unit", stockholm::SUPPORTED_HOUSING, "Farsta", Regime::Municipal, 1).await;
    world.feeds_caught_up().await;
    let run = steps::run(&world, "2024-03").await;
    let approve = || ApprovePaymentRunRequest {
        request_id: new_request(),
        payment_run_id: run.payment_run_id.clone(),
        amount: run.control.as_ref().and_then(|control| control.amount),
        lines_sha256: run.control.as_ref().map(|control| control.lines_sha256.clone()).unwrap_or_default(),
        repriced: run.control.as_ref().and_then(|control| control.repriced),
    };
    // The maker with another token is still the maker; the two roles are never in one token; without the role it does not
    // even come to that.
    let (one, both) = ([Role::FinanceApprover], [Role::FinanceMaker, Role::FinanceApprover]);
    let refused = world.payment_as(&run.maker, &one).runs.approve_payment_run(approve()).await.unwrap_err();
    assert_eq!(reason(&refused), "SAME_PERSON", "{refused:?}");
    let refused = world.payment_as("anybody", &both).runs.approve_payment_run(approve()).await.unwrap_err();
    assert_eq!(reason(&refused), "TOKEN_INVALID", "{refused:?}");
    let refused = world.payment(Role::FinanceMaker).runs.approve_payment_run(approve()).await.unwrap_err();
    assert_eq!(reason(&refused), "ROLE_MISSING", "{refused:?}");
    let answer = world.payment_as("somebody-else", &one).runs.approve_payment_run(approve()).await.unwrap();
    let approved = answer.into_inner().payment_run.unwrap();
    assert_eq!((approved.maker.as_str(), approved.approver.as_str()), (run.maker.as_str(), "somebody-else"));
    world.close().await;
}

/// The local issuer's key opens everything to whoever reads it: such a service is for this machine alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_without_an_issuer_stays_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
    let keys = folder.path().display().to_string();
    for role in ["assessment", "choice", "payment"] {
        let database = ["--database-url", &url, "--issuer-dir", &keys];
        let output = process::run(["serve", role, "--listen", "0.0.0.0:0"].into_iter().chain(database)).await;
        assert_eq!(output.status.code(), Some(64), "{}", process::words(&output));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("0.0.0.0") && told.contains("issuer"), "{}", process::words(&output));
    }
}
