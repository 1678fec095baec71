//! The rules of assessment, pure: values in, values out.
//!
//! A [`Grant`] gives a person the right to a service, with scopes that change over time. A [`Measurement`] scores the
//! resources that the service takes with an [`Instrument`]; its points, through the scale of the compensation model
//! in force, give a level ([`derive_level`]).

mod grants;
mod instruments;
mod level_decisions;
mod measurements;
mod persons;

pub use grants::{Grant, GrantRefused, HoursRefused, MAX_HOURS, parse_hours};
pub use instruments::{Area, Grade, Instrument, InstrumentError, Instruments, Item, UncoveredTotal};
pub use level_decisions::{
    Derived, Distance, LevelBasis, LevelDecision, LevelUnknown, NoLevel, check_stated, default_valid_from,
    derive_level, distance,
};
pub use measurements::{
    AreaPoints, Basis, DecideRefused, Decided, Measurement, Open, ScoreRefused, Sheet, StartRefused, Visit,
};
pub use persons::Person;

/// What a transition that can be repeated did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// Something changed now.
    Now(T),
    /// All was already as asked for: nothing to store, nothing to tell.
    Already(T),
}
