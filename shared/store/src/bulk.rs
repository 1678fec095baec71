//! Many rows at once, in the transaction of everything else: binary COPY on PostgreSQL, INSERTs of many rows on SQLite. Few rows
//! are one INSERT on both: the end of a COPY waits for the server to have acknowledged its data, which takes it 40 ms over TCP.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{Arguments, AssertSqlSafe};

use crate::error::DbError;
use crate::tx::{Conn, Tx};

/// Rows in one INSERT on SQLite; beyond it nothing is gained.
const SQLITE_ROWS: usize = 1_000;
/// SQLite's bound for bound values.
const SQLITE_BINDS: usize = 32_766;
/// Rows that are one INSERT on PostgreSQL.
const FEW: usize = 400;
/// Bytes handed to PostgreSQL at once.
const COPY_BYTES: usize = 256 * 1024;

/// A value in a row. Its kind must be its column's.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// INTEGER.
    Small(i32),
    /// BOOLEAN.
    Bool(bool),
    /// TEXT.
    Text(Cow<'a, str>),
    /// BYTEA, BLOB.
    Bytes(Cow<'a, [u8]>),
    /// DATE.
    Date(NaiveDate),
    /// TIMESTAMPTZ.
    Instant(DateTime<Utc>),
}

macro_rules! cell {
    ($($from:ty => $value:ident => $cell:expr;)+) => {$(
        impl<'a> From<$from> for Cell<'a> {
            fn from($value: $from) -> Self {
                $cell
            }
        }
    )+};
}

cell! {
    i64 => v => Self::Int(v);
    i32 => v => Self::Small(v);
    bool => v => Self::Bool(v);
    &'a str => v => Self::Text(v.into());
    &'a String => v => Self::Text(v.as_str().into());
    String => v => Self::Text(v.into());
    &'a [u8] => v => Self::Bytes(v.into());
    Vec<u8> => v => Self::Bytes(v.into());
    NaiveDate => v => Self::Date(v);
    DateTime<Utc> => v => Self::Instant(v);
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Inserts rows; gives how many. Names come from code, never from input.
///
/// ```ignore
/// bulk::insert(tx, "line", ["id", "day", "ore"], lines.iter().map(|l| [l.id.as_str().into(), l.day.into(), l.ore.into()])).await?;
/// ```
///
/// # Errors
/// The database's: a violated constraint, a cell that is not of its column's kind. The transaction is lost on
/// PostgreSQL.
pub async fn insert<'a, const N: usize, I>(
    tx: &Tx<'_>,
    table: &'static str,
    columns: [&'static str; N],
    rows: I,
) -> Result<u64, DbError>
where
    I: IntoIterator<Item = [Cell<'a>; N]>,
    I::IntoIter: Send,
{
    let mut rows = rows.into_iter();
    let into = format!("{table} ({})", columns.join(", "));
    let mut conn = tx.driver().await;
    let inserted = match &mut *conn {
        Conn::Postgres(conn) => {
            let few: Vec<_> = rows.by_ref().take(FEW + 1).collect();
            if few.len() > FEW {
                copy(conn, &into, &mut few.into_iter().chain(rows)).await
            } else {
                insert_few(conn, &into, few).await
            }
        }
        Conn::Sqlite(conn) => insert_chunks(conn, &into, &mut rows).await,
    };
    Ok(tx.seen(inserted)?)
}

async fn copy<'a, const N: usize>(
    conn: &mut sqlx::PgConnection,
    into: &str,
    rows: &mut (impl Iterator<Item = [Cell<'a>; N]> + Send),
) -> Result<u64, sqlx::Error> {
    let Some(first) = rows.next() else { return Ok(0) };
    let width =
        i16::try_from(N).map_err(|_| sqlx::Error::Encode("a table has no more than 1 600 columns".into()))?;
    let mut copy = conn.copy_in_raw(&format!("COPY {into} FROM STDIN (FORMAT BINARY)")).await?;
    let mut buffer = Vec::with_capacity(COPY_BYTES + COPY_BYTES / 8);
    // Signature, flags, length of the header's extension.
    buffer.extend_from_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    for row in std::iter::once(first).chain(rows) {
        buffer.extend_from_slice(&width.to_be_bytes());
        for cell in &row {
            write_binary(&mut buffer, cell)?;
        }
        if buffer.len() >= COPY_BYTES {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(buffer.as_slice()).await?;
    copy.finish().await
}

/// PostgreSQL's binary formats: lengths and numbers big-endian, days and microseconds since 2000-01-01.
fn write_binary(out: &mut Vec<u8>, cell: &Cell<'_>) -> Result<(), sqlx::Error> {
    let mut put = |bytes: &[u8]| {
        let length =
            i32::try_from(bytes.len()).map_err(|_| sqlx::Error::Encode("a cell is beyond 2 GiB".into()))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(bytes);
        Ok(())
    };
    match cell {
        Cell::Null => {
            out.extend_from_slice(&(-1_i32).to_be_bytes());
            Ok(())
        }
        Cell::Int(v) => put(&v.to_be_bytes()),
        Cell::Small(v) => put(&v.to_be_bytes()),
        Cell::Bool(v) => put(&[u8::from(*v)]),
        Cell::Text(v) => put(v.as_bytes()),
        Cell::Bytes(v) => put(v),
        Cell::Date(v) => {
            let days = v.signed_duration_since(epoch()).num_days();
            let days =
                i32::try_from(days).map_err(|_| sqlx::Error::Encode("a date is out of range".into()))?;
            put(&days.to_be_bytes())
        }
        Cell::Instant(v) => {
            let since = v.naive_utc().signed_duration_since(epoch().into());
            let micros = since.num_microseconds();
            let micros = micros.ok_or_else(|| sqlx::Error::Encode("an instant is out of range".into()))?;
            put(&micros.to_be_bytes())
        }
    }
}

fn epoch() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default()
}

async fn insert_few<const N: usize>(
    conn: &mut sqlx::PgConnection,
    into: &str,
    rows: Vec<[Cell<'_>; N]>,
) -> Result<u64, sqlx::Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    let mut arguments = sqlx::postgres::PgArguments::default();
    let mut values: Vec<String> = Vec::with_capacity(rows.len());
    for cells in rows {
        let mut places: Vec<String> = Vec::with_capacity(N);
        for cell in cells {
            // Nothing has no type.
            if cell == Cell::Null {
                places.push("NULL".to_owned());
                continue;
            }
            bind_postgres(&mut arguments, cell).map_err(sqlx::Error::Encode)?;
            places.push(format!("${}", arguments.len()));
        }
        values.push(format!("({})", places.join(",")));
    }
    let sql = format!("INSERT INTO {into} VALUES {}", values.join(","));
    // One row is like the next; more are of any number.
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(values.len() == 1);
    Ok(query.execute(conn).await?.rows_affected())
}

fn bind_postgres(
    arguments: &mut sqlx::postgres::PgArguments,
    cell: Cell<'_>,
) -> Result<(), sqlx::error::BoxDynError> {
    match cell {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Int(v) => arguments.add(v),
        Cell::Small(v) => arguments.add(v),
        Cell::Bool(v) => arguments.add(v),
        Cell::Text(v) => arguments.add(v.into_owned()),
        Cell::Bytes(v) => arguments.add(v.into_owned()),
        Cell::Date(v) => arguments.add(v),
        Cell::Instant(v) => arguments.add(v),
    }
}

async fn insert_chunks<'a, const N: usize>(
    conn: &mut sqlx::SqliteConnection,
    into: &str,
    rows: &mut (impl Iterator<Item = [Cell<'a>; N]> + Send),
) -> Result<u64, sqlx::Error> {
    let chunk = (SQLITE_BINDS / N.max(1)).clamp(1, SQLITE_ROWS);
    let row = format!("({})", vec!["?"; N].join(","));
    let mut inserted = 0;
    loop {
        let mut arguments = sqlx::sqlite::SqliteArguments::default();
        let mut count = 0;
        for cells in rows.by_ref().take(chunk) {
            for cell in cells {
                bind(&mut arguments, cell).map_err(sqlx::Error::Encode)?;
            }
            count += 1;
        }
        if count == 0 {
            return Ok(inserted);
        }
        let sql = format!("INSERT INTO {into} VALUES {}", vec![row.as_str(); count].join(","));
        // Full chunks are all alike and stay prepared; the last one is not worth keeping.
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(count == chunk);
        inserted += query.execute(&mut *conn).await?.rows_affected();
    }
}

fn bind(
    arguments: &mut sqlx::sqlite::SqliteArguments,
    cell: Cell<'_>,
) -> Result<(), sqlx::error::BoxDynError> {
    match cell {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Int(v) => arguments.add(v),
        Cell::Small(v) => arguments.add(v),
        Cell::Bool(v) => arguments.add(v),
        Cell::Text(v) => arguments.add(v.into_owned()),
        Cell::Bytes(v) => arguments.add(v.into_owned()),
        Cell::Date(v) => arguments.add(v),
        Cell::Instant(v) => arguments.add(v),
    }
}
