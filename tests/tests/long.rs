//! What takes too long for every change: `tests/run long`. Each prints its figures, for `tests/RESULTS.md`.

use std::time::Instant;

use niva_journeys::{
    steps,
    values::new_request,
    world::{Part, Role, Store, World},
};
use niva_proto::{
    assessment::v1::{
        CreateImportRequest, ListImportsRequest, ListPersonsRequest, WatchImportRequest,
        create_import_request::Record,
    },
    common::v1::{Import, WatchEnd, job},
};
use tonic::Code;

/// As many as an import may have.
const RECORDS: usize = 1_000_000;
/// What a service may take for it.
const MEMORY: u64 = 256 << 20;

const MIB: u64 = 1 << 20;

/// The only import, when it has ended.
async fn ended(world: &World) -> Import {
    let mut importer = world.assessment(Role::Importer).imports;
    let all = importer.list_imports(ListImportsRequest::default()).await.unwrap().into_inner().imports;
    let [import] = &all[..] else { panic!("{all:?}") };
    loop {
        let watch = WatchImportRequest { import_id: import.import_id.clone() };
        let mut progress = importer.watch_import(watch).await.unwrap().into_inner();
        while let Some(told) = progress.message().await.unwrap() {
            if told.end() == WatchEnd::Job {
                return told.import.unwrap();
            }
        }
        // The stream came of age: it is taken up again.
    }
}

/// A million persons in one import, sent over the wire to a process of its own, take effect within the memory that a small
/// machine has.
async fn a_million_records_are_imported(store: Store) {
    let world = World::processes(store).await;
    let before = world.peak_memory(Part::Assessment);
    let persons = (0..RECORDS).map(|n| CreateImportRequest {
        request_id: if n == 0 { new_request() } else { String::new() },
        origin: format!("persons.csv:{n}"),
        record: Some(Record::Person(steps::living(&format!("P-{n:07}"), "Farsta"))),
        ..Default::default()
    });
    let started = Instant::now();
    let mut importer = world.assessment(Role::Importer).imports;
    let import = match importer.create_import(tokio_stream::iter(persons)).await {
        Ok(answer) => answer.into_inner().import.unwrap(),
        // A call has its time; what has come goes on without it.
        Err(status) if status.code() == Code::DeadlineExceeded => ended(&world).await,
        Err(status) => panic!("{status:?}"),
    };
    let took = started.elapsed();
    let peak = world.peak_memory(Part::Assessment);
    println!(
        "{store:?}: {RECORDS} records in {} s, {} a second; most memory {} MiB, {} MiB before",
        took.as_secs(),
        RECORDS as u128 * 1_000 / took.as_millis().max(1),
        peak / MIB,
        before / MIB,
    );
    assert_eq!((import.job.unwrap().state(), import.created), (job::State::Done, 1_000_000));
    let some = ListPersonsRequest { page_size: 1, ..Default::default() };
    let found = world.assessment(Role::Auditor).persons.list_persons(some).await.unwrap().into_inner();
    assert_eq!(found.persons[0].person_id, "P-0000000");
    assert!(peak < MEMORY, "{} MiB", peak / MIB);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_records_are_imported_in_bounded_memory_on_sqlite() {
    a_million_records_are_imported(Store::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_records_are_imported_in_bounded_memory_on_postgres() {
    a_million_records_are_imported(Store::Postgres).await;
}

/// Seven hundred and eighty megabytes in one import, of records as long as they may be and of which none is right, are taken in
/// and refused within the memory that a small machine has, and others are answered meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_of_780_megabytes_is_held_in_bounded_memory() {
    const LENGTH: usize = 60_000;
    const COUNT: usize = 780_000_000 / LENGTH;
    let world = World::processes(Store::Sqlite).await;
    let before = world.peak_memory(Part::Assessment);
    let records = (0..COUNT).map(|n| CreateImportRequest {
        request_id: if n == 0 { new_request() } else { String::new() },
        record: Some(Record::Person(steps::living(&format!("{n}-{}", "x".repeat(LENGTH)), "Farsta"))),
        ..Default::default()
    });
    let started = Instant::now();
    let mut importer = world.assessment(Role::Importer).imports;
    let sending = tokio::spawn(async move { importer.create_import(tokio_stream::iter(records)).await });
    let mut answered = 0;
    while !sending.is_finished() {
        let some = ListPersonsRequest { page_size: 1, ..Default::default() };
        world.assessment(Role::Auditor).persons.list_persons(some).await.unwrap();
        answered += 1;
    }
    let import = match sending.await.unwrap() {
        Ok(answer) => answer.into_inner().import.unwrap(),
        Err(status) if status.code() == Code::DeadlineExceeded => ended(&world).await,
        Err(status) => panic!("{status:?}"),
    };
    let peak = world.peak_memory(Part::Assessment);
    println!(
        "780 MB in {} s, {answered} calls of others answered meanwhile; most memory {} MiB, {} MiB before",
        started.elapsed().as_secs(),
        peak / MIB,
        before / MIB,
    );
    assert_eq!((import.job.unwrap().state(), import.created), (job::State::Failed, 0));
    assert!(answered > 0 && peak < MEMORY, "{answered}, {} MiB", peak / MIB);
    world.close().await;
}
