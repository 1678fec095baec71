//! The models, the city and the issuer that a command works with.

use std::path::Path;

use niva_kit::auth::LocalIssuer;
use niva_models::{Catalogue, City};

use crate::failure::Failure;

/// The shipped models, and a city's own where a folder is given.
pub(crate) fn catalogue(folder: Option<&Path>) -> Result<Catalogue, Failure> {
    folder.map_or_else(Catalogue::shipped, Catalogue::with_directory).map_err(Failure::configuration)
}

/// The city that is served.
pub(crate) fn city() -> Result<City, Failure> {
    City::shipped().map_err(Failure::configuration)
}

/// The local issuer of a folder.
pub(crate) fn local_issuer(folder: &Path) -> Result<LocalIssuer, Failure> {
    LocalIssuer::open_or_create(folder).map_err(Failure::configuration)
}
