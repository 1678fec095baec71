use chrono::Duration;
use niva_kit::Clock;
use niva_kit::auth::{Caller, Role, UnknownRole};
use niva_kit::client::{Credentials, Endpoint};

use super::{ImportArgs, TokenArgs};
use crate::city::{self, Source};
use crate::clients::Endpoints;
use crate::failure::Failure;
use crate::screen::{count, show};

/// `niva token`.
pub(super) fn token(args: &TokenArgs) -> Result<(), Failure> {
    let roles: Result<Vec<Role>, UnknownRole> = args.roles.iter().map(|role| role.parse()).collect();
    let caller = Caller {
        districts: args.districts.clone(),
        provider: args.provider.clone(),
        ..Caller::new(args.subject.clone(), roles.map_err(Failure::configuration)?)
    };
    let issuer = crate::serve::local_issuer(&args.issuer_dir)?;
    let now = Clock::system().now();
    show(issuer.token(&caller, Duration::minutes(args.minutes), now).map_err(Failure::failed)?);
    Ok(())
}

/// `niva import`.
pub(super) async fn import(args: ImportArgs) -> Result<(), Failure> {
    let city = city::read(Source::Folder(&args.folder), &crate::models::city()?.districts)
        .map_err(Failure::failed)?;
    let credentials = match &args.service_token {
        Some(token) => Credentials::bearer(token),
        None => {
            let issuer = crate::serve::local_issuer(&args.issuer_dir)?;
            Credentials::minted(&issuer, Caller::new("importer", [Role::Service]), &Clock::system())
        }
    };
    let endpoint = |uri: &str| Endpoint::tcp(uri).map_err(Failure::configuration);
    let endpoints = Endpoints {
        assessment: endpoint(&args.assessment)?,
        choice: endpoint(&args.choice)?,
        payment: endpoint(&args.payment)?,
    };
    let imported = city::import::import(&endpoints.clients(&credentials), &city).await?;
    let (a, c) = (imported.assessment, imported.choice);
    show(format_args!(
        "Imported {} persons, {} grants, {} measurements; {} providers, {} units, {} placements; {} facts of attendance. \
         Importing the same files again does nothing twice.",
        count(a.persons),
        count(a.grants),
        count(a.measurements),
        count(c.providers),
        count(c.units),
        count(c.placements),
        count(imported.payment.facts),
    ));
    Ok(())
}
