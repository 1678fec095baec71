//! What takes too long for every change: `tests/run long`. Each prints its figures, for `tests/RESULTS.md`.

use std::time::Instant;

use niva_calendar::plus_days;
use niva_journeys::{
    steps,
    values::{day, new_request},
    world::{Part, Role, Store, World},
};
use niva_names::stockholm;
use niva_payment::feed::apply_choice;
use niva_proto::{
    assessment::v1 as assessment,
    choice::v1::{self as choice, choice_feed_event, placement},
    common::v1::{FactInfo, Import, Regime, WatchEnd, fact_info, job},
    payment::v1 as payment,
};
use niva_testing::values::on;
use tonic::Code;

/// As many as an import may have.
const RECORDS: usize = 1_000_000;
/// What a service may take for it.
const MEMORY: u64 = 256 << 20;

const MIB: u64 = 1 << 20;

/// The only import, when it has ended.
macro_rules! ended {
    ($imports:ident, $pb:ident) => {{
        let all = $pb::ListImportsRequest::default();
        let all = $imports.list_imports(all).await.unwrap().into_inner().imports;
        let [import] = &all[..] else { panic!("{all:?}") };
        'ended: loop {
            let watch = $pb::WatchImportRequest { import_id: import.import_id.clone() };
            let mut progress = $imports.watch_import(watch).await.unwrap().into_inner();
            while let Some(told) = progress.message().await.unwrap() {
                if told.end() == WatchEnd::Job {
                    break 'ended told.import.unwrap();
                }
            }
            // The stream came of age: it is taken up again.
        }
    }};
}

/// Sends a million records of a kind over the wire to a process of its own, waits until they took effect, and holds the memory that
/// the process ever had against the bound.
macro_rules! million {
    ($world:ident, $what:literal, $pb:ident, $part:expr, $clients:ident, $record:expr) => {{
        let before = $world.peak_memory($part);
        let records = (0..RECORDS).map(move |n| $pb::CreateImportRequest {
            request_id: if n == 0 { new_request() } else { String::new() },
            origin: format!("{}:{n}", $what),
            record: Some($record(n)),
            ..Default::default()
        });
        let started = Instant::now();
        let mut imports = $world.$clients(Role::Importer).imports;
        let import: Import = match imports.create_import(tokio_stream::iter(records)).await {
            Ok(answer) => answer.into_inner().import.unwrap(),
            // A call has its time; what has come goes on without it.
            Err(status) if status.code() == Code::DeadlineExceeded => ended!(imports, $pb),
            Err(status) => panic!("{status:?}"),
        };
        let took = started.elapsed();
        let peak = $world.peak_memory($part);
        println!(
            "{RECORDS} {} in {} s, {} a second; most memory {} MiB, {} MiB before",
            $what,
            took.as_secs(),
            RECORDS as u128 * 1_000 / took.as_millis().max(1),
            peak / MIB,
            before / MIB,
        );
        assert_eq!((import.job.unwrap().state(), import.created), (job::State::Done, 1_000_000));
        assert!(peak < MEMORY, "{} MiB", peak / MIB);
    }};
}

/// People, in assessment.
async fn persons(store: Store) {
    let world = World::processes(store).await;
    million!(world, "persons", assessment, Part::Assessment, assessment, |n| {
        assessment::create_import_request::Record::Person(steps::living(&format!("P-{n:07}"), "Farsta"))
    });
    let some = assessment::ListPersonsRequest { page_size: 1, ..Default::default() };
    let found = world.assessment(Role::Auditor).persons.list_persons(some).await.unwrap().into_inner();
    assert_eq!(found.persons[0].person_id, "P-0000000");
    world.close().await;
}

/// Providers, in choice.
async fn providers(store: Store) {
    let world = World::processes(store).await;
    million!(world, "providers", choice, Part::Choice, choice, |n| {
        let (provider_id, name) = (format!("PR-{n:07}"), format!("Utförare {n}"));
        choice::create_import_request::Record::Provider(choice::Provider { provider_id, name, info: None })
    });
    world.close().await;
}

/// Placements, in one unit since 2014.
const PLACEMENTS: usize = 400;

fn placed() -> Vec<choice::ChoiceFeedEvent> {
    let told =
        || Some(FactInfo { revision: 1, state: fact_info::State::Stands.into(), ..FactInfo::default() });
    let unit = choice::Unit {
        unit_id: "U-1".into(),
        name: "Lönnen".into(),
        service: stockholm::SUPPORTED_HOUSING.into(),
        periods: vec![choice::UnitPeriod {
            valid_from: day("2014-01-01"),
            provider_id: "PR-1".into(),
            district: "Farsta".into(),
            regime: Regime::Municipal.into(),
            capacity: 1_000,
            orientation: String::new(),
        }],
        info: told(),
    };
    let placements = (0..PLACEMENTS).map(|n| choice::Placement {
        placement_id: format!("PL-{n:03}"),
        grant_id: format!("GR-{n:03}"),
        person_id: format!("P-{n:03}"),
        service: stockholm::SUPPORTED_HOUSING.into(),
        unit_id: "U-1".into(),
        state: placement::State::Started.into(),
        ordered_start: day("2014-01-01"),
        actual_start: day("2014-01-01"),
        info: told(),
        ..choice::Placement::default()
    });
    let event = |fact| choice::ChoiceFeedEvent { info: None, fact: Some(fact) };
    std::iter::once(event(choice_feed_event::Fact::Unit(unit)))
        .chain(placements.map(|placement| event(choice_feed_event::Fact::Placement(placement))))
        .collect()
}

/// Evenings of seven years, in payment.
async fn occasions(store: Store) {
    let world = World::processes(store).await;
    world.set_day("2024-05-02");
    let (placed, now) = (&placed(), world.clock().now());
    let told = world.database(Part::Payment);
    told.write(|tx| Box::pin(async move { apply_choice(tx, placed, now).await })).await.unwrap();
    let first = niva_testing::values::day(2014, 2, 1);
    million!(world, "occasions", payment, Part::Payment, payment, |n| {
        payment::create_import_request::Record::Occasion(payment::Occasion {
            occasion_id: format!("OC-{n:07}"),
            placement_id: format!("PL-{:03}", n % PLACEMENTS),
            date: on(plus_days(first, i64::try_from(n / PLACEMENTS).unwrap())),
            component: payment::Component::EveningNight.into(),
            count: 1,
            info: None,
        })
    });
    world.close().await;
}

macro_rules! on_each {
    ($($name:ident: $of:ident, $store:ident;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $of(Store::$store).await;
        }
    )+};
}

on_each! {
    a_million_persons_are_imported_in_bounded_memory_on_sqlite: persons, Sqlite;
    a_million_persons_are_imported_in_bounded_memory_on_postgres: persons, Postgres;
    a_million_providers_are_imported_in_bounded_memory_on_sqlite: providers, Sqlite;
    a_million_providers_are_imported_in_bounded_memory_on_postgres: providers, Postgres;
    a_million_occasions_are_imported_in_bounded_memory_on_sqlite: occasions, Sqlite;
    a_million_occasions_are_imported_in_bounded_memory_on_postgres: occasions, Postgres;
}

/// Seven hundred and eighty megabytes in one import, of records as long as they may be and of which none is right, are taken in
/// and refused within the memory that a small machine has, and others are answered meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_of_780_megabytes_is_held_in_bounded_memory() {
    const LENGTH: usize = 60_000;
    const COUNT: usize = 780_000_000 / LENGTH;
    let world = World::processes(Store::Sqlite).await;
    let before = world.peak_memory(Part::Assessment);
    let records = (0..COUNT).map(|n| assessment::CreateImportRequest {
        request_id: if n == 0 { new_request() } else { String::new() },
        record: Some(assessment::create_import_request::Record::Person(steps::living(
            &format!("{n}-{}", "x".repeat(LENGTH)),
            "Farsta",
        ))),
        ..Default::default()
    });
    let started = Instant::now();
    let mut importer = world.assessment(Role::Importer).imports;
    let mut sender = importer.clone();
    let sending = tokio::spawn(async move { sender.create_import(tokio_stream::iter(records)).await });
    let mut answered = 0;
    while !sending.is_finished() {
        let some = assessment::ListPersonsRequest { page_size: 1, ..Default::default() };
        world.assessment(Role::Auditor).persons.list_persons(some).await.unwrap();
        answered += 1;
    }
    let import = match sending.await.unwrap() {
        Ok(answer) => answer.into_inner().import.unwrap(),
        Err(status) if status.code() == Code::DeadlineExceeded => ended!(importer, assessment),
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
