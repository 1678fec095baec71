use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use niva_config::{ModelOptions, TelemetryOptions, Wrong};
use niva_models::Catalogue;
use niva_telemetry::TelemetryConfig;

use super::databases::Databases;
use crate::runtime::QUIET;

/// Options of the demo.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Stop after the summary instead of serving.
    #[arg(long)]
    pub(crate) once: bool,
    /// Print the summary as JSON on stdout, and nothing else there. Money in öre.
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder for the databases, the local issuer's key and the payment files.
    #[arg(long, env = "NIVA_DATA", value_name = "FOLDER", default_value = ".niva")]
    pub(crate) data: PathBuf,
    /// PostgreSQL instead of files: `postgres://USER@HOST:PORT/NAME`. Uses the databases `NAME_assessment`,
    /// `NAME_choice` and `NAME_payment`, and makes them where they are missing.
    #[arg(long, env = "NIVA_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Folder with another city's files; they must be for the same district boards.
    #[arg(long, env = "NIVA_CITY", value_name = "FOLDER")]
    city: Option<PathBuf>,
    #[command(flatten)]
    models: ModelOptions,
    /// Address of assessment; choice and payment take the next two ports. Port 0 takes free ports.
    #[arg(long, env = "NIVA_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:7401")]
    pub(crate) listen: String,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// What they say.
pub(super) struct Config {
    pub(super) once: bool,
    pub(super) json: bool,
    pub(super) data: PathBuf,
    pub(super) databases: Databases,
    /// Another city's files.
    pub(super) files: Option<PathBuf>,
    pub(super) catalogue: Catalogue,
    pub(super) listen: SocketAddr,
    pub(super) telemetry: TelemetryConfig,
}

impl Options {
    /// Reads the options; all that is wrong with them is told at once.
    pub(super) fn check(self) -> Result<Config, Wrong> {
        let mut wrong = Wrong::default();
        let databases = match &self.database_url {
            Some(url) => wrong.take("--database-url", Databases::on_server(url)),
            None => Some(Databases::Files(self.data.clone())),
        };
        let catalogue = wrong.take("--catalogue, --models", self.models.catalogue());
        let listen = self.listen.parse();
        let listen = wrong.take(
            "--listen",
            listen.map_err(|_| "write the address as 127.0.0.1:7401, or with another port"),
        );
        let telemetry = self.telemetry.check("niva-demo", QUIET, &mut wrong);
        let made = || {
            Some(Config {
                once: self.once,
                json: self.json,
                data: self.data,
                databases: databases?,
                files: self.city,
                catalogue: catalogue?,
                listen: listen?,
                telemetry: telemetry?,
            })
        };
        wrong.finish(made())
    }
}
