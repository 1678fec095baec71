//! Whether a database is what a program expects, before it serves anybody from it.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigratorTrait, SchemaManager};

use crate::database::Database;
use crate::error::DbError;

/// Why a program cannot work on a database.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// There is no connection.
    #[error("the database cannot be reached; start it, or check its URL")]
    Unreachable(#[source] DbError),
    /// Some migrations, or all, have not run.
    #[error("the database lacks {missing} of {expected} migrations; run `niva migrate`")]
    NotMigrated {
        /// How many have not run.
        missing: usize,
        /// How many there are.
        expected: usize,
    },
    /// Migrations have run that this program does not know.
    #[error(
        "the database has {} that this program does not know: it is newer than this program, or another service's; \
         start a newer version, or check the URL",
        .unknown.join(", ")
    )]
    Newer {
        /// Their names.
        unknown: Vec<String>,
    },
    /// The database's error.
    #[error(transparent)]
    Database(DbError),
}

impl From<DbError> for NotReady {
    fn from(error: DbError) -> Self {
        if error.is_unavailable() { Self::Unreachable(error) } else { Self::Database(error) }
    }
}

/// Looks whether a database has exactly the migrations of `M`. Changes nothing, not even the list of migrations.
///
/// # Errors
/// See [`NotReady`].
pub async fn migrated<M: MigratorTrait>(db: &Database) -> Result<(), NotReady> {
    let has = applied::<M>(db).await?;
    let expected: BTreeSet<String> = M::migrations().iter().map(|m| m.name().to_owned()).collect();
    let unknown: Vec<_> = has.difference(&expected).cloned().collect();
    if !unknown.is_empty() {
        return Err(NotReady::Newer { unknown });
    }
    match expected.difference(&has).count() {
        0 => Ok(()),
        missing => Err(NotReady::NotMigrated { missing, expected: expected.len() }),
    }
}

async fn applied<M: MigratorTrait>(db: &Database) -> Result<BTreeSet<String>, DbError> {
    let table = M::migration_table_name().to_string();
    if !SchemaManager::new(db.conn()).has_table(table.as_str()).await? {
        return Ok(BTreeSet::new());
    }
    let select =
        Statement::from_string(db.conn().get_database_backend(), format!("SELECT version FROM {table}"));
    let rows = db.conn().query_all_raw(select).await?;
    Ok(rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?)
}
