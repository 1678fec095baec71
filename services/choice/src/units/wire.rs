//! Units on the wire.

use niva_calendar::{NaiveDate, Timeline};
use niva_choice_domain::{Refusal, Unit};
use niva_kit::Violations;
use niva_kit::wire::read;
use niva_kit::wire::write::{self, date};
use niva_models::Regime;
use niva_names::ServiceKey;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;

use crate::refused::violations;
use crate::wire::Reader;

/// A unit as asked for.
pub(crate) struct NewUnit {
    pub(crate) unit_id: Option<String>,
    pub(crate) provider_id: String,
    pub(crate) name: String,
    pub(crate) service: ServiceKey,
    pub(crate) district: String,
    pub(crate) regimes: Timeline<Regime>,
    pub(crate) capacities: Timeline<u32>,
}

/// A unit's places from a day on.
pub(crate) struct CapacityChange {
    pub(crate) unit_id: String,
    pub(crate) from: NaiveDate,
    pub(crate) places: u32,
}

/// A unit's regime from a day on.
pub(crate) struct RegimeChange {
    pub(crate) unit_id: String,
    pub(crate) from: NaiveDate,
    pub(crate) regime: Regime,
}

impl Reader<'_> {
    fn places(v: &mut Violations, field: &str, value: i32) -> Option<u32> {
        let places =
            u32::try_from(value).map_err(|_| format!("{value} places are fewer than none; give 0 or more"));
        v.check(field, "CAPACITY_NEGATIVE", places)
    }

    fn periods<P, T, U: Clone + PartialEq>(
        v: &mut Violations,
        field: &str,
        given: &[P],
        period: impl Fn(&mut Violations, &P) -> Option<(NaiveDate, T)>,
        made: impl Fn(&[(NaiveDate, T)]) -> Result<Timeline<U>, Vec<Refusal>>,
    ) -> Option<Timeline<U>> {
        let periods: Vec<_> = given
            .iter()
            .enumerate()
            .map(|(i, given)| v.nested(&format!("{field}[{i}]"), |v| period(v, given)))
            .collect();
        let periods: Vec<_> = periods.into_iter().collect::<Option<_>>()?;
        made(&periods).map_err(|wrong| violations(v, field, &wrong)).ok()
    }

    fn regime_period(self, v: &mut Violations, period: &pb::RegimePeriod) -> Option<(NaiveDate, Regime)> {
        let from = self.day(v, "valid_from", period.valid_from);
        from.zip(read::regime(v, "regime", period.regime))
    }

    fn capacity_period(self, v: &mut Violations, period: &pb::CapacityPeriod) -> Option<(NaiveDate, u32)> {
        let from = self.day(v, "valid_from", period.valid_from);
        from.zip(Self::places(v, "places", period.places))
    }

    /// A unit as in CreateUnit, but for its id.
    pub(crate) fn unit(self, v: &mut Violations, given: &pb::Unit) -> Option<NewUnit> {
        let unit_id = read::optional_id(v, "unit_id", &given.unit_id);
        let provider_id = read::id(v, "provider_id", &given.provider_id);
        let name = Self::name(v, "name", &given.name);
        let service = read::service(v, "service", &given.service, self.city);
        let since =
            given.regimes.iter().filter_map(|p| p.valid_from).min_by_key(|d| (d.year, d.month, d.day));
        let district = read::district(v, "district", &given.district, self.city, since);
        let regime = |v: &mut Violations, p: &pb::RegimePeriod| self.regime_period(v, p);
        let regimes = Self::periods(v, "regimes", &given.regimes, regime, Unit::regimes);
        let capacity = |v: &mut Violations, p: &pb::CapacityPeriod| self.capacity_period(v, p);
        let capacities = Self::periods(v, "capacities", &given.capacities, capacity, Unit::capacities);
        Some(NewUnit {
            unit_id: unit_id?,
            provider_id: provider_id?,
            name: name?,
            service: service?,
            district: district?,
            regimes: regimes?,
            capacities: capacities?,
        })
    }

    /// SetUnitCapacity.
    pub(crate) fn capacity_change(
        self,
        v: &mut Violations,
        request: &pb::SetUnitCapacityRequest,
    ) -> Option<CapacityChange> {
        let unit_id = read::id(v, "unit_id", &request.unit_id);
        let period = v.required("capacity", request.capacity.as_ref());
        let period = period.and_then(|p| v.nested("capacity", |v| self.capacity_period(v, p)));
        let (from, places) = period?;
        Some(CapacityChange { unit_id: unit_id?, from, places })
    }

    /// ChangeUnitRegime.
    pub(crate) fn regime_change(
        self,
        v: &mut Violations,
        request: &pb::ChangeUnitRegimeRequest,
    ) -> Option<RegimeChange> {
        let unit_id = read::id(v, "unit_id", &request.unit_id);
        let period = v.required("regime", request.regime.as_ref());
        let period = period.and_then(|p| v.nested("regime", |v| self.regime_period(v, p)));
        let (from, regime) = period?;
        Some(RegimeChange { unit_id: unit_id?, from, regime })
    }
}

impl NewUnit {
    pub(crate) fn with_id(self, unit_id: String) -> Unit {
        Unit {
            unit_id,
            provider_id: self.provider_id,
            name: self.name,
            service: self.service,
            district: self.district,
            regimes: self.regimes,
            capacities: self.capacities,
            revision: 1,
        }
    }
}

pub(crate) fn unit(unit: &Unit) -> pb::Unit {
    pb::Unit {
        unit_id: unit.unit_id.clone(),
        provider_id: unit.provider_id.clone(),
        name: unit.name.clone(),
        service: unit.service.into(),
        district: unit.district.clone(),
        regimes: periods(&unit.regimes, |from, regime| pb::RegimePeriod {
            valid_from: from,
            regime: write::regime(*regime).into(),
        }),
        capacities: periods(&unit.capacities, |from, places| pb::CapacityPeriod {
            valid_from: from,
            places: i32::try_from(*places).unwrap_or(i32::MAX),
        }),
        revision: unit.revision,
    }
}

fn periods<T: Clone + PartialEq, P>(
    timeline: &Timeline<T>,
    period: impl Fn(Option<common::Date>, &T) -> P,
) -> Vec<P> {
    timeline.spans().iter().map(|(days, value)| period(Some(date(days.first)), value)).collect()
}
