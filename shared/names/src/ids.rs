use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

/// What every type of id is: a text, which is made and read at the edges alone.
pub trait Id:
    Clone
    + Ord
    + Hash
    + fmt::Debug
    + fmt::Display
    + AsRef<str>
    + From<String>
    + for<'t> From<&'t str>
    + Send
    + Sync
    + 'static
{
}

/// Ids: texts that nobody takes apart, each of a type of its own, so that one cannot stand where another belongs.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "sea-orm", derive(sea_orm::DeriveValueType))]
        pub struct $name(String);

        impl $name {
            /// The empty one, which stands where there is none.
            #[must_use]
            pub const fn none() -> &'static Self {
                static NONE: $name = $name(String::new());
                &NONE
            }

            /// Its text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Id for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.0.clone()
            }
        }

        /// As one of the facts of all kinds.
        impl From<&$name> for FactId {
            fn from(id: &$name) -> Self {
                Self(id.0.clone())
            }
        }

        // Derived equality, order and hash are those of the text.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<String> for $name {
            fn eq(&self, other: &String) -> bool {
                self.0 == *other
            }
        }

        impl PartialEq<$name> for String {
            fn eq(&self, other: &$name) -> bool {
                *self == other.0
            }
        }

        /// A database that counts does not make ids.
        #[cfg(feature = "sea-orm")]
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// A fact, among those of its kind: what a [`GrantId`] or a [`UnitId`] is where facts of all kinds are looked at.
    FactId,
    /// A case of payment, a person in a service, as its key is written: `person|service`.
    CaseId,
    /// A district board (stadsdelsnämnd), by its name in the city's catalogue.
    DistrictId,
    /// A person, opaque.
    PersonId,
    /// That two records are of one person.
    PersonMergeId,
    /// That records of calls are kept, whatever their age.
    LegalHoldId,
    /// An application for support.
    ApplicationId,
    /// A grant (biståndsbeslut).
    GrantId,
    /// A measuring instrument, with its version.
    InstrumentId,
    /// A measurement.
    MeasurementId,
    /// A decision of a level.
    LevelDecisionId,
    /// A scale of levels, of a model.
    ScaleId,
    /// A provider (utförare).
    ProviderId,
    /// A unit (verksamhet).
    UnitId,
    /// What a person wishes for under a grant.
    WishId,
    /// An offer of a place.
    OfferId,
    /// A placement.
    PlacementId,
    /// An individual agreement (individavtal).
    AgreementId,
    /// A transition to work.
    TransitionId,
    /// A weekly schedule.
    ScheduleId,
    /// A reported occasion.
    OccasionId,
    /// A premises cost.
    PremisesCostId,
    /// A compensation model.
    ModelId,
    /// An absence.
    AbsenceId,
    /// A reported visit.
    VisitId,
    /// A special compensation.
    SpecialCompensationId,
    /// An import.
    ImportId,
    /// Long work, by the id of the resource that it makes.
    JobId,
    /// A payment run.
    PaymentRunId,
    /// A payment line.
    PaymentLineId,
    /// A provider's account, as it is paid to.
    PayeeId,
    /// An order to pay: what a run owes one payee.
    PaymentOrderId,
    /// A file that was made of a payment run.
    PaymentFileId,
}
