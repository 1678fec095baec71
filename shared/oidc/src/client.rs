//! Tokens of a service's own.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use http_body_util::Full;
use niva_base::{OpError, read_private};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::http::OidcError;
use crate::issuer::Issuer;

/// How long a token is taken to be good when the issuer does not say.
const UNSAID: u64 = 60;
/// Until a token is asked for again, after the issuer gave none.
const AGAIN: Duration = Duration::from_secs(5);

/// As whom a service asks for its tokens.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id at the issuer.
    pub id: String,
    /// The file with its secret, which others must not be able to read; read anew for each token.
    pub secret: PathBuf,
    /// What it asks for (`scope`), where the issuer wants to be told.
    pub scope: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// Gets tokens for an audience, each half way through the life of the one before, and hands them to `hold`, until the
/// shutdown. While the issuer gives none it is asked again and again, with a warning each time.
pub async fn renew(
    issuer: Issuer,
    client: Client,
    audience: String,
    hold: impl Fn(&str) -> Result<(), OpError> + Send,
    shutdown: CancellationToken,
) {
    loop {
        let asked = shutdown.run_until_cancelled(token(&issuer, &client, &audience)).await;
        let pause = match asked {
            None => return,
            Some(Ok((token, lifetime))) => match hold(&token) {
                Ok(()) => lifetime / 2,
                Err(error) => {
                    tracing::warn!(%error, audience, "the issuer has given what is no token");
                    AGAIN
                }
            },
            Some(Err(error)) => {
                tracing::warn!(%error, audience, "there is no new token of the service's own");
                AGAIN
            }
        };
        if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

async fn token(issuer: &Issuer, client: &Client, audience: &str) -> Result<(String, Duration), OidcError> {
    let endpoint = issuer.token_endpoint().await?;
    let url = endpoint.to_string();
    let secret = read_private(&client.secret)
        .map_err(|source| OidcError::Secret { path: client.secret.clone(), source })?;
    let secret = String::from_utf8_lossy(&secret).trim().to_owned();
    let mut form = format!("grant_type=client_credentials&resource={}", encoded(audience));
    if let Some(scope) = &client.scope {
        form.push_str(&format!("&scope={}", encoded(scope)));
    }
    let basic = STANDARD.encode(format!("{}:{}", encoded(&client.id), encoded(&secret)));
    let mut header = HeaderValue::from_str(&format!("Basic {basic}"))
        .map_err(|_| OidcError::Content { url: url.clone(), problem: "no header".to_owned() })?;
    header.set_sensitive(true);
    let mut request = Request::new(Full::new(Bytes::from(form)));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = endpoint;
    request.headers_mut().insert(AUTHORIZATION, header);
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, form);
    let text = issuer.send(request).await?;
    // What it holds is in no error: it may be a token.
    let useless = || OidcError::Content { url: url.clone(), problem: "it is no bearer token".to_owned() };
    let answer: Answer = serde_json::from_slice(&text).map_err(|_| useless())?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(useless());
    }
    Ok((answer.access_token, Duration::from_secs(answer.expires_in.unwrap_or(UNSAID).max(1))))
}

/// As a form has it (RFC 6749, appendix B): all but what is never anything else.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_cannot_hold_is_written_out() {
        assert_eq!(encoded("urn:niva:choice"), "urn%3Aniva%3Achoice");
        assert_eq!(encoded("a+b&c=å~"), "a%2Bb%26c%3D%C3%A5%7E");
    }
}
