//! The models that runs were calculated with, however models changed since.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_names::file::LoadError;
use niva_store::{DbError, Tx};

use super::store;
use crate::store::Connection;

/// Catalogues that are held in memory at most; more are read again.
const HELD: usize = 16;

/// Gives the models of any run: those of today, or from what was kept.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    now: Arc<Catalogue>,
    read: Arc<Mutex<BTreeMap<String, Arc<Catalogue>>>>,
}

/// Why the models of a run cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// No run was calculated with them.
    #[error("no models with the fingerprint {0} were kept")]
    Unknown(String),
    /// What was kept cannot be read by this version.
    #[error("the models with the fingerprint {fingerprint} were kept and cannot be read: {error}")]
    Unreadable {
        /// Which.
        fingerprint: String,
        /// Why.
        error: LoadError,
    },
    /// The database's.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl Archive {
    /// An archive beside the models of today.
    pub(crate) fn new(now: Arc<Catalogue>) -> Self {
        Self { now, read: Arc::default() }
    }

    /// Keeps the models of today: a run is made with them.
    pub(crate) async fn keep(&self, tx: &Tx<'_>) -> Result<(), DbError> {
        store::keep(tx, &self.now).await
    }

    /// The models with a fingerprint.
    pub(crate) async fn models(
        &self,
        db: &impl Connection,
        fingerprint: &str,
    ) -> Result<Arc<Catalogue>, NotKept> {
        if self.now.fingerprint == fingerprint {
            return Ok(Arc::clone(&self.now));
        }
        let held = |read: &Mutex<BTreeMap<String, Arc<Catalogue>>>| {
            read.lock().unwrap_or_else(PoisonError::into_inner).get(fingerprint).cloned()
        };
        if let Some(known) = held(&self.read) {
            return Ok(known);
        }
        let texts = store::find(db, fingerprint).await?;
        let texts = texts.ok_or_else(|| NotKept::Unknown(fingerprint.to_owned()))?;
        let unreadable = |error| NotKept::Unreadable { fingerprint: fingerprint.to_owned(), error };
        let city = ServiceCatalogue::parse("the city's services", &texts.city).map_err(unreadable)?;
        let models = Arc::new(Catalogue::kept(&Arc::new(city), texts.files).map_err(unreadable)?);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len() >= HELD {
            read.clear();
        }
        read.insert(fingerprint.to_owned(), Arc::clone(&models));
        Ok(models)
    }
}
