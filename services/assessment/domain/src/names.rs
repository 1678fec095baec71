#![allow(unreachable_pub, missing_docs)]
pub use niva_models::Service as ServiceKey;
pub type PersonId = String;
pub type DistrictId = String;
pub type GrantId = String;
pub type ApplicationId = String;
pub type MeasurementId = String;
pub type LevelDecisionId = String;
pub type InstrumentId = String;
pub type ScaleId = String;
