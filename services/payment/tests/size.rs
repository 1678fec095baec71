//! What a long life takes on disk.
#![expect(clippy::print_stdout, reason = "the figure is what is wanted")]

use niva_access::{Caller, Role};
use niva_calendar::{Month, NaiveDate, plus_days};
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;
use niva_testing::TestDb;
use niva_testing::requests::payment::record_occasions;
use niva_testing::values::on;
use sea_orm::{ConnectionTrait, Statement};

use crate::common::city::{Person, placed, unit};
use crate::common::{World, day};

/// As choice makes ids, and as issuers name people.
const PLACEMENT: &str = "3f2b8c0e9d7a41659e1c0b4a7d5f8e23";
const SUBJECT: &str = "8d0c1f6e-52b7-4c39-9a44-1e7f3b2d6c05";

/// Bytes of all tables with their indexes, and those of the audit trail among them.
async fn bytes(db: &TestDb) -> [i64; 2] {
    let conn = db.conn();
    let run = |sql: &'static str| Statement::from_string(conn.get_database_backend(), sql);
    let sql = if db.is_postgres() {
        conn.execute_raw(run("VACUUM FULL")).await.unwrap();
        "SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) AS bytes, \
         CAST(SUM(CASE WHEN relname LIKE 'audit%' THEN pg_total_relation_size(oid) END) AS BIGINT) AS audit \
         FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    } else {
        conn.execute_raw(run("VACUUM")).await.unwrap();
        "SELECT SUM(pgsize) AS bytes, SUM(CASE WHEN tbl_name LIKE 'audit%' THEN pgsize ELSE 0 END) AS audit \
         FROM dbstat LEFT JOIN sqlite_schema ON sqlite_schema.name = dbstat.name"
    };
    let row = conn.query_one_raw(run(sql)).await.unwrap().unwrap();
    ["bytes", "audit"].map(|column| row.try_get("", column).unwrap())
}

/// A city in which much was told before: numbers are long, and no table is empty.
async fn settled(db: &TestDb) -> World {
    let world = World::new(db).await;
    db.conn().execute_unprepared("UPDATE fact_counter SET last_number = 50000000").await.unwrap();
    // No instant is a whole second.
    world.clock.advance(chrono::Duration::microseconds(123_456));
    world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal)]).await;
    let other = Person::new(2, stockholm::SUPPORTED_HOUSING, day(2014, 3, 1));
    move_in(&world, &other, &other.placement_id()).await;
    report(&world, &other.placement_id(), &[other.start]).await;
    world
}

async fn move_in(world: &World, person: &Person, placement_id: &str) {
    world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
    let placement_id = placement_id.to_owned();
    world
        .chosen(&[placed(niva_proto::choice::v1::Placement { placement_id, ..person.placement("U-1") })])
        .await;
}

/// Occasions in one call.
async fn report(world: &World, placement_id: &str, days: &[NaiveDate]) {
    let provider = Caller { provider: Some("PR-1".to_owned()), ..Caller::new(SUBJECT, [Role::Provider]) };
    let occasions = days.iter().map(|day| pb::Occasion {
        placement_id: placement_id.to_owned(),
        date: on(*day),
        component: pb::Component::EveningNight.into(),
        count: 1,
        ..Default::default()
    });
    let request = record_occasions(occasions.collect());
    world.by(provider).occasions.record_occasions(request).await.unwrap();
}

/// A person who is reported for first: the rest then takes what it takes, whatever pages were begun before.
async fn moved_in(world: &World, reported: &[NaiveDate]) {
    move_in(world, &Person::new(1, stockholm::SUPPORTED_HOUSING, day(2014, 3, 1)), PLACEMENT).await;
    for day in reported.chunks(1) {
        report(world, PLACEMENT, day).await;
    }
}

fn days(count: i64) -> Vec<NaiveDate> {
    (0..count).map(|n| plus_days(day(2014, 3, 1), n)).collect()
}

niva_testing::on_both_databases! {
    /// As a provider reports them, each month's at once; all counted that is kept of the person, but for the audit trail, which
    /// is kept for a time of its own.
    async fn ten_years_of_daily_occasions_take_less_than_a_megabyte(db: &TestDb) {
        let world = settled(db).await;
        let before = bytes(db).await;
        moved_in(&world, &[]).await;
        let days = days(3_652);
        for month in days.chunk_by(|a, b| Month::of(*a) == Month::of(*b)) {
            report(&world, PLACEMENT, month).await;
        }
        let after = bytes(db).await;
        let [all, audit] = [0, 1].map(|of| after[of] - before[of]);
        let taken = all - audit;
        println!("{taken} bytes, {} an occasion, and {audit} bytes of the audit trail", taken / 3_652);
        assert!(taken < 1_000_000, "{taken} bytes");
        world.stop().await;
    }

    /// Each call is kept, so that it can be answered again. It is also in the audit trail.
    async fn an_occasion_in_a_call_of_its_own_takes_what_both_take(db: &TestDb) {
        let world = settled(db).await;
        let days = days(1_100);
        let (first, rest) = days.split_at(100);
        moved_in(&world, first).await;
        let before = bytes(db).await;
        for day in rest.chunks(1) {
            report(&world, PLACEMENT, day).await;
        }
        let after = bytes(db).await;
        let [all, audit] = [0, 1].map(|of| (after[of] - before[of]) / 1_000);
        let each = all - audit;
        println!("{each} bytes an occasion, and {audit} of the audit trail");
        assert!(each < 500, "{each} bytes an occasion");
        world.stop().await;
    }
}
