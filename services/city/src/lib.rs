//! A city as files: the records, the generator of the shipped city, the reader that finds every error at once, and
//! the import into running services.

mod clients;
pub mod generate;
pub mod import;
mod problem;
mod read;
mod records;
pub mod shipped;
mod write;

pub use clients::{Clients, Endpoints};
pub use problem::{CityErrors, Problem};
pub use read::{Source, read, read_bytes};
pub use records::{
    CityData, Grant, Measurement, Occasion, Person, Placement, Provider, Row, Schedule, Unit, Verdict,
};
