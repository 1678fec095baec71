//! The models that runs were calculated with: the texts of their files, each content once.

use std::collections::BTreeMap;

use niva_models::Catalogue;
use niva_store::{DbError, Tx};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

use crate::store::{rows, statement};

/// The texts that a catalogue of models was made of.
#[derive(Debug)]
pub(super) struct Texts {
    /// Of the city's services and districts.
    pub(super) city: String,
    /// The models' files, by id.
    pub(super) files: Vec<(String, String)>,
}

/// Keeps the texts of models, unless they are kept.
pub(super) async fn keep(tx: &Tx<'_>, models: &Catalogue) -> Result<(), DbError> {
    let print = models.fingerprint.as_str();
    let known = "SELECT 1 AS known FROM archived_models WHERE fingerprint = $1";
    if !rows(tx, "archived_models", statement(tx, known, [print.into()])).await?.is_empty() {
        return Ok(());
    }
    let mut hashes: Vec<(String, String)> = Vec::with_capacity(models.files.len() + 1);
    let city = ("".to_owned(), models.services.text().to_owned());
    for (id, text) in std::iter::once(&city).chain(&models.files) {
        let sha256 = niva_base::hex(&Sha256::digest(text.as_bytes()));
        let sql =
            "INSERT INTO archived_text (sha256, content) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING";
        tx.execute_raw(statement(tx, sql, [sha256.as_str().into(), text.as_str().into()])).await?;
        hashes.push((id.clone(), sha256));
    }
    let files = serde_json::to_string(&hashes).map_err(|e| unreadable(print, &e.to_string()))?;
    let sql = "INSERT INTO archived_models (fingerprint, files) VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING";
    tx.execute_raw(statement(tx, sql, [print.into(), files.into()])).await?;
    Ok(())
}

/// The texts of kept models; `None`: no run was calculated with them.
pub(super) async fn find(db: &impl ConnectionTrait, fingerprint: &str) -> Result<Option<Texts>, DbError> {
    let sql = "SELECT files FROM archived_models WHERE fingerprint = $1";
    let found = rows(db, "archived_models", statement(db, sql, [fingerprint.into()])).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let hashes: String = row.get("files")?;
    let hashes: Vec<(String, String)> =
        serde_json::from_str(&hashes).map_err(|e| unreadable(fingerprint, &e.to_string()))?;
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    for (id, sha256) in hashes {
        let sql = "SELECT content FROM archived_text WHERE sha256 = $1";
        let found = rows(db, "archived_text", statement(db, sql, [sha256.as_str().into()])).await?;
        let row =
            found.first().ok_or_else(|| unreadable(fingerprint, &format!("the text {sha256} is missing")))?;
        let content: String = row.get("content")?;
        if niva_base::hex(&Sha256::digest(content.as_bytes())) != sha256 {
            return Err(DbError::row("archived_text", "content", sha256, "is not the text that was kept"));
        }
        texts.insert(id, content);
    }
    let city = texts.remove("").ok_or_else(|| unreadable(fingerprint, "the city's file is missing"))?;
    Ok(Some(Texts { city, files: texts.into_iter().collect() }))
}

fn unreadable(fingerprint: &str, problem: &str) -> DbError {
    DbError::row("archived_models", "files", fingerprint, problem)
}
