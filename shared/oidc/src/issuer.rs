//! Where an issuer's keys are, and the keys.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use niva_access::{KeySet, Verifier};
use niva_base::every;
use niva_tls::Tls;
use serde::Deserialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::http::{OidcError, address, ask};

/// How often the keys are asked for: with the time that a request may take, a key that is gone is believed for less than
/// a minute.
const PERIOD: Duration = Duration::from_secs(20);

/// An issuer of tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer(Arc<Reached>);

#[derive(Debug)]
struct Reached {
    /// As its tokens have it (`iss`).
    name: String,
    configuration: Uri,
    tls: Tls,
}

/// What of its configuration is needed.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint: Option<String>,
}

impl Issuer {
    /// The issuer of that name, which is its address, believed by the authorities of `tls`.
    ///
    /// # Errors
    /// [`OidcError::Address`].
    pub fn at(name: &str, tls: &Tls) -> Result<Self, OidcError> {
        let configuration = format!("{}/.well-known/openid-configuration", name.trim_end_matches('/'));
        // What is told as wrong is what was given.
        let configuration = address(&configuration).map_err(|_| OidcError::Address(name.to_owned()))?;
        Ok(Self(Arc::new(Reached { name: name.to_owned(), configuration, tls: tls.clone() })))
    }

    /// Its keys, as they are now.
    ///
    /// # Errors
    /// It cannot be asked, or has no key of use.
    pub async fn keys(&self) -> Result<KeySet, OidcError> {
        let configuration = self.configuration().await?;
        let text = self.get(address(&configuration.jwks_uri)?).await?;
        KeySet::read(&text).map_err(|problem| OidcError::Content { url: configuration.jwks_uri, problem })
    }

    /// Where it gives tokens.
    pub(crate) async fn token_endpoint(&self) -> Result<Uri, OidcError> {
        let endpoint = self.configuration().await?.token_endpoint;
        address(&endpoint.ok_or_else(|| self.useless("it has no token_endpoint".to_owned()))?)
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, OidcError> {
        ask(&self.0.tls, request).await
    }

    async fn configuration(&self) -> Result<Configuration, OidcError> {
        let text = self.get(self.0.configuration.clone()).await?;
        let read: Configuration =
            serde_json::from_slice(&text).map_err(|error| self.useless(error.to_string()))?;
        // Who says that it is another is not believed (OpenID Connect Discovery 1.0, 4.3).
        if read.issuer != self.0.name {
            return Err(self.useless("it is the configuration of another issuer".to_owned()));
        }
        Ok(read)
    }

    async fn get(&self, uri: Uri) -> Result<Bytes, OidcError> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = uri;
        self.send(request).await
    }

    fn useless(&self, problem: String) -> OidcError {
        OidcError::Content { url: self.0.configuration.to_string(), problem }
    }
}

/// Lets the verifier believe the issuer's keys as they change, until the shutdown. While it cannot be asked those that
/// were had before stay, with a warning. Tells whether it could be asked last.
pub async fn follow_keys(
    issuer: Issuer,
    verifier: Verifier,
    told: watch::Sender<Option<bool>>,
    shutdown: CancellationToken,
) {
    every(PERIOD, &shutdown, || async {
        let keys = issuer.keys().await;
        told.send_replace(Some(keys.is_ok()));
        match keys {
            Ok(keys) => verifier.believe(keys),
            Err(error) => {
                tracing::warn!(%error, "the issuer's keys cannot be read again, and the old ones stay");
            }
        }
    })
    .await;
}
