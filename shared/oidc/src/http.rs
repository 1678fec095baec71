//! One request over HTTPS, with bounds.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use niva_tls::Tls;
use tokio::net::TcpStream;

/// Time for a request, from the connection to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer: a set of keys has some thousand.
const MOST_BYTES: usize = 1024 * 1024;

/// An issuer could not be asked, or answered nothing of use.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// It is reached by HTTPS alone.
    #[error("{0} is no address of an issuer; give https://HOST")]
    Address(String),
    /// There is no connection, or it broke, or took too long.
    #[error("{url} cannot be asked: {source}")]
    Connection {
        /// Whom.
        url: String,
        /// Why.
        source: io::Error,
    },
    /// It refused.
    #[error("{url} answers {status}{words}")]
    Status {
        /// Who.
        url: String,
        /// The status.
        status: StatusCode,
        /// What it says of it.
        words: String,
    },
    /// It answered something else.
    #[error("{url} answers what cannot be used: {problem}")]
    Content {
        /// Who.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The client's secret cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads an address that is asked by HTTPS.
pub(crate) fn address(url: &str) -> Result<Uri, OidcError> {
    let read = url.parse::<Uri>().ok();
    let known =
        read.filter(|uri| uri.scheme_str() == Some("https") && uri.host().is_some_and(|h| !h.is_empty()));
    known.ok_or_else(|| OidcError::Address(url.to_owned()))
}

/// Sends a request to the address in it and reads the whole answer. It follows no redirection.
pub(crate) async fn ask(tls: &Tls, request: Request<Full<Bytes>>) -> Result<Bytes, OidcError> {
    let url = request.uri().to_string();
    let asked = tokio::time::timeout(TIMEOUT, exchange(tls, request)).await;
    let late = || io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
    let (status, body) = asked
        .unwrap_or_else(|_| Err(late()))
        .map_err(|source| OidcError::Connection { url: url.clone(), source })?;
    if status == StatusCode::OK {
        return Ok(body);
    }
    let words = error_code(&body).map(|code| format!(": {code}")).unwrap_or_default();
    Err(OidcError::Status { url, status, words })
}

async fn exchange(tls: &Tls, mut request: Request<Full<Bytes>>) -> io::Result<(StatusCode, Bytes)> {
    let uri = request.uri().clone();
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((bare, uri.port_u16().unwrap_or(443))).await?;
    let stream = tls.connect(host, stream).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Ends with the request: the connection is for it alone.
    let connection = tokio::spawn(connection);
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse().map_err(io::Error::other)?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(authority).map_err(io::Error::other)?);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = async {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        let body =
            Limited::new(response.into_body(), MOST_BYTES).collect().await.map_err(io::Error::other)?;
        Ok((status, body.to_bytes()))
    };
    let answered = answer.await;
    connection.abort();
    answered
}

/// `error` of an OAuth refusal, when it reads as one: what else a body holds is nothing for a log.
fn error_code(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let code = body.get("error")?.as_str()?;
    let plain = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then(|| code.to_owned())
}
