//! How assessment is configured.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use niva_config::{FeedOptions, Ground, Part, PartOptions, Served, Wrong};
use niva_store::{Database, DbError};
use tokio_util::sync::CancellationToken;

use crate::{Deps, IdentityKeys, Migrator, Retention, StartError, Started};

/// Options of assessment.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    part: PartOptions,
    #[command(flatten)]
    feed: FeedOptions,
    /// Decide levels with the example instruments.
    #[arg(long, env = "NIVA_ALLOW_EXAMPLE_INSTRUMENTS")]
    allow_example_instruments: bool,
    /// File with the keys that encrypt who people are, readable by its owner alone. Without it nobody can be told of by
    /// number and name. Read again when it changes.
    #[arg(long, env = "NIVA_IDENTITY_KEYS", value_name = "FILE")]
    identity_keys: Option<PathBuf>,
    /// File with the rules that say how long it must be kept who people are; Stockholm's when not given.
    #[arg(long, env = "NIVA_RETENTION", value_name = "FILE")]
    retention: Option<PathBuf>,
}

/// What they say.
#[derive(Debug)]
pub struct Config {
    ground: Ground,
    allow_example_instruments: bool,
    identity_keys: Option<IdentityKeys>,
    retention: Arc<Retention>,
}

impl Part for Config {
    const NAME: &'static str = "assessment";
    const ABOUT: &'static str = "Persons, grants, measurements and levels";
    const PORT: u16 = 7401;
    /// A whole city in one transaction.
    const SLOW: &'static [(&'static str, Duration)] =
        &[("/niva.assessment.v1.ImportService/CreateImport", Duration::from_secs(15 * 60))];
    type Options = Options;
    type StartError = StartError;

    fn check(options: &Options) -> Result<Self, Wrong> {
        let mut wrong = Wrong::default();
        let tls = options.part.tls(&mut wrong);
        let ground = options.part.check(Self::NAME, Self::PORT, tls.as_ref(), &mut wrong);
        let feed_readers = options.feed.check(tls.as_ref(), &mut wrong);
        let ground = ground.map(|ground| Ground { feed_readers, ..ground });
        let allow_example_instruments = options.allow_example_instruments;
        let file = options.identity_keys.as_ref();
        let identity_keys = file.and_then(|file| wrong.take("--identity-keys", IdentityKeys::open(file)));
        let retention = wrong.take("--retention", retention(options.retention.as_deref())).map(Arc::new);
        wrong.finish(ground.zip(retention).map(|(ground, retention)| Self {
            ground,
            allow_example_instruments,
            identity_keys,
            retention,
        }))
    }

    fn ground(&self) -> &Ground {
        &self.ground
    }

    async fn migrate(db: &Database) -> Result<(), DbError> {
        db.migrate::<Migrator>().await
    }

    async fn start(self, db: Database, shutdown: CancellationToken) -> Result<Served, StartError> {
        let Ground { clock, city, catalogue, .. } = self.ground;
        let allow_example_instruments = self.allow_example_instruments;
        let (identity_keys, retention) = (self.identity_keys, self.retention);
        let deps = Deps { db, clock, city, catalogue, allow_example_instruments, identity_keys, retention };
        Ok(crate::start(deps, shutdown).await?.into())
    }
}

impl From<Started> for Served {
    fn from(started: Started) -> Self {
        let (routes, audit) = (started.routes.clone(), started.audit.clone());
        Self::new::<Config>(routes, crate::policy(), audit, started.finished())
    }
}

/// The rules of a city's own file, or Stockholm's; what is wrong, in words.
fn retention(file: Option<&Path>) -> Result<Retention, String> {
    let Some(file) = file else { return Retention::shipped().map_err(|error| error.to_string()) };
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    Retention::parse(&name, &text).map_err(|error| error.to_string())
}
