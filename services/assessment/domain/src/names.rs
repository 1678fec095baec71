//! What the ids of this domain are of. All of them are opaque.

pub(crate) use niva_names::ServiceKey;

/// Of a person.
pub(crate) type PersonId = String;
/// Of a district board.
pub(crate) type DistrictId = String;
/// Of a grant.
pub(crate) type GrantId = String;
/// Of an application.
pub(crate) type ApplicationId = String;
/// Of a measurement.
pub(crate) type MeasurementId = String;
/// Of a level decision.
pub(crate) type LevelDecisionId = String;
/// Of an instrument with its version.
pub(crate) type InstrumentId = String;
/// Of a scale of levels.
pub(crate) type ScaleId = String;
