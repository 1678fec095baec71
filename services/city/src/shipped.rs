//! The shipped city, as its files stand in the executable.

/// What is published, reconstructed and invented in it.
pub(crate) const README: &str = include_str!("../data/stockholm/README.md");

const FILES: [(&str, &str); 8] = [
    ("persons.csv", include_str!("../data/stockholm/persons.csv")),
    ("grants.csv", include_str!("../data/stockholm/grants.csv")),
    ("measurements.csv", include_str!("../data/stockholm/measurements.csv")),
    ("providers.csv", include_str!("../data/stockholm/providers.csv")),
    ("units.csv", include_str!("../data/stockholm/units.csv")),
    ("placements.csv", include_str!("../data/stockholm/placements.csv")),
    ("sessions.csv", include_str!("../data/stockholm/sessions.csv")),
    ("occasions.csv", include_str!("../data/stockholm/occasions.csv")),
];

/// A file of the shipped city.
#[must_use]
pub fn file(name: &str) -> Option<&'static str> {
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}
