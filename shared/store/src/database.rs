//! A database, and the one way to write to it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use niva_base::jittered;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, TransactionOptions, TransactionTrait};
use sea_orm_migration::MigratorTrait;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use tokio::sync::Semaphore;

use crate::error::{DbError, Retryable};
use crate::tx::Tx;

/// How often a transaction is tried again after a conflict, waiting 2, 4, 8 … 256 ms with jitter.
const MAX_RETRIES: u32 = 8;
/// How long a SQLite statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait for a free connection before a call fails as `DATABASE_UNAVAILABLE`: less than a call may take, so
/// that its caller learns why.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections a process holds at most. SQLite: one writes, the others read beside it.
const MAX_CONNECTIONS: u32 = 12;
/// `pg_advisory_xact_lock` key under which schemas are migrated ("niva-mig").
const MIGRATION_LOCK: i64 = 0x6e69_7661_2d6d_6967;

/// A database, and the one way to write to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    conn: DatabaseConnection,
    /// On SQLite only one connection may write. Waiting here is fair and wakes at once, where SQLite itself would poll;
    /// what is right does not depend on it, because `BEGIN IMMEDIATE` also keeps other processes out.
    writer: Option<Arc<Semaphore>>,
}

impl Database {
    /// Connects to `sqlite://PATH?mode=rwc` or `postgres://USER@HOST:PORT/NAME`.
    ///
    /// # Errors
    /// Another kind of URL, or no connection.
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        Self::connect_within(url, ACQUIRE_TIMEOUT).await
    }

    /// Whether this is the URL of a database that could be connected to: a file, PostgreSQL on this machine, or on
    /// another one that must show who it is (`sslmode=verify-full`).
    ///
    /// # Errors
    /// Another kind of URL, or a server that would be believed unseen.
    pub fn check_url(url: &str) -> Result<(), DbError> {
        if url.starts_with("sqlite:") {
            return Ok(());
        }
        if !["postgres://", "postgresql://"].iter().any(|kind| url.starts_with(kind)) {
            return Err(DbError::Url);
        }
        let options: PgConnectOptions = url.parse().map_err(|_| DbError::Url)?;
        let verified = matches!(options.get_ssl_mode(), PgSslMode::VerifyFull);
        if verified || is_near(&options) {
            Ok(())
        } else {
            Err(DbError::NotVerified(options.get_host().to_owned()))
        }
    }

    async fn connect_within(url: &str, acquire_timeout: Duration) -> Result<Self, DbError> {
        Self::check_url(url)?;
        let postgres = !url.starts_with("sqlite:");
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(acquire_timeout)
            // Statements may hold personal data: they go neither to the log nor into traces.
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            // A ping before each use costs a round trip: only after a pause, when a connection may have died.
            .test_before_acquire_if_idle_for(Duration::from_secs(5))
            // Kept plans would be those for a table as empty as it was when a long transaction began: what it writes is not
            // counted before its end, and all that it looks up it would seek from the first row to the last.
            .map_sqlx_postgres_opts(|postgres| postgres.options([("plan_cache_mode", "force_custom_plan")]))
            .map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    // Payments: a commit that was answered survives a power cut.
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(BUSY_TIMEOUT)
                    .foreign_keys(true)
            });
        let conn = sea_orm::Database::connect(options).await?;
        Ok(Self { conn, writer: (!postgres).then(|| Arc::new(Semaphore::new(1))) })
    }

    /// For queries outside a transaction. Writes go through [`Database::write`].
    #[must_use]
    pub fn conn(&self) -> &DatabaseConnection {
        &self.conn
    }

    /// Whether this is PostgreSQL (else SQLite).
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.writer.is_none()
    }

    /// Brings the schema up to date: all pending migrations in one transaction, so that several processes may start at
    /// once and a failed migration leaves nothing behind.
    ///
    /// # Errors
    /// A migration failed; the schema is as before.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), DbError> {
        let _turn = self.turn().await?;
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.conn.begin_with_options(immediate).await?;
        if self.is_postgres() {
            tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        }
        M::up(&tx, None).await?;
        Ok(tx.commit().await?)
    }

    /// Runs `work` in one writing transaction and commits it when `work` answers `Ok`; otherwise nothing has happened.
    ///
    /// On a conflict with another transaction (also one found at COMMIT) everything is rolled back and `work` runs
    /// again, a bounded number of times: it must do nothing outside the transaction. SQLite: `BEGIN IMMEDIATE`.
    /// PostgreSQL: READ COMMITTED; lock what you decide upon (`SELECT … FOR UPDATE`) or let a constraint decide.
    ///
    /// Never call `write` inside `work`: on SQLite the inner one would wait for the outer one for ever.
    ///
    /// ```ignore
    /// let (id, unit) = (&id, &unit); // what the work borrows
    /// db.write(|tx| Box::pin(async move { store::insert(tx, id, unit).await })).await?;
    /// ```
    ///
    /// # Errors
    /// What `work` answered, or the database's error.
    pub async fn write<'env, T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx<'env>) -> BoxFuture<'t, Result<T, E>>,
        E: From<DbError> + Retryable,
    {
        let mut retries = 0;
        loop {
            match self.attempt(&work).await {
                Err(error) if error.is_retryable() && retries < MAX_RETRIES => {
                    retries += 1;
                    let pause = jittered(Duration::from_millis(1 << retries));
                    tracing::debug!(retries, ?pause, "transaction conflict, trying again");
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
        }
    }

    async fn attempt<'env, T, E, F>(&self, work: &F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx<'env>) -> BoxFuture<'t, Result<T, E>>,
        E: From<DbError>,
    {
        let _turn = self.turn().await?;
        Self::through(Tx::begin_write(&self.conn).await?, work).await
    }

    /// Runs `work` on one unchanging picture of the database: several queries that must agree with each other.
    /// It must not write, and it holds a connection meanwhile: finish it before calling [`Database::write`].
    ///
    /// # Errors
    /// What `work` answered, or the database's error.
    pub async fn read<'env, T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx<'env>) -> BoxFuture<'t, Result<T, E>>,
        E: From<DbError>,
    {
        Self::through(Tx::begin_read(&self.conn).await?, &work).await
    }

    /// A transaction that is dropped on the way (the caller went away) is rolled back too.
    async fn through<'env, T, E, F>(tx: Tx<'env>, work: &F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Tx<'env>) -> BoxFuture<'t, Result<T, E>>,
        E: From<DbError>,
    {
        match work(&tx).await {
            Ok(done) => {
                tx.commit().await?;
                Ok(done)
            }
            Err(error) => {
                tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Closes all connections; other clones are of no use after it.
    pub async fn close(&self) {
        if self.is_postgres() {
            self.conn.get_postgres_connection_pool().close().await;
        } else {
            self.conn.get_sqlite_connection_pool().close().await;
        }
    }

    async fn turn(&self) -> Result<Option<tokio::sync::SemaphorePermit<'_>>, DbError> {
        match &self.writer {
            Some(writer) => Ok(writer.acquire().await.ok()),
            None => Ok(None),
        }
    }
}

/// Whether a server is on this machine: by a socket, or a loopback address.
fn is_near(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_elsewhere_must_show_who_it_is() {
        for near in [
            "sqlite://a.db",
            "postgres://niva@127.0.0.1:5432/x",
            "postgres://niva@localhost/x?sslmode=disable",
            "postgres://niva@[::1]:5432/x",
            "postgres:///x?host=/var/run/postgresql&user=niva",
            "postgres://niva@%2Fvar%2Frun/x",
            "postgres://niva@db.test/x?sslmode=verify-full",
            "postgres://niva@10.0.0.1/x?sslmode=verify-full&sslrootcert=ca.pem",
        ] {
            assert!(Database::check_url(near).is_ok(), "{near}");
        }
        for far in [
            "postgres://niva:secret@db.test/x",
            "postgres://niva:secret@localhost.test/x",
            "postgres://niva:secret@10.0.0.1/x?sslmode=disable",
            "postgres://niva:secret@10.0.0.1/x?sslmode=require",
            "postgres://niva:secret@db.test/x?sslmode=verify-ca",
            "postgres://niva:secret@127.0.0.1/x?hostaddr=10.0.0.1",
        ] {
            let told = Database::check_url(far).unwrap_err().to_string();
            assert!(told.contains("sslmode=verify-full") && !told.contains("secret"), "{far}: {told}");
        }
    }

    #[tokio::test]
    async fn an_unknown_kind_of_url_says_what_to_give() {
        let error = Database::connect("mysql://root:secret@x/y").await.unwrap_err().to_string();
        assert!(error.contains("sqlite://PATH") && !error.contains("secret"));
        let away = Database::connect_within("postgres://niva@127.0.0.1:1/x", Duration::from_millis(100))
            .await
            .unwrap_err();
        assert!(away.is_unavailable(), "{away}");
    }
}
