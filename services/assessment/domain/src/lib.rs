//! The rules of assessment, pure: values in, values out.
//!
//! A [`Grant`] gives a person the right to a service, with scopes that change over time. A [`Measurement`] scores the
//! resources that the service takes with an [`Instrument`]; its points, through the scale of the compensation model
//! in force, give a level ([`derive_level`]).

mod grant;
mod instrument;
mod level;
mod load;
mod measurement;

pub use grant::{Grant, GrantRefused, HoursRefused, MAX_HOURS, parse_hours};
pub use instrument::{Area, Grade, Instrument, Instruments, Item, UncoveredTotal};
pub use level::{
    Derived, Distance, LevelBasis, LevelDecision, NoLevel, default_valid_from, derive_level, distance,
};
pub use load::InstrumentError;
pub use measurement::{
    AreaPoints, Basis, DecideRefused, Decided, Measurement, Open, ScoreRefused, Sheet, StartRefused, Visit,
};

/// What a transition that can be repeated did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// Something changed now.
    Now(T),
    /// All was already as asked for: nothing to store, nothing to tell.
    Already(T),
}
