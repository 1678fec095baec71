//! One transaction on either database, usable wherever sea-orm wants a connection.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::TryStreamExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use sea_orm::sea_query::Values;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement, StreamTrait,
};
use sea_query_sqlx::SqlxValues;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Postgres, Sqlite, Transaction};
use tokio::sync::Mutex;
use tokio_stream::wrappers::ReceiverStream;

use crate::error::{DbError, statement};

/// A transaction. `'env` is what its work may borrow; write `&Tx<'_>`.
///
/// It is our own and not sea-orm's because bulk writes need the driver's connection (COPY) beside sea-orm's queries.
pub struct Tx<'env> {
    conn: Mutex<Conn>,
    backend: DbBackend,
    failed: AtomicBool,
    env: PhantomData<&'env ()>,
}

pub(crate) enum Conn {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(PgTransaction),
}

/// A transaction on PostgreSQL. One that is dropped half way (its caller went away) takes its connection with it: after a
/// COPY that was broken off the driver miscounts the server's answers, and the next user of the connection would be
/// given those of the last.
pub(crate) struct PgTransaction {
    conn: PoolConnection<Postgres>,
    open: bool,
}

impl PgTransaction {
    async fn begin(pool: &PgPool, begin: &'static str) -> Result<Self, sqlx::Error> {
        let mut tx = Self { conn: pool.acquire().await?, open: true };
        tx.execute(begin).await?;
        Ok(tx)
    }

    async fn end(mut self, how: &'static str) -> Result<(), sqlx::Error> {
        self.execute(how).await?;
        self.open = false;
        Ok(())
    }
}

impl Deref for PgTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.conn
    }
}

impl DerefMut for PgTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
}

impl Drop for PgTransaction {
    fn drop(&mut self) {
        if self.open {
            self.conn.close_on_drop();
        }
    }
}

impl Tx<'_> {
    /// READ COMMITTED on PostgreSQL, whatever the server's default; the write lock at once on SQLite, because a
    /// transaction that reads first and writes later fails there when another wrote in between.
    pub(crate) async fn begin_write(db: &DatabaseConnection) -> Result<Self, DbError> {
        Self::begin(db, "BEGIN IMMEDIATE", "BEGIN ISOLATION LEVEL READ COMMITTED").await
    }

    pub(crate) async fn begin_read(db: &DatabaseConnection) -> Result<Self, DbError> {
        Self::begin(db, "BEGIN DEFERRED", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn begin(
        db: &DatabaseConnection,
        sqlite: &'static str,
        postgres: &'static str,
    ) -> Result<Self, DbError> {
        let backend = db.get_database_backend();
        let conn = if backend == DbBackend::Postgres {
            Conn::Postgres(PgTransaction::begin(db.get_postgres_connection_pool(), postgres).await?)
        } else {
            Conn::Sqlite(db.get_sqlite_connection_pool().begin_with(sqlite).await?)
        };
        Ok(Self { conn: Mutex::new(conn), backend, failed: AtomicBool::new(false), env: PhantomData })
    }

    pub(crate) async fn commit(self) -> Result<(), DbError> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(DbError::CommitAfterFailure);
        }
        match self.conn.into_inner() {
            Conn::Sqlite(tx) => tx.commit().await?,
            Conn::Postgres(tx) => tx.end("COMMIT").await?,
        }
        Ok(())
    }

    /// Gives everything up, and the connection back; but not one on which a statement failed, which is closed as one that
    /// was dropped half way is.
    pub(crate) async fn rollback(self) {
        if self.failed.load(Ordering::Relaxed) {
            return;
        }
        let done = match self.conn.into_inner() {
            Conn::Sqlite(tx) => tx.rollback().await,
            Conn::Postgres(tx) => tx.end("ROLLBACK").await,
        };
        if let Err(error) = done {
            // The connection is closed, and the server gives the transaction up with it.
            tracing::debug!(%error, "a rollback did not reach the database");
        }
    }

    /// Whether this is PostgreSQL (else SQLite).
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.backend == DbBackend::Postgres
    }

    /// The driver's connection, for what sea-orm cannot say.
    pub(crate) async fn driver(&self) -> tokio::sync::MutexGuard<'_, Conn> {
        self.conn.lock().await
    }

    /// PostgreSQL gives up a whole transaction after one failed statement, and answers COMMIT with a silent ROLLBACK:
    /// remember the failure.
    pub(crate) fn seen<T>(&self, done: Result<T, sqlx::Error>) -> Result<T, DbErr> {
        done.map_err(|error| {
            if self.is_postgres() {
                self.failed.store(true, Ordering::Relaxed);
            }
            statement(error)
        })
    }
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tx({:?})", self.backend)
    }
}

macro_rules! query {
    ($statement:expr) => {
        sqlx::query_with(
            AssertSqlSafe($statement.sql.as_str()),
            SqlxValues($statement.values.clone().unwrap_or(Values(Vec::new()))),
        )
    };
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let done = match &mut *self.conn.lock().await {
            Conn::Sqlite(tx) => query!(stmt).execute(&mut **tx).await.map(ExecResult::from),
            Conn::Postgres(tx) => query!(stmt).execute(&mut **tx).await.map(ExecResult::from),
        };
        self.seen(done)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        let done = match &mut *self.conn.lock().await {
            Conn::Sqlite(tx) => tx.execute(sql).await.map(ExecResult::from),
            Conn::Postgres(tx) => tx.execute(sql).await.map(ExecResult::from),
        };
        self.seen(done)
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        let row = match &mut *self.conn.lock().await {
            Conn::Sqlite(tx) => {
                query!(stmt).fetch_optional(&mut **tx).await.map(|r| r.map(QueryResult::from))
            }
            Conn::Postgres(tx) => {
                query!(stmt).fetch_optional(&mut **tx).await.map(|r| r.map(QueryResult::from))
            }
        };
        self.seen(row)
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let rows = match &mut *self.conn.lock().await {
            Conn::Sqlite(tx) => query!(stmt).fetch(&mut **tx).map_ok(QueryResult::from).try_collect().await,
            Conn::Postgres(tx) => query!(stmt).fetch(&mut **tx).map_ok(QueryResult::from).try_collect().await,
        };
        self.seen(rows)
    }
}

impl StreamTrait for Tx<'_> {
    type Stream<'a>
        = BoxStream<'a, Result<QueryResult, DbErr>>
    where
        Self: 'a;

    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    /// The transaction can do nothing else until the stream is dropped.
    fn stream_raw<'a>(
        &'a self,
        stmt: Statement,
    ) -> Pin<Box<dyn Future<Output = Result<Self::Stream<'a>, DbErr>> + 'a + Send>> {
        Box::pin(async move {
            // The driver's stream borrows the locked connection: one future owns both and passes rows on.
            let (rows, received) = tokio::sync::mpsc::channel(64);
            let fetch = async move {
                let mut conn = self.conn.lock().await;
                let mut found = match &mut *conn {
                    Conn::Sqlite(tx) => query!(stmt).fetch(&mut **tx).map_ok(QueryResult::from).boxed(),
                    Conn::Postgres(tx) => query!(stmt).fetch(&mut **tx).map_ok(QueryResult::from).boxed(),
                };
                while let Some(row) = found.next().await {
                    if rows.send(self.seen(row)).await.is_err() {
                        break;
                    }
                }
            };
            let fetch = stream::once(fetch).filter_map(|()| async { None });
            Ok(stream::select(ReceiverStream::new(received), fetch).boxed())
        })
    }
}
