//! Events of the feeds. What cannot be read is no request of anybody's but a defect of a producer: the feed stops and says
//! why.

use niva_base::{OpError, Violations, civil_day};
use niva_calendar::{Interval, Timeline};
use niva_facts::Author;
use niva_names::Merge;
use niva_payment_domain::{
    Content, Fact, Grant, LevelDecision, LevelKind, PlacementDates, UnitFacts, UnitPeriod,
};
use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::common::v1 as common;
use niva_proto::common::v1::fact_info::State as FactState;
use niva_rpc::wire::read::{
    date, given_id, id, interval, level, optional_date, regime, service_key, timestamp,
};

use crate::cases::{CaseKey, Incoming, Told};
use crate::wire::scope;

/// A fact of assessment.
pub(crate) fn assessment(event: &assessment::AssessmentFeedEvent) -> Result<Option<Told>, OpError> {
    use assessment::assessment_feed_event::Fact as F;
    let mut v = Violations::new();
    let (incoming, info) = match &event.fact {
        Some(F::Grant(g)) => (v.nested("grant", |v| grant(v, g)), &g.info),
        Some(F::LevelDecision(d)) => (v.nested("level_decision", |v| level_decision(v, d)), &d.info),
        Some(F::PersonMerge(m)) => (v.nested("person_merge", |v| merge(v, m)), &m.info),
        // Where somebody lives moves no money; or a kind of fact that a newer assessment tells of.
        Some(F::Person(_)) | None => return Ok(None),
    };
    let fact = v.finish_with(incoming)?;
    Ok(Some(Told { fact, author: author(info.as_ref()), reason: String::new() }))
}

/// A fact of choice.
pub(crate) fn choice(event: &choice::ChoiceFeedEvent) -> Result<Option<Told>, OpError> {
    use choice::choice_feed_event::Fact as F;
    let mut v = Violations::new();
    let (incoming, info) = match &event.fact {
        Some(F::Unit(u)) => (v.nested("unit", |v| unit(v, u)), &u.info),
        Some(F::Placement(p)) => (v.nested("placement", |v| placement(v, p)), &p.info),
        // A provider's name moves no money; its id stands in its units.
        Some(F::Provider(_)) | None => return Ok(None),
    };
    let fact = v.finish_with(incoming)?;
    Ok(Some(Told { fact, author: author(info.as_ref()), reason: String::new() }))
}

/// Whose a fact is; nobody's where the producer does not say.
fn author(info: Option<&common::FactInfo>) -> Author {
    let author = info.and_then(|info| info.author.clone()).unwrap_or_default();
    Author { subject: author.subject, role: author.role }
}

fn key(v: &mut Violations, person: &str, service: &str) -> Option<CaseKey> {
    let person_id = id(v, "person_id", person);
    let service = service_key(v, "service", service);
    Some(CaseKey { person_id: person_id?, service: service? })
}

fn grant(v: &mut Violations, g: &assessment::Grant) -> Option<Incoming> {
    let key = key(v, &g.person_id, &g.service);
    let grant_id = id(v, "grant_id", &g.grant_id);
    let district = v.text("district", &g.district);
    let valid = interval(v, "valid", g.valid);
    let mut scopes = Vec::with_capacity(g.scopes.len());
    for (i, period) in g.scopes.iter().enumerate() {
        v.nested(&format!("scopes[{i}]"), |v| {
            let from = date(v, "valid_from", period.valid_from);
            let scope = scope(v, "scope", period.scope.as_ref());
            scopes.extend(from.zip(scope));
        });
    }
    scopes.sort_by_key(|(from, _)| *from);
    let grant = Grant { district: district?.into(), valid: valid?, scopes };
    let content = Content::Grant(grant);
    let (revision, withdrawn) = told(v, g.info.as_ref())?;
    let fact = Fact { id: grant_id?, revision, withdrawn, content };
    Some(Incoming::Case { key: key?, fact, own: None })
}

fn merge(v: &mut Violations, m: &assessment::PersonMerge) -> Option<Incoming> {
    let merge_id = id(v, "person_merge_id", &m.person_merge_id);
    let from = id(v, "from_person_id", &m.from_person_id);
    let into = id(v, "into_person_id", &m.into_person_id);
    let (revision, withdrawn) = told(v, m.info.as_ref())?;
    Some(Incoming::Merge(Merge { id: merge_id?, revision, from: from?, into: into?, stands: !withdrawn }))
}

fn level_decision(v: &mut Violations, d: &assessment::LevelDecision) -> Option<Incoming> {
    let key = key(v, &d.person_id, &d.service);
    let decision_id = id(v, "level_decision_id", &d.level_decision_id);
    let level = v.required("level", d.level).and_then(|l| level(v, "level", l));
    let valid_from = date(v, "valid_from", d.valid_from);
    let points = d.points.and_then(|points| u16::try_from(points).ok());
    let kind = match d.kind() {
        assessment::level_decision::Kind::Measured => LevelKind::Measured,
        assessment::level_decision::Kind::Preliminary => LevelKind::Preliminary,
        assessment::level_decision::Kind::Conversion => LevelKind::Conversion,
        assessment::level_decision::Kind::Stated | assessment::level_decision::Kind::Unspecified => {
            LevelKind::Stated
        }
    };
    let decided_at = timestamp(v, "record_time", d.info.as_ref().and_then(|info| info.record_time.as_ref()))?;
    let content = Content::Level(LevelDecision {
        valid_from: valid_from?,
        decided: d.decision_number,
        decided_on: decided_at.map_or(valid_from?, civil_day),
        kind,
        level: level?,
        scale: d.scale_id.as_str().into(),
        measurement: given_id(&d.measurement_id),
        points,
    });
    let (revision, withdrawn) = told(v, d.info.as_ref())?;
    let fact = Fact { id: decision_id?, revision, withdrawn, content };
    Some(Incoming::Case { key: key?, fact, own: None })
}

/// The revision of a fact, and whether it was withdrawn.
fn told(v: &mut Violations, info: Option<&common::FactInfo>) -> Option<(i64, bool)> {
    let info = v.required("info", info)?;
    Some((info.revision, info.state() == common::fact_info::State::Withdrawn))
}

fn placement(v: &mut Violations, p: &choice::Placement) -> Option<Incoming> {
    let key = key(v, &p.person_id, &p.service);
    let placement_id = id(v, "placement_id", &p.placement_id);
    let info = v.required("info", p.info.as_ref());
    let unit_id = id(v, "unit_id", &p.unit_id);
    let ordered_start = date(v, "ordered_start", p.ordered_start);
    let actual_start = optional_date(v, "actual_start", p.actual_start);
    let notice = optional_date(v, "notice_date", p.notice_date);
    let end = optional_date(v, "end_date", p.end_date);
    let content = Content::Placement(PlacementDates {
        unit_id: unit_id?,
        ordered_start: ordered_start?,
        actual_start: actual_start?,
        notice: notice?,
        end: end?,
    });
    let info = info?;
    let withdrawn = info.state() == FactState::Withdrawn;
    let revision = info.revision;
    let fact = Fact { id: placement_id?, revision, withdrawn, content };
    Some(Incoming::Case { key: key?, fact, own: None })
}

fn unit(v: &mut Violations, u: &choice::Unit) -> Option<Incoming> {
    let unit_id = id(v, "unit_id", &u.unit_id);
    let info = v.required("info", u.info.as_ref());
    let periods = u.periods.iter().enumerate().map(|(i, period)| {
        v.nested(&format!("periods[{i}]"), |v| {
            let from = date(v, "valid_from", period.valid_from);
            let provider_id = id(v, "provider_id", &period.provider_id);
            let district = v.text("district", &period.district);
            let regime = regime(v, "regime", period.regime);
            let terms = UnitPeriod {
                provider_id: provider_id?,
                district: district?.into(),
                regime: regime?,
                private_premises: false,
            };
            Some((Interval::from(from?), terms))
        })
    });
    let periods: Option<Vec<_>> = periods.collect::<Vec<_>>().into_iter().collect();
    let (info, periods) = (info?, periods?);
    // A unit that was taken back is like nothing on any day.
    let stands = info.state() != FactState::Withdrawn;
    let periods = Timeline::layered(periods.into_iter().filter(|_| stands));
    Some(Incoming::Unit(UnitFacts { unit_id: unit_id?, revision: info.revision, periods }))
}
