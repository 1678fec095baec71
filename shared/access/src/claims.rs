//! What the tokens of the local issuer say.

use chrono::Duration;
use serde::Serialize;

/// `iss` of the local issuer's tokens.
pub(crate) const LOCAL_ISSUER: &str = "niva-local";
/// Parts that the local issuer's tokens are for: whoever has its key may go everywhere on this machine.
const PARTS: [&str; 3] = ["assessment", "choice", "payment"];
/// The longest that a token may be good: a working day and the way to it. Tokens cannot be called back.
pub const MAX_LIFETIME: Duration = Duration::hours(12);

/// `aud` of tokens for a part: a token for one opens no other.
#[must_use]
pub fn audience(part: &str) -> String {
    format!("urn:niva:{part}")
}

/// What a token says (RFC 9068, 2.2).
#[derive(Serialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: Vec<String>,
    pub(crate) sub: String,
    pub(crate) client_id: String,
    pub(crate) jti: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) niva_roles: Vec<String>,
    pub(crate) niva_districts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) niva_provider: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) niva_rights: Vec<&'static str>,
}

pub(crate) fn everywhere() -> Vec<String> {
    PARTS.map(audience).into()
}
