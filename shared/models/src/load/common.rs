//! What a file says once for all its services.

use niva_names::{
    ServiceCatalogue,
    file::{Documents, Problems},
};

use super::{read, terms::PartialParameters};
use crate::{Regime, RegimeAlias};

/// What a file says once for all its services.
pub(super) struct Common<'a> {
    /// The city's services; `None` where the file may name others.
    pub(super) services: Option<&'a ServiceCatalogue>,
    pub(super) documents: Documents,
    pub(super) regimes: Option<Vec<Regime>>,
    pub(super) aliases: Vec<RegimeAlias>,
    pub(super) parameters: PartialParameters,
}

/// Reads a list of regimes, each once.
pub(super) fn regimes(value: read::Value<'_>, problems: &mut Problems<'_>) -> Vec<Regime> {
    let values = read::list(value, problems).unwrap_or_default();
    let mut regimes: Vec<Regime> = Vec::new();
    for value in values {
        let Some(regime) = read::name(value, problems) else { continue };
        if regimes.contains(&regime) {
            problems.add(&value.span(), format!("regime {regime} is named twice"), "remove one");
        } else {
            regimes.push(regime);
        }
    }
    regimes
}
