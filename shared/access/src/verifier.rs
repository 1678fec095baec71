//! From a bearer token to a caller.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use jsonwebtoken::Validation;
use jsonwebtoken::errors::ErrorKind;
use niva_base::OpError;
use serde::Deserialize;

use crate::caller::{Caller, Role};
use crate::claims::{LOCAL_ISSUER, MAX_LIFETIME};
use crate::keys::KeySet;
use crate::known::Known;
use crate::local::LocalIssuer;

/// How far two machines' clocks may be apart, in seconds.
const LEEWAY: i64 = 30;

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

/// What we read of a token once `jsonwebtoken` has checked `iss` and `aud` (which may be a list). Without `exp` and `iat`
/// it cannot be read.
#[derive(Deserialize)]
struct Checked {
    sub: String,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    niva_roles: Vec<String>,
    #[serde(default)]
    niva_districts: Vec<String>,
    #[serde(default)]
    niva_provider: Option<String>,
}

/// What a token says that was verified: good while its times are.
#[derive(Clone)]
pub(crate) struct Good {
    pub(crate) caller: Caller,
    pub(crate) issued: i64,
    pub(crate) not_before: Option<i64>,
    pub(crate) expires: i64,
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
        good(claims.claims)
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

impl Good {
    /// The caller, when the token is good at `now`.
    fn at(self, now: i64) -> Result<Caller, OpError> {
        if self.expires.saturating_add(LEEWAY) < now {
            return Err(unauthenticated("TOKEN_EXPIRED", "the token has expired; get a new one"));
        }
        if self.not_before.unwrap_or(self.issued).max(self.issued) > now.saturating_add(LEEWAY) {
            let words = "the token is not valid yet; check the clocks";
            return Err(unauthenticated("TOKEN_NOT_YET_VALID", words));
        }
        Ok(self.caller)
    }
}

/// What the claims say, when they are such as a token of ours has.
fn good(claims: Checked) -> Result<Good, OpError> {
    if claims.exp.saturating_sub(claims.iat) > MAX_LIFETIME.num_seconds() {
        let words = format!("is good for longer than {} hours", MAX_LIFETIME.num_hours());
        return Err(invalid(&words));
    }
    // Subjects are compared exactly: what reads like another's is nobody's.
    if claims.sub.is_empty() || claims.sub.trim() != claims.sub || claims.sub.chars().any(char::is_control) {
        return Err(invalid("has a sub that is blank, padded or unprintable"));
    }
    // Roles that are not ours open nothing here.
    let roles: BTreeSet<Role> = claims.niva_roles.iter().filter_map(|name| name.parse().ok()).collect();
    if roles.contains(&Role::FinanceMaker) && roles.contains(&Role::FinanceApprover) {
        return Err(invalid("has both finance_maker and finance_approver, which one person never has"));
    }
    let caller = Caller {
        subject: claims.sub,
        roles,
        districts: claims.niva_districts,
        provider: claims.niva_provider,
    };
    Ok(Good { caller, issued: claims.iat, not_before: claims.nbf, expires: claims.exp })
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verifier({}, {})", self.0.issuer, self.0.audience)
    }
}

fn invalid(problem: &str) -> OpError {
    unauthenticated("TOKEN_INVALID", &format!("the token {problem}; get one from this service's issuer"))
}

fn unauthenticated(reason: &'static str, message: &str) -> OpError {
    OpError::Unauthenticated { reason, message: message.to_owned() }
}
