//! `niva verify`: whether what a part keeps for good is what was written.

use clap::Args;
use clap::builder::PossibleValuesParser;
use niva_audit::Verified;
use niva_config::{DatabaseOptions, TelemetryOptions, Wrong};
use niva_store::Database;

use crate::failure::{Doing, Failure};
use crate::parts::PARTS;
use crate::runtime;
use crate::screen::show;

/// Options of `verify`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Whose database.
    #[arg(value_parser = PossibleValuesParser::new(PARTS.each_ref().map(|part| part.name)))]
    part: String,
    /// A seal of the audit trail that an earlier verification told, such as 17:3f…, kept elsewhere: the chain must have it.
    #[arg(long, value_name = "NUMBER:SHA256")]
    audit_seal: Option<String>,
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    telemetry: TelemetryOptions,
}

/// `niva verify`: shows each finding on a line, and fails when there is one.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut wrong = Wrong::default();
    let url = options.database.check(&mut wrong);
    let telemetry = options.telemetry.check("niva", runtime::QUIET, &mut wrong);
    let part = PARTS.iter().find(|part| part.name == options.part);
    let made = || Some((url?, telemetry?, part?));
    let (url, telemetry, part) = wrong.finish(made()).map_err(Failure::configuration)?;
    let (findings, audited) = runtime::block_on(&telemetry, async {
        let db = Database::connect(&url).await.map_err(Failure::configuration)?;
        let doing = format_args!("verify the database of {}", part.name);
        let mut findings = (part.verify)(&db).await.doing(doing)?;
        let audited = niva_audit::verify(&db, options.audit_seal.as_deref()).await.doing(doing)?;
        findings.extend(audited.findings.iter().cloned());
        Ok((findings, audited))
    })?;
    for finding in &findings {
        show(finding);
    }
    let Verified { records, unsealed, newest_seal, .. } = &audited;
    let seal = newest_seal.as_deref().unwrap_or("none");
    show(format_args!(
        "{}: {records} audit records, {unsealed} not sealed yet; newest seal {seal}",
        part.name
    ));
    match findings.len() {
        0 => {
            show(format_args!("{}: everything is as it was written", part.name));
            Ok(())
        }
        found => Err(Failure::failed(format_args!("{}: {found} findings, see above", part.name))),
    }
}
