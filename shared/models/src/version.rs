use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::{ServiceTerms, TransitionTerms};

/// Names the content of terms that prices: half of the SHA-256 over all that a line's days, quantity, price or hold may
/// depend on, in the order of the file. Titles, notes, sources, comments and allocations are no part of it.
pub(crate) fn version(terms: &ServiceTerms) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{} {} {:?} {:?}", terms.service, terms.unit, terms.levels, terms.regimes);
    for alias in &terms.aliases {
        let _ = write!(text, "|{} {} {}", alias.regime, alias.component, alias.amount_of);
    }
    let _ = write!(text, "|{:?} {:?}", terms.variants, terms.scale_id);
    if let Some(scale) = &terms.scale {
        let bands = scale.bands.iter().map(|band| (band.level, band.from, band.to));
        let _ = write!(text, "|{} {} {:?}", scale.max_points, scale.step, bands.collect::<Vec<_>>());
    }
    let _ = write!(text, "|{:?} {}", terms.parameters, terms.rates_unpublished.is_some());
    if let Some(TransitionTerms { max_months, level, hours_per_week, monthly_visit, studies, source: _ }) =
        &terms.transition
    {
        let _ = write!(text, "|{max_months} {level} {hours_per_week} {monthly_visit} {studies}");
    }
    let _ = write!(text, "|{:?}", terms.sold.as_ref().map(|sold| sold.premises));
    for amount in &terms.amounts {
        let (component, unit, price) = (amount.component, amount.unit, amount.price.0);
        let _ = write!(
            text,
            "|{component} {:?} {:?} {:?} {unit} {price}",
            amount.regime, amount.level, amount.variant
        );
    }
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
