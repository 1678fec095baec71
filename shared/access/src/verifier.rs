//! From a bearer token to a caller.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use jsonwebtoken::Validation;
use jsonwebtoken::errors::ErrorKind;
use niva_base::OpError;

use crate::caller::Caller;
use crate::claims::LOCAL_ISSUER;
use crate::good::{Checked, Good, invalid};
use crate::keys::KeySet;
use crate::known::Known;
use crate::local::LocalIssuer;

/// Checks access tokens (RFC 9068): type, signature by a known key with that key's own algorithm, issuer, audience, times.
/// Cheap to clone; clones believe the same keys.
#[derive(Clone)]
pub struct Verifier(Arc<Trust>);

struct Trust {
    issuer: String,
    audience: String,
    local: bool,
    keys: RwLock<Believed>,
    known: Known,
}

/// Keys, and how often they have changed.
#[derive(Clone, Default)]
struct Believed {
    generation: u64,
    keys: Arc<KeySet>,
}

impl Verifier {
    /// Trusts the local issuer: loopback only.
    #[must_use]
    pub fn local(issuer: &LocalIssuer, audience: &str) -> Self {
        let keys = KeySet::one(issuer.kid(), issuer.decoding_key());
        Self::made(LOCAL_ISSUER, audience, true, keys)
    }

    /// Trusts an issuer (its `iss`, as in its tokens) with these keys, for tokens that are for `audience`.
    #[must_use]
    pub fn of(issuer: &str, audience: &str, keys: KeySet) -> Self {
        Self::made(issuer, audience, false, keys)
    }

    fn made(issuer: &str, audience: &str, local: bool, keys: KeySet) -> Self {
        Self(Arc::new(Trust {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            local,
            keys: RwLock::new(Believed { generation: 0, keys: Arc::new(keys) }),
            known: Known::default(),
        }))
    }

    /// Whether anybody with the local key file can be anybody.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0.local
    }

    /// Believes these keys from now on, and no others: what a key that is gone has signed opens nothing any more.
    pub fn believe(&self, keys: KeySet) {
        let mut believed = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        if !believed.keys.is_like(&keys) {
            tracing::info!(issuer = self.0.issuer, ?keys, "the issuer's keys have changed");
            *believed = Believed { generation: believed.generation + 1, keys: Arc::new(keys) };
        }
    }

    /// The caller whom a token names, at `now` of the machine's clock: what a token is good for follows no made-up time.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_NOT_YET_VALID`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, OpError> {
        let now = now.timestamp();
        let believed = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        let hash = Known::hash(token);
        if let Some(good) = self.0.known.get(&hash, believed.generation) {
            return good.at(now);
        }
        let good = self.read(token, &believed.keys)?;
        let caller = good.clone().at(now)?;
        self.0.known.keep(hash, believed.generation, good, now);
        Ok(caller)
    }

    fn read(&self, token: &str, keys: &KeySet) -> Result<Good, OpError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid("is not a JSON Web Token"))?;
        let typ = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        if typ.strip_prefix("application/").unwrap_or(&typ) != "at+jwt" {
            return Err(invalid("is no access token (typ at+jwt, RFC 9068)"));
        }
        // Whoever does not understand what is critical refuses (RFC 7515, 4.1.11), and nothing is understood here.
        if header.crit.is_some() {
            return Err(invalid("asks for what is not understood here (crit)"));
        }
        let kid = header.kid.as_deref().ok_or_else(|| invalid("names no key (kid)"))?;
        let (algorithm, key) =
            keys.key(kid).ok_or_else(|| invalid("is signed with a key that is not known"))?;
        // The key decides the algorithm, never the token.
        let mut validation = Validation::new(*algorithm);
        validation.set_audience(&[&self.0.audience]);
        validation.set_issuer(&[&self.0.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // Times are checked later, and each time anew, by the clock that is passed.
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Checked>(token, key, &validation).map_err(|e| self.invalid(e.kind()))?;
        Good::read(claims.claims)
    }

    fn invalid(&self, kind: &ErrorKind) -> OpError {
        invalid(&match kind {
            ErrorKind::InvalidAlgorithm => "is signed with another algorithm than its key's".to_owned(),
            ErrorKind::InvalidSignature => "has a wrong signature".to_owned(),
            ErrorKind::InvalidIssuer => "comes from another issuer".to_owned(),
            ErrorKind::InvalidAudience => format!("is for another audience than {}", self.0.audience),
            _ => "lacks exp, iat, aud, iss or sub, or cannot be read".to_owned(),
        })
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({}, {})", self.0.issuer, self.0.audience)
    }
}
