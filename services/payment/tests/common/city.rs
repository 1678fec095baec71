//! Facts as the feeds tell of them.

use niva_testing::requests;
use std::sync::LazyLock;

use niva_calendar::NaiveDate;
use niva_models::Catalogue;
use niva_names::ServiceKey;
use niva_proto::assessment::v1::{
    AssessmentFeedEvent, Grant, LevelDecision, PersonMerge, ScopePeriod, assessment_feed_event,
};
use niva_proto::choice::v1::{ChoiceFeedEvent, Placement, Unit, UnitPeriod, choice_feed_event, placement};
use niva_proto::common::v1 as wire;

pub(crate) use niva_testing::values::{days, on};

/// One person with one placement at one unit, which everybody here is: `P-1` has `G-1`, `PL-1`, at `U-1` of `PR-1`.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) n: u32,
    pub(crate) service: ServiceKey,
    pub(crate) district: &'static str,
    pub(crate) start: NaiveDate,
}

impl Person {
    pub(crate) fn new(n: u32, service: ServiceKey, start: NaiveDate) -> Self {
        Self { n, service, district: "Farsta", start }
    }

    pub(crate) fn placement_id(&self) -> String {
        format!("PL-{:04}", self.n)
    }

    pub(crate) fn grant(&self) -> AssessmentFeedEvent {
        self.grant_of(1, None, wire::GrantScope::default())
    }

    pub(crate) fn grant_of(
        &self,
        revision: i64,
        last: Option<NaiveDate>,
        scope: wire::GrantScope,
    ) -> AssessmentFeedEvent {
        let grant = Grant {
            scopes: vec![ScopePeriod { valid_from: on(self.start), scope: Some(scope) }],
            info: Some(wire::FactInfo { revision, ..Default::default() }),
            ..requests::assessment::grant(
                &format!("G-{:04}", self.n),
                &format!("P-{:04}", self.n),
                self.service,
                self.district,
                days(self.start, last),
            )
        };
        AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::Grant(grant)) }
    }

    pub(crate) fn level(&self, number: i64, level: i32, from: NaiveDate) -> AssessmentFeedEvent {
        let decision = LevelDecision {
            decision_number: number,
            scale_id: scale_id(self.service, from),
            info: Some(wire::FactInfo { revision: 1, ..Default::default() }),
            ..requests::assessment::level_decision(
                &format!("LD-{:04}-{number}", self.n),
                &format!("P-{:04}", self.n),
                self.service,
                level,
                on(from),
            )
        };
        AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::LevelDecision(decision)) }
    }

    pub(crate) fn placement(&self, unit: &str) -> Placement {
        Placement {
            placement_id: self.placement_id(),
            grant_id: format!("G-{:04}", self.n),
            person_id: format!("P-{:04}", self.n),
            service: self.service.into(),
            unit_id: unit.to_owned(),
            state: placement::State::Started.into(),
            ordered_start: on(self.start),
            actual_start: on(self.start),
            info: revision(1),
            ..Default::default()
        }
    }

    pub(crate) fn placed(&self, unit: &str) -> ChoiceFeedEvent {
        placed(self.placement(unit))
    }
}

/// That one person is another, as somebody tells it.
pub(crate) fn merged(from: &str, into: &str, by: &str, revision: i64, stands: bool) -> AssessmentFeedEvent {
    let state = if stands { wire::fact_info::State::Stands } else { wire::fact_info::State::Withdrawn };
    let author = Some(wire::Author { subject: by.to_owned(), role: "assessment_lead".to_owned() });
    let merge = PersonMerge {
        person_merge_id: format!("M-{from}"),
        from_person_id: from.to_owned(),
        into_person_id: into.to_owned(),
        info: Some(wire::FactInfo { revision, state: state.into(), author, ..Default::default() }),
        ..Default::default()
    };
    AssessmentFeedEvent { info: None, fact: Some(assessment_feed_event::Fact::PersonMerge(merge)) }
}

/// A fact's revision, which stands.
pub(crate) fn revision(revision: i64) -> Option<wire::FactInfo> {
    let state = wire::fact_info::State::Stands.into();
    Some(wire::FactInfo { revision, state, ..Default::default() })
}

/// The scale that levels of a service belong to on a day.
fn scale_id(service: ServiceKey, day: NaiveDate) -> String {
    static MODELS: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::shipped().unwrap());
    MODELS.on(service, day).and_then(|m| m.terms.scale_id.as_ref()).map(String::from).unwrap_or_default()
}

pub(crate) fn placed(placement: Placement) -> ChoiceFeedEvent {
    ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Placement(placement)) }
}

/// A unit `U-…` of `PR-…` that has had one regime for ever.
pub(crate) fn unit(id: &str, provider: &str, district: &str, regime: wire::Regime) -> ChoiceFeedEvent {
    unit_of(id, district, 1, &[(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap(), provider, regime)])
}

pub(crate) fn unit_of(
    id: &str,
    district: &str,
    revision: i64,
    periods: &[(NaiveDate, &str, wire::Regime)],
) -> ChoiceFeedEvent {
    let period = |(from, provider, regime): &(NaiveDate, &str, wire::Regime)| UnitPeriod {
        valid_from: on(*from),
        provider_id: (*provider).to_owned(),
        district: district.to_owned(),
        regime: (*regime).into(),
        ..Default::default()
    };
    let unit = Unit {
        unit_id: id.to_owned(),
        periods: periods.iter().map(period).collect(),
        info: self::revision(revision),
        ..Default::default()
    };
    ChoiceFeedEvent { info: None, fact: Some(choice_feed_event::Fact::Unit(unit)) }
}
