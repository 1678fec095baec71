//! Databases that are gone after their test.

use niva_base::new_id;
use niva_store::Database;

/// Environment variable that names a PostgreSQL server on which tests may make and drop databases.
pub const POSTGRES: &str = "NIVA_TEST_POSTGRES";

/// A database of one test's own; gone when it is dropped.
#[derive(Debug)]
pub struct TestDb {
    db: Database,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(#[expect(dead_code, reason = "dropping it removes the folder")] tempfile::TempDir),
    Server { url: String, name: String },
}

impl TestDb {
    /// An empty SQLite database in a temporary folder.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.sqlite").display());
        let db = Database::connect(&url).await.expect("a new SQLite database");
        Self { db, url, place: Place::Folder(folder) }
    }

    /// An empty database on the PostgreSQL server that `NIVA_TEST_POSTGRES` names.
    ///
    /// # Panics
    /// Without the variable: nothing is skipped silently.
    pub async fn postgres() -> Self {
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!(
                "{POSTGRES} is not set: run tests/run, which starts a PostgreSQL, or set it to a server's URL"
            )
        });
        let name = format!("test_{}", new_id());
        admin(&server, &format!("CREATE DATABASE {name}")).await.expect("a new PostgreSQL database");
        let (base, _) = server.rsplit_once('/').expect("a URL that ends in a database's name");
        let url = format!("{base}/{name}");
        let db = Database::connect(&url).await.expect("a connection to the new PostgreSQL database");
        Self { db, url, place: Place::Server { url: server, name } }
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Database {
        &self.db
    }

    /// Its URL, for another process or another pool.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl std::ops::Deref for TestDb {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.db
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if let Place::Server { url, name } = &self.place {
            let (url, sql) = (url.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            // Dropping cannot wait inside a runtime: another thread does it.
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.map(|runtime| runtime.block_on(admin(&url, &sql)))
            });
            if !matches!(dropped.join(), Ok(Ok(Ok(())))) && !std::thread::panicking() {
                panic!("the test's database {name} could not be dropped");
            }
        }
    }
}

async fn admin(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    use sqlx::{Connection, Executor};
    let mut conn = sqlx::PgConnection::connect(url).await?;
    conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await?;
    conn.close().await
}

/// Writes one test and runs it on both databases: `NAME::sqlite` and `NAME::postgres`.
///
/// ```ignore
/// niva_testing::on_both_databases! {
///     /// Optional words.
///     async fn a_name(db: &TestDb) {
///         db.migrate::<Migrator>().await.unwrap();
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: &TestDb) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, clippy::wildcard_imports)]
            use super::*;

            async fn test($db: &$crate::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test(&$crate::TestDb::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                test(&$crate::TestDb::postgres().await).await;
            }
        }
    )+};
}
