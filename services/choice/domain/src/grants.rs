use niva_calendar::{Interval, NaiveDate};
use niva_names::{DistrictId, GrantId, PersonId, ServiceKey};

use crate::Refusal;

/// What choice knows of a grant that stands: a copy of what assessment told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Opaque id.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// The service granted.
    pub service: ServiceKey,
    /// The district board that grants and pays.
    pub district: DistrictId,
    /// The days it is valid.
    pub valid: Interval,
}

impl Grant {
    /// Itself, if it is valid today or later.
    ///
    /// # Errors
    /// [`Refusal::GrantEnded`].
    pub fn usable(&self, today: NaiveDate) -> Result<&Self, Refusal> {
        if self.valid.last < today {
            return Err(Refusal::GrantEnded { grant_id: self.grant_id.clone(), last: self.valid.last });
        }
        Ok(self)
    }
}
