//! Whether a database is what a program expects.

use niva_store::schema::Migration;
use niva_store::{Database, NotReady, migrated};
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// The same program before and after it grew.
struct Old;
struct New;

fn first() -> Box<dyn MigrationTrait> {
    Migration::boxed("first", "CREATE TABLE first (id {int} PRIMARY KEY);")
}

fn second() -> Box<dyn MigrationTrait> {
    Migration::boxed("second", "CREATE TABLE second (id {int} PRIMARY KEY);")
}

impl MigratorTrait for Old {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![first()]
    }
}

impl MigratorTrait for New {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![first(), second()]
    }
}

niva_testing::on_both_databases! {
    async fn an_empty_database_lacks_everything_and_stays_empty(db: &TestDb) {
        let refused = migrated::<New>(db).await.unwrap_err();
        assert!(matches!(refused, NotReady::NotMigrated { missing: 2, expected: 2 }), "{refused}");
        assert!(refused.to_string().contains("lacks 2 of 2 migrations; run `niva migrate`"), "{refused}");
        let list = Statement::from_string(db.conn().get_database_backend(), "SELECT * FROM seaql_migrations");
        assert!(db.conn().query_all_raw(list).await.is_err(), "looking made a table");
    }

    async fn a_migrated_database_is_ready(db: &TestDb) {
        db.migrate::<New>().await.unwrap();
        migrated::<New>(db).await.unwrap();
    }

    async fn a_half_migrated_database_is_not(db: &TestDb) {
        db.migrate::<Old>().await.unwrap();
        migrated::<Old>(db).await.unwrap();
        let refused = migrated::<New>(db).await.unwrap_err();
        assert!(matches!(refused, NotReady::NotMigrated { missing: 1, expected: 2 }), "{refused}");
        db.migrate::<New>().await.unwrap();
        migrated::<New>(db).await.unwrap();
    }

    async fn a_database_that_a_newer_program_migrated_is_named_so(db: &TestDb) {
        db.migrate::<New>().await.unwrap();
        let refused = migrated::<Old>(db).await.unwrap_err();
        assert!(matches!(&refused, NotReady::Newer { unknown } if unknown == &["second"]), "{refused}");
        assert!(refused.to_string().contains("newer than this program"), "{refused}");
    }

    async fn a_database_that_is_away_is_not_called_unmigrated(db: &TestDb) {
        db.migrate::<New>().await.unwrap();
        let away = Database::connect(db.url()).await.unwrap();
        away.close().await;
        let refused = migrated::<New>(&away).await.unwrap_err();
        assert!(matches!(refused, NotReady::Unreachable(_)), "{refused}");
        assert!(refused.to_string().contains("cannot be reached"), "{refused}");
    }
}
