//! Who is believed, and whose keys say so.

use std::path::{Path, PathBuf};

use clap::Args;
use niva_access::{KeyError, KeyFile, KeySet, LocalIssuer, Verifier, audience};
use niva_base::every;
use niva_oidc::{Issuer, OidcError, follow_keys};
use niva_rpc::server::Watched;
use niva_tls::{Files, Speaks, Tls};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::again::LOOK_AGAIN;
use crate::wrong::Wrong;

/// The issuer of a machine's own.
#[derive(Debug, Clone, Args)]
pub struct LocalIssuerOptions {
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", value_name = "FOLDER", default_value = ".niva")]
    issuer_dir: PathBuf,
}

impl LocalIssuerOptions {
    /// The issuer; its key is made where there is none.
    ///
    /// # Errors
    /// The key cannot be read or written.
    pub fn open(&self) -> Result<LocalIssuer, KeyError> {
        LocalIssuer::open_or_create(&self.issuer_dir)
    }
}

/// Whom to believe.
#[derive(Debug, Clone, Args)]
pub struct IssuerOptions {
    /// Issuer of callers' tokens (`iss`), asked for its keys by OpenID Connect Discovery. Without it the local issuer is
    /// trusted, and only loopback is listened on.
    #[arg(long, env = "NIVA_ISSUER", value_name = "URL")]
    issuer: Option<String>,
    /// File with the issuer's public keys (JWK set), instead of asking it. Read again when it changes.
    #[arg(long, env = "NIVA_JWKS", value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// File with the authorities (PEM) that the issuer's certificate is believed by. Read again when it changes.
    #[arg(
        long,
        env = "NIVA_ISSUER_CA",
        value_name = "FILE",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    issuer_ca: PathBuf,
    #[command(flatten)]
    local: LocalIssuerOptions,
}

/// Who is believed.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Checks callers' tokens.
    pub verifier: Verifier,
    /// The local issuer, where it is the one.
    pub local: Option<LocalIssuer>,
    keys: Keys,
}

/// Where the keys come from.
#[derive(Debug, Clone)]
enum Keys {
    Local,
    File(KeyFile, PathBuf),
    Asked(Asked),
}

/// An issuer that can be asked, and how it is believed.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) issuer: Issuer,
    tls: Tls,
}

impl IssuerOptions {
    /// Whether callers have an issuer of their own.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.issuer.is_some()
    }

    /// Who is believed by the part of a name: tokens that are for it.
    pub fn check(&self, part: &str, wrong: &mut Wrong) -> Option<Trust> {
        let audience = audience(part);
        match (&self.issuer, &self.jwks) {
            (Some(issuer), Some(jwks)) => {
                let (file, keys) = wrong.take("--jwks", KeyFile::open(jwks))?;
                let verifier = Verifier::of(issuer, &audience, keys);
                Some(Trust { verifier, local: None, keys: Keys::File(file, jwks.clone()) })
            }
            (Some(issuer), None) => {
                let asked = self.asked(wrong)?;
                // Nobody is believed before the issuer has said by which keys.
                let verifier = Verifier::of(issuer, &audience, KeySet::default());
                Some(Trust { verifier, local: None, keys: Keys::Asked(asked) })
            }
            (None, None) => {
                let local = wrong.take("--issuer-dir", self.local.open())?;
                let verifier = Verifier::local(&local, &audience);
                Some(Trust { verifier, local: Some(local), keys: Keys::Local })
            }
            (None, Some(_)) => {
                wrong.add("--jwks: whose keys are they? Give --issuer too, or neither for the local issuer");
                None
            }
        }
    }

    /// The issuer, to be asked.
    pub(crate) fn asked(&self, wrong: &mut Wrong) -> Option<Asked> {
        let Some(issuer) = &self.issuer else {
            wrong.add("--issuer is missing: nobody can be asked for tokens");
            return None;
        };
        let files = Files { certificate: None, ca: Some(self.issuer_ca.clone()) };
        let tls = wrong.take("--issuer-ca", Tls::open(files, Speaks::Http))?;
        let issuer = wrong.take("--issuer", Issuer::at(issuer, &tls))?;
        Some(Asked { issuer, tls })
    }
}

impl Trust {
    /// Asks for the keys where somebody must be asked, and follows them wherever they come from, until the shutdown. Tells
    /// whether they could be had last, where they come from elsewhere.
    ///
    /// # Errors
    /// The issuer cannot be asked: nobody would be believed.
    pub async fn begin(&self, shutdown: &CancellationToken) -> Result<Option<Watched>, OidcError> {
        let (verifier, shutdown) = (self.verifier.clone(), shutdown.clone());
        let (told, state) = watch::channel(Some(true));
        match &self.keys {
            Keys::Local => return Ok(None),
            Keys::File(file, path) => {
                let (file, path) = (file.clone(), path.clone());
                tokio::spawn(async move {
                    every(LOOK_AGAIN, &shutdown, || look_again(&file, &path, &verifier, &told)).await;
                });
            }
            Keys::Asked(asked) => {
                verifier.believe(asked.issuer.keys().await?);
                asked.watch(&shutdown);
                tokio::spawn(follow_keys(asked.issuer.clone(), verifier, told, shutdown));
            }
        }
        Ok(Some(state))
    }
}

impl Asked {
    /// Looks again at the authorities that it is believed by.
    pub(crate) fn watch(&self, shutdown: &CancellationToken) {
        tokio::spawn(self.tls.clone().watch(shutdown.clone()));
    }
}

async fn look_again(file: &KeyFile, path: &Path, verifier: &Verifier, told: &watch::Sender<Option<bool>>) {
    let (file, path) = (file.clone(), path.to_owned());
    // Files may be slow; callers are not to wait for them.
    let look = move || (file.look_again(), KeyFile::open(path).is_ok());
    match tokio::task::spawn_blocking(look).await {
        Ok((keys, good)) => {
            told.send_replace(Some(good));
            keys.into_iter().for_each(|keys| verifier.believe(keys));
        }
        Err(error) => tracing::error!(%error, "keys are not looked at"),
    }
}
