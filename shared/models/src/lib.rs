//! Compensation models as data: loader, checks, rates and their sources.
//!
//! A model is a TOML file (`data/README.md` tells the format). [`Catalogue`] loads files, refuses bad ones with
//! every problem at its line, and answers which model is in force for a service on a day;
//! [`ServiceTerms::rate`] answers what it pays.

mod amount;
mod catalogue;
mod check;
mod explain;
mod hours;
mod identity;
mod kinds;
mod load;
mod model;
mod pricing;
mod rates;
mod scale;
mod version;

pub use amount::{Allocation, Amount, RegimeAlias};
pub use catalogue::{Catalogue, InForce};
pub use check::{Check, Outcome, Published, Report, ReportedAnomaly};
pub use explain::{TableRow, explain, table};
pub use hours::{HoursRefused, MAX_HOURS, parse_hours};
pub use identity::{Identity, IdentityRule};
pub use kinds::{Component, Extent, GrantScope, Level, PriceUnit, Regime, Variant};
pub use model::{
    Anomaly, Band, DayCount, MAX_DAY_COUNT, Model, Parameters, PreliminaryDifference, PremisesDays, Scale,
    ServiceTerms, SessionTerms, SoldPremises, SoldTerms, Status, TransitionTerms, VariantRule,
};
pub use rates::{NoRate, Rate};
