//! As whom a part calls others. A token is never on the command line nor in the environment, where others could read it,
//! and it outlives no service that it is given to: it is renewed while the service runs.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use niva_access::{Caller, Role, audience};
use niva_base::{OpError, every, read_private};
use niva_oidc::{Client, renew};
use niva_rpc::client::{Credentials, Renewed};
use tokio_util::sync::CancellationToken;

use crate::again::LOOK_AGAIN;
use crate::ground::{Ground, PartOptions};
use crate::issuer::Asked;
use crate::wrong::Wrong;

/// Where a token lies.
#[derive(Debug, Clone, Args)]
pub struct TokenOptions {
    /// File of mode 0600 with the token to call other services with. Read again when it changes.
    #[arg(long, env = "NIVA_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

impl TokenOptions {
    /// The file, if there is one.
    pub fn check(&self, wrong: &mut Wrong) -> Option<TokenFile> {
        wrong.take("--token-file", TokenFile::open(self.token_file.clone()?))
    }

    /// Whether a file is named.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.token_file.is_some()
    }
}

/// A file with a token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenFile(Arc<PathBuf>);

/// A file holds no token.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub(crate) struct TokenFileError {
    path: PathBuf,
    source: io::Error,
}

impl TokenFile {
    fn open(path: PathBuf) -> Result<Self, TokenFileError> {
        let file = Self(Arc::new(path));
        file.read()
            .and_then(|token| Renewed::new().set(&token).map_err(io::Error::other))
            .map_err(|source| TokenFileError { path: file.0.to_path_buf(), source })?;
        Ok(file)
    }

    /// What it holds now, and what it will hold, until the shutdown.
    #[must_use]
    pub fn credentials(&self, shutdown: &CancellationToken) -> Credentials {
        let (held, file, shutdown) = (Renewed::new(), self.clone(), shutdown.clone());
        file.renew(&held);
        let credentials = Credentials::renewed(&held);
        tokio::spawn(async move {
            every(LOOK_AGAIN, &shutdown, || async {
                let (file, held) = (file.clone(), held.clone());
                // Files may be slow; callers are not to wait for them.
                if let Err(error) = tokio::task::spawn_blocking(move || file.renew(&held)).await {
                    tracing::error!(%error, "the token is not looked at");
                }
            })
            .await;
        });
        credentials
    }

    fn renew(&self, held: &Renewed) {
        let renewed = self.read().map_err(OpError::internal).and_then(|token| held.set(&token));
        if let Err(error) = renewed {
            tracing::warn!(path = %self.0.display(), %error, "the token cannot be read again, and the old one stays");
        }
    }

    fn read(&self) -> io::Result<String> {
        let text = String::from_utf8(read_private(&self.0)?).map_err(io::Error::other)?;
        match text.trim() {
            "" => Err(io::Error::new(io::ErrorKind::InvalidData, "there is no token in it")),
            token => Ok(token.to_owned()),
        }
    }
}

/// Options of a part that calls others: whence its tokens come, where an issuer is given.
#[derive(Debug, Clone, Args)]
pub struct PeerOptions {
    #[command(flatten)]
    token: TokenOptions,
    /// The service's id at the issuer, which is asked for tokens with the role `feed_reader` (client credentials).
    #[arg(long, env = "NIVA_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
    /// File of mode 0600 with the service's secret at the issuer.
    #[arg(long, env = "NIVA_CLIENT_SECRET_FILE", value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
    /// What the issuer is to be asked for (`scope`), where it wants to be told.
    #[arg(long, env = "NIVA_TOKEN_SCOPE", value_name = "SCOPE")]
    token_scope: Option<String>,
}

/// As whom a part calls others.
#[derive(Debug, Clone)]
pub struct Peers(Source);

#[derive(Debug, Clone)]
enum Source {
    Minted(Credentials),
    File(TokenFile),
    Granted(Asked, Client),
}

impl PeerOptions {
    /// As whom the part of a name calls others.
    pub fn check(
        &self,
        name: &str,
        options: &PartOptions,
        ground: Option<&Ground>,
        wrong: &mut Wrong,
    ) -> Option<Peers> {
        match (&self.client_id, &self.client_secret_file) {
            (Some(_), Some(_)) if self.token.is_given() => {
                wrong.add("--token-file and --client-id: tokens come from one of the two, give either");
                None
            }
            (Some(id), Some(secret)) => {
                wrong.take(
                    "--client-secret-file",
                    read_private(secret).map_err(|e| format!("{}: {e}", secret.display())),
                )?;
                let client =
                    Client { id: id.clone(), secret: secret.clone(), scope: self.token_scope.clone() };
                Some(Peers(Source::Granted(options.issuer.asked(wrong)?, client)))
            }
            (None, None) if self.token.is_given() => Some(Peers(Source::File(self.token.check(wrong)?))),
            (None, None) if options.issuer.is_given() => {
                wrong.add(format_args!(
                    "{name} calls other services and an issuer is given: give --client-id and --client-secret-file, or \
                     --token-file, for tokens with the role `feed_reader`"
                ));
                None
            }
            (None, None) => {
                let caller = Caller::new(format!("niva-{name}"), [Role::FeedReader]);
                let local = ground?.trust.local.as_ref()?;
                Some(Peers(Source::Minted(Credentials::minted(local, caller))))
            }
            _ => {
                wrong.add("--client-id and --client-secret-file belong together: give both, or neither");
                None
            }
        }
    }
}

impl Peers {
    /// As whom the part calls another, with tokens for that one; they are renewed until the shutdown.
    #[must_use]
    pub fn to(&self, part: &str, shutdown: &CancellationToken) -> Credentials {
        match &self.0 {
            Source::Minted(credentials) => credentials.clone(),
            Source::File(file) => file.credentials(shutdown),
            Source::Granted(asked, client) => {
                let held = Renewed::new();
                let credentials = Credentials::renewed(&held);
                let hold = move |token: &str| held.set(token);
                asked.watch(shutdown);
                let (issuer, client) = (asked.issuer.clone(), client.clone());
                tokio::spawn(renew(issuer, client, audience(part), hold, shutdown.clone()));
                credentials
            }
        }
    }
}
