//! The shipped city, made from a seed: the same seed gives the same bytes. The people, the units, the dates and the
//! points are invented; the counts are not (see the README beside the files).

mod counts;
mod draw;
mod people;
mod units;

use std::path::Path;

use niva_names::{DistrictId, ServiceCatalogue};

pub use counts::{Group, band, groups};

use crate::records::{Grant, Measurement, Occasion, Person, Placement, Provider, Schedule, Unit};
use crate::{shipped, write};
use draw::Draw;
use people::on;

/// The seed of the shipped city.
pub const SEED: u64 = 2024;

/// Everything in a city, in the order of the files.
#[derive(Debug, Default)]
struct Records {
    persons: Vec<Person>,
    grants: Vec<Grant>,
    measurements: Vec<Measurement>,
    providers: Vec<Provider>,
    units: Vec<Unit>,
    placements: Vec<Placement>,
    schedules: Vec<Schedule>,
    occasions: Vec<Occasion>,
}

/// The files of a city: names and texts. `city` says which district boards there are.
#[must_use]
pub fn generate(seed: u64, city: &ServiceCatalogue) -> Vec<(&'static str, String)> {
    let districts: Vec<DistrictId> = city.districts_on(on(2024, 1, 1)).map(|d| d.id.clone()).collect();
    let mut draw = Draw::new(seed);
    let mut records = Records::default();
    let mut needs = people::needs(&mut draw, &districts);
    let places = units::units(&mut draw, &districts, &mut needs, &mut records);
    people::records(&mut draw, &needs, &places, &mut records);
    vec![
        ("persons.csv", write::file(&records.persons)),
        ("grants.csv", write::file(&records.grants)),
        ("measurements.csv", write::file(&records.measurements)),
        ("providers.csv", write::file(&records.providers)),
        ("units.csv", write::file(&records.units)),
        ("placements.csv", write::file(&records.placements)),
        ("sessions.csv", write::file(&records.schedules)),
        ("occasions.csv", write::file(&records.occasions)),
        ("README.md", shipped::README.to_owned()),
    ]
}

/// Writes the files of a city into a folder, which is made if it is not there.
///
/// # Errors
/// When a file cannot be written.
pub fn generate_into(folder: &Path, seed: u64, city: &ServiceCatalogue) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in generate(seed, city) {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
