//! `niva token`: a token of the local issuer.

use chrono::Duration;
use clap::Args;
use niva_access::{Caller, Role, UnknownRole};
use niva_base::Clock;
use niva_config::LocalIssuerOptions;

use crate::failure::Failure;
use crate::screen::show;

/// Options of `token`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Who calls: an opaque id.
    #[arg(long)]
    subject: String,
    /// What they are there to do; may be given several times.
    #[arg(long = "role", required = true)]
    roles: Vec<String>,
    /// A district whose data they may see, by its id; may be given several times. `*` is all of them, and none is none.
    #[arg(long = "district")]
    districts: Vec<String>,
    /// The provider they act for.
    #[arg(long)]
    provider: Option<String>,
    /// They may see protected identities, when they say what for.
    #[arg(long)]
    sees_protected: bool,
    /// For how many minutes the token is good.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=720))]
    minutes: i64,
    #[command(flatten)]
    issuer: LocalIssuerOptions,
}

/// `niva token`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let roles: Result<Vec<Role>, UnknownRole> = options.roles.iter().map(|role| role.parse()).collect();
    let caller = Caller {
        districts: options.districts.clone(),
        provider: options.provider.clone(),
        sees_protected: options.sees_protected,
        ..Caller::new(options.subject.clone(), roles.map_err(Failure::configuration)?)
    };
    let issuer = options.issuer.open().map_err(Failure::configuration)?;
    let now = Clock::system().now();
    show(issuer.token(&caller, Duration::minutes(options.minutes), now).map_err(Failure::failed)?);
    Ok(())
}
