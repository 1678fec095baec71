//! Units on the wire.

use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_choice_domain::{OccupancyDay, Periods, Unit, UnitChange, UnitTerms};
use niva_facts::{Fact, Info};
use niva_names::{DistrictId, UnitId};
use niva_proto::choice::v1 as pb;
use niva_rpc::wire::write::date;
use niva_rpc::wire::{read, write};

use crate::refused::violations;
use crate::wire::{Reader, id_or};

/// Longest orientation, in characters.
const MAX_ORIENTATION: usize = 500;

/// What is to change, where and when.
pub(crate) struct Change {
    pub(crate) unit_id: UnitId,
    pub(crate) from: NaiveDate,
    pub(crate) change: UnitChange,
}

impl Reader<'_> {
    /// A unit that must be given; `made` is its id where none is.
    pub(crate) fn read_unit(self, given: Option<&pb::Unit>, made: Option<&UnitId>) -> Result<Unit, OpError> {
        let mut v = Violations::new();
        let given = v.required("unit", given);
        let unit = given.and_then(|given| v.nested("unit", |v| self.unit(v, given, made)));
        v.finish_with(unit)
    }

    /// A unit in a message.
    pub(crate) fn unit(self, v: &mut Violations, given: &pb::Unit, made: Option<&UnitId>) -> Option<Unit> {
        let unit_id = id_or(v, "unit_id", &given.unit_id, made);
        let name = Self::name(v, "name", &given.name);
        let service = read::service(v, "service", &given.service, self.city);
        let periods = given.periods.iter().enumerate();
        let periods: Vec<_> =
            periods.map(|(i, given)| v.nested(&format!("periods[{i}]"), |v| self.period(v, given))).collect();
        let periods: Option<Vec<_>> = periods.into_iter().collect();
        let periods = Periods::new(periods?).map_err(|wrong| violations(v, "periods", &wrong)).ok();
        Some(Unit { unit_id: unit_id?, name: name?, service: service?, periods: periods? })
    }

    fn period(self, v: &mut Violations, given: &pb::UnitPeriod) -> Option<(NaiveDate, UnitTerms)> {
        let from = self.day(v, "valid_from", given.valid_from);
        let provider_id = read::id(v, "provider_id", &given.provider_id);
        let district = self.district(v, &given.district, from);
        let regime = read::regime(v, "regime", given.regime);
        let capacity = capacity(v, given.capacity);
        let orientation = orientation(v, &given.orientation);
        let terms = UnitTerms {
            provider_id: provider_id?,
            district: district?,
            regime: regime?,
            capacity: capacity?,
            orientation: orientation?,
        };
        Some((from?, terms))
    }

    fn district(self, v: &mut Violations, given: &str, from: Option<NaiveDate>) -> Option<DistrictId> {
        read::district(v, "district", given, self.city, from.map(date))
    }

    /// ChangeUnit.
    pub(crate) fn change(self, request: &pb::ChangeUnitRequest) -> Result<Change, OpError> {
        let mut v = Violations::new();
        let unit_id = read::id(&mut v, "unit_id", &request.unit_id);
        let given = v.required("change", request.change.as_ref());
        let change = given.and_then(|given| v.nested("change", |v| self.unit_change(v, given)));
        let (unit_id, (from, change)) = v.finish_with(unit_id.zip(change))?;
        Ok(Change { unit_id, from, change })
    }

    fn unit_change(self, v: &mut Violations, given: &pb::UnitChange) -> Option<(NaiveDate, UnitChange)> {
        let from = self.day(v, "valid_from", given.valid_from);
        let provider_id = given.provider_id.as_deref().map(|id| read::id(v, "provider_id", id));
        let district = given.district.as_deref().map(|d| self.district(v, d, from));
        let regime = given.regime.map(|regime| read::regime(v, "regime", regime));
        let capacity = given.capacity.map(|places| capacity(v, places));
        let orientation = given.orientation.as_deref().map(|text| orientation(v, text));
        let change = UnitChange {
            provider_id: sound(provider_id)?,
            district: sound(district)?,
            regime: sound(regime)?,
            capacity: sound(capacity)?,
            orientation: sound(orientation)?,
        };
        Some((from?, change))
    }

    /// SetUnitCapacity.
    pub(crate) fn capacity_change(self, request: &pb::SetUnitCapacityRequest) -> Result<Change, OpError> {
        let mut v = Violations::new();
        let unit_id = read::id(&mut v, "unit_id", &request.unit_id);
        let from = self.day(&mut v, "valid_from", request.valid_from);
        let capacity = capacity(&mut v, request.capacity);
        let (unit_id, (from, capacity)) = v.finish_with(unit_id.zip(from.zip(capacity)))?;
        let change = UnitChange { capacity: Some(capacity), ..UnitChange::default() };
        Ok(Change { unit_id, from, change })
    }
}

/// `None` where something was given that is not right.
fn sound<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    given.map_or(Some(None), |read| read.map(Some))
}

fn capacity(v: &mut Violations, value: i32) -> Option<u32> {
    let places =
        u32::try_from(value).map_err(|_| format!("{value} places are fewer than none; give 0 or more"));
    v.check("capacity", "CAPACITY_NEGATIVE", places)
}

fn orientation(v: &mut Violations, value: &str) -> Option<String> {
    let short = value.chars().count() <= MAX_ORIENTATION;
    let words = format!("is longer than {MAX_ORIENTATION} characters: shorten it");
    v.require(short, "orientation", "FIELD_INVALID", words).then(|| value.trim().to_owned())
}

/// A unit as it is told.
pub(crate) fn write(unit: &Unit, info: &Info) -> pb::Unit {
    let mut told = message(unit);
    told.set_info(Some(info));
    told
}

/// What it says.
pub(crate) fn message(unit: &Unit) -> pb::Unit {
    let period = |(from, terms): &(NaiveDate, UnitTerms)| pb::UnitPeriod {
        valid_from: Some(date(*from)),
        provider_id: terms.provider_id.to_string(),
        district: terms.district.to_string(),
        regime: write::regime(terms.regime).into(),
        capacity: small(terms.capacity),
        orientation: terms.orientation.clone(),
    };
    pb::Unit {
        unit_id: unit.unit_id.to_string(),
        name: unit.name.clone(),
        service: unit.service.into(),
        periods: unit.periods.all().iter().map(period).collect(),
        info: None,
    }
}

/// Who holds places on a day.
pub(crate) fn occupancy(day: &OccupancyDay) -> pb::OccupancyDay {
    pb::OccupancyDay {
        day: Some(date(day.day)),
        capacity: small(day.capacity),
        confirmed: small(day.confirmed),
        ordered: small(day.ordered),
        offered: small(day.offered),
        overhang: small(day.overhang()),
    }
}

fn small(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
