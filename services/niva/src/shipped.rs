//! The models, the city and the issuer that a command works with.

use std::path::Path;
use std::sync::Arc;

use niva_kit::auth::LocalIssuer;
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;

use crate::failure::Failure;

/// The shipped models, and a city's own where a folder is given.
pub(crate) fn catalogue(folder: Option<&Path>) -> Result<Catalogue, Failure> {
    Catalogue::of_city(&Arc::new(city()?), folder).map_err(Failure::configuration)
}

/// The city that is served.
pub(crate) fn city() -> Result<ServiceCatalogue, Failure> {
    ServiceCatalogue::shipped().map_err(Failure::configuration)
}

/// The local issuer of a folder.
pub(crate) fn local_issuer(folder: &Path) -> Result<LocalIssuer, Failure> {
    LocalIssuer::open_or_create(folder).map_err(Failure::configuration)
}
