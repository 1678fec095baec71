//! The shipped city, made from a seed: the same seed gives the same bytes. The people, the units, the dates and the
//! points are invented; the counts are not (see the README beside the files).

mod counts;
mod draw;
mod people;
mod units;

use std::path::Path;

pub use counts::{Group, band, groups};

use super::records::{Grant, Measurement, Occasion, Person, Placement, Provider, Schedule, Unit};
use super::write;
use draw::Draw;

/// The seed of the shipped city.
pub const SEED: u64 = 2024;

const README: &str = include_str!("../../../city/stockholm/README.md");

const SHIPPED: [(&str, &str); 8] = [
    ("persons.csv", include_str!("../../../city/stockholm/persons.csv")),
    ("grants.csv", include_str!("../../../city/stockholm/grants.csv")),
    ("measurements.csv", include_str!("../../../city/stockholm/measurements.csv")),
    ("providers.csv", include_str!("../../../city/stockholm/providers.csv")),
    ("units.csv", include_str!("../../../city/stockholm/units.csv")),
    ("placements.csv", include_str!("../../../city/stockholm/placements.csv")),
    ("sessions.csv", include_str!("../../../city/stockholm/sessions.csv")),
    ("occasions.csv", include_str!("../../../city/stockholm/occasions.csv")),
];

/// A file of the shipped city.
#[must_use]
pub fn shipped_file(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

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

/// The files of a city: names and texts. `districts` are the city's district boards.
#[must_use]
pub fn generate(seed: u64, districts: &[String]) -> Vec<(&'static str, String)> {
    let mut draw = Draw::new(seed);
    let mut records = Records::default();
    let mut needs = people::needs(&mut draw, districts);
    let places = units::units(&mut draw, districts, &mut needs, &mut records);
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
        ("README.md", README.to_owned()),
    ]
}

/// Writes the files of a city into a folder, which is made if it is not there.
///
/// # Errors
/// When a file cannot be written.
pub fn generate_into(folder: &Path, seed: u64, districts: &[String]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in generate(seed, districts) {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
