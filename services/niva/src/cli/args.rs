use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use niva_calendar::Month;

/// Niva measures how much support people need, places them, and pays providers what the level is worth.
///
/// Without a command it runs the demo: everything in one process on files in `.niva`.
#[derive(Debug, Parser)]
#[command(
    name = "niva",
    version,
    after_help = "NIVA_LOG sets which log lines there are, such as info,niva_payment=debug; NIVA_LOG_FORMAT is text or json. \
                  The log goes to stderr."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    command: Option<Command>,
    /// Options of the demo, which is what runs without a command.
    #[command(flatten)]
    demo: DemoArgs,
}

impl Cli {
    /// The command: the demo when none is given.
    #[must_use]
    pub fn chosen(self) -> Command {
        self.command.unwrap_or(Command::Demo(self.demo))
    }
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Do the main job on a whole city: import, measure, place, pay, correct; then serve until Ctrl-C.
    Demo(DemoArgs),
    /// Serve one role.
    Serve(ServeArgs),
    /// Bring a service's database up to date.
    Migrate(MigrateArgs),
    /// Look at compensation models.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Calculate the compensation of one case from a file.
    Quote {
        /// The case, as JSON. Two examples are in services/niva/cases.
        #[arg(long)]
        file: PathBuf,
        /// Folder with the city's own model files.
        #[arg(long, env = "NIVA_MODELS")]
        models: Option<PathBuf>,
    },
    /// Import a city's files into running services: all of them, or nothing and every error at once.
    Import(ImportArgs),
    /// Make or check a city's files.
    #[command(subcommand)]
    City(CityCommand),
    /// Make a token of the local issuer, and print it.
    Token(TokenArgs),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Options of the demo.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Stop after the summary instead of serving.
    #[arg(long)]
    pub once: bool,
    /// Print the summary as JSON on stdout, and nothing else there. Money in öre.
    #[arg(long)]
    pub json: bool,
    /// Folder for the databases, the local issuer's key and the payment files.
    #[arg(long, env = "NIVA_DATA", default_value = ".niva")]
    pub data: PathBuf,
    /// PostgreSQL instead of files: `postgres://USER@HOST:PORT/NAME`. Uses the databases `NAME_assessment`,
    /// `NAME_choice` and `NAME_payment`, and makes them where they are missing.
    #[arg(long, env = "NIVA_DATABASE_URL")]
    pub database_url: Option<String>,
    /// Folder with another city's files; they must be for the same district boards.
    #[arg(long, env = "NIVA_CITY")]
    pub city: Option<PathBuf>,
    /// Folder with the city's own model files.
    #[arg(long, env = "NIVA_MODELS")]
    pub models: Option<PathBuf>,
    /// Address of assessment; choice and payment take the next two ports. Port 0 takes free ports.
    #[arg(long, env = "NIVA_LISTEN", default_value = "127.0.0.1:7401")]
    pub listen: SocketAddr,
    /// Where to send traces, metrics and logs (OTLP over gRPC). Off when not given.
    #[arg(long, env = "NIVA_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Persons, grants, measurements, levels.
    Assessment,
    /// Providers, units, wishes, offers, placements.
    Choice,
    /// Compensation and payment runs.
    Payment,
}

impl Role {
    /// `assessment`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assessment => "assessment",
            Self::Choice => "choice",
            Self::Payment => "payment",
        }
    }

    /// The port it listens on when none is given.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Assessment => 7401,
            Self::Choice => 7402,
            Self::Payment => 7403,
        }
    }
}

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Which service.
    pub role: Role,
    /// Address to listen on: 127.0.0.1 and port 7401 (assessment), 7402 (choice) or 7403 (payment) when not given.
    #[arg(long, env = "NIVA_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// `sqlite://PATH?mode=rwc` or `postgres://USER@HOST:PORT/NAME`, brought up to date by `niva migrate`.
    #[arg(long, env = "NIVA_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Where assessment is (choice and payment need it).
    #[arg(long, env = "NIVA_ASSESSMENT", value_name = "URI", default_value = "http://127.0.0.1:7401")]
    pub assessment: String,
    /// Where choice is (payment needs it).
    #[arg(long, env = "NIVA_CHOICE", value_name = "URI", default_value = "http://127.0.0.1:7402")]
    pub choice: String,
    /// Issuer of callers' tokens (`iss`). Without it the local issuer is trusted, and only loopback is listened on.
    #[arg(long, env = "NIVA_ISSUER", value_name = "URL", requires = "jwks")]
    pub issuer: Option<String>,
    /// File with the issuer's public keys (JWK set).
    #[arg(long, env = "NIVA_JWKS", value_name = "FILE", requires = "issuer")]
    pub jwks: Option<PathBuf>,
    /// Token that this service shows the others, with the role `service`, where an issuer is given.
    #[arg(long, env = "NIVA_SERVICE_TOKEN", hide_env_values = true)]
    pub service_token: Option<String>,
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", default_value = ".niva")]
    pub issuer_dir: PathBuf,
    /// Folder with the city's own model files.
    #[arg(long, env = "NIVA_MODELS")]
    pub models: Option<PathBuf>,
    /// File with the instant that counts as the present (RFC 3339), for tests across processes.
    #[arg(long, env = "NIVA_CLOCK_FILE")]
    pub clock_file: Option<PathBuf>,
    /// Decide levels with the example instruments (assessment).
    #[arg(long, env = "NIVA_ALLOW_EXAMPLE_INSTRUMENTS")]
    pub allow_example_instruments: bool,
    /// First month of the ledger, such as 2024-03: nothing before it is owed (payment). The first run's when not given.
    #[arg(long, env = "NIVA_OPENING_MONTH", value_name = "MONTH")]
    pub opening_month: Option<Month>,
    /// Where to send traces, metrics and logs (OTLP over gRPC). Off when not given.
    #[arg(long, env = "NIVA_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
}

/// Options of `migrate`.
#[derive(Debug, Clone, Args)]
pub struct MigrateArgs {
    /// Which service.
    pub role: Role,
    /// `sqlite://PATH?mode=rwc` or `postgres://USER@HOST:PORT/NAME`.
    #[arg(long, env = "NIVA_DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Commands on models.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// Check model files, and print identities, anomalies and ages.
    Check {
        /// Files to check instead of the shipped ones.
        files: Vec<PathBuf>,
        /// Folder with the city's own model files.
        #[arg(long, env = "NIVA_MODELS")]
        models: Option<PathBuf>,
    },
    /// Print a model's tables with the source of every amount.
    Show {
        /// Its id, such as socialpsychiatry-2010.
        model: String,
        /// Folder with the city's own model files.
        #[arg(long, env = "NIVA_MODELS")]
        models: Option<PathBuf>,
    },
}

/// Options of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Folder with the city's files.
    pub folder: PathBuf,
    /// Where assessment is.
    #[arg(long, env = "NIVA_ASSESSMENT", value_name = "URI", default_value = "http://127.0.0.1:7401")]
    pub assessment: String,
    /// Where choice is.
    #[arg(long, env = "NIVA_CHOICE", value_name = "URI", default_value = "http://127.0.0.1:7402")]
    pub choice: String,
    /// Where payment is.
    #[arg(long, env = "NIVA_PAYMENT", value_name = "URI", default_value = "http://127.0.0.1:7403")]
    pub payment: String,
    /// Token with the role `service`. Without it one is made by the local issuer.
    #[arg(long, env = "NIVA_SERVICE_TOKEN", hide_env_values = true)]
    pub service_token: Option<String>,
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", default_value = ".niva")]
    pub issuer_dir: PathBuf,
}

/// Commands on a city's files.
#[derive(Debug, Subcommand)]
pub enum CityCommand {
    /// Write the files of a made-up city on the published counts.
    Generate {
        /// Folder to write into.
        folder: PathBuf,
        /// Another seed makes another city on the same counts.
        #[arg(long, default_value_t = crate::city::generate::SEED)]
        seed: u64,
    },
    /// Check a city's files: every problem at once, with file, line and column.
    Check {
        /// Folder with the files.
        folder: PathBuf,
    },
}

/// Options of `token`.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// Who calls: an opaque id.
    #[arg(long)]
    pub subject: String,
    /// What they are there to do; may be given several times.
    #[arg(long = "role", required = true)]
    pub roles: Vec<String>,
    /// Only these districts; all when not given.
    #[arg(long = "district")]
    pub districts: Vec<String>,
    /// The provider they act for.
    #[arg(long)]
    pub provider: Option<String>,
    /// For how many minutes the token is good.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=1440))]
    pub minutes: i64,
    /// Folder of the local issuer's key.
    #[arg(long, env = "NIVA_ISSUER_DIR", default_value = ".niva")]
    pub issuer_dir: PathBuf,
}
