//! A text with a NUL, which one database keeps and the other does not, is refused alike wherever it stands.

use niva_journeys::{
    steps,
    world::{Role, Store, World},
};
use niva_proto::{
    assessment::v1::{GetPersonRequest, ListPersonsRequest},
    choice::v1::{LapseOffersRequest, ListOffersRequest},
    payment::v1::CreatePaymentRunRequest,
};
use niva_testing::requests::assessment::record_person;
use tonic::{Code, Status};

fn assert_refused<T: std::fmt::Debug>(answer: Result<T, Status>, field: &str) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(niva_rpc::reason(&status).as_deref(), Some("FIELD_INVALID"));
    assert_eq!(niva_rpc::reasons(&status), ["FIELD_INVALID"]);
    let fields: Vec<String> = niva_rpc::violations(&status).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, [field]);
}

async fn refuses(store: Store) {
    let world = World::memory(store).await;
    let (mut officer, mut choice) = (world.assessment(Role::CaseOfficer), world.choice(Role::CaseOfficer));
    let person = steps::living("a\0b", "Farsta");
    let request = record_person(person);
    assert_refused(officer.persons.record_person(request).await, "person.person_id");
    let request = GetPersonRequest { person_id: "\0".to_owned(), as_of: None };
    assert_refused(officer.persons.get_person(request).await, "person_id");
    let request = ListPersonsRequest { page_token: "x\0".to_owned(), ..Default::default() };
    assert_refused(officer.persons.list_persons(request).await, "page_token");
    let request = ListOffersRequest { page_token: "\0".to_owned(), ..Default::default() };
    assert_refused(choice.offers.list_offers(request).await, "page_token");
    let request = LapseOffersRequest { request_id: "\0".to_owned(), ..Default::default() };
    assert_refused(choice.offers.lapse_offers(request).await, "request_id");
    let request = CreatePaymentRunRequest { request_id: "r\0".to_owned(), ..Default::default() };
    let mut maker = world.payment(Role::FinanceMaker);
    assert_refused(maker.runs.create_payment_run(request).await, "request_id");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nul_is_refused_on_sqlite() {
    refuses(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nul_is_refused_on_postgres() {
    refuses(Store::Postgres).await;
}
