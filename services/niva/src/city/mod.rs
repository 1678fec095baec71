//! A city as files: the records, the generator of the shipped city, the reader that finds every error at once, and
//! the import into the services.

pub mod generate;
pub mod import;
pub mod read;
mod records;
mod write;

pub use read::{CityErrors, Problem, Source, read, read_bytes};
pub use records::{
    CityData, Grant, Measurement, Occasion, Person, Placement, Provider, Row, Schedule, Unit, Verdict,
};
