//! Migrations in files of SQL.

use niva_store::DbError;
use niva_store::schema::Migration;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Migration::boxed(
            "words",
            "-- Every word; a comment may have one; too.
             CREATE TABLE words (at {position}, n {int} NOT NULL, told {instant} NOT NULL, bytes {blob}, name {key} NOT NULL);
             CREATE TABLE sorted (name {key} NOT NULL PRIMARY KEY, n {int} NOT NULL) {by_key};
             INSERT INTO words (n, told, bytes, name) VALUES (9223372036854775807, '2024-03-01T08:00:00Z', NULL, 'a;b');
             INSERT INTO sorted VALUES ('b', 1), ('B', 2), ('å', 3), ('a', 4);",
        )]
    }
}

niva_testing::on_both_databases! {
    async fn every_statement_runs_with_the_databases_own_words(db: &TestDb) {
        db.migrate::<Migrator>().await.unwrap();
        let backend = db.conn().get_database_backend();
        let sql = "SELECT at, n, name FROM words";
        let row = db.conn().query_one_raw(Statement::from_string(backend, sql)).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "at").unwrap(), 1);
        assert_eq!(row.try_get::<i64>("", "n").unwrap(), i64::MAX);
        assert_eq!(row.try_get::<String>("", "name").unwrap(), "a;b");
        let sql = "SELECT name FROM sorted ORDER BY name";
        let rows = db.conn().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.try_get("", "name").unwrap()).collect();
        assert_eq!(names, ["B", "a", "b", "å"]);
    }

    async fn a_migration_that_fails_leaves_nothing(db: &TestDb) {
        struct Failing;

        impl MigratorTrait for Failing {
            fn migrations() -> Vec<Box<dyn MigrationTrait>> {
                vec![Migration::boxed("half", "CREATE TABLE half (id {int}); INSERT INTO nowhere VALUES (1);")]
            }
        }

        let failed = db.migrate::<Failing>().await.unwrap_err();
        assert!(matches!(failed, DbError::Statement(_)), "{failed}");
        let backend = db.conn().get_database_backend();
        assert!(db.conn().query_one_raw(Statement::from_string(backend, "SELECT * FROM half")).await.is_err());
    }
}
