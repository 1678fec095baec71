//! How choice is configured.

use std::time::Duration;

use clap::Args;
use niva_config::{FeedOptions, Ground, Part, PartOptions, PeerOptions, Peers, Served, ToAssessment, Wrong};
use niva_feed::ConsumerHandle;
use niva_rpc::client::Endpoint;
use niva_store::{Database, DbError};
use tokio_util::sync::CancellationToken;

use crate::{Deps, Migrator, StartError, Started};

/// Options of choice.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    part: PartOptions,
    #[command(flatten)]
    feed: FeedOptions,
    #[command(flatten)]
    peers: PeerOptions,
    #[command(flatten)]
    assessment: ToAssessment,
}

/// What they say.
#[derive(Debug)]
pub struct Config {
    ground: Ground,
    assessment: Endpoint,
    peers: Peers,
}

impl Part for Config {
    const NAME: &'static str = "choice";
    const ABOUT: &'static str = "Providers, units, wishes, offers and placements";
    const PORT: u16 = 7402;
    /// A whole city in one transaction.
    const SLOW: &'static [(&'static str, Duration)] =
        &[("/niva.choice.v1.ImportService/CreateImport", Duration::from_secs(15 * 60))];
    type Options = Options;
    type StartError = StartError;

    fn check(options: &Options) -> Result<Self, Wrong> {
        let mut wrong = Wrong::default();
        let tls = options.part.tls(&mut wrong);
        let ground = options.part.check(Self::NAME, Self::PORT, tls.as_ref(), &mut wrong);
        let feed_readers = options.feed.check(tls.as_ref(), &mut wrong);
        let ground = ground.map(|ground| Ground { feed_readers, ..ground });
        let peers = options.peers.check(Self::NAME, &options.part, ground.as_ref(), &mut wrong);
        let assessment = options.assessment.check(tls.as_ref(), &mut wrong);
        let made = || Some(Self { ground: ground?, assessment: assessment?, peers: peers? });
        wrong.finish(made())
    }

    fn ground(&self) -> &Ground {
        &self.ground
    }

    async fn migrate(db: &Database) -> Result<(), DbError> {
        db.migrate::<Migrator>().await
    }

    async fn start(self, db: Database, shutdown: CancellationToken) -> Result<Served, StartError> {
        let Ground { clock, city, catalogue, retention, .. } = self.ground;
        let assessment = self.assessment.channel(self.peers.to("assessment", &shutdown));
        let deps = Deps { db, clock, city, catalogue, assessment, retention };
        Ok(crate::start(deps, shutdown).await?.into())
    }
}

impl From<Started> for Served {
    fn from(started: Started) -> Self {
        let (routes, audit) = (started.routes.clone(), started.audit.clone());
        let assessment = started.followed().get("assessment").map(ConsumerHandle::is_followed);
        let served = Self::new::<Config>(routes, crate::policy(), audit, started.finished());
        assessment.into_iter().fold(served, |served, state| served.watched("feed.assessment", state))
    }
}
