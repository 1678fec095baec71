//! Assessment as its tests start it, and what is told to it.

use std::sync::Arc;

use niva_access::{Caller, Role};
use niva_assessment::{Deps, IdentityKeys, Migrator, policy, start};
use niva_base::Clock;
use niva_models::Catalogue;
use niva_names::ServiceKey;
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use niva_retention::Retention;
use niva_rpc::client::Channel;
use niva_store::Database;
use niva_testing::requests::assessment as requests;
use niva_testing::{TestDb, TestPart, city, models};
use sea_orm::{ConnectionTrait, Statement};

pub(crate) use niva_testing::requests::assessment::scope;
pub(crate) use niva_testing::values::{
    date, day, days, hours, identity, invented_coordination_number, invented_number, level, living,
    officer_of, reason, with_purpose, wrong,
};

pub(crate) type Client = pb::Clients<Channel>;

/// Roles that open every method together.
const ROLES: [Role; 6] = [
    Role::CaseOfficer,
    Role::Assessor,
    Role::AssessmentLead,
    Role::Importer,
    Role::FeedReader,
    Role::Auditor,
];

/// Everything a test needs. Stops serving when dropped.
pub(crate) struct Rig {
    pub(crate) db: Database,
    /// Of somebody who may do everything.
    pub(crate) client: Client,
    part: TestPart,
}

impl std::ops::Deref for Rig {
    type Target = TestPart;

    fn deref(&self) -> &TestPart {
        &self.part
    }
}

pub(crate) fn deps(db: &Database, clock: &Clock, allow_example_instruments: bool) -> Deps {
    Deps {
        db: db.clone(),
        clock: clock.clone(),
        city: city(),
        catalogue: models(),
        allow_example_instruments,
        identity_keys: None,
        retention: Arc::new(Retention::shipped().unwrap()),
    }
}

impl Rig {
    /// Monday 18 March 2024, examples allowed.
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with_examples(db, true).await
    }

    pub(crate) async fn with_examples(db: &TestDb, allow: bool) -> Self {
        Self::with_models(db, allow, models()).await
    }

    /// With models of a city's own.
    pub(crate) async fn with_models(db: &TestDb, allow: bool, catalogue: Arc<Catalogue>) -> Self {
        let part = TestPart::on(day(2024, 3, 18));
        let keys = IdentityKeys::open_or_create(part.issuer.folder().join("identities.key")).unwrap();
        let deps = Deps { catalogue, identity_keys: Some(keys), ..deps(db, &part.now, allow) };
        Self::serving(db, part, deps).await
    }

    /// With keys of identities of a test's own, or none.
    pub(crate) async fn with_keys(db: &TestDb, identity_keys: Option<IdentityKeys>) -> Self {
        let part = TestPart::on(day(2024, 3, 18));
        let deps = Deps { identity_keys, ..deps(db, &part.now, true) };
        Self::serving(db, part, deps).await
    }

    async fn serving(db: &TestDb, part: TestPart, deps: Deps) -> Self {
        db.migrate::<Migrator>().await.unwrap();
        let service = start(deps, part.shutdown.clone()).await.unwrap();
        part.serve("assessment", service.routes, policy(), service.audit).await;
        let client = pb::Clients::new(part.channel(Caller::new("ada", ROLES)));
        Self { db: db.db().clone(), client, part }
    }

    pub(crate) fn client_of(&self, caller: Caller) -> Client {
        pb::Clients::new(self.channel(caller))
    }

    /// The instant that counts as the present.
    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.now.now()
    }

    /// Everything that must not move when a call is refused: rows of every table, and the newest position of the feed.
    pub(crate) async fn state(&self) -> Vec<i64> {
        let mut state = Vec::new();
        for table in TABLES {
            state.push(self.count(table).await);
        }
        state.push(self.number("SELECT newest AS n FROM decision_counter").await);
        state.push(self.number("SELECT COALESCE(MAX(position), 0) AS n FROM feed_event").await);
        state
    }

    /// Rows of a table.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) AS n FROM {table}")).await
    }

    async fn number(&self, sql: &str) -> i64 {
        let select = Statement::from_string(self.db.conn().get_database_backend(), sql);
        self.db.conn().query_one_raw(select).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    pub(crate) async fn person(&self, id: &str) -> pb::Person {
        let request = person_request(&format!("record {id}"), id, "Farsta");
        self.client.clone().persons.record_person(request).await.unwrap().into_inner().person.unwrap()
    }

    pub(crate) async fn grant(&self, id: &str, person: &str, service: ServiceKey) -> pb::Grant {
        let request = grant_request(id, person, service);
        self.client.clone().grants.record_grant(request).await.unwrap().into_inner().grant.unwrap()
    }

    /// A person with a grant and an open measurement; its id.
    pub(crate) async fn measurement(&self, person: &str, service: ServiceKey) -> String {
        self.person(person).await;
        self.grant(&format!("grant of {person}"), person, service).await;
        let request = measurement_request(&format!("start {person}"), person, service);
        let answer = self.client.clone().measurements.record_measurement(request).await.unwrap().into_inner();
        answer.measurement.unwrap().measurement_id
    }

    /// Scores every item with the score at `pick` among its allowed scores.
    pub(crate) async fn score_all(&self, measurement: &str, pick: usize) -> pb::Measurement {
        requests::score_all(&self.client, measurement, |allowed| allowed[pick]).await.0
    }

    /// A complete measurement with the level that was decided from it.
    pub(crate) async fn decided(&self, person: &str, service: ServiceKey) -> pb::LevelDecision {
        let id = self.measurement(person, service).await;
        let level = self.score_all(&id, 1).await.by_effect.unwrap().level.unwrap().value;
        let request = decide_request(&format!("decide {person}"), &id, level);
        let answer = self.client.clone().level_decisions.decide_level(request).await.unwrap().into_inner();
        answer.level_decision.unwrap()
    }
}

/// Tables that a call may change.
const TABLES: [&str; 13] = [
    "person",
    "identity",
    "person_number",
    "residence",
    "application",
    "\"grant\"",
    "measurement",
    "level_decision",
    "person_merge",
    "same_person",
    "fact_revision",
    "request",
    "feed_event",
];

pub(crate) fn person_request(request_id: &str, id: &str, district: &str) -> pb::RecordPersonRequest {
    pb::RecordPersonRequest { request_id: request_id.into(), ..requests::record_person(living(id, district)) }
}

/// Granted by Farsta for the whole of 2024, 20 hours a week.
pub(crate) fn grant_of(id: &str, person: &str, service: ServiceKey) -> pb::Grant {
    let year = days(day(2024, 1, 1), Some(day(2024, 12, 31)));
    let scopes = vec![scope(day(2024, 1, 1), hours("20"))];
    pb::Grant { scopes, ..requests::grant(id, person, service, "Farsta", year) }
}

pub(crate) fn record(request_id: &str, grant: pb::Grant) -> pb::RecordGrantRequest {
    pb::RecordGrantRequest { request_id: request_id.into(), ..requests::record_grant(grant) }
}

pub(crate) fn grant_request(id: &str, person: &str, service: ServiceKey) -> pb::RecordGrantRequest {
    record(&format!("record {id}"), grant_of(id, person, service))
}

pub(crate) fn visit(person: &str, service: ServiceKey) -> pb::Measurement {
    let follow_up_date = date(2024, 3, 11);
    pb::Measurement { follow_up_date, ..requests::visit(person, service, day(2024, 3, 18)) }
}

pub(crate) fn measure(request_id: &str, measurement: pb::Measurement) -> pb::RecordMeasurementRequest {
    pb::RecordMeasurementRequest {
        request_id: request_id.into(),
        ..requests::record_measurement(measurement)
    }
}

pub(crate) fn measurement_request(
    request_id: &str,
    person: &str,
    service: ServiceKey,
) -> pb::RecordMeasurementRequest {
    measure(request_id, visit(person, service))
}

pub(crate) fn score_request(
    request_id: &str,
    measurement: &str,
    item: &str,
    score: i32,
) -> pb::RecordScoreRequest {
    pb::RecordScoreRequest {
        request_id: request_id.into(),
        ..requests::record_score(measurement, item, score)
    }
}

pub(crate) fn decide_request(request_id: &str, measurement: &str, expected: i32) -> pb::DecideLevelRequest {
    pb::DecideLevelRequest { request_id: request_id.into(), ..requests::decide_level(measurement, expected) }
}

/// Revision, whether it stands, reason, and role of the author of a fact.
pub(crate) fn told(info: Option<common::FactInfo>) -> (i64, bool, String, String) {
    let info = info.unwrap();
    let stands = info.state() == common::fact_info::State::Stands;
    (info.revision, stands, info.reason, info.author.unwrap().role)
}

/// Calls, and expects a refusal by code and reason that leaves everything as it was.
macro_rules! refused {
    ($rig:ident, $resource:ident.$rpc:ident($request:expr), $code:ident, $reason:literal) => {{
        let before = $rig.state().await;
        let status = $rig.client.clone().$resource.$rpc($request).await.unwrap_err();
        let code = tonic::Code::$code;
        assert_eq!((status.code(), crate::rig::reason(&status).as_str()), (code, $reason), "{status}");
        assert_eq!($rig.state().await, before, "changed by a refused call: {status}");
        status
    }};
}
pub(crate) use refused;
