//! An issuer's public keys in a JWK set file, put there by whoever runs the service.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::key_error::KeyError;

/// Keys by id, read again when an unknown id comes and the file has changed since.
pub(crate) struct KeyFile {
    path: PathBuf,
    held: Mutex<Held>,
}

struct Held {
    keys: BTreeMap<String, (Algorithm, DecodingKey)>,
    changed: Option<SystemTime>,
}

impl KeyFile {
    pub(crate) fn open(path: PathBuf) -> Result<Self, KeyError> {
        let held = read(&path)?;
        Ok(Self { path, held: Mutex::new(held) })
    }

    pub(crate) fn key(&self, kid: &str) -> Option<(Algorithm, DecodingKey)> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.keys.contains_key(kid) && changed(&self.path) != held.changed {
            match read(&self.path) {
                Ok(fresh) => *held = fresh,
                Err(error) => tracing::error!(%error, "keys not read again, keeping the old ones"),
            }
        }
        held.keys.get(kid).cloned()
    }
}

fn changed(path: &PathBuf) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn read(path: &PathBuf) -> Result<Held, KeyError> {
    let changed = changed(path);
    let text = fs::read(path).map_err(|source| KeyError::File { path: path.clone(), source })?;
    let content = |problem: String| KeyError::Content { path: path.clone(), problem };
    let set: JwkSet = serde_json::from_slice(&text).map_err(|e| content(e.to_string()))?;
    let mut keys = BTreeMap::new();
    for jwk in &set.keys {
        if let (Some(kid), Some(algorithm)) = (&jwk.common.key_id, algorithm(jwk)) {
            let key = DecodingKey::from_jwk(jwk).map_err(|e| content(format!("key {kid}: {e}")))?;
            keys.insert(kid.clone(), (algorithm, key));
        }
    }
    if keys.is_empty() {
        return Err(content("give at least one key with kid, of type Ed25519, P-256 or RSA".to_owned()));
    }
    Ok(Held { keys, changed })
}

/// The one algorithm of each kind of key; keys of other kinds (such as shared secrets) are passed over.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => Some(Algorithm::EdDSA),
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => Some(Algorithm::ES256),
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        _ => None,
    }
}
