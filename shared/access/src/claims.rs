//! What the tokens of the local issuer say.

use serde::Serialize;

/// `aud` of every token for us.
pub(crate) const AUDIENCE: &str = "niva";
/// `iss` of the local issuer's tokens.
pub(crate) const LOCAL_ISSUER: &str = "niva-local";

/// What a token says.
#[derive(Serialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) niva_roles: Vec<String>,
    pub(crate) niva_districts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) niva_provider: Option<String>,
}
