//! Backup and restore by the runbook's own commands: what was paid is there, an altered line is found, and the services
//! go on and pay nothing twice.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use niva_journeys::{
    process, repository_root, steps,
    world::{Part, World},
};
use niva_names::stockholm;
use niva_proto::payment::v1::{ControlTotals, payment_run::State};
use niva_testing::POSTGRES;

use super::Operator;

/// The shipped city.
async fn import(world: &World) {
    let folder = repository_root().join("services/city/data/stockholm");
    let output = process::run(crate::processes::import_arguments(world, &folder)).await;
    assert!(output.status.success(), "{}", process::words(&output));
}

async fn pay(world: &World, month: &str) -> ControlTotals {
    let run = steps::run(world, month).await;
    assert_eq!(run.state(), State::Calculated, "{run:?}");
    steps::approve(world, &run).await.control.unwrap()
}

/// April, by services that are started on these databases.
async fn pay_april(urls: [String; 3]) -> ControlTotals {
    let world = World::processes_on(urls).await;
    world.set_day("2024-05-02");
    world.feeds_caught_up().await;
    let control = pay(&world, "2024-04").await;
    world.close().await;
    control
}

/// Tells of people who are granted support and placed nowhere, so that nobody is paid for them; never ends.
async fn tell_on(world: &World, told: &AtomicUsize) {
    loop {
        let person = format!("meanwhile-{}", told.load(Ordering::Relaxed));
        let service = stockholm::SUPPORTED_HOUSING;
        steps::person_with_grant(world, &person, service, "Farsta", "2024-03-01").await;
        told.fetch_add(1, Ordering::Relaxed);
    }
}

/// March is paid, and backed up while the services run and are told of more.
async fn paid_and_backed_up(operator: &Operator, urls: [String; 3], how: &str) -> ControlTotals {
    let world = World::processes_on(urls).await;
    world.set_day("2024-04-02");
    import(&world).await;
    world.feeds_caught_up().await;
    let march = pay(&world, "2024-03").await;
    let told = AtomicUsize::new(0);
    tokio::select! {
        () = tell_on(&world, &told) => {}
        _ = operator.follows(how) => {}
    }
    assert!(told.load(Ordering::Relaxed) > 3, "{told:?} people were told of meanwhile");
    world.close().await;
    march
}

/// The restored copy goes on as the undisturbed one does; both pay April once.
async fn go_on_alike(march: &ControlTotals, undisturbed: [String; 3], restored: [String; 3]) {
    let expected = pay_april(undisturbed).await;
    let april = pay_april(restored).await;
    assert_eq!(april, expected);
    assert!(march.lines > 1_000 && april.lines > 1_000, "{march:?} {april:?}");
    assert_eq!(
        (april.reversals, april.lines_sha256.len()),
        (0, 64),
        "nothing of March is paid again: {april:?}"
    );
    assert_eq!(april.earlier_months.unwrap_or_default().ore, 0, "nothing of March is paid again");
}

/// An amount of March, raised by an öre.
const ALTER: &str = "UPDATE payment_line SET amount = amount + 1 WHERE run_no = 1 AND line_no = 7";

async fn assert_found(operator: &Operator, alter: &str, heading: &str) {
    let altered = operator.run(alter).await;
    assert!(altered.status.success(), "{}", process::words(&altered));
    let output = operator.run(&super::commands(heading)).await;
    let words = process::words(&output);
    assert!(!output.status.success() && words.contains("run 2024-03.1"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_is_restored_on_postgres() {
    assert!(std::env::var_os(POSTGRES).is_some());
    let operator = Operator::new();
    operator.follows("Make the databases").await;
    let march = paid_and_backed_up(&operator, operator.urls("SERVE", "NAME"), "Back up PostgreSQL").await;
    operator.follows("Restore PostgreSQL").await;
    operator.follows("Verify PostgreSQL").await;
    go_on_alike(&march, operator.urls("SERVE", "NAME"), operator.urls("SERVE", "RESTORED")).await;
    operator.follows("Verify PostgreSQL").await;
    let alter = format!(
        "psql -X -q -v ON_ERROR_STOP=1 -c 'ALTER TABLE payment_line DISABLE TRIGGER USER' -c '{ALTER}' \
         -c 'ALTER TABLE payment_line ENABLE TRIGGER USER' \"$SERVER/${{RESTORED}}_payment\""
    );
    assert_found(&operator, &alter, "Verify PostgreSQL").await;
}

fn files(folder: &str) -> [String; 3] {
    Part::ALL.map(|service| {
        format!("sqlite://{}?mode=rwc", Path::new(folder).join(format!("{}.db", service.name())).display())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_is_restored_on_sqlite() {
    let operator = Operator::new();
    let (data, restored) = (files(operator.is("DATA")), files(operator.is("RESTORED_DATA")));
    std::fs::create_dir(operator.is("DATA")).unwrap();
    for (service, url) in Part::ALL.iter().zip(&data) {
        let migrated = process::run(["migrate", service.name(), "--database-url", url]).await;
        assert!(migrated.status.success(), "{}", process::words(&migrated));
    }
    let march = paid_and_backed_up(&operator, data.clone(), "Back up SQLite").await;
    operator.follows("Restore SQLite").await;
    operator.follows("Verify SQLite").await;
    go_on_alike(&march, data, restored).await;
    operator.follows("Verify SQLite").await;
    let alter =
        format!("sqlite3 \"$RESTORED_DATA/payment.db\" 'DROP TRIGGER payment_line_no_update; {ALTER}'");
    assert_found(&operator, &alter, "Verify SQLite").await;
}
