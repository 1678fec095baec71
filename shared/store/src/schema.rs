//! Migrations written as plain SQL, with the few words that differ between the databases.
//!
//! ```sql
//! -- migrations/0002_runs.sql
//! CREATE TABLE run (run_no INTEGER PRIMARY KEY, made_at {instant} NOT NULL, digest {blob});
//! CREATE TABLE line (case_key {key} NOT NULL, line_no {int} NOT NULL, PRIMARY KEY (case_key, line_no)) {by_key};
//! ```
//!
//! | word | meaning |
//! | --- | --- |
//! | `{int}` | a 64-bit integer |
//! | `{instant}` | an instant, in microseconds |
//! | `{blob}` | bytes |
//! | `{position}` | an ascending key that the database makes |
//! | `{key}` | text that is sorted by its bytes, whatever the database's language |
//! | `{by_key}` | after a table: its rows lie in the order of its key (where the database can) |

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// A migration in a file of SQL: statements that end in `;`, comments that begin with `--`. What has run is not taken
/// back: a mistake is corrected by the next migration.
pub struct Migration {
    name: &'static str,
    sql: &'static str,
}

impl Migration {
    /// A migration for a `Migrator`'s list:
    /// `Migration::boxed("payment_runs_1", include_str!("../migrations/0002_runs.sql"))`.
    #[must_use]
    pub fn boxed(name: &'static str, sql: &'static str) -> Box<dyn MigrationTrait> {
        Box::new(Self { name, sql })
    }
}

impl MigrationName for Migration {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait hides it, and async_trait wants the same here")]
#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.sql).await
    }
}

/// A migration in SQL. In its statements stand the same words as in a [`Migration`]'s file.
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
        for sql in (self.up)(is_postgres(manager)) {
            run(manager, sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in self.down {
            run(manager, sql).await?;
        }
        Ok(())
    }
}

fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}

/// The words that differ, and what stands for them on PostgreSQL and on SQLite.
const WORDS: [(&str, &str, &str); 6] = [
    ("{int}", "BIGINT", "BIGINT"),
    // The type name under which sqlx reads instants on SQLite.
    ("{instant}", "TIMESTAMPTZ", "timestamp_with_timezone_text"),
    ("{blob}", "BYTEA", "BLOB"),
    ("{position}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    ("{key}", "TEXT COLLATE \"C\"", "TEXT"),
    ("{by_key}", "", "WITHOUT ROWID"),
];

/// The database itself tells one statement from the next.
async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let postgres = is_postgres(manager);
    let sql = WORDS.iter().fold(sql.to_owned(), |sql, (word, on_postgres, on_sqlite)| {
        sql.replace(word, if postgres { on_postgres } else { on_sqlite })
    });
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}
