//! Compensation models as data: loader, checks, rates and their sources.

mod city;
mod kinds;
mod model;

pub use city::{City, CityError};
pub use kinds::{Component, Extent, Level, Regime, Scope, Service, Unit, UnknownName, Variant};
pub use model::{
    Allocation, Amount, Band, Catalogue, DayCount, InForce, Model, NoRate, Parameters, PreliminaryDifference,
    Rate, Scale, ServiceTerms, Source, Status, TransitionTerms, VariantRule,
};
