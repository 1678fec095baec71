//! How payment is configured.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use niva_base::OpError;
use niva_calendar::Month;
use niva_config::{Ground, Part, PartOptions, PeerOptions, Peers, Served, ToAssessment, ToChoice, Wrong};
use niva_models::Catalogue;
use niva_names::PaymentLineId;
use niva_rpc::client::Endpoint;
use niva_store::{Database, DbError};
use tokio_util::sync::CancellationToken;

use crate::{ClaimRules, Deps, Mapping, Migrator, Payers, StartError, Started};

/// Options of payment.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    part: PartOptions,
    #[command(flatten)]
    peers: PeerOptions,
    #[command(flatten)]
    assessment: ToAssessment,
    #[command(flatten)]
    choice: ToChoice,
    /// First month of the ledger, such as 2024-03: nothing before it is owed. The first run's when not given.
    #[arg(long, env = "NIVA_OPENING_MONTH", value_name = "MONTH")]
    opening_month: Option<String>,
    /// When a credit becomes a claim, and when it lapses, as a file; the synthetic city's when not given.
    #[arg(long, env = "NIVA_CLAIMS", value_name = "FILE")]
    claims: Option<PathBuf>,
    /// Where lines are booked, as a file; `example` is the synthetic city's. Nothing is booked when not given.
    #[arg(long, env = "NIVA_POSTINGS", value_name = "FILE")]
    postings: Option<PathBuf>,
    /// From which accounts boards pay, for a bank's files, as a file; `example` is the synthetic city's. Nobody pays when not given.
    #[arg(long, env = "NIVA_PAYERS", value_name = "FILE")]
    payers: Option<PathBuf>,
    /// The folder where files for other systems are put. They are kept in the database, whether it is given or not.
    #[arg(long, env = "NIVA_EXPORTS", value_name = "DIR")]
    exports: Option<PathBuf>,
}

/// What they say.
#[derive(Debug)]
pub struct Config {
    ground: Ground,
    assessment: Endpoint,
    choice: Endpoint,
    peers: Peers,
    opening_month: Option<Month>,
    claims: ClaimRules,
    postings: Option<Arc<Mapping>>,
    payers: Arc<Payers>,
    exports: Option<PathBuf>,
}

impl Part for Config {
    const NAME: &'static str = "payment";
    const ABOUT: &'static str = "Attendance, compensation and payment runs";
    const PORT: u16 = 7403;
    /// A whole city in one transaction; a run may be a preview of a whole month.
    const SLOW: &'static [(&'static str, Duration)] = &[
        ("/niva.payment.v1.ImportService/CreateImport", Duration::from_secs(15 * 60)),
        ("/niva.payment.v1.RunService/CreatePaymentRun", Duration::from_secs(15 * 60)),
    ];
    type Options = Options;
    type StartError = StartError;

    fn check(options: &Options) -> Result<Self, Wrong> {
        let mut wrong = Wrong::default();
        let tls = options.part.tls(&mut wrong);
        let ground = options.part.check(Self::NAME, Self::PORT, tls.as_ref(), &mut wrong);
        let peers = options.peers.check(Self::NAME, &options.part, ground.as_ref(), &mut wrong);
        let assessment = options.assessment.check(tls.as_ref(), &mut wrong);
        let choice = options.choice.check(tls.as_ref(), &mut wrong);
        let opening_month = options.opening_month.as_ref().map(|month| month.parse()).transpose();
        let opening_month = wrong.take("--opening-month", opening_month);
        let claims = wrong.take("--claims", claims(options.claims.as_deref()));
        let postings = options.postings.as_deref().map(postings).transpose();
        let postings = wrong.take("--postings", postings);
        let payers = options.payers.as_deref().map(payers).transpose();
        let payers = wrong.take("--payers", payers);
        let exports = options.exports.clone().map(folder).transpose();
        let exports = wrong.take("--exports", exports);
        let made = || {
            Some(Self {
                ground: ground?,
                assessment: assessment?,
                choice: choice?,
                peers: peers?,
                opening_month: opening_month?,
                claims: claims?,
                postings: postings?.map(Arc::new),
                payers: payers?.unwrap_or_default().into(),
                exports: exports?,
            })
        };
        wrong.finish(made())
    }

    fn ground(&self) -> &Ground {
        &self.ground
    }

    async fn migrate(db: &Database) -> Result<(), DbError> {
        db.migrate::<Migrator>().await
    }

    async fn verify(db: &Database) -> Result<Vec<String>, DbError> {
        let verified = crate::verify(db).await?;
        Ok(verified.findings.iter().map(ToString::to_string).collect())
    }

    async fn explain(db: &Database, id: &PaymentLineId) -> Result<Option<Vec<String>>, OpError> {
        // A run is explained by the models that it was made with: those of today are as good a beginning as any.
        let today = Arc::new(Catalogue::shipped().map_err(OpError::internal)?);
        crate::explain_line(db, &today, id).await
    }

    async fn start(self, db: Database, shutdown: CancellationToken) -> Result<Served, StartError> {
        let Ground { clock, city, catalogue, retention, .. } = self.ground;
        let assessment = self.assessment.channel(self.peers.to("assessment", &shutdown));
        let choice = self.choice.channel(self.peers.to("choice", &shutdown));
        let Self { opening_month, claims, postings, payers, exports, .. } = self;
        let deps = Deps {
            db,
            clock,
            city,
            catalogue,
            assessment,
            choice,
            opening_month,
            claims,
            postings,
            payers,
            exports,
            retention,
        };
        Ok(crate::start(deps, shutdown).await?.into())
    }
}

/// The rules of a file, or those that are shipped.
fn claims(file: Option<&Path>) -> Result<ClaimRules, String> {
    let Some(path) = file else { return ClaimRules::shipped().map_err(|error| error.to_string()) };
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    ClaimRules::parse(&path.display().to_string(), &text).map_err(|error| error.to_string())
}

/// The accounts of a file, or the example that is shipped.
fn postings(file: &Path) -> Result<Mapping, String> {
    of_file(file, Mapping::shipped, Mapping::parse)
}

/// The payers of a file, or the example that is shipped.
fn payers(file: &Path) -> Result<Payers, String> {
    of_file(file, Payers::shipped, Payers::parse)
}

fn of_file<T, E: ToString>(
    file: &Path,
    shipped: fn() -> Result<T, E>,
    parse: fn(&str, &str) -> Result<T, E>,
) -> Result<T, String> {
    if file == Path::new("example") {
        return shipped().map_err(|error| error.to_string());
    }
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    parse(&name, &text).map_err(|error| error.to_string())
}

fn folder(path: PathBuf) -> Result<PathBuf, String> {
    if path.is_dir() { Ok(path) } else { Err(format!("{}: is no folder: make it first", path.display())) }
}

impl From<Started> for Served {
    fn from(started: Started) -> Self {
        let (routes, audit) = (started.routes.clone(), started.audit.clone());
        let feeds = [("feed.assessment", "assessment"), ("feed.choice", "choice")]
            .map(|(name, feed)| Some((name, started.consumer(feed)?.is_followed())));
        let served = Self::new::<Config>(routes, crate::policy(), audit, started.finished());
        feeds.into_iter().flatten().fold(served, |served, (name, state)| served.watched(name, state))
    }
}
