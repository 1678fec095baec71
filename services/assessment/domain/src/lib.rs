//! The rules of assessment, pure: values in, values out.
//!
//! A [`Grant`] gives a person the right to a service, with scopes that change over time. A [`Measurement`] scores the
//! resources that the service takes with an [`Instrument`]; its points, through the scale of the compensation model
//! in force, give a level ([`derive_level`]).

mod applications;
mod grants;
mod identities;
mod instruments;
mod level_decisions;
mod measurements;
mod merges;
mod person_number;
mod persons;

pub use applications::{
    Appeal, AppealOutcome, Application, ApplicationDecision, ApplicationRefused, Outcome,
};
pub use grants::{Grant, GrantRefused};
pub use identities::{Identity, NumberStays};
pub use instruments::{Area, Grade, Instrument, InstrumentError, Instruments, Item, UncoveredTotal};
pub use level_decisions::{
    ByScale, Derived, Distance, LevelBasis, LevelDecision, LevelRefused, NoLevel, by_scale,
    default_valid_from, derive_level, distance, in_force, measure_by, scale_on,
};
pub use measurements::{AreaPoints, Basis, Measurement, MeasurementRefused, Sheet, Visit, item_score};
pub use merges::{Difference, PersonRecord, differences};
pub use person_number::{NumberKind, NumberRefused, PersonNumber};
pub use persons::{LssGroup, Person, PersonRefused};
