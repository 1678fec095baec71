//! Imports of every service over the wire: an importer sees its own, watches it, and stops it while it comes in.

use niva_access::Caller;
use niva_journeys::{
    steps,
    values::{day, new_request},
    world::{Part, Role, Store, World},
};
use niva_proto::{
    assessment::v1 as assessment,
    choice::v1 as choice,
    common::v1::{Import, WatchEnd, job},
    payment::v1 as payment,
};
use niva_rpc::client::{Channel, Credentials};
use niva_testing::requests;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

/// Records that are set aside at a time.
const PART: usize = 1_000;

fn channel(world: &World, service: Part, subject: &str, role: Role) -> Channel {
    let caller = Caller::new(subject, [role]);
    world.channel(service, Credentials::minted(world.issuer(), caller))
}

fn state(import: &Import) -> job::State {
    import.job.as_ref().unwrap().state()
}

/// What every service does alike.
macro_rules! walk {
    ($world:ident, $pb:ident, $service:expr, $record:expr) => {{
        let record = $record;
        let messages = |count: usize| {
            let record = record.clone();
            (0..count).map(move |n| $pb::CreateImportRequest {
                request_id: if n == 0 { new_request() } else { String::new() },
                origin: format!("line {n}"),
                record: Some(record(n)),
                ..Default::default()
            })
        };
        let imports =
            |subject: &str, role| $pb::Clients::new(channel($world, $service, subject, role)).imports;
        let (mut own, mut other) = (imports("nightly", Role::Importer), imports("weekly", Role::Importer));
        let mut administrator = imports("adam", Role::Administrator);

        // One that comes in: the first part is set aside when it can be found, and more never comes.
        let (send, receive) = tokio::sync::mpsc::channel(1);
        let mut sender = own.clone();
        let coming = tokio::spawn(async move { sender.create_import(ReceiverStream::new(receive)).await });
        for message in messages(PART) {
            send.send(message).await.unwrap();
        }
        let list = $pb::ListImportsRequest { state: job::State::Running.into(), ..Default::default() };
        let found = loop {
            let found = own.list_imports(list.clone()).await.unwrap().into_inner().imports;
            if let Some(import) = found.into_iter().next() {
                break import;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(other.list_imports(list.clone()).await.unwrap().into_inner().imports, []);
        let watch = $pb::WatchImportRequest { import_id: found.import_id.clone() };
        let mut progress = own.watch_import(watch.clone()).await.unwrap().into_inner();
        let first = progress.next().await.unwrap().unwrap();
        assert_eq!(
            (first.end(), state(&first.import.unwrap())),
            (WatchEnd::Unspecified, job::State::Running)
        );
        let refused = other.watch_import(watch).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&refused).unwrap(), "NOT_FOUND");
        let (request_id, import_id) = (new_request(), found.import_id.clone());
        let cancel = $pb::CancelImportRequest { request_id, import_id, validate_only: false };
        let refused = other.cancel_import(cancel.clone()).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&refused).unwrap(), "NOT_FOUND");
        let answer = administrator.cancel_import(cancel.clone()).await.unwrap().into_inner();
        assert_eq!(state(answer.import.as_ref().unwrap()), job::State::Cancelled);
        assert_eq!(administrator.cancel_import(cancel).await.unwrap().into_inner(), answer);
        let last = progress.next().await.unwrap().unwrap();
        assert_eq!((last.end(), last.import.clone()), (WatchEnd::Job, answer.import.clone()));
        assert!(progress.next().await.is_none());
        // Its sender hears of it as soon as it has sent another part.
        for message in messages(PART).skip(1) {
            let _ = send.send(message).await;
        }
        let _ = send.send(messages(2).nth(1).unwrap()).await;
        assert_eq!(coming.await.unwrap().unwrap().into_inner().import, answer.import);

        // One that takes effect, or is refused as a whole: it has ended, and cannot be stopped.
        let ended =
            own.create_import(tokio_stream::iter(messages(2))).await.unwrap().into_inner().import.unwrap();
        let watch = $pb::WatchImportRequest { import_id: ended.import_id.clone() };
        let told: Vec<_> = own.watch_import(watch).await.unwrap().into_inner().collect().await;
        let [Ok(last)] = &told[..] else { panic!("{told:?}") };
        assert_eq!((last.end(), last.import.as_ref()), (WatchEnd::Job, Some(&ended)));
        let (request_id, import_id) = (new_request(), ended.import_id.clone());
        let cancel = $pb::CancelImportRequest { request_id, import_id, validate_only: false };
        let refused = own.cancel_import(cancel).await.unwrap_err();
        assert_eq!(niva_rpc::reason(&refused).unwrap(), "IMPORT_STATE");
        let all = own.list_imports($pb::ListImportsRequest::default()).await.unwrap().into_inner().imports;
        assert!(all.len() == 2 && all.contains(&ended) && all.contains(&answer.import.unwrap()), "{all:?}");
        state(&ended)
    }};
}

async fn every_service(store: Store) {
    let world = &World::memory(store).await;
    let person = |n: usize| {
        let person = steps::living(&format!("P-{n}"), "Farsta");
        assessment::create_import_request::Record::Person(person)
    };
    assert_eq!(walk!(world, assessment, Part::Assessment, person), job::State::Done);
    let provider = |n: usize| {
        let (provider_id, name) = (format!("PV-{n}"), "Utförare".to_owned());
        choice::create_import_request::Record::Provider(requests::choice::provider(&provider_id, &name))
    };
    assert_eq!(walk!(world, choice, Part::Choice, provider), job::State::Done);
    // Of a placement that nobody has heard of.
    let visit = |n: usize| {
        let (visit_id, placement_id) = (format!("V-{n}"), "none".to_owned());
        let visit = payment::Visit { visit_id, placement_id, date: day("2024-03-01"), info: None };
        payment::create_import_request::Record::Visit(visit)
    };
    assert_eq!(walk!(world, payment, Part::Payment, visit), job::State::Failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_importer_watches_and_stops_its_own_imports_on_sqlite() {
    every_service(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_importer_watches_and_stops_its_own_imports_on_postgres() {
    every_service(Store::Postgres).await;
}
