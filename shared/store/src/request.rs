//! Idempotency: a caller-made `request_id`, stored with a hash of the content in the same transaction as the effect.
//!
//! A call that is repeated after a lost answer gets the first answer again and does nothing twice.

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_facts::{Author, Changing, Telling};
use prost::Message;
use sea_orm::{ConnectionTrait, Statement, Value};
use sea_orm_migration::MigrationTrait;
use sha2::{Digest, Sha256};

use crate::audit;
use crate::database::Database;
use crate::error::{DbError, Retryable};
use crate::packed::{pack, unpack};
use crate::schema::Migration;
use crate::tx::Tx;

/// The longest `request_id`, in bytes.
const MAX_LENGTH: usize = 128;
/// Bytes of a hash that are kept: nobody finds another content for one of them.
const HASH: usize = 16;

/// Whether a request is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is: do the work, then [`finish`].
    New,
    /// It was done before: this is the encoded answer.
    Answered(Vec<u8>),
}

impl Claim {
    /// The earlier answer, if there is one.
    ///
    /// # Errors
    /// The stored answer is not an `R`.
    pub fn answer<R: Message + Default>(&self) -> Result<Option<R>, OpError> {
        match self {
            Self::New => Ok(None),
            Self::Answered(bytes) => R::decode(bytes.as_slice()).map(Some).map_err(OpError::internal),
        }
    }
}

/// How a change ends: committed with its answer, or rolled back, because it failed or was only rehearsed.
enum RolledBack<R> {
    Failed(OpError),
    Rehearsed(R),
}

impl<R> From<DbError> for RolledBack<R> {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl<R> Retryable for RolledBack<R> {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_retryable())
    }
}

/// Runs a changing call once: `work` with the telling that it stands for, in one transaction with the claim of the
/// request id, the stored answer and the record of the call. A repeated call gets the answer of the first, and is recorded
/// as every other. With `validate_only` everything is done and rolled back, and the id is not claimed. A service with a
/// feed calls `FeedLog::change`.
///
/// # Errors
/// Those of [`claim`], of `work` and of the database.
pub async fn change<'a, Q, R, F>(
    db: &'a Database,
    scope: &'a Scope,
    request: &'a Q,
    now: DateTime<Utc>,
    work: F,
) -> Result<R, OpError>
where
    Q: Changing + Message,
    R: Message + Default + 'static,
    F: for<'t> Fn(&'t Tx<'a>, Telling) -> BoxFuture<'t, Result<R, OpError>> + Send + Sync,
{
    let author = scope.author();
    let told =
        Telling { author: author.clone(), recorded_at: now, reason: request.reason().trim().to_owned() };
    let done = db
        .write(|tx: &Tx<'a>| {
            let work = work(tx, told.clone());
            Box::pin(async move {
                let id = Key { caller: &author.subject, method: Q::METHOD, request_id: request.request_id() };
                let claimed = claim(tx, id, request, now).await.map_err(RolledBack::Failed)?;
                let answer = match claimed.answer().map_err(RolledBack::Failed)? {
                    Some(answer) => answer,
                    None => {
                        let answer = work.await.map_err(RolledBack::Failed)?;
                        if request.validate_only() {
                            return Err(RolledBack::Rehearsed(answer));
                        }
                        finish(tx, id, request, &answer).await.map_err(RolledBack::Failed)?;
                        answer
                    }
                };
                let (asked, answered) = (request.encode_to_vec(), answer.encode_to_vec());
                let record = scope.call().done([asked.as_slice()], &answered);
                audit::record(tx, &record).await.map_err(RolledBack::Failed)?;
                Ok(answer)
            })
        })
        .await;
    match done {
        Ok(answer) => {
            scope.call().keep();
            Ok(answer)
        }
        Err(RolledBack::Rehearsed(answer)) => Ok(answer),
        Err(RolledBack::Failed(error)) => Err(error),
    }
}

/// The answer of a changing call that was made before: for who must know it before anything is written. [`change`] looks for it
/// itself.
///
/// # Errors
/// `FIELD_REQUIRED`, `REQUEST_ID_TOO_LONG`, `REQUEST_ID_REUSED`; the database's.
pub async fn earlier<Q, R>(db: &Database, author: &Author, request: &Q) -> Result<Option<R>, OpError>
where
    Q: Changing + Message,
    R: Message + Default,
{
    let request_id = request.request_id();
    check(request_id)?;
    let key = Key { caller: &author.subject, method: Q::METHOD, request_id };
    let Some(first) = first(db.conn(), key).await? else { return Ok(None) };
    let said = Said::of(key, request);
    match first.response {
        _ if first.content_hash != said.hash() => Err(reused(request_id)),
        Some(kept) => Claim::Answered(said.answer(&kept)?).answer(),
        None => Ok(None),
    }
}

/// What names a request: each caller's ids are its own in each method, so that nobody takes another's.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The caller's subject.
    pub caller: &'a str,
    /// The rpc: `OfferPlace`.
    pub method: &'a str,
    /// The id that the caller made.
    pub request_id: &'a str,
}

impl Key<'_> {
    fn hash(&self) -> Value {
        let mut hash = Sha256::new();
        for part in [self.caller, self.method, self.request_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize()[..HASH].to_vec().into()
    }
}

/// What a request says: its caller, and its message.
struct Said {
    all: Vec<u8>,
    message: usize,
}

impl Said {
    fn of(key: Key<'_>, message: &impl Message) -> Self {
        let all = [key.caller.as_bytes(), &message.encode_to_vec()].concat();
        Self { all, message: key.caller.len() }
    }

    /// Of the message alone.
    fn hash(&self) -> Vec<u8> {
        Sha256::digest(&self.all[self.message..])[..HASH].to_vec()
    }

    fn answer(&self, kept: &[u8]) -> Result<Vec<u8>, OpError> {
        unpack(kept, &self.all).map_err(|e| OpError::internal(e.to_string()))
    }
}

/// Claims a request for this transaction. A second transaction with the same id waits for the first one's end.
///
/// # Errors
/// `FIELD_REQUIRED`, `REQUEST_ID_TOO_LONG`; `ALREADY_EXISTS` with reason `REQUEST_ID_REUSED` when the id came before
/// from this caller for this method with other content.
pub async fn claim(
    tx: &Tx<'_>,
    key: Key<'_>,
    message: &impl Message,
    now: DateTime<Utc>,
) -> Result<Claim, OpError> {
    check(key.request_id)?;
    let said = Said::of(key, message);
    let insert = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO request (request_key, content_hash, recorded_at) VALUES ($1, $2, $3) \
         ON CONFLICT (request_key) DO NOTHING",
        [key.hash(), said.hash().into(), now.into()],
    );
    if tx.execute_raw(insert).await.map_err(DbError::from)?.rows_affected() == 1 {
        return Ok(Claim::New);
    }
    let first = first(tx, key).await?.ok_or_else(|| OpError::internal("a claimed request vanished"))?;
    if first.content_hash != said.hash() {
        return Err(reused(key.request_id));
    }
    match first.response {
        Some(kept) => Ok(Claim::Answered(said.answer(&kept)?)),
        None => Err(DbError::row("request", "response", key.request_id, "claimed but never finished").into()),
    }
}

/// A request as it came first.
struct First {
    content_hash: Vec<u8>,
    response: Option<Vec<u8>>,
}

async fn first(db: &impl ConnectionTrait, key: Key<'_>) -> Result<Option<First>, DbError> {
    let select = Statement::from_sql_and_values(
        db.get_database_backend(),
        "SELECT content_hash, response FROM request WHERE request_key = $1",
        [key.hash()],
    );
    let Some(row) = db.query_one_raw(select).await? else { return Ok(None) };
    Ok(Some(First { content_hash: row.try_get("", "content_hash")?, response: row.try_get("", "response")? }))
}

/// Stores the answer of a claimed request, in the same transaction. `message`: that of [`claim`].
///
/// # Errors
/// The database's; a request that was not claimed.
pub async fn finish(
    tx: &Tx<'_>,
    key: Key<'_>,
    message: &impl Message,
    response: &impl Message,
) -> Result<(), OpError> {
    let kept = pack(&response.encode_to_vec(), &Said::of(key, message).all);
    let update = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "UPDATE request SET response = $2 WHERE request_key = $1 AND response IS NULL",
        [key.hash(), kept.into()],
    );
    match tx.execute_raw(update).await.map_err(DbError::from)?.rows_affected() {
        1 => Ok(()),
        _ => Err(OpError::internal("a request was finished that was not claimed")),
    }
}

/// The refusal of a request id that came before with other content.
#[must_use]
pub fn reused(request_id: &str) -> OpError {
    let words = format!(
        "request_id {request_id} came before with other content; make a new one for each new request"
    );
    OpError::already_exists("REQUEST_ID_REUSED", words)
}

/// A request id must be there, and short.
///
/// # Errors
/// `FIELD_REQUIRED`, `REQUEST_ID_TOO_LONG`.
pub fn check(request_id: &str) -> Result<(), OpError> {
    let mut v = Violations::new();
    if v.text("request_id", request_id).is_some() {
        v.require(
            request_id.len() <= MAX_LENGTH,
            "request_id",
            "REQUEST_ID_TOO_LONG",
            format!("is longer than {MAX_LENGTH} bytes; use a UUID"),
        );
    }
    v.finish()
}

/// The tables `request` and `secret`. Put it into the service's `Migrator`.
#[must_use]
pub fn migration() -> Box<dyn MigrationTrait> {
    Migration::boxed("request_1", include_str!("../migrations/0001_request.sql"))
}
