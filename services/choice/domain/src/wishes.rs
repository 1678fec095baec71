use std::collections::BTreeMap;

use niva_calendar::NaiveDate;
use niva_names::{AreaOfChoice, GrantId, PersonId, ServiceInfo, UnitId, WishId};

use crate::{Grant, Refusal, Unit};

/// How many units can be ranked.
pub const MAX_UNITS: usize = 20;

/// A person's wishes for one grant, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Opaque id.
    pub wish_id: WishId,
    /// The grant.
    pub grant_id: GrantId,
    /// The person.
    pub person_id: PersonId,
    /// Units, best first, none twice.
    pub unit_ids: Vec<UnitId>,
}

impl Wish {
    /// A ranked list, best first. `units` are those of them that stand, `service` what the city's catalogue says of the
    /// service granted.
    ///
    /// # Errors
    /// Everything that is wrong, with the rank (from 0) where it is, or none when it is the whole list.
    pub fn new(
        wish_id: WishId,
        grant: &Grant,
        service: &ServiceInfo,
        unit_ids: Vec<UnitId>,
        units: &BTreeMap<UnitId, Unit>,
        today: NaiveDate,
    ) -> Result<Self, Vec<(Option<usize>, Refusal)>> {
        let mut wrong = Vec::new();
        if unit_ids.is_empty() {
            wrong.push((None, Refusal::NoUnits));
        }
        if unit_ids.len() > MAX_UNITS {
            wrong.push((None, Refusal::TooManyUnits { given: unit_ids.len(), most: MAX_UNITS }));
        }
        for (rank, unit_id) in unit_ids.iter().enumerate() {
            let refused = if unit_ids.iter().take(rank).any(|better| better == unit_id) {
                Some(Refusal::UnitTwice(unit_id.clone()))
            } else {
                match units.get(unit_id) {
                    None => Some(Refusal::UnitUnknown(unit_id.clone())),
                    Some(unit) => suits(grant, service, unit, today).err(),
                }
            };
            wrong.extend(refused.map(|refusal| (Some(rank), refusal)));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let (grant_id, person_id) = (grant.grant_id.clone(), grant.person_id.clone());
        Ok(Self { wish_id, grant_id, person_id, unit_ids })
    }
}

/// Free choice in the whole city, or only among units that work in the grant's district: the catalogue says which.
fn suits(grant: &Grant, service: &ServiceInfo, unit: &Unit, today: NaiveDate) -> Result<(), Refusal> {
    unit.gives(grant.service)?;
    let terms = unit.terms_near(today.max(grant.valid.first));
    let elsewhere = terms.map(|terms| &terms.district).filter(|works_in| **works_in != grant.district);
    match elsewhere {
        Some(works_in) if service.area_of_choice == AreaOfChoice::OwnDistrict => {
            Err(Refusal::WrongDistrict {
                unit_id: unit.unit_id.clone(),
                works_in: works_in.clone(),
                district: grant.district.clone(),
            })
        }
        _ => Ok(()),
    }
}
