use std::path::PathBuf;
use std::sync::Arc;

use niva_config::ModelOptions;
use niva_models::{Catalogue, Report, Status};

use crate::failure::Failure;
use crate::screen::{show, table};

/// `niva models check`.
pub(super) fn run(files: &[PathBuf], models: &ModelOptions) -> Result<(), Failure> {
    let catalogue = if files.is_empty() {
        models.catalogue().map_err(Failure::configuration)?
    } else {
        read(files, models)?
    };
    let report = catalogue.check();
    print(&report, &catalogue);
    if report.is_fine() {
        Ok(())
    } else {
        Err(Failure::failed(
            "an identity is off: correct the file, or the identity if the list was changed on purpose",
        ))
    }
}

fn read(files: &[PathBuf], models: &ModelOptions) -> Result<Catalogue, Failure> {
    let texts = files.iter().map(|path| {
        let name = path.display().to_string();
        std::fs::read_to_string(path).map(|text| (name.clone(), text)).map_err(|e| {
            Failure::failed(format_args!("{name} cannot be read: {e}; check the name and who may read it"))
        })
    });
    Catalogue::from_files(
        &Arc::new(models.services.services().map_err(Failure::configuration)?),
        texts.collect::<Result<_, _>>()?,
    )
    .map_err(Failure::failed)
}

fn print(report: &Report, catalogue: &Catalogue) {
    show("Identities that hold in the published figures (checked, never a source of amounts)");
    let checks = report.checks.iter();
    show(table(
        &["model", "identity", "outcome", "figures"],
        &[],
        checks.map(|c| vec![c.model.to_string(), c.name.clone(), c.outcome.to_string(), c.detail.clone()]),
    ));
    show("\nAnomalies of the sources, and what is done about them");
    let anomalies = report.anomalies.iter();
    show(table(
        &["model", "where", "printed", "done"],
        &[],
        anomalies.map(|a| vec![a.model.to_string(), a.place.clone(), a.printed.clone(), a.done.clone()]),
    ));
    show("\nModels (one without a successor stays in force)");
    let published = report.published.iter();
    show(table(
        &["model", "title", "from", "status", "amounts last published"],
        &[],
        published.map(|p| {
            vec![
                p.model.to_string(),
                p.title.clone(),
                p.valid_from.to_string(),
                match p.status {
                    Status::InForce => "in force".to_owned(),
                    Status::Proposal => "proposal: simulation only".to_owned(),
                },
                p.amounts.map_or_else(|| "never".to_owned(), |day| day.to_string()),
            ]
        }),
    ));
    show(format_args!(
        "\n{} models are sound. Fingerprint {}.",
        catalogue.models.len(),
        catalogue.fingerprint
    ));
}
