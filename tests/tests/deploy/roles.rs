//! `deploy/postgresql/roles.sql`: the serving role serves, and can do nothing to what is kept for good.

use niva_journeys::{process, world::World};
use niva_testing::TestDb;
use sqlx::{Connection, Executor, PgConnection};

use super::Operator;
use crate::journey;

/// What PostgreSQL says to whoever lacks the right.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Tables of each database, in the order of the services, whose rows nobody changes.
const KEPT: [&[&str]; 3] = [
    &["audit_checkpoint", "audit_hold_step", "audit_kept", "fact_revision", "feed_event"],
    &["audit_checkpoint", "audit_hold_step", "audit_kept", "fact_revision", "feed_event"],
    &[
        "archived_models",
        "archived_text",
        "audit_checkpoint",
        "audit_hold_step",
        "audit_kept",
        "author",
        "fact",
        "fact_revision",
        "payment_file",
        "payment_file_order",
        "payment_file_part",
        "payment_hold",
        "payment_line",
        "payment_order",
        "payment_order_step",
        "payment_posting",
    ],
];

/// Tables of each database whose rows a trigger lets go when they are too old.
const REMOVED: [&str; 3] = ["audit_about", "audit_record", "audit_seal"];

/// An old call at the end of a trail, sealed, and removed as the service does it.
const LAWFUL: &str = "\
INSERT INTO audit_record (recorded_at, subject, role, scope, method, purpose, code, reason, trace_id, calls, persons, placements, \
left_out) VALUES ('2020-01-01T00:00:00Z', '', '', '', '', '', '', '', '', 1, '[]', '[]', 0); \
INSERT INTO audit_seal SELECT MAX(seal_no) + 1, (SELECT MAX(position) FROM audit_record), 1, '2020-01-01T00:00:00Z', 'x' FROM audit_seal; \
UPDATE audit_head SET seal_no = seal_no + 2; \
INSERT INTO audit_checkpoint SELECT 1, seal_no, seal_no, last_position - 1, last_position, 1, '', 'x', sealed_at, sealed_at, sealed_at, \
1, 0, '', now(), '' FROM audit_seal ORDER BY seal_no DESC LIMIT 1; \
DELETE FROM audit_about WHERE position = (SELECT last_position FROM audit_checkpoint); \
DELETE FROM audit_record WHERE recorded_at < '2021-01-01'; \
DELETE FROM audit_seal WHERE sha256 = 'x'";

/// The first column of all rows, as text.
async fn column(url: &str, sql: &str) -> Vec<String> {
    let mut conn = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut conn).await.unwrap()
}

async fn attempt(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut conn = PgConnection::connect(url).await?;
    conn.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.map(drop)
}

async fn assert_refused(url: &str, sql: &str) {
    let refused = attempt(url, sql).await.expect_err(sql);
    let code = refused.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
    assert_eq!(code.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{sql}: {refused}");
}

/// Whatever somebody may try who has the serving role's password.
async fn assert_kept(url: &str, kept: &[&str]) {
    for table in kept.iter().chain(&REMOVED) {
        let select = format!(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum = 2"
        );
        let second = column(url, &select).await.remove(0);
        for sql in [
            format!("UPDATE {table} SET {second} = {second}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
            format!("ALTER TABLE {table} DISABLE TRIGGER USER"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            format!("DROP TRIGGER {table}_no_change ON {table}"),
            format!("ALTER TABLE {table} RENAME TO other"),
            format!("DROP TABLE {table}"),
            format!("GRANT UPDATE ON {table} TO CURRENT_USER"),
        ] {
            // A grant of what one does not have is a warning, and gives nothing.
            if sql.starts_with("GRANT") {
                let _ = attempt(url, &sql).await;
                assert_refused(url, &format!("UPDATE {table} SET {second} = {second}")).await;
            } else if REMOVED.contains(table) && sql.starts_with("DELETE") {
                let refused = attempt(url, &sql).await.expect_err(&sql).to_string();
                assert!(refused.contains("are never changed"), "{sql}: {refused}");
            } else {
                assert_refused(url, &sql).await;
            }
        }
    }
    // A checkpoint of what is no part of the chain.
    let forged = "INSERT INTO audit_checkpoint SELECT 1, 1, seal_no, 0, last_position, records, '', 'x', sealed_at, sealed_at, \
                  sealed_at, 1, 0, '', now(), '' FROM audit_seal ORDER BY seal_no LIMIT 1";
    let refused = attempt(url, forged).await.expect_err(forged).to_string();
    assert!(refused.contains("are not added so"), "{refused}");
    for sql in [
        "CREATE TABLE mine (n INTEGER)",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION niva_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE SCHEMA mine",
        "SET session_replication_role = replica",
        "SET ROLE niva_migrate",
        "DELETE FROM seaql_migrations",
        "INSERT INTO seaql_migrations VALUES ('mine', 0)",
    ] {
        assert_refused(url, sql).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_serving_role_serves_and_changes_nothing_that_is_kept() {
    let operator = Operator::new();
    operator.follows("Make the databases").await;
    let serve = operator.urls("SERVE", "NAME");
    for url in &serve {
        let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
                      AND relname <> 'seaql_migrations' AND NOT has_table_privilege('niva_serve', oid, 'UPDATE') \
                      ORDER BY 1";
        let kept = KEPT[serve.iter().position(|other| other == url).unwrap()];
        let mut all = [kept, &REMOVED].concat();
        all.sort_unstable();
        assert_eq!(column(url, tables).await, all, "{url}");
        let deleted = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
                       AND has_table_privilege('niva_serve', oid, 'DELETE') \
                       AND NOT has_table_privilege('niva_serve', oid, 'UPDATE') ORDER BY 1";
        assert_eq!(column(url, deleted).await, REMOVED, "{url}");
    }

    let world = World::processes_on(serve.clone()).await;
    journey::walk(&world).await;
    assert!(column(&serve[2], "SELECT run_no::text FROM payment_line").await.len() > 1);
    for (url, kept) in serve.iter().zip(KEPT) {
        assert_kept(url, kept).await;
    }
    // An approved run's row is changed by nobody either: there a trigger refuses.
    let refused = attempt(&serve[2], "UPDATE payment_run SET approver = 'somebody'").await.unwrap_err();
    assert!(refused.to_string().contains("are never changed"), "{refused}");
    world.close().await;
    for (part, url) in ["assessment", "choice", "payment"].iter().zip(&serve) {
        let verified = process::run(["verify", part, "--database-url", url]).await;
        assert!(verified.status.success(), "{}", process::words(&verified));
    }
    // What is old and has a checkpoint goes, by the serving role.
    attempt(&serve[1], LAWFUL).await.unwrap();
    // What the owner does to the trail is found.
    let owner = &operator.urls("MIGRATE", "NAME")[0];
    let tamper = "ALTER TABLE audit_record DISABLE TRIGGER USER; \
                  UPDATE audit_record SET subject = 'somebody' WHERE position = (SELECT MIN(position) FROM audit_record)";
    attempt(owner, tamper).await.unwrap();
    let verified = process::run(["verify", "assessment", "--database-url", &serve[0]]).await;
    assert!(!verified.status.success() && process::words(&verified).contains("are not what was sealed"));
}

/// With names of their own, so that one service's role does not come into another's database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn later_migrations_give_no_more() {
    let database = TestDb::postgres().await;
    let operator = Operator::new();
    let roles = format!(
        "psql -X -v migrate=other_migrate -v serve=other_serve -f deploy/postgresql/roles.sql '{}'",
        database.url()
    );
    let by = |role: &str| database.url().replacen("//niva@", &format!("//{role}@"), 1);
    let (migrate, serve) = (by("other_migrate"), by("other_serve"));
    let run = || async {
        let output = operator.run(&roles).await;
        assert!(output.status.success(), "{}", process::words(&output));
    };
    run().await;
    let migrated = process::run(["migrate", "payment", "--database-url", &migrate]).await;
    assert!(migrated.status.success(), "{}", process::words(&migrated));
    run().await;
    let later = "CREATE TABLE later (n INTEGER); CREATE TABLE kept (n INTEGER); \
                 CREATE TRIGGER kept_no_change BEFORE UPDATE OR DELETE ON kept FOR EACH ROW EXECUTE FUNCTION niva_append_only()";
    attempt(&migrate, later).await.unwrap();
    for table in ["later", "kept"] {
        attempt(&serve, &format!("INSERT INTO {table} VALUES (1)")).await.unwrap();
        assert_refused(&serve, &format!("UPDATE {table} SET n = 2")).await;
        assert_refused(&serve, &format!("TRUNCATE {table}")).await;
    }
    run().await;
    attempt(&serve, "UPDATE later SET n = 2; DELETE FROM later").await.unwrap();
    assert_refused(&serve, "UPDATE kept SET n = 2").await;
    assert_refused(&serve, "DELETE FROM kept").await;
    assert_refused(&serve, "TRUNCATE later").await;

    // Nobody else connects; the other services' role is somebody else.
    Box::pin(attempt(database.url(), "DO $$ BEGIN CREATE ROLE other_stranger LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"))
        .await
        .unwrap();
    assert_refused(&by("other_stranger"), "SELECT 1").await;

    // A role that may do more than it should is refused, and nothing is done.
    let strong = roles.replace("serve=other_serve", "serve=niva");
    let output = operator.run(&strong).await;
    assert!(
        !output.status.success() && process::words(&output).contains("may do more than it should"),
        "{output:?}"
    );
}
