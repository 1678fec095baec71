//! Who a client is.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Duration, Utc};
use http::HeaderValue;
use niva_access::{Caller, LocalIssuer};
use niva_base::{Clock, OpError};

/// How long a minted token is good, and how long before its end a new one is minted.
const LIFETIME: Duration = Duration::minutes(10);
const RENEW: Duration = Duration::minutes(2);

/// What a client sends to be known. Cheap to clone.
#[derive(Clone)]
pub struct Credentials(Source);

#[derive(Clone)]
enum Source {
    None,
    Bearer(String),
    Minted(Arc<Mint>),
    Renewed(Renewed),
}

struct Mint {
    issuer: LocalIssuer,
    caller: Caller,
    clock: Clock,
    held: Mutex<Option<(DateTime<Utc>, HeaderValue)>>,
}

/// A token that somebody renews while it is used. Cheap to clone; clones hold the same.
#[derive(Clone, Default)]
pub struct Renewed(Arc<RwLock<Option<HeaderValue>>>);

impl Renewed {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on this one.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_INVALID`, when no token reads so.
    pub fn set(&self, token: &str) -> Result<(), OpError> {
        let fresh = header(token)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        Ok(())
    }

    fn header(&self) -> Result<HeaderValue, OpError> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        held.ok_or_else(|| OpError::Unauthenticated {
            reason: "TOKEN_MISSING",
            message: "there is no token yet: the issuer has not given one".to_owned(),
        })
    }
}

impl Credentials {
    /// Nothing: good for health and reflection.
    #[must_use]
    pub fn none() -> Self {
        Self(Source::None)
    }

    /// A token from elsewhere.
    pub fn bearer(token: impl Into<String>) -> Self {
        Self(Source::Bearer(token.into()))
    }

    /// Tokens that somebody else renews in time.
    #[must_use]
    pub fn renewed(token: &Renewed) -> Self {
        Self(Source::Renewed(token.clone()))
    }

    /// Tokens of the local issuer, minted when needed and renewed in time, by the machine's clock.
    #[must_use]
    pub fn minted(issuer: &LocalIssuer, caller: Caller) -> Self {
        Self::minted_by(issuer, caller, Clock::system())
    }

    pub(crate) fn minted_by(issuer: &LocalIssuer, caller: Caller, clock: Clock) -> Self {
        let mint = Mint { issuer: issuer.clone(), caller, clock, held: Mutex::new(None) };
        Self(Source::Minted(Arc::new(mint)))
    }

    pub(super) fn header(&self) -> Result<Option<HeaderValue>, OpError> {
        match &self.0 {
            Source::None => Ok(None),
            Source::Bearer(token) => header(token).map(Some),
            Source::Minted(mint) => mint.header().map(Some),
            Source::Renewed(token) => token.header().map(Some),
        }
    }
}

impl Mint {
    fn header(&self) -> Result<HeaderValue, OpError> {
        let now = self.clock.now();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            // A clock that is set back makes the held token one from the future.
            Some((minted, value)) if (*minted..*minted + LIFETIME - RENEW).contains(&now) => {
                Ok(value.clone())
            }
            _ => {
                let value = header(&self.issuer.token(&self.caller, LIFETIME, now)?)?;
                *held = Some((now, value.clone()));
                Ok(value)
            }
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Source::None => "Credentials::none",
            Source::Bearer(_) => "Credentials::bearer",
            Source::Minted(_) => "Credentials::minted",
            Source::Renewed(_) => "Credentials::renewed",
        })
    }
}

/// Tokens are in no log.
impl std::fmt::Debug for Renewed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Renewed")
    }
}

fn header(token: &str) -> Result<HeaderValue, OpError> {
    let mut value =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| OpError::Unauthenticated {
            reason: "TOKEN_INVALID",
            message: "the token has characters that no token has; get a new one".to_owned(),
        })?;
    value.set_sensitive(true);
    Ok(value)
}
