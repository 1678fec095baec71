//! A case stated whole in one request.

use niva_base::{OpError, Violations};
use niva_calendar::{Interval, Month, NaiveDate, Timeline};
use niva_models::{Catalogue, GrantScope};
use niva_names::{DistrictId, FactId, ProviderId, ScaleId, ServiceCatalogue, ServiceKey};
use niva_payment_domain::{
    Agreement, Granted, Known, LevelFact, LevelOn, Occasion, PlacementFacts, PremisesCost, Schedule,
    Transition, UnitPeriod, check_agreements, validate,
};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read::{date, district, level, month, optional_date, regime, service};

use crate::absences::wire::absence;
use crate::agreements::wire::agreement;
use crate::occasions::wire::occasion;
use crate::premises_costs::wire::premises_cost;
use crate::schedules::wire::schedule;
use crate::transitions::wire::transition;
use crate::visits::wire::visit;
use crate::wire::{refuse, scope};

/// Months in one request at most.
const MAX_MONTHS: i32 = 120;
/// How many months after today's may be calculated.
const MAX_AHEAD: i32 = 24;

/// The facts of a placement that exists in a request alone: owns what [`PlacementFacts`] borrow.
#[derive(Debug)]
pub(crate) struct Stated<'r> {
    service: ServiceKey,
    ordered_start: NaiveDate,
    actual_start: Option<NaiveDate>,
    notice: Option<NaiveDate>,
    end: Option<NaiveDate>,
    unit: Timeline<UnitPeriod>,
    levels: Timeline<LevelOn<'r>>,
    grants: Timeline<Known<'r, Granted<'r>>>,
    schedules: Timeline<Known<'r, Schedule>>,
    occasions: Vec<Known<'r, Occasion>>,
    agreements: Timeline<Known<'r, Agreement>>,
    transitions: Vec<Known<'r, Transition>>,
    visits: Vec<Known<'r, NaiveDate>>,
    absences: Vec<Known<'r, Interval>>,
    premises_costs: Timeline<Known<'r, PremisesCost>>,
}

/// The ids that a request states, as a case keeps them.
#[derive(Debug)]
pub(crate) struct Named {
    buyer: DistrictId,
    agreements: Vec<FactId>,
}

impl Named {
    pub(crate) fn of(request: &pb::CalculateCompensationRequest) -> Self {
        let case = request.case.as_ref();
        let agreements = case.map_or(&[][..], |case| &case.agreements);
        Self {
            buyer: case.map_or("", |case| &case.buyer_district).into(),
            agreements: agreements.iter().map(|agreement| agreement.agreement_id.as_str().into()).collect(),
        }
    }
}

impl Stated<'_> {
    /// The engine's input.
    pub(crate) fn facts(&self) -> PlacementFacts<'_> {
        PlacementFacts {
            service: self.service,
            ordered_start: self.ordered_start,
            actual_start: self.actual_start,
            notice: self.notice,
            end: self.end,
            withdrawn: false,
            of_another: false,
            unit: &self.unit,
            levels: &self.levels,
            grants: &self.grants,
            schedules: &self.schedules,
            occasions: &self.occasions,
            agreements: &self.agreements,
            transitions: &self.transitions,
            visits: &self.visits,
            absences: &self.absences,
            premises_costs: &self.premises_costs,
            special: &[],
        }
    }
}

/// What a request of CalculateCompensation asks for.
#[derive(Debug)]
pub(crate) struct Question<'r> {
    pub(crate) stated: Stated<'r>,
    pub(crate) months: (Month, Month),
}

/// Reads a request. `today` bounds the months; districts are the city's, levels come from points by the catalogue.
pub(crate) fn question<'r>(
    (request, named): (&'r pb::CalculateCompensationRequest, &'r Named),
    today: NaiveDate,
    city: &ServiceCatalogue,
    catalogue: &'r Catalogue,
) -> Result<Question<'r>, OpError> {
    let mut v = Violations::new();
    let case = v.required("case", request.case.as_ref());
    let stated = case.and_then(|case| v.nested("case", |v| stated(v, (case, named), city, catalogue)));
    let months = months(&mut v, request, today);
    v.finish_with(stated.zip(months).map(|(stated, months)| Question { stated, months }))
}

fn months(
    v: &mut Violations,
    request: &pb::CalculateCompensationRequest,
    today: NaiveDate,
) -> Option<(Month, Month)> {
    let first = month(v, "first_month", request.first_month);
    let last = month(v, "last_month", request.last_month);
    let (first, last) = (first?, last?);
    let in_order = v.require(
        first <= last && last.index() - first.index() < MAX_MONTHS,
        "last_month",
        "MONTHS_OUT_OF_RANGE",
        format!("must be from first_month through {} months, {MAX_MONTHS} in all", MAX_MONTHS - 1),
    );
    let ahead = v.require(
        last.index() - Month::of(today).index() <= MAX_AHEAD,
        "last_month",
        "MONTHS_OUT_OF_RANGE",
        format!("lies more than {MAX_AHEAD} months after today's month"),
    );
    (in_order && ahead).then_some((first, last))
}

fn stated<'r>(
    v: &mut Violations,
    (case, named): (&'r pb::CompensationCase, &'r Named),
    city: &ServiceCatalogue,
    catalogue: &'r Catalogue,
) -> Option<Stated<'r>> {
    let found = v.len();
    let service = service(v, "service", &case.service, city);
    let start = date(v, "ordered_start", case.ordered_start);
    let actual_start = optional_date(v, "actual_start", case.actual_start);
    let notice = optional_date(v, "notice_date", case.notice_date);
    let end = optional_date(v, "end_date", case.end_date);
    v.require(!case.regimes.is_empty(), "regimes", "FIELD_REQUIRED", "is required; give the unit's regime");
    let regimes = periods(v, "regimes", &case.regimes, |v, p| {
        let from = date(v, "valid_from", p.valid_from);
        let regime = regime(v, "regime", p.regime);
        Some((from?, regime?))
    });
    let levels = periods(v, "levels", &case.levels, |v, p| level_period(v, p, service, catalogue));
    let scopes = periods(v, "scopes", &case.scopes, |v, p| {
        let from = date(v, "valid_from", p.valid_from);
        let scope = scope(v, "scope", p.scope.as_ref());
        Some((from?, scope?))
    });
    let schedules = periods(v, "schedules", &case.schedules, |v, p| {
        schedule(v, p).map(|s| (s.from, Known::stated(s.schedule)))
    });
    let mut occasions: Vec<_> = each(v, "occasions", &case.occasions, |v, o| occasion(v, o, None));
    occasions.sort();
    let twice = occasions.windows(2).any(|pair| pair[0].date == pair[1].date);
    v.require(!twice, "occasions", "OCCASION_TWICE", "report a day twice: add them up");
    let agreements: Vec<_> = case.agreements.iter().zip(&named.agreements).collect();
    let agreements: Vec<_> = each(v, "agreements", &agreements, |v, (told, id)| {
        agreement(v, told, true).map(|read| Known { id, ..Known::stated(read) })
    });
    for error in check_agreements(&agreements).err().unwrap_or_default() {
        refuse(v, &error.field(), &error);
    }
    let mut transitions: Vec<_> = each(v, "transitions", &case.transitions, transition);
    transitions.sort();
    let mut visits: Vec<_> = each(v, "visits", &case.visits, |v, given| visit(v, given, None));
    visits.sort();
    let mut absences: Vec<_> = each(v, "absences", &case.absences, absence);
    absences.sort();
    let costs: Vec<_> = each(v, "premises_costs", &case.premises_costs, |v, c| premises_cost(v, c, true));
    district(v, "buyer_district", &case.buyer_district, city, case.ordered_start);
    let unit_district = district(v, "unit_district", &case.unit_district, city, case.ordered_start);
    let unit_district = unit_district.unwrap_or_else(|| DistrictId::none().clone());
    let clean = v.len() == found;
    let stated = Stated {
        service: service?,
        ordered_start: start?,
        actual_start: actual_start?,
        notice: notice?,
        end: end?,
        unit: Timeline::layered(regimes.spans().iter().map(|(days, regime)| {
            let (provider_id, district) = (ProviderId::none().clone(), unit_district.clone());
            (*days, UnitPeriod { provider_id, district, regime: *regime, private_premises: false })
        })),
        levels,
        grants: grants(&named.buyer, case, start?, &scopes),
        schedules,
        occasions: occasions.into_iter().map(Known::stated).collect(),
        agreements: Timeline::layered(agreements.into_iter().map(|known| (known.value.days, known))),
        transitions: transitions.into_iter().map(Known::stated).collect(),
        visits: visits.into_iter().map(Known::stated).collect(),
        absences: absences.into_iter().map(Known::stated).collect(),
        premises_costs: Timeline::layered(costs.into_iter().map(|c| (c.days, Known::stated(c)))),
    };
    consistent(v, &stated, catalogue);
    clean.then_some(stated)
}

/// No scope stated: a grant without one.
fn grants<'r>(
    district: &'r DistrictId,
    case: &pb::CompensationCase,
    start: NaiveDate,
    scopes: &Timeline<GrantScope>,
) -> Timeline<Known<'r, Granted<'r>>> {
    let whole = [(Interval::from(start), GrantScope::default())];
    let spans = if case.scopes.is_empty() { &whole[..] } else { scopes.spans() };
    Timeline::layered(
        spans.iter().map(|(days, scope)| (*days, Known::stated(Granted { district, scope: *scope }))),
    )
}

/// What the domain finds that was not found part by part.
fn consistent(v: &mut Violations, stated: &Stated<'_>, catalogue: &Catalogue) {
    for error in validate(&stated.facts(), catalogue).err().unwrap_or_default() {
        refuse(v, &error.field(), &error);
    }
}

fn level_period<'r>(
    v: &mut Violations,
    period: &pb::LevelPeriod,
    service: Option<ServiceKey>,
    catalogue: &'r Catalogue,
) -> Option<(NaiveDate, LevelOn<'r>)> {
    let from = date(v, "valid_from", period.valid_from);
    let given = period.points.map(|n| u16::try_from(n).ok());
    let points = given.flatten();
    if given.is_some() && points.is_none() {
        v.add("points", "POINTS_WITHOUT_LEVEL", "are no number of points");
        return None;
    }
    if let Some(stated) = period.level {
        let level = level(v, "level", stated);
        let (from, scale) = (from?, scale_from(catalogue, service?, from?));
        return Some((from, LevelOn::of(Known::stated(LevelFact { level: level?, points, scale }))));
    }
    let points = v.required("level", points)?;
    let (from, service) = (from?, service?);
    let scale = catalogue.on(service, from).and_then(|m| m.terms.scale.as_ref());
    let level = scale.and_then(|scale| scale.level_of(points)).map(|band| band.level);
    let text = match scale {
        Some(scale) => format!(
            "{points} points are in no band of the scale on {from}: 0 to {} in steps of {} can be given",
            scale.max_points, scale.step
        ),
        None => format!("no scale is in force for {service} on {from}: state the level"),
    };
    v.require(level.is_some(), "points", "POINTS_WITHOUT_LEVEL", text);
    let (points, scale) = (Some(points), scale_from(catalogue, service, from));
    Some((from, LevelOn::of(Known::stated(LevelFact { level: level?, points, scale }))))
}

/// The scale of a level that is stated from a day on: the one then in force, or the first after.
fn scale_from(catalogue: &Catalogue, service: ServiceKey, day: NaiveDate) -> &ScaleId {
    let mut scales =
        catalogue.in_force(service, Interval::from(day)).filter_map(|m| m.terms.scale_id.as_ref());
    scales.next().unwrap_or_else(|| ScaleId::none())
}

/// Reads each of some parts under its index.
fn each<'r, P, T>(
    v: &mut Violations,
    field: &str,
    parts: &'r [P],
    read: impl Fn(&mut Violations, &'r P) -> Option<T>,
) -> Vec<T> {
    let indexed = parts.iter().enumerate();
    indexed.filter_map(|(i, part)| v.nested(&format!("{field}[{i}]"), |v| read(v, part))).collect()
}

/// Values from a day on, each until the next.
fn periods<P, T: Clone + PartialEq>(
    v: &mut Violations,
    field: &str,
    parts: &[P],
    read: impl Fn(&mut Violations, &P) -> Option<(NaiveDate, T)>,
) -> Timeline<T> {
    let mut values = each(v, field, parts, read);
    values.sort_by_key(|(from, _)| *from);
    let twice = values.windows(2).any(|pair| pair[0].0 == pair[1].0);
    v.require(!twice, field, "VALID_FROM_TWICE", "have two periods that begin on the same day: keep one");
    let mut timeline = Timeline::new();
    for (from, value) in values {
        timeline.set(Interval::from(from), value);
    }
    timeline
}
