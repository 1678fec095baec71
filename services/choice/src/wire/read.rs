//! Messages to commands.

use niva_calendar::{NaiveDate, Timeline};
use niva_choice_domain::{Dates, Grant, Placement, Provider, Refusal, Unit, near};
use niva_kit::Violations;
use niva_kit::wire::read;
use niva_models::{City, Regime, Service};
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;

/// Longest name, in characters.
const MAX_NAME: usize = 200;
/// Field of a wish that its refusals are about.
pub(crate) const WISH_FIELD: &str = "unit_ids";

/// A unit as asked for.
pub(crate) struct NewUnit {
    pub(crate) unit_id: Option<String>,
    pub(crate) provider_id: String,
    pub(crate) name: String,
    pub(crate) service: Service,
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

/// A record of an import.
pub(crate) enum Imported {
    Provider(Provider),
    Unit(Unit),
    Placement(Placement),
}

/// What messages are read against.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) city: &'a City,
    pub(crate) today: NaiveDate,
}

impl Reader<'_> {
    /// Name shown to people.
    pub(crate) fn name(v: &mut Violations, field: &str, value: &str) -> Option<String> {
        let value = v.text(field, value)?;
        let sound = value.chars().count() <= MAX_NAME && !value.chars().any(char::is_control);
        let words = format!("is no name: give at most {MAX_NAME} characters on one line");
        v.require(sound, field, "NAME_INVALID", words).then_some(value)
    }

    fn places(v: &mut Violations, field: &str, value: i32) -> Option<u32> {
        let places =
            u32::try_from(value).map_err(|_| format!("{value} places are fewer than none; give 0 or more"));
        v.check(field, "CAPACITY_NEGATIVE", places)
    }

    /// A day not too far ahead; `Some(None)` when it is not given.
    fn optional_day(
        self,
        v: &mut Violations,
        field: &str,
        value: Option<common::Date>,
    ) -> Option<Option<NaiveDate>> {
        let Some(day) = read::optional_date(v, field, value)? else { return Some(None) };
        match near(day, self.today) {
            Ok(day) => Some(Some(day)),
            Err(refusal) => {
                v.add(field, refusal.reason(), refusal.to_string());
                None
            }
        }
    }

    /// A day not too far ahead.
    pub(crate) fn day(
        self,
        v: &mut Violations,
        field: &str,
        value: Option<common::Date>,
    ) -> Option<NaiveDate> {
        let day = self.optional_day(v, field, value)?;
        v.required(field, day)
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
        made(&periods).map_err(|wrong| refusals(v, field, &wrong)).ok()
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
        let service = read::service(v, "service", given.service);
        let district = read::district(v, "district", &given.district, self.city);
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

    /// A record of ImportChoice; `None` when it has violations.
    pub(crate) fn import_record(
        self,
        v: &mut Violations,
        record: Option<&pb::import_choice_request::Record>,
    ) -> Option<Imported> {
        use pb::import_choice_request::Record;
        match v.required("record", record)? {
            Record::Provider(given) => v.nested("provider", |v| {
                let provider_id = read::id(v, "provider_id", &given.provider_id);
                let name = Self::name(v, "name", &given.name);
                Some(Imported::Provider(Provider { provider_id: provider_id?, name: name? }))
            }),
            Record::Unit(given) => v.nested("unit", |v| {
                let unit = self.unit(v, given);
                let unit_id = read::id(v, "unit_id", &given.unit_id);
                Some(Imported::Unit(unit?.with_id(unit_id?)))
            }),
            Record::Placement(given) => {
                v.nested("placement", |v| self.placement(v, given).map(Imported::Placement))
            }
        }
    }

    fn placement(self, v: &mut Violations, given: &pb::Placement) -> Option<Placement> {
        let placement_id = read::id(v, "placement_id", &given.placement_id);
        let grant_id = read::id(v, "grant_id", &given.grant_id);
        let person_id = read::id(v, "person_id", &given.person_id);
        let service = read::service(v, "service", given.service);
        let unit_id = read::id(v, "unit_id", &given.unit_id);
        let ordered_start = self.day(v, "ordered_start", given.ordered_start);
        let actual_start = self.optional_day(v, "actual_start", given.actual_start);
        let notice = self.optional_day(v, "notice_date", given.notice_date);
        let end = self.optional_day(v, "end_date", given.end_date);
        let dates =
            Dates { ordered_start: ordered_start?, actual_start: actual_start?, notice: notice?, end: end? };
        let state = match dates.state() {
            Ok(state) => Some(state),
            Err(wrong) => {
                for refusal in &wrong {
                    v.add(field_of(refusal), refusal.reason(), refusal.to_string());
                }
                None
            }
        };
        Some(Placement {
            placement_id: placement_id?,
            grant_id: grant_id?,
            person_id: person_id?,
            service: service?,
            unit_id: unit_id?,
            ordered_start: dates.ordered_start,
            state: state?,
            revision: 1,
        })
    }

    /// A grant as the feed of assessment tells it.
    pub(crate) fn grant(v: &mut Violations, told: &niva_proto::assessment::v1::Grant) -> Option<Grant> {
        let grant_id = read::id(v, "grant_id", &told.grant_id);
        let person_id = read::id(v, "person_id", &told.person_id);
        let service = read::service(v, "service", told.service);
        let district = v.text("district", &told.district);
        // What was granted stands, however far ahead it ends.
        let valid = read::interval(v, "valid", told.valid);
        Some(Grant {
            grant_id: grant_id?,
            person_id: person_id?,
            service: service?,
            district: district?,
            valid: valid?,
            revision: told.revision,
        })
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

/// The field that a refusal of dates is about.
pub(crate) const fn field_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::StartBeforeOrder { .. } => "actual_start",
        Refusal::NoticeBeforeOrder { .. } => "notice_date",
        Refusal::EndBeforeStart { .. } | Refusal::EndWithoutStart { .. } => "end_date",
        Refusal::StartTooLate { .. } | Refusal::StartInPast { .. } | Refusal::OutsideGrant { .. } => {
            "ordered_start"
        }
        Refusal::RegimeNotAllowed(_) => "regime",
        _ => "",
    }
}

fn refusals(v: &mut Violations, field: &str, wrong: &[Refusal]) {
    for refusal in wrong {
        v.add(field, refusal.reason(), refusal.to_string());
    }
}
