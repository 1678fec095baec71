//! Keys that a service made for itself and keeps in its database, so that its replicas share them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use niva_access::SecretKey;
use niva_base::{OpError, hex};
use niva_facts::{Author, Changing};
use sea_orm::{ConnectionTrait, Statement};

use crate::database::Database;
use crate::error::DbError;
use crate::page::PageRequest;

/// Makes ids that nobody guesses, and pages whose tokens nobody forges.
#[derive(Clone, Debug)]
pub struct Secrets {
    ids: SecretKey,
    pages: SecretKey,
}

impl Secrets {
    /// The keys of a database, made when it has none.
    ///
    /// # Errors
    /// The database's; a key that is not one.
    pub async fn load(db: &Database) -> Result<Self, OpError> {
        Ok(Self { ids: key(db, "ids").await?, pages: key(db, "pages").await? })
    }

    /// Gives a database that has no keys yet ones that everybody knows, so that the same requests make the same ids: for
    /// the demo, whose people are invented, and for tests.
    ///
    /// # Errors
    /// The database's.
    pub async fn make_known(db: &Database) -> Result<(), OpError> {
        for name in ["ids", "pages"] {
            keep(db, name, &SecretKey::of([0; 32])).await?;
        }
        Ok(())
    }

    /// The identity of what a request makes (`what`: "offer"). The same caller's same request makes the same identity
    /// however often it is tried, and nobody learns it from the request's id.
    pub fn id<Q: Changing>(&self, author: &Author, request: &Q, what: &str) -> String {
        hex(&self.made(author, request, what)[..16])
    }

    /// [`Secrets::id`] in half as many characters, for what there is so much of that each counts.
    pub fn short_id<Q: Changing>(&self, author: &Author, request: &Q, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(&self.made(author, request, what)[..12])
    }

    fn made<Q: Changing>(&self, author: &Author, request: &Q, what: &str) -> [u8; 32] {
        let parts = [author.subject.as_str(), Q::METHOD, request.request_id(), what].map(str::as_bytes);
        self.ids.sign(&parts)
    }

    /// Reads which page of a list is asked for, as [`PageRequest::parse`] does. A token is good for this caller and for
    /// this list, with its filters, alone.
    ///
    /// # Errors
    /// `PAGE_SIZE_NEGATIVE`, `PAGE_TOKEN_INVALID`.
    pub fn page(
        &self,
        author: &Author,
        (size, token): (i32, &str),
        list: &[&str],
        max: u32,
    ) -> Result<PageRequest, OpError> {
        let caller = [author.subject.as_str(), author.role.as_str()];
        let parts: Vec<&[u8]> = caller.iter().chain(list).map(|part| part.as_bytes()).collect();
        PageRequest::parse(size, token, SecretKey::of(self.pages.sign(&parts)), max)
    }
}

async fn key(db: &Database, name: &str) -> Result<SecretKey, OpError> {
    if let Some(key) = find(db, name).await? {
        return Ok(key);
    }
    keep(db, name, &SecretKey::random()?).await?;
    // Another replica may have been first.
    find(db, name).await?.ok_or_else(|| OpError::internal("a key that was kept is not there"))
}

async fn find(db: &Database, name: &str) -> Result<Option<SecretKey>, DbError> {
    let conn = db.conn();
    let sql = "SELECT secret FROM secret WHERE name = $1";
    let select = Statement::from_sql_and_values(conn.get_database_backend(), sql, [name.into()]);
    let Some(row) = conn.query_one_raw(select).await? else { return Ok(None) };
    let bytes: Vec<u8> = row.try_get("", "secret")?;
    let bytes =
        bytes.try_into().map_err(|_| DbError::row("secret", "secret", name, "is not 32 bytes long"))?;
    Ok(Some(SecretKey::of(bytes)))
}

async fn keep(db: &Database, name: &str, key: &SecretKey) -> Result<(), DbError> {
    let key = key.bytes().as_slice();
    db.write(|tx| {
        Box::pin(async move {
            let sql = "INSERT INTO secret (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
            let values = [name.into(), key.to_vec().into()];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
            Ok::<_, DbError>(())
        })
    })
    .await
}
