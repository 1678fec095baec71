//! Migrations written as plain SQL, with the few words that differ between the databases.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// A migration in SQL. In its statements `{blob}`, `{instant}` and `{position}` (an ascending key that the database
/// makes) stand for the database's own words, `{int}` for a 64-bit integer,
/// and `{key}` for a text that is compared byte by byte, so that pages come in the same order on both.
pub struct Ddl {
    name: &'static str,
    up: fn(postgres: bool) -> Vec<&'static str>,
    down: &'static [&'static str],
}

impl Ddl {
    /// A migration for a `Migrator`'s list. `up` learns whether it speaks to PostgreSQL.
    #[must_use]
    pub fn boxed(
        name: &'static str,
        up: fn(postgres: bool) -> Vec<&'static str>,
        down: &'static [&'static str],
    ) -> Box<dyn MigrationTrait> {
        Box::new(Self { name, up, down })
    }
}

impl MigrationName for Ddl {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait hides it, and async_trait wants the same here")]
#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Ddl {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        run(manager, &(self.up)(postgres)).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.down).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let words = if manager.get_database_backend() == DbBackend::Postgres {
        [
            ("{blob}", "BYTEA"),
            ("{instant}", "TIMESTAMPTZ"),
            ("{int}", "BIGINT"),
            ("{key}", "TEXT COLLATE \"C\""),
            ("{position}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
        ]
    } else {
        // `timestamp_with_timezone_text` is the type name under which sqlx reads instants on SQLite.
        [
            ("{blob}", "BLOB"),
            ("{instant}", "timestamp_with_timezone_text"),
            ("{int}", "BIGINT"),
            ("{key}", "TEXT"),
            ("{position}", "INTEGER PRIMARY KEY AUTOINCREMENT"),
        ]
    };
    for statement in statements {
        let sql = words.iter().fold((*statement).to_owned(), |sql, (word, own)| sql.replace(word, own));
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
