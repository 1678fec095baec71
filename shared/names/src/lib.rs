//! What things are called: typed ids, keys of services and districts, names of enums; which ids are one person's; and the
//! city's catalogue, which says what the keys mean.

mod catalogue;
mod digits;
pub mod file;
mod ids;
mod key;
mod load;
mod merges;
mod named;
mod numbers;
pub mod stockholm;

pub use catalogue::{
    AreaOfChoice, District, DistrictRefused, Law, OccasionKind, ServiceCatalogue, ServiceInfo, UnknownKey,
};
pub use digits::check_digit_fits;
pub use ids::{
    AbsenceId, AgreementId, ApplicationId, CaseId, DistrictId, FactId, GrantId, Id, ImportId, InstrumentId,
    JobId, LegalHoldId, LevelDecisionId, MeasurementId, ModelId, OccasionId, OfferId, PayeeId, PaymentFileId,
    PaymentLineId, PaymentOrderId, PaymentRunId, PersonId, PersonMergeId, PlacementId, PremisesCostId,
    ProviderId, ScaleId, ScheduleId, SpecialCompensationId, TransitionId, UnitId, VisitId, WishId,
};
pub use key::{NoServiceKey, ServiceKey};
pub use merges::{Merge, Merges};
pub use named::UnknownName;
pub use numbers::{CaseNo, OrderNo, PaymentFileNo, PlacementNo, RunNo};
#[doc(hidden)]
pub use serde;

// The macros name this crate as others do.
extern crate self as niva_names;
