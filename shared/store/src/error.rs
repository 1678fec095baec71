//! What a database may refuse with.

use niva_base::OpError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};

/// What went wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The URL names no database we know. (The URL itself may hold a password and is not repeated.)
    #[error(
        "the database URL is neither sqlite://PATH?mode=rwc nor postgres://USER@HOST:PORT/NAME; give one of these"
    )]
    Url,
    /// What goes to a database on another machine is not readable on the way, and goes to no other.
    #[error(
        "the database is on {0}, another machine, and its URL does not end in ?sslmode=verify-full: add it, and \
         &sslrootcert=FILE where an authority of your own has signed the server's certificate"
    )]
    NotVerified(String),
    /// A statement, a connection or a migration failed.
    #[error("database: {0}")]
    Statement(#[from] DbErr),
    /// A row does not hold what it must.
    #[error("row {row} of table {table} is unreadable in column {column}: {problem}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A statement failed, its error was passed over, and PostgreSQL would have turned COMMIT into ROLLBACK silently.
    #[error("a statement failed inside a transaction that was to be committed; nothing was written")]
    CommitAfterFailure,
}

impl DbError {
    /// A row that cannot be read.
    pub fn row(
        table: &'static str,
        column: &'static str,
        row: impl Into<String>,
        problem: impl std::fmt::Display,
    ) -> Self {
        Self::Row { table, column, row: row.into(), problem: problem.to_string() }
    }

    /// The database's error inside an operation's.
    #[must_use]
    pub fn of(error: &OpError) -> Option<&Self> {
        match error {
            OpError::Conflict(cause) | OpError::Unavailable { cause, .. } | OpError::Internal(cause) => {
                cause.downcast_ref()
            }
            _ => None,
        }
    }

    /// Whether a primary key or unique constraint refused.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Statement(e) if matches!(e.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }

    /// Whether there was no connection.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Statement(DbErr::Conn(_)) => true,
            Self::Statement(DbErr::ConnectionAcquire(
                ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed,
            )) => true,
            Self::Statement(e) => matches!(
                sqlx_error(e),
                Some(sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut)
            ),
            _ => false,
        }
    }

    /// The SQLSTATE (PostgreSQL) or extended result code (SQLite) of the failed statement.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        let Self::Statement(error) = self else { return None };
        Some(sqlx_error(error)?.as_database_error()?.code()?.into_owned())
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        Self::Statement(statement(error))
    }
}

/// The same error in sea-orm's clothes, so that its classification (`sql_err`) works.
pub(crate) fn statement(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

/// Errors after which the same transaction may succeed when run again.
pub trait Retryable {
    /// Whether it may.
    fn is_retryable(&self) -> bool;
}

impl Retryable for DbError {
    /// PostgreSQL: serialisation failure, deadlock. SQLite: another process writes (`BUSY`, its extended codes, and
    /// `LOCKED`).
    fn is_retryable(&self) -> bool {
        matches!(self.code().as_deref(), Some("40001" | "40P01" | "5" | "261" | "517" | "773" | "6" | "262"))
    }
}

/// A conflict may end otherwise the next time, a database that is away may come back; anything else is a defect.
impl From<DbError> for OpError {
    fn from(error: DbError) -> Self {
        if error.is_retryable() {
            Self::Conflict(error.into())
        } else if error.is_unavailable() {
            Self::Unavailable {
                reason: "DATABASE_UNAVAILABLE",
                message: "the database cannot be reached; try again later".to_owned(),
                cause: error.into(),
            }
        } else {
            Self::internal(error)
        }
    }
}

impl Retryable for OpError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}
