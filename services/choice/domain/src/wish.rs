use niva_calendar::NaiveDate;
use niva_models::Service;

use crate::{Grant, Refusal, Unit};

/// How many units can be ranked.
pub const MAX_UNITS: usize = 20;

/// A person's wishes for one grant, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The grant.
    pub grant_id: String,
    /// Units, best first, none twice.
    pub unit_ids: Vec<String>,
    /// Grows by one each time the wishes are replaced.
    pub version: i32,
}

impl Wish {
    /// What is wrong with a ranked list in itself: the rank (from 0) where it is wrong, or none when the whole is.
    #[must_use]
    pub fn check_ranks(unit_ids: &[String]) -> Vec<(Option<usize>, Refusal)> {
        let mut wrong = Vec::new();
        if unit_ids.is_empty() {
            wrong.push((None, Refusal::NoUnits));
        }
        if unit_ids.len() > MAX_UNITS {
            wrong.push((None, Refusal::TooManyUnits { given: unit_ids.len(), most: MAX_UNITS }));
        }
        for (rank, unit_id) in unit_ids.iter().enumerate() {
            if unit_ids[..rank].contains(unit_id) {
                wrong.push((Some(rank), Refusal::UnitTwice(unit_id.clone())));
            }
        }
        wrong
    }

    /// Replaces the wishes of version `before` (0: there were none) by `units`, best first.
    ///
    /// # Errors
    /// Everything that is wrong, with the rank (from 0) where it is.
    pub fn record(
        grant: &Grant,
        units: &[&Unit],
        before: i32,
        today: NaiveDate,
    ) -> Result<Self, Vec<(Option<usize>, Refusal)>> {
        let unit_ids: Vec<_> = units.iter().map(|unit| unit.unit_id.clone()).collect();
        let mut wrong = Self::check_ranks(&unit_ids);
        wrong.extend(grant.usable(today).err().map(|refusal| (None, refusal)));
        for (rank, unit) in units.iter().enumerate() {
            wrong.extend(suits(grant, unit).err().map(|refusal| (Some(rank), refusal)));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self { grant_id: grant.grant_id.clone(), unit_ids, version: before + 1 })
    }
}

/// Free choice in the whole city, but housing support only among units that work in the grant's district.
fn suits(grant: &Grant, unit: &Unit) -> Result<(), Refusal> {
    if unit.service != grant.service {
        return Err(Refusal::WrongService {
            unit_id: unit.unit_id.clone(),
            gives: unit.service,
            granted: grant.service,
        });
    }
    if grant.service == Service::HousingSupport && unit.district != grant.district {
        return Err(Refusal::WrongDistrict {
            unit_id: unit.unit_id.clone(),
            works_in: unit.district.clone(),
            district: grant.district.clone(),
        });
    }
    Ok(())
}
