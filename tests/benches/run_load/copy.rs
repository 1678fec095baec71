//! What PostgreSQL's COPY takes for the rows of a run.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use crate::{ROUNDS, median, seconds};

/// Bytes handed over at once, as the run does.
const CHUNK: usize = 256 * 1024;

/// The same columns; then what the run's own table has beside them.
const LIKE: [(&str, &str); 3] = [
    ("into a table with the same indexes", "CREATE TABLE copied (LIKE payment_line INCLUDING ALL)"),
    ("without indexes", "CREATE TABLE copied (LIKE payment_line)"),
    (
        "with indexes and a foreign key to the run",
        "CREATE TABLE copied (LIKE payment_line INCLUDING ALL, FOREIGN KEY (run_no) REFERENCES payment_run (run_no))",
    ),
];

/// The server's version and what decides how fast it writes.
pub(crate) async fn server(url: &str) -> String {
    let mut db = PgConnection::connect(url).await.unwrap();
    let mut settings = Vec::new();
    for name in ["server_version", "fsync", "synchronous_commit", "shared_buffers", "wal_level"] {
        let row = db.fetch_one(AssertSqlSafe(format!("SHOW {name}"))).await.unwrap();
        settings.push(format!("{name} {}", row.get::<String, _>(0)));
    }
    format!("PostgreSQL: {}", settings.join(", "))
}

/// Reads a run's lines back and copies them, in the format that the run writes, in one transaction.
pub(crate) async fn beside(url: &str, run: &str, took: Duration) {
    let mut db = PgConnection::connect(url).await.unwrap();
    let number = sqlx::query("SELECT run_no FROM payment_run WHERE payment_run_id = $1").bind(run);
    let number: i32 = number.fetch_one(&mut db).await.unwrap().get(0);
    let rows = format!("SELECT * FROM payment_line WHERE run_no = {number} ORDER BY line_no");
    let rows: Vec<u8> = {
        let out = db.copy_out_raw(&format!("COPY ({rows}) TO STDOUT (FORMAT BINARY)")).await.unwrap();
        out.try_fold(Vec::new(), async |mut all, chunk| {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
        .unwrap()
    };
    for (what, create) in LIKE {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            db.execute(create).await.unwrap();
            let started = Instant::now();
            let mut into = db.copy_in_raw("COPY copied FROM STDIN (FORMAT BINARY)").await.unwrap();
            for chunk in rows.chunks(CHUNK) {
                into.send(chunk).await.unwrap();
            }
            into.finish().await.unwrap();
            times.push(started.elapsed());
            db.execute("DROP TABLE copied").await.unwrap();
        }
        let copied = median(times);
        let ratio = took.as_secs_f64() / copied.as_secs_f64();
        println!(
            "    COPY of the same {} bytes {what}: {}; the run takes {ratio:.2} times that",
            rows.len(),
            seconds(copied)
        );
    }
}
