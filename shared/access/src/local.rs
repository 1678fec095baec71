//! An issuer of one's own, for the demo, for development and for tests: an Ed25519 key in a file.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use niva_base::{OpError, new_id, read_private};
use sha2::{Digest, Sha256};

use crate::caller::{Caller, PROTECTED_IDENTITIES};
use crate::claims::{Claims, LOCAL_ISSUER, everywhere};
use crate::key_error::KeyError;

const FILE: &str = "issuer.key";

/// Makes tokens for whoever can read its key file. A server that trusts it binds to loopback only.
#[derive(Clone)]
pub struct LocalIssuer(Arc<Keys>);

struct Keys {
    kid: String,
    public: Vec<u8>,
    signing: EncodingKey,
}

impl LocalIssuer {
    /// Reads the key in this folder (`issuer.key`, readable by its owner alone), making one if there is none. Several
    /// processes may do so at once and end with the same key.
    ///
    /// # Errors
    /// The folder or the key cannot be read or written.
    pub fn open_or_create(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join(FILE);
        let file_error = |source| KeyError::File { path: path.clone(), source };
        if !path.exists() {
            fs::create_dir_all(folder).map_err(file_error)?;
            write_key(folder, &path).map_err(file_error)?;
        }
        let der = read_private(&path).map_err(file_error)?;
        Self::from_pkcs8(&der).map_err(|problem| KeyError::Content { path: path.clone(), problem })
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|e| e.to_string())?;
        let public = pair.public_key().as_ref().to_vec();
        let kid = URL_SAFE_NO_PAD.encode(&Sha256::digest(&public)[..12]);
        Ok(Self(Arc::new(Keys { kid, public, signing: EncodingKey::from_ed_der(der) })))
    }

    /// A token that says who calls, good from `now` for `lifetime` (at most [`crate::MAX_LIFETIME`]), for every part of
    /// this machine.
    ///
    /// # Errors
    /// The key does not sign: a defect.
    pub fn token(&self, caller: &Caller, lifetime: Duration, now: DateTime<Utc>) -> Result<String, OpError> {
        let claims = Claims {
            iss: LOCAL_ISSUER.to_owned(),
            aud: everywhere(),
            sub: caller.subject.clone(),
            client_id: LOCAL_ISSUER.to_owned(),
            jti: new_id(),
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
            niva_roles: caller.roles.iter().map(|role| role.as_str().to_owned()).collect(),
            niva_districts: caller.districts.clone(),
            niva_provider: caller.provider.clone(),
            niva_rights: caller.sees_protected.then_some(PROTECTED_IDENTITIES).into_iter().collect(),
        };
        let (typ, kid) = (Some("at+jwt".to_owned()), Some(self.0.kid.clone()));
        let header = Header { typ, kid, ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.0.signing).map_err(OpError::internal)
    }

    /// The public key as a JWK set, for a service that reads keys from a file.
    #[must_use]
    pub fn jwks(&self) -> String {
        serde_json::json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
            "kid": self.0.kid, "x": URL_SAFE_NO_PAD.encode(&self.0.public),
        }]})
        .to_string()
    }

    pub(crate) fn kid(&self) -> &str {
        &self.0.kid
    }

    pub(crate) fn decoding_key(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.0.public)
    }
}

impl std::fmt::Debug for LocalIssuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalIssuer({})", self.0.kid)
    }
}

/// Written aside and linked into place: nobody reads half a key, and the first of several processes wins.
fn write_key(folder: &Path, path: &Path) -> std::io::Result<()> {
    let pair = Ed25519KeyPair::generate().map_err(std::io::Error::other)?;
    let der = pair.to_pkcs8v1().map_err(std::io::Error::other)?;
    let aside = folder.join(format!("{FILE}.{}", new_id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(der.as_ref())?;
    file.sync_all()?;
    let linked = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match linked {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}
