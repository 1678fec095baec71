//! Who a client is.

use std::sync::{Arc, Mutex, PoisonError};

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
}

struct Mint {
    issuer: LocalIssuer,
    caller: Caller,
    clock: Clock,
    held: Mutex<Option<(DateTime<Utc>, HeaderValue)>>,
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

    /// Tokens of the local issuer, minted when needed and renewed in time.
    #[must_use]
    pub fn minted(issuer: &LocalIssuer, caller: Caller, clock: &Clock) -> Self {
        let mint = Mint { issuer: issuer.clone(), caller, clock: clock.clone(), held: Mutex::new(None) };
        Self(Source::Minted(Arc::new(mint)))
    }

    pub(super) fn header(&self) -> Result<Option<HeaderValue>, OpError> {
        match &self.0 {
            Source::None => Ok(None),
            Source::Bearer(token) => header(token).map(Some),
            Source::Minted(mint) => mint.header().map(Some),
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
        match &self.0 {
            Source::None => f.write_str("Credentials::none"),
            Source::Bearer(_) => f.write_str("Credentials::bearer"),
            Source::Minted(_) => f.write_str("Credentials::minted"),
        }
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
