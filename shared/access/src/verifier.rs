//! From a bearer token to a caller.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use niva_base::OpError;
use serde::Deserialize;

use crate::caller::{Caller, Role};
use crate::claims::{AUDIENCE, LOCAL_ISSUER};
use crate::jwks::KeyFile;
use crate::key_error::KeyError;
use crate::local::LocalIssuer;

/// How far two machines' clocks may be apart, in seconds.
const LEEWAY: i64 = 30;

/// Checks tokens: signature by a known key with that key's own algorithm, issuer, audience, expiry.
#[derive(Clone)]
pub struct Verifier(Arc<Trust>);

struct Trust {
    issuer: String,
    keys: Keys,
}

enum Keys {
    Local(LocalIssuer),
    File(KeyFile),
}

/// What we read of a token once `jsonwebtoken` has checked `iss` and `aud` (which may be a list). Without `exp` it
/// cannot be read.
#[derive(Deserialize)]
struct Checked {
    sub: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    niva_roles: Vec<String>,
    #[serde(default)]
    niva_districts: Vec<String>,
    #[serde(default)]
    niva_provider: Option<String>,
}

impl Verifier {
    /// Trusts the local issuer: loopback only.
    #[must_use]
    pub fn local(issuer: &LocalIssuer) -> Self {
        Self(Arc::new(Trust { issuer: LOCAL_ISSUER.to_owned(), keys: Keys::Local(issuer.clone()) }))
    }

    /// Trusts an issuer (its `iss`, as in its tokens) whose public keys are in a JWK set file. The file is read again
    /// when an unknown key id comes.
    ///
    /// # Errors
    /// The file cannot be read or holds no usable key.
    pub fn jwks_file(issuer: &str, path: impl Into<PathBuf>) -> Result<Self, KeyError> {
        let keys = Keys::File(KeyFile::open(path.into())?);
        Ok(Self(Arc::new(Trust { issuer: issuer.to_owned(), keys })))
    }

    /// Whether anybody with the local key file can be anybody.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.0.keys, Keys::Local(_))
    }

    /// The caller whom a token names.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_NOT_YET_VALID`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, OpError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid("is not a JSON Web Token"))?;
        let kid = header.kid.as_deref().ok_or_else(|| invalid("names no key (kid)"))?;
        let (algorithm, key) =
            self.key(kid).ok_or_else(|| invalid("is signed with a key that is not known"))?;
        // The key decides the algorithm, never the token.
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.0.issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // Expiry is checked below, by the clock that is passed.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Checked>(token, &key, &validation)
            .map_err(|e| invalid(problem(e.kind())))?
            .claims;
        if claims.exp + LEEWAY < now.timestamp() {
            return Err(unauthenticated("TOKEN_EXPIRED", "the token has expired; get a new one"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now.timestamp() + LEEWAY) {
            return Err(unauthenticated(
                "TOKEN_NOT_YET_VALID",
                "the token is not valid yet; check the clocks",
            ));
        }
        // Subjects are compared exactly: what reads like another's is nobody's.
        if claims.sub.is_empty()
            || claims.sub.trim() != claims.sub
            || claims.sub.chars().any(char::is_control)
        {
            return Err(invalid("has a sub that is blank, padded or unprintable"));
        }
        // Roles that are not ours open nothing here.
        let roles: BTreeSet<Role> = claims.niva_roles.iter().filter_map(|name| name.parse().ok()).collect();
        if roles.contains(&Role::FinanceMaker) && roles.contains(&Role::FinanceApprover) {
            return Err(invalid("has both finance_maker and finance_approver, which one person never has"));
        }
        Ok(Caller {
            subject: claims.sub,
            roles,
            districts: claims.niva_districts,
            provider: claims.niva_provider,
        })
    }

    fn key(&self, kid: &str) -> Option<(Algorithm, DecodingKey)> {
        match &self.0.keys {
            Keys::Local(issuer) => (issuer.kid() == kid).then(|| (Algorithm::EdDSA, issuer.decoding_key())),
            Keys::File(file) => file.key(kid),
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({})", self.0.issuer)
    }
}

fn problem(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidAlgorithm => "is signed with another algorithm than its key's",
        ErrorKind::InvalidSignature => "has a wrong signature",
        ErrorKind::InvalidIssuer => "comes from another issuer",
        ErrorKind::InvalidAudience => "is for another audience than niva",
        _ => "lacks exp, aud, iss or sub, or cannot be read",
    }
}

fn invalid(problem: &str) -> OpError {
    unauthenticated("TOKEN_INVALID", &format!("the token {problem}; get one from this service's issuer"))
}

fn unauthenticated(reason: &'static str, message: &str) -> OpError {
    OpError::Unauthenticated { reason, message: message.to_owned() }
}
