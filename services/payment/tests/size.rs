//! What a long life takes on disk.

use niva_access::{Caller, Role};
use niva_calendar::plus_days;
use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1 as pb;
use niva_testing::TestDb;
use niva_testing::values::on;
use sea_orm::{ConnectionTrait, Statement};

use crate::common::city::{Person, unit};
use crate::common::{World, day};

/// Bytes of all tables with their indexes.
async fn bytes(db: &TestDb) -> i64 {
    let conn = db.conn();
    let run = |sql: &'static str| Statement::from_string(conn.get_database_backend(), sql);
    let sql = if db.is_postgres() {
        conn.execute_raw(run("VACUUM FULL")).await.unwrap();
        "SELECT CAST(SUM(pg_total_relation_size(oid)) AS BIGINT) AS bytes FROM pg_class \
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    } else {
        conn.execute_raw(run("VACUUM")).await.unwrap();
        "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
    };
    conn.query_one_raw(run(sql)).await.unwrap().unwrap().try_get("", "bytes").unwrap()
}

niva_testing::on_both_databases! {
    async fn ten_years_of_daily_occasions_take_what_their_number_takes(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2014, 3, 1));
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Municipal), person.placed("U-1")]).await;
        world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
        let provider = Caller { provider: Some("PR-1".to_owned()), ..Caller::new("staff", [Role::Provider]) };
        let before = bytes(db).await;
        let mut client = world.by(provider).occasions;
        // As a provider reports them: each month's at once.
        let days: Vec<_> = (0..3_652).map(|n| plus_days(person.start, n)).collect();
        for month in days.chunk_by(|a, b| niva_calendar::Month::of(*a) == niva_calendar::Month::of(*b)) {
            let occasions = month.iter().map(|day| pb::Occasion {
                placement_id: person.placement_id(),
                date: on(*day),
                component: pb::Component::EveningNight.into(),
                count: 1,
                ..Default::default()
            });
            let request = pb::RecordOccasionsRequest {
                request_id: world.request(),
                occasions: occasions.collect(),
                ..Default::default()
            };
            client.record_occasions(request).await.unwrap();
        }
        let each = (bytes(db).await - before) / 3_652;
        // A revision, what stands of it, and the row that runs read: with their indexes, whatever came before it.
        assert!(each < 900, "{each} bytes an occasion");
        world.stop().await;
    }
}
