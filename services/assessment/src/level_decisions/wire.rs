//! Level decisions: messages to values and back.

use chrono::{DateTime, Utc};
use niva_access::Scope;
use niva_assessment_domain::{Distance, LevelBasis, LevelDecision, measure_by};
use niva_base::{OpError, Violations};
use niva_calendar::{Interval, NaiveDate};
use niva_facts::{Fact, Info};
use niva_models::Level;
use niva_names::{LevelDecisionId, MeasurementId, PersonId, ServiceCatalogue, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_rpc::wire::{read, write};
use niva_store::Secrets;
use niva_store::page::PageRequest;
use pb::level_decision::Kind;

use crate::level_decisions::Filter;
use crate::wire::{fact_id, listed, page, service};

/// DecideLevel.
pub(crate) struct Decided {
    pub(super) measurement_id: MeasurementId,
    pub(super) valid_from: Option<NaiveDate>,
    pub(super) expected: Level,
    pub(super) level_decision_id: LevelDecisionId,
}

/// GetLevelInForce: for whom and what, on which day, as known when.
pub(crate) struct InForce {
    pub(super) person: PersonId,
    pub(super) service: ServiceKey,
    pub(super) day: NaiveDate,
    pub(super) at: Option<DateTime<Utc>>,
}

/// What a caller says of a decision.
pub(crate) struct Given {
    pub(crate) level_decision_id: LevelDecisionId,
    pub(crate) person_id: PersonId,
    pub(crate) service: ServiceKey,
    pub(crate) level: Option<Level>,
    pub(crate) valid_from: NaiveDate,
    pub(crate) kind: Kind,
    /// Of a measured level or a conversion, and of no other.
    pub(crate) measurement_id: Option<MeasurementId>,
}

/// DecideLevel; `made` is the id of a decision that comes without.
pub(crate) fn decided(request: &pb::DecideLevelRequest, made: LevelDecisionId) -> Result<Decided, OpError> {
    let mut v = Violations::new();
    let measurement_id = read::id(&mut v, "measurement_id", &request.measurement_id);
    let valid_from = read::optional_date(&mut v, "valid_from", request.valid_from);
    let expected = v.required("expected_level", request.expected_level);
    let expected = expected.and_then(|level| read::level(&mut v, "expected_level", level));
    let level_decision_id = fact_id(&mut v, "level_decision_id", &request.level_decision_id, Some(made));
    let decided = (|| {
        Some(Decided {
            measurement_id: measurement_id?,
            valid_from: valid_from?,
            expected: expected?,
            level_decision_id: level_decision_id?,
        })
    })();
    v.finish_with(decided)
}

/// A decision as a caller tells of one; `made` is the id of one that is recorded without.
pub(super) fn told(
    given: Option<&pb::LevelDecision>,
    made: Option<LevelDecisionId>,
    city: &ServiceCatalogue,
) -> Result<(Given, Level), OpError> {
    let mut v = Violations::new();
    let given = v.required("level_decision", given);
    let read = given.and_then(|given| {
        v.nested("level_decision", |v| {
            let read = self::given(v, given, made, Some(city));
            let level = v.required("level", read.as_ref().map_or(Some(Level(0)), |read| read.level));
            read.zip(level)
        })
    });
    v.finish_with(read)
}

/// What a caller says of a decision. The level may be left out where points give it.
pub(crate) fn given(
    v: &mut Violations,
    given: &pb::LevelDecision,
    made: Option<LevelDecisionId>,
    city: Option<&ServiceCatalogue>,
) -> Option<Given> {
    let level_decision_id = fact_id(v, "level_decision_id", &given.level_decision_id, made);
    let person_id = read::id(v, "person_id", &given.person_id);
    let service = service(v, "service", &given.service, city);
    let level = match given.level {
        None => Some(None),
        Some(level) => read::level(v, "level", level).map(Some),
    };
    let valid_from = read::date(v, "valid_from", given.valid_from);
    let kind = v.check("kind", "FIELD_INVALID", Kind::try_from(given.kind));
    let kind = v.required("kind", kind?.into_known());
    let measurement_id = read::optional_id(v, "measurement_id", &given.measurement_id);
    let measured = matches!(kind?, Kind::Measured | Kind::Conversion);
    let named = measurement_id.as_ref()?.is_some();
    let words = "a measured level or a conversion names its measurement, and no other kind does";
    v.require(measured == named, "measurement_id", "MEASUREMENT_NOT_NAMED", words);
    Some(Given {
        level_decision_id: level_decision_id?,
        person_id: person_id?,
        service: service?,
        level: level?,
        valid_from: valid_from?,
        kind: kind?,
        measurement_id: measurement_id?,
    })
}

trait Known: Sized {
    fn into_known(self) -> Option<Self>;
}

impl Known for Kind {
    fn into_known(self) -> Option<Self> {
        Some(self).filter(|kind| *kind != Self::Unspecified)
    }
}

/// What a decision of a kind stands on.
pub(super) fn basis(kind: Kind, measured: Option<(MeasurementId, u16)>) -> Result<LevelBasis, OpError> {
    match (kind, measured) {
        (Kind::Measured, Some((measurement_id, points))) => {
            Ok(LevelBasis::Measured { measurement_id, points })
        }
        (Kind::Conversion, Some((measurement_id, points))) => {
            Ok(LevelBasis::Conversion { measurement_id, points })
        }
        (Kind::Stated, None) => Ok(LevelBasis::Stated),
        (Kind::Preliminary, None) => Ok(LevelBasis::Preliminary),
        _ => Err(OpError::internal("a level decision stands on what its kind does not")),
    }
}

/// A decision as stored.
pub(crate) fn stored(told: &pb::LevelDecision) -> Result<LevelDecision, OpError> {
    let bad = |what: String| OpError::internal(format!("level decision {}: {what}", told.level_decision_id));
    let mut v = Violations::new();
    let given = given(&mut v, told, None, None);
    let given = v.finish_with(given).map_err(|e| bad(e.to_string()))?;
    let points = told.points.map(u16::try_from).transpose().map_err(|e| bad(e.to_string()))?;
    Ok(LevelDecision {
        level_decision_id: given.level_decision_id,
        decision_number: told.decision_number,
        person_id: given.person_id,
        service: given.service,
        level: given.level.ok_or_else(|| bad("has no level".to_owned()))?,
        scale_id: read::filter_id(&told.scale_id),
        basis: basis(given.kind, given.measurement_id.zip(points))?,
        valid_from: given.valid_from,
    })
}

/// GetLevelInForce: the person, the service and the day.
pub(crate) fn in_force(
    request: &pb::GetLevelInForceRequest,
    city: &ServiceCatalogue,
) -> Result<InForce, OpError> {
    let mut v = Violations::new();
    let person_id = read::id(&mut v, "person_id", &request.person_id);
    let service = read::service(&mut v, "service", &request.service, city);
    let day = read::date(&mut v, "day", request.day);
    let at = read::timestamp(&mut v, "as_of", request.as_of.as_ref());
    v.finish_with((|| Some(InForce { person: person_id?, service: service?, day: day?, at: at? }))())
}

/// ListLevelDecisions.
pub(super) fn filter(
    request: &pb::ListLevelDecisionsRequest,
    (scope, secrets): (&Scope, &Secrets),
    city: &ServiceCatalogue,
) -> Result<(PageRequest, Filter), OpError> {
    let mut v = Violations::new();
    let service = read::optional_service(&mut v, "service", &request.service, city);
    let kind = v.check("kind", "FIELD_INVALID", Kind::try_from(request.kind)).map(Kind::into_known);
    let valid_from: Option<Option<Interval>> = match request.valid_from {
        None => Some(None),
        given => read::interval(&mut v, "valid_from", given).map(Some),
    };
    let listed = listed(&mut v, request.recorded_since, request.include_withdrawn);
    let filter = (|| {
        Some(Filter {
            person_id: read::filter_id(&request.person_id),
            service: service?,
            kind: kind?.map(kind_text),
            valid_from: valid_from?,
            reached: scope.clone(),
            listed: listed?,
        })
    })();
    let filter = v.finish_with(filter)?;
    let asked = pb::ListLevelDecisionsRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    Ok((page(secrets, scope, "level decisions", &asked, (request.page_size, &request.page_token))?, filter))
}

/// The kind's name in the table.
pub(super) const fn kind_text(kind: Kind) -> &'static str {
    match kind {
        Kind::Measured => "measured",
        Kind::Stated => "stated",
        Kind::Preliminary => "preliminary",
        Kind::Conversion => "conversion",
        Kind::Unspecified => "",
    }
}

/// A decision as a message; `away` is how far its points are from the neighbouring levels.
pub(crate) fn message(decision: &LevelDecision, away: Distance, info: Option<&Info>) -> pb::LevelDecision {
    let kind = match decision.basis {
        LevelBasis::Measured { .. } => Kind::Measured,
        LevelBasis::Conversion { .. } => Kind::Conversion,
        LevelBasis::Stated => Kind::Stated,
        LevelBasis::Preliminary => Kind::Preliminary,
    };
    let measured = decision.basis.measured();
    let preliminary = kind == Kind::Preliminary;
    let mut message = pb::LevelDecision {
        level_decision_id: decision.level_decision_id.to_string(),
        person_id: decision.person_id.to_string(),
        service: decision.service.into(),
        level: Some(write::level(decision.level)),
        valid_from: Some(write::date(decision.valid_from)),
        kind: kind.into(),
        measurement_id: measured.map(|(id, _)| id.to_string()).unwrap_or_default(),
        points: measured.map(|(_, points)| points.into()),
        scale_id: decision.scale_id.as_ref().map(String::from).unwrap_or_default(),
        points_to_higher_level: away.to_higher.map(i32::from),
        points_to_lower_level: away.to_lower.map(i32::from),
        measure_by: preliminary.then(|| write::date(measure_by(decision.valid_from))),
        decision_number: decision.decision_number,
        info: None,
    };
    message.set_info(info);
    message
}
