//! The service behind its gate, reached over memory, with a clock that stands still.

use std::sync::Arc;

use niva_assessment::{Deps, Migrator, policy, start};
use niva_calendar::NaiveDate;
use niva_kit::auth::{Caller, LocalIssuer, Role, Verifier};
use niva_kit::client::{Channel, Credentials, Endpoint};
use niva_kit::server::{Listen, MemoryConnector, RoleServer};
use niva_kit::testing::TestDb;
use niva_kit::{Clock, Database, Ids, ManualClock, error, morning};
use niva_models::Catalogue;
use niva_names::{ServiceCatalogue, ServiceKey};
use niva_proto::assessment::v1 as pb;
use niva_proto::common::v1 as common;
use sea_orm::{ConnectionTrait, Statement};
use tokio_util::sync::CancellationToken;
use tonic::Status;

pub(crate) type Client = pb::Clients<Channel>;

/// Everything a test needs. Stops serving when dropped.
pub(crate) struct Rig {
    pub(crate) db: Database,
    pub(crate) clock: ManualClock,
    /// An administrator's client: may do everything.
    pub(crate) client: Client,
    pub(crate) shutdown: CancellationToken,
    issuer: LocalIssuer,
    endpoint: Endpoint,
    now: Clock,
    _folder: tempfile::TempDir,
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    niva_calendar::date(year, month, day).unwrap()
}

pub(crate) fn date(year: i32, month: i32, day: i32) -> Option<common::Date> {
    Some(common::Date { year, month, day })
}

pub(crate) fn deps(db: &Database, clock: &Clock, allow_example_instruments: bool) -> Deps {
    Deps {
        db: db.clone(),
        clock: clock.clone(),
        ids: Ids::random(),
        city: Arc::new(ServiceCatalogue::shipped().unwrap()),
        catalogue: Arc::new(Catalogue::shipped().unwrap()),
        allow_example_instruments,
    }
}

impl Rig {
    /// Monday 18 March 2024, examples allowed.
    pub(crate) async fn new(db: &TestDb) -> Self {
        Self::with_examples(db, true).await
    }

    pub(crate) async fn with_examples(db: &TestDb, allow: bool) -> Self {
        db.migrate::<Migrator>().await.unwrap();
        let (now, clock) = Clock::manual(morning(day(2024, 3, 18)));
        let shutdown = CancellationToken::new();
        let service = start(deps(db, &now, allow), shutdown.clone()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let issuer = LocalIssuer::open_or_create(folder.path()).unwrap();
        let memory = MemoryConnector::new();
        RoleServer::new("assessment", service.routes, policy(), Verifier::local(&issuer), now.clone())
            .start(Listen::Memory(memory.listen()), shutdown.clone())
            .await
            .unwrap();
        let endpoint = Endpoint::Memory(memory);
        let admin = Credentials::minted(&issuer, Caller::new("ada", [Role::Administrator]), &now);
        let client = pb::Clients::new(endpoint.channel(admin));
        Self { db: db.db().clone(), clock, client, shutdown, issuer, endpoint, now, _folder: folder }
    }

    pub(crate) fn client_of(&self, caller: Caller) -> Client {
        let credentials = Credentials::minted(&self.issuer, caller, &self.now);
        pb::Clients::new(self.endpoint.channel(credentials))
    }

    /// Rows of every table and the newest position of the feed: what must not move when a call is refused.
    pub(crate) async fn state(&self) -> Vec<i64> {
        let tables = [
            "person",
            "\"grant\"",
            "measurement",
            "measurement_score",
            "level_decision",
            "request",
            "feed_event",
        ];
        let counts = tables.map(|table| format!("(SELECT COUNT(*) FROM {table})"));
        let sums = [
            "(SELECT newest FROM decision_counter)",
            "(SELECT COALESCE(MAX(position), 0) FROM feed_event)",
            "(SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) FROM \"grant\")",
            "(SELECT CAST(COALESCE(SUM(score), 0) AS BIGINT) FROM measurement_score)",
            "(SELECT COUNT(*) FROM measurement WHERE state = 'decided')",
        ];
        let all = counts.iter().map(String::as_str).chain(sums).collect::<Vec<_>>();
        let columns = all.iter().enumerate().map(|(i, sql)| format!("{sql} AS c{i}")).collect::<Vec<_>>();
        let select = Statement::from_string(
            self.db.conn().get_database_backend(),
            format!("SELECT {}", columns.join(", ")),
        );
        let row = self.db.conn().query_one_raw(select).await.unwrap().unwrap();
        (0..all.len()).map(|i| row.try_get("", &format!("c{i}")).unwrap()).collect()
    }

    pub(crate) async fn person(&self, id: &str) {
        let request = pb::RegisterPersonRequest {
            request_id: format!("register {id}"),
            person_id: id.into(),
            district: "Farsta".into(),
        };
        self.client.clone().persons.register_person(request).await.unwrap();
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
        let answer = self.client.clone().measurements.start_measurement(request).await.unwrap().into_inner();
        answer.measurement.unwrap().measurement_id
    }

    /// Scores every item with the score at `pick` among its allowed scores.
    pub(crate) async fn score_all(&self, measurement: &str, pick: usize) -> pb::Measurement {
        let mut client = self.client.clone();
        let ask = pb::GetMeasurementRequest { measurement_id: measurement.into() };
        let mut now =
            client.measurements.get_measurement(ask).await.unwrap().into_inner().measurement.unwrap();
        let instruments = client
            .instruments
            .list_instruments(pb::ListInstrumentsRequest::default())
            .await
            .unwrap()
            .into_inner();
        let instrument =
            instruments.instruments.into_iter().find(|i| i.instrument_id == now.instrument_id).unwrap();
        for item in instrument.items {
            let request = pb::RecordScoreRequest {
                request_id: format!("{measurement} {}", item.item_key),
                measurement_id: measurement.into(),
                item_key: item.item_key,
                score: item.allowed_scores[pick],
            };
            now = client.measurements.record_score(request).await.unwrap().into_inner().measurement.unwrap();
        }
        now
    }
}

/// Valid for the whole of 2024, 20 hours a week.
pub(crate) fn grant_request(id: &str, person: &str, service: ServiceKey) -> pb::RecordGrantRequest {
    pb::RecordGrantRequest {
        request_id: format!("record {id}"),
        grant_id: id.into(),
        person_id: person.into(),
        service: service.into(),
        district: "Farsta".into(),
        valid: Some(common::DateInterval { first: date(2024, 1, 1), last: date(2024, 12, 31) }),
        scope: Some(hours("20")),
    }
}

pub(crate) fn hours(hours: &str) -> common::GrantScope {
    common::GrantScope { hours_per_week: hours.into(), ..Default::default() }
}

pub(crate) fn measurement_request(
    request_id: &str,
    person: &str,
    service: ServiceKey,
) -> pb::StartMeasurementRequest {
    pb::StartMeasurementRequest {
        request_id: request_id.into(),
        person_id: person.into(),
        service: service.into(),
        visit_date: date(2024, 3, 18),
        follow_up_date: date(2024, 3, 11),
    }
}

pub(crate) fn decide_request(request_id: &str, measurement: &str) -> pb::DecideLevelRequest {
    pb::DecideLevelRequest {
        request_id: request_id.into(),
        measurement_id: measurement.into(),
        valid_from: None,
    }
}

/// Fields and reasons of a refused request, in order.
pub(crate) fn wrong(status: &Status) -> Vec<(String, String)> {
    let fields = error::violations(status).into_iter().map(|(field, _)| field);
    fields.zip(error::reasons(status)).collect()
}

pub(crate) fn reason(status: &Status) -> String {
    error::reason(status).unwrap_or_else(|| panic!("no reason: {status:?}"))
}
