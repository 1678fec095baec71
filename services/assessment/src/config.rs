//! How assessment is configured.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use niva_config::{FeedOptions, Ground, Part, PartOptions, Served, Wrong};
use niva_store::{Database, DbError};
use tokio_util::sync::CancellationToken;

use crate::{Deps, IdentityKeys, Migrator, StartError, Started};

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
}

/// What they say.
#[derive(Debug)]
pub struct Config {
    ground: Ground,
    allow_example_instruments: bool,
    identity_keys: Option<IdentityKeys>,
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
        wrong.finish(ground.map(|ground| Self { ground, allow_example_instruments, identity_keys }))
    }

    fn ground(&self) -> &Ground {
        &self.ground
    }

    async fn migrate(db: &Database) -> Result<(), DbError> {
        db.migrate::<Migrator>().await
    }

    async fn start(self, db: Database, shutdown: CancellationToken) -> Result<Served, StartError> {
        let Ground { clock, city, catalogue, retention, .. } = self.ground;
        let (allow_example_instruments, identity_keys) = (self.allow_example_instruments, self.identity_keys);
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
