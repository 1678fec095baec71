use std::path::Path;

use crate::city::{self, Source};
use crate::failure::{Doing, Failure};
use crate::screen::{count, show};

/// `niva city generate FOLDER`.
pub(super) fn generate(folder: &Path, seed: u64) -> Result<(), Failure> {
    city::generate::generate_into(folder, seed, &crate::models::city()?.districts)
        .doing(format_args!("write the city into {}", folder.display()))?;
    show(format_args!("A made-up city (seed {seed}) is in {}: see its README.md.", folder.display()));
    Ok(())
}

/// `niva city check FOLDER`.
pub(super) fn check(folder: &Path) -> Result<(), Failure> {
    let city =
        city::read(Source::Folder(folder), &crate::models::city()?.districts).map_err(Failure::failed)?;
    let rows = [
        ("persons", city.persons.len()),
        ("grants", city.grants.len()),
        ("measurements", city.measurements.len()),
        ("providers", city.providers.len()),
        ("units", city.units.len()),
        ("placements", city.placements.len()),
        ("weekly schedules", city.schedules.len()),
        ("occasions", city.occasions.len()),
    ];
    for (what, number) in rows {
        show(format_args!("{:>8} {what}", count(i64::try_from(number).unwrap_or(i64::MAX))));
    }
    show("No problem was found.");
    Ok(())
}
