//! Choice as its tests start it, beside an assessment that says what it is told to, and what is told to it.

use niva_access::{Caller, Role};
use niva_base::Clock;
use niva_calendar::NaiveDate;
use niva_choice::{Deps, Migrator, Started, policy, start};
use niva_names::{ServiceKey, stockholm};
use niva_proto::assessment::v1 as told;
use niva_proto::choice::v1 as pb;
use niva_proto::common::v1 as common;
use niva_rpc::client::Channel;
use niva_store::Database;
use niva_testing::requests::{assessment, choice as requests};
use niva_testing::{TestDb, TestPart, city, models};
use sea_orm::{ConnectionTrait, Statement};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::assessment::Assessment;

pub(crate) use niva_testing::requests::choice::{
    accept, capacity_from, change_from, correct, decline, end_on, get_placement, get_unit, make_offer,
    notice_on, record_provider, record_unit, start_on, wish, withdraw,
};
pub(crate) use niva_testing::values::{
    date, day, days, new_request as request_id, officer_of, on, reason, staff_of, wrong,
};

pub(crate) type Client = pb::Clients<Channel>;

/// Everything a test needs. Stops serving when dropped.
pub(crate) struct Rig {
    pub(crate) db: Database,
    /// The client of an administrator who also places people and reads feeds: may do everything.
    pub(crate) client: Client,
    pub(crate) assessment: Assessment,
    /// Channel to assessment.
    pub(crate) channel: Channel,
    service: Option<Started>,
    background: CancellationToken,
    part: TestPart,
}

impl std::ops::Deref for Rig {
    type Target = TestPart;

    fn deref(&self) -> &TestPart {
        &self.part
    }
}

/// What the rig's own client may do.
const ADA: [Role; 4] = [Role::Administrator, Role::CaseOfficer, Role::FeedReader, Role::Importer];
pub(crate) const OCCUPATION: ServiceKey = stockholm::OCCUPATION;

pub(crate) fn deps(db: &Database, clock: &Clock, assessment: &Channel) -> Deps {
    Deps {
        db: db.clone(),
        clock: clock.clone(),
        city: city(),
        catalogue: models(),
        assessment: assessment.clone(),
        retention: niva_retention::Retention::shipped().unwrap().into(),
    }
}

impl Rig {
    /// Wednesday 27 March 2024, two days before Good Friday.
    pub(crate) async fn new(db: &TestDb) -> Self {
        db.migrate::<Migrator>().await.unwrap();
        let part = TestPart::on(day(2024, 3, 27));
        let assessment = Assessment::new(part.shutdown.clone()).await;
        let niva = part.credentials(Caller::new("choice", [Role::FeedReader]));
        let channel = assessment.serve(&part).await.channel(niva);
        let background = part.shutdown.child_token();
        let service = start(deps(db, &part.now, &channel), background.clone()).await.unwrap();
        part.serve("choice", service.routes.clone(), policy(), service.audit.clone()).await;
        let client = pb::Clients::new(part.channel(Caller::new("ada", ADA)));
        let (db, service) = (db.db().clone(), Some(service));
        Self { db, client, assessment, channel, service, background, part }
    }

    pub(crate) fn service(&self) -> &Started {
        self.service.as_ref().expect("what runs in the background was stopped")
    }

    /// Nothing is heard of assessment and nothing lapses by itself from now on.
    pub(crate) async fn stop_background(&mut self) {
        self.background.cancel();
        self.service.take().unwrap().finished().await;
    }

    pub(crate) fn client_of(&self, caller: Caller) -> Client {
        pb::Clients::new(self.channel(caller))
    }

    /// Everything that must not move when a call is refused: all rows of ours, requests and events.
    pub(crate) async fn state(&self) -> Vec<String> {
        let mut state = Vec::new();
        let hex = if self.db.is_postgres() { "encode(request_key, 'hex')" } else { "hex(request_key)" };
        for (table, columns) in [
            ("provider", "provider_id || name || state"),
            ("unit", "unit_id || name || state"),
            (
                "unit_period",
                "unit_id || CAST(valid_from AS TEXT) || provider_id || district || regime || capacity",
            ),
            ("fact_revision", "kind || fact_id || revision || state || reason"),
            (
                "\"grant\"",
                "grant_id || district || COALESCE(CAST(last_day AS TEXT), '') || state || revision",
            ),
            ("wish", "wish_id || grant_id || state"),
            ("wish_unit", "wish_id || rank || unit_id"),
            ("offer", "offer_id || answer || COALESCE(placement_id, '') || state"),
            ("placement", "placement_id || stage || state"),
            ("request", hex),
            ("feed_event", "CAST(position AS TEXT) || key"),
        ] {
            let sql = format!("SELECT {columns} AS row FROM {table}");
            let select = Statement::from_string(self.db.conn().get_database_backend(), sql);
            let rows = self.db.conn().query_all_raw(select).await.unwrap();
            state.extend(
                rows.iter().map(|row| format!("{table} {}", row.try_get::<String>("", "row").unwrap())),
            );
        }
        state.sort();
        state
    }

    /// Tells of grants, and waits until they are known.
    pub(crate) async fn grants(&self, grants: Vec<told::Grant>) {
        let facts = grants.into_iter().map(told::assessment_feed_event::Fact::Grant).collect();
        let position = self.assessment.tell(facts).await;
        self.service().followed().get("assessment").unwrap().wait_until(position).await.unwrap();
    }

    /// A provider and a unit of it with places from 2024 on.
    pub(crate) async fn unit(&self, id: &str, places: i32) -> pb::Unit {
        let mut client = self.client.clone();
        let provider = requests::provider(&format!("provider of {id}"), "Omsorg AB");
        client.providers.record_provider(record_provider(provider)).await.unwrap();
        client.units.record_unit(record_unit(unit(id, places))).await.unwrap().into_inner().unit.unwrap()
    }

    pub(crate) async fn wish(&self, grant: &str, units: &[&str]) -> pb::Wish {
        let request = wish(grant, units);
        self.client.clone().wishes.record_wish(request).await.unwrap().into_inner().wish.unwrap()
    }

    pub(crate) async fn offer(&self, grant: &str, unit: &str) -> Result<pb::Offer, Status> {
        Ok(self.client.clone().offers.make_offer(make_offer(grant, unit)).await?.into_inner().offer.unwrap())
    }

    pub(crate) async fn accept(&self, offer: &pb::Offer, start: NaiveDate) -> Result<pb::Placement, Status> {
        let request = accept(&offer.offer_id, start);
        Ok(self.client.clone().offers.accept_offer(request).await?.into_inner().placement.unwrap())
    }

    /// A grant, wished for and accepted at a unit, ordered for a day.
    pub(crate) async fn ordered(&self, grant: &str, unit: &str, start: NaiveDate) -> pb::Placement {
        self.grants(vec![self::grant(grant)]).await;
        self.wish(grant, &[unit]).await;
        let offer = self.offer(grant, unit).await.unwrap();
        self.accept(&offer, start).await.unwrap()
    }

    pub(crate) async fn offers(&self, state: pb::offer::State) -> Vec<pb::Offer> {
        let request = pb::ListOffersRequest { state: state.into(), ..Default::default() };
        self.client.clone().offers.list_offers(request).await.unwrap().into_inner().offers
    }
}

pub(crate) fn unit(id: &str, places: i32) -> pb::Unit {
    requests::unit(id, "Vinsta", OCCUPATION, period(day(2024, 1, 1), &format!("provider of {id}"), places))
}

/// A private unit's terms in Farsta.
pub(crate) fn period(from: NaiveDate, provider: &str, capacity: i32) -> pb::UnitPeriod {
    requests::period(from, provider, "Farsta", common::Regime::Private, capacity)
}

/// Occupation for the whole of 2024, granted by Farsta to `person of ID`.
pub(crate) fn grant(id: &str) -> told::Grant {
    let (person, year) = (format!("person of {id}"), days(day(2024, 1, 1), Some(day(2024, 12, 31))));
    told::Grant { info: told_in(1), ..assessment::grant(id, &person, OCCUPATION, "Farsta", year) }
}

/// What a fact carries that was told in a revision, and stands.
pub(crate) fn told_in(revision: i64) -> Option<common::FactInfo> {
    let state = common::fact_info::State::Stands.into();
    Some(common::FactInfo { revision, state, ..Default::default() })
}

pub(crate) fn revision(placement: &pb::Placement) -> i64 {
    placement.info.as_ref().unwrap().revision
}
