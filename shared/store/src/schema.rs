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
//! | `{year_ago}` | the instant a year before now, by the database's clock |
//! | `{position}` | an ascending key that the database makes |
//! | `{key}` | text that is sorted by its bytes, whatever the database's language |
//! | `{by_key}` | after a table: its rows lie in the order of its key (where the database can) |
//! | `{as_it_comes}`, `{as_it_comes_kept}` | around an index's column in whose order rows are added: it takes no room (where it can) |

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

/// A migration after which rows of some tables are never changed nor deleted, whoever tries: the database refuses it, and
/// on PostgreSQL it refuses to empty the table too. What is not refused, a verifier finds.
pub struct AppendOnly {
    name: &'static str,
    tables: Vec<(&'static str, Option<&'static str>)>,
    guards: Vec<Guard>,
}

/// A change of rows that the database refuses unless something is so.
struct Guard {
    table: &'static str,
    change: Change,
    unless: &'static str,
}

#[derive(Clone, Copy)]
enum Change {
    Insert,
    Delete,
}

impl Guard {
    const fn words(&self) -> (&'static str, &'static str, &'static str) {
        match self.change {
            Change::Insert => ("INSERT", "NEW", "are not added so"),
            Change::Delete => ("DELETE", "OLD", "are never changed"),
        }
    }

    fn on_sqlite(&self) -> String {
        let Self { table, unless, .. } = self;
        let (change, _, refused) = self.words();
        let name = format!("{table}_no_{}", change.to_lowercase());
        format!(
            "CREATE TRIGGER {name} BEFORE {change} ON {table} WHEN ({unless}) IS NOT TRUE \
             BEGIN SELECT RAISE(ABORT, 'rows of {table} {refused}'); END;\n"
        )
    }

    fn on_postgres(&self) -> String {
        let Self { table, unless, .. } = self;
        let (change, row, refused) = self.words();
        let name = format!("{table}_no_{}", change.to_lowercase());
        format!(
            "CREATE FUNCTION niva_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF ({unless}) IS NOT TRUE THEN RAISE EXCEPTION 'rows of {table} {refused}' \
             USING ERRCODE = 'restrict_violation'; END IF; RETURN {row}; END $$;\n\
             CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH ROW EXECUTE FUNCTION niva_{name}();\n"
        )
    }
}

impl AppendOnly {
    /// Of no table yet.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, tables: Vec::new(), guards: Vec::new() }
    }

    /// All rows of a table.
    #[must_use]
    pub fn table(mut self, table: &'static str) -> Self {
        self.tables.push((table, None));
        self
    }

    /// Rows of a table about which something is so already: `OLD.state = 'approved'`.
    #[must_use]
    pub fn table_when(mut self, table: &'static str, when: &'static str) -> Self {
        self.tables.push((table, Some(when)));
        self
    }

    /// Rows of a table are never changed, and deleted where something is so of `OLD` alone.
    #[must_use]
    pub fn table_deleted_where(mut self, table: &'static str, unless: &'static str) -> Self {
        self.guards.push(Guard { table, change: Change::Delete, unless });
        self
    }

    /// Rows of a table are never changed, and added where something is so of `NEW` alone.
    #[must_use]
    pub fn table_added_where(mut self, table: &'static str, unless: &'static str) -> Self {
        self.guards.push(Guard { table, change: Change::Insert, unless });
        self.table(table)
    }

    /// For a `Migrator`'s list.
    #[must_use]
    pub fn boxed(self) -> Box<dyn MigrationTrait> {
        Box::new(self)
    }

    /// Tables whose rows are deleted under a condition.
    fn deleted(&self) -> impl Iterator<Item = &'static str> {
        self.guards.iter().filter(|guard| matches!(guard.change, Change::Delete)).map(|guard| guard.table)
    }

    fn on_sqlite(&self) -> String {
        let mut sql = String::new();
        for (table, when) in &self.tables {
            let when = when.map(|when| format!(" WHEN {when}")).unwrap_or_default();
            for change in ["UPDATE", "DELETE"] {
                let name = format!("{table}_no_{}", change.to_lowercase());
                let refuse = format!("SELECT RAISE(ABORT, 'rows of {table} are never changed')");
                sql +=
                    &format!("CREATE TRIGGER {name} BEFORE {change} ON {table}{when} BEGIN {refuse}; END;\n");
            }
        }
        for table in self.deleted() {
            sql += &format!(
                "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed'); END;\n"
            );
        }
        self.guards.iter().for_each(|guard| sql += &guard.on_sqlite());
        sql
    }

    fn on_postgres(&self) -> String {
        let mut sql = String::from(
            "CREATE OR REPLACE FUNCTION niva_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; \
             END $$;\n",
        );
        let refuse = "EXECUTE FUNCTION niva_append_only()";
        for (table, when) in &self.tables {
            let when = when.map(|when| format!(" WHEN ({when})")).unwrap_or_default();
            sql += &format!(
                "CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW{when} {refuse};\n\
                 CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse};\n"
            );
        }
        for table in self.deleted() {
            sql += &format!(
                "CREATE TRIGGER {table}_no_change BEFORE UPDATE ON {table} FOR EACH ROW {refuse};\n\
                 CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse};\n"
            );
        }
        self.guards.iter().for_each(|guard| sql += &guard.on_postgres());
        sql
    }
}

impl MigrationName for AppendOnly {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait hides it, and async_trait wants the same here")]
#[sea_orm_migration::async_trait::async_trait]
impl MigrationTrait for AppendOnly {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = if is_postgres(manager) { self.on_postgres() } else { self.on_sqlite() };
        run(manager, &sql).await
    }
}

fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}

/// The words that differ, and what stands for them on PostgreSQL and on SQLite.
const WORDS: [(&str, &str, &str); 9] = [
    ("{int}", "BIGINT", "BIGINT"),
    // The type name under which sqlx reads instants on SQLite.
    ("{instant}", "TIMESTAMPTZ", "timestamp_with_timezone_text"),
    ("{blob}", "BYTEA", "BLOB"),
    // On SQLite instants are texts, which sort as they are written.
    (
        "{year_ago}",
        "(now() - INTERVAL '365 days')",
        "strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now', '-365 days')",
    ),
    ("{position}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    ("{key}", "TEXT COLLATE \"C\"", "TEXT"),
    ("{by_key}", "", "WITHOUT ROWID"),
    ("{as_it_comes}", "USING brin", ""),
    ("{as_it_comes_kept}", "WITH (autosummarize = on)", ""),
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
