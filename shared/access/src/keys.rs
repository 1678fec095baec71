//! An issuer's public keys, as a JWK set tells them.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Keys by id, each with the one algorithm that it signs with.
#[derive(Clone, Default)]
pub struct KeySet {
    keys: BTreeMap<String, (Algorithm, DecodingKey)>,
    /// What they were read from: two sets of the same text are the same.
    text: Vec<u8>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517). Keys without an id, for other uses than signing, and of kinds that are not signed with
    /// here (such as shared secrets) are passed over.
    ///
    /// # Errors
    /// What is wrong with it, in words; also when no key is left.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let set: Set = serde_json::from_slice(text).map_err(|error| format!("it is no JWK set: {error}"))?;
        let mut keys = BTreeMap::new();
        // What is of an unknown kind does not read (RFC 7517, 5).
        let known = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        for jwk in known.filter(signs) {
            if let (Some(kid), Some(algorithm)) = (&jwk.common.key_id, algorithm(&jwk)) {
                let key = DecodingKey::from_jwk(&jwk).map_err(|error| format!("key {kid}: {error}"))?;
                keys.insert(kid.clone(), (algorithm, key));
            }
        }
        if keys.is_empty() {
            return Err("give at least one key with kid, for signing, of type Ed25519, P-256, P-384 or RSA"
                .to_owned());
        }
        Ok(Self { keys, text: text.to_owned() })
    }

    /// The one key of an issuer of one's own.
    pub(crate) fn one(kid: &str, key: DecodingKey) -> Self {
        Self { keys: BTreeMap::from([(kid.to_owned(), (Algorithm::EdDSA, key))]), text: Vec::new() }
    }

    pub(crate) fn key(&self, kid: &str) -> Option<&(Algorithm, DecodingKey)> {
        self.keys.get(kid)
    }

    /// Whether both were read from the same text.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

/// Whether a key is for signatures, as far as it says (`use`, `key_ops`).
fn signs(jwk: &Jwk) -> bool {
    let used = jwk.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let verifies = |operations: &Vec<KeyOperations>| operations.contains(&KeyOperations::Verify);
    used && jwk.common.key_operations.as_ref().is_none_or(verifies)
}

/// The one algorithm of a key: the one that it names (`alg`) where its kind can have it, else that of its kind.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let of_kind: &[(KeyAlgorithm, Algorithm)] = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(p) if p.curve == EllipticCurve::Ed25519 => {
            &[(KeyAlgorithm::EdDSA, Algorithm::EdDSA)]
        }
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P256 => {
            &[(KeyAlgorithm::ES256, Algorithm::ES256)]
        }
        AlgorithmParameters::EllipticCurve(p) if p.curve == EllipticCurve::P384 => {
            &[(KeyAlgorithm::ES384, Algorithm::ES384)]
        }
        AlgorithmParameters::RSA(_) => &[
            (KeyAlgorithm::RS256, Algorithm::RS256),
            (KeyAlgorithm::RS384, Algorithm::RS384),
            (KeyAlgorithm::RS512, Algorithm::RS512),
            (KeyAlgorithm::PS256, Algorithm::PS256),
            (KeyAlgorithm::PS384, Algorithm::PS384),
            (KeyAlgorithm::PS512, Algorithm::PS512),
        ],
        _ => return None,
    };
    match &jwk.common.key_algorithm {
        None => of_kind.first().map(|(_, algorithm)| *algorithm),
        Some(named) => of_kind.iter().find(|(name, _)| name == named).map(|(_, algorithm)| *algorithm),
    }
}
